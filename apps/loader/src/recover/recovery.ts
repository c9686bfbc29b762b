/**
 * What one ownership tries again by itself when a run fails: a table whose definition at the target refuses it is suspended, where the
 * channel says so. And a table of the target that is not what it was any more: that is ordinary where people alter it, so the next run
 * begins at once, and nobody is paged.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError, TableName } from '@lutra/model';
import type { LiveWork } from '@lutra/runtime';
import type { LoaderWork } from '../assignments.js';
import { refusedTable } from '../plan/suspensions.js';
import type { Refused } from '../plan/suspensions.js';

export interface Ownership {
  readonly leaseNumber: number;
  readonly signal: AbortSignal;
}

export interface Attempt extends Ownership {
  /** A table whose definition at the target ended the run before: it is suspended. */
  readonly refused: Refused | null;
}

type Run = (attempt: Attempt) => Promise<void>;

interface Recovery {
  readonly ownership: Ownership;
  /** A table of the target was changed, and is read again. */
  onChanged?(error: SyncError): void;
  readonly live: Pick<LiveWork<Pick<LoaderWork, 'onUnsupported'>>, 'newest'>;
}

/** Beyond that, in that time, somebody is to know of it. */
const mostChanges = 5;
const changesMs = 60_000;

/** Resolves when a run ends in order. @throws what a run throws that is not tried again */
export async function withRecovery(run: Run, { ownership, live, onChanged }: Recovery): Promise<void> {
  let changes: readonly number[] = [];
  for (let refused: Refused | null = null; ;) {
    const { newest } = live;
    try {
      return await run({ ...ownership, refused });
    } catch (thrown) {
      const error = toSyncError(thrown);
      const now = performance.now();
      changes = changes.filter((at) => now - at < changesMs);
      if (error.code === 'TARGET_CHANGED' && changes.length < mostChanges && !ownership.signal.aborted) {
        changes = [...changes, now];
        onChanged?.(error);
        continue;
      }
      const found = live.newest.onUnsupported === 'suspend' && !ownership.signal.aborted ? refusedTable(thrown) : null;
      // Refused although it is suspended: then it is another cause. An edit may have brought it back.
      if (!found || (live.newest === newest && isSame(found, refused))) throw thrown;
      refused = found;
    }
  }
}

function isSame(found: TableName, refused: TableName | null): boolean {
  return found.database === refused?.database && found.name === refused.name;
}
