/**
 * The loader's half: all SQL on `lutra.checkpoint`. The statement that opens every target transaction moves the checkpoint, leaves the
 * marker and is the fence.
 *
 * - `epoch = IF(…, E, NULL)` on a NOT NULL column raises error 1048 in strict mode when another loader owns the row: nothing after it
 *   in the text runs. It raises nothing when the row is missing, so whoever sends it checks that one row matched.
 * - The position must move forward, else the fence fails as well. Counter-example without that: COMMIT's answer is lost, the loader reads
 *   the old checkpoint on a new connection while the server still works on the old text, and sends the same transaction again with the same
 *   epoch: twice applied.
 * - `n = n + 1`: an update that changes nothing leaves no row event, and the copy would go back where it came from.
 *
 * Every literal is validated against the narrow alphabets of schemas/lutra.sql, so that nothing needs escaping.
 */
import { SyncError } from '@lutra/model';
import { checkpointColumns, routesText } from './checkpoint.js';
import type { AppliedRoutes, Checkpoint } from './checkpoint.js';

/** Where the row is, who writes it, and whose transaction it marks. */
export type CheckpointKey = Pick<Checkpoint, 'pipeline' | 'part' | 'lane' | 'epoch' | 'origin' | 'path'>;

/**
 * Moves the position, and leaves `replay_until` alone; `seq` or `nextOffset` must be greater than the row's. The first statement of a
 * target transaction, and the last one of a large one.
 * @throws SyncError CHECKPOINT_INVALID for a value that the table cannot hold
 */
export function checkpointStatement(checkpoint: Checkpoint): string {
  const { epoch, seq, nextOffset } = checkpoint;
  const assignments = [
    `epoch = IF(epoch = ${integer('epoch', epoch)} AND (seq < ${integer('seq', seq)} OR next_offset < ${integer('next_offset', nextOffset)}), ${epoch}, NULL)`,
    'n = n + 1',
    ...positionOf(checkpoint),
  ];
  return `UPDATE lutra.checkpoint SET ${assignments.join(', ')}${where(checkpoint)}`;
}

/**
 * Fence and marker only; the position stays. The first statement of a large transaction, whose end is not known yet.
 * @throws SyncError CHECKPOINT_INVALID for a value that the table cannot hold
 */
export function openingStatement(key: CheckpointKey): string {
  const fence = `epoch = IF(epoch = ${integer('epoch', key.epoch)}, ${key.epoch}, NULL)`;
  return `UPDATE lutra.checkpoint SET ${[fence, 'n = n + 1', ...originOf(key)].join(', ')}${where(key)}`;
}

/**
 * The rows of a pipeline's partition, one per lane, in lane order, with columns that only a later level has. `forUpdate` waits for whoever
 * works on them.
 */
export function readStatement(pipeline: string, part: number, options: { readonly forUpdate?: boolean } = {}): string {
  const select = `SELECT * FROM lutra.checkpoint${where({ pipeline, part })} ORDER BY lane`;
  return options.forUpdate === true ? `${select} FOR UPDATE` : select;
}

/** Log and seq up to which a pipeline's partition is applied, read beside whoever works on it. */
export function checkpointProgress(pipeline: string, part = 0): string {
  return `SELECT log_id, seq FROM lutra.checkpoint${where({ pipeline, part, lane: 0 })}`;
}

/** A new owner for all rows of a pipeline's partition; positions stay. `epoch` must be above all of theirs. */
export function takeOverStatement(pipeline: string, part: number, epoch: number): string {
  return `UPDATE lutra.checkpoint SET epoch = ${integer('epoch', epoch)}, n = n + 1${where({ pipeline, part })}`;
}

/**
 * Says under which routes the owner works. Marker and fence as everywhere; positions stay.
 * @throws SyncError CHECKPOINT_INVALID for a value that the table cannot hold
 */
export function routesStatement(
  key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>,
  { revision, write, fingerprint }: AppliedRoutes,
): string {
  const fence = `epoch = IF(epoch = ${integer('epoch', key.epoch)}, ${key.epoch}, NULL)`;
  const routes = `routes = ${quote('routes', `${integer('routes', revision)}:${write}:${fingerprint}`, routesText)}`;
  return `UPDATE lutra.checkpoint SET ${[fence, 'n = n + 1', routes].join(', ')}${where(key)}`;
}

/**
 * Fence and marker alone, in front of what an owner writes without going on in the log. @throws SyncError CHECKPOINT_INVALID for a value
 * that the table cannot hold
 */
export function checkpointFence(key: Pick<Checkpoint, 'pipeline' | 'part' | 'epoch'>): string {
  const fence = `epoch = IF(epoch = ${integer('epoch', key.epoch)}, ${key.epoch}, NULL)`;
  return `UPDATE lutra.checkpoint SET ${fence}, n = n + 1${where(key)}`;
}

/**
 * Puts the position where an operator wants it, also back, and takes the row from whoever owns it: `epoch` must be above all of the rows'
 * epochs.
 * @throws SyncError CHECKPOINT_INVALID for a value that the table cannot hold
 */
export function moveStatement(checkpoint: Omit<Checkpoint, 'lane' | 'n'>): string {
  const { pipeline, part, epoch, replayUntil } = checkpoint;
  const assignments = [
    `epoch = ${integer('epoch', epoch)}`,
    'n = n + 1',
    ...positionOf(checkpoint),
    `replay_until = ${integer('replay_until', replayUntil)}`,
  ];
  return `UPDATE lutra.checkpoint SET ${assignments.join(', ')}${where({ pipeline, part })}`;
}

/** The row of a pipeline that has applied nothing yet. */
export function createStatement(key: Pick<Checkpoint, 'pipeline' | 'part' | 'lane' | 'epoch'>): string {
  const names = [quotePipeline(key.pipeline), integer('part', key.part), integer('lane', key.lane)];
  const nothingApplied = ["''", -1, -1, 0, 'NULL', 0, "''", "''"];
  const values = [...names, ...nothingApplied, integer('epoch', key.epoch), 0, -1, "''"];
  return `INSERT INTO lutra.checkpoint (${checkpointColumns.join(', ')}) VALUES (${values.join(', ')})`;
}

function where({ pipeline, part, lane }: Pick<Checkpoint, 'pipeline' | 'part'> & { readonly lane?: number }): string {
  const all = ` WHERE pipeline = ${quotePipeline(pipeline)} AND part = ${integer('part', part)}`;
  return lane === undefined ? all : `${all} AND lane = ${integer('lane', lane)}`;
}

type ResumePosition = Pick<Checkpoint, 'logId' | 'logEpoch' | 'seq' | 'nextOffset' | 'gtid' | 'sourceUs' | 'origin' | 'path'>;

function positionOf(position: ResumePosition): readonly string[] {
  return [
    `log_id = ${quote('log_id', position.logId, /^[0-9A-Za-z-]{0,36}$/)}`,
    `log_epoch = ${integer('log_epoch', position.logEpoch)}`,
    `seq = ${integer('seq', position.seq)}`,
    `next_offset = ${integer('next_offset', position.nextOffset)}`,
    `gtid = ${position.gtid === null ? 'NULL' : quote('gtid', position.gtid, /^[0-9A-Za-z_:,.-]{0,200}$/)}`,
    `source_us = ${integer('source_us', position.sourceUs)}`,
    ...originOf(position),
  ];
}

function originOf({ origin, path }: Pick<Checkpoint, 'origin' | 'path'>): readonly string[] {
  return [
    `origin = ${quote('origin', origin, /^[0-9A-Za-z_-]{0,48}$/)}`,
    `path = ${quote('path', path.join(','), /^[0-9A-Za-z_,-]{0,1000}$/)}`,
  ];
}

function quotePipeline(pipeline: string): string {
  return quote('pipeline', pipeline, /^[0-9A-Za-z._:-]{1,64}$/);
}

function integer(column: string, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw new SyncError('CHECKPOINT_INVALID', `lutra.checkpoint.${column} is not a whole number`, { details: { column } });
}

function quote(column: string, value: string, alphabet: RegExp): string {
  if (alphabet.test(value)) return `'${value}'`;
  throw new SyncError('CHECKPOINT_INVALID', `lutra.checkpoint.${column} is too long or has characters other than ${alphabet.source}`, {
    details: { column },
  });
}
