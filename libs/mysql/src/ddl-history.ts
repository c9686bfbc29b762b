/** What lutra.ddl at a target tells of what was before: what became of a table there, and what was kept of online tools. */
import { toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { textOf } from './server-facts.js';
import type { Queries, ResultRow } from './session-options.js';

export interface DroppedTable {
  /** As it is called here; all of a database is `*`. */
  readonly table: TableName;
  readonly log: string;
  readonly seq: number;
}

/** What is kept of online tools, in the order of the log, if it has `part` in its text. @throws SyncError TARGET_* */
export async function readKept(queries: Queries, pipeline: string, part: string): Promise<readonly string[]> {
  const which = `pipeline = ${quoteText(pipeline)} AND LOCATE(${quoteText(part)}, kept) > 0`;
  const rows = await rowsOf(queries, `SELECT kept, log_id, seq FROM lutra.ddl WHERE ${which} ORDER BY begun_at, seq`, ['COLUMN_MISSING']);
  // The clock of a server may go back; the numbers of a log do not.
  const logs = [...new Set(rows.map((row) => textOf(row, 'log_id')))];
  const place = (row: ResultRow): number => logs.indexOf(textOf(row, 'log_id'));
  const inOrder = rows.toSorted((one, other) => place(one) - place(other) || Number(one['seq']) - Number(other['seq']));
  return inOrder.map((row) => textOf(row, 'kept'));
}

/** Tables of the source's log that a pipeline has dropped here, or was told to pass: where in that log. @throws SyncError TARGET_* */
export async function readDropped(queries: Queries, pipeline: string): Promise<readonly DroppedTable[]> {
  const which = `pipeline = ${quoteText(pipeline)} AND part = 0 AND state IN ('done', 'skipped')`;
  const statements = `statement IN ('DROP TABLE', 'DROP DATABASE', 'CREATE OR REPLACE TABLE')`;
  const rows = await rowsOf(queries, `SELECT log_id, seq, tables FROM lutra.ddl WHERE ${which} AND ${statements}`);
  return rows.flatMap((row) => {
    const tables = JSON.parse(textOf(row, 'tables')) as [database: string, name: string][];
    return tables.map(([database, name]) => ({ table: { database, name }, log: textOf(row, 'log_id'), seq: Number(row['seq']) }));
  });
}

/**
 * The table has left the pipeline under another name, and stays here under its old one; none was created in its place since.
 * @throws SyncError TARGET_*
 */
export async function hasLeft(queries: Queries, pipeline: string, table: TableName): Promise<boolean> {
  const of = about(pipeline, table);
  const made = `COALESCE((SELECT MAX(begun_at) ${of} AND statement = 'CREATE TABLE' AND state = 'done'), TIMESTAMP'1970-01-02 00:00:00')`;
  const left = `statement IN ('RENAME TABLE', 'ALTER TABLE') AND state = 'skipped' AND begun_at > ${made}`;
  return (await rowsOf(queries, `SELECT 1 AS found ${of} AND ${left} LIMIT 1`)).length > 0;
}

export interface ShadowOf {
  readonly pipeline: string;
  /** At the source. */
  readonly table: TableName;
  /** Its shadow, at the target. */
  readonly shadow: TableName;
}

/**
 * Since the shadow was created here by the log, the table was suspended, or a seed of it has begun: changes of it have not come, nor rows
 * of its shadow, and the seed does not bring those.
 * @throws SyncError TARGET_*
 */
export async function wasLeftOutSince(queries: Queries, { pipeline, table, shadow }: ShadowOf): Promise<boolean> {
  // The other two are of whole ms.
  const made = `(SELECT MAX(begun_at) - INTERVAL 1000 MICROSECOND ${about(pipeline, shadow)} AND statement = 'CREATE TABLE')`;
  const [uid, database, name] = [pipeline, table.database, table.name].map(quoteText);
  const where = `pipeline = ${uid} AND database_name = ${database} AND table_name = ${name}`;
  for (const [store, since] of [
    ['lutra.seed', 'begun_at'],
    ['lutra.suspended', 'suspended_at'],
  ]) {
    const found = await rowsOf(queries, `SELECT 1 AS found FROM ${store} WHERE ${where} AND ${since} >= ${made} LIMIT 1`);
    if (found.length > 0) return true;
  }
  return false;
}

/**
 * What a pipeline has done to a table, as it is called here. Counter-example for the collation of the column: what was done to `T` is taken
 * for done to `t`.
 */
function about(pipeline: string, { database, name }: TableName): string {
  const named = quoteText(JSON.stringify([database, name]));
  return `FROM lutra.ddl WHERE pipeline = ${quoteText(pipeline)} AND LOCATE(${named}, tables COLLATE utf8mb4_bin) > 0`;
}

/** None where the table is not there yet. */
async function rowsOf(queries: Queries, sql: string, older: readonly 'COLUMN_MISSING'[] = []): Promise<readonly ResultRow[]> {
  try {
    return await queries.query(sql);
  } catch (error) {
    if (['TABLE_MISSING', ...older].includes(toSyncError(error).code)) return [];
    throw error;
  }
}
