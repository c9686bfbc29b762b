/** Per column, what reads its values: chosen once per table version, so that no row asks for a type again. */
import type { ByteReader } from '@lutra/bytes';
import { errorValueOf, largeValueBytes, LargeValue, setText, SyncError } from '@lutra/model';
import type { ColumnType, Value } from '@lutra/model';
import type { Column } from './columns.js';
import { decimalReader } from './decimal.js';
import { jsonbText, jsonbTextBeside } from './jsonb.js';
import { datetimeReader, readDate, readYear, timeReader, timestampReader } from './temporal.js';
import { decodedBeside, textDecoder } from './text.js';

/** Gives a LargeValue where making the value takes long. */
export type ValueReader = (reader: ByteReader) => Value | LargeValue;

/** @param where table and column, for messages */
export function valueReader(column: Column, where: string): ValueReader {
  return readers[column.schema.type](column, where);
}

const readers: Readonly<Record<ColumnType, (column: Column, where: string) => ValueReader>> = {
  tinyint: (column) => integerReader(column, 1),
  smallint: (column) => integerReader(column, 2),
  mediumint: (column) => integerReader(column, 3),
  int: (column) => integerReader(column, 4),
  bigint: ({ schema: { unsigned } }) => (unsigned === true ? (reader) => reader.u64() : (reader) => BigInt.asIntN(64, reader.u64())),
  decimal: ({ schema: { precision, scale } }) => decimalReader(need(precision), need(scale)),
  float: () => (reader) => reader.float(),
  double: () => (reader) => reader.double(),
  year: () => readYear,
  bit: bitReader,
  char: textReader,
  varchar: textReader,
  text: textReader,
  binary: paddedReader,
  varbinary: blobReader,
  blob: blobReader,
  enum: enumReader,
  set: setReader,
  json: jsonReader,
  date: () => readDate,
  time: ({ schema: { scale } }) => timeReader(need(scale)),
  datetime: ({ schema: { scale } }) => datetimeReader(need(scale)),
  timestamp: ({ schema: { scale } }) => timestampReader(need(scale)),
  geometry: blobReader,
  vector: blobReader,
};

function need(value: number | undefined): number {
  if (value === undefined) throw new RangeError('a column without its size');
  return value;
}

function integerReader({ schema: { unsigned } }: Column, size: 1 | 2 | 3 | 4): ValueReader {
  if (unsigned === true) return (reader) => reader.uintLE(size);
  return (reader) => reader.intLE(size);
}

function bitReader({ schema: { length } }: Column): ValueReader {
  const size = (need(length) + 7) >> 3;
  return (reader) => Buffer.from(reader.take(size));
}

function textReader({ schema: { charset = '' }, prefix }: Column, where: string): ValueReader {
  const decode = textDecoder(charset);
  if (!decode) throw new SyncError('COLUMN_UNSUPPORTED', `${where}: the character set ${charset} is not supported`);
  if (prefix < 3) return (reader) => decode(reader, reader.uintLE(prefix), where);
  return (reader) => {
    const size = reader.uintLE(prefix);
    if (size < largeValueBytes) return decode(reader, size, where);
    const bytes = reader.take(size);
    return new LargeValue(() => decodedBeside(bytes, charset, where));
  };
}

/** Values up to this size are copied, so that a small one does not keep its whole packet in memory. */
const copyBytes = 16 * 1024;

function blobReader({ prefix }: Column): ValueReader {
  return (reader) => {
    const bytes = reader.take(reader.uintLE(prefix));
    return bytes.length > copyBytes ? bytes : Buffer.from(bytes);
  };
}

/** BINARY(n): the zeros at its end are not in the row. */
function paddedReader({ schema: { length }, prefix }: Column): ValueReader {
  const padded = need(length);
  return (reader) => {
    const bytes = reader.take(reader.uintLE(prefix));
    if (bytes.length > padded) throw new RangeError('a BINARY value longer than its column');
    const value = Buffer.alloc(padded);
    bytes.copy(value);
    return value;
  };
}

function jsonReader({ prefix }: Column): ValueReader {
  return (reader) => {
    const bytes = reader.take(reader.uintLE(prefix));
    return bytes.length < largeValueBytes ? jsonbText(bytes) : new LargeValue(() => jsonbTextBeside(bytes));
  };
}

function enumReader({ schema: { values = [] }, prefix }: Column): ValueReader {
  const byIndex = [errorValueOf(values), ...values];
  return (reader) => {
    const value = byIndex[reader.uintLE(prefix)];
    if (value === undefined) throw new RangeError('an ENUM value outside its list');
    return value;
  };
}

function setReader({ schema: { values = [] }, prefix }: Column): ValueReader {
  return (reader) => {
    const bits = prefix === 8 ? reader.u64() : BigInt(reader.uintLE(prefix));
    if (bits >> BigInt(values.length) !== 0n) throw new RangeError('a SET value outside its list');
    return setText(values.filter((_, i) => ((bits >> BigInt(i)) & 1n) === 1n));
  };
}
