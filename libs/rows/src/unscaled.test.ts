import { ByteReader, ByteWriter } from '@lutra/bytes';
import { describe, expect, it } from 'vitest';
import { readUnscaled, writeUnscaled } from './unscaled.js';

function written(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  writer.begin();
  write(writer);
  return writer.finish();
}

describe('the whole number of a decimal', () => {
  const bits = Array.from({ length: 220 }, (_, bit) => 2n ** BigInt(bit));
  const numbers = bits.flatMap((power) => [power - 1n, power, power + 1n, -power - 1n, -power, 1n - power]);

  /** Two's complement by definition, to compare with. */
  function expected(value: bigint): string {
    let size = 1;
    while (value >= 2n ** BigInt(8 * size - 1) || value < -(2n ** BigInt(8 * size - 1))) size++;
    return BigInt.asUintN(8 * size, value)
      .toString(16)
      .padStart(2 * size, '0');
  }

  it("is two's complement in as few bytes as hold it", () => {
    for (const value of numbers) {
      const bytes = written((writer) => writeUnscaled(writer, value));
      expect(bytes.subarray(1).toString('hex')).toBe(expected(value));
      expect(BigInt(readUnscaled(new ByteReader(bytes, 0)))).toBe(value);
    }
  });

  it('is read also where a writer used more bytes than needed', () => {
    for (const value of numbers) {
      const wide = Buffer.from(BigInt.asUintN(320, value).toString(16).padStart(80, '0'), 'hex');
      expect(BigInt(readUnscaled(new ByteReader(Buffer.concat([Buffer.from([80]), wide]), 0)))).toBe(value);
    }
    expect(() => readUnscaled(new ByteReader(Buffer.from([0]), 0))).toThrow('no bytes');
  });
});
