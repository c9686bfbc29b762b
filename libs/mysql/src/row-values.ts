/**
 * One column's values, from a SELECT and compared. What a SELECT through our session gives becomes what a row event of the source carries:
 * the same JS type, and the source's number of digits where the target's column is wider. Two values are the same if the target stores the
 * same; a naive comparison fails for those that are written in two ways: BINARY with and without its padding, '1.5' and '1.50', 12:00:00
 * with and without a fraction of zeros, a SET's members in another order, values of other types in a document, which a dump makes of them.
 */
import { errorValueOf, isOfKind, largeValueBytes, opaqueMark, printedJson, setMembers, setText, signMark, textCodec } from '@lutra/model';
import type { ColumnSchema, ColumnType, Value } from '@lutra/model';
import { beside } from '@lutra/runtime';
import { endOfString, endOfWord, isWhole } from './json-tokens.js';
import { withTypes } from './json-types.js';
import type { ResultRow } from './session-options.js';

/**
 * What the server is asked for, so that nothing is lost on the way. A FLOAT is printed in 6 digits; as DOUBLE it is exact. Where '' is a
 * member, an ENUM's error value prints like it, and a SET prints without it unless it is the last one.
 * @param column an ENUM's or SET's values are those of the table that is read, in its order
 */
export function selected({ type, values }: ColumnSchema, quoted: string): string {
  if (type === 'float' || type === 'double') return `${quoted} * 1e0`;
  if (values?.includes('') !== true) return quoted;
  const all = values.map(inAnySession).join(', ');
  if (type === 'enum') return `IF(${quoted} + 0 = 0, ${inAnySession(errorValueOf(values))}, ELT(${quoted} + 0, ${all}))`;
  const member = (value: string): string => `${quoted} & ${1n << BigInt(values.indexOf(value))}`;
  const members = values.map((value) => `IF(${member(value)}, ${inAnySession(value)}, NULL)`);
  const alone = `${quoted} & ~0 = ${1n << BigInt(values.indexOf(''))}`;
  return `IF(${quoted} IS NULL, NULL, IF(${alone}, ${inAnySession(setText(['']))}, CONCAT_WS(_utf8mb4 x'2c', ${members.join(', ')})))`;
}

function inAnySession(text: string): string {
  return `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
}

/** @param types of a document's values, if the server was asked for them (json-types.ts) */
export function valueOf(column: ColumnSchema, found: ResultRow[string], types: ResultRow[string] = null): Value {
  if (found === null) return null;
  if (types !== null) return withTypes(String(found), String(types));
  switch (column.type) {
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'year':
      return Number.isSafeInteger(Number(found)) ? Number(found) : BigInt(String(found)); // the target's may be a BIGINT
    case 'bigint':
      return BigInt(String(found));
    case 'float':
    case 'double':
      return Number(found);
    case 'decimal':
      return withFraction(plainDecimal(String(found)), column.scale);
    case 'time':
    case 'datetime':
    case 'timestamp':
      return withFraction(String(found), column.scale);
    case 'bit':
      return bitsOf(bytesOf(found), Math.ceil((column.length ?? 0) / 8));
    case 'binary':
    case 'varbinary':
    case 'blob':
    case 'geometry':
    case 'vector':
      return bytesOf(found);
    case 'set':
      return inOrder(textOf(column, found), column.values);
    case 'char':
    case 'varchar':
    case 'text':
    case 'enum':
      return textOf(column, found);
    case 'json':
    case 'date':
      return String(found);
  }
}

/**
 * A column that is read as bytes (table-plan.ts) gives a Buffer; a text of UTF-8 may hold what is the mark of an escape. What selected()
 * spells out has its escapes already, and a text of another character set has none.
 */
function textOf({ charset = 'binary', values }: ColumnSchema, found: Exclude<ResultRow[string], null>): string {
  if (Buffer.isBuffer(found)) return textCodec(charset)?.decode(found) ?? String(found);
  const text = String(found);
  const mayBeMark = charset.startsWith('utf8') && values?.includes('') !== true && text.includes('\u{10ffff}');
  const codec = mayBeMark ? textCodec(charset) : undefined;
  return codec?.escaped(text) ? (codec.decode(Buffer.from(text)) ?? text) : text;
}

/** What a SELECT gave is stored as the same as this value. */
export function sameFound(column: ColumnSchema, found: ResultRow[string], expected: Value): boolean {
  return sameStored(column.type, valueOf(column, found), expected);
}

export const sameFoundBeside = beside(import.meta.url, sameFound);
export const valueBeside = beside(import.meta.url, valueOf);
export const sameStoredBeside = beside(import.meta.url, sameStored);
export const sameTypesBeside = beside(import.meta.url, sameTypes);

/** Whether comparing them takes long: documents, and what is a text in a character set of its own. Equal texts are found so at once. */
export function takesLong({ type }: ColumnSchema, found: ResultRow[string], expected: Value): boolean {
  if (found === null || expected === null || (type !== 'json' && !(Buffer.isBuffer(found) && typeof expected === 'string'))) return false;
  return String(expected).length + (found as string | Buffer).length >= largeValueBytes;
}

/** The target stores the same for both. */
export function sameStored(type: ColumnType, a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  // A large one is not made a text for it. A BINARY may have lost the zeros at its end.
  if (type !== 'binary' && isOfKind(type, 'bytes') && Buffer.isBuffer(a) && Buffer.isBuffer(b)) return a.equals(b);
  if (Object.is(a, b) || (type === 'json' && printedJson(String(a)) === printedJson(String(b)))) return true;
  return storedForm(type, a) === storedForm(type, b);
}

/** The same text for values that the target stores as the same, and for no others. */
export function storedForm(type: ColumnType, value: Exclude<Value, null>): string {
  switch (type) {
    case 'float':
      return double(Math.fround(Number(value)));
    case 'double':
      return double(Number(value));
    case 'decimal':
      return withFraction(plainDecimal(String(value)), 0).replace(/^-0$/, '0');
    case 'time':
    case 'datetime':
    case 'timestamp':
      return withFraction(String(value), 0);
    case 'bit':
      return bytesOf(value).toString('hex').replace(/^0+/, '');
    case 'binary':
      return bytesOf(value)
        .toString('hex')
        .replace(/(00)+$/, '');
    case 'varbinary':
    case 'blob':
    case 'geometry':
    case 'vector':
      return bytesOf(value).toString('latin1');
    case 'json':
      return document(String(value));
    case 'set':
      return String(value).split(',').toSorted().join();
    case 'tinyint':
    case 'smallint':
    case 'mediumint':
    case 'int':
    case 'bigint':
    case 'year':
    case 'char':
    case 'varchar':
    case 'text':
    case 'enum':
    case 'date':
      return String(value);
  }
}

function double(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** Of two documents with the same stored form: the types of all values too, but for the precision of a DECIMAL, which no SELECT tells. */
export function sameTypes(a: Value, b: Value): boolean {
  const form = (value: Value): string =>
    String(value)
      .replaceAll(signMark, '')
      .replace(/\t +(?=[-\d])/g, opaqueMark);
  return a === b || form(a) === form(b);
}

/**
 * What the text of a document makes of it, as a dump does: a fraction is a DOUBLE, a date a text. The target may have been filled from one,
 * or by whoever read a document and wrote it back.
 */
function document(text: string): string {
  const printed = printedJson(text);
  let form = '';
  let done = 0;
  for (let at = 0; at < printed.length;) {
    const character = printed[at] as string;
    if (character === '"') at = endOfString(printed, at);
    else if (character === '-' || (character >= '0' && character <= '9')) {
      const end = endOfWord(printed, at);
      const word = printed.slice(at, end);
      if (!isInteger(word)) {
        form += `${printed.slice(done, at)}${double(Number(word))}e0`;
        done = end;
      }
      at = end;
    } else at++;
  }
  return form + printed.slice(done);
}

/** The server reads it as one. */
function isInteger(word: string): boolean {
  return isWhole(word) && (word.length < 19 || (word.length <= 20 && BigInt(word) < 2n ** 64n && BigInt(word) >= -(2n ** 63n)));
}

/** ZEROFILL prints zeros before it. */
function plainDecimal(text: string): string {
  return text.replace(/^(-?)0+(?=\d)/, '$1');
}

/** With as many digits after the point, or more where they are not zeros. */
function withFraction(text: string, digits = 0): string {
  const [whole = '', fraction = ''] = text.split('.');
  const kept = fraction.replace(/0+$/, '').padEnd(digits, '0');
  return kept === '' ? whole : `${whole}.${kept}`;
}

function bitsOf(bytes: Buffer, size: number): Buffer {
  const from = bytes.findIndex((byte) => byte !== 0);
  const bits = from < 0 ? bytes.subarray(bytes.length) : bytes.subarray(from);
  return bits.length >= size ? bits : Buffer.concat([Buffer.alloc(size - bits.length), bits]);
}

/** As these are declared: the other side may have them in another order. */
export function inOrder(members: string, values: readonly string[] | undefined): string {
  if (values === undefined) return members;
  const set = new Set(setMembers(members));
  const known = values.filter((value) => set.has(value));
  return known.length === set.size ? setText(known) : members;
}

function bytesOf(value: Exclude<Value, null>): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value));
}
