/**
 * What is fixed about writing one version of a source table to its target: names quoted, literals compiled, the way a row is found.
 *
 * A row is found by its primary key, or the unique key that stands for it (keyed.ts). Without one its identity is the whole before image,
 * and `=` is not enough; counter-examples: 'a' = 'A' and 'a' = 'a ' in most collations, 1 = 1.0 in JSON, 0 = -0 in a DOUBLE, NULL = NULL is
 * not true. Of several equal rows any one is the right one, hence LIMIT 1; of documents that print alike, one of the same types if there is
 * one.
 */
import { SyncError, tableName } from '@lutra/model';
import type { Row, TableSchema, Value } from '@lutra/model';
import { hasTypes, rulesOf } from '@lutra/rows';
import type { SqlRow, SqlValue } from '@lutra/rows';
import { anySessionForm } from './any-session.js';
import { keyed } from './keyed.js';
import { ownForm, quoteTable } from './literal.js';
import { computes } from './computed.js';
import type { TargetTable } from './target-definition.js';
import { planColumn } from './column-plan.js';
import type { ColumnPlan } from './column-plan.js';

export interface TablePlan {
  readonly target: TargetTable;
  readonly quoted: string;
  /** The columns that are written, in the source's order: not the generated ones. */
  readonly columns: readonly ColumnPlan[];
  /** Of the primary key; empty if there is none. */
  readonly key: readonly ColumnPlan[];
  readonly insertHead: string;
  /**
   * Instead of insertHead, for a single row: what VALUES refuses for one row, a NULL in a generated column that allows none, SELECT stores
   * as the server did.
   */
  readonly selectHead: string | null;
  /**
   * The server computes something when a row is written: so rows are written in the source's session, and literals mean the same in each.
   */
  readonly computes: boolean;
  /** Deletions that follow one another may share a statement. */
  readonly groupsDeletes: boolean;
  /** `WHERE key IN (…)` compares exactly and by the index. */
  readonly keyIn: boolean;
}

/** Of a statement by `(a = … AND b = …) OR …`: the server's range optimizer has a memory limit, beyond which it scans the table. */
export const maxAlternatives = 200;

/** @throws SyncError COLUMN_MISSING if the target lacks a column */
export function planTable(source: TableSchema, given: TargetTable): TablePlan {
  const target = keyed(source, given);
  const targets = new Map(target.columns.map((column) => [column.name.toLowerCase(), column]));
  const inAnySession = computes(source, target);
  const all = source.columns.map((column) => {
    const other = targets.get(column.name.toLowerCase());
    if (other)
      return {
        plan: planColumn(column, other, { table: target, form: inAnySession ? anySessionForm(target.server.offsets) : ownForm }),
        source: column,
        target: other,
      };
    throw new SyncError('COLUMN_MISSING', `${tableName(target)}: column ${column.name} is missing`, {
      details: { database: target.database, table: target.name, column: column.name },
    });
  });
  const columns = all.filter((column) => !column.target.generated).map((column) => column.plan);
  // A unique key that the binlog names as primary may be none at the target: such rows are found by all their values.
  const keyNames = target.primaryKey.length === 0 ? [] : source.primaryKey.map((name) => name.toLowerCase());
  const key = keyNames.flatMap((name) => all.filter((column) => column.source.name.toLowerCase() === name));
  const quoted = quoteTable(target);
  const into = `INSERT INTO ${quoted} (${columns.map((column) => column.quoted).join(', ')})`;
  return {
    target,
    quoted,
    columns,
    key: key.map((column) => column.plan),
    insertHead: `${into} VALUES `,
    selectHead: target.columns.some(({ generated, nullable }) => generated && !nullable) ? `${into} SELECT ` : null,
    computes: inAnySession,
    // On a cycle of foreign keys the order of deletions matters, and a statement deletes in the order of an index.
    groupsDeletes: key.length > 0 && !(target.foreignKeys.length > 0 && target.referenced),
    keyIn:
      key.length === 1 &&
      key.every(({ source: { type }, target: found }) => rulesOf(type).sql.inList && !(inAnySession && found.type === 'char')),
  };
}

/** ` WHERE …` that finds the row of a before image; `staged` is the same with its large values staged. */
export function whereRow(plan: TablePlan, before: Row, staged: SqlRow = before): string {
  if (plan.key.length > 0) return ` WHERE ${keyOf(plan, before)}`;
  const found = plan.columns.map((column) => column.exactly(staged[column.name] as SqlValue)).join(' AND ');
  const documents = plan.columns.filter(({ isTyped, name }) => isTyped && before[name] !== null);
  const typed = documents.map(({ quoted, name }) => `${hasTypes(quoted, String(before[name]))} DESC`);
  return ` WHERE ${found}${typed.length > 0 ? ` ORDER BY ${typed.join(', ')}` : ''} LIMIT 1`;
}

/** Holds for the row of that primary key. */
export function keyOf(plan: TablePlan, row: Row): string {
  return equal(plan.key, row);
}

export function equal(columns: readonly ColumnPlan[], row: Row): string {
  return columns.map((column) => column.equals(row[column.name] as Value)).join(' AND ');
}

export function sameValue(a: Value, b: Value): boolean {
  return Buffer.isBuffer(a) && Buffer.isBuffer(b) ? a.equals(b) : Object.is(a, b);
}

/** The columns that an INSERT writes, or, with a before image, an UPDATE. */
export function written(
  { columns }: TablePlan,
  { before, after }: { readonly before: Row | null; readonly after: Row },
): readonly ColumnPlan[] {
  if (before === null) return columns;
  const changed = columns.filter((column) => !sameValue(before[column.name] as Value, after[column.name] as Value));
  // Left out, such a column would get the time at which we apply. An update of nothing must still find its row: it writes it all.
  return changed.length === 0 ? columns : columns.filter((column) => column.alwaysWritten || changed.includes(column));
}
