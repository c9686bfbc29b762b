/**
 * Reads bytes from front to back: MySQL's fixed and length-encoded numbers, and the zigzag varints that Avro and Kafka's records share.
 * Every read checks the end of the bytes and the value's range: what no writer could have written is a MalformedError, never a value.
 * One class for both byte orders and all callers: a method costs nothing where it is not called, and call sites see one shape.
 */
import { isUtf8 } from 'node:buffer';

const wide = new BigInt64Array(1);
const halves = new Int32Array(wide.buffer);
const low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

/** Up to this many bytes are compared faster in JS than by a native call (measured). */
const shortRun = 40;

/** A value of this size is most of the memory that it is a view of. */
const largeBytes = 512 * 1024;

/** The bytes end early, or are not what their format says. Each codec makes its own named error of it. */
export class MalformedError extends RangeError {}

export class ByteReader {
  readonly source: Buffer;
  offset: number;
  private lower = 0;
  private upper = 0;

  constructor(source: Buffer, offset = 0) {
    this.source = source;
    this.offset = offset;
  }

  get left(): number {
    return this.source.length - this.offset;
  }

  /** @throws MalformedError if bytes are left over: they were written by another format */
  end(): void {
    if (this.left !== 0) throw new MalformedError(`${this.left} bytes are left over`);
  }

  u8(): number {
    const value = this.source[this.offset];
    if (value === undefined) throw new MalformedError('the bytes end early');
    this.offset++;
    return value;
  }

  u16(): number {
    return this.source.readUInt16LE(this.skip(2));
  }

  u24(): number {
    return this.source.readUIntLE(this.skip(3), 3);
  }

  u32(): number {
    return this.source.readUInt32LE(this.skip(4));
  }

  u48(): number {
    return this.source.readUIntLE(this.skip(6), 6);
  }

  u64(): bigint {
    return this.source.readBigUInt64LE(this.skip(8));
  }

  /** Big-endian, 1 to 6 bytes. */
  uintBE(size: number): number {
    return this.source.readUIntBE(this.skip(size), size);
  }

  /** Little-endian, 1 to 6 bytes. */
  uintLE(size: number): number {
    return this.source.readUIntLE(this.skip(size), size);
  }

  /** Little-endian, two's complement, 1 to 6 bytes. */
  intLE(size: number): number {
    return this.source.readIntLE(this.skip(size), size);
  }

  /** Little-endian, as the next one. */
  float(): number {
    return this.source.readFloatLE(this.skip(4));
  }

  double(): number {
    return this.source.readDoubleLE(this.skip(8));
  }

  /** MySQL's length-encoded integer. */
  lengthEncoded(): number {
    const first = this.u8();
    if (first < 251) return first;
    if (first === 252) return this.u16();
    if (first === 253) return this.u24();
    if (first === 254) {
      const value = this.u64();
      if (value <= 0xffffffffn) return Number(value);
    }
    throw new MalformedError('not a length');
  }

  boolean(): boolean {
    const value = this.u8();
    if (value > 1) throw new MalformedError('a boolean is neither 0 nor 1');
    return value === 1;
  }

  /** A zigzag varint as a number; beyond ±2^53 it is refused. */
  long(): number {
    const first = this.u8();
    if (first < 0x80) return (first >>> 1) ^ -(first & 1);
    this.zigzag64(first);
    const value = this.upper * 2 ** 32 + (this.lower >>> 0);
    if (!Number.isSafeInteger(value)) throw new MalformedError('a whole number is beyond ±2^53');
    return value;
  }

  int(): number {
    const value = this.long();
    if (value !== (value | 0)) throw new MalformedError('an int is beyond 32 bits');
    return value;
  }

  bigLong(): bigint {
    this.zigzag64(this.u8());
    halves[low] = this.lower;
    halves[1 - low] = this.upper;
    return wide[0]!;
  }

  /** A length before bytes or a string that is wholly there. */
  length(): number {
    const length = this.long();
    if (length < 0 || length > this.left) throw new MalformedError('a length is beyond the end of the bytes');
    return length;
  }

  /**
   * With their length before them. A copy: a value that is kept must not keep all that it was read from in memory. A large one is most
   * of that, and its copy would be as large.
   */
  bytes(): Buffer {
    const length = this.length();
    if (length > largeBytes) return this.take(length);
    const from = this.skip(length);
    const copy = Buffer.allocUnsafe(length);
    this.source.copy(copy, 0, from, from + length);
    return copy;
  }

  /** UTF-8 with its length before it. */
  string(): string {
    return this.text(this.length());
  }

  /** The next bytes as text. @throws MalformedError if they are not UTF-8 */
  text(size: number): string {
    const from = this.skip(size);
    const text = this.source.toString('utf8', from, from + size);
    if (text.includes('\uFFFD') && !isUtf8(this.source.subarray(from, from + size))) throw new MalformedError('a string is not UTF-8');
    return text;
  }

  /** The next bytes as text; what is not UTF-8 becomes U+FFFD. */
  utf8(size: number): string {
    const from = this.skip(size);
    return this.source.toString('utf8', from, from + size);
  }

  /** The next bytes, as a view. */
  take(size: number): Buffer {
    const from = this.skip(size);
    return this.source.subarray(from, from + size);
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  /** Returns where the skipped bytes start. */
  skip(size: number): number {
    const from = this.offset;
    if (size < 0 || size > this.source.length - from) throw new MalformedError(`${size} bytes wanted, ${this.left} left`);
    this.offset = from + size;
    return from;
  }

  /** True, and past them, if the next bytes are these. */
  matches(expected: Uint8Array): boolean {
    const { source, offset } = this;
    const { length } = expected;
    if (length > shortRun) {
      if (source[offset] !== expected[0] || !source.subarray(offset, offset + length).equals(expected)) return false;
    } else {
      for (let i = 0; i < length; i++) if (source[offset + i] !== expected[i]) return false;
    }
    this.offset = offset + length;
    return true;
  }

  /** The bytes from a former offset up to here, copied. */
  since(from: number): Uint8Array {
    return Buffer.from(this.source.subarray(from, this.offset));
  }

  /** Reads the varint that begins with `byte` and undoes the zigzag, into lower and upper. */
  private zigzag64(first: number): void {
    let byte = first;
    let lower = byte & 0x7f;
    let upper = 0;
    for (let shift = 7; byte > 0x7f; shift += 7) {
      byte = this.u8();
      const bits = byte & 0x7f;
      if (shift < 32) lower |= bits << shift;
      if (shift === 28) upper = bits >>> 4;
      else if (shift > 28) upper |= bits << (shift - 32);
      if (shift === 63 && byte > 1) throw new MalformedError('a whole number is beyond 64 bits');
    }
    const sign = -(lower & 1);
    this.lower = ((lower >>> 1) | (upper << 31)) ^ sign;
    this.upper = (upper >>> 1) ^ sign;
  }
}
