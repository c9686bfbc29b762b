/** MySQL's binary JSON of a document, as the server writes it: the smallest types that hold a value, containers of two bytes. */
import * as fc from 'fast-check';

type Json = null | boolean | number | bigint | string | Unsigned | Opaque | readonly Json[] | { readonly [key: string]: Json };

class Unsigned {
  constructor(readonly value: number) {}
}

class Opaque {
  constructor(
    readonly type: number,
    readonly bytes: Uint8Array,
  ) {}
}

interface Written {
  readonly type: number;
  /** In place of an offset. */
  readonly inPlace?: number;
  readonly bytes: Buffer;
}

function size(length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.from(bytes);
}

function sizedBytes(bytes: Uint8Array): Buffer {
  return Buffer.concat([size(bytes.length), bytes]);
}

function written(value: Json): Written {
  if (value === null || typeof value === 'boolean') {
    const literal = value === null ? 0 : value ? 1 : 2;
    return { type: 4, inPlace: literal, bytes: Buffer.of(literal) };
  }
  if (typeof value === 'string') return { type: 12, bytes: sizedBytes(Buffer.from(value)) };
  if (typeof value === 'bigint') return wide(value);
  if (typeof value === 'number') return Number.isInteger(value) && !Object.is(value, -0) ? whole(value) : double(value);
  if (value instanceof Unsigned) return unsigned(value.value);
  if (value instanceof Opaque) return { type: 15, bytes: Buffer.concat([Buffer.of(value.type), sizedBytes(value.bytes)]) };
  return Array.isArray(value) ? container(null, value as readonly Json[]) : container(Object.keys(value), Object.values(value));
}

function double(value: number): Written {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return { type: 11, bytes };
}

function whole(value: number): Written {
  const bytes = Buffer.alloc(4);
  if (value >= -0x8000 && value < 0x8000) {
    bytes.writeInt16LE(value);
    return { type: 5, inPlace: value & 0xffff, bytes: bytes.subarray(0, 2) };
  }
  if (value < -(2 ** 31) || value >= 2 ** 31) return double(value);
  bytes.writeInt32LE(value);
  return { type: 7, bytes };
}

function unsigned(value: number): Written {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return value < 0x1_0000 ? { type: 6, inPlace: value, bytes: bytes.subarray(0, 2) } : { type: 8, bytes };
}

function wide(value: bigint): Written {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return { type: value < 2n ** 63n ? 9 : 10, bytes };
}

function container(keys: readonly string[] | null, values: readonly Json[]): Written {
  const head = 4 + 4 * (keys?.length ?? 0) + 3 * values.length;
  const parts: Buffer[] = [];
  const front = Buffer.alloc(head);
  let [at, end] = [4, head];
  for (const key of keys ?? []) {
    const bytes = Buffer.from(key);
    front.writeUInt16LE(end, at);
    front.writeUInt16LE(bytes.length, at + 2);
    parts.push(bytes);
    [at, end] = [at + 4, end + bytes.length];
  }
  for (const value of values) {
    const { type, inPlace, bytes } = written(value);
    front[at] = type;
    front.writeUInt16LE(inPlace ?? end, at + 1);
    if (inPlace === undefined) {
      parts.push(bytes);
      end += bytes.length;
    }
    at += 3;
  }
  front.writeUInt16LE(values.length, 0);
  front.writeUInt16LE(end, 2);
  return { type: keys === null ? 2 : 0, bytes: Buffer.concat([front, ...parts]) };
}

const text = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.constantFrom('"', '\\', '\n\u0001', 'x'.repeat(60), 'é'.repeat(30)),
);
const decimalBytes = fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => new Opaque(246, Uint8Array.of(4, 2, 0x80 ^ (10 * a + b), 10 * b + a)));
const timeBytes = fc.tuple(fc.constantFrom(7, 12), fc.nat(2 ** 30)).map(([type, part]) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(part) * 2n ** 30n);
  return new Opaque(type, bytes);
});
const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, false, 0, -0, 1e15, -1e-15, 99, 100, -1, 32_767, -32_768),
  text,
  fc.integer(),
  fc.nat(120),
  fc.integer({ min: -2_000_000_000, max: 2_000_000_000 }).map((value) => value / 10_000),
  fc.nat(2_000_000).map((value) => value / 100),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
  fc.integer({ min: 0, max: 2 ** 32 - 1 }).map((value) => new Unsigned(value)),
  fc.nat(70_000).map((value) => new Unsigned(value)),
  decimalBytes,
  timeBytes,
  fc.uint8Array({ maxLength: 20 }).map((bytes) => new Opaque(252, bytes)),
);

const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    scalar,
    fc.array(tie('document'), { maxLength: 5 }),
    fc.dictionary(text, tie('document'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

/** Some of them are none: cut off, as INSERT IGNORE leaves them, or without a byte. */
export const jsonDocument: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 30, arbitrary: document.map((value) => jsonBytes(value)).filter((bytes) => bytes.length <= 600) },
  { weight: 1, arbitrary: fc.constant(Buffer.alloc(0)) },
);

export function jsonBytes(value: Json): Buffer {
  const { type, bytes } = written(value);
  return Buffer.concat([Buffer.of(type), bytes]);
}
