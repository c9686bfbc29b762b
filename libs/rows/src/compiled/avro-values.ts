/**
 * Values of an Avro row: where they end, and whether the codec of objects would take them. For generated code (row-code.ts); all that is
 * not usual, malformed bytes among it, gives −1 or false, and is left to the codec of objects, which says what is wrong or reads it. A
 * number in more bytes than it needs is not usual: so two values are the same if their bytes are.
 */
import { isUtf8 } from 'node:buffer';

/** Where a whole number of up to five bytes ends; −1 also where it is out of its range. */
export function wholeEnd(src: Buffer, at: number, end: number, min: number, max: number): number {
  if (at >= end) return -1;
  let zigzag = src[at++]!;
  if (zigzag > 0x7f) {
    zigzag &= 0x7f;
    let byte = 0x80;
    for (let scale = 0x80; byte > 0x7f; scale *= 0x80) {
      if (at >= end || scale > 2 ** 28) return -1;
      byte = src[at++]!;
      zigzag += (byte & 0x7f) * scale;
    }
    if (byte === 0) return -1;
  }
  const half = Math.floor(zigzag / 2);
  const value = zigzag === 2 * half ? half : -half - 1;
  return value < min || value > max ? -1 : at;
}

/** Of a whole number of 64 bits. */
export function longEnd(src: Buffer, at: number, end: number): number {
  for (let i = 0; i < 10 && at < end; i++) {
    const byte = src[at++]!;
    if (byte > 0x7f) continue;
    return (i > 0 && byte === 0) || (i === 9 && byte > 1) ? -1 : at;
  }
  return -1;
}

/** UTF-8. */
export function isText(src: Buffer, sv: DataView, at: number, n: number): boolean {
  let seen = 0;
  let i = 0;
  for (const words = n - 3; i < words; i += 4) seen |= sv.getInt32(at + i, true);
  let rest = 0;
  for (; i < n; i++) rest |= src[at + i]!;
  if ((seen & 0x8080_8080) === 0 && rest < 0x80) return true;
  return isUtf8(src.subarray(at, at + n));
}

/** Of a whole number in two's complement: in as few bytes as hold it. */
function isShort(src: Buffer, at: number, n: number): boolean {
  if (n === 0) return false;
  if (n === 1) return true;
  const first = src[at]!;
  const second = src[at + 1]!;
  return !(first === 0 && second < 0x80) && !(first === 0xff && second > 0x7f);
}

/** @param limit the first number that has too many digits */
export function isDecimal(src: Buffer, at: number, n: number, limit: bigint, unsigned: boolean): boolean {
  if (n > 32 || !isShort(src, at, n) || (unsigned && src[at]! > 0x7f)) return false;
  // As many bytes always have fewer digits.
  if (n < 7 && limit >= 2n ** 47n) return true;
  const value = n < 7 ? BigInt(smallUnscaled(src, at, n)) : largeUnscaled(src, at, n);
  return value < limit && value > -limit;
}

/** 64 bits without a sign. */
export function isUnsignedLong(src: Buffer, at: number, n: number): boolean {
  return n <= 9 && isShort(src, at, n) && src[at]! < 0x80 && (n < 9 || src[at] === 0);
}

/** Of up to six bytes. */
export function smallUnscaled(src: Buffer, at: number, n: number): number {
  let value = (src[at]! << 24) >> 24;
  for (let i = 1; i < n; i++) value = value * 0x100 + src[at + i]!;
  return value;
}

export function largeUnscaled(src: Buffer, at: number, n: number): bigint {
  const value = BigInt(`0x${src.toString('hex', at, at + n)}`);
  return src[at]! > 0x7f ? value - (1n << BigInt(8 * n)) : value;
}

/** An exponent of ones is no number. */
export function isFinite32(sv: DataView, at: number): boolean {
  return (sv.getInt32(at, true) & 0x7f80_0000) !== 0x7f80_0000;
}

export function isFinite64(sv: DataView, at: number): boolean {
  return (sv.getInt32(at + 4, true) & 0x7ff0_0000) !== 0x7ff0_0000;
}
