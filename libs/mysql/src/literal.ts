/**
 * Values as SQL literals that the server stores to the byte: in the shortest form for the session of session.ts (utf8mb4, time_zone
 * '+00:00', backslash escapes on), or in a form that means the same in every session (any-session.ts). A value that could be stored as
 * another one without an error is refused, with VALUE_UNSUPPORTED; the value itself is never in the message.
 */
import { SyncError } from '@lutra/model';
import type { ColumnSchema, ColumnType } from '@lutra/model';
import { comparedChoice, storedChoice } from './choice-literal.js';
import { jsonExpression } from './json-literal.js';
import type { LiteralForm, Writer } from './literal-form.js';
import { StagedSql } from './staged-sql.js';
import { textIn } from './text-literal.js';
import type { SqlValue } from './staged-sql.js';

export type Literal = (value: SqlValue) => string;

/** A text that is longer is escaped unit by unit: a megabyte of quotes, with a call for each of them, takes a fifth of a second. */
const longText = 64 * 1024;

function escapedUnits(value: string): string {
  const units = Buffer.allocUnsafe(4 * value.length);
  let at = 0;
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i);
    const special = unit === 0x5c || unit === 0x27 || unit === 0;
    if (special) at = units.writeUInt16LE(unit === 0 ? 0x5c : unit, at);
    at = units.writeUInt16LE(special && unit === 0 ? 0x30 : unit, at);
  }
  return units.toString('utf16le', 0, at);
}

/** Any text as a literal. JS strings that no UTF-8 exists for would silently become U+FFFD: the caller refuses them. */
export function quoteText(value: string): string {
  if (value.length > longText && /[\\'\0]/.test(value)) return `'${escapedUnits(value)}'`;
  return `'${value.replace(/[\\'\0]/g, (special) => (special === '\0' ? String.raw`\0` : special + special))}'`;
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

export function quoteTable(table: { readonly database: string; readonly name: string }): string {
  return `${quoteName(table.database)}.${quoteName(table.name)}`;
}

export const ownForm: LiteralForm = {
  own: true,
  text: quoteText,
  encoded,
  temporal: (value) => `'${value}'`,
  instant: (value) => `'${value}'`,
};

/** Means the same in every session. */
export function encoded(bytes: Buffer, charset: string): string {
  return `_${charset} x'${bytes.toString('hex')}'`;
}

/** What is written, compiled once per column. `where` names the column in errors: `shop.orders.total`. */
export function literalOf(column: ColumnSchema, where: string, form: LiteralForm = ownForm): Literal {
  return checked(writers[column.type](column, form), column, where);
}

/** What the column is compared with: the same literal, but for values that no text finds. */
export function comparedLiteralOf(column: ColumnSchema, where: string, form: LiteralForm = ownForm): Literal {
  if (column.type !== 'enum' && column.type !== 'set') return literalOf(column, where, form);
  return checked(comparedChoice(column, form), column, where);
}

function checked(write: Writer, column: ColumnSchema, where: string): Literal {
  return (value) => {
    if (value === null) return 'NULL';
    if (value instanceof StagedSql) return value.sql;
    const text = write(value);
    if (text !== null) return text;
    const what = value === undefined ? 'no value' : 'a value that cannot be stored to the byte';
    throw new SyncError('VALUE_UNSUPPORTED', `${where} (${column.type}): ${what}`, { details: { column: where, type: column.type } });
  };
}

function whole(): Writer {
  return (value) =>
    typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value)) ? BigInt(value).toString() : null;
}

/** The digits are the value: exact up to 65, never rounded on the way. */
function decimal(): Writer {
  return (value) => (typeof value === 'string' && /^-?\d{1,65}(\.\d{1,38})?$/.test(value) ? value : null);
}

/** The shortest digits that give the same double; the exponent makes the server read a DOUBLE and not a DECIMAL. */
function double(): Writer {
  return (value) => (typeof value === 'number' && Number.isFinite(value) ? exponent(value) : null);
}

/** As the double that equals it: 0.1 in a FLOAT is 0.10000000149011612, which stores and compares exactly. */
function float(): Writer {
  return (value) => (typeof value === 'number' && Number.isFinite(Math.fround(value)) ? exponent(Math.fround(value)) : null);
}

function exponent(value: number): string {
  const digits = Object.is(value, -0) ? '-0' : String(value);
  return digits.includes('e') ? digits : `${digits}e0`;
}

/** As a number: the same in assignment and comparison, where a hex literal is now text and now a number. */
function bit(): Writer {
  return (value) =>
    Buffer.isBuffer(value) && value.length > 0 && value.length <= 8 ? BigInt(`0x${value.toString('hex')}`).toString() : null;
}

function text({ charset }: ColumnSchema, form: LiteralForm): Writer {
  const write = textIn(charset, form);
  return (value) => (typeof value === 'string' ? write(value) : null);
}

/** Its strings and keys are well-formed if it is, but for escapes, which no server prints. */
function json(_: ColumnSchema, form: LiteralForm): Writer {
  return (value) => (typeof value === 'string' && value.isWellFormed() ? jsonExpression(value, (part) => form.text(part)) : null);
}

/** BINARY(n) is compared with its padding; the binlog leaves it out. */
function binary({ length = 0 }: ColumnSchema): Writer {
  return (value) => (Buffer.isBuffer(value) ? hex(value.length < length ? Buffer.concat([value], length) : value) : null);
}

function bytes(): Writer {
  return (value) => (Buffer.isBuffer(value) ? hex(value) : null);
}

function hex(value: Buffer): string {
  return value.length === 0 ? "''" : `x'${value.toString('hex')}'`;
}

/** Digits and punctuation only, zero dates and negative times included. */
function temporal(_: ColumnSchema, form: LiteralForm): Writer {
  return (value) => (typeof value === 'string' && digits.test(value) ? form.temporal(value) : null);
}

function instant(_: ColumnSchema, form: LiteralForm): Writer {
  return (value) => (typeof value === 'string' && digits.test(value) ? form.instant(value) : null);
}

const digits = /^-?\d[\d:. -]*$/;

const writers: Readonly<Record<ColumnType, (column: ColumnSchema, form: LiteralForm) => Writer>> = {
  tinyint: whole,
  smallint: whole,
  mediumint: whole,
  int: whole,
  bigint: whole,
  year: whole,
  decimal,
  float,
  double,
  bit,
  char: text,
  varchar: text,
  text,
  json,
  enum: storedChoice,
  set: storedChoice,
  binary,
  varbinary: bytes,
  blob: bytes,
  date: temporal,
  time: temporal,
  datetime: temporal,
  timestamp: instant,
  geometry: bytes,
  vector: bytes,
};
