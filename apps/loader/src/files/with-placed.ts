/** A target transaction with the files of its rows: staged, placed, committed; or taken back. */
import { toSyncError } from '@lutra/model';
import type { SqlText } from '@lutra/mysql';
import type { CommitFiles, Placing, TransactionFiles } from './commit-files.js';

/**
 * Nobody knows whether its COMMIT took effect: what was placed stays, and the next take-over asks the target. All other failures of a
 * target transaction leave nothing of it there.
 */
export function isUnknown(thrown: unknown): boolean {
  return ['TARGET_UNAVAILABLE', 'ABORTED', 'INTERNAL'].includes(toSyncError(thrown).code);
}

/** No lock is held. `work`: runs `sql` in its transaction, and commits. @throws SyncError as it, CommitFiles.ready and place */
export async function withPlaced<T>(
  files: Pick<CommitFiles, 'ready' | 'place' | 'committed' | 'takeBack'>,
  named: TransactionFiles,
  work: (sql: readonly SqlText[]) => Promise<T>,
): Promise<T> {
  let placing = await files.place(named);
  for (; placing === 'again'; placing = await files.place(named)) await files.ready([{ files: named }]);
  if (!placing) return work([]);
  const { sql } = placing;
  return placedWith(files, placing, () => work(sql));
}

/** `work`: the transaction of what is placed. */
export async function placedWith<T>(
  files: Pick<CommitFiles, 'committed' | 'takeBack'>,
  placing: Placing,
  work: () => Promise<T>,
): Promise<T> {
  let done: T;
  try {
    done = await work();
  } catch (error) {
    if (!isUnknown(error)) await files.takeBack(placing);
    throw error;
  }
  files.committed(placing);
  return done;
}
