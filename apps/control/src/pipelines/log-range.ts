/**
 * What a rewind would replay, or a skip leave out, read once before anything is changed. Pure. It follows the log from one position to the
 * other by the same rule as the loader, so that the position is proven; and it finds what cannot be replayed, nor left out:
 * - a schema change of its tables: rows of the old definition would meet the new one, and rows that a TRUNCATE removed would come back;
 * - tables that left the topic and came back: what happened to them meanwhile is not in it, so old versions of their rows would stay. One
 *   that is suspended is not among them: the pipeline leaves its rows out in a replay, too, and it comes back only by leaving the routes.
 */
import { admit, SyncError, tableName } from '@lutra/model';
import type { DdlRecord, ResumePosition, LogRecord, LogState, TableSchema } from '@lutra/model';

export interface RangeOf {
  /** Whether a schema change is about tables of the pipeline; any other one was passed. */
  concerns(record: DdlRecord): boolean;
  /** Why a record cannot be passed over. Left out: only what is said above. */
  readonly refuses?: (body: LogRecord['body']) => string | null;
  /** Whether the pipeline carries a table: its rows are counted. Left out: all are. */
  readonly carries?: (table: TableSchema) => boolean;
  /** For messages: what to do instead, at the seq of a record that is in the way. */
  readonly instead?: (seq: number) => string;
}

/** The record where it ends. */
export interface Anchor {
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
}

export class LogRange {
  readonly #what: string;
  readonly #of: RangeOf;
  /** Rows by table of the source. */
  readonly #rows = new Map<string, number>();
  #records = 0;
  #transactions = 0;
  readonly #tables = new Set<TableSchema>();
  #state: LogState;
  /** Of the last valid record. */
  #epoch: number;
  #routes: string | null = null;
  #nextOffset: number;

  constructor(what: string, from: ResumePosition, of: RangeOf) {
    this.#what = what;
    this.#of = of;
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

  /** Of all pipelines. */
  get size(): { readonly records: number; readonly transactions: number } {
    return { records: this.#records, transactions: this.#transactions };
  }

  /** Of the pipeline, by `schema.table` of the source. */
  get rows(): ReadonlyMap<string, number> {
    return this.#rows;
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
    this.#records += 1;
    if (body.kind === 'row') this.#row(body);
    const refused = this.#of.refuses?.(body) ?? null;
    if (refused !== null) throw this.#refused(header.seq, refused);
    if (body.kind === 'ddl' && this.#of.concerns(body)) throw this.#refused(header.seq, `a schema change (${body.statement})`);
    if (body.kind !== 'routes') return;
    const routes = [...body.tables].sort().join();
    if (this.#routes !== null && this.#routes !== routes) throw this.#refused(header.seq, 'a change of the tables that the topic holds');
    this.#routes = routes;
  }

  /** @throws SyncError LOG_TRUNCATED if it does not end at that record */
  end({ log, epoch, seq }: Anchor): void {
    const at = this.#state;
    if (at.log === log && this.#epoch === epoch && at.seq === seq) return;
    throw new SyncError(
      'LOG_TRUNCATED',
      `${this.#what}: seq ${at.seq} (epoch ${this.#epoch}) of log ${at.log} is where seq ${seq} (epoch ${epoch}) of log ${log} must be`,
      { details: { seq: at.seq, expected: seq } },
    );
  }

  #row({ table, event }: Extract<LogRecord['body'], { kind: 'row' }>): void {
    this.#tables.add(table);
    if (event.transaction.last) this.#transactions += 1;
    if (this.#of.carries && !this.#of.carries(table)) return;
    const name = tableName(table);
    this.#rows.set(name, (this.#rows.get(name) ?? 0) + 1);
  }

  #refused(seq: number, why: string): SyncError {
    const instead = this.#of.instead?.(seq) ?? `rewind to ${seq} or later`;
    return new SyncError('CONFIG_INVALID', `${this.#what}: seq ${seq} is ${why}; ${instead}`, { details: { seq } });
  }

  #gap(why: string): SyncError {
    return new SyncError('LOG_GAP', `${this.#what}: ${why}`);
  }
}
