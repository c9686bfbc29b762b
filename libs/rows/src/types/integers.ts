/** TINYINT … BIGINT. Exact: what is out of the column's range is refused on both sides. */
import type { ColumnSchema, Value } from '@lutra/model';
import type { ServerColumn } from '../server-column.js';
import type { Writer } from '../sql.js';
import { malformed } from '../codec-error.js';
import { numberToSql } from '../compiled/to-sql.js';
import {
  type ColumnCodec,
  never,
  outOfRange,
  plainSql,
  sameBy,
  type FromAvro,
  type ToAvro,
  type ToSql,
  type TypeRules,
  type ValueReader,
  type ValueRules,
  type WireColumn,
  wrongType,
} from '../type-rules.js';
import { readUnscaled, writeUnscaled } from '../unscaled.js';
import { decimalType } from './decimals.js';

const bits = { tinyint: 8, smallint: 16, mediumint: 24, int: 32, bigint: 64 } as const;
type Integer = keyof typeof bits;

function rangeOf(size: number, unsigned: boolean): Omit<Range, 'avro'> {
  return { min: unsigned ? 0 : -(2 ** (size - 1)), max: unsigned ? 2 ** size - 1 : 2 ** (size - 1) - 1 };
}

/** Avro has no short types; Connect has. */
function integer(size: number): (column: ColumnSchema) => ColumnCodec {
  return (column) => {
    const range = rangeOf(size, column.unsigned === true);
    const wide = range.max >= 2 ** 31;
    const int16 = range.max < 2 ** 15 ? { 'connect.type': 'int16' } : {};
    return wholeNumber(column, { ...range, avro: { type: wide ? 'long' : 'int', ...int16 } });
  };
}

interface Range {
  readonly min: number;
  readonly max: number;
  readonly avro: ColumnCodec['avro'];
}

export function wholeNumber(column: ColumnSchema, { min, max, avro }: Range): ColumnCodec {
  return {
    avro,
    write: (output, value) => {
      if (typeof value !== 'number') throw wrongType(column, value);
      if (!(value >= min && value <= max) || !Number.isInteger(value)) throw outOfRange(column);
      output.long(value);
    },
    read: (input) => {
      const value = input.long();
      if (value < min || value > max) throw malformed(`a number is out of range of ${column.type}`);
      return value;
    },
  };
}

const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;

function signedBigint(column: ColumnSchema): ColumnCodec {
  return {
    avro: { type: 'long' },
    write: (output, value) => {
      if (typeof value !== 'bigint') throw wrongType(column, value);
      if (value < minLong || value > maxLong) throw outOfRange(column);
      output.bigLong(value);
    },
    read: (input) => input.bigLong(),
  };
}

const maxUnsigned = 2n ** 64n - 1n;

/** As Debezium with bigint.unsigned.handling.mode=precise: Avro has no unsigned long. */
function unsignedBigint(column: ColumnSchema): ColumnCodec {
  return {
    avro: decimalType(20, 0),
    write: (output, value) => {
      if (typeof value !== 'bigint') throw wrongType(column, value);
      if (value < 0n || value > maxUnsigned) throw outOfRange(column);
      writeUnscaled(output, value);
    },
    read: (input) => {
      const value = BigInt(readUnscaled(input));
      if (value < 0n || value > maxUnsigned) throw malformed('a number is out of range of bigint unsigned');
      return value;
    },
  };
}

function smallReader(size: 1 | 2 | 3 | 4): (column: WireColumn) => ValueReader {
  return ({ schema: { unsigned } }) => (unsigned === true ? (image) => image.uintLE(size) : (image) => image.intLE(size));
}

function bigReader({ schema: { unsigned } }: WireColumn): ValueReader {
  return unsigned === true ? (image) => image.u64() : (image) => BigInt.asIntN(64, image.u64());
}

/** By its size and its sign: where the number is in the image, and how Avro has it. */
const codes: Readonly<Record<Integer, readonly [signed: (s: string) => string, unsigned: (s: string) => string]>> = {
  tinyint: [(s) => `varint(b, p, (src[${s}] << 24) >> 24)`, (s) => `varint(b, p, src[${s}])`],
  smallint: [(s) => `varint(b, p, sv.getInt16(${s}, true))`, (s) => `varint(b, p, sv.getUint16(${s}, true))`],
  mediumint: [
    (s) => `varint(b, p, sv.getUint16(${s}, true) | (sv.getInt8(${s} + 2) << 16))`,
    (s) => `varint(b, p, sv.getUint16(${s}, true) | (src[${s} + 2] << 16))`,
  ],
  int: [(s) => `varint(b, p, sv.getInt32(${s}, true))`, (s) => `varintNumber(b, p, sv.getUint32(${s}, true))`],
  bigint: [(s) => `varint64(b, p, sv.getInt32(${s} + 4, true), sv.getInt32(${s}, true))`, (s) => `unscaledU64(b, p, src, ${s})`],
};

function compiledWhole(type: Integer): (column: WireColumn) => ToAvro {
  const [signed, unsigned] = codes[type];
  return ({ schema }) => {
    const code = schema.unsigned === true ? unsigned : signed;
    return { size: bits[type] / 8, times: 2, plus: 2, code: ({ s }) => `p = ${code(s)};` };
  };
}

const unsignedLong: FromAvro = { layout: 'sized', check: ({ at, n }) => `isUnsignedLong(src, ${at}, ${n})` };

function wholeFromAvro({ type, unsigned }: ColumnSchema): FromAvro {
  const size = bits[type as Integer];
  if (size === 64) return unsigned === true ? unsignedLong : { layout: 'varint', check: ({ at, n }) => `longEnd(src, ${at}, ${n})` };
  return wholeBetween(rangeOf(size, unsigned === true));
}

export function wholeBetween({ min, max }: Omit<Range, 'avro'>): FromAvro {
  return { layout: 'varint', check: ({ at, n }) => `wholeEnd(src, ${at}, ${n}, ${min}, ${max})` };
}

export function wholeToSql({ type, unsigned }: ColumnSchema): ToSql {
  if (type !== 'bigint') return numberToSql(({ at }) => `p = wholeDigits(src, ${at}, b, p);`);
  if (unsigned !== true) return numberToSql(({ at }) => `p = longDigits(src, ${at}, b, p);`);
  return numberToSql(({ at, n }) => `p = unsignedLong(src, ${at}, ${n}, b, p);`);
}

export function wholeLiteral(): Writer {
  return (value) =>
    typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)) ? BigInt(value).toString() : null;
}

export const wholeValues: ValueRules = {
  // The target's column may be a BIGINT.
  found: (_column, found) => (Number.isSafeInteger(Number(found)) ? Number(found) : BigInt(String(found))),
  ...sameBy(String),
  keyText: () => numberText,
};

export function numberText(value: Exclude<Value, null>): string {
  return Object.is(value, -0) ? '0' : String(value);
}

/** Any whole number, if it has room for all values of the source's. */
function difference(source: ColumnSchema, target: ServerColumn): string | null {
  const [from, to] = [bits[source.type as Integer], bits[target.type as Integer] as number | undefined];
  const unsigned = source.unsigned === true;
  const holds = to !== undefined && (unsigned === target.unsigned ? to >= from : !target.unsigned && to > from);
  return holds ? null : `is ${target.columnType}, too small for ${source.type}${unsigned ? ' unsigned' : ''}`;
}

interface Own {
  readonly number: number;
  readonly avro: TypeRules['avro'];
  readonly reader: TypeRules['binlog']['reader'];
}

function rules(type: Integer, { number, avro, reader }: Own): TypeRules {
  return {
    kind: 'whole',
    large: null,
    binlog: {
      forms: [{ number, bytes: 0, column: () => ({ metadata: 'number', type }) }],
      complete: (_raw, { unsigned }) => ({ type, unsigned }),
      reader,
    },
    avro,
    compiled: { toAvro: compiledWhole(type), fromAvro: wholeFromAvro, toSql: wholeToSql },
    sql: plainSql(wholeLiteral, true),
    values: type === 'bigint' ? { ...wholeValues, found: (_column, found) => BigInt(String(found)) } : wholeValues,
    server: { names: [type], refused: never, difference },
  };
}

export const integers = {
  tinyint: rules('tinyint', { number: 1, avro: integer(8), reader: smallReader(1) }),
  smallint: rules('smallint', { number: 2, avro: integer(16), reader: smallReader(2) }),
  mediumint: rules('mediumint', { number: 9, avro: integer(24), reader: smallReader(3) }),
  int: rules('int', { number: 3, avro: integer(32), reader: smallReader(4) }),
  bigint: rules('bigint', {
    number: 8,
    avro: (column) => (column.unsigned === true ? unsignedBigint(column) : signedBigint(column)),
    reader: bigReader,
  }),
};
