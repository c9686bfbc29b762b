/**
 * A character set by a table of the server's (tables.ts): one or two bytes a character, three behind 8F, four in gb18030. Any bytes decode:
 * of those that are not well-formed each is escaped by itself, so that the server they go to judges them.
 */
import { isAscii } from 'node:buffer';
import { brotliDecompressSync } from 'node:zlib';
import { inPrivatePlane, isMarked, mark, threeBytes, twoBytes } from './escapes.js';
import type { TextCodec } from './codec.js';
import { Units } from './units.js';

/** No sequence begins so, or no character is here. */
const nothing = 0xffff_ffff;
const leadOfThree = 0x8f;
/** gb18030: the number, in order, of the four bytes that have U+10000. */
const firstBeyond = 189_000;

type Points = Uint32Array<ArrayBuffer>;

export class TableCodec implements TextCodec {
  readonly plain = false;
  readonly escaped: (text: string) => boolean;
  /** Code points by the bytes of one, of two, and of three without their first; escapes included. */
  readonly #one: Points = new Uint32Array(0x100).fill(nothing);
  readonly #two: Points = new Uint32Array(0x10000).fill(nothing);
  readonly #three: Points = new Uint32Array(0x10000).fill(nothing);
  /** gb18030 only: characters of the basic plane that the others lack, in order. */
  readonly #four: readonly number[];
  readonly #fourBytes: boolean;
  /** Sequences by code point; made when first something is encoded. */
  #sequences: Points | null = null;
  readonly #ascii: boolean;

  constructor(table: string, { fourBytes }: { readonly fourBytes: boolean }) {
    for (const [sequence, point] of entriesOf(table)) {
      const escape = sequence < 0x10000 ? twoBytes | sequence : threeBytes | (sequence & 0xffff);
      this.#pointsOf(sequence)[sequence & 0xffff] = point === 0 && sequence !== 0 ? escape : point;
    }
    this.#ascii = this.#one.subarray(0, 0x80).every((point, byte) => point === byte);
    this.#fourBytes = fourBytes;
    this.#four = fourBytes ? lacking(this.#two) : [];
    this.escaped = fourBytes ? isMarked : inPrivatePlane;
  }

  readonly decode = (bytes: Buffer): string => {
    if (this.#ascii && isAscii(bytes)) return bytes.toString('latin1');
    const units = new Units();
    const [one, two] = [this.#one, this.#two];
    for (let at = 0; at < bytes.length;) {
      const first = bytes[at]!;
      // Nearly all there is, without a call.
      const single = one[first]!;
      const double = single === nothing && at + 1 < bytes.length ? two[(first << 8) | bytes[at + 1]!]! : single;
      if (double === nothing) at += this.#longer(bytes, at, units);
      else {
        units.add(double);
        at += single === nothing ? 2 : 1;
      }
    }
    return units.text();
  };

  readonly encode = (text: string): Buffer | null => {
    const bytes = Buffer.allocUnsafe(text.length * (this.#fourBytes ? 4 : 3));
    let size = 0;
    for (let at = 0; at < text.length;) {
      const point = text.codePointAt(at)!;
      at += point > 0xffff ? 2 : 1;
      let sequence = this.#sequenceOf(point);
      if (point === mark && this.#fourBytes) {
        const escape = markedAt(text, at);
        if (!escape) return null;
        at += escape.units;
        sequence = escape.sequence;
      }
      if (sequence === nothing) return null;
      size = write(bytes, size, sequence);
    }
    return bytes.subarray(0, size);
  };

  /** What is not of one or two bytes. How many it was. */
  #longer(bytes: Buffer, at: number, units: Units): number {
    const first = bytes[at]!;
    if (first === leadOfThree && at + 2 < bytes.length) {
      const triple = this.#three[(bytes[at + 1]! << 8) | bytes[at + 2]!]!;
      if (triple !== nothing) return add(units, triple, 3);
    }
    if (this.#fourBytes && isFour(bytes, at)) return this.#nextFour(bytes, at, units);
    if (this.#fourBytes) units.add(mark);
    return add(units, twoBytes | first, 1);
  }

  #nextFour(bytes: Buffer, at: number, units: Units): number {
    const number = numberOf(bytes, at);
    const point = this.#four[number] ?? (number >= firstBeyond ? number - firstBeyond + 0x10000 : nothing);
    if (point < mark) return add(units, point, 4);
    units.add(mark);
    if (point === mark) return add(units, mark, 4);
    units.add(twoBytes | bytes.readUInt16BE(at));
    return add(units, twoBytes | bytes.readUInt16BE(at + 2), 4);
  }

  #pointsOf(sequence: number): Points {
    return sequence < 0x100 ? this.#one : sequence < 0x10000 ? this.#two : this.#three;
  }

  #sequenceOf(point: number): number {
    if (point < 0x10000) return (this.#sequences ??= this.#inverse())[point]!;
    if (this.#fourBytes) return sequenceOf(point - 0x10000 + firstBeyond);
    if (point < threeBytes) return nothing;
    const low = point & 0xffff;
    const sequence = point < twoBytes ? (leadOfThree << 16) | low : low;
    const known = this.#pointsOf(sequence)[low]!;
    return known === point || (known === nothing && sequence < 0x100) ? sequence : nothing;
  }

  #inverse(): Points {
    const sequences: Points = new Uint32Array(0x10000).fill(nothing);
    for (const [i, point] of this.#four.entries()) sequences[point] = sequenceOf(i);
    for (const [lead, points] of [[0, this.#one] as const, [0, this.#two] as const, [leadOfThree << 16, this.#three] as const])
      for (const [low, point] of points.entries()) if (point < 0x10000) sequences[point] = lead | low;
    return sequences;
  }
}

/** As scripts/charsets.ts packs them. */
function* entriesOf(table: string): Iterable<readonly [number, number]> {
  const bytes = brotliDecompressSync(Buffer.from(table, 'base64'));
  const word = (i: number): number => bytes.readUInt16LE(2 * i);
  const runs = word(0);
  let at = 1 + 3 * runs;
  let last = -1;
  for (let run = 0; run < runs; run += 1) {
    const first = word(1 + 3 * run) * 0x10000 + word(2 + 3 * run);
    for (let i = 0; i < word(3 + 3 * run); i += 1) {
      last = (last + 1 + word(at++)) & 0xffff;
      yield [first + i, last];
    }
  }
}

/** GB 18030 gives its four bytes, in order, to what has no two. */
function lacking(points: Points): readonly number[] {
  const had = new Set(points);
  const all = Array.from({ length: 0x10000 - 0x80 }, (_, i) => 0x80 + i);
  return all.filter((point) => !had.has(point) && (point < 0xd800 || point > 0xdfff));
}

function add(units: Units, point: number, size: number): number {
  units.add(point);
  return size;
}

function isFour(bytes: Buffer, at: number): boolean {
  if (at + 4 > bytes.length) return false;
  const digit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39;
  const lead = (byte: number): boolean => byte >= 0x81 && byte <= 0xfe;
  return lead(bytes[at]!) && digit(bytes[at + 1]!) && lead(bytes[at + 2]!) && digit(bytes[at + 3]!);
}

function numberOf(bytes: Buffer, at: number): number {
  return (((bytes[at]! - 0x81) * 10 + bytes[at + 1]! - 0x30) * 126 + bytes[at + 2]! - 0x81) * 10 + bytes[at + 3]! - 0x30;
}

function sequenceOf(number: number): number {
  const [a, b, c, d] = [Math.floor(number / 12_600), Math.floor(number / 1260) % 10, Math.floor(number / 10) % 126, number % 10];
  return (0x81 + a) * 0x1000000 + ((0x30 + b) << 16) + ((0x81 + c) << 8) + 0x30 + d;
}

/** Behind the mark: itself, one byte, or four bytes in two code points. */
function markedAt(text: string, at: number): { readonly sequence: number; readonly units: number } | null {
  const first = text.codePointAt(at) ?? 0;
  if (first === mark) return { sequence: sequenceOf(mark - 0x10000 + firstBeyond), units: 2 };
  if (first < twoBytes) return null;
  const low = first & 0xffff;
  if (low < 0x100) return low < 0x80 ? null : { sequence: low, units: 2 };
  const second = text.codePointAt(at + 2) ?? 0;
  if (second < twoBytes) return null;
  return { sequence: low * 0x10000 + (second & 0xffff), units: 4 };
}

function write(bytes: Buffer, at: number, sequence: number): number {
  const size = sequence < 0x100 ? 1 : sequence < 0x10000 ? 2 : sequence < 0x1000000 ? 3 : 4;
  return bytes.writeUIntBE(sequence, at, size);
}
