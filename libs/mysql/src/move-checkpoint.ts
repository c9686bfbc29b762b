/**
 * An operator moves a pipeline's checkpoint: one transaction at the target, which waits for whoever holds the row. It raises the epoch
 * above all, so that a loader that is at work fails at its fence, reads the row again and goes on from the new position. There is nothing
 * else to carry out: a crash before COMMIT changes nothing, one after it leaves a row that every loader follows.
 */
import { createStatement, moveStatement, readStatement, rowToCheckpoint } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { SyncError } from '@lutra/model';
import { ask, through } from './ownership.js';
import type { ConnectionOptions, Queries } from './session-options.js';

/** What a checkpoint says of the log and of the source, and up to where the rest of the log was applied before. */
export type Destination = Omit<Checkpoint, 'pipeline' | 'part' | 'lane' | 'epoch' | 'n'>;

export interface Move {
  readonly pipeline: string;
  readonly part: number;
  /**
   * From the row as it is while nobody else can change it; null: there is none, and one is made. What it throws leaves everything as it is.
   */
  destination(current: Checkpoint | null): Destination | Promise<Destination>;
  /** Statements of the same transaction, made when `destination` has been. */
  also?(): readonly string[];
}

/**
 * @throws SyncError CHECKPOINT_INVALID, TARGET_BUSY (a transaction holds the row for longer than we wait), TARGET_*, and what destination()
 * throws
 */
export async function moveCheckpoint(target: ConnectionOptions | Queries, move: Move): Promise<void> {
  await through(target, async (queries) => {
    await queries.query('BEGIN');
    try {
      await moveThrough(queries, move);
      await queries.query('COMMIT');
    } catch (error) {
      await queries.query('ROLLBACK').catch(() => undefined); // a connection that cannot is broken, and the server rolls back
      throw error;
    }
  });
}

async function moveThrough(queries: Queries, { pipeline, part, destination, also }: Move): Promise<void> {
  const rows = (await ask(queries, readStatement(pipeline, part, { forUpdate: true }))).map(rowToCheckpoint);
  const to = await destination(rows.find((row) => row.lane === 0) ?? null);
  // A row that is gone tells nothing of the epochs that were used; the time lies above whatever counting has reached.
  const epoch = rows.length === 0 ? Date.now() : Math.max(...rows.map((row) => row.epoch)) + 1;
  if (!Number.isSafeInteger(epoch)) throw new SyncError('CHECKPOINT_INVALID', `the epoch of ${pipeline} cannot be raised`);
  if (rows.length === 0) await ask(queries, createStatement({ pipeline, part, lane: 0, epoch }));
  await ask(queries, moveStatement({ ...to, pipeline, part, epoch }));
  for (const sql of also?.() ?? []) await ask(queries, sql);
}
