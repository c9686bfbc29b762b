/**
 * Text of each MySQL character set ⇄ Unicode, one to one: encoding what decode() gave gives the same bytes, always. The mapping is the
 * server's own. What it has no character for, or the character of another sequence, is *escaped*: it becomes code points that the set
 * cannot hold otherwise. docs/decisions/0014-character-sets.md says how, docs/05-consumers.md what consumers see of it.
 */
import type { TextCodec } from './codec.js';
import { TableCodec } from './table-codec.js';
import { tables } from './tables.js';
import { binaryCodec, latin1Codec, ucs2Codec, utf16Codec, utf32Codec, utf8Codec } from './unicode-codecs.js';

const makers: ReadonlyMap<string, () => TextCodec> = new Map<string, () => TextCodec>([
  ['utf8mb4', () => utf8Codec],
  ['utf8mb3', () => utf8Codec],
  ['utf8', () => utf8Codec],
  ['utf16', () => utf16Codec('be')],
  ['utf16le', () => utf16Codec('le')],
  ['ucs2', () => ucs2Codec],
  ['utf32', () => utf32Codec],
  ['latin1', () => latin1Codec],
  ['binary', () => binaryCodec],
  ...Object.entries(tables).map(([charset, table]): [string, () => TextCodec] => [
    charset,
    () => new TableCodec(table, { fourBytes: charset === 'gb18030' }),
  ]),
]);

const made = new Map<string, TextCodec>();

/** All that MySQL 8.0, 9.7 and MariaDB 11.4 have; `binary` is that of ENUM and SET only. */
export const supportedCharsets: readonly string[] = [...makers.keys()].toSorted();

/** Undefined for a set that is not known. Made when it is first asked for: keep it per column. */
export function textCodec(charset: string): TextCodec | undefined {
  let codec = made.get(charset);
  if (!codec) {
    codec = makers.get(charset)?.();
    if (codec) made.set(charset, codec);
  }
  return codec;
}
