/**
 * One column's values ⇄ Avro: the Avro type, how a value is written and how it is read. Lossless for every column type; what is not
 * of the column's type or range is refused on both sides, without naming the value.
 */
import { type ColumnSchema, type ColumnType, SyncError, type Value } from '@lutra/model';
import type { AvroObject } from './avro-schema.js';
import { type ByteReader, malformed } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { readDecimal, writeDecimal } from './decimal.js';
import { readUnscaled, writeUnscaled } from './unscaled.js';

export interface ColumnCodec {
  /** The Avro type without Lutra's properties. */
  readonly avro: AvroObject;
  /** @throws SyncError INTERNAL (another JS type) or VALUE_UNSUPPORTED (out of range) */
  readonly write: (writer: ByteWriter, value: Value) => void;
  /** @throws SyncError RECORD_INVALID */
  readonly read: (reader: ByteReader) => Exclude<Value, null>;
}

const wrongType = (column: ColumnSchema, value: Value | undefined): SyncError =>
  new SyncError('INTERNAL', `a ${value instanceof Uint8Array ? 'Buffer' : typeof value} is no value of ${column.type}`);
const outOfRange = (column: ColumnSchema): SyncError => new SyncError('VALUE_UNSUPPORTED', `the value is out of range of ${column.type}`);

type MakeCodec = (column: ColumnSchema) => ColumnCodec;

function integer(bits: number): MakeCodec {
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

const bigint: MakeCodec = (column) => (column.unsigned === true ? unsignedBigint(column) : signedBigint(column));

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

const decimal: MakeCodec = (column) => {
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

const float: MakeCodec = (column) => ({
  avro: { type: 'float' },
  write: (writer, value) => {
    if (typeof value !== 'number') throw wrongType(column, value);
    if (Math.fround(value) !== value || !Number.isFinite(value)) throw outOfRange(column);
    writer.float(value);
  },
  read: (reader) => finite(reader.float()),
});

const double: MakeCodec = (column) => ({
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

function text(connectName?: string): MakeCodec {
  return (column) => ({
    avro: { type: 'string', ...(connectName === undefined ? {} : { 'connect.version': 1, 'connect.name': connectName }) },
    write: (writer, value) => {
      if (typeof value !== 'string') throw wrongType(column, value);
      writer.string(value);
    },
    read: (reader) => reader.string(),
  });
}

const bytes: MakeCodec = (column) => ({
  avro: { type: 'bytes' },
  write: (writer, value) => {
    if (!(value instanceof Uint8Array)) throw wrongType(column, value);
    writer.bytes(value);
  },
  read: (reader) => reader.bytes(),
});

/** Big-endian; a bit string of another length than the column's is refused. */
const bit: MakeCodec = (column) => {
  const bits = column.length;
  if (bits === undefined) throw new SyncError('INTERNAL', `${column.name}: a bit column without length`);
  const size = Math.ceil(bits / 8);
  const fits = (value: Uint8Array): boolean => value.length === size && value[0]! < 2 ** (bits - 8 * (size - 1));
  const any = bytes(column);
  return {
    avro: any.avro,
    write: (writer, value) => {
      if (value instanceof Uint8Array && !fits(value)) throw outOfRange(column);
      any.write(writer, value);
    },
    read: (reader) => {
      const value = reader.bytes();
      if (!fits(value)) throw malformed('a bit string is longer or shorter than its column');
      return value;
    },
  };
};

const year: MakeCodec = (column) =>
  wholeNumber(column, { min: 0, max: 2155, avro: { type: 'int', 'connect.version': 1, 'connect.name': 'io.debezium.time.Year' } });

const codecs: Readonly<Record<ColumnType, MakeCodec>> = {
  tinyint: integer(8),
  smallint: integer(16),
  mediumint: integer(24),
  int: integer(32),
  bigint,
  decimal,
  float,
  double,
  year,
  bit,
  char: text(),
  varchar: text(),
  text: text(),
  binary: bytes,
  varbinary: bytes,
  blob: bytes,
  enum: text('io.debezium.data.Enum'),
  set: text('io.debezium.data.EnumSet'),
  json: text('io.debezium.data.Json'),
  // As the server prints them: zero dates and times beyond a day have no place in Avro's or Debezium's temporal types.
  date: text(),
  time: text(),
  datetime: text(),
  timestamp: text(),
};

/** @throws SyncError INTERNAL if the column lacks what its type needs */
export function columnCodec(column: ColumnSchema): ColumnCodec {
  return codecs[column.type](column);
}
