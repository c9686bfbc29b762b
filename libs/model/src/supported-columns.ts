/**
 * The character sets whose text is carried to the byte. Capture has a decoder for each (libs/binlog, text.ts), and the check before the
 * start refuses columns of all others.
 */
export const supportedCharsets = ['utf8mb4', 'utf8mb3', 'utf8', 'ascii', 'latin1'] as const;

export type SupportedCharset = (typeof supportedCharsets)[number];

export function isSupportedCharset(charset: string): charset is SupportedCharset {
  return (supportedCharsets as readonly string[]).includes(charset);
}

/** Why capture and the check before the start refuse a BINARY or VARBINARY column of MariaDB. */
export function untoldOnMariadb(type: string): string {
  return `on MariaDB, ${type} columns cannot be told from uuid, inet4, inet6 and vector in the binlog`;
}
