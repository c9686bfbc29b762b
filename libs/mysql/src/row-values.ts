/**
 * One column's values, from a SELECT and compared. What a SELECT through our session gives becomes what a row event of the source
 * carries: the same JS type, and the source's number of digits where the target's column is wider. Two values are the same if the
 * target stores the same; a naive comparison fails for those that are written in two ways: BINARY with and without its padding, '1.5' and '1.50',
 * 12:00:00 with and without a fraction of zeros, a SET's members in another order, a DECIMAL in a document.
 */
import { errorValueOf, setMembers, setText } from '@lutra/model';
import type { ColumnSchema, ColumnType, Value } from '@lutra/model';
import type { ResultRow } from './session-options.js';

/**
 * What the server is asked for, so that nothing is lost on the way. A FLOAT is printed in 6 digits; as DOUBLE it is exact. Where '' is a member, an ENUM's error value prints like it,
 * and a SET prints without it unless it is the last one.
 * @param column an ENUM's or SET's values are those of the table that is read, in its order
 */
export function selected({ type, values }: ColumnSchema, quoted: string): string {
  if (type === 'float' || type === 'double') return `${quoted} * 1e0`;
  if (values?.includes('') !== true) return quoted;
  if (type === 'enum') return `IF(${quoted} + 0 = 0, ${inAnySession(errorValueOf(values))}, ${quoted})`;
  const member = (value: string): string => `${quoted} & ${1n << BigInt(values.indexOf(value))}`;
  const members = values.map((value) => `IF(${member(value)}, ${inAnySession(value)}, NULL)`);
  const alone = `${quoted} & ~0 = ${1n << BigInt(values.indexOf(''))}`;
  return `IF(${quoted} IS NULL, NULL, IF(${alone}, ${inAnySession(setText(['']))}, CONCAT_WS(_utf8mb4 x'2c', ${members.join(', ')})))`;
}

function inAnySession(text: string): string {
  return `_utf8mb4 x'${Buffer.from(text).toString('hex')}'`;
}

export function valueOf(column: ColumnSchema, found: ResultRow[string]): Value {
  if (found === null) return null;
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
      return inOrder(String(found), column.values);
    case 'char':
    case 'varchar':
    case 'text':
    case 'enum':
    case 'json':
    case 'date':
      return String(found);
  }
}

/** The target stores the same for both. */
export function sameStored(type: ColumnType, a: Value, b: Value): boolean {
  if (a === null || b === null) return a === b;
  return Object.is(a, b) || storedForm(type, a) === storedForm(type, b);
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

/** A fraction is a DOUBLE wherever it was carried to as text; made of a DECIMAL it printed 1.10 before. */
function document(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/gs, (token) =>
    token.startsWith('"') || isWhole(token) ? token : `${double(Number(token))}e0`,
  );
}

function isWhole(token: string): boolean {
  return !/[.eE]/.test(token) && BigInt(token) < 2n ** 64n && BigInt(token) >= -(2n ** 63n);
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

/** As the source declares them: the target may have them in another order. */
function inOrder(members: string, values: readonly string[] | undefined): string {
  if (values === undefined) return members;
  const set = new Set(setMembers(members));
  const known = values.filter((value) => set.has(value));
  return known.length === set.size ? setText(known) : members;
}

function bytesOf(value: Exclude<Value, null>): Buffer {
  return Buffer.isBuffer(value) ? value : Buffer.from(String(value));
}
