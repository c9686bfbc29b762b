/**
 * What one ownership tries again by itself when a run fails:
 *
 * 1. A table whose definition at the target refuses it is suspended, where the channel says so.
 * 2. A large transaction that meets a conflict was written in part when that comes to light: it begins once more, and is resolved row by
 *    row. So does each one that met one in this run, until they are committed. To know the last one only is not enough; counter-example:
 *    capture was replaced in the middle of one, so its first half is in the log, void, and then all of it, under another seq. Each half of
 *    the time the other one would not be known, for ever.
 */
import { toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import type { LiveWork } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';
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
  /** First seqs of large transactions that met a conflict before. */
  readonly resolved: ReadonlySet<number>;
}

type Run = (attempt: Attempt) => Promise<void>;

interface Recovery {
  readonly ownership: Ownership;
  readonly live: Pick<LiveWork<Pick<LoaderWork, 'onUnsupported'>>, 'newest'>;
  readonly logger: Pick<Logger, 'info'>;
}

/** Resolves when a run ends in order. @throws what a run throws that is not tried again */
export async function withRecovery(run: Run, { ownership, live, logger }: Recovery): Promise<void> {
  for (let refused: Refused | null = null; ;) {
    const { newest } = live;
    try {
      return await untilResolved(run, { ...ownership, refused, resolved: new Set() }, logger);
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

async function untilResolved(run: Run, attempt: Attempt, logger: Recovery['logger']): Promise<void> {
  const resolved = new Set<number>();
  for (;;) {
    try {
      return await run({ ...attempt, resolved });
    } catch (thrown) {
      const { conflict, transaction } = toSyncError(thrown).refused;
      if (!conflict || !transaction || resolved.has(transaction.seq) || attempt.signal.aborted) throw thrown;
      const { seq } = transaction;
      resolved.add(seq);
      logger.info({ seq }, 'a large transaction met a conflict: it begins once more, and is resolved row by row');
    }
  }
}
