/**
 * Which positions of a log a pipeline may go on from, found from a piece of it: behind a record that ends a transaction, or behind a
 * control record. Pure.
 *
 * A piece that begins in the middle says neither which epoch it is in nor whether its first rows begin a transaction. Three things break
 * the naive reading of it: rows at its beginning are the middle of a transaction, so behind them is no position before the first `last`; a
 * leader that was replaced may have written late, so a record can be void although no epoch record in the piece says so; and of two pieces
 * of the log between which something is missing only the later one can be read on from. So each position is held against what follows:
 * records of a higher epoch without an epoch record, or a seq that does not follow, take back all positions before them. What is left
 * follows without a hole up to the end of the piece.
 *
 * Not recognised is a late request of a replaced leader at the very end of a piece, with nothing valid after it or before it: a leader gets
 * at most two requests in after its replacement (one in flight, one handed over), so a piece that begins some ten thousand records before a
 * position decides about it.
 */
import { announcedBy } from './replicated.js';
import type { Announced } from './replicated.js';
import type { FilePosition, Position } from './position.js';
import type { LogRecord, RecordBody } from './record.js';
import type { RowSource } from './transaction.js';

export interface ResumePosition {
  readonly log: string;
  readonly epoch: number;
  /** Of the last record before the position; −1 at the beginning of a log. */
  readonly seq: number;
  readonly nextOffset: number;
  /** Of the transaction before it; null behind a control record, and at a beginning. */
  readonly source: RowSource | null;
}

/** What the record before a position says of the source. */
export interface ScannedPosition extends ResumePosition {
  readonly kind: RecordBody['kind'];
  /** All that was committed before is in the log before: of heartbeats and the like; else null. */
  readonly position: Position | null;
  /** Of a transaction: where it ends in the binlog. */
  readonly end: FilePosition | null;
  readonly announced: Announced | null;
}

export interface FirstRecord {
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
  readonly offset: number;
  /** Number of the row in its transaction, from 1; 0: a control record. */
  readonly order: number;
}

export class LogScan {
  #positions: ScannedPosition[] = [];
  #first: FirstRecord | null = null;
  #epoch = -1;
  #seq = -1;
  /** No record of the epoch was read yet. */
  #opened = false;

  /** Records in their order. */
  add(record: LogRecord): void {
    const { header } = record;
    if (header.kind === 'epoch') {
      if (header.epoch <= this.#epoch) return;
      this.#epoch = header.epoch;
      this.#opened = true;
      return;
    }
    if (header.epoch < this.#epoch) return;
    if (this.#first && header.epoch === this.#epoch && !this.#opened && header.seq <= this.#seq) return; // written twice
    // The new leader of an epoch goes on with the next seq; so does every other record.
    if (!this.#first || header.epoch > this.#epoch || header.seq !== this.#seq + 1) this.#begin(record);
    this.#epoch = header.epoch;
    this.#seq = header.seq;
    this.#opened = false;
    this.#position(record);
  }

  /** The first record that counts. */
  get first(): FirstRecord | null {
    return this.#first;
  }

  /** All that follow one another without a hole up to the end of the piece. */
  get positions(): readonly ScannedPosition[] {
    return this.#positions;
  }

  /** The last position at or before a seq. */
  positionAt(seq: number): ResumePosition | null {
    return this.#positions.findLast((position) => position.seq <= seq) ?? null;
  }

  /** The position before the first record, if a transaction begins there. Only of a piece from the start of the log on. */
  beginning(logStart: number): ResumePosition | null {
    const first = this.#first;
    if (!first || first.order > 1) return null;
    if (logStart === 0 && first.seq === 0) return { log: first.log, epoch: -1, seq: -1, nextOffset: 0, source: null };
    return logStart === 0 ? null : { log: first.log, epoch: first.epoch, seq: first.seq - 1, nextOffset: logStart, source: null };
  }

  /** The first position behind a record: where the first whole transaction begins, if the piece begins in the middle of one. */
  get firstPosition(): ResumePosition | null {
    return this.#positions[0] ?? null;
  }

  #begin({ offset, header: { log, epoch, seq }, body }: LogRecord): void {
    this.#positions = [];
    this.#first = { log, epoch, seq, offset, order: body.kind === 'row' ? body.event.transaction.totalOrder : 0 };
  }

  #position({ offset, header: { log, epoch, seq }, body }: LogRecord): void {
    if (body.kind === 'row' && !body.event.transaction.last) return;
    this.#positions.push({
      log,
      epoch,
      seq,
      nextOffset: offset + 1,
      kind: body.kind,
      source: body.kind === 'row' ? body.event.source : null,
      end: body.kind === 'row' ? body.event.transaction.end : null,
      position: 'position' in body ? body.position : null,
      announced: body.kind === 'routes' ? announcedBy(body) : null,
    });
  }
}
