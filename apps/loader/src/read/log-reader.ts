/**
 * Records of a topic → whole source transactions. Pure. It applies the epoch and seq rule from the checkpoint on, and says when the
 * transaction that is open must be discarded: its leader was replaced before the last row, and the next leader publishes it again.
 *
 * Reading starts one record before the next offset: the record there must be the one that the checkpoint names. Without that look a
 * topic that was cut and written again would be read on in the middle, and what was lost would stay lost, silently.
 *
 * Where retention has just removed that record, the log begins at the next offset. What is there proves the same if it is the next record
 * of the same leader: no other wrote between them. An epoch record there proves nothing, so it is refused. Counter-example: seq 4, 5 were
 * lost and another leader wrote others as 4, 5 in their place; then the log begins with the epoch record of a third, and seq 6 would follow
 * 5 as if nothing had happened.
 */
import type { Checkpoint } from '@lutra/marker';
import { admit, SyncError } from '@lutra/model';
import type { ControlRecord, LogRecord, LogState, RowEvent, TableSchema } from '@lutra/model';

export interface RecordPosition {
  readonly log: string;
  readonly logEpoch: number;
  readonly seq: number;
  readonly nextOffset: number;
}

export type Step =
  | { readonly kind: 'row'; readonly table: TableSchema; readonly event: RowEvent; readonly position: RecordPosition }
  /** A valid record that carries no row. */
  | { readonly kind: 'control'; readonly control: ControlRecord; readonly position: RecordPosition }
  /** A valid record of a kind that a later level added, and that may be passed by. */
  | { readonly kind: 'passed'; readonly position: RecordPosition }
  /** The open transaction is void. */
  | { readonly kind: 'discard' }
  | { readonly kind: 'nothing' };

export class LogReader {
  readonly #what: string;
  readonly #expected: Pick<Checkpoint, 'logId' | 'logEpoch' | 'seq' | 'nextOffset'> | null;
  /** The record before our position is gone, and the log begins at it. */
  readonly #lookLost: boolean;
  #state: LogState;
  #verified: boolean;
  /** Order number of the open transaction's last row; 0 when none is open. */
  #order = 0;

  /** `logStart`: the first offset that the broker has now. */
  constructor(what: string, checkpoint: Pick<Checkpoint, 'logId' | 'logEpoch' | 'seq' | 'nextOffset'>, logStart = 0) {
    this.#what = what;
    this.#lookLost = checkpoint.nextOffset > 0 && checkpoint.nextOffset === logStart;
    this.#expected = checkpoint.nextOffset > 0 ? checkpoint : null;
    this.#verified = this.#expected === null;
    this.#state = { log: checkpoint.logId, epoch: checkpoint.logEpoch, seq: this.#expected ? checkpoint.seq : null };
  }

  /** Where to subscribe. */
  get startOffset(): number {
    return this.#expected ? this.#expected.nextOffset - (this.#lookLost ? 0 : 1) : 0;
  }

  /** @throws SyncError LOG_FOREIGN, LOG_TRUNCATED, LOG_GAP, LOG_START_LOST, RECORD_INVALID */
  accept(record: LogRecord): Step {
    if (!this.#verified) {
      if (!this.#lookLost) return this.#verify(record);
      if (!this.#follows(record)) return { kind: 'nothing' };
    }
    const { verdict, state } = admit(this.#state, record.header, record.offset);
    this.#state = state;
    switch (verdict) {
      case 'valid':
        return this.#valid(record);
      case 'epoch': {
        const wasOpen = this.#order > 0;
        this.#order = 0;
        return wasOpen ? { kind: 'discard' } : { kind: 'nothing' };
      }
      case 'anew':
        throw this.#broken(record, 'everything before it is void');
      case 'void':
      case 'duplicate':
        return { kind: 'nothing' };
    }
  }

  #verify(record: LogRecord): Step {
    const expected = this.#expected;
    const { header } = record;
    // An epoch record has no log id: a leader wrote it where the checkpoint's record was before the tail was lost.
    if (expected && header.kind !== 'epoch' && header.log !== expected.logId) {
      throw new SyncError(
        'LOG_FOREIGN',
        `${this.#what}: offset ${record.offset} has log id ${header.log}, the checkpoint ${expected.logId}`,
        { details: { offset: record.offset } },
      );
    }
    if (expected && (header.seq !== expected.seq || header.epoch !== expected.logEpoch)) {
      throw new SyncError(
        'LOG_TRUNCATED',
        `${this.#what}: offset ${record.offset} has seq ${header.seq} (epoch ${header.epoch}), the checkpoint seq ${expected.seq} (epoch ${expected.logEpoch})`,
        {
          details: { offset: record.offset, seq: header.seq, expected: expected.seq },
        },
      );
    }
    this.#verified = true;
    return { kind: 'nothing' };
  }

  /** Whether this is a record of the leader whose record we know, so that the rule can decide; false: one that is void. */
  #follows({ header, offset }: LogRecord): boolean {
    const { logEpoch = -1, seq = -1 } = this.#expected ?? {};
    if (header.epoch < logEpoch || (header.kind === 'epoch' && header.epoch === logEpoch)) return false;
    this.#verified = header.epoch === logEpoch;
    if (this.#verified) return true;
    throw new SyncError(
      'LOG_START_LOST',
      `${this.#what}: the record before offset ${offset} was removed, and the one there (epoch ${header.epoch}) does not prove that it follows seq ${seq} (epoch ${logEpoch})`,
      { details: { offset, seq } },
    );
  }

  #valid(record: LogRecord): Step {
    const { header, body } = record;
    const position: RecordPosition = { log: header.log, logEpoch: header.epoch, seq: header.seq, nextOffset: record.offset + 1 };
    if (body.kind !== 'row') {
      if (this.#order > 0) throw this.#broken(record, `a ${body.kind} record inside a transaction`);
      return body.kind === 'unknown' ? { kind: 'passed', position } : { kind: 'control', control: body, position };
    }
    const { totalOrder, last } = body.event.transaction;
    if (totalOrder !== this.#order + 1) throw this.#broken(record, `row ${totalOrder} of its transaction follows row ${this.#order}`);
    this.#order = last ? 0 : totalOrder;
    return { kind: 'row', table: body.table, event: body.event, position };
  }

  #broken(record: LogRecord, why: string): SyncError {
    return new SyncError('RECORD_INVALID', `${this.#what}: offset ${record.offset}: ${why}`, {
      details: { offset: record.offset, seq: record.header.seq },
    });
  }
}
