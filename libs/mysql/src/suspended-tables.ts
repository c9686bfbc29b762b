/**
 * lutra.suspended: which tables a pipeline does not write, and from where on. Written behind the fence, by the owner of the checkpoint row
 * that says the position, so that nobody applies a row of a table that another owner has suspended. An entry that has ended stays: it says
 * what happened.
 */
import { checkpointFence } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { foldedName, suspensionCode, suspensionSchema, SyncError, tableName, toSyncError } from '@lutra/model';
import type { Suspension, TableName } from '@lutra/model';
import { quoteText } from './literal.js';
import { ask, through } from './ownership.js';
import { textOf } from './server-facts.js';
import type { ConnectionOptions, Queries, ResultRow } from './session-options.js';
import type { SqlText } from './sql-text.js';

export interface SuspensionChange {
  readonly begun: readonly Suspension[];
  /** An operator has taken them out of the routes. */
  readonly ended: readonly TableName[];
}

/** The position: all before it is applied. */
export type SuspensionPosition = Pick<Checkpoint, 'pipeline' | 'part' | 'epoch' | 'logId' | 'seq'>;

const maxMessage = 1000;

/** Those that have not ended. None where the table is not there yet: lutra.sql of an earlier version did not make it. */
export async function readSuspended(target: ConnectionOptions | Queries, pipeline: string): Promise<readonly Suspension[]> {
  const columns = 'database_name, table_name, code, message, because, seq, ROUND(UNIX_TIMESTAMP(suspended_at) * 1000) AS at';
  const sql = `SELECT ${columns} FROM lutra.suspended WHERE pipeline = ${quoteText(pipeline)} AND ended_at IS NULL ORDER BY database_name, table_name`;
  return through(target, async (queries) => {
    try {
      return (await queries.query(sql)).map(rowToSuspension);
    } catch (error) {
      if (toSyncError(error).code === 'TABLE_MISSING') return [];
      throw error;
    }
  });
}

function rowToSuspension(row: ResultRow): Suspension {
  const because = textOf(row, 'because');
  const read = suspensionSchema.safeParse({
    database: textOf(row, 'database_name'),
    name: textOf(row, 'table_name'),
    code: suspensionCode(textOf(row, 'code')),
    message: textOf(row, 'message'),
    where: `seq ${textOf(row, 'seq')}`,
    at: Number(textOf(row, 'at')),
    ...(because !== '' && { because }),
  });
  if (read.success) return read.data;
  throw new SyncError('CHECKPOINT_INVALID', 'a row of lutra.suspended cannot be read; compare the table with schemas/lutra.sql');
}

/** @throws SyncError FENCED when the pipeline has another owner: nothing was written; CHECKPOINT_INVALID, TARGET_* */
export async function writeSuspended(
  target: ConnectionOptions | Queries,
  position: SuspensionPosition,
  { begun, ended }: SuspensionChange,
): Promise<void> {
  const statements = [
    checkpointFence(position),
    ...begun.map((table) => beginStatement(position, table)),
    ...ended.map((table) => endStatement(position, table)),
  ];
  await through(target, async (queries) => {
    await queries.query('BEGIN');
    try {
      for (const sql of statements) await ask(queries, sql);
      await queries.query('COMMIT');
    } catch (error) {
      await queries.query('ROLLBACK').catch(() => undefined); // a connection that cannot is broken, and the server rolls back
      throw error;
    }
  });
}

function beginStatement({ pipeline, logId, seq }: SuspensionPosition, { database, name, code, message, because = '' }: Suspension): string {
  const texts = [pipeline, database, name, code, message.slice(0, maxMessage), because, logId].map(quoteText);
  const columns = 'pipeline, database_name, table_name, code, message, because, log_id, seq';
  const anew = ['code', 'message', 'because', 'log_id', 'seq'].map((column) => `${column} = VALUES(${column})`);
  const update = [...anew, 'suspended_at = CURRENT_TIMESTAMP(3)', 'ended_at = NULL'].join(', ');
  return `INSERT INTO lutra.suspended (${columns}) VALUES (${[...texts, seq].join(', ')}) ON DUPLICATE KEY UPDATE ${update}`;
}

/** Of one table, for the transaction of the record that it ends at. */
export function endSuspension(pipeline: string, table: TableName): SqlText {
  const mark = { does: 'upsert', table: { database: 'lutra', name: 'suspended' }, change: 0, changes: 1 } as const;
  return { sql: endStatement({ pipeline }, table), marks: [mark] };
}

function endStatement({ pipeline }: Pick<SuspensionPosition, 'pipeline'>, { database, name }: TableName): string {
  const key = [`pipeline = ${quoteText(pipeline)}`, `database_name = ${quoteText(database)}`, `table_name = ${quoteText(name)}`];
  return `UPDATE lutra.suspended SET ended_at = CURRENT_TIMESTAMP(3) WHERE ${key.join(' AND ')}`;
}

/**
 * The tables that foreign keys tie to `table`, over any number of keys and in both directions: a child without its parent is refused, and a
 * parent without its children has other effects (cascades). Keys of tables that the user may not see are not among them; the pipeline does
 * not write those either.
 * @throws SyncError CONFIG_INVALID for a name that the server does not keep as it is written: its keys have another one
 */
export async function tiedTables(target: ConnectionOptions | Queries, table: TableName): Promise<readonly TableName[]> {
  const columns = 'TABLE_SCHEMA AS db, TABLE_NAME AS tbl, REFERENCED_TABLE_SCHEMA AS parent_db, REFERENCED_TABLE_NAME AS parent';
  const sql = `SELECT DISTINCT ${columns} FROM information_schema.KEY_COLUMN_USAGE WHERE REFERENCED_TABLE_NAME IS NOT NULL`;
  const rows = await through(target, async (queries) => {
    const found = await queries.query(sql);
    const [setting] = await queries.query('SELECT @@lower_case_table_names AS names');
    if (found.length > 0 && setting && textOf(setting, 'names') !== '0') requireFolded(table);
    return found;
  });
  const edges = rows.map((row) => [
    { database: textOf(row, 'db'), name: textOf(row, 'tbl') },
    { database: textOf(row, 'parent_db'), name: textOf(row, 'parent') },
  ]);
  const key = ({ database, name }: TableName): string => `${database}\0${name}`;
  const reached = new Map([[key(table), table]]);
  for (const one of reached.values())
    for (const ends of edges.filter((pair) => pair.some((end) => key(end) === key(one))))
      for (const end of ends) if (!reached.has(key(end))) reached.set(key(end), end);
  reached.delete(key(table));
  return [...reached.values()];
}

function requireFolded(table: TableName): void {
  const [written, folded] = [tableName(table), foldedName(tableName(table))];
  if (written === folded) return;
  const message = `the target ${written} of a route: lower_case_table_names keeps it in lower case, so the tables that foreign keys tie to it are not found: write ${folded}`;
  throw new SyncError('CONFIG_INVALID', message, { details: { database: table.database, table: table.name } });
}
