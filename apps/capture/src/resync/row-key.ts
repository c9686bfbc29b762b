/** The key of an entry → the row's primary key, by the table as the server describes it. */
import { SyncError, tableName } from '@lutra/model';
import type { ColumnSchema, Row, TableSchema, Value } from '@lutra/model';
import { asSource, ownKeyed } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import { givenKey } from './given-key.js';
import type { Given, GivenKey } from './given-key.js';
import { keyForms } from './key-forms.js';

export interface KeyColumns {
  readonly table: Pick<TableSchema, 'database' | 'name'>;
  /** In key order. */
  readonly columns: readonly ColumnSchema[];
}

/** @throws SyncError RECORD_INVALID: its rows cannot be named by a key */
export function keyColumns(given: TargetTable): KeyColumns {
  const table = ownKeyed(given);
  const schema = new Map(asSource(table).columns.map((column) => [column.name, column]));
  if (table.primaryKey.length === 0)
    throw refused(
      table,
      'the table has no primary key, and no unique key over whole NOT NULL columns, so its rows cannot be sent again one by one',
    );
  const columns = table.primaryKey.map((name) => {
    const column = schema.get(name);
    if (column && keyForms[column.type] !== null) return column;
    throw refused(
      table,
      `column ${name} of the primary key is ${column?.type ?? 'of a type that is not replicated'}: rows are not found by it`,
    );
  });
  return { table, columns };
}

/** @throws SyncError RECORD_INVALID naming the column and what it takes, never its value */
export function rowKeyOf({ table, columns }: KeyColumns, text: string): Row {
  const names = columns.map(({ name }) => name);
  const given = givenKey(text);
  if (given === null) throw refused(table, `row_key is not JSON of a key: write {${names.map((name) => `"${name}": value`).join(', ')}}`);
  const values = byColumn(given, names);
  if (values === null)
    throw refused(table, `row_key does not name the columns of the primary key: write ${names.join(', ')}, and no other`);
  return Object.fromEntries(columns.map((column, i) => [column.name, valueOf(table, column, values[i] as Given)]));
}

/** In key order. */
function byColumn(given: GivenKey, names: readonly string[]): readonly Given[] | null {
  if (Array.isArray(given)) return given.length === names.length ? given : null;
  const byName = given as ReadonlyMap<string, Given>;
  const values = names.flatMap((name) => byName.get(name) ?? []);
  return values.length === names.length && byName.size === names.length ? values : null;
}

function valueOf(table: KeyColumns['table'], column: ColumnSchema, given: Given): Value {
  const form = keyForms[column.type];
  const value = form?.value(given, column) ?? null;
  if (value === null) throw refused(table, `row_key, column ${column.name} (${column.type}): write ${form?.takes ?? 'another key'}`);
  return value;
}

function refused(table: KeyColumns['table'], why: string): SyncError {
  return new SyncError('RECORD_INVALID', `${tableName(table)}: ${why}`, { details: { database: table.database, table: table.name } });
}
