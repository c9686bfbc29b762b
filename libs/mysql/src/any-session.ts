/**
 * Literals and conditions that mean the same in every session, for tables whose rows are written in the source's. The naive way writes '…';
 * counter-examples: under NO_BACKSLASH_ESCAPES 'a\\b' has two backslashes, under collation_connection = latin1 a letter that latin1 lacks
 * becomes a question mark, and under another time zone a TIMESTAMP is another instant.
 *
 * An instant in the hour that a zone counts twice has no local time of its own. A server from 8.0.19 on takes its offset to UTC in the
 * literal. On others it is converted by the server, there and back; what does not come back as it was raises error 1690 (BIGINT out of
 * range) instead of being stored as the other instant.
 */
import type { LiteralForm } from './literal-form.js';
import { encoded, quoteName, quoteText } from './literal.js';
import type { Literal } from './literal.js';
import type { TargetColumn } from './target-definition.js';

const utc = "_latin1'+00:00'";

/** @param offsets the server reads '2021-10-31 01:30:00+00:00' */
export function anySessionForm(offsets: boolean): LiteralForm {
  return { own: false, text: introduced, encoded, temporal: ascii, instant: offsets ? withOffset : converted };
}

function introduced(value: string): string {
  return /[\\\0]/.test(value) ? `_utf8mb4 x'${Buffer.from(value).toString('hex')}'` : `_utf8mb4${quoteText(value)}`;
}

/** Under collation_connection = utf16_… the digits of a bare '…' are no date to the server, which stores 0000-00-00. */
function ascii(digits: string): string {
  return `_latin1'${digits}'`;
}

/** 0000-00-00 00:00:00 is no instant, and the same in every zone. */
function isZero(value: string): boolean {
  return value.startsWith('0000-00-00');
}

function withOffset(value: string): string {
  return ascii(isZero(value) ? value : `${value}+00:00`);
}

/** In a statement without it error 1690 is of something that the target computes. */
export const raises1690 = 'CAST(IF(~0 + (NOT (CONVERT_TZ(';

function converted(value: string): string {
  if (isZero(value)) return ascii(value);
  const local = localTime(value);
  // Without the CAST MySQL 8.0.15 stores it through a text in the connection's character set, and UTF-16 is no date to it.
  return `${raises1690}${local}, @@time_zone, ${utc}) <=> ${ascii(value)})), ${local}, NULL) AS DATETIME(6))`;
}

function localTime(value: string): string {
  return `CONVERT_TZ(${ascii(value)}, ${utc}, @@time_zone)`;
}

/**
 * Condition that holds for exactly this value in every session, where `=` does not say so; null: it does. Counter-examples: under
 * NO_ZERO_DATE a comparison with 0000-00-00 is an error; under PAD_CHAR_TO_FULL_LENGTH a CHAR comes with blanks, and a collation of NO PAD
 * takes it for another one.
 */
export function sameInAnySession(target: TargetColumn, literal: Literal): ((value: string) => string) | null {
  const quoted = quoteName(target.name);
  switch (target.type) {
    case 'timestamp':
      return (value) => isInstant(quoted, value);
    case 'date':
    case 'datetime':
      return (value) => isDate(quoted, value);
    case 'char':
      return (value) => `${quoted} IN (${literal(value)}, ${literal(padded(value, target.characters ?? 0))})`; // by an index, too
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'float':
    case 'double':
    case 'decimal':
    case 'bit':
    case 'varchar':
    case 'text':
    case 'json':
    case 'enum':
    case 'set':
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'time':
    case 'year':
    case 'geometry':
    case 'vector':
    case 'other':
      return null;
  }
}

/** A number is one in every session; a text is found by an index. */
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

/** As PAD_CHAR_TO_FULL_LENGTH gives it. The mark of an escape is no character. */
function padded(value: string, characters: number): string {
  const { length } = Array.from(value.replaceAll(/\u{10ffff}(?=.)/gsu, ''));
  return value + ' '.repeat(Math.max(0, characters - length));
}

/** Holds for a column with exactly this instant; by its local time it may be found by an index. */
function isInstant(quoted: string, value: string): string {
  if (isZero(value)) return `${quoted} + 0 = 0`;
  const [seconds = '', fraction] = value.split('.');
  const unix = Date.parse(`${seconds.replace(' ', 'T')}Z`) / 1000;
  return `${quoted} = ${localTime(value)} AND UNIX_TIMESTAMP(${quoted}) = ${unix}${fraction === undefined ? '' : `.${fraction}`}`;
}
