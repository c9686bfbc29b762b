/**
 * What origin and path of a source transaction decide: whether this pipeline carries it on, and with which others it may share a target
 * transaction.
 */
import { SyncError, tableName } from '@lutra/model';
import type { RowEvent, TableSchema } from '@lutra/model';
import type { RecordPosition } from './log-reader.js';

export interface Direction {
  readonly targetRegion: string;
  /** The pipeline forwards what loaders wrote at the source. */
  readonly forwards: boolean;
}

/**
 * What was forwarded stands in the topic for pipelines that forward; the others get it from its origin. Through a hub it comes back to
 * where it was, too, and is passed there. What comes to the region that it names as its only one was published as new by a capture that did
 * not know it for a copy.
 * @throws SyncError LOOP_DETECTED
 */
export function isForUs(
  { targetRegion, forwards }: Direction,
  row: { table: TableSchema; event: RowEvent; position: RecordPosition },
): boolean {
  const { path } = row.event.source;
  if (path.length > 1) return forwards && !path.includes(targetRegion);
  if (path[0] !== targetRegion) return true;
  throw new SyncError(
    'LOOP_DETECTED',
    `a transaction of ${tableName(row.table)} that was first committed in ${targetRegion} came there again`,
    { details: { seq: row.position.seq } },
  );
}

/** Only transactions of one origin and path may share a target transaction: the marker has room for one. */
export function sameOrigin(a: RowEvent, b: RowEvent): boolean {
  return a.source.origin === b.source.origin && a.source.path.join() === b.source.path.join();
}
