/**
 * The primitive encodings that Avro and Kafka's records share, written into slabs that grow. Each finished record is a view of its slab; a
 * slab is never written again below what was finished, so records stay valid for as long as they are held. Never rounds, never replaces:
 * a number that is not exact and a text that has no UTF-8 are refused.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { bytePieces, piecesOf } from './pieces.js';

const slabBytes = 64 * 1024;
/** A slab for a record of this size is made to measure, and not kept for the next one. */
const largeBytes = 1024 * 1024;
/** ASCII strings up to this length are cheaper to copy in JS than by a native call (measured); their length prefix is one byte. */
const shortString = 24;

const wide = new BigInt64Array(1);
const halves = new Int32Array(wide.buffer);
const low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** A text or bytes, and where their place in the record begins. */
interface LeftValue {
  readonly value: string | Uint8Array;
  readonly at: number;
}

/** Bytes that long() takes for a whole number of 32 bits. */
export function longSize(value: number): number {
  const zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
  if (zigzag < 0x80) return 1;
  if (zigzag < 0x4000) return 2;
  if (zigzag < 0x20_0000) return 3;
  return zigzag < 0x1000_0000 ? 4 : 5;
}

/** The text has a lone surrogate, which UTF-8 cannot hold. Each codec makes its own named error of it. */
export class LoneSurrogateError extends Error {
  constructor() {
    super('the text has a lone surrogate');
  }
}

export class ByteWriter {
  private slab: Buffer;
  private start = 0;
  private at = 0;
  /** Large values that are still to be written; null: each is written at once. */
  private left: LeftValue[] | null = null;
  /** Bytes from which on a value is large. */
  private largeFrom = 0;

  /** @param firstBytes of the first slab. A record that fits is not moved: a number reserves five bytes, whatever it takes. */
  constructor(firstBytes = slabBytes) {
    this.slab = Buffer.allocUnsafeSlow(firstBytes);
  }

  /** Begins a record; what an earlier one left unfinished is dropped. */
  begin(): void {
    this.at = this.start;
    this.left = null;
  }

  /** Begins a record whose large values are left out; finishInTurns() writes them. `size`: it is no larger, so that it is not moved. */
  beginInTurns(size: number, largeFrom: number): void {
    this.begin();
    this.reserve(size);
    this.left = [];
    this.largeFrom = largeFrom;
  }

  /** Ends the record at once; it is whole when the promise resolves. Another one may be begun meanwhile. */
  finishInTurns(): Promise<Buffer> {
    const left = this.left ?? [];
    this.left = null;
    return writeLeft(this.finish(), left);
  }

  finish(): Buffer {
    const record = this.slab.subarray(this.start, this.at);
    this.start = this.at;
    if (this.slab.length > largeBytes) this.renew();
    return record;
  }

  byte(value: number): void {
    this.reserve(1);
    this.slab[this.at++] = value;
  }

  uint32BE(value: number): void {
    this.reserve(4);
    this.at = this.slab.writeUInt32BE(value, this.at);
  }

  /** A zigzag varint, from a number that is a safe integer. */
  long(value: number): void {
    if (value !== (value | 0)) {
      this.wideNumber(value);
      return;
    }
    this.reserve(5);
    const { slab } = this;
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
    let at = this.at;
    while (zigzag > 0x7f) {
      slab[at++] = (zigzag & 0x7f) | 0x80;
      zigzag >>>= 7;
    }
    slab[at++] = zigzag;
    this.at = at;
  }

  /** The same, from a bigint that fits 64 bits signed (the caller has checked). */
  bigLong(value: bigint): void {
    wide[0] = value;
    this.zigzag64(halves[1 - low]!, halves[low]!);
  }

  float(value: number): void {
    this.reserve(4);
    this.at = this.slab.writeFloatLE(value, this.at);
  }

  double(value: number): void {
    this.reserve(8);
    this.at = this.slab.writeDoubleLE(value, this.at);
  }

  bytes(value: Uint8Array): void {
    this.long(value.length);
    this.reserve(value.length);
    if (this.left !== null && value.length >= this.largeFrom) this.left.push({ value, at: this.length });
    else this.slab.set(value, this.at);
    this.at += value.length;
  }

  /** UTF-8, with its length before it. @throws LoneSurrogateError */
  string(value: string): void {
    if (value.length > shortString || !this.shortAscii(value)) this.anyString(value);
  }

  private shortAscii(value: string): boolean {
    const length = value.length;
    this.reserve(length + 1);
    const { slab } = this;
    let at = this.at;
    slab[at++] = length << 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 0x7f) return false;
      slab[at++] = code;
    }
    this.at = at;
    return true;
  }

  private anyString(value: string): void {
    if (!value.isWellFormed()) throw new LoneSurrogateError();
    const length = Buffer.byteLength(value);
    this.long(length);
    this.reserve(length);
    if (this.left !== null && length >= this.largeFrom) {
      this.left.push({ value, at: this.length });
      this.at += length;
    } else this.at += this.slab.write(value, this.at, length, 'utf8');
  }

  /** What another record's bytes already are. */
  copy(encoded: Uint8Array): void {
    this.reserve(encoded.length);
    this.slab.set(encoded, this.at);
    this.at += encoded.length;
  }

  /** Bytes written since the record began. */
  get length(): number {
    return this.at - this.start;
  }

  /** The bytes from a former length up to here, copied. */
  since(length: number): Uint8Array {
    return Buffer.from(this.slab.subarray(this.start + length, this.at));
  }

  private wideNumber(value: number): void {
    if (!Number.isSafeInteger(value)) throw new RangeError('the number is not a whole number below 2^53');
    const high = Math.floor(value / 2 ** 32);
    this.zigzag64(high | 0, (value - high * 2 ** 32) | 0);
  }

  private zigzag64(high: number, lowHalf: number): void {
    this.reserve(10);
    const { slab } = this;
    const sign = high >> 31;
    let upper = ((high << 1) | (lowHalf >>> 31)) ^ sign;
    let lower = (lowHalf << 1) ^ sign;
    let at = this.at;
    while (upper !== 0 || lower >>> 0 > 0x7f) {
      slab[at++] = (lower & 0x7f) | 0x80;
      lower = (lower >>> 7) | (upper << 25);
      upper >>>= 7;
    }
    slab[at++] = lower;
    this.at = at;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes > this.slab.length) this.grow(bytes);
  }

  private grow(bytes: number): void {
    const used = this.at - this.start;
    const needed = used + bytes;
    const slab = Buffer.allocUnsafeSlow(needed > largeBytes ? needed + slabBytes : Math.max(slabBytes, 2 * needed));
    this.slab.copy(slab, 0, this.start, this.at);
    this.slab = slab;
    this.start = 0;
    this.at = used;
  }

  private renew(): void {
    this.slab = Buffer.allocUnsafeSlow(slabBytes);
    this.start = 0;
    this.at = 0;
  }
}

/** A text of 64 MiB in one call takes 130 ms, a copy of as many bytes 30. */
async function writeLeft(record: Buffer, left: readonly LeftValue[]): Promise<Buffer> {
  for (const { value, at } of left) {
    let end = at;
    for (const piece of typeof value === 'string' ? piecesOf(value) : bytePieces(value)) {
      if (typeof piece === 'string') end += record.write(piece, end, 'utf8');
      else {
        record.set(piece, end);
        end += piece.length;
      }
      await nextTurn();
    }
  }
  return record;
}
