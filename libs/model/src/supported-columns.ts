/** What capture and the check before the start refuse alike. Character sets: supportedCharsets (charset/text-codec.ts). */
import { supportedCharsets } from './charset/text-codec.js';

export function isSupportedCharset(charset: string): boolean {
  return supportedCharsets.includes(charset);
}

/** Why capture and the check before the start refuse a BINARY or VARBINARY column of MariaDB. */
export function untoldOnMariadb(type: string): string {
  return `on MariaDB, ${type} columns cannot be told from uuid, inet4, inet6 and vector in the binlog`;
}
