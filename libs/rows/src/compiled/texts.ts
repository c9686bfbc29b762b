/**
 * Bytes and texts as they stand in a row image, into Avro: a length, then the bytes. For generated code (to-avro.ts); see numbers.ts about
 * the arguments. `other` writes what these do not: a text that is not plain UTF-8, as the codec of objects does it.
 */
import { isUtf8 } from 'node:buffer';
import { varint } from './numbers.js';

/** Writes one value from `s` on, of `n` bytes where a length stands before it. */
export type WriteValue = (src: Buffer, s: number, n: number, b: Buffer, p: number) => number;

/** Above this a native copy costs less than steps of four bytes (measured). */
const steps = 256;

export function bytes(src: Buffer, s: number, n: number, b: Buffer, p: number): number {
  p = varint(b, p, n);
  if (n > 24) b.set(src.subarray(s, s + n), p);
  else for (let i = 0; i < n; i++) b[p + i] = src[s + i]!;
  return p + n;
}

/** With zeros behind it, up to `size`. @throws RangeError */
export function zeroPadded(src: Buffer, s: number, n: number, b: Buffer, p: number, size: number): number {
  if (n > size) throw new RangeError('a BINARY value longer than its column');
  p = varint(b, p, size);
  for (let i = 0; i < n; i++) b[p + i] = src[s + i]!;
  b.fill(0, p + n, p + size);
  return p + size;
}

/** UTF-8. What is not ASCII must be UTF-8, and without the first byte of the mark of escapes. */
export function utf8(src: Buffer, sv: DataView, s: number, n: number, b: Buffer, d: DataView, p: number, other: WriteValue): number {
  const at = varint(b, p, n);
  if (n > steps) {
    const text = src.subarray(s, s + n);
    if (!isUtf8(text) || text.includes(0xf4)) return other(src, s, n, b, p);
    b.set(text, at);
    return at + n;
  }
  return copyAscii(src, sv, s, n, b, d, at) || isPlainUtf8(src, s, s + n) ? at + n : other(src, s, n, b, p);
}

/** For short texts, where a native call costs more. False too for the last plane, where the mark is. */
function isPlainUtf8(src: Buffer, from: number, end: number): boolean {
  for (let at = from; at < end;) {
    const first = src[at]!;
    if (first < 0x80) at += 1;
    else if (first < 0xe0) {
      if (first < 0xc2 || !continues(src, at + 1, end)) return false;
      at += 2;
    } else if (first < 0xf0) {
      const second = src[at + 1]!;
      const isOther = (first === 0xe0 && second < 0xa0) || (first === 0xed && second > 0x9f);
      if (isOther || !continues(src, at + 1, end) || !continues(src, at + 2, end)) return false;
      at += 3;
    } else {
      const isOther = first > 0xf3 || (first === 0xf0 && src[at + 1]! < 0x90);
      if (isOther || !continues(src, at + 1, end) || !continues(src, at + 2, end) || !continues(src, at + 3, end)) return false;
      at += 4;
    }
  }
  return true;
}

function continues(src: Buffer, at: number, end: number): boolean {
  return at < end && (src[at]! & 0xc0) === 0x80;
}

/** Of a set whose lower half is ASCII. */
export function ascii(src: Buffer, sv: DataView, s: number, n: number, b: Buffer, d: DataView, p: number, other: WriteValue): number {
  if (n > 16 * steps) return other(src, s, n, b, p);
  const at = varint(b, p, n);
  return copyAscii(src, sv, s, n, b, d, at) ? at + n : other(src, s, n, b, p);
}

/** Of a set of one byte a character. @param upper what the upper half is in UTF-8: three bytes each, the rest of them 0 */
export function singleByte(src: Buffer, s: number, n: number, b: Buffer, p: number, upper: Uint8Array): number {
  let size = n;
  for (let i = s; i < s + n; i++) if (src[i]! > 0x7f) size += upper[4 * (src[i]! - 0x80)]! - 1;
  p = varint(b, p, size);
  for (let i = s; i < s + n; i++) {
    const byte = src[i]!;
    if (byte < 0x80) b[p++] = byte;
    else {
      const at = 4 * (byte - 0x80);
      for (let k = 1; k <= upper[at]!; k++) b[p++] = upper[at + k]!;
    }
  }
  return p;
}

/** Copies it in any case; true: all of it is ASCII. */
function copyAscii(src: Buffer, sv: DataView, s: number, n: number, b: Buffer, d: DataView, p: number): boolean {
  const words = n - 3;
  let seen = 0;
  let i = 0;
  for (; i < words; i += 4) {
    const word = sv.getInt32(s + i, true);
    d.setInt32(p + i, word, true);
    seen |= word;
  }
  let rest = 0;
  for (; i < n; i++) {
    const byte = src[s + i]!;
    b[p + i] = byte;
    rest |= byte;
  }
  return (seen & 0x8080_8080) === 0 && rest < 0x80;
}
