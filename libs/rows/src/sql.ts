/**
 * Values as SQL literals: what they are made by. A form says how texts and instants are written in a session; a writer makes the literals
 * of one column.
 */
import type { TextCodec, Value } from '@lutra/model';

/** How texts and instants are written: what depends on the session. */
export interface LiteralForm {
  /** In our own session, which is strict; else in the source's. */
  readonly own: boolean;
  /** Of an ENUM or SET of which every member is known: none is written that it lacks. */
  readonly knowsMembers?: boolean;
  /** A well-formed text. */
  text(value: string): string;
  /** A text by the bytes that it has in this character set. */
  encoded(bytes: Buffer, charset: string): string;
  /** A date or a time: digits and punctuation. */
  temporal(value: string): string;
  /** A TIMESTAMP in UTC, as the binlog has it. */
  instant(value: string): string;
}

/** Null where the value is not one of the column. */
export type Writer = (value: NonNullable<Value>) => string | null;

/** A column of the target that is compared exactly. */
export interface Compared {
  readonly quoted: string;
  /** `<=>` is not what it is compared by: its session may be any. */
  readonly inAnySession: boolean;
  /** Of a text that is compared by its own bytes: two of them may be one to Unicode. */
  readonly codec: TextCodec | null;
  /** Of the target; with a codec, its own. */
  readonly charset?: string | undefined;
  readonly values?: readonly string[] | undefined;
}

/** A text that is longer is escaped unit by unit: a megabyte of quotes, with a call for each of them, takes a fifth of a second. */
const longText = 64 * 1024;

function escapedUnits(value: string): string {
  const units = Buffer.allocUnsafe(4 * value.length);
  let at = 0;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const special = unit === 0x5c || unit === 0x27 || unit === 0;
    if (special) at = units.writeUInt16LE(unit === 0 ? 0x5c : unit, at);
    at = units.writeUInt16LE(special && unit === 0 ? 0x30 : unit, at);
  }
  return units.toString('utf16le', 0, at);
}

/** Any text as a literal. JS strings that no UTF-8 exists for would silently become U+FFFD: the caller refuses them. */
export function quoteText(value: string): string {
  if (value.length > longText && /[\\'\0]/.test(value)) return `'${escapedUnits(value)}'`;
  return `'${value.replace(/[\\'\0]/g, (special) => (special === '\0' ? String.raw`\0` : special + special))}'`;
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function quoteTable(table: { readonly database: string; readonly name: string }): string {
  return `${quoteName(table.database)}.${quoteName(table.name)}`;
}

export const ownForm: LiteralForm = {
  own: true,
  text: quoteText,
  encoded,
  temporal: (value) => `'${value}'`,
  instant: (value) => `'${value}'`,
};

/** Means the same in every session. */
export function encoded(bytes: Buffer, charset: string): string {
  return `_${charset} x'${bytes.toString('hex')}'`;
}

export function asBinary(expression: string): string {
  return `CAST(${expression} AS BINARY)`;
}

/** The text's UTF-8: two texts are the same only if it is. */
export function bytesOf(expression: string): string {
  return `CAST(CONVERT(${expression} USING utf8mb4) AS BINARY)`;
}

/** Under collation_connection = utf16_… the digits of a bare '…' are no date to the server, which stores 0000-00-00. */
export function ascii(digits: string): string {
  return `_latin1'${digits}'`;
}

/** 0000-00-00 00:00:00 is no instant, and the same in every zone. */
export function isZero(value: string): boolean {
  return value.startsWith('0000-00-00');
}

export const utc = "_latin1'+00:00'";

/** Of an instant in UTC, in the session's zone. */
export function localTime(value: string): string {
  return `CONVERT_TZ(${ascii(value)}, ${utc}, @@time_zone)`;
}
