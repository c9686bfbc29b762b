/** What a target is asked around a schema change: what is there, what it was, who is in the way, how far it is. */
import { toSyncError } from '@lutra/model';
import type { DdlClause, TableName } from '@lutra/model';
import { quoteName, quoteTable, quoteText } from './literal.js';
import { rowsIfAllowed, textOf } from './server-facts.js';
import type { Queries, ResultRow } from './session-options.js';

/** The name of a whole database in the place of a table's. */
export const wholeDatabase = '*';

/** Of each table, in order; null: it is not there. Without what its rows move by themselves. @throws SyncError TARGET_* */
export async function definitionsOf(queries: Queries, tables: readonly TableName[]): Promise<readonly (string | null)[]> {
  const found: (string | null)[] = [];
  for (const table of tables) {
    const what = table.name === wholeDatabase ? `DATABASE ${quoteName(table.database)}` : `TABLE ${quoteTable(table)}`;
    const row = await rowIfThere(queries, `SHOW CREATE ${what}`);
    found.push(row === null ? null : String(Object.values(row)[1] ?? '').replace(/ AUTO_INCREMENT=\d+/, ''));
  }
  return found;
}

async function rowIfThere(queries: Queries, sql: string): Promise<ResultRow | null> {
  try {
    return (await queries.query(sql))[0] ?? null;
  } catch (error) {
    if (toSyncError(error).code === 'TABLE_MISSING') return null;
    throw error;
  }
}

/** @throws SyncError TARGET_* */
export async function isThere(queries: Queries, { database, name }: TableName): Promise<boolean> {
  const schema = `TABLE_SCHEMA = ${quoteText(database)}`;
  const sql =
    name === wholeDatabase
      ? `SELECT 1 AS found FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${quoteText(database)}`
      : `SELECT 1 AS found FROM information_schema.TABLES WHERE ${schema} AND TABLE_NAME = ${quoteText(name)}`;
  return (await queries.query(sql)).length > 0;
}

/** information_schema hides what the user may not see, which is there all the same. @throws SyncError TARGET_* */
export async function isGone(queries: Queries, table: TableName): Promise<boolean> {
  if (await isThere(queries, table)) return false;
  try {
    return (await definitionsOf(queries, [table]))[0] === null;
  } catch (error) {
    if (toSyncError(error).code === 'TARGET_DENIED') return false;
    throw error;
  }
}

/** Of a table that is there. @throws SyncError TARGET_* */
export async function hasRows(queries: Queries, table: TableName): Promise<boolean> {
  return (await queries.query(`SELECT 1 AS found FROM ${quoteTable(table)} LIMIT 1`)).length > 0;
}

/** The table shows all of them. Never of one name that is dropped and added: the one that is there may be the old one. */
export async function showsClauses(queries: Queries, { database, name }: TableName, clauses: readonly DdlClause[]): Promise<boolean> {
  const keys = clauses.map(({ what, name: part }) => `${what} ${part.toLowerCase()}`);
  if (clauses.length === 0 || new Set(keys).size < keys.length) return false;
  const of = `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`;
  const columns = await queries.query(`SELECT COLUMN_NAME AS part FROM information_schema.COLUMNS WHERE ${of}`);
  if (columns.length === 0) return false;
  const indexes = await queries.query(`SELECT DISTINCT INDEX_NAME AS part FROM information_schema.STATISTICS WHERE ${of}`);
  const shown = new Set([
    ...columns.map((row) => `column ${textOf(row, 'part').toLowerCase()}`),
    ...indexes.map((row) => `index ${textOf(row, 'part').toLowerCase()}`),
  ]);
  return clauses.every(({ action }, i) => shown.has(keys[i] ?? '') === (action === 'add'));
}

/** Of a database; null: it is not there. @throws SyncError TARGET_* */
export async function defaultCollation(queries: Queries, database: string): Promise<{ readonly id: number; readonly name: string } | null> {
  const [row] = await queries.query(
    `SELECT c.ID AS id, c.COLLATION_NAME AS name FROM information_schema.SCHEMATA s JOIN information_schema.COLLATIONS c
     ON c.COLLATION_NAME = s.DEFAULT_COLLATION_NAME WHERE s.SCHEMA_NAME = ${quoteText(database)}`,
  );
  return row === undefined ? null : { id: Number(row['id']), name: textOf(row, 'name') };
}

/** Sessions that hold one of the tables, each as a line for people; they are at most ten. Never what they run: it may hold values. */
export async function blockersOf(queries: Queries, tables: readonly TableName[], but: number): Promise<readonly string[]> {
  const pairs = tables.map(({ database, name }) =>
    name === wholeDatabase
      ? `m.OBJECT_SCHEMA = ${quoteText(database)}`
      : `(m.OBJECT_SCHEMA, m.OBJECT_NAME) = (${quoteText(database)}, ${quoteText(name)})`,
  );
  const sql = `SELECT DISTINCT t.PROCESSLIST_ID AS id, t.PROCESSLIST_USER AS user, t.PROCESSLIST_HOST AS host,
    t.PROCESSLIST_COMMAND AS command, t.PROCESSLIST_TIME AS seconds, m.OBJECT_SCHEMA AS db, m.OBJECT_NAME AS name
    FROM performance_schema.metadata_locks m JOIN performance_schema.threads t ON t.THREAD_ID = m.OWNER_THREAD_ID
    WHERE m.OBJECT_TYPE = 'TABLE' AND m.LOCK_STATUS = 'GRANTED' AND (${pairs.join(' OR ')}) AND t.PROCESSLIST_ID <> ${but}
    ORDER BY seconds DESC LIMIT 10`;
  const unseen = 'the user may not see who holds it: GRANT SELECT ON performance_schema.*';
  const rows = await rowsIfAllowed(queries, sql);
  if (rows === null) return [unseen];
  return rows.map((row) => {
    const [id, user, host, command, seconds, database, name] = ['id', 'user', 'host', 'command', 'seconds', 'db', 'name'].map((one) =>
      textOf(row, one),
    );
    return `session ${id} of ${user}@${host} (${command}, ${seconds} s) holds ${database}.${name}`;
  });
}

/** Default of a table; null: it is not there. @throws SyncError TARGET_* */
export async function tableCollation(queries: Queries, { database, name }: TableName): Promise<string | null> {
  const of = `TABLE_SCHEMA = ${quoteText(database)} AND TABLE_NAME = ${quoteText(name)}`;
  const [row] = await queries.query(`SELECT TABLE_COLLATION AS name FROM information_schema.TABLES WHERE ${of}`);
  return row === undefined ? null : textOf(row, 'name');
}

/** 0 to 1, of a statement of that session; null: the server does not tell. */
export async function progressOf(queries: Queries, session: number): Promise<number | null> {
  const sql = `SELECT s.WORK_COMPLETED AS done, s.WORK_ESTIMATED AS work FROM performance_schema.events_stages_current s
    JOIN performance_schema.threads t ON t.THREAD_ID = s.THREAD_ID WHERE t.PROCESSLIST_ID = ${session} AND s.WORK_ESTIMATED > 0`;
  const row = (await rowsIfAllowed(queries, sql))?.[0];
  const [done, work] = [Number(row?.['done'] ?? 0), Number(row?.['work'] ?? 0)];
  return work > 0 ? Math.min(1, done / work) : null;
}

/**
 * The server has that session. Its own sessions are shown to each user. MySQL 8.0's information_schema.PROCESSLIST cannot be read while one
 * of them runs a statement with a character outside utf8mb3. @throws SyncError TARGET_*
 */
export async function isSessionThere(queries: Queries, session: number): Promise<boolean> {
  return (await queries.query('SHOW PROCESSLIST')).some(({ Id: id }) => Number(id) === session);
}
