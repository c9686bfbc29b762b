/** Tables of random columns, and row images of them in the binlog's form: values that servers write, and bytes that none does. */
import * as fc from 'fast-check';
import type { ColumnSchema, TableSchema } from '@lutra/model';
import { jsonDocument } from './jsonb.fixture.js';

export interface RandomColumn {
  readonly schema: Omit<ColumnSchema, 'name'>;
  readonly raw: { readonly prefix?: number };
  /** Of a value that a server could have written. */
  readonly usual: fc.Arbitrary<Buffer>;
  /** Of as many bytes as a value has. */
  readonly any: fc.Arbitrary<Buffer>;
}

export interface RandomTable {
  readonly schema: TableSchema;
  readonly columns: readonly { readonly schema: ColumnSchema; readonly raw: { readonly prefix?: number } }[];
  readonly of: readonly RandomColumn[];
}

const bytes = (size: number): fc.Arbitrary<Buffer> =>
  fc
    .oneof(
      fc.uint8Array({ minLength: size, maxLength: size }),
      fc.constantFrom(0, 0x7f, 0x80, 0xff).map((byte) => new Uint8Array(size).fill(byte)),
    )
    .map((all) => Buffer.from(all));

function fixed(schema: RandomColumn['schema'], size: number, usual = bytes(size), raw: RandomColumn['raw'] = {}): RandomColumn {
  return { schema, raw, usual, any: bytes(size) };
}

function withLength(prefix: number, value: Buffer): Buffer {
  const head = Buffer.alloc(prefix);
  head.writeUIntLE(value.length, 0, prefix);
  return Buffer.concat([head, value]);
}

function sized(schema: RandomColumn['schema'], prefix: number, usual: fc.Arbitrary<Uint8Array>): RandomColumn {
  const most = prefix === 1 ? 255 : 600;
  const cut = (value: Uint8Array): Buffer => withLength(prefix, Buffer.from(value.subarray(0, most)));
  return { schema, raw: { prefix }, usual: usual.map(cut), any: fc.uint8Array({ maxLength: most }).map(cut) };
}

const number = (size: number, most: number, least = 0): fc.Arbitrary<Buffer> =>
  fc.integer({ min: least, max: most }).map((value) => {
    const all = Buffer.alloc(size);
    all.writeUIntBE(value, 0, size);
    return all;
  });

const joined = (...parts: readonly fc.Arbitrary<Buffer>[]): fc.Arbitrary<Buffer> => fc.tuple(...parts).map((all) => Buffer.concat(all));

const fractionOf = (digits: number): fc.Arbitrary<Buffer> => {
  const size = (digits + 1) >> 1;
  const step = digits & 1 ? 10 : 1;
  return size === 0
    ? fc.constant(Buffer.alloc(0))
    : fc.integer({ min: 0, max: 10 ** digits - 1 }).map((value) => bigEndian(value * step, size));
};

function bigEndian(value: number, size: number): Buffer {
  const all = Buffer.alloc(size);
  all.writeUIntBE(value, 0, size);
  return all;
}

function datetime(digits: number): RandomColumn {
  const packed = fc
    .tuple(fc.integer({ min: 0, max: 9999 * 13 + 12 }), fc.nat(31), fc.nat(23), fc.nat(59), fc.nat(59))
    .map(([months, day, hour, minute, second]) =>
      bigEndian(0x80_0000_0000 + (months * 32 + day) * 2 ** 17 + ((hour << 12) | (minute << 6) | second), 5),
    );
  return fixed({ type: 'datetime', scale: digits }, 5 + ((digits + 1) >> 1), joined(packed, fractionOf(digits)));
}

function timestamp(digits: number): RandomColumn {
  return fixed({ type: 'timestamp', scale: digits }, 4 + ((digits + 1) >> 1), joined(number(4, 2 ** 32 - 1, 1), fractionOf(digits)));
}

function time(digits: number): RandomColumn {
  const size = (digits + 1) >> 1;
  const usual = fc
    .tuple(fc.boolean(), fc.nat(838), fc.nat(59), fc.nat(59), fractionOf(digits))
    .map(([negative, hour, minute, second, fraction]) => {
      const whole = ((hour << 12) | (minute << 6) | second) * 256 ** size + (size > 0 ? fraction.readUIntBE(0, size) : 0);
      return bigEndian(0x80_0000 * 256 ** size + (negative ? -whole : whole), 3 + size);
    });
  return fixed({ type: 'time', scale: digits }, 3 + size, usual);
}

const groupBytes = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

function decimal(precision: number, scale: number, unsigned: boolean): RandomColumn {
  const groups = (digits: number, fractional: boolean): number[] => {
    const [full, first] = [Math.floor(digits / 9), digits % 9];
    const all = [...(first > 0 ? [first] : []), ...Array<number>(full).fill(9)];
    return fractional ? all.toReversed() : all;
  };
  const all = [...groups(precision - scale, false), ...groups(scale, true)];
  const digits = all.map((group) =>
    fc.oneof(fc.nat(10 ** group - 1), fc.constantFrom(0, 10 ** group - 1)).map((value) => bigEndian(value, groupBytes[group]!)),
  );
  const usual = fc.tuple(fc.boolean(), joined(...digits)).map(([negative, value]) => {
    if (negative && !unsigned && value.some((byte) => byte !== 0)) for (let i = 0; i < value.length; i++) value[i]! ^= 0xff;
    value[0]! ^= 0x80;
    return value;
  });
  const size = all.reduce((sum, group) => sum + groupBytes[group]!, 0);
  return fixed({ type: 'decimal', precision, scale, unsigned }, size, usual);
}

const isFinite = (size: number, value: Buffer): boolean => Number.isFinite(size === 4 ? value.readFloatLE(0) : value.readDoubleLE(0));

const asciiText = fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map((text) => Buffer.from(text));
const anyText = fc.oneof(
  asciiText,
  fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => Buffer.from(text).subarray(0, 240)),
);
const wellFormed = anyText.map((text) => Buffer.from(text.toString('utf8').replaceAll('\uFFFD', '')));
const byte = fc.uint8Array({ maxLength: 255 });

function text(type: 'char' | 'varchar' | 'text', charset: string, usual: fc.Arbitrary<Uint8Array>): readonly RandomColumn[] {
  const prefixes = type === 'text' ? [1, 2, 3, 4] : [1, 2];
  return prefixes.map((prefix) => sized({ type, charset, ...(type !== 'text' && { length: prefix === 1 ? 255 : 1000 }) }, prefix, usual));
}

function choices(type: 'enum' | 'set', size: number, count: number, charset: string): RandomColumn {
  const values = Array.from({ length: count }, (_, i) => (i === 3 ? '' : `${i}ü`));
  const most = type === 'enum' ? BigInt(count) : 2n ** BigInt(count) - 1n;
  const usual = fc.bigInt({ min: 0n, max: most }).map((value) => {
    const all = Buffer.alloc(8);
    all.writeBigUInt64LE(value);
    return all.subarray(0, size);
  });
  return fixed({ type, charset, values }, size, usual, { prefix: size });
}

const integers = (
  [
    ['tinyint', 1],
    ['smallint', 2],
    ['mediumint', 3],
    ['int', 4],
    ['bigint', 8],
  ] as const
).flatMap(([type, size]) => [false, true].map((unsigned) => fixed({ type, unsigned }, size)));

const fractions = [0, 1, 2, 3, 4, 5, 6];

/** Of every type. */
export const randomColumns: readonly RandomColumn[] = [
  ...integers,
  ...(
    [
      [5, 0],
      [1, 1],
      [10, 2],
      [15, 15],
      [15, 3],
      [12, 9],
      [16, 4],
      [18, 9],
      [65, 30],
      [30, 0],
    ] as const
  ).flatMap(([precision, scale]) => [decimal(precision, scale, false), decimal(precision, scale, true)]),
  ...(
    [
      ['float', 4],
      ['double', 8],
    ] as const
  ).map(([type, size]) =>
    fixed(
      { type },
      size,
      bytes(size).filter((value) => isFinite(size, value)),
    ),
  ),
  ...[1, 7, 8, 9, 63, 64].map((length) => {
    const size = (length + 7) >> 3;
    const usual = bytes(size).map((value) => {
      value[0]! &= 2 ** (length - 8 * (size - 1)) - 1;
      return value;
    });
    return fixed({ type: 'bit', length }, size, usual);
  }),
  ...text('char', 'utf8mb4', wellFormed),
  ...text('varchar', 'utf8mb4', wellFormed),
  ...text('text', 'utf8mb3', wellFormed),
  ...text('varchar', 'latin1', byte),
  ...text('char', 'ascii', asciiText),
  ...text('text', 'latin2', asciiText),
  ...text('varchar', 'gbk', asciiText),
  ...text('varchar', 'sjis', asciiText),
  ...text(
    'varchar',
    'utf16',
    anyText.map((value) => Buffer.from(value.toString('latin1'), 'utf16le').swap16()),
  ),
  ...text('text', 'swe7', asciiText),
  sized({ type: 'binary', length: 200 }, 1, fc.uint8Array({ maxLength: 200 })),
  sized({ type: 'varbinary', length: 255 }, 1, byte),
  sized({ type: 'varbinary', length: 1000 }, 2, byte),
  ...[1, 2, 3, 4].map((prefix) => sized({ type: 'blob' }, prefix, byte)),
  sized({ type: 'geometry', geometry: 'point' }, 4, byte),
  sized({ type: 'vector', length: 64 }, 4, byte),
  choices('enum', 1, 5, 'utf8mb4'),
  choices('enum', 2, 300, 'latin1'),
  choices('set', 1, 6, 'utf8mb4'),
  choices('set', 3, 20, 'utf8mb4'),
  choices('set', 8, 60, 'utf8mb4'),
  ...[2, 4].map((prefix) => sized({ type: 'json' }, prefix, jsonDocument)),
  fixed(
    { type: 'date' },
    3,
    fc
      .tuple(fc.nat(9999), fc.nat(12), fc.nat(31))
      .map(([year, month, day]) => Buffer.from(bigEndian((year << 9) | (month << 5) | day, 3).toReversed())),
  ),
  fixed({ type: 'year' }, 1),
  ...fractions.flatMap((digits) => [time(digits), datetime(digits), timestamp(digits)]),
];

/** @param keyed with a primary key of its first columns */
export function tableOf(of: readonly RandomColumn[], keyed: number): RandomTable {
  const columns = of.map(({ schema, raw }, i) => ({ schema: { name: `c${i}`, ...schema }, raw }));
  const primaryKey = columns.slice(0, keyed).map(({ schema }) => schema.name);
  return { of, columns, schema: { database: 'shop', name: 'things', columns: columns.map(({ schema }) => schema), primaryKey } };
}

/** @param wild values may be any bytes. Key columns are not null, but for wild ones. */
export function rowImage({ of, schema }: RandomTable, wild: boolean): fc.Arbitrary<Buffer> {
  const value = (column: RandomColumn, i: number): fc.Arbitrary<Buffer | null> => {
    const some = wild ? fc.oneof({ weight: 9, arbitrary: column.usual }, { weight: 1, arbitrary: column.any }) : column.usual;
    return i < schema.primaryKey.length && !wild ? some : fc.option(some, { freq: 5 });
  };
  return fc.tuple(...of.map((column, i) => value(column, i))).map((values) => {
    const nulls = Buffer.alloc((values.length + 7) >> 3);
    for (const [i, one] of values.entries()) if (one === null) nulls[i >> 3]! |= 1 << (i & 7);
    return Buffer.concat([nulls, ...values.flatMap((one) => (one === null ? [] : [one]))]);
  });
}
