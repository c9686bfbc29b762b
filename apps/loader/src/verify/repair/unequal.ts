/**
 * lutra.unequal: tables of a target that are not known to be equal to those of a pipeline's source. While an entry has not ended, a row
 * that differs and that nobody changed there becomes what comes, so that a live change does not stop in front of its own repair.
 */
import { toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { Queries, ResultRow } from '@lutra/mysql';

export interface UnequalTable {
  /** uid */
  readonly pipeline: string;
  /** At its source. */
  readonly table: TableName;
  readonly target: TableName;
}

export type Hole = Pick<UnequalTable, 'pipeline' | 'table'> & { readonly request: string };

const longestReason = 1_200;

/** A hole in the pipeline's log lasts longer than a repair: its entry stays. */
export async function raiseRepair(
  queries: Queries,
  of: UnequalTable,
  { request, reason }: { request: string; reason: string },
): Promise<void> {
  const { pipeline, table, target } = of;
  const texts = [pipeline, table.database, table.name, target.database, target.name, 'repair', request, reason.slice(0, longestReason)];
  const names = ['pipeline', 'database_name', 'table_name', 'target_database', 'target_table', 'cause', 'request', 'reason'];
  const kept = "ended_at IS NULL AND cause = 'hole'";
  const isSame = `ended_at IS NULL AND request = VALUES(request)`;
  // Assigned from left to right: those before `request`, `cause` and `ended_at` see the values of before.
  const anew = [
    `since = IF((${kept}) OR (${isSame}), since, CURRENT_TIMESTAMP(3))`,
    ...['target_database', 'target_table', 'reason', 'request'].map((name) => `${name} = IF(${kept}, ${name}, VALUES(${name}))`),
    `cause = IF(${kept}, cause, 'repair')`,
    'ended_at = NULL',
  ];
  const into = `INSERT INTO lutra.unequal (${names.join(', ')}) VALUES (${texts.map(quoteText).join(', ')})`;
  await queries.query(`${into} ON DUPLICATE KEY UPDATE ${anew.join(', ')}`);
}

/** The repair after a restart has the id of that one: it ends no hole by it. */
export async function endEntry(queries: Queries, { pipeline, table, request, cause }: Hole & { cause: 'repair' | 'hole' }): Promise<void> {
  const of = `pipeline = ${quoteText(pipeline)} AND database_name = ${quoteText(table.database)} AND table_name = ${quoteText(table.name)}`;
  await queries.query(`${ended} WHERE ${of} AND cause = '${cause}' AND request = ${quoteText(request)} AND ended_at IS NULL`);
}

/** The table, by its name there, is being made as another one. */
export async function isRaisedAt(queries: Queries, { database, name }: TableName): Promise<boolean> {
  const of = `target_database = ${quoteText(database)} AND target_table = ${quoteText(name)}`;
  return (await orWithout(queries.query(`SELECT 1 FROM lutra.unequal WHERE ${of} AND ended_at IS NULL LIMIT 1`))).length > 0;
}

/** Whatever repairs of the pipeline have left behind, but for those of one request. */
export async function endRepairs(queries: Queries, uid: string, except: string | null): Promise<void> {
  const others = except === null ? '' : ` AND request <> ${quoteText(except)}`;
  const of = `pipeline = ${quoteText(uid)} AND cause = 'repair' AND ended_at IS NULL${others}`;
  await orWithout(queries.query(`${ended} WHERE ${of}`));
}

export async function openHoles(queries: Queries, uid: string): Promise<readonly Hole[]> {
  const sql = `SELECT database_name, table_name, request FROM lutra.unequal WHERE pipeline = ${quoteText(uid)} AND cause = 'hole' AND ended_at IS NULL`;
  return (await orWithout(queries.query(sql))).map((row) => ({
    pipeline: uid,
    table: { database: String(row['database_name']), name: String(row['table_name']) },
    request: String(row['request']),
  }));
}

const ended = 'UPDATE lutra.unequal SET ended_at = CURRENT_TIMESTAMP(3)';

/** An older schemas/lutra.sql has no such table: then nothing stands in it. */
async function orWithout(rows: Promise<readonly ResultRow[]>): Promise<readonly ResultRow[]> {
  try {
    return await rows;
  } catch (error) {
    if (toSyncError(error).code === 'TABLE_MISSING') return [];
    throw error;
  }
}
