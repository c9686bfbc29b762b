/**
 * One column's values ⇄ Avro: the Avro type, how a value is written and how it is read. Lossless for every column type; what is not
 * of the column's type or range is refused on both sides, without naming the value.
 */
import { ByteReader } from '@lutra/bytes';
import { type ColumnSchema, type ColumnType, LargeValue, largeValueBytes, SyncError } from '@lutra/model';
import type { AvroObject } from './avro-schema.js';
import { malformed } from './codec-error.js';
import { type ColumnCodec, type MakeCodec, outOfRange, wrongType } from './column-value.js';
import { bigint, decimal, double, float, integer, year } from './number-columns.js';

function text(connectName?: string): MakeCodec {
  return (column) => ({
    avro: {
      type: 'string',
      ...(connectName === undefined ? {} : { 'connect.version': 1, 'connect.name': connectName }),
      ...allowed(column),
    },
    write: (writer, value) => {
      if (typeof value !== 'string') throw wrongType(column, value);
      writer.string(value);
    },
    read: readText,
  });
}

/** A LargeValue where making it takes long, and may wait. */
function readText(reader: ByteReader): string | LargeValue {
  const length = reader.length();
  if (length < largeValueBytes) return reader.text(length);
  const bytes = reader.take(length);
  return new LargeValue(() => new ByteReader(bytes).text(length));
}

/** The values of an ENUM or SET as Debezium has them: without them its JDBC sink cannot make a table. */
function allowed({ values }: ColumnSchema): Partial<AvroObject> {
  if (values === undefined) return {};
  return { 'connect.parameters': { allowed: values.map((value) => value.replaceAll(/[\\,]/g, String.raw`\$&`)).join() } };
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
  // As the server prints them: Avro's and Debezium's temporal types have no zero dates and no times beyond a day.
  date: text(),
  time: text(),
  datetime: text(),
  timestamp: text(),
  geometry: bytes,
  vector: bytes,
};

/** @throws SyncError INTERNAL if the column lacks what its type needs */
export function columnCodec(column: ColumnSchema): ColumnCodec {
  return codecs[column.type](column);
}
