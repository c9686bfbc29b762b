/**
 * Text from a column's bytes. Promises that encoding the text again gives the same bytes; bytes that are no text in their character set
 * are refused, never replaced.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { endianness } from 'node:os';
import { SyncError } from '@lutra/model';
import type { ByteReader } from './byte-reader.js';

/** Reads the next `size` bytes as text. `where` names table and column. @throws SyncError VALUE_UNSUPPORTED */
export type TextDecoder = (reader: ByteReader, size: number, where: string) => string;

function refuse(where: string, charset: string): SyncError {
  return new SyncError('VALUE_UNSUPPORTED', `${where}: a value is not valid ${charset}`);
}

function decodeUtf8(reader: ByteReader, size: number, where: string): string {
  const start = reader.offset;
  const text = reader.utf8(size);
  // a byte that is no UTF-8 becomes U+FFFD, which may also have been there before
  if (text.includes('\uFFFD') && !isUtf8(reader.bytes.subarray(start, start + size))) throw refuse(where, 'UTF-8');
  return text;
}

function decodeAscii(reader: ByteReader, size: number, where: string): string {
  const bytes = reader.take(size);
  if (!isAscii(bytes)) throw refuse(where, 'ASCII');
  return bytes.toString('latin1');
}

/** MySQL's latin1 is cp1252, its five holes (81, 8D, 8F, 90, 9D) mapped to the control characters of the same number: one to one. */
const latin1High = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function decodeLatin1(reader: ByteReader, size: number): string {
  const bytes = reader.take(size);
  const text = bytes.toString('latin1');
  if (!/[\u0080-\u009f]/.test(text)) return text;
  // By a table: a call for each character takes seconds for a large text of them.
  const units = new Uint16Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) units[i] = latin1Units[bytes[i]!]!;
  return textOfUnits(units);
}

const latin1Units = Uint16Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 && byte < 0xa0 ? latin1High.charCodeAt(byte - 0x80) : byte,
);

/** Of UTF-16. */
function textOfUnits(units: Uint16Array): string {
  const bytes = Buffer.from(units.buffer, units.byteOffset, units.byteLength);
  return (endianness() === 'LE' ? bytes : bytes.swap16()).toString('utf16le');
}

const decoders: ReadonlyMap<string, TextDecoder> = new Map([
  ['utf8mb4', decodeUtf8],
  ['utf8mb3', decodeUtf8],
  ['utf8', decodeUtf8],
  ['ascii', decodeAscii],
  ['latin1', decodeLatin1],
]);

/** Undefined for a character set that is not proven lossless. */
export function textDecoder(charset: string): TextDecoder | undefined {
  return decoders.get(charset);
}
