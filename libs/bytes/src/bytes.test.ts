/**
 * The primitive encodings against avsc, as an implementation of Avro that is not ours, and against Node's own readers; no reader goes
 * beyond the end.
 */
import avsc from 'avsc';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, MalformedError } from './byte-reader.js';
import { ByteWriter, longSize, LoneSurrogateError } from './byte-writer.js';

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
    expect(() => written((writer) => writer.long(value))).toThrow(RangeError);
  });

  it('refuses more than 64 bits and what ends early', () => {
    expect(() => new ByteReader(Buffer.from('ffffffffffffffffff02', 'hex'), 0).bigLong()).toThrow('beyond 64 bits');
    expect(() => new ByteReader(Buffer.from('ffffffffffffffffffff01', 'hex'), 0).long()).toThrow('beyond 64 bits');
    expect(() => new ByteReader(Buffer.from('ff', 'hex'), 0).long()).toThrow('end early');
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

it('a text with a lone surrogate is refused, a short one and a long one', () => {
  for (const text of ['\ud800', 'a\udc00b', `${'x'.repeat(100)}\ud83d`]) {
    expect(() => written((writer) => writer.string(text))).toThrow(LoneSurrogateError);
  }
});

it('a number takes as many bytes as are reckoned', () => {
  for (const value of [0, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 20, -(2 ** 20) - 1, 2 ** 27, 2 ** 31 - 1, -(2 ** 31)]) {
    expect(longSize(value)).toBe(written((writer) => writer.long(value)).length);
  }
});

it('a record that was reckoned is written where its slab begins, and is not moved', () => {
  const writer = new ByteWriter(200 + 5);
  writer.begin();
  writer.copy(Buffer.alloc(199));
  writer.long(0);
  const record = writer.finish();
  expect([record.length, record.byteOffset, record.buffer.byteLength]).toEqual([200, 0, 205]);
});

describe('fixed numbers', () => {
  const bytes = Buffer.from([0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8]);
  const cases: readonly (readonly [string, number, (reader: ByteReader) => number | bigint, number | bigint])[] = [
    ['u8', 1, (reader) => reader.u8(), bytes.readUInt8()],
    ['u16', 2, (reader) => reader.u16(), bytes.readUInt16LE()],
    ['u24', 3, (reader) => reader.u24(), bytes.readUIntLE(0, 3)],
    ['u32', 4, (reader) => reader.u32(), bytes.readUInt32LE()],
    ['u48', 6, (reader) => reader.u48(), bytes.readUIntLE(0, 6)],
    ['u64', 8, (reader) => reader.u64(), bytes.readBigUInt64LE()],
    ['uintBE', 5, (reader) => reader.uintBE(5), bytes.readUIntBE(0, 5)],
    ['uintLE', 5, (reader) => reader.uintLE(5), bytes.readUIntLE(0, 5)],
    ['intLE', 3, (reader) => reader.intLE(3), bytes.readIntLE(0, 3)],
    ['float', 4, (reader) => reader.float(), bytes.readFloatLE()],
    ['double', 8, (reader) => reader.double(), bytes.readDoubleLE()],
  ];

  it.each(cases)('%s is what Node reads, in a view of more bytes too, and ends early or not at all', (_, size, read, expected) => {
    const whole = Buffer.concat([Buffer.from([1, 2]), bytes, Buffer.from([3])]);
    const reader = new ByteReader(whole, 2);
    expect([read(reader), reader.offset]).toEqual([expected, 2 + size]);
    for (let short = 0; short < size; short++) {
      expect(() => read(new ByteReader(whole.subarray(2, 2 + short)))).toThrow(MalformedError);
    }
  });

  it("MySQL's length is one of four widths, or refused", () => {
    const read = (hex: string) => new ByteReader(Buffer.from(hex, 'hex')).lengthEncoded();
    expect(['fa', 'fcffff', 'fd000001', 'fe7856341200000000'].map(read)).toEqual([250, 65_535, 65_536, 0x12345678]);
    for (const hex of ['', 'fb', 'ff', 'fc00', 'fd0000', 'fe0000000001000000']) expect(() => read(hex)).toThrow(MalformedError);
  });
});

describe('random bytes, read by random calls', () => {
  const calls: readonly ((reader: ByteReader, size: number) => unknown)[] = [
    (reader) => reader.u8(),
    (reader) => reader.u16(),
    (reader) => reader.u24(),
    (reader) => reader.u32(),
    (reader) => reader.u48(),
    (reader) => reader.u64(),
    (reader, size) => reader.uintBE(1 + (size % 6)),
    (reader, size) => reader.uintLE(1 + (size % 6)),
    (reader, size) => reader.intLE(1 + (size % 6)),
    (reader) => reader.float(),
    (reader) => reader.double(),
    (reader) => reader.lengthEncoded(),
    (reader) => reader.boolean(),
    (reader) => reader.long(),
    (reader) => reader.int(),
    (reader) => reader.bigLong(),
    (reader) => reader.length(),
    (reader) => reader.bytes(),
    (reader) => reader.string(),
    (reader, size) => reader.text(size),
    (reader, size) => reader.utf8(size),
    (reader, size) => reader.take(size),
    (reader, size) => reader.skip(size),
    (reader) => reader.rest(),
    (reader, size) => reader.matches(Buffer.alloc(size)),
  ];

  it('stay within their end, whatever lies behind it, or are malformed', () => {
    const steps = fc.array(fc.tuple(fc.nat(calls.length - 1), fc.integer({ min: -2, max: 50 })), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(0, 0x7f, 0xff), steps, (bytes, behind, steps) => {
        const results = [Buffer.from(bytes), Buffer.concat([bytes, Buffer.alloc(40, behind)]).subarray(0, bytes.length)].map((source) => {
          const reader = new ByteReader(source);
          const seen: unknown[] = [];
          for (const [call, size] of steps) {
            try {
              seen.push(calls[call]!(reader, call < 9 || call === calls.length - 1 ? Math.abs(size) : size));
            } catch (error) {
              if (!(error instanceof MalformedError)) throw error;
              seen.push(error.message);
            }
            expect(reader.offset).toBeLessThanOrEqual(bytes.length);
          }
          return seen;
        });
        expect(results[0]).toEqual(results[1]);
      }),
      { numRuns: 500 },
    );
  });
});
