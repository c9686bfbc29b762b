/**
 * Rows of a target table as a row event of the source would carry them: read, compared, told apart by their keys. For who decides between
 * two versions of a row; row-statements.ts has the statements.
 */
import type { Row, TableSchema, Value } from '@lutra/model';
import { knownKeys } from './safe-plan.js';
import type { ResultRow } from './session-options.js';
import { planTable } from './table-plan.js';
import type { ColumnPlan } from './column-plan.js';
import type { TablePlan } from './table-plan.js';
import type { TargetTable } from './target-definition.js';
import { sameStored, sameStoredBeside, sameTypes, sameTypesBeside, takesLong, valueBeside, valueOf } from './row-values.js';
import { largeValueBytes } from '@lutra/model';

/** What is fixed about it for one version of the source's table. Making one costs something: keep it. */
export interface RowPlan {
  readonly table: TablePlan;
  /** Those beside the primary one. */
  readonly uniqueKeys: readonly (readonly ColumnPlan[])[];
  /** The written columns by their names at the source. */
  readonly columns: ReadonlyMap<string, ColumnPlan>;
}

/**
 * @param source as row events have it; where there are none, asSource(target)
 * @throws SyncError COLUMN_MISSING; APPLY_REFUSED for a table without primary key, or with a unique key whose values are not in its rows
 */
export function planRows(source: TableSchema, target: TargetTable): RowPlan {
  const table = planTable(source, target);
  const uniqueKeys = knownKeys(table, 'cannot have its conflicts decided');
  return { table, uniqueKeys, columns: new Map(table.columns.map((column) => [column.name, column])) };
}

/** The columns of the primary key only. */
export function keyOfRow(plan: RowPlan, row: Row): Row {
  return Object.fromEntries(plan.table.key.map(({ name }) => [name, row[name] as Value]));
}

/** A row that a query of row-statements.ts found, without its generated columns. */
export function toRow(plan: RowPlan, found: ResultRow): Row {
  return Object.fromEntries(
    plan.table.columns.map(({ name, schema }, i) => [name, valueOf(schema, found[`c${i}`] ?? null, found[`t${i}`])]),
  );
}

/** As toRow(); large documents get their types beside the event loop. */
export async function toRowBeside(plan: RowPlan, found: ResultRow): Promise<Row> {
  const row: [string, Value][] = [];
  for (const [i, { name, schema }] of plan.table.columns.entries()) {
    const [value = null, types] = [found[`c${i}`], found[`t${i}`]];
    const isLarge = (typeof value === 'string' && types != null) || (Buffer.isBuffer(value) && schema.charset !== undefined);
    row.push([name, isLarge && value.length >= largeValueBytes ? await valueBeside(schema, value, types) : valueOf(schema, value, types)]);
  }
  return Object.fromEntries(row);
}

/** Equal as stored, in every written column; documents but for types that their text loses. */
export function sameRows(plan: RowPlan, a: Row, b: Row): boolean {
  return plan.table.columns.every((column) => same(column, a[column.name], b[column.name]));
}

/** As sameRows(); large documents are compared beside the event loop. */
export async function sameRowsBeside(plan: RowPlan, a: Row, b: Row): Promise<boolean> {
  const same = await samenessOf(plan, [a, b]);
  return plan.table.columns.every(({ name }) => same(name, a[name], b[name]));
}

/** Nothing of it needs to be written: the types in its documents are equal too. */
export async function identicalRows(plan: RowPlan, a: Row, b: Row): Promise<boolean> {
  if (!(await sameRowsBeside(plan, a, b))) return false;
  for (const { name, schema, isTyped } of plan.table.columns) {
    const [one, other] = [a[name] ?? null, b[name] ?? null];
    if (!isTyped || one === other) continue;
    if (!(await (takesLong(schema, String(one), other) ? sameTypesBeside(one, other) : sameTypes(one, other)))) return false;
  }
  return true;
}

/** As sameValue(), of values of these rows: what takes long has been compared when it resolves. */
export async function samenessOf(plan: RowPlan, rows: readonly (Row | null)[]): Promise<SameColumn> {
  const known: { readonly pair: readonly Value[]; readonly same: boolean }[] = [];
  for (const { name, schema } of plan.table.columns) {
    const values = rows.map((row) => row?.[name] ?? null);
    for (const [i, a] of values.entries())
      for (const b of values.slice(i + 1))
        if (typeof a === 'string' && a !== b && takesLong(schema, a, b))
          known.push({ pair: [a, b], same: await sameStoredBeside(schema.type, a, b) });
  }
  return (name, a, b) =>
    known.find(({ pair: [one, other] }) => (a === one && b === other) || (a === other && b === one))?.same ?? sameValue(plan, name, a, b);
}

export type SameColumn = (name: string, a: Value | undefined, b: Value | undefined) => boolean;

/**
 * Equal as stored, in every column of the primary key. A collation may be wider: 'a' and 'A' are not the same here, yet one row to the
 * server.
 */
export function sameKey(plan: RowPlan, a: Row, b: Row): boolean {
  return plan.table.key.every((column) => same(column, a[column.name], b[column.name]));
}

/** Equal as stored, in one written column; true for a generated one, which follows from the others. */
export function sameValue(plan: RowPlan, name: string, a: Value | undefined, b: Value | undefined): boolean {
  const column = plan.columns.get(name);
  return column === undefined || same(column, a, b);
}

function same({ schema }: ColumnPlan, a: Value | undefined, b: Value | undefined): boolean {
  return a === undefined || b === undefined ? a === b : sameStored(schema.type, a, b);
}
