/**
 * BINARY, VARBINARY and the BLOBs. In the binlog they are text types of the character set binary (strings.ts). A BINARY(n) is padded with
 * zeros, which its row leaves out.
 */
import type { ColumnSchema, Value } from '@lutra/model';
import type { ServerColumn } from '../server-column.js';
import { bytesToAvro, prefixed } from '../compiled/to-avro.js';
import { bytesFromAvro } from '../compiled/to-sql.js';
import type { Writer } from '../sql.js';
import {
  type ColumnCodec,
  type Found,
  need,
  plainSql,
  sameBy,
  sameType,
  type ServerRules,
  type SqlRules,
  type ToAvro,
  type ToSql,
  type TypeRules,
  type ValueReader,
  type ValueRules,
  type WireColumn,
  wrongType,
} from '../type-rules.js';

type Bytes = 'binary' | 'varbinary' | 'blob';

/** Values up to this size are copied, so that a small one does not keep its whole packet in memory. */
const copyBytes = 16 * 1024;

export function bytesReader({ raw: { prefix } }: WireColumn): ValueReader {
  const size = need(prefix);
  return (image) => {
    const bytes = image.take(image.uintLE(size));
    return bytes.length > copyBytes ? bytes : Buffer.from(bytes);
  };
}

function paddedReader({ schema: { length }, raw: { prefix } }: WireColumn): ValueReader {
  const [padded, size] = [need(length), need(prefix)];
  return (image) => {
    const bytes = image.take(image.uintLE(size));
    if (bytes.length > padded) throw new RangeError('a BINARY value longer than its column');
    const value = Buffer.alloc(padded);
    bytes.copy(value);
    return value;
  };
}

export function bytesCodec(column: ColumnSchema): ColumnCodec {
  return {
    avro: { type: 'bytes' },
    write: (output, value) => {
      if (!(value instanceof Uint8Array)) throw wrongType(column, value);
      output.bytes(value);
    },
    read: (input) => input.bytes(),
  };
}

function paddedToAvro({ schema: { length }, raw: { prefix } }: WireColumn): ToAvro {
  const padded = need(length);
  return { size: prefixed(prefix), times: 1, plus: padded + 5, code: ({ s, n }) => `p = zeroPadded(src, ${s}, ${n}, b, p, ${padded});` };
}

export function compiledBytes({ raw: { prefix } }: WireColumn): ToAvro {
  return bytesToAvro(prefix);
}

export function bytesToSql(): ToSql {
  return { plus: 3, code: ({ at, n }) => `p = hex(src, ${at}, ${n}, b, p, 0);` };
}

function paddedToSql({ length = 0 }: ColumnSchema): ToSql {
  return { plus: 3 + 2 * length, code: ({ at, n }) => `p = hex(src, ${at}, ${n}, b, p, ${length});` };
}

export function bytesLiteral(): Writer {
  return (value) => (Buffer.isBuffer(value) ? hex(value) : null);
}

/** It is compared with its padding. */
function paddedLiteral({ length = 0 }: ColumnSchema): Writer {
  return (value) => (Buffer.isBuffer(value) ? hex(value.length < length ? Buffer.concat([value], length) : value) : null);
}

function hex(value: Buffer): string {
  return value.length === 0 ? "''" : `x'${value.toString('hex')}'`;
}

export function toBytes(value: Found): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value));
}

/** Zeros at the end are padding. */
export function keyBytes(): (value: Exclude<Value, null>) => string {
  return (value) => (Buffer.isBuffer(value) ? value.toString('latin1').replace(/\0+$/, '') : String(value));
}

/** A large one is not made a text for it. */
function sameBytes(a: Exclude<Value, null>, b: Exclude<Value, null>): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : storedBytes(a) === storedBytes(b);
}

function storedBytes(value: Exclude<Value, null>): string {
  return toBytes(value).toString('latin1');
}

export const bytesValues: ValueRules = {
  found: (_column, found) => toBytes(found),
  storedForm: storedBytes,
  same: sameBytes,
  keyText: keyBytes,
};

const paddedValues: ValueRules = {
  ...bytesValues,
  ...sameBy((value) =>
    toBytes(value)
      .toString('hex')
      .replace(/(00)+$/, ''),
  ),
};

export function tooShort(source: ColumnSchema, target: ServerColumn): string | null {
  return (target.length ?? 0) >= (source.length ?? 0) ? null : `is ${target.columnType}, too small for ${source.type}(${source.length})`;
}

/** A longer one pads. */
function otherLength({ length }: ColumnSchema, target: ServerColumn): string | null {
  return length === undefined || target.length === length ? null : `is ${target.columnType} instead of binary(${length})`;
}

/** Why capture and the check before the start refuse a BINARY or VARBINARY column of MariaDB. */
export function untoldOnMariadb(type: string): string {
  return `on MariaDB, ${type} columns cannot be told from uuid, inet4, inet6 and vector in the binlog`;
}

export function compressed({ columnType }: ServerColumn): string | null {
  return /\/\*M!\d+ COMPRESSED\*\//.test(columnType) ? `${columnType} is compressed` : null;
}

const refused: ServerRules['refused'] = (column, flavor) =>
  compressed(column) ?? (flavor === 'mariadb' ? untoldOnMariadb(column.type) : null);

interface Own {
  readonly large: TypeRules['large'];
  readonly reader: TypeRules['binlog']['reader'];
  readonly toAvro: (column: WireColumn) => ToAvro;
  readonly toSql: (column: ColumnSchema) => ToSql;
  readonly sql: SqlRules;
  readonly values: ValueRules;
  readonly server: ServerRules;
}

function rules(type: Bytes, { large, reader, toAvro, toSql, sql, values, server }: Own): TypeRules {
  const complete: TypeRules['binlog']['complete'] = ({ length }) => (length === undefined ? { type } : { type, length });
  return {
    kind: 'bytes',
    large,
    binlog: { forms: [], complete, reader },
    avro: bytesCodec,
    compiled: { toAvro, fromAvro: () => bytesFromAvro, toSql },
    sql,
    values,
    server,
  };
}

export const binaries = {
  binary: rules('binary', {
    large: null,
    reader: paddedReader,
    toAvro: paddedToAvro,
    toSql: paddedToSql,
    sql: plainSql(paddedLiteral, true),
    values: paddedValues,
    server: { names: ['binary'], refused, difference: sameType(otherLength) },
  }),
  varbinary: rules('varbinary', {
    large: null,
    reader: bytesReader,
    toAvro: compiledBytes,
    toSql: bytesToSql,
    sql: plainSql(bytesLiteral, true),
    values: bytesValues,
    server: { names: ['varbinary'], refused, difference: sameType(tooShort) },
  }),
  blob: rules('blob', {
    large: 'bytes',
    reader: bytesReader,
    toAvro: compiledBytes,
    toSql: bytesToSql,
    sql: plainSql(bytesLiteral),
    values: bytesValues,
    server: { names: ['blob', 'tinyblob', 'mediumblob', 'longblob'], refused: compressed, difference: sameType(tooShort) },
  }),
};
