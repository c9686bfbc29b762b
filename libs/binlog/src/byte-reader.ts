/** Reads an event's bytes from front to back. Never reads past their end: that throws a RangeError, which becomes BINLOG_DECODE. */
export class ByteReader {
  readonly bytes: Buffer;
  offset = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get left(): number {
    return this.bytes.length - this.offset;
  }

  u8(): number {
    return this.bytes.readUInt8(this.#move(1));
  }

  u16(): number {
    return this.bytes.readUInt16LE(this.#move(2));
  }

  u24(): number {
    return this.bytes.readUIntLE(this.#move(3), 3);
  }

  u32(): number {
    return this.bytes.readUInt32LE(this.#move(4));
  }

  u48(): number {
    return this.bytes.readUIntLE(this.#move(6), 6);
  }

  u64(): bigint {
    return this.bytes.readBigUInt64LE(this.#move(8));
  }

  /** Big-endian, 1 to 6 bytes. */
  uintBE(size: number): number {
    return this.bytes.readUIntBE(this.#move(size), size);
  }

  /** Little-endian, 1 to 6 bytes. */
  uintLE(size: number): number {
    return this.bytes.readUIntLE(this.#move(size), size);
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
    throw new RangeError('not a length');
  }

  /** The next bytes, as a view. */
  take(size: number): Buffer {
    const start = this.skip(size);
    return this.bytes.subarray(start, start + size);
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  utf8(size: number): string {
    const start = this.skip(size);
    return this.bytes.toString('utf8', start, start + size);
  }

  /** Returns where the skipped bytes start. */
  skip(size: number): number {
    if (size < 0 || size > this.left) throw new RangeError(`${size} bytes wanted, ${this.left} left`);
    return this.#move(size);
  }

  /** The Buffer's own methods check the bounds. */
  #move(size: number): number {
    const start = this.offset;
    this.offset += size;
    return start;
  }
}
