/** What bounds a chunk: bytes, time, and what happens to its table. */
import { SyncError } from '@lutra/model';
import { orAborted, sleep } from '@lutra/runtime';
import type { SeedSession } from './seed-session.js';

/** Values of one chunk. */
export const chunkBytes = 4 * 1024 * 1024;

/** Locks are not held longer for a place, and not taken while capture is further behind. */
export const heldMs = 5_000;
const heldLagMs = 2_000;

/** @throws SyncError SEED_WAITS, ABORTED */
export async function nearEnough(lagMs: () => number | null, signal: AbortSignal): Promise<void> {
  for (let waited = 0; (lagMs() ?? 0) > heldLagMs; waited += 100) {
    if (waited > 30_000) throw new SyncError('SEED_WAITS', `capture is ${lagMs()} ms behind: rows would be locked for so long`);
    await sleep(100, signal);
  }
}

/** Nothing of it was published: it is to be read anew. */
export class ChunkDiscarded extends Error {
  readonly isTooLarge: boolean;

  constructor(why: string, isTooLarge: boolean) {
    super(why);
    this.isTooLarge = isTooLarge;
  }
}

/** How many of the rows are to be read at once; one at least. */
export async function fitting(session: SeedSession, sql: string, most: number): Promise<number> {
  const rows = await session.query(sql);
  let sum = 0;
  const count = rows.findIndex(({ bytes }) => (sum += Number(bytes)) > chunkBytes);
  return Math.max(1, count === -1 ? most : count);
}

export async function within<T>(promise: Promise<T>, ms: number, signal: AbortSignal): Promise<T> {
  const limit = AbortSignal.timeout(ms);
  try {
    return await orAborted(promise, AbortSignal.any([signal, limit]));
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error;
    throw new SyncError('SEED_WAITS', 'the binlog reader did not come by while rows were locked');
  }
}
