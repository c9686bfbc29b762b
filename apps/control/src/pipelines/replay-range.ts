/**
 * What a rewind would replay, read once before anything is changed. Pure. It follows the log from the position to the checkpoint by the
 * same rule as the loader, so that the position is proven; and it finds what cannot be replayed:
 * - a schema change of its tables: rows of the old definition would meet the new one, and rows that a TRUNCATE removed would come back;
 * - tables that left the topic and came back: what happened to them meanwhile is not in it, so old versions of their rows would stay. One
 *   that is suspended is not among them: the pipeline leaves its rows out in a replay, too, and it comes back only by leaving the routes.
 */
import { admit, SyncError } from '@lutra/model';
import type { DdlRecord, ResumePosition, LogRecord, LogState, TableSchema } from '@lutra/model';

/** The record that the checkpoint names. */
export interface Anchor {
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
}

export class ReplayRange {
  readonly #what: string;
  readonly #concerns: (record: DdlRecord) => boolean;
  readonly #tables = new Set<TableSchema>();
  #state: LogState;
  /** Of the last valid record. */
  #epoch: number;
  #routes: string | null = null;
  #nextOffset: number;

  /** @param concerns whether a schema change is about tables of the pipeline; any other one was passed */
  constructor(what: string, from: ResumePosition, concerns: (record: DdlRecord) => boolean) {
    this.#what = what;
    this.#concerns = concerns;
    this.#epoch = from.epoch;
    this.#nextOffset = from.nextOffset;
    this.#state = { log: from.log, epoch: from.epoch, seq: from.seq === -1 ? null : from.seq };
  }

  /** Behind the last record that was added. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Tables of the source that have rows in it. */
  get tables(): ReadonlySet<TableSchema> {
    return this.#tables;
  }

  /** @throws SyncError CONFIG_INVALID (cannot be replayed), LOG_GAP, LOG_FOREIGN, LOG_TRUNCATED, RECORD_INVALID */
  add(record: LogRecord): void {
    const { header, body, offset } = record;
    const { verdict, state } = admit(this.#state, header, offset);
    this.#state = state;
    this.#nextOffset = offset + 1;
    // A new leader goes on with the next seq; a repetition is of the leader that wrote it first.
    if (verdict === 'duplicate' && header.epoch !== this.#epoch)
      throw this.#gap(`offset ${offset}: seq ${header.seq} comes again in epoch ${header.epoch}`);
    if (verdict !== 'valid') return;
    this.#epoch = header.epoch;
    if (body.kind === 'row') this.#tables.add(body.table);
    if (body.kind === 'ddl' && this.#concerns(body)) throw this.#refused(header.seq, `a schema change (${body.statement})`);
    if (body.kind !== 'routes') return;
    const routes = [...body.tables].sort().join();
    if (this.#routes !== null && this.#routes !== routes) throw this.#refused(header.seq, 'a change of the tables that the topic holds');
    this.#routes = routes;
  }

  /** @throws SyncError LOG_TRUNCATED if it does not end at the record that the checkpoint names */
  end({ log, epoch, seq }: Anchor): void {
    const at = this.#state;
    if (at.log === log && this.#epoch === epoch && at.seq === seq) return;
    throw new SyncError(
      'LOG_TRUNCATED',
      `${this.#what}: seq ${at.seq} (epoch ${this.#epoch}) of log ${at.log} is where the checkpoint has seq ${seq} (epoch ${epoch}) of log ${log}`,
      { details: { seq: at.seq, expected: seq } },
    );
  }

  #refused(seq: number, why: string): SyncError {
    return new SyncError('CONFIG_INVALID', `${this.#what}: seq ${seq} is ${why}; rewind to ${seq} or later`, { details: { seq } });
  }

  #gap(why: string): SyncError {
    return new SyncError('LOG_GAP', `${this.#what}: ${why}`);
  }
}
