/**
 * Statements on one row of a target table, found by its primary key whatever else is in it: read, locked, written whole, deleted. Pure; the
 * naive ways are the ones that statement-builder.ts names.
 */
import type { Row, Value } from '@lutra/model';
import { typesSql } from '@lutra/rows';
import { primaryIndex } from './keyed.js';
import { quoteName } from './literal.js';
import type { RowPlan } from './row-plan.js';
import { countStatement, stagedOf } from './sql-text.js';
import type { Mark, SqlText } from './sql-text.js';
import { Staging } from './staged-values.js';
import type { SqlValue } from '@lutra/rows';
import type { StagedValue } from './staged-values.js';
import { equal, keyOf, maxAlternatives } from './table-plan.js';
import type { ColumnPlan } from './column-plan.js';

/**
 * The row of that primary key, for toRow(). With `forUpdate` it is locked; if it is not there, in REPEATABLE READ the gap where it would
 * be.
 * @throws SyncError VALUE_UNSUPPORTED, as all here
 */
export function readRowQuery(plan: RowPlan, key: Row, forUpdate: boolean): string {
  return `${select(plan)} WHERE ${keyOf(plan.table, key)}${forUpdate ? ' FOR UPDATE' : ''}`;
}

/** The rows for which the condition holds, as they are now, for toRow(). */
export function rowsWhereQuery(plan: RowPlan, condition: string): string {
  return `${select(plan)} WHERE ${condition}`;
}

/** Of these primary keys those that are there, for toRow(), locked as by readRowQuery(). */
export function readRowsQueries(plan: RowPlan, keys: readonly Row[]): readonly string[] {
  const { table } = plan;
  const [only] = table.keyIn ? table.key : [];
  const atOnce = only ? mostKeys : maxAlternatives;
  // A table that is small by the server's statistics would be locked whole.
  const from = `${select(plan)} FORCE INDEX (${quoteName(primaryIndex(table.target))}) WHERE`;
  const where = (part: readonly Row[]): string =>
    only
      ? `${only.quoted} IN (${part.map((key) => only.literal(key[only.name] as Value)).join(', ')})`
      : part.map((key) => `(${keyOf(table, key)})`).join(' OR ');
  return Array.from({ length: Math.ceil(keys.length / atOnce) }, (_, i) => {
    const part = keys.slice(i * atOnce, (i + 1) * atOnce);
    return `${from} ${where(part)} FOR UPDATE`;
  });
}

/** Of one `IN (…)`. */
const mostKeys = 1000;

/**
 * The rows with another primary key that hold a value of `row` in a unique key, for toRow(), locked unless told otherwise: one statement a
 * key, so that each finds its row by its index. A row that holds two of them comes twice. NULL collides with nothing, and a key with one is
 * left out.
 */
export function holdersQueries(plan: RowPlan, row: Row, forUpdate = true): readonly string[] {
  const held = plan.uniqueKeys.filter((columns) => columns.every(({ name }) => row[name] !== null));
  return held.map(
    (columns) => `${select(plan)} WHERE ${equal(columns, row)} AND NOT (${keyOf(plan.table, row)})${forUpdate ? ' FOR UPDATE' : ''}`,
  );
}

export function insertRow(plan: RowPlan, row: Row): SqlText {
  const { columns, insertHead, selectHead } = plan.table;
  const { literals, staged } = literalsOf(plan, row);
  const values = columns.map((column) => literals(column)).join(', ');
  return { sql: selectHead === null ? `${insertHead}(${values})` : selectHead + values, marks: [mark(plan, 'insert')], ...staged };
}

/** Makes the row of that key this one, its key included. Exactly one row must be there. */
export function updateRow(plan: RowPlan, key: Row, row: Row): SqlText {
  const { columns, quoted } = plan.table;
  const { literals, staged } = literalsOf(plan, row);
  const set = (column: ColumnPlan): string => `${column.quoted} = ${literals(column)}`;
  return { ...counted(plan, 'update', `UPDATE ${quoted} SET ${columns.map(set).join(', ')} WHERE ${keyOf(plan.table, key)}`), ...staged };
}

/** Exactly one row must be there. */
export function deleteRow(plan: RowPlan, key: Row): SqlText {
  return counted(plan, 'delete', `DELETE FROM ${plan.table.quoted} WHERE ${keyOf(plan.table, key)}`);
}

interface Literals {
  readonly literals: (column: ColumnPlan) => string;
  readonly staged: { readonly staged?: readonly StagedValue[] };
}

function literalsOf({ table }: RowPlan, row: Row): Literals {
  const staging = new Staging();
  const values = staging.row(table.columns, row, { table: table.target, change: 0 });
  return {
    literals: (column) => column.stored(values[column.name] as SqlValue),
    staged: stagedOf([{ staged: staging.take() }]),
  };
}

function select(plan: RowPlan): string {
  return `SELECT ${selectedColumns(plan)} FROM ${plan.table.quoted}`;
}

/** Numbered, because a column may have any name. Documents with their types: the row may be written back, or elsewhere. */
export function selectedColumns({ table }: RowPlan): string {
  const columns = table.columns.flatMap(({ quoted, selected, isTyped }, i) => [
    `${selected} AS c${i}`,
    ...(isTyped ? [`${typesSql(quoted)} AS t${i}`] : []),
  ]);
  return columns.join(', ');
}

function counted(plan: RowPlan, does: 'update' | 'delete', sql: string): SqlText {
  return { sql: `${sql};\n${countStatement(1)}`, marks: [mark(plan, does), mark(plan, 'count rows')] };
}

function mark({ table }: RowPlan, does: 'insert' | 'update' | 'delete' | 'count rows'): Mark {
  const { database, name } = table.target;
  return { does, table: { database, name }, change: 0, changes: 1 };
}
