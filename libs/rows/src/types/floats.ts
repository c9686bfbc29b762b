/** FLOAT and DOUBLE: finite numbers, -0 among them. Of a FLOAT the nearest double, which stores and compares exactly. */
import type { ColumnSchema, Value } from '@lutra/model';
import type { Writer } from '../sql.js';
import { malformed } from '../codec-error.js';
import { numberToSql } from '../compiled/to-sql.js';
import {
  type ColumnCodec,
  type Condition,
  never,
  outOfRange,
  plainSql,
  sameBy,
  sameType,
  type SqlRules,
  type ToAvro,
  type TypeRules,
  wrongType,
} from '../type-rules.js';
import { numberText } from './integers.js';

function floatCodec(column: ColumnSchema): ColumnCodec {
  return {
    avro: { type: 'float' },
    write: (output, value) => {
      if (typeof value !== 'number') throw wrongType(column, value);
      if (Math.fround(value) !== value || !Number.isFinite(value)) throw outOfRange(column);
      output.float(value);
    },
    read: (input) => finite(input.float()),
  };
}

function doubleCodec(column: ColumnSchema): ColumnCodec {
  return {
    avro: { type: 'double' },
    write: (output, value) => {
      if (typeof value !== 'number') throw wrongType(column, value);
      if (!Number.isFinite(value)) throw outOfRange(column);
      output.double(value);
    },
    read: (input) => finite(input.double()),
  };
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw malformed('a floating-point number is not finite');
  return value;
}

/** The shortest digits that give the same double; the exponent makes the server read a DOUBLE and not a DECIMAL. */
function doubleLiteral(): Writer {
  return (value) => (typeof value === 'number' && Number.isFinite(value) ? exponent(value) : null);
}

/** As the double that equals it: 0.1 in a FLOAT is 0.10000000149011612. */
function floatLiteral(): Writer {
  return (value) => (typeof value === 'number' && Number.isFinite(Math.fround(value)) ? exponent(Math.fround(value)) : null);
}

function exponent(value: number): string {
  const digits = floatText(value);
  return digits.includes('e') ? digits : `${digits}e0`;
}

/** Every number has another one. */
export function floatText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** 0 = -0 */
function exactly(quoted: string): Condition {
  return (value, _text, same) => (value === 0 ? `${same} AND LEFT(${quoted}, 1) <=> '${Object.is(value, -0) ? '-' : '0'}'` : same);
}

function sqlOf(literal: SqlRules['stored']): SqlRules {
  return {
    ...plainSql(literal),
    exactly: ({ quoted }) => exactly(quoted),
    // A FLOAT is printed in 6 digits; as DOUBLE it is exact.
    selected: (_column, quoted) => `${quoted} * 1e0`,
  };
}

/** Copied as it is: both are little-endian. An exponent of ones is no number. */
function copied(size: number): ToAvro {
  const [mask, high] = size === 4 ? [0x7f80_0000, 0] : [0x7ff0_0000, 4];
  const check = (s: string): string => `if ((sv.getInt32(${s} + ${high}, true) & ${mask}) === ${mask}) throw notFinite();`;
  const copy = (s: string): string => `for (let i = 0; i < ${size}; i++) b[p + i] = src[${s} + i]; p += ${size};`;
  return { size, times: 1, plus: 0, code: ({ s }) => `${check(s)} ${copy(s)}` };
}

interface Own {
  readonly number: number;
  readonly size: number;
  readonly avro: TypeRules['avro'];
  readonly reader: TypeRules['binlog']['reader'];
  readonly literal: SqlRules['stored'];
  readonly storedForm: (value: Exclude<Value, null>) => string;
}

function rules(type: 'float' | 'double', { number, size, avro, reader, literal, storedForm }: Own): TypeRules {
  return {
    kind: 'floating',
    large: null,
    binlog: {
      forms: [
        {
          number,
          bytes: 1,
          column: ([bytes]) => {
            if (bytes !== size) throw new RangeError(`a ${type} that has not ${size} bytes`);
            return { metadata: 'number', type };
          },
        },
      ],
      complete: () => ({ type }),
      reader,
    },
    avro,
    compiled: {
      toAvro: () => copied(size),
      fromAvro: () => ({ layout: size === 4 ? 4 : 8, check: ({ at }) => `isFinite${8 * size}(sv, ${at})` }),
      toSql: () => numberToSql(({ at }) => `p = floating(b, p, sv.getFloat${8 * size}(${at}, true));`),
    },
    sql: sqlOf(literal),
    values: { found: (_column, found) => Number(found), ...sameBy(storedForm), keyText: () => numberText },
    server: { names: [type], refused: never, difference: sameType() },
  };
}

export const floats = {
  float: rules('float', {
    number: 4,
    size: 4,
    avro: floatCodec,
    reader: () => (image) => image.float(),
    literal: floatLiteral,
    storedForm: (value) => floatText(Math.fround(Number(value))),
  }),
  double: rules('double', {
    number: 5,
    size: 8,
    avro: doubleCodec,
    reader: () => (image) => image.double(),
    literal: doubleLiteral,
    storedForm: (value) => floatText(Number(value)),
  }),
};
