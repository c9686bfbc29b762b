/**
 * Text from a column's bytes. Promises that encoding the text again gives the same bytes; bytes that are no text in their character set
 * are refused, never replaced.
 */
import { SyncError, textCodec } from '@lutra/model';
import type { ByteReader } from './byte-reader.js';

/** Reads the next `size` bytes as text. `where` names table and column. @throws SyncError VALUE_UNSUPPORTED */
export type TextDecoder = (reader: ByteReader, size: number, where: string) => string;

/** Nearly no values: a byte that is no UTF-8, which becomes U+FFFD, or the mark of an escape. A regular expression takes longer. */
function mayDiffer(text: string): boolean {
  return text.includes('\uFFFD') || text.includes('\u{10FFFF}');
}

/** Undefined for a character set that is not known. Made once a column. */
export function textDecoder(charset: string): TextDecoder | undefined {
  const codec = textCodec(charset);
  if (!codec) return undefined;
  const decode: TextDecoder = (reader, size, where) => {
    const text = codec.decode(reader.take(size));
    if (text !== null) return text;
    throw new SyncError('VALUE_UNSUPPORTED', `${where}: a value is not valid ${charset}`);
  };
  return charset.startsWith('utf8') ? utf8First(decode) : decode;
}

function utf8First(decode: TextDecoder): TextDecoder {
  return (reader, size, where) => {
    const start = reader.offset;
    const text = reader.utf8(size);
    if (!mayDiffer(text)) return text;
    reader.offset = start;
    return decode(reader, size, where);
  };
}
