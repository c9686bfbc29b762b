/**
 * Numbers as bytes, for generated code (to-avro.ts). Each function writes into `b` at `p`, for which there is room, and gives the place
 * behind what it wrote. They take all they need as arguments, and allocate nothing: an object a call costs more than the work itself.
 */

/** A zigzag varint of 32 bits. */
export function varint(b: Buffer, p: number, value: number): number {
  let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  while (zigzag > 0x7f) {
    b[p++] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  b[p++] = zigzag;
  return p;
}

/** A zigzag varint of 64 bits, from its halves. */
export function varint64(b: Buffer, p: number, high: number, low: number): number {
  if (high === low >> 31) return varint(b, p, low);
  const sign = high >> 31;
  let upper = ((high << 1) | (low >>> 31)) ^ sign;
  let lower = (low << 1) ^ sign;
  while (upper !== 0 || lower >>> 0 > 0x7f) {
    b[p++] = (lower & 0x7f) | 0x80;
    lower = (lower >>> 7) | (upper << 25);
    upper >>>= 7;
  }
  b[p++] = lower;
  return p;
}

/** A zigzag varint of a whole number below 2^53. */
export function varintNumber(b: Buffer, p: number, value: number): number {
  const high = Math.floor(value / 2 ** 32);
  return varint64(b, p, high | 0, (value - high * 2 ** 32) | 0);
}

/** Avro's decimal: the length, then big-endian two's complement in as few bytes as hold it. Of a whole number below 2^53. */
export function unscaled(b: Buffer, p: number, value: number): number {
  const small = value | 0;
  if (value === small) return unscaled32(b, p, small);
  const high = Math.floor(value / 2 ** 32);
  const low = (value - high * 2 ** 32) | 0;
  // The upper half says nothing but the sign, which the lower one has.
  if (high === low >> 31) return unscaled32(b, p, low);
  const size = high >= -0x80 && high < 0x80 ? 1 : high >= -0x8000 && high < 0x8000 ? 2 : 3;
  b[p++] = (size + 4) << 1;
  for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) b[p++] = high >> shift;
  return bigEndian(b, p, low);
}

function unscaled32(b: Buffer, p: number, value: number): number {
  const size =
    value >= -0x80 && value < 0x80 ? 1 : value >= -0x8000 && value < 0x8000 ? 2 : value >= -0x80_0000 && value < 0x80_0000 ? 3 : 4;
  b[p++] = size << 1;
  for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) b[p++] = value >> shift;
  return p;
}

function bigEndian(b: Buffer, p: number, value: number): number {
  b[p++] = value >>> 24;
  b[p++] = value >>> 16;
  b[p++] = value >>> 8;
  b[p++] = value;
  return p;
}

/** The same of 8 bytes without a sign, little-endian at `s`. */
export function unscaledU64(b: Buffer, p: number, src: Buffer, s: number): number {
  let last = 7;
  while (last > 0 && src[s + last] === 0) last--;
  const needsZero = src[s + last]! > 0x7f;
  b[p++] = (last + (needsZero ? 2 : 1)) << 1;
  if (needsZero) b[p++] = 0;
  for (; last >= 0; last--) b[p++] = src[s + last]!;
  return p;
}

/** Decimal digits of 0 ≤ value < 2^31. */
export function digits31(b: Buffer, p: number, value: number): number {
  if (value < 10) {
    b[p] = 48 + value;
    return p + 1;
  }
  let size = 2;
  for (let limit = 100; size < 10 && value >= limit; limit *= 10) size++;
  return padded(b, p, value, size);
}

/** Decimal digits of 0 ≤ value < 2^53. */
export function digits53(b: Buffer, p: number, value: number): number {
  if (value < 2 ** 31) return digits31(b, p, value | 0);
  const upper = Math.floor(value / 1e9);
  return padded(b, digits53(b, p, upper), (value - upper * 1e9) | 0, 9);
}

/** So many digits, zeros in front. */
export function padded(b: Buffer, p: number, value: number, digits: number): number {
  let rest = value;
  for (let at = p + digits; at > p;) {
    const tenth = (rest / 10) | 0;
    b[--at] = 48 + rest - tenth * 10;
    rest = tenth;
  }
  return p + digits;
}

/** Two digits, of 0 ≤ value < 100. */
export function two(b: Buffer, p: number, value: number): number {
  const tens = (value * 103) >> 10;
  b[p] = 48 + tens;
  b[p + 1] = 48 + value - tens * 10;
  return p + 2;
}

/**
 * Puts the length of what stands behind `at` there. Two bytes were left for it, which is usual; where it takes others, what follows moves.
 * @returns where that ends
 */
export function closeLength(b: Buffer, at: number, end: number): number {
  const length = end - at - 2;
  if (length >= 0x40 && length < 0x2000) {
    b[at] = ((length << 1) & 0x7f) | 0x80;
    b[at + 1] = length >> 6;
    return end;
  }
  const size = length < 0x40 ? 1 : length < 0x10_0000 ? 3 : length < 0x800_0000 ? 4 : 5;
  b.copyWithin(at + size, at + 2, end);
  varint(b, at, length);
  return at + size + length;
}
