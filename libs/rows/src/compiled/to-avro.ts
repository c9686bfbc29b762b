/**
 * What column types have in common of the code that writes their values into Avro (ToAvro). What code does not write by itself it gives to
 * `other`, the codec of objects of the same type: that is the rule, and code is only ever a faster way to the same bytes.
 */
import { ByteReader, ByteWriter } from '@lutra/bytes';
import { LargeValue, textCodec } from '@lutra/model';
import type { ColumnCodec, ToAvro, ValueReader } from '../type-rules.js';
import type { WriteValue } from './texts.js';

interface Codecs {
  readonly reader: ValueReader;
  readonly codec: ColumnCodec;
  /** Bytes of the length before a value; 0: there is none. */
  readonly prefix: number;
}

/** One value through the codec of objects. */
export function otherWrite({ reader, codec, prefix }: Codecs): WriteValue {
  const writer = new ByteWriter(1024);
  return (src, s, _, b, p) => {
    const value = reader(new ByteReader(src, s - prefix));
    if (value === null || value instanceof LargeValue) throw new RangeError('a value that is not written at once');
    writer.begin();
    codec.write(writer, value);
    const written = writer.finish();
    if (p + written.length > b.length) throw new RangeError('a value that is longer than expected');
    b.set(written, p);
    return p + written.length;
  };
}

/** Always through the codec of objects. */
export function written(codecs: Codecs, sized: Pick<ToAvro, 'size' | 'times' | 'plus'>): ToAvro {
  return { ...sized, constant: otherWrite(codecs), code: ({ s, n, k }) => `p = ${k}(src, ${s}, ${n}, b, p);` };
}

/** Those of a type with a length before its values. */
export function prefixed(prefix: number | undefined): { readonly prefix: 1 | 2 | 3 | 4 } {
  if (prefix === 1 || prefix === 2 || prefix === 3 || prefix === 4) return { prefix };
  throw new RangeError('a column without its size');
}

const lengthBytes = 5;

export function bytesToAvro(prefix: number | undefined): ToAvro {
  return { size: prefixed(prefix), times: 1, plus: lengthBytes, code: ({ s, n }) => `p = bytes(src, ${s}, ${n}, b, p);` };
}

/** By the character set. */
export function textToAvro(charset: string, codecs: Codecs): ToAvro {
  const sized = { size: prefixed(codecs.prefix), times: 4, plus: lengthBytes };
  const other = otherWrite(codecs);
  if (charset.startsWith('utf8'))
    return { ...sized, constant: other, code: ({ s, n, k }) => `p = utf8(src, sv, ${s}, ${n}, b, d, p, ${k});` };
  const upper = charset === 'latin1' ? upperHalf(charset) : null;
  if (upper) return { ...sized, constant: upper, code: ({ s, n, k }) => `p = singleByte(src, ${s}, ${n}, b, p, ${k});` };
  if (!hasAscii(charset)) return written(codecs, { ...sized, times: 8 });
  return { ...sized, times: 8, constant: other, code: ({ s, n, k }) => `p = ascii(src, sv, ${s}, ${n}, b, d, p, ${k});` };
}

/** Bytes below 0x80 are what they are in ASCII, each by itself. */
function hasAscii(charset: string): boolean {
  const codec = textCodec(charset);
  return (
    codec !== undefined && Array.from({ length: 0x80 }, (_, byte) => byte).every((byte) => isAscii(codec.decode(Buffer.of(byte)), byte))
  );
}

function isAscii(text: string | null, byte: number): boolean {
  return text !== null && text.length === 1 && text.charCodeAt(0) === byte;
}

/** Of each byte from 0x80 on: the length of its character in UTF-8, and that. Null: one has none. */
function upperHalf(charset: string): Uint8Array | null {
  const upper = new Uint8Array(4 * 0x80);
  for (let byte = 0x80; byte < 0x100; byte++) {
    const text = textCodec(charset)?.decode(Buffer.of(byte));
    const character = Buffer.from(text ?? '');
    if (text?.length !== 1 || character.length > 3) return null;
    upper[4 * (byte - 0x80)] = character.length;
    upper.set(character, 4 * (byte - 0x80) + 1);
  }
  return hasAscii(charset) ? upper : null;
}

const mostKept = 1000;

/** Of a type whose values are few: each is written once through the codec of objects, and its bytes are kept by its number. */
export function keptToAvro(size: 1 | 2 | 3 | 4, { most, ...codecs }: Omit<Codecs, 'prefix'> & { readonly most: number }): ToAvro {
  const other = otherWrite({ ...codecs, prefix: 0 });
  const kept = new Map<number, Uint8Array>();
  const write: WriteValue = (src, s, n, b, p) => {
    const number = src.readUIntLE(s, size);
    const known = kept.get(number);
    if (known === undefined) {
      const end = other(src, s, n, b, p);
      if (kept.size < mostKept) kept.set(number, Uint8Array.from(b.subarray(p, end)));
      return end;
    }
    for (let i = 0; i < known.length; i++) b[p + i] = known[i]!;
    return p + known.length;
  };
  return { size, times: 0, plus: most + lengthBytes, constant: write, code: ({ s, k }) => `p = ${k}(src, ${s}, 0, b, p);` };
}
