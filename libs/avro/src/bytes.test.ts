/** The primitive encodings against avsc, as an implementation of Avro that is not ours. */
import avsc from 'avsc';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader } from './byte-reader.js';
import { ByteWriter } from './byte-writer.js';
import { readUnscaled, writeUnscaled } from '../../rows/src/unscaled.js';

function written(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter();
  writer.begin();
  write(writer);
  return writer.finish();
}

const edges = Array.from({ length: 64 }, (_, bit) => 2n ** BigInt(bit)).flatMap((power) => [power - 1n, power, -power, -power - 1n]);
const longs = edges.filter((value) => value >= -(2n ** 63n) && value < 2n ** 63n);
const safe = (value: bigint): boolean => value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER);

describe('long', () => {
  const type = avsc.Type.forSchema('long');

  /** Zigzag and base 128 by definition. (avsc is off by one below −2^52.) */
  function expected(value: bigint): Buffer {
    const bytes: number[] = [];
    let rest = value < 0n ? -2n * value - 1n : 2n * value;
    for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
    return Buffer.from([...bytes, Number(rest)]);
  }

  it('is Avro, in both ways to write it and to read it', () => {
    for (const value of longs.filter((candidate) => candidate > -(2n ** 52n) && candidate < 2n ** 52n)) {
      expect(type.toBuffer(Number(value)).toString('hex')).toBe(expected(value).toString('hex'));
    }
    for (const value of longs.filter(safe)) {
      const bytes = expected(value);
      expect(written((writer) => writer.long(Number(value))).toString('hex')).toBe(bytes.toString('hex'));
      expect(written((writer) => writer.bigLong(value)).toString('hex')).toBe(bytes.toString('hex'));
      expect(new ByteReader(bytes, 0).long()).toBe(Number(value));
      expect(new ByteReader(bytes, 0).bigLong()).toBe(value);
    }
  });

  it('holds all of 64 bits as bigint, and refuses what a number cannot hold', () => {
    for (const value of longs) {
      const bytes = written((writer) => writer.bigLong(value));
      expect(bytes.toString('hex')).toBe(expected(value).toString('hex'));
      expect(new ByteReader(bytes, 0).bigLong()).toBe(value);
    }
    for (const value of longs.filter((candidate) => !safe(candidate))) {
      expect(() => new ByteReader(expected(value), 0).long()).toThrow('beyond ±2^53');
    }
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(
          new ByteReader(
            written((writer) => writer.bigLong(value)),
            0,
          ).bigLong(),
        ).toBe(value);
      }),
    );
  });

  it.each([1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses %d', (value) => {
    expect(() => written((writer) => writer.long(value))).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
  });

  it('refuses more than 64 bits and what ends early', () => {
    expect(() => new ByteReader(Buffer.from('ffffffffffffffffff02', 'hex'), 0).bigLong()).toThrow('beyond 64 bits');
    expect(() => new ByteReader(Buffer.from('ffffffffffffffffffff01', 'hex'), 0).long()).toThrow('beyond 64 bits');
    expect(() => new ByteReader(Buffer.from('ff', 'hex'), 0).long()).toThrow('ends early');
  });
});

it('strings are Avro, at every length around the short ones and the slab', () => {
  const type = avsc.Type.forSchema('string');
  for (const unit of ['a', 'é', '漢', '😀']) {
    for (const length of [0, 1, 20, 24, 25, 31, 32, 63, 64, 65, 8191, 8192, 70_000]) {
      const text = unit.repeat(length);
      const bytes = written((writer) => writer.string(text));
      expect(bytes.equals(type.toBuffer(text))).toBe(true);
      expect(new ByteReader(bytes, 0).string()).toBe(text);
      const mixed = `${'a'.repeat(length)}é`;
      expect(
        new ByteReader(
          written((writer) => writer.string(mixed)),
          0,
        ).string(),
      ).toBe(mixed);
    }
  }
});

it.each(['c080', 'eda080', 'ff', 'e282'])('a string of the bytes %s is refused: they are not UTF-8', (hex) => {
  const bytes = Buffer.from(hex, 'hex');
  expect(() => new ByteReader(Buffer.concat([Buffer.from([bytes.length * 2]), bytes]), 0).string()).toThrow('not UTF-8');
});

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
