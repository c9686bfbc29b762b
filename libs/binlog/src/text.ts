/**
 * Text from a column's bytes. Promises that encoding the text again gives the same bytes; bytes that are no text in their character set
 * are refused, never replaced.
 */
import { isUtf8 } from 'node:buffer';
import { isSupportedCharset, SyncError } from '@lutra/model';
import type { SupportedCharset } from '@lutra/model';
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
  if (bytes.some((byte) => byte > 0x7f)) throw refuse(where, 'ASCII');
  return bytes.toString('latin1');
}

/** MySQL's latin1 is cp1252, its five holes (81, 8D, 8F, 90, 9D) mapped to the control characters of the same number: one to one. */
const latin1High = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function decodeLatin1(reader: ByteReader, size: number): string {
  const text = reader.take(size).toString('latin1');
  return text.replaceAll(/[\u0080-\u009f]/g, (character) => latin1High[character.charCodeAt(0) - 0x80]!);
}

const decoders: Readonly<Record<SupportedCharset, TextDecoder>> = {
  utf8mb4: decodeUtf8,
  utf8mb3: decodeUtf8,
  utf8: decodeUtf8,
  ascii: decodeAscii,
  latin1: decodeLatin1,
};

/** Undefined for a character set that is not proven lossless. */
export function textDecoder(charset: string): TextDecoder | undefined {
  return isSupportedCharset(charset) ? decoders[charset] : undefined;
}
