/**
 * Who may write a pipeline's partition: the loader whose epoch stands in its checkpoint rows. Take-over is one transaction in the
 * database: it waits for whoever holds the rows, and from then on the old owner's fence fails, also when it wakes from a long sleep.
 */
import { createStatement, readStatement, routesStatement, rowToCheckpoint, takeOverStatement } from '@lutra/marker';
import type { AppliedRoutes, Checkpoint } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import { Session } from './session.js';
import { columnCannotBeNull } from './sql-text.js';
import { leftStatements } from './unequal-tables.js';
import type { ConnectionOptions, Queries, ResultRow } from './session-options.js';

export interface TakeOver {
  /** Its uid. */
  readonly pipeline: string;
  /** For messages. */
  readonly name?: string;
  readonly part: number;
  /** Lanes share a partition; only one exists so far. */
  readonly lanes?: 1;
  /** Number of the lease under which we work: the epoch becomes greater. */
  readonly lease: number;
  /** Only if the pipeline is known never to have applied anything: a row that was lost must not begin anew. */
  readonly mayCreate: boolean;
}

export interface TakenOver {
  readonly checkpoint: Checkpoint;
  /** The row did not exist: nothing was applied yet. */
  readonly created: boolean;
}

/**
 * Raises the epoch above all of the rows' epochs and the lease, and returns lane 0 as it is then. Also needed after each lost
 * connection: the old text may still be at work.
 * @throws SyncError CHECKPOINT_MISSING, CHECKPOINT_INVALID, TARGET_BUSY (the old owner holds the row: try again), TARGET_*
 */
export async function takeOver(target: ConnectionOptions | Queries, options: TakeOver): Promise<TakenOver> {
  return through(target, (queries) => takeOverThrough(queries, options));
}

/**
 * Whoever owns a pipeline's rows fails at its fence from here on, and nobody owns them. A pipeline without rows has no owner. What it has
 * said of tables ends too: nobody seeds or repairs them for it.
 * @throws SyncError TARGET_BUSY (the owner holds the rows: try again), CHECKPOINT_INVALID, TARGET_*
 */
export async function fence(target: ConnectionOptions | Queries, pipeline: string): Promise<void> {
  await through(target, async (queries) => {
    const options = { pipeline, part: 0, lease: 0, mayCreate: false };
    await takeOverThrough(queries, options).catch((error: unknown) => {
      if (toSyncError(error).code !== 'CHECKPOINT_MISSING') throw error;
    });
    for (const statement of leftStatements(pipeline))
      await queries.query(statement).catch((error: unknown) => {
        if (!['TABLE_MISSING', 'TARGET_DENIED'].includes(toSyncError(error).code)) throw error; // an older lutra.sql, or other rights
      });
  });
}

/** Null if the pipeline has no row. Says what was applied, but nothing about a text that is still at work: see takeOver. */
export async function readCheckpoint(target: ConnectionOptions | Queries, pipeline: string, part: number): Promise<Checkpoint | null> {
  return through(target, (queries) => read(queries, { pipeline, part }));
}

/**
 * Writes into the row of which configuration the routes are that its owner applies by.
 * @throws SyncError FENCED when the row has another owner; CHECKPOINT_INVALID, TARGET_*
 */
export async function sayRoutes(
  target: ConnectionOptions | Queries,
  { pipeline, part, epoch, routes }: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'> & { readonly routes: AppliedRoutes },
): Promise<void> {
  await through(target, async (queries) => void (await ask(queries, routesStatement({ pipeline, part, epoch }, routes))));
}

/** On a connection of its own, unless one is given. */
export async function through<T>(target: ConnectionOptions | Queries, work: (queries: Queries) => Promise<T>): Promise<T> {
  if ('query' in target) return work(target);
  const session = await Session.open(target, 'target');
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}

async function takeOverThrough(queries: Queries, options: TakeOver): Promise<TakenOver> {
  await queries.query('BEGIN');
  try {
    const created = await raise(queries, options);
    const checkpoint = await read(queries, options);
    if (!checkpoint) throw missing(options);
    await queries.query('COMMIT');
    return { checkpoint, created };
  } catch (error) {
    await queries.query('ROLLBACK').catch(() => undefined); // a connection that cannot is broken, and the server rolls back
    throw error;
  }
}

async function raise(queries: Queries, { pipeline, name, part, lease, mayCreate }: TakeOver): Promise<boolean> {
  const rows = (await ask(queries, readStatement(pipeline, part, { forUpdate: true }))).map(rowToCheckpoint);
  const epoch = Math.max(lease, ...rows.map((row) => row.epoch)) + 1;
  if (rows.length > 0) {
    await ask(queries, takeOverStatement(pipeline, part, epoch));
    return false;
  }
  if (!mayCreate) throw missing({ pipeline, name, part });
  await ask(queries, createStatement({ pipeline, part, lane: 0, epoch }));
  return true;
}

async function read(queries: Queries, { pipeline, part }: Pick<TakeOver, 'pipeline' | 'part'>): Promise<Checkpoint | null> {
  const rows = await ask(queries, readStatement(pipeline, part));
  return rows.map(rowToCheckpoint).find((row) => row.lane === 0) ?? null;
}

/** A statement on lutra.checkpoint, or behind one in its transaction. */
export async function ask(queries: Queries, sql: string): Promise<readonly ResultRow[]> {
  try {
    return await queries.query(sql);
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    if (error.code === 'ROW_CONFLICT')
      throw new SyncError('TARGET_BUSY', 'another loader created the checkpoint row just now', { details: error.details });
    // A fence that fails writes NULL into a column that takes none; nothing else here does.
    if (error.refused.errno === columnCannotBeNull)
      throw new SyncError('FENCED', 'the checkpoint row has another owner', { details: error.details });
    const wrong = error.code === 'TABLE_MISSING' || error.code === 'COLUMN_MISSING';
    throw wrong
      ? new SyncError('CHECKPOINT_INVALID', `${error.message}; compare the table with schemas/lutra.sql`, { details: error.details })
      : error;
  }
}

function missing({ pipeline, name, part }: Pick<TakeOver, 'pipeline' | 'name' | 'part'>): SyncError {
  const who = name === undefined ? pipeline : `${name} (uid ${pipeline})`;
  return new SyncError('CHECKPOINT_MISSING', `lutra.checkpoint has no row for ${who}, partition ${part}`, {
    details: { pipeline: name ?? pipeline, uid: pipeline, part },
  });
}
