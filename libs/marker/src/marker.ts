/**
 * Capture's half: a row event on `lutra.checkpoint` says that this transaction was written by a loader, and from where it came.
 * Rows are never deleted by Lutra; a deletion marks nothing.
 */
import { tableName } from '@lutra/model';
import type { RowImage, TableSchema } from '@lutra/model';
import { checkpointTable, rowToCheckpoint } from './checkpoint.js';
import type { Checkpoint } from './checkpoint.js';

/**
 * The checkpoint as it is after the event. In a large transaction the first event has the position of the transaction before,
 * the last one its own.
 */
export type Marker = Pick<Checkpoint, 'pipeline' | 'part' | 'lane' | 'logId' | 'logEpoch' | 'seq' | 'origin' | 'path' | 'epoch'> & {
  /** A loader took the row over or created it: no copy of anything, and nothing to publish either. */
  readonly takeOver: boolean;
};

/**
 * Null if this is another table, or a deletion.
 * @throws SyncError CHECKPOINT_INVALID if the table lacks a column
 */
export function readMarker(table: Pick<TableSchema, 'database' | 'name'>, image: RowImage): Marker | null {
  if (tableName(table) !== tableName(checkpointTable) || image.after === null) return null;
  const { pipeline, part, lane, logId, logEpoch, seq, origin, path, epoch } = rowToCheckpoint(image.after);
  const takeOver = image.before === null || rowToCheckpoint(image.before).epoch !== epoch;
  return { pipeline, part, lane, logId, logEpoch, seq, origin, path, epoch, takeOver };
}
