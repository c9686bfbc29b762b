/**
 * lutra.unequal at one target: control raises entries of cause `hole` before a restart, and shows all that last. The worker of
 * verifications raises those of cause `repair`, and ends both kinds.
 */
import { tableName } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import type { UnequalStatus } from './unequal.schema.js';

export interface RoutedTable {
  /** uid of the pipeline */
  readonly pipeline: string;
  readonly source: TableName;
  readonly target: TableName;
}

export interface Hole {
  /** Id of the restart. */
  readonly request: string;
  /** Who ordered it, and why. */
  readonly reason: string;
}

const reasonLetters = 1_200;
const rowsOfStatement = 500;
const names = 'pipeline, database_name, table_name, target_database, target_table, cause, request, reason';

/**
 * An entry of an earlier hole that lasts keeps its request: who takes a restart back ends only what that restart raised. Values are
 * assigned from left to right, so the ones that tell come last.
 */
export function raiseStatements(tables: readonly RoutedTable[], { request, reason }: Hole): readonly string[] {
  const rows = tables.map(({ pipeline, source, target }) => {
    const texts = [pipeline, source.database, source.name, target.database, target.name, 'hole', request, reason.slice(0, reasonLetters)];
    return `(${texts.map(quoteText).join(', ')})`;
  });
  const lasts = "cause = 'hole' AND ended_at IS NULL";
  const anew = [
    ...['target_database', 'target_table'].map((column) => `${column} = VALUES(${column})`),
    ...['request', 'reason'].map((column) => `${column} = IF(${lasts}, ${column}, VALUES(${column}))`),
    `since = IF(${lasts}, since, CURRENT_TIMESTAMP(3))`,
    "cause = 'hole'",
    'ended_at = NULL',
  ].join(', ');
  const statements: string[] = [];
  for (let at = 0; at < rows.length; at += rowsOfStatement)
    statements.push(
      `INSERT INTO lutra.unequal (${names}) VALUES ${rows.slice(at, at + rowsOfStatement).join(', ')} ON DUPLICATE KEY UPDATE ${anew}`,
    );
  return statements;
}

/** Of a restart that was taken back: its log has no hole. */
export function withdrawStatement(pipelines: readonly string[], request: string): string {
  const which = `pipeline IN (${pipelines.map(quoteText).join(', ')}) AND request = ${quoteText(request)}`;
  return `UPDATE lutra.unequal SET ended_at = CURRENT_TIMESTAMP(3) WHERE ${which} AND cause = 'hole' AND ended_at IS NULL`;
}

/** Nobody repairs any more. */
export function endedRepairs(pipelines: readonly string[]): string {
  const which = `pipeline IN (${pipelines.map(quoteText).join(', ')}) AND cause = 'repair'`;
  return `UPDATE lutra.unequal SET ended_at = CURRENT_TIMESTAMP(3) WHERE ${which} AND ended_at IS NULL`;
}

/** Pipelines with a hole that lasts. @param besides that of this restart */
export function holesQuery(pipelines: readonly string[], besides = ''): string {
  const which = `pipeline IN (${pipelines.map(quoteText).join(', ')}) AND request <> ${quoteText(besides)}`;
  return `SELECT DISTINCT pipeline FROM lutra.unequal WHERE ${which} AND cause = 'hole' AND ended_at IS NULL`;
}

/** Tables here of which these pipelines into here have an entry that lasts. */
export function entriesAtQuery(pipelines: readonly string[]): string {
  const which = `pipeline IN (${pipelines.map(quoteText).join(', ')}) AND ended_at IS NULL`;
  return `SELECT target_database AS db, target_table AS name FROM lutra.unequal WHERE ${which}`;
}

export function lastingQuery(pipelines: readonly string[]): string {
  const columns = 'pipeline, database_name, table_name, cause, reason, since';
  const which = `pipeline IN (${pipelines.map(quoteText).join(', ')}) AND ended_at IS NULL`;
  return `SELECT /*+ MAX_EXECUTION_TIME(10000) */ ${columns} FROM lutra.unequal WHERE ${which} ORDER BY since, pipeline, database_name, table_name`;
}

export interface Lasting {
  readonly uid: string;
  readonly table: TableName;
  readonly cause: string;
  readonly since: string;
  readonly reason: string;
}

export function toLasting(row: ResultRow): Lasting {
  const text = (name: string): string => row[name]?.toString() ?? '';
  return {
    uid: text('pipeline'),
    table: { database: text('database_name'), name: text('table_name') },
    cause: text('cause'),
    since: `${text('since').replace(' ', 'T')}Z`,
    reason: text('reason'),
  };
}

const mostTables = 20;

/** @param carried whether the pipeline still carries the table; its name in the channel, or null */
export function unequalStatus(
  found: readonly Lasting[],
  carried: (one: Lasting) => string | null,
  unasked: readonly string[],
): UnequalStatus {
  const shown = found.flatMap((one) => {
    const pipeline = carried(one);
    return pipeline === null ? [] : [{ pipeline, table: tableName(one.table), cause: one.cause, since: one.since, reason: one.reason }];
  });
  return { count: shown.length, tables: shown.slice(0, mostTables), unasked: [...unasked] };
}
