/**
 * Rows with large texts, made ready before they are added to a statement. Putting a statement together is synchronous, and of a document of
 * 64 MiB alone it takes half a second; so its literals are made beside the event loop, and wait here for the statement that writes the row.
 */
import { largeValueBytes, tableName, toSyncError } from '@lutra/model';
import type { Row, TableSchema } from '@lutra/model';
import { rulesOf } from '@lutra/rows';
import type { TablePlan } from './table-plan.js';
import type { TargetTable } from './target-definition.js';
import type { LiteralParts } from './written-literal.js';

/** Of the values of a row that may stand in the text of a statement. Below it a literal is as fast (measured). */
export const inTextBytes = 512 * 1024;

interface Ready {
  readonly target: TargetTable;
  readonly parts: ReadonlyMap<string, LiteralParts>;
}

const ready = new WeakMap<Row, Ready>();

const largeColumns = new WeakMap<TableSchema, readonly string[]>();

/** It has a text whose literal takes long. Asked for each row. */
export function hasLargeText(source: TableSchema, row: Row | null): boolean {
  let names = largeColumns.get(source);
  if (!names)
    largeColumns.set(source, (names = source.columns.filter(({ type }) => rulesOf(type).large === 'text').map(({ name }) => name)));
  if (row === null || names.length === 0) return false;
  return names.some((name) => isLargeText(row[name]));
}

/** Nothing for a row that stands in the text of its statement. @throws SyncError VALUE_UNSUPPORTED, as the literals do */
export async function makeReady({ columns, target }: TablePlan, row: Row): Promise<void> {
  if (!isLarge(columns, row) || ready.get(row)?.target === target) return;
  const parts = new Map<string, LiteralParts>();
  for (const { name, schema, partsOf } of columns) {
    const value = row[name];
    if (rulesOf(schema.type).large === 'text' && isLargeText(value)) parts.set(name, await partsOf(value).catch(of(target, name)));
  }
  ready.set(row, { target, parts });
}

/** Asked for each row that is written. */
export function isLarge(columns: readonly { readonly name: string }[], row: Row): boolean {
  let length = 0;
  for (let i = 0; i < columns.length; i++) {
    const value = row[columns[i]!.name];
    if (typeof value === 'string') length += value.length;
    else if (typeof value === 'object' && value !== null) length += value.length;
  }
  return length > inTextBytes;
}

/** The error of a value names its column. */
function of(table: TargetTable, column: string): (thrown: unknown) => never {
  return (thrown) => {
    const known = toSyncError(thrown);
    const where = `${tableName(table)}.${column}`;
    const named = known.message.includes(where) ? known.message : `${where}: ${known.message}`;
    throw known.again(named, { cause: thrown, details: { column: known.details['column'] ?? where } });
  };
}

/** Undefined where none were made: then the statement makes them. */
export function readyParts(target: TargetTable, row: Row, column: string): LiteralParts | undefined {
  const found = ready.get(row);
  return found?.target === target ? found.parts.get(column) : undefined;
}

/** Of images that are smaller no value is large. */
export const largeImageBytes = largeValueBytes / 4;

function isLargeText(value: unknown): value is string {
  return typeof value === 'string' && value.length >= largeImageBytes;
}
