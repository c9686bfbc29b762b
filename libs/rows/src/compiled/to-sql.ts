/**
 * What column types have in common of the code that reads their values from Avro and writes them into SQL. What code does not write by
 * itself it gives to the codec of objects of the same type: that is the rule, and code is only ever a faster way to the same bytes.
 */
import { ByteReader } from '@lutra/bytes';
import { type ColumnSchema, LargeValue, textCodec } from '@lutra/model';
import type { ColumnCodec, FromAvro, ToSql } from '../type-rules.js';
import type { Writer } from '../sql.js';

/** Of a text with its length before it. */
export const textFromAvro: FromAvro = { layout: 'sized', check: ({ at, n }) => `isText(src, sv, ${at}, ${n})` };
export const bytesFromAvro: FromAvro = { layout: 'sized', check: () => 'true' };

/** More than the longest number takes. */
const mostOfNumber = 80;
export const clockToSql: ToSql = { plus: 3, code: ({ at, n }) => `p = clockText(src, ${at}, ${n}, b, p);` };

export function numberToSql(code: ToSql['code']): ToSql {
  return { plus: mostOfNumber, code };
}

/** Writes one value of `n` bytes, with what stands before them. */
type WriteLiteral = (src: Buffer, at: number, n: number, b: Buffer, p: number) => number;

/** Bytes that its statement has for any value that is not larger. */
const roomOfOther = 1024;

/**
 * Through the codec of objects. −1: it refuses the value, or there is no room.
 * @param before bytes of the length before a value
 */
export function otherToSql(codec: ColumnCodec, write: Writer): ToSql {
  const literal: WriteLiteral = (src, start, _, b, p) => {
    const value = codec.read(new ByteReader(src, start));
    const text = value instanceof LargeValue ? null : write(value);
    if (text === null || p + 3 * text.length > b.length) return -1;
    return p + b.write(text, p);
  };
  return { plus: roomOfOther, constant: literal, code: ({ start, n, k }) => `p = ${k}(src, ${start}, ${n}, b, p);` };
}

const mostKept = 1000;

/** Of a type whose values are few texts: each is made once, and kept by its bytes. */
export function keptToSql(write: Writer): ToSql {
  const kept = new Map<string, Uint8Array>();
  const literal: WriteLiteral = (src, at, n, b, p) => {
    const name = src.toString('latin1', at, at + n);
    const known = kept.get(name) ?? made(src.toString('utf8', at, at + n));
    if (known === null || p + known.length > b.length) return -1;
    if (kept.size < mostKept) kept.set(name, known);
    for (let i = 0; i < known.length; i++) b[p + i] = known[i]!;
    return p + known.length;
  };
  const made = (value: string): Uint8Array | null => {
    const text = write(value);
    return text === null ? null : Buffer.from(text);
  };
  return { plus: roomOfOther, constant: literal, code: ({ at, n, k }) => `p = ${k}(src, ${at}, ${n}, b, p);` };
}

/** ISO 646: what has the same byte in every character set (text.ts). */
const invariant = new Uint8Array(256);
for (const byte of Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 !"%&\'()*+,./:;<=>?_-')) invariant[byte] = 1;
const plainAscii = new Uint8Array(256).fill(1, 0, 0x80);
const allAscii = String.fromCharCode(...Array.from({ length: 0x80 }, (_, code) => code));

/** By the character set, as textIn() in text.ts does. What is no plain text of it is for the row's codec of objects. */
export function textToSql({ charset }: ColumnSchema): ToSql {
  const codec = charset === undefined ? undefined : textCodec(charset);
  if (!codec || charset?.startsWith('utf8') === true) return { plus: 3, code: ({ at, n }) => `p = quoted(src, sv, ${at}, ${n}, b, d, p);` };
  const kinds = codec.plain && !codec.escaped(allAscii) ? plainAscii : invariant;
  return { plus: 3, constant: kinds, code: ({ at, n, k }) => `p = quotedIf(src, ${at}, ${n}, b, p, ${k});` };
}
