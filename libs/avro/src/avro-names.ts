/**
 * Names of databases, tables, columns and endpoints as Avro names, reversibly. Debezium replaces what Avro forbids by `_`, so that
 * `a-b` and `a_b` meet in one name; here two names never meet.
 *
 * A name that Avro allows stays as it is. In any other, each forbidden character becomes `_x<hex>_`, and each `_` before an `x` does
 * too, so that an escape is never mistaken. (So does a name that looks as if it had been escaped.) `__proto__` is one that Avro allows and
 * readers in JavaScript cannot bear: a record has no field of it, or another prototype.
 */
import { SyncError } from '@lutra/model';

const legal = /^[A-Za-z_][A-Za-z0-9_]*$/;
const escape = /_x([0-9a-f]+)_/g;
const toEscape = /^[0-9]|[^A-Za-z0-9_]|_(?=x)/gu;

/** @throws SyncError INTERNAL for the empty name, which no server has */
export function avroName(name: string): string {
  if (name === '') throw new SyncError('INTERNAL', 'a database, table, column or endpoint has an empty name');
  if (name === '__proto__') return `_x5f_${name.slice(1)}`;
  if (legal.test(name) && name.search(escape) < 0) return name;
  return name.replace(toEscape, (character) => `_x${character.codePointAt(0)!.toString(16)}_`);
}
