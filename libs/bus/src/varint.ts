/** Kafka's varints: zig-zag, 7 bits a byte, lowest first. Numbers up to 2^53, where the format allows 2^63. */

/** Bytes that a value of 32 bits takes. */
export function varintSize(value: number): number {
  const raw = ((value << 1) ^ (value >> 31)) >>> 0;
  if (raw < 0x80) return 1;
  if (raw < 0x4000) return 2;
  if (raw < 0x20_0000) return 3;
  return raw < 0x1000_0000 ? 4 : 5;
}

/** Writes a value of 32 bits; returns the offset after it. */
export function writeVarint(buffer: Buffer, at: number, value: number): number {
  let raw = ((value << 1) ^ (value >> 31)) >>> 0;
  let position = at;
  while (raw >= 0x80) {
    buffer[position++] = (raw & 0x7f) | 0x80;
    raw >>>= 7;
  }
  buffer[position++] = raw;
  return position;
}

/** A reader that moves over a buffer; reading over its end throws a RangeError. */
export class Cursor {
  readonly buffer: Buffer;
  position = 0;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
  }

  varint(): number {
    let raw = 0;
    let scale = 1;
    for (;;) {
      const byte = this.buffer[this.position++];
      if (byte === undefined || scale > 2 ** 63) throw new RangeError('a varint runs over its end');
      raw += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
    }
    return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2;
  }

  /** A view of the next bytes; null where the length is −1. */
  bytes(length: number): Buffer | null {
    if (length === -1) return null;
    const end = this.position + length;
    if (length < 0 || end > this.buffer.length) throw new RangeError('bytes run over their end');
    const view = this.buffer.subarray(this.position, end);
    this.position = end;
    return view;
  }
}
