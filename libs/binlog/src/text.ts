/**
 * Text from a column's bytes. Promises that encoding the text again gives the same bytes; bytes that are no text in their character set
 * are refused, never replaced.
 */
import type { ByteReader } from '@lutra/bytes';
import { SyncError, textCodec } from '@lutra/model';
import { beside } from '@lutra/runtime';

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
    throw invalid(charset, where);
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

/** A large text. UTF-8 is made here, in one call of the engine (65 ms for 64 MiB); all else unit by unit, beside. */
export async function decodedBeside(bytes: Buffer, charset: string, where: string): Promise<string> {
  if (charset.startsWith('utf8')) {
    const text = bytes.toString('utf8');
    if (!mayDiffer(text)) return text;
  }
  const text = await decodeBeside(bytes, charset);
  if (text !== null) return text;
  throw invalid(charset, where);
}

export function decodeText(bytes: Buffer, charset: string): string | null {
  return textCodec(charset)?.decode(bytes) ?? null;
}

const decodeBeside = beside(import.meta.url, decodeText);

function invalid(charset: string, where: string): SyncError {
  return new SyncError('VALUE_UNSUPPORTED', `${where}: a value is not valid ${charset}`);
}
