/**
 * Values of an Avro row as literals of our own session, for generated code (row-code.ts): the bytes of the text that the writers of objects
 * make. Each function writes into `b` at `p`, for which there is room, and gives the place behind what it wrote; −1: the value is for the
 * codec of objects, which has a literal for it or refuses it. What it reads was checked before (row-code.ts).
 */
import { largeUnscaled, smallUnscaled } from './avro-values.js';
import { digits53, padded } from './numbers.js';

const [nul, quote, backslash, zero, minus, point, letterE] = [0, 0x27, 0x5c, 0x30, 0x2d, 0x2e, 0x65] as const;

// Numbers

/** Of up to five bytes. */
export function wholeDigits(src: Buffer, at: number, b: Buffer, p: number): number {
  let zigzag = src[at++]!;
  if (zigzag > 0x7f) {
    zigzag &= 0x7f;
    let byte = 0x80;
    for (let scale = 0x80; byte > 0x7f; scale *= 0x80) {
      byte = src[at++]!;
      zigzag += (byte & 0x7f) * scale;
    }
  }
  const half = Math.floor(zigzag / 2);
  if (zigzag === 2 * half) return digits53(b, p, half);
  b[p] = minus;
  return digits53(b, p + 1, half + 1);
}

export function longDigits(src: Buffer, at: number, b: Buffer, p: number): number {
  let byte = src[at++]!;
  let lower = byte & 0x7f;
  let upper = 0;
  for (let shift = 7; byte > 0x7f; shift += 7) {
    byte = src[at++]!;
    const bits = byte & 0x7f;
    if (shift < 32) lower |= bits << shift;
    if (shift === 28) upper = bits >>> 4;
    else if (shift > 28) upper |= bits << (shift - 32);
  }
  const sign = -(lower & 1);
  const low = ((lower >>> 1) | (upper << 31)) ^ sign;
  const high = (upper >>> 1) ^ sign;
  const value = high * 2 ** 32 + (low >>> 0);
  if (!Number.isSafeInteger(value)) return ascii(b, p, String((BigInt(high) << 32n) | BigInt(low >>> 0)));
  if (value >= 0) return digits53(b, p, value);
  b[p] = minus;
  return digits53(b, p + 1, -value);
}

export function unsignedLong(src: Buffer, at: number, n: number, b: Buffer, p: number): number {
  return n < 7 ? digits53(b, p, smallUnscaled(src, at, n)) : ascii(b, p, String(largeUnscaled(src, at, n)));
}

/** Exact as numbers. */
const mostScale = 15;

export function decimal(src: Buffer, at: number, n: number, b: Buffer, p: number, scale: number): number {
  if (n > 6 || scale > mostScale) return longDecimal(src, at, n, b, p, scale);
  let value = smallUnscaled(src, at, n);
  if (value < 0) {
    b[p++] = minus;
    value = -value;
  }
  if (scale === 0) return digits53(b, p, value);
  const unit = 10 ** scale;
  const whole = Math.floor(value / unit);
  p = digits53(b, p, whole);
  b[p++] = point;
  const fraction = value - whole * unit;
  if (scale < 10) return padded(b, p, fraction | 0, scale);
  const upper = Math.floor(fraction / 1e9);
  return padded(b, padded(b, p, upper, scale - 9), (fraction - upper * 1e9) | 0, 9);
}

function longDecimal(src: Buffer, at: number, n: number, b: Buffer, p: number, scale: number): number {
  const value = largeUnscaled(src, at, n);
  if (value < 0n) b[p++] = minus;
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  if (scale === 0) return ascii(b, p, digits);
  p = ascii(b, p, digits.slice(0, -scale));
  b[p++] = point;
  return ascii(b, p, digits.slice(-scale));
}

/** The shortest digits, with an exponent. */
export function floating(b: Buffer, p: number, value: number): number {
  if (value === 0 && 1 / value < 0) b[p++] = minus;
  const small = value | 0;
  if (value === small) {
    if (small < 0) b[p++] = minus;
    p = digits53(b, p, small < 0 ? -small : small);
  } else {
    const digits = String(value);
    p = ascii(b, p, digits);
    if (digits.includes('e')) return p;
  }
  b[p] = letterE;
  b[p + 1] = zero;
  return p + 2;
}

export function bits(src: Buffer, at: number, n: number, b: Buffer, p: number): number {
  if (n > 6) return ascii(b, p, BigInt(`0x${src.toString('hex', at, at + n)}`).toString());
  let value = 0;
  for (let i = 0; i < n; i++) value = value * 0x100 + src[at + i]!;
  return digits53(b, p, value);
}

function ascii(b: Buffer, p: number, text: string): number {
  for (let i = 0; i < text.length; i++) b[p + i] = text.charCodeAt(i);
  return p + text.length;
}

// Bytes

const hexDigits = Buffer.from('0123456789abcdef');

/** @param padded as many bytes at least: zeros behind it */
export function hex(src: Buffer, at: number, n: number, b: Buffer, p: number, paddedTo: number): number {
  if (n === 0 && paddedTo === 0) {
    b[p] = quote;
    b[p + 1] = quote;
    return p + 2;
  }
  b[p] = 0x78;
  b[p + 1] = quote;
  p += 2;
  for (let i = 0; i < n; i++) {
    const byte = src[at + i]!;
    b[p] = hexDigits[byte >> 4]!;
    b[p + 1] = hexDigits[byte & 15]!;
    p += 2;
  }
  for (let i = n; i < paddedTo; i++) {
    b[p] = zero;
    b[p + 1] = zero;
    p += 2;
  }
  b[p] = quote;
  return p + 1;
}

// Texts

function hasZero(word: number): number {
  return (word - 0x0101_0101) & ~word & 0x8080_8080;
}

/** UTF-8, by words until something is found that must be escaped. −1: a character may be of an escape in its character set. */
export function quoted(src: Buffer, sv: DataView, at: number, n: number, b: Buffer, d: DataView, p: number): number {
  b[p] = quote;
  const start = p + 1;
  let [found, seen, rest, i] = [0, 0, 0, 0];
  for (const words = n - 3; i < words; i += 4) {
    const word = sv.getInt32(at + i, true);
    d.setInt32(start + i, word, true);
    found |= hasZero(word) | hasZero(word ^ 0x2727_2727) | hasZero(word ^ 0x5c5c_5c5c);
    seen |= word;
  }
  for (; i < n; i++) {
    const byte = src[at + i]!;
    b[start + i] = byte;
    if (byte === nul || byte === quote || byte === backslash) found = 1;
    rest |= byte;
  }
  if (((seen & 0x8080_8080) !== 0 || rest > 0x7f) && mayBeMarked(src, at, n)) return -1;
  if (found !== 0) return escaped(src, at, n, b, p);
  b[start + n] = quote;
  return start + n + 1;
}

/** It has a character of the planes 12 and above: all marks of escapes are there. */
function mayBeMarked(src: Buffer, at: number, n: number): boolean {
  for (let i = at; i < at + n; i++) if (src[i]! >= 0xf3) return true;
  return false;
}

function escaped(src: Buffer, at: number, n: number, b: Buffer, p: number): number {
  b[p++] = quote;
  for (let i = at; i < at + n; i++) {
    const byte = src[i]!;
    if (byte === nul) {
      b[p] = backslash;
      b[p + 1] = zero;
      p += 2;
      continue;
    }
    if (byte === quote || byte === backslash) b[p++] = byte;
    b[p++] = byte;
  }
  b[p] = quote;
  return p + 1;
}

/** −1 where a byte is one of those that `kinds` does not know. */
export function quotedIf(src: Buffer, at: number, n: number, b: Buffer, p: number, kinds: Uint8Array): number {
  for (let i = at; i < at + n; i++) if (kinds[src[i]!] === 0) return -1;
  return escaped(src, at, n, b, p);
}

// Dates and times: a digit, or a minus and a digit; then what is of a date or time.

const ofClock = new Uint8Array(256).fill(1, zero, zero + 10);
for (const byte of Buffer.from(':. -')) ofClock[byte] = 1;

export function clockText(src: Buffer, at: number, n: number, b: Buffer, p: number): number {
  const first = n > 0 && src[at] === minus ? at + 1 : at;
  if (first >= at + n || src[first]! < zero || src[first]! > zero + 9) return -1;
  b[p++] = quote;
  for (let i = at; i < at + n; i++) {
    const byte = src[i]!;
    if (ofClock[byte] === 0) return -1;
    b[p++] = byte;
  }
  b[p] = quote;
  return p + 1;
}

// Documents

const [isDigit, isExponent, isEscaped, isMark] = [1, 2, 3, 4] as const;
const ofDocument = new Uint8Array(256).fill(isDigit, zero, zero + 10);
ofDocument[point] = isDigit;
ofDocument[letterE] = ofDocument[0x45] = isExponent;
ofDocument[nul] = ofDocument[quote] = ofDocument[backslash] = isEscaped;
ofDocument[0x09] = ofDocument[0x0a] = isMark;
/** Digits of a number that some server may misread. */
const manyDigits = 16;

/** What may need an expression (json/json-literal.ts), rightly or not, is for objects. */
export function documentText(src: Buffer, at: number, n: number, b: Buffer, p: number): number {
  b[p++] = quote;
  let run = 0;
  for (let i = at; i < at + n; i++) {
    const byte = src[i]!;
    const kind = ofDocument[byte]!;
    if (kind === 0) run = 0;
    else if (kind === isDigit) {
      if (++run === manyDigits) return -1;
    } else if (kind === isExponent) {
      if (run > 0) return -1;
      run = 0;
    } else if (kind === isMark) return -1;
    else {
      run = 0;
      if (byte === nul) {
        b[p] = backslash;
        b[p + 1] = zero;
        p += 2;
        continue;
      }
      b[p++] = byte;
    }
    b[p++] = byte;
  }
  b[p] = quote;
  return p + 1;
}

/** NULL. */
export function nullText(b: Buffer, p: number): number {
  b[p] = 0x4e;
  b[p + 1] = 0x55;
  b[p + 2] = b[p + 3] = 0x4c;
  return p + 4;
}

// Updates

export function isSame(src: Buffer, a: number, aEnd: number, b: number, bEnd: number): boolean {
  if (aEnd - a !== bEnd - b) return false;
  for (; a < aEnd; a++, b++) if (src[a] !== src[b]) return false;
  return true;
}

export function copied(b: Buffer, p: number, bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) b[p + i] = bytes[i]!;
  return p + bytes.length;
}
