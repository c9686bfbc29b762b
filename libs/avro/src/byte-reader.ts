/**
 * Avro's primitive encodings, read from one record. Every read checks the record's end and the value's range: bytes that no
 * writer could have written become RECORD_INVALID, never a value.
 */
import { isUtf8 } from 'node:buffer';
import { largeValueBytes, LargeValue, SyncError } from '@lutra/model';

const wide = new BigInt64Array(1);
const halves = new Int32Array(wide.buffer);
const low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** Up to this many bytes are compared faster in JS than by a native call (measured). */
const shortRun = 40;

/** Capture puts no second record into a batch with one of this size. */
const largeBytes = 512 * 1024;

export function malformed(what: string): SyncError {
  return new SyncError('RECORD_INVALID', what);
}

function utf8Of(source: Buffer, from: number, length: number): string {
  const text = source.toString('utf8', from, from + length);
  if (text.includes('\uFFFD') && !isUtf8(source.subarray(from, from + length))) throw malformed('a string is not UTF-8');
  return text;
}

export class ByteReader {
  private source: Buffer;
  private at: number;
  private lower = 0;
  private upper = 0;

  constructor(source: Buffer, at: number) {
    this.source = source;
    this.at = at;
  }

  get position(): number {
    return this.at;
  }

  /** @throws SyncError RECORD_INVALID if bytes are left over: they were written with another schema */
  end(): void {
    const left = this.source.length - this.at;
    if (left !== 0) throw malformed(`${left} bytes are left over`);
  }

  byte(): number {
    const value = this.source[this.at];
    if (value === undefined) throw malformed('the record ends early');
    this.at++;
    return value;
  }

  boolean(): boolean {
    const value = this.byte();
    if (value > 1) throw malformed('a boolean is neither 0 nor 1');
    return value === 1;
  }

  /** A long as a number; beyond ±2^53 it is refused. */
  long(): number {
    const first = this.byte();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    this.zigzag64(first);
    const value = this.upper * 2 ** 32 + (this.lower >>> 0);
    if (!Number.isSafeInteger(value)) throw malformed('a whole number is beyond ±2^53');
    return value;
  }

  int(): number {
    const value = this.long();
    if (value !== (value | 0)) throw malformed('an int is beyond 32 bits');
    return value;
  }

  bigLong(): bigint {
    this.zigzag64(this.byte());
    halves[low] = this.lower;
    halves[1 - low] = this.upper;
    return wide[0]!;
  }

  float(): number {
    return this.source.readFloatLE(this.skip(4));
  }

  double(): number {
    return this.source.readDoubleLE(this.skip(8));
  }

  /** The length prefix of bytes or a string that is wholly there. */
  length(): number {
    const length = this.long();
    if (length < 0 || length > this.source.length - this.at) throw malformed('a length is beyond the end of the record');
    return length;
  }

  /**
   * A copy: a value that is kept must not keep the whole fetched batch in memory. A large one is most of its batch, and its copy would be
   * as large.
   */
  bytes(): Buffer {
    const length = this.length();
    const from = this.skip(length);
    if (length > largeBytes) return this.source.subarray(from, from + length);
    const copy = Buffer.allocUnsafe(length);
    this.source.copy(copy, 0, from, from + length);
    return copy;
  }

  string(): string {
    const length = this.length();
    return utf8Of(this.source, this.skip(length), length);
  }

  /** A text of a column: a LargeValue where making it takes long, and may wait. */
  text(): string | LargeValue {
    const length = this.length();
    const from = this.skip(length);
    if (length < largeValueBytes) return utf8Of(this.source, from, length);
    return new LargeValue(() => utf8Of(this.source, from, length));
  }

  /** True, and past them, if the next bytes are these. */
  matches(expected: Uint8Array): boolean {
    const { source, at } = this;
    const { length } = expected;
    if (length > shortRun) {
      if (source[at] !== expected[0] || !source.subarray(at, at + length).equals(expected)) return false;
    } else {
      for (let i = 0; i < length; i++) if (source[at + i] !== expected[i]) return false;
    }
    this.at = at + length;
    return true;
  }

  /** The bytes from a former position up to here, copied. */
  since(from: number): Uint8Array {
    return Buffer.from(this.source.subarray(from, this.at));
  }

  private skip(bytes: number): number {
    const from = this.at;
    if (bytes > this.source.length - from) throw malformed('the record ends early');
    this.at = from + bytes;
    return from;
  }

  /** Reads the varint that begins with `byte` and undoes the zigzag, into lower and upper. */
  private zigzag64(first: number): void {
    let byte = first;
    let lower = byte & 0x7f;
    let upper = 0;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = this.byte();
      const bits = byte & 0x7f;
      if (shift < 32) lower |= bits << shift;
      if (shift === 28) upper = bits >>> 4;
      else if (shift > 28) upper |= bits << (shift - 32);
      if (shift === 63 && byte > 1) throw malformed('a whole number is beyond 64 bits');
    }
    const sign = -(lower & 1);
    this.lower = ((lower >>> 1) | (upper << 31)) ^ sign;
    this.upper = (upper >>> 1) ^ sign;
  }
}
