/** BIT(n): big-endian bytes, as many as n bits take. */
import { type ColumnSchema, SyncError } from '@lutra/model';
import type { Writer } from '../sql.js';
import { malformed } from '../codec-error.js';
import { numberToSql } from '../compiled/to-sql.js';
import {
  type ColumnCodec,
  type Found,
  type FromAvro,
  need,
  never,
  outOfRange,
  plainSql,
  sameBy,
  sameType,
  type ToAvro,
  type TypeRules,
  type ValueReader,
  type WireColumn,
} from '../type-rules.js';
import { bytesCodec, keyBytes, toBytes, tooShort } from './binaries.js';

function reader({ schema: { length } }: WireColumn): ValueReader {
  const size = (need(length) + 7) >> 3;
  return (image) => Buffer.from(image.take(size));
}

/** A bit string of another length than the column's is refused. */
function codec(column: ColumnSchema): ColumnCodec {
  const bits = column.length;
  if (bits === undefined) throw new SyncError('INTERNAL', `${column.name}: a bit column without length`);
  const size = Math.ceil(bits / 8);
  const fits = (value: Uint8Array): boolean => value.length === size && value[0]! < 2 ** (bits - 8 * (size - 1));
  const any = bytesCodec(column);
  return {
    avro: any.avro,
    write: (output, value) => {
      if (value instanceof Uint8Array && !fits(value)) throw outOfRange(column);
      any.write(output, value);
    },
    read: (input) => {
      const value = input.bytes();
      if (!fits(value)) throw malformed('a bit string is longer or shorter than its column');
      return value;
    },
  };
}

function compiled({ schema: { length } }: WireColumn): ToAvro {
  const size = (need(length) + 7) >> 3;
  const most = 2 ** (need(length) - 8 * (size - 1));
  const code = (s: string): string => `if (src[${s}] >= ${most}) throw unusualBits(); p = bytes(src, ${s}, ${size}, b, p);`;
  return { size, times: 1, plus: 1, code: ({ s }) => code(s) };
}

function fromAvro({ length }: ColumnSchema): FromAvro {
  const size = (need(length) + 7) >> 3;
  const most = 2 ** (need(length) - 8 * (size - 1));
  return { layout: 'sized', check: ({ at, n }) => `(${n} === ${size} && src[${at}] < ${most})` };
}

/** As a number: the same in assignment and comparison, where a hex literal is now text and now a number. */
function literal(): Writer {
  return (value) =>
    Buffer.isBuffer(value) && value.length > 0 && value.length <= 8 ? BigInt(`0x${value.toString('hex')}`).toString() : null;
}

/** The target's column may be wider. */
function found({ length = 0 }: ColumnSchema, value: Found): Buffer {
  const [bytes, size] = [toBytes(value), Math.ceil(length / 8)];
  const from = bytes.findIndex((byte) => byte !== 0);
  const bits = from < 0 ? bytes.subarray(bytes.length) : bytes.subarray(from);
  return bits.length >= size ? bits : Buffer.concat([Buffer.alloc(size - bits.length), bits]);
}

const bit: TypeRules = {
  kind: 'bits',
  large: null,
  binlog: {
    forms: [
      {
        number: 16,
        bytes: 2,
        column: (data) => ({ metadata: 'none', type: 'bit', length: data[0]! + 8 * data[1]! }),
      },
    ],
    complete: ({ length }) => ({ type: 'bit', length }),
    reader,
  },
  avro: codec,
  compiled: { toAvro: compiled, fromAvro, toSql: () => numberToSql(({ at, n }) => `p = bits(src, ${at}, ${n}, b, p);`) },
  sql: plainSql(literal),
  values: {
    found,
    ...sameBy((value) => toBytes(value).toString('hex').replace(/^0+/, '')),
    keyText: keyBytes,
  },
  server: {
    names: ['bit'],
    refused: never,
    difference: sameType(tooShort),
  },
};

export const bitStrings = { bit };
