/** One question to lutra.conflict at a target, bounded in time. What the server lacks for it is said with what fixes it. */
import { SyncError, toSyncError } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ConnectionOptions, ResultRow } from '@lutra/mysql';
import { orderedColumns } from './conflict-queries.js';

const answerTimeoutMs = 15_000;

/** @throws SyncError CONFIG_CONFLICT if lutra.conflict is not there as it must be; TARGET_* */
export async function askConflicts(endpoint: string, options: ConnectionOptions, sql: string): Promise<readonly ResultRow[]> {
  const session = await Session.open({ ...options, answerTimeoutMs }, 'target');
  try {
    return await session.query(sql).catch((error: unknown) => {
      if (toSyncError(error).code !== 'COLUMN_MISSING' || !sql.includes(orderedColumns)) throw error;
      return session.query(sql.replace(orderedColumns, 'NULL AS request, NULL AS reason'));
    });
  } catch (error) {
    throw explained(endpoint, error);
  } finally {
    await session.close();
  }
}

function explained(endpoint: string, error: unknown): SyncError {
  const known = toSyncError(error);
  if (known.code !== 'TABLE_MISSING' && known.code !== 'COLUMN_MISSING') return known;
  const what = known.code === 'TABLE_MISSING' ? 'does not exist' : 'lacks a column';
  const fix = 'run schemas/lutra.sql on that server as an administrator';
  return new SyncError('CONFIG_CONFLICT', `lutra.conflict ${what} at endpoint ${endpoint}: ${fix}`, { details: { endpoint } });
}
