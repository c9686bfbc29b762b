/**
 * Character sets that need no table. All but utf16 may hold halves of a pair (surrogates) by themselves, on some servers: MariaDB stores
 * them in utf8 and utf32, MySQL 8.0 in utf32, all in ucs2. They are escaped, because no UTF-8 exists for them; in ucs2 the halves of a
 * whole pair too, as they are two characters there.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import { isMarked, isSurrogate, mark, markText, twoBytes } from './escapes.js';
import type { TextCodec } from './codec.js';
import { Units } from './units.js';

/** @param escaped the point is the one behind a mark, without its plane */
type Take = (point: number, escaped: boolean) => boolean;

/**
 * Each code point of a text, unescaped; false where `take` says so, or at a half of a pair, or where a mark has nothing behind it that it
 * could mark.
 */
function eachPoint(text: string, take: Take): boolean {
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at)!;
    at += point > 0xffff ? 2 : 1;
    if (isSurrogate(point)) return false;
    if (point !== mark) {
      if (!take(point, false)) return false;
      continue;
    }
    const behind = text.codePointAt(at) ?? 0;
    at += 2;
    if (behind < twoBytes || !take(behind === mark ? mark : behind - twoBytes, behind !== mark)) return false;
  }
  return true;
}

/** Of the sets whose only escapes are halves of a pair. */
function eachOfPairs(text: string, take: (point: number) => boolean): boolean {
  return eachPoint(text, (point, escaped) => escaped === isSurrogate(point) && take(point));
}

function addEscaped(units: Units, point: number): void {
  if (point === mark || isSurrogate(point)) units.add(mark);
  units.add(isSurrogate(point) ? twoBytes | point : point);
}

/** What the bytes at a position that are no UTF-8 are escaped as, and how many they are; null: they cannot be. */
type Escape = (bytes: Buffer, at: number) => readonly [number, number] | null;

/** `ed a0..bf 80..bf` */
const surrogate: Escape = (bytes, at) => {
  const [first, second = 0, third = 0] = bytes.subarray(at, at + 3);
  if (first !== 0xed || second < 0xa0 || second > 0xbf || (third & 0xc0) !== 0x80) return null;
  return [twoBytes | 0xd000 | ((second & 0x3f) << 6) | (third & 0x3f), 3];
};
const byteItself: Escape = (bytes, at) => [twoBytes | bytes[at]!, 1];

function decodeUtf8(bytes: Buffer, escape: Escape): string | null {
  if (isUtf8(bytes)) {
    const text = bytes.toString('utf8');
    return isMarked(text) ? text.replaceAll(markText, markText + markText) : text;
  }
  const units = new Units();
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]!;
    const size = first < 0xc0 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const character = bytes.subarray(at, at + size);
    const escaped = isUtf8(character) ? null : escape(bytes, at);
    if (escaped) units.add(mark);
    else if (!isUtf8(character)) return null;
    if (escaped) units.add(escaped[0]);
    else addEscaped(units, character.toString('utf8').codePointAt(0)!);
    at += escaped?.[1] ?? size;
  }
  return units.text();
}

function encodeUtf8(text: string, unescape: (point: number) => readonly number[] | null): Buffer | null {
  if (!isMarked(text)) return text.isWellFormed() ? Buffer.from(text) : null;
  const parts: Buffer[] = [];
  const whole = eachPoint(text, (point, escaped) => {
    const bytes = escaped ? unescape(point) : null;
    if (escaped && bytes === null) return false;
    return parts.push(bytes ? Buffer.from(bytes) : Buffer.from(String.fromCodePoint(point))) > 0;
  });
  return whole ? Buffer.concat(parts) : null;
}

function bytesOfSurrogate(point: number): readonly number[] | null {
  return isSurrogate(point) ? [0xed, 0x80 | ((point >> 6) & 0x3f), 0x80 | (point & 0x3f)] : null;
}

export const utf8Codec: TextCodec = {
  decode: (bytes) => decodeUtf8(bytes, surrogate),
  encode: (text) => encodeUtf8(text, bytesOfSurrogate),
  escaped: isMarked,
  plain: true,
};

/** Of ENUM and SET, whose values are in no character set: read as UTF-8, and byte by byte where they are none. */
export const binaryCodec: TextCodec = {
  decode: (bytes) => decodeUtf8(bytes, byteItself),
  encode: (text) => encodeUtf8(text, (point) => (point > 0x7f && point < 0x100 ? [point] : null)),
  escaped: isMarked,
  plain: false,
};

/** Big-endian, as all but utf16le are. */
function utf16Of(bytes: Buffer): string {
  return Buffer.from(bytes).swap16().toString('utf16le');
}

export function utf16Codec(order: 'be' | 'le'): TextCodec {
  return {
    decode: (bytes) => {
      if (bytes.length % 2 !== 0) return null;
      const text = order === 'be' ? utf16Of(bytes) : bytes.toString('utf16le');
      return text.isWellFormed() ? text : null;
    },
    encode: (text) => {
      const bytes = Buffer.from(text, 'utf16le');
      if (!text.isWellFormed()) return null;
      return order === 'be' ? bytes.swap16() : bytes;
    },
    escaped: () => false,
    plain: true,
  };
}

export const ucs2Codec: TextCodec = {
  decode: (bytes) => {
    if (bytes.length % 2 !== 0) return null;
    const text = utf16Of(bytes);
    if (!/[\ud800-\udfff]/.test(text)) return text;
    const units = new Units();
    for (let i = 0; i < text.length; i += 1) addEscaped(units, text.charCodeAt(i));
    return units.text();
  },
  encode: (text) => {
    if (!/[\ud800-\udfff]/.test(text)) return Buffer.from(text, 'utf16le').swap16();
    const bytes = Buffer.allocUnsafe(2 * text.length);
    let size = 0;
    const whole = eachOfPairs(text, (point) => point < 0x10000 && (size = bytes.writeUInt16BE(point, size)) > 0);
    return whole ? bytes.subarray(0, size) : null;
  },
  escaped: isMarked,
  plain: false,
};

export const utf32Codec: TextCodec = {
  decode: (bytes) => {
    if (bytes.length % 4 !== 0) return null;
    const units = new Units();
    for (let at = 0; at < bytes.length; at += 4) {
      const point = bytes.readUInt32BE(at);
      if (point > mark) return null;
      addEscaped(units, point);
    }
    return units.text();
  },
  encode: (text) => {
    const bytes = Buffer.allocUnsafe(4 * text.length);
    let size = 0;
    const whole = eachOfPairs(text, (point) => (size = bytes.writeUInt32BE(point, size)) > 0);
    return whole ? bytes.subarray(0, size) : null;
  },
  escaped: isMarked,
  plain: false,
};

/** MySQL's latin1 is cp1252, its five holes (81, 8D, 8F, 90, 9D) mapped to the control characters of the same number: one to one. */
const latin1High = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

const latin1Units = Uint16Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 && byte < 0xa0 ? latin1High.charCodeAt(byte - 0x80) : byte,
);

export const latin1Codec: TextCodec = {
  decode: (bytes) => {
    const text = bytes.toString('latin1');
    if (!/[\u0080-\u009f]/.test(text)) return text;
    // By a table: a call for each character takes seconds for a large text of them.
    const units = new Units();
    for (const byte of bytes) units.add(latin1Units[byte]!);
    return units.text();
  },
  encode: (text) => {
    if (isAscii(Buffer.from(text))) return Buffer.from(text);
    const points = Array.from(text, (character) => {
      const high = latin1High.indexOf(character);
      return high < 0 ? character.codePointAt(0)! : 0x80 + high;
    });
    const control = /[\x80\x82-\x8c\x8e\x91-\x9c\x9e\x9f]/;
    return control.test(text) || points.some((point) => point > 0xff) ? null : Buffer.from(points);
  },
  escaped: () => false,
  plain: true,
};
