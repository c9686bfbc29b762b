/** Changes of this side that the source had not seen when it read a row. Such a row never wins against them. */
import type { Row, Seen } from '@lutra/model';
import { askFor, keysOf, primaryConflictKey, uniqueConflictKeys } from '@lutra/mysql';
import type { Keys } from '@lutra/mysql';
import { requireToldOf } from '../conflict/detect/concurrency.js';
import type { DetectorOptions } from '../conflict/detect/detector-options.js';
import type { PreparedChunk } from './prepared-chunk.js';

/** What tells of changes here; null one way. Of each row of the chunk its conflict keys can be named. */
export interface Watch extends Pick<DetectorOptions, 'peers'> {
  readonly keys: Keys;
}

/** All is locked: what was committed here before is known from now on. @throws SyncError CAPTURE_BEHIND, TABLE_SUSPENDED */
export async function completed(
  watch: Watch | null,
  { source, target, seen, rows }: Pick<PreparedChunk, 'source' | 'target' | 'seen' | 'rows'>,
): Promise<void> {
  if (!watch) return;
  await watch.peers.complete(true);
  // Keys that have no row at the source bring no values.
  requireToldOf({ source: rows.length > 0 ? source : { ...source, columns: [] }, target }, seen, watch.peers);
}

/** Before anything is locked. */
export async function watchOf(
  { peers, collations }: Pick<DetectorOptions, 'peers' | 'collations'>,
  { source, target, rows, absent }: Pick<PreparedChunk, 'source' | 'target' | 'rows' | 'absent'>,
): Promise<Watch> {
  const keys = keysOf(source, target, collations);
  await askFor([...rows, ...absent].map((row) => [keys, row]));
  return { peers, keys };
}

/** Somebody changed the row here, or one of its unique values, in any log that is read, after what the chunk had seen. */
export function changedOf(watch: Watch | null, row: Row, seen: Seen): 'primary' | 'unique' | null {
  if (!watch) return null;
  const { peers, keys } = watch;
  const primary = primaryConflictKey(keys, row);
  if (primary !== null && peers.changedAfter(primary, seen) !== null) return 'primary';
  return uniqueConflictKeys(keys, row).some((key) => peers.changedAfter(key, seen) !== null) ? 'unique' : null;
}

/** The same of one row, whose conflict keys may not be known yet. */
export async function wasChanged(watch: Watch | null, row: Row, seen: Seen): Promise<boolean> {
  if (!watch) return false;
  await askFor([[watch.keys, row]]);
  return changedOf(watch, row, seen) !== null;
}
