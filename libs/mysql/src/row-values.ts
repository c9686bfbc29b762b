/**
 * One column's values, from a SELECT and compared. What a SELECT through our session gives becomes what a row event of the source carries:
 * the same JS type, and the source's number of digits where the target's column is wider. Two values are the same if the target stores the
 * same; a naive comparison fails for those that are written in two ways: BINARY with and without its padding, '1.5' and '1.50', 12:00:00
 * with and without a fraction of zeros, a SET's members in another order, values of other types in a document, which a dump makes of them.
 */
import { largeValueBytes } from '@lutra/model';
import type { ColumnSchema, ColumnType, Value } from '@lutra/model';
import { rulesOf, sameTypes, withTypes } from '@lutra/rows';
import { beside } from '@lutra/runtime';
import type { ResultRow } from './session-options.js';

export { sameTypes } from '@lutra/rows';

/** @param types of a document's values, if the server was asked for them (json-types.ts in libs/rows) */
export function valueOf(column: ColumnSchema, found: ResultRow[string], types: ResultRow[string] = null): Value {
  if (found === null) return null;
  return types === null ? rulesOf(column.type).values.found(column, found) : withTypes(String(found), String(types));
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
  return a === null || b === null ? a === b : rulesOf(type).values.same(a, b);
}

/** The same text for values that the target stores as the same, and for no others. */
export function storedForm(type: ColumnType, value: Exclude<Value, null>): string {
  return rulesOf(type).values.storedForm(value);
}
