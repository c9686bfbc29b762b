/** What bounds a chunk: bytes, time, and what happens to its table. */
import { SyncError } from '@lutra/model';
import { orAborted } from '@lutra/runtime';
import type { SeedSession } from './seed-session.js';

/** Values of one chunk. */
export const chunkBytes = 4 * 1024 * 1024;

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
