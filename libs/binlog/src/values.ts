/** Per column, what reads its values: chosen once per table version, so that no row asks for a type again. */
import { SyncError } from '@lutra/model';
import type { Value } from '@lutra/model';
import type { ByteReader } from './byte-reader.js';
import type { Column } from './columns.js';
import { decimalReader } from './decimal.js';
import { jsonbText } from './jsonb.js';
import { datetimeReader, readDate, readYear, timeReader, timestampReader } from './temporal.js';
import { textDecoder } from './text.js';

export type ValueReader = (reader: ByteReader) => Value;

/** Values up to this size are copied, so that a small one does not keep its whole packet in memory. */
const copyBytes = 16 * 1024;

/** @param where table and column, for messages */
export function valueReader(column: Column, where: string): ValueReader {
  switch (column.type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
      return integerReader(integerBytes[column.type], column.unsigned === true);
    case 'bigint':
      return column.unsigned === true ? (reader) => reader.u64() : (reader) => BigInt.asIntN(64, reader.u64());
    case 'decimal':
      return decimalReader(need(column.precision), need(column.scale));
    case 'float':
      return (reader) => reader.bytes.readFloatLE(reader.skip(4));
    case 'double':
      return (reader) => reader.bytes.readDoubleLE(reader.skip(8));
    case 'year':
      return readYear;
    case 'bit': {
      const size = (need(column.length) + 7) >> 3;
      return (reader) => Buffer.from(reader.take(size));
    }
    case 'char':
    case 'varchar':
    case 'text':
      return textReader(column, where);
    case 'binary':
      return paddedReader(column);
    case 'varbinary':
    case 'blob':
      return blobReader(need(column.prefix));
    case 'enum':
      return enumReader(column, where);
    case 'set':
      return setReader(column, where);
    case 'json': {
      const prefix = need(column.prefix);
      return (reader) => jsonbText(reader.take(reader.uintLE(prefix)), where);
    }
    case 'date':
      return readDate;
    case 'time':
      return timeReader(need(column.scale));
    case 'datetime':
      return datetimeReader(need(column.scale));
    case 'timestamp':
      return timestampReader(need(column.scale));
  }
}

const integerBytes = { tinyint: 1, smallint: 2, mediumint: 3, int: 4 } as const;

function integerReader(size: 1 | 2 | 3 | 4, unsigned: boolean): ValueReader {
  if (unsigned) return (reader) => reader.uintLE(size);
  return (reader) => reader.bytes.readIntLE(reader.skip(size), size);
}

function need(value: number | undefined): number {
  if (value === undefined) throw new RangeError('a column without its size');
  return value;
}

function textReader(column: Column, where: string): ValueReader {
  const decode = textDecoder(column.charset ?? '');
  if (!decode) throw new SyncError('COLUMN_UNSUPPORTED', `${where}: the character set ${column.charset} is not supported`);
  const prefix = need(column.prefix);
  return (reader) => decode(reader.take(reader.uintLE(prefix)), where);
}

function blobReader(prefix: number): ValueReader {
  return (reader) => {
    const bytes = reader.take(reader.uintLE(prefix));
    return bytes.length > copyBytes ? bytes : Buffer.from(bytes);
  };
}

/** BINARY(n): the zeros at its end are not in the row. */
function paddedReader(column: Column): ValueReader {
  const length = need(column.length);
  const prefix = need(column.prefix);
  return (reader) => {
    const bytes = reader.take(reader.uintLE(prefix));
    if (bytes.length > length) throw new RangeError('a BINARY value longer than its column');
    const value = Buffer.alloc(length);
    bytes.copy(value);
    return value;
  };
}

function enumReader(column: Column, where: string): ValueReader {
  const values = column.values ?? [];
  const size = need(column.prefix);
  return (reader) => {
    const index = reader.uintLE(size);
    if (index === 0) throw new SyncError('VALUE_UNSUPPORTED', `${where}: the ENUM's empty error value (index 0)`);
    const value = values[index - 1];
    if (value === undefined) throw new RangeError('an ENUM value outside its list');
    return value;
  };
}

function setReader(column: Column, where: string): ValueReader {
  const values = column.values ?? [];
  const size = need(column.prefix);
  return (reader) => {
    const bits = size === 8 ? reader.u64() : BigInt(reader.uintLE(size));
    if (bits >> BigInt(values.length) !== 0n) throw new RangeError('a SET value outside its list');
    const members = values.filter((_, i) => ((bits >> BigInt(i)) & 1n) === 1n);
    // '' prints like no member at all
    if (members.includes('')) throw new SyncError('VALUE_UNSUPPORTED', `${where}: a SET value with the empty member`);
    return members.join(',');
  };
}
