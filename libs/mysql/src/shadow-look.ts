/** What a target knows of the table that an online tool makes for another one, beside its steps. */
import type { TableName } from '@lutra/model';
import { toSyncError } from '@lutra/model';
import { quoteText } from './literal.js';
import type { Queries } from './session-options.js';

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
  const uid = quoteText(pipeline);
  const named = quoteText(JSON.stringify([shadow.database, shadow.name]));
  const made = `(SELECT MAX(begun_at) FROM lutra.ddl WHERE pipeline = ${uid} AND statement = 'CREATE TABLE' AND LOCATE(${named}, tables) > 0)`;
  const where = `pipeline = ${uid} AND database_name = ${quoteText(table.database)} AND table_name = ${quoteText(table.name)}`;
  for (const [store, since] of [
    ['lutra.seed', 'begun_at'],
    ['lutra.suspended', 'suspended_at'],
  ])
    try {
      const rows = await queries.query(`SELECT 1 AS found FROM ${store} WHERE ${where} AND ${since} >= ${made} LIMIT 1`);
      if (rows.length > 0) return true;
    } catch (error) {
      if (toSyncError(error).code !== 'TABLE_MISSING') throw error;
    }
  return false;
}
