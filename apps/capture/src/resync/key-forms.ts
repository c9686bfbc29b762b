/**
 * A given value (given-key.ts) → the value that the binlog has for a column of its type, so that the server finds the row by it. What is
 * not surely such a value is refused: another row would be sent again, or none.
 */
import type { ColumnSchema, ColumnType, Value } from '@lutra/model';
import { errorValueOf, setMembers } from '@lutra/rows';
import type { Given } from './given-key.js';

export interface KeyForm {
  /** What it takes, for messages. */
  readonly takes: string;
  /** Null: it is no such value. */
  readonly value: (given: Given, column: ColumnSchema) => Exclude<Value, null> | null;
}

/** Null: a column of that type is in no primary key, or rows are not found by it. */
export const keyForms: Readonly<Record<ColumnType, KeyForm | null>> = {
  tinyint: whole(8n),
  smallint: whole(16n),
  mediumint: whole(24n),
  int: whole(32n),
  bigint: { takes: wholeNumber(), value: (given, column) => bigInt(given, rangeOf(64n, column)) },
  year: { takes: 'a year', value: (given) => small(given, [0n, 2155n]) },
  decimal: { takes: 'a decimal number with no more digits than the column has', value: decimal },
  // No literal is surely equal to what the server holds.
  float: null,
  double: { takes: 'a number', value: double },
  bit: { takes: 'a number, or ["b", base64]', value: bit },
  char: { takes: 'a text', value: (given) => text(given)?.replace(/ +$/, '') ?? null },
  varchar: { takes: 'a text', value: text },
  text: { takes: 'a text', value: text },
  binary: { takes: '["b", base64]', value: (given, { length }) => padded(bytes(given), length ?? 0) },
  varbinary: { takes: '["b", base64]', value: bytes },
  blob: { takes: '["b", base64]', value: bytes },
  enum: { takes: 'one of its members', value: member },
  set: { takes: 'its members, with commas', value: members },
  json: null,
  date: { takes: 'YYYY-MM-DD', value: (given) => /^\d{4}-\d\d-\d\d$/.exec(text(given) ?? '')?.[0] ?? null },
  time: { takes: 'hh:mm:ss, with no more fraction digits than the column has', value: time },
  datetime: { takes: 'YYYY-MM-DD hh:mm:ss, with no more fraction digits than the column has', value: datetime },
  timestamp: { takes: 'YYYY-MM-DD hh:mm:ss in UTC, with no more fraction digits than the column has', value: datetime },
  geometry: null,
  vector: null,
};

type Range = readonly [least: bigint, most: bigint];

function wholeNumber(): string {
  return 'a whole number in its range, or its digits as a text';
}

function rangeOf(bits: bigint, { unsigned }: ColumnSchema): Range {
  return unsigned === true ? [0n, 2n ** bits - 1n] : [-(2n ** (bits - 1n)), 2n ** (bits - 1n) - 1n];
}

function whole(bits: bigint): KeyForm {
  return { takes: wholeNumber(), value: (given, column) => small(given, rangeOf(bits, column)) };
}

function small(given: Given, range: Range): number | null {
  const found = bigInt(given, range);
  return found === null ? null : Number(found);
}

function bigInt(given: Given, [least, most]: Range): bigint | null {
  if (given.kind === 'bytes' || !/^-?\d{1,20}$/.test(given.text)) return null;
  const found = BigInt(given.text);
  return found < least || found > most ? null : found;
}

/** With as many fraction digits as the column has; more of them are zeros. */
function decimal(given: Given, { precision = 0, scale = 0, unsigned = false }: ColumnSchema): string | null {
  const [, sign = '', before, after = ''] = (given.kind !== 'bytes' && /^(-?)0*(\d+)(?:\.(\d+))?$/.exec(given.text)) || [];
  const fraction = fractionOf(after, scale);
  if (before === undefined || fraction === null || (before === '0' ? 0 : before.length) > precision - scale) return null;
  const digits = `${before}${fraction}`;
  const isNegative = sign === '-' && /[1-9]/.test(digits);
  return isNegative && unsigned ? null : `${isNegative ? '-' : ''}${digits}`;
}

/** `.120`; null: it has more digits than fit. */
function fractionOf(digits: string, scale: number): string | null {
  const kept = digits.slice(0, scale).padEnd(scale, '0');
  if (/[1-9]/.test(digits.slice(scale))) return null;
  return scale === 0 ? '' : `.${kept}`;
}

function double(given: Given): number | null {
  if (given.kind === 'bytes' || !/^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(given.text)) return null;
  const found = Number(given.text);
  return Number.isFinite(found) ? found : null;
}

function bit(given: Given, { length = 1 }: ColumnSchema): Buffer | null {
  const size = Math.ceil(length / 8);
  const raw = given.kind === 'number' ? null : bytes(given);
  if (raw !== null && raw.length > size) return null;
  const number = raw === null ? bigInt(given, [0n, 2n ** BigInt(length) - 1n]) : BigInt(`0x0${raw.toString('hex')}`);
  if (number === null || number >= 2n ** BigInt(length)) return null;
  return Buffer.from(number.toString(16).padStart(2 * size, '0'), 'hex');
}

function text(given: Given): string | null {
  return given.kind === 'text' ? given.text : null;
}

/** MySQL's JSON_OBJECT() prints them as `base64:type15:AP8=`. */
function bytes(given: Given): Buffer | null {
  if (given.kind === 'bytes') return given.bytes;
  const [, base64] = (given.kind === 'text' && /^base64:type\d+:([A-Za-z0-9+/\n]*={0,2}\n?)$/.exec(given.text)) || [];
  return base64 === undefined ? null : Buffer.from(base64, 'base64');
}

function padded(found: Buffer | null, length: number): Buffer | null {
  return found === null || found.length > length ? null : Buffer.concat([found, Buffer.alloc(length - found.length)]);
}

function member(given: Given, { values = [] }: ColumnSchema): string | null {
  const found = text(given);
  return found !== null && (values.includes(found) || found === errorValueOf(values)) ? found : null;
}

/** In the order of the definition. */
function members(given: Given, { values = [] }: ColumnSchema): string | null {
  const found = text(given);
  if (found === null) return null;
  const wanted = new Set(setMembers(found));
  const known = values.filter((value) => wanted.has(value));
  if (known.length !== wanted.size) return null;
  return known.length === 1 && known[0] === '' ? ',' : known.join(',');
}

function time(given: Given, { scale = 0 }: ColumnSchema): string | null {
  const [, sign = '', clock, digits = ''] = /^(-?)((?:\d\d|[1-8]\d\d):[0-5]\d:[0-5]\d)(?:\.(\d{1,6}))?$/.exec(text(given) ?? '') ?? [];
  const fraction = fractionOf(digits, scale);
  if (clock === undefined || fraction === null) return null;
  return `${/[1-9]/.test(clock + fraction) ? sign : ''}${clock}${fraction}`;
}

function datetime(given: Given, { scale = 0 }: ColumnSchema): string | null {
  const [, day, clock, digits = ''] = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?$/.exec(text(given) ?? '') ?? [];
  const fraction = fractionOf(digits, scale);
  return day === undefined || fraction === null ? null : `${day} ${clock}${fraction}`;
}
