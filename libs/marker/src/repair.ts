/**
 * The row of `lutra.checkpoint` that marks what repairs of a channel write at home: resolution records count in a marked transaction only.
 * It belongs to no pipeline, and without an origin it says nothing about what was applied.
 */
import { SyncError } from '@lutra/model';
import { checkpointColumns } from './checkpoint.js';

/** As its resolution records name it. No uid is that short. */
export const repairWriter = 'repair';

/** Must be there before the first repair. Nothing happens if it is. */
export function repairRowStatement(channel: string): string {
  const values = [nameOf(channel), 0, 0, "''", -1, -1, 0, 'NULL', 0, "''", "''", 0, 0, -1, "''"];
  return `INSERT INTO lutra.checkpoint (${checkpointColumns.join(', ')}) VALUES (${values.join(', ')}) ON DUPLICATE KEY UPDATE n = n`;
}

/** The first statement of the transaction. */
export function repairMarkStatement(channel: string): string {
  return `UPDATE lutra.checkpoint SET n = n + 1 WHERE pipeline = ${nameOf(channel)} AND part = 0 AND lane = 0`;
}

/** No uid has a colon. */
function nameOf(channel: string): string {
  if (/^[0-9a-z-]{1,48}$/.test(channel)) return `'repair:${channel}'`;
  throw new SyncError('CHECKPOINT_INVALID', `lutra.checkpoint cannot hold a mark of channel ${channel}`);
}
