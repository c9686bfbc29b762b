/**
 * The epoch and seq rule: which records of a topic are valid. Pure; capture's tail read, the loader and any exactly-once consumer share it.
 *
 * The naive way reads every record that the broker kept. Counter-example: a killed leader's last request reaches the broker after its
 * successor has read the tail and published the same transaction again: the rows would be applied twice. Hence epochs: a leader
 * publishes an epoch record first; records of an older epoch after it are void. And: the broker loses an acknowledged tail, or someone
 * recreates the topic; offsets go on as if nothing had happened. Hence a gap-free seq and a log id.
 */
import { SyncError } from './errors.js';
import type { RecordHeader } from './record.js';

export interface LogState {
  /** Empty until the first record that has one. */
  readonly log: string;
  /** The highest epoch met so far; −1 before any. */
  readonly epoch: number;
  /** seq of the last valid record; null before any is known. */
  readonly seq: number | null;
  /**
   * Retention has removed the beginning, and no epoch record was met yet: the first records may be void, written late by a leader whose
   * successor's epoch record is gone. A record of a higher epoch shows it.
   */
  readonly headless?: boolean;
}

export const freshLog: LogState = { log: '', epoch: -1, seq: null };

export type Verdict =
  /** The next valid record. */
  | 'valid'
  /** Valid, and the first: everything that was read before it was void. Only where the state is headless. */
  | 'anew'
  /** A new leader: drop the transaction that is open. */
  | 'epoch'
  /** Written by a leader that had been replaced, or a second epoch record of one number: skip it. */
  | 'void'
  /** Seen before (a retry): skip it. */
  | 'duplicate';

/**
 * Decides about the next record of a partition.
 * @throws SyncError LOG_FOREIGN (another log id), LOG_GAP (a hole in seq), RECORD_INVALID (a record of an epoch that no epoch record
 * opened)
 */
export function admit(state: LogState, header: RecordHeader, offset: number): { verdict: Verdict; state: LogState } {
  if (header.kind === 'epoch') {
    if (header.epoch <= state.epoch) return { verdict: 'void', state };
    return { verdict: 'epoch', state: { log: state.log, epoch: header.epoch, seq: state.seq } };
  }
  if (header.epoch < state.epoch) return { verdict: 'void', state };
  // A leader of a log that was deleted may wake and write into the one that was made in its place, before that has an epoch.
  if (offset === 0 && state.headless !== true) {
    throw new SyncError('RECORD_INVALID', `offset 0: a ${header.kind} record, but a log begins with an epoch record`, {
      details: { offset },
    });
  }
  if (header.epoch > state.epoch && state.epoch >= 0 && state.headless !== true) {
    throw new SyncError(
      'RECORD_INVALID',
      `offset ${offset}: epoch ${header.epoch} has no epoch record; the log is at epoch ${state.epoch}`,
      { details: { offset } },
    );
  }
  if (state.log !== '' && header.log !== state.log) {
    throw new SyncError('LOG_FOREIGN', `offset ${offset}: log id ${header.log}, expected ${state.log}`, { details: { offset } });
  }
  const valid = { log: header.log, epoch: header.epoch, seq: header.seq, ...(state.headless === true && { headless: true }) };
  if (state.headless === true && state.seq !== null && header.epoch > state.epoch) return { verdict: 'anew', state: valid };
  if (state.seq !== null && header.seq <= state.seq) return { verdict: 'duplicate', state };
  if (state.seq !== null && header.seq !== state.seq + 1) {
    throw new SyncError('LOG_GAP', `offset ${offset}: seq ${header.seq} follows ${state.seq}`, { details: { offset, seq: header.seq } });
  }
  return { verdict: 'valid', state: valid };
}
