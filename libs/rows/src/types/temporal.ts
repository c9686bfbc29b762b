/**
 * DATE, TIME, DATETIME, TIMESTAMP, YEAR: the text that the server prints with time_zone '+00:00' (a YEAR: its number). Parts that are zero,
 * days that do not exist and years below 1000 come out as stored: no Date object is ever made of them. Avro's and Debezium's temporal types
 * have no zero dates and no times beyond a day, so all but YEAR are strings there.
 */
import type { ColumnSchema } from '@lutra/model';
import type { ByteReader } from '@lutra/bytes';
import type { ServerColumn } from '../server-column.js';
import { ascii, isZero, type LiteralForm, localTime, quoteName, type Writer } from '../sql.js';
import {
  type CompiledRules,
  need,
  never,
  plainSql,
  sameBy,
  sameType,
  type ServerRules,
  type SqlRules,
  type ToAvro,
  type TypeRules,
  type ValueReader,
  type ValueRules,
  type WireColumn,
  type WireForm,
} from '../type-rules.js';
import { clockToSql, textFromAvro } from '../compiled/to-sql.js';
import { plainDigits, withFraction } from './decimals.js';
import { wholeBetween, wholeLiteral, wholeNumber, wholeToSql, wholeValues } from './integers.js';
import { textCodecOf } from './strings.js';

export function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

export function dateText(year: number, month: number, day: number): string {
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
}

export function clock(hour: number, minute: number, second: number): string {
  return `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}`;
}

/** Bytes of a fraction with so many declared digits; it is stored with an even number of digits. */
function fractionBytes(digits: number): number {
  return (digits + 1) >> 1;
}

function readFraction(image: ByteReader, digits: number): string {
  if (digits === 0) return '';
  const size = fractionBytes(digits);
  return `.${pad(image.uintBE(size), 2 * size).slice(0, digits)}`;
}

function readYear(image: ByteReader): number {
  const value = image.u8();
  return value === 0 ? 0 : 1900 + value;
}

function readDate(image: ByteReader): string {
  const packed = image.u24();
  return dateText(packed >> 9, (packed >> 5) & 0xf, packed & 0x1f);
}

/** 5 bytes: sign, 17 bits of year × 13 + month, 5 day, 5 hour, 6 minute, 6 second. */
function datetimeReader(digits: number): ValueReader {
  return (image) => {
    const packed = image.uintBE(5) - 0x8000000000;
    if (packed < 0) throw new RangeError('a negative DATETIME');
    const time = packed % 2 ** 17;
    const days = Math.floor(packed / 2 ** 17);
    const months = days >> 5;
    const day = dateText(Math.floor(months / 13), months % 13, days & 0x1f);
    return `${day} ${clock(time >> 12, (time >> 6) & 0x3f, time & 0x3f)}${readFraction(image, digits)}`;
  };
}

/** Seconds since 1970; 0 is the zero date, because a TIMESTAMP starts at second 1. */
function timestampReader(digits: number): ValueReader {
  return (image) => {
    const seconds = image.uintBE(4);
    const fraction = readFraction(image, digits);
    if (seconds === 0) {
      if (/[1-9]/.test(fraction)) throw new RangeError('a TIMESTAMP of second 0 with a fraction');
      return `0000-00-00 00:00:00${fraction}`;
    }
    const iso = new Date(seconds * 1000).toISOString();
    return `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction}`;
  };
}

/**
 * 3 bytes (sign, 1 unused bit, 10 hour, 6 minute, 6 second) and the fraction, together one big-endian number whose middle stands for 0:
 * a negative value is the mirror image, fraction included.
 */
function timeReader(digits: number): ValueReader {
  const size = fractionBytes(digits);
  const middle = 0x800000 * 256 ** size;
  return (image) => {
    const packed = image.uintBE(3 + size) - middle;
    const absolute = Math.abs(packed);
    const time = Math.floor(absolute / 256 ** size);
    const fraction = digits === 0 ? '' : `.${pad(absolute % 256 ** size, 2 * size).slice(0, digits)}`;
    return `${packed < 0 ? '-' : ''}${clock(time >> 12, (time >> 6) & 0x3f, time & 0x3f)}${fraction}`;
  };
}

// SQL

const digits = /^-?\d[\d:. -]*$/;

/** Digits and punctuation only, zero dates and negative times included. */
function literal(_: ColumnSchema, form: LiteralForm): Writer {
  return (value) => (typeof value === 'string' && digits.test(value) ? form.temporal(value) : null);
}

function instantLiteral(_: ColumnSchema, form: LiteralForm): Writer {
  return (value) => (typeof value === 'string' && digits.test(value) ? form.instant(value) : null);
}

/**
 * Under NO_ZERO_DATE a comparison with 0000-00-00 is an error. A number is one in every session; a text is found by an index.
 */
function isDate(quoted: string, value: string): string {
  const isOfCalendar = isDay(value) && !hasZeros(value);
  return isOfCalendar ? `${quoted} = ${ascii(value)}` : `${quoted} + 0 = ${value.replaceAll(/[-: ]/g, '')}`;
}

/** A month or day of 0. */
export function hasZeros(value: string): boolean {
  return /^\d+-(?:00|\d\d-00)/.test(value);
}

/** As long as its month is, or one with zeros. */
export function isDay(value: string): boolean {
  const [year = 0, month = 0, day = 0] = value.slice(0, 10).split('-').map(Number);
  return month === 0 || day === 0 || day <= new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** Holds for a column with exactly this instant; by its local time it may be found by an index. */
function isInstant(quoted: string, value: string): string {
  if (isZero(value)) return `${quoted} + 0 = 0`;
  const [seconds = '', fraction] = value.split('.');
  const unix = Date.parse(`${seconds.replace(' ', 'T')}Z`) / 1000;
  return `${quoted} = ${localTime(value)} AND UNIX_TIMESTAMP(${quoted}) = ${unix}${fraction === undefined ? '' : `.${fraction}`}`;
}

function smaller({ type, scale = 0 }: ColumnSchema, target: ServerColumn): string | null {
  return (target.scale ?? 0) >= scale ? null : `is ${target.columnType}, too small for ${type}(${scale})`;
}

const printed: Pick<ValueRules, 'found' | 'storedForm' | 'same'> = { found: (_column, found) => String(found), ...sameBy(String) };

/** Fraction digits may differ between the sides. */
const fractional: ValueRules = {
  found: ({ scale }, found) => withFraction(String(found), scale),
  ...sameBy((value) => withFraction(String(value), 0)),
  keyText: () => (value) => plainDigits(String(value)),
};

/** As MariaDB may still have them. */
const refused: ServerRules['refused'] = ({ columnType }) =>
  columnType.includes('/* mariadb-5.3 */')
    ? `${columnType} has the format before MySQL 5.6: ALTER TABLE … FORCE gives it the new one`
    : null;

const mostText = 32;
const compiledText: Omit<CompiledRules, 'toAvro'> = { fromAvro: () => textFromAvro, toSql: () => clockToSql };

/** Written by the function of its name. */
function compiled(type: Fractional): (column: WireColumn) => ToAvro {
  const whole = { time: 3, datetime: 5, timestamp: 4 }[type];
  const source = type === 'time' ? 'src' : 'src, sv';
  return ({ schema: { scale } }) => {
    const digits = need(scale);
    const code = (s: string): string => `p = ${type}(${source}, ${s}, b, p, ${digits});`;
    return { size: whole + fractionBytes(digits), times: 0, plus: mostText, code: ({ s }) => code(s) };
  };
}

type Fractional = 'time' | 'datetime' | 'timestamp';

interface Own {
  readonly number: number;
  /** In the format before MySQL 5.6. */
  readonly old: number;
  readonly reader: (digits: number) => ValueReader;
  readonly stored: SqlRules['stored'];
  readonly inAnySession: SqlRules['inAnySession'];
}

function rules(type: Fractional, { number, old, reader, stored, inAnySession }: Own): TypeRules {
  const forms: readonly WireForm[] = [
    { number, bytes: 1, column: ([scale]) => ({ metadata: 'none', type, scale }) },
    { number: old, bytes: 0, column: `${type} in the format before MySQL 5.6` },
  ];
  return {
    kind: 'clock',
    large: null,
    binlog: { forms, complete: ({ scale }) => ({ type, scale }), reader: ({ schema: { scale } }) => reader(need(scale)) },
    avro: (column) => textCodecOf(column),
    compiled: { toAvro: compiled(type), ...compiledText },
    sql: { ...plainSql(stored), inAnySession },
    values: fractional,
    server: { names: [type], refused, difference: sameType(smaller) },
  };
}

const dateInAnySession: SqlRules['inAnySession'] = ({ name }) => {
  const quoted = quoteName(name);
  return (value) => isDate(quoted, value);
};

const date: TypeRules = {
  kind: 'clock',
  large: null,
  binlog: {
    forms: [{ number: 10, bytes: 0, column: () => ({ metadata: 'none', type: 'date' }) }],
    complete: () => ({ type: 'date' }),
    reader: () => readDate,
  },
  avro: (column) => textCodecOf(column),
  compiled: { toAvro: () => ({ size: 3, times: 0, plus: mostText, code: ({ s }) => `p = date(src, ${s}, b, p);` }), ...compiledText },
  sql: { ...plainSql(literal), inAnySession: dateInAnySession },
  values: { ...printed, keyText: () => String },
  server: { names: ['date'], refused: never, difference: sameType() },
};

const years = { min: 0, max: 2155 };

const year: TypeRules = {
  kind: 'clock',
  large: null,
  binlog: {
    forms: [{ number: 13, bytes: 0, column: () => ({ metadata: 'year', type: 'year' }) }],
    complete: () => ({ type: 'year' }),
    reader: () => readYear,
  },
  avro: (column) => wholeNumber(column, { ...years, avro: { type: 'int', 'connect.version': 1, 'connect.name': 'io.debezium.time.Year' } }),
  compiled: {
    toAvro: () => ({ size: 1, times: 0, plus: 2, code: ({ s }) => `p = varint(b, p, src[${s}] === 0 ? 0 : 1900 + src[${s}]);` }),
    fromAvro: () => wholeBetween(years),
    toSql: wholeToSql,
  },
  sql: plainSql(wholeLiteral),
  values: wholeValues,
  server: { names: ['year'], refused: never, difference: sameType() },
};

export const temporal = {
  date,
  year,
  time: rules('time', { number: 19, old: 11, reader: timeReader, stored: literal, inAnySession: never }),
  datetime: rules('datetime', { number: 18, old: 12, reader: datetimeReader, stored: literal, inAnySession: dateInAnySession }),
  timestamp: rules('timestamp', {
    number: 17,
    old: 7,
    reader: timestampReader,
    stored: instantLiteral,
    inAnySession: ({ name }) => {
      const quoted = quoteName(name);
      return (value) => isInstant(quoted, value);
    },
  }),
};
