/** Whole numbers, decimals and floating-point numbers ⇄ Avro. Exact: what is out of the column's range is refused on both sides. */
import { type ColumnSchema, SyncError } from '@lutra/model';
import type { AvroObject } from './avro-schema.js';
import { malformed } from './codec-error.js';
import { type ColumnCodec, type MakeCodec, outOfRange, wrongType } from './column-value.js';
import { readDecimal, writeDecimal } from './decimal.js';
import { readUnscaled, writeUnscaled } from './unscaled.js';

export function integer(bits: number): MakeCodec {
  return (column) => {
    const unsigned = column.unsigned === true;
    const range = { min: unsigned ? 0 : -(2 ** (bits - 1)), max: unsigned ? 2 ** bits - 1 : 2 ** (bits - 1) - 1 };
    const wide = range.max >= 2 ** 31;
    const int16 = range.max < 2 ** 15 ? { 'connect.type': 'int16' } : {};
    return wholeNumber(column, { ...range, avro: { type: wide ? 'long' : 'int', ...int16 } });
  };
}

function wholeNumber(column: ColumnSchema, { min, max, avro }: { min: number; max: number; avro: AvroObject }): ColumnCodec {
  return {
    avro,
    write: (writer, value) => {
      if (typeof value !== 'number') throw wrongType(column, value);
      if (!(value >= min && value <= max) || !Number.isInteger(value)) throw outOfRange(column);
      writer.long(value);
    },
    read: (reader) => {
      const value = reader.long();
      if (value < min || value > max) throw malformed(`a number is out of range of ${column.type}`);
      return value;
    },
  };
}

export const bigint: MakeCodec = (column) => (column.unsigned === true ? unsignedBigint(column) : signedBigint(column));

const minLong = -(2n ** 63n);
const maxLong = 2n ** 63n - 1n;

const signedBigint: MakeCodec = (column) => ({
  avro: { type: 'long' },
  write: (writer, value) => {
    if (typeof value !== 'bigint') throw wrongType(column, value);
    if (value < minLong || value > maxLong) throw outOfRange(column);
    writer.bigLong(value);
  },
  read: (reader) => reader.bigLong(),
});

const maxUnsigned = 2n ** 64n - 1n;

/** As Debezium with bigint.unsigned.handling.mode=precise: Avro has no unsigned long. */
const unsignedBigint: MakeCodec = (column) => ({
  avro: decimalType(20, 0),
  write: (writer, value) => {
    if (typeof value !== 'bigint') throw wrongType(column, value);
    if (value < 0n || value > maxUnsigned) throw outOfRange(column);
    writeUnscaled(writer, value);
  },
  read: (reader) => {
    const value = BigInt(readUnscaled(reader));
    if (value < 0n || value > maxUnsigned) throw malformed('a number is out of range of bigint unsigned');
    return value;
  },
});

function decimalType(precision: number, scale: number): AvroObject {
  return {
    type: 'bytes',
    logicalType: 'decimal',
    precision,
    scale,
    'connect.version': 1,
    'connect.parameters': { scale: String(scale), 'connect.decimal.precision': String(precision) },
    'connect.name': 'org.apache.kafka.connect.data.Decimal',
  };
}

export const decimal: MakeCodec = (column) => {
  const { precision, scale } = column;
  if (precision === undefined || scale === undefined)
    throw new SyncError('INTERNAL', `${column.name}: a decimal without precision or scale`);
  const shape = { precision, scale, unsigned: column.unsigned === true };
  return {
    avro: decimalType(precision, scale),
    write: (writer, value) => {
      if (typeof value !== 'string') throw wrongType(column, value);
      writeDecimal(writer, value, shape);
    },
    read: (reader) => readDecimal(reader, shape),
  };
};

export const float: MakeCodec = (column) => ({
  avro: { type: 'float' },
  write: (writer, value) => {
    if (typeof value !== 'number') throw wrongType(column, value);
    if (Math.fround(value) !== value || !Number.isFinite(value)) throw outOfRange(column);
    writer.float(value);
  },
  read: (reader) => finite(reader.float()),
});

export const double: MakeCodec = (column) => ({
  avro: { type: 'double' },
  write: (writer, value) => {
    if (typeof value !== 'number') throw wrongType(column, value);
    if (!Number.isFinite(value)) throw outOfRange(column);
    writer.double(value);
  },
  read: (reader) => finite(reader.double()),
});

function finite(value: number): number {
  if (!Number.isFinite(value)) throw malformed('a floating-point number is not finite');
  return value;
}

export const year: MakeCodec = (column) =>
  wholeNumber(column, { min: 0, max: 2155, avro: { type: 'int', 'connect.version': 1, 'connect.name': 'io.debezium.time.Year' } });
