/**
 * MySQL's binary JSON into the bytes of the text that json/jsonb.ts makes, for generated code (to-avro.ts): no string and no object a
 * value. Each read is checked against the end of its container. What is not usual throws, and is left to json/jsonb.ts, which says what is
 * wrong or writes it: a string that is not UTF-8, a container that overlaps its neighbour.
 */
import { printDouble } from '../json/json-double.js';
import { mostSigned } from '../json/json-text.js';
import { printOpaque } from '../json/opaque-text.js';
import { copied, stringText, unusual } from './json-strings.js';
import { closeLength, digits31, digits53, padded, two } from './numbers.js';

const [colon, comma, blank, minus, lineFeed, zero, point] = [0x3a, 0x2c, 0x20, 0x2d, 0x0a, 0x30, 0x2e] as const;
const literals = ['null', 'true', 'false'].map((text) => Buffer.from(text));
/** As json/jsonb.ts. */
const mostLevels = 100;

interface Levels {
  left: number;
}

const levels: Levels = { left: mostLevels };

/** With its length before it. */
export function jsonText(src: Buffer, sv: DataView, s: number, n: number, b: Buffer, d: DataView, p: number): number {
  const at = p + 2;
  levels.left = mostLevels;
  const end = n === 0 ? copied(b, at, literals[0]!) : value(src[s]!, src, sv, s + 1, s + n, b, d, at);
  return closeLength(b, p, end);
}

function value(type: number, src: Buffer, sv: DataView, at: number, end: number, b: Buffer, d: DataView, p: number): number {
  switch (type) {
    case 0x00:
      return small(true, src, sv, at, end, b, d, p);
    case 0x02:
      return small(false, src, sv, at, end, b, d, p);
    case 0x01:
      return large(true, src, sv, at, end, b, d, p);
    case 0x03:
      return large(false, src, sv, at, end, b, d, p);
    case 0x0c:
      return sizedString(src, sv, at, end, b, d, p);
    case 0x0f:
      return opaque(src, at, end, b, p);
    default:
      return scalar(type, src, sv, at, end, b, p);
  }
}

/** Bytes of a scalar by its type, from 0x04 on. */
const sizes = [1, 2, 2, 4, 4, 8, 8, 8] as const;

function scalar(type: number, src: Buffer, sv: DataView, at: number, end: number, b: Buffer, p: number): number {
  const size = sizes[type - 4];
  if (size === undefined || at + size > end) throw unusual();
  switch (type) {
    case 0x04: {
      const text = literals[src[at]!];
      if (text === undefined) throw unusual();
      return copied(b, p, text);
    }
    case 0x05:
      return integer(b, p, sv.getInt16(at, true));
    case 0x06:
      return signed(b, p, sv.getUint16(at, true));
    case 0x07:
      return integer(b, p, sv.getInt32(at, true));
    case 0x08:
      return signed(b, p, sv.getUint32(at, true));
    case 0x0b:
      return double(b, p, sv.getFloat64(at, true));
    default:
      return wide(type === 0x0a, sv, at, b, p);
  }
}

function integer(b: Buffer, p: number, number: number): number {
  if (number >= 0) return digits53(b, p, number);
  b[p] = minus;
  return digits53(b, p + 1, -number);
}

/** With the mark that says: the server reads another sign from this text. */
function signed(b: Buffer, p: number, number: number): number {
  b[p] = lineFeed;
  return digits53(b, p + 1, number);
}

function wide(unsigned: boolean, sv: DataView, at: number, b: Buffer, p: number): number {
  const high = unsigned ? sv.getUint32(at + 4, true) : sv.getInt32(at + 4, true);
  const number = high * 2 ** 32 + sv.getUint32(at, true);
  const isMarked = unsigned ? number <= mostSigned : number > mostSigned;
  if (isMarked) b[p++] = lineFeed;
  if (Number.isSafeInteger(number)) return integer(b, p, number);
  return copied(b, p, Buffer.from(String(unsigned ? sv.getBigUint64(at, true) : sv.getBigInt64(at, true))));
}

/**
 * A number with at most four decimals and fewer than 15 digits is written by whole numbers: dividing the whole number by 10^k gives the
 * same double, and no two decimals of 15 digits share a double, so these are the shortest digits.
 */
function double(b: Buffer, p: number, number: number): number {
  const size = number < 0 ? -number : number;
  if (!(size < 200_000 && size > 1e-3)) return copied(b, p, Buffer.from(printDouble(number)));
  let scale = 100;
  let whole = Math.round(size * scale);
  if (whole / scale !== size) whole = Math.round(size * (scale = 10_000));
  if (whole / scale !== size) return copied(b, p, Buffer.from(printDouble(number)));
  const units = (whole / scale) | 0;
  if (number < 0) b[p++] = minus;
  p = digits31(b, p, units);
  b[p] = point;
  const first = p + 1;
  let last = padded(b, first, whole - units * scale, scale === 100 ? 2 : 4);
  while (last > first + 1 && b[last - 1] === zero) last--;
  return last;
}

function opaque(src: Buffer, at: number, end: number, b: Buffer, p: number): number {
  if (at + 2 > end) throw unusual();
  const length = sizeAt(src, at + 1, end);
  const from = at + 1 + bytesOfSize(length);
  if (from + length > end) throw unusual();
  return copied(b, p, Buffer.from(printOpaque(src[at]!, src.subarray(from, from + length))));
}

/** Seven bits a byte, lowest first; the highest bit says that another byte follows. */
function sizeAt(src: Buffer, at: number, end: number): number {
  let length = 0;
  for (let i = 0; i < 4 && at + i < end; i++) {
    const byte = src[at + i]!;
    length |= (byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      // Another writing of the same number would be longer than bytesOfSize() says.
      if (i > 0 && byte === 0) throw unusual();
      return length;
    }
  }
  throw unusual();
}

function bytesOfSize(length: number): number {
  return length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : 4;
}

/** Objects and arrays of up to 64 KiB: counts, sizes and offsets of two bytes. */
function small(keyed: boolean, src: Buffer, sv: DataView, at: number, end: number, b: Buffer, d: DataView, p: number): number {
  if (at + 4 > end || --levels.left < 0) throw unusual();
  const count = sv.getUint16(at, true);
  const stop = at + sv.getUint16(at + 2, true);
  let key = at + 4;
  let entry = keyed ? key + 4 * count : key;
  if (stop > end || entry + 3 * count > stop) throw unusual();
  b[p++] = keyed ? 0x7b : 0x5b;
  for (let i = 0; i < count; i++, key += 4, entry += 3) {
    if (i > 0) {
      b[p] = comma;
      b[p + 1] = blank;
      p += 2;
    }
    if (keyed) {
      p = keyText(src, sv, at + sv.getUint16(key, true), sv.getUint16(key + 2, true), stop, b, d, p);
    }
    p = element(src, sv, at, entry, stop, b, d, p);
  }
  b[p] = keyed ? 0x7d : 0x5d;
  levels.left++;
  return p + 1;
}

/** Short strings and small numbers, the usual ones, are written here. */
function element(src: Buffer, sv: DataView, at: number, entry: number, stop: number, b: Buffer, d: DataView, p: number): number {
  const type = src[entry]!;
  const offset = sv.getUint16(entry + 1, true);
  if (type === 0x05) {
    if (offset < 10) {
      b[p] = zero + offset;
      return p + 1;
    }
    return offset < 100 ? two(b, p, offset) : integer(b, p, (offset << 16) >> 16);
  }
  if (type === 0x06) return signed(b, p, offset);
  if (type === 0x04) return scalar(type, src, sv, entry + 1, stop, b, p);
  const from = at + offset;
  if (type !== 0x0c) return value(type, src, sv, from, stop, b, d, p);
  if (from < stop && src[from]! < 0x80) return stringText(src, sv, from + 1, src[from]!, stop, b, d, p);
  return sizedString(src, sv, from, stop, b, d, p);
}

/** Containers beyond 64 KiB: counts, sizes and offsets of four bytes. */
function large(keyed: boolean, src: Buffer, sv: DataView, at: number, end: number, b: Buffer, d: DataView, p: number): number {
  if (at + 8 > end || --levels.left < 0) throw unusual();
  const count = sv.getUint32(at, true);
  const stop = at + sv.getUint32(at + 4, true);
  let key = at + 8;
  let entry = keyed ? key + 6 * count : key;
  if (stop > end || entry + 5 * count > stop) throw unusual();
  b[p++] = keyed ? 0x7b : 0x5b;
  for (let i = 0; i < count; i++, key += 6, entry += 5) {
    if (i > 0) {
      b[p] = comma;
      b[p + 1] = blank;
      p += 2;
    }
    if (keyed) p = keyText(src, sv, at + sv.getUint32(key, true), sv.getUint16(key + 4, true), stop, b, d, p);
    const type = src[entry]!;
    const isInPlace = type >= 0x04 && type <= 0x08;
    p = value(type, src, sv, isInPlace ? entry + 1 : at + sv.getUint32(entry + 1, true), stop, b, d, p);
  }
  b[p] = keyed ? 0x7d : 0x5d;
  levels.left++;
  return p + 1;
}

function keyText(src: Buffer, sv: DataView, s: number, n: number, stop: number, b: Buffer, d: DataView, p: number): number {
  const end = stringText(src, sv, s, n, stop, b, d, p);
  b[end] = colon;
  b[end + 1] = blank;
  return end + 2;
}

function sizedString(src: Buffer, sv: DataView, at: number, end: number, b: Buffer, d: DataView, p: number): number {
  const length = sizeAt(src, at, end);
  return stringText(src, sv, at + bytesOfSize(length), length, end, b, d, p);
}
