/**
 * What one ownership tries again by itself when a run fails: a table whose definition at the target refuses it is suspended, where the
 * channel says so.
 */
import type { TableName } from '@lutra/model';
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
  readonly live: Pick<LiveWork<Pick<LoaderWork, 'onUnsupported'>>, 'newest'>;
}

/** Resolves when a run ends in order. @throws what a run throws that is not tried again */
export async function withRecovery(run: Run, { ownership, live }: Recovery): Promise<void> {
  for (let refused: Refused | null = null; ;) {
    const { newest } = live;
    try {
      return await run({ ...ownership, refused });
    } catch (thrown) {
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
