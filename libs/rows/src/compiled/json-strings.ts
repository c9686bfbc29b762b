/** Strings of binary JSON as JSON text, for documents.ts; see numbers.ts about the arguments. */
import { isUtf8 } from 'node:buffer';

const [quoteMark, backslash] = [0x22, 0x5c] as const;
const [asIs, escaped, notAscii] = [0, 1, 2] as const;

const kinds = new Uint8Array(256).fill(escaped, 0, 0x20).fill(notAscii, 0x80);
kinds[quoteMark] = kinds[backslash] = escaped;

/** What JSON.stringify() makes of it. */
const escapes = Array.from({ length: 0x60 }, (_, code) => Buffer.from(JSON.stringify(String.fromCharCode(code)).slice(1, -1)));
/** Up to here a loop over bytes is as fast as one over words. */
const shortString = 40;

export function unusual(): RangeError {
  return new RangeError('a JSON document that is not usual');
}

export function stringText(src: Buffer, sv: DataView, s: number, n: number, stop: number, b: Buffer, d: DataView, p: number): number {
  if (s + n > stop) throw unusual();
  b[p] = quoteMark;
  const start = p + 1;
  let found = 0;
  if (n <= shortString) {
    for (let i = 0; i < n; i++) {
      const byte = src[s + i]!;
      b[start + i] = byte;
      found |= kinds[byte]!;
    }
  } else found = copyPlain(src, sv, s, n, b, d, start);
  if (found !== asIs) return anyString(src, s, n, b, p);
  b[start + n] = quoteMark;
  return start + n + 1;
}

function copyPlain(src: Buffer, sv: DataView, s: number, n: number, b: Buffer, d: DataView, p: number): number {
  const words = n - 3;
  let found = 0;
  let i = 0;
  for (; i < words; i += 4) {
    const word = sv.getInt32(s + i, true);
    d.setInt32(p + i, word, true);
    found |= special(word);
  }
  for (; i < n; i++) {
    const byte = src[s + i]!;
    b[p + i] = byte;
    found |= kinds[byte]!;
  }
  return found;
}

/** Not 0 where one of the four bytes must be escaped or is not ASCII; sometimes where none is. */
function special(word: number): number {
  const quotes = word ^ 0x2222_2222;
  const slashes = word ^ 0x5c5c_5c5c;
  const below = (word - 0x2020_2020) & ~word;
  return (word | below | ((quotes - 0x0101_0101) & ~quotes) | ((slashes - 0x0101_0101) & ~slashes)) & 0x8080_8080;
}

function anyString(src: Buffer, s: number, n: number, b: Buffer, p: number): number {
  const stop = s + n;
  let isPlain = true;
  b[p++] = quoteMark;
  for (let i = s; i < stop; i++) {
    const byte = src[i]!;
    const kind = kinds[byte]!;
    if (kind === escaped) p = copied(b, p, escapes[byte]!);
    else {
      if (kind === notAscii) isPlain = false;
      b[p++] = byte;
    }
  }
  b[p] = quoteMark;
  if (!isPlain && !isUtf8(src.subarray(s, stop))) throw unusual();
  return p + 1;
}

/** Of text that is short, or rare. */
export function copied(b: Buffer, p: number, text: Buffer): number {
  if (p + text.length > b.length) throw unusual();
  for (let i = 0; i < text.length; i++) b[p + i] = text[i]!;
  return p + text.length;
}
