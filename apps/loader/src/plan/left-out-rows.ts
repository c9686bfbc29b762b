/**
 * What is left out of rows because the target dropped it behind what they had seen: nothing is lost without a trace. The first such row is
 * in lutra.skipped before anything of it takes effect, with how many there were; an omission is shown until a person confirms it. A row
 * counts when it is committed: what is read again counts once.
 */
import type { RowEvent, SyncError } from '@lutra/model';
import { tableName, toSyncError } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import type { NewOmission } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import { SkippedRows } from '../assemble/skip.js';
import type { SkippingPipeline } from '../assemble/skip.js';
import type { RecordPosition } from '../read/log-reader.js';
import { leftOutText } from './rows-by-name.js';
import type { LeftOut } from './rows-by-name.js';

export interface LeftOutRowsOptions {
  readonly pipeline: SkippingPipeline;
  /** A statement at the target, beside the transaction that is under way. */
  query(sql: string): Promise<readonly ResultRow[]>;
  /** Resolves when it is kept. */
  omit(omission: NewOmission): Promise<void>;
  readonly metrics: Pick<Metrics, 'leftOutRows'>;
  readonly logger: Pick<Logger, 'warn' | 'debug'>;
}

/** The row as it came. */
interface Of {
  readonly event: Pick<RowEvent, 'op' | 'before' | 'after'> & { readonly source: Pick<RowEvent['source'], 'db' | 'table' | 'gtid'> };
  readonly position: Pick<RecordPosition, 'log' | 'seq'>;
  /** Of a chunk of rows, with the last. */
  readonly rows?: number;
  /** Tells it from others of that position. */
  readonly key?: string;
}

interface Noted {
  readonly log: string;
  readonly seq: number;
  rows: number;
  isWritten: boolean;
}

/** A count at the target may be so much behind. */
const writeMs = 1_000;
const counted = '; rows so far: ';

export class LeftOutRows {
  readonly #options: LeftOutRowsOptions;
  /** By what the entry says. */
  readonly #noted = new Map<string, Noted>();
  /** Not committed yet. */
  readonly #pending = new Map<string, { readonly seq: number; readonly left: LeftOut; readonly rows: number }>();
  #writtenAt = 0;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LeftOutRowsOptions) {
    this.#options = options;
  }

  /** Before anything of the row takes effect. @throws SyncError TARGET_*, ZOOKEEPER_*, ABORTED */
  async note(left: LeftOut, { event, position, rows = 1, key = '' }: Of): Promise<void> {
    const reason = leftOutText(left);
    if (!this.#noted.has(reason)) this.#noted.set(reason, await this.#list(left, reason, { event, position }));
    const { seq } = position;
    this.#pending.set(`${seq} ${key}`, { seq, left, rows });
  }

  /** All up to this seq is. */
  committed(seq: number): void {
    if (this.#pending.size === 0) return;
    for (const [at, { seq: behind, left, rows }] of this.#pending) {
      if (behind > seq) continue;
      this.#pending.delete(at);
      const { table, columns } = left;
      const { pipeline, metrics } = this.#options;
      metrics.leftOutRows.inc({ name: pipeline.name, table: tableName(table), what: columns === null ? 'row' : 'column' }, rows);
      const noted = this.#noted.get(leftOutText(left));
      if (noted) Object.assign(noted, { rows: noted.rows + rows, isWritten: false });
    }
    if (Date.now() - this.#writtenAt < writeMs) return;
    this.#writtenAt = Date.now();
    void this.#write();
  }

  /** The counts are written. */
  async close(): Promise<void> {
    await this.#write();
  }

  /** Another run may have listed it. */
  async #list(left: LeftOut, reason: string, { event, position }: Of): Promise<Noted> {
    const { pipeline, query, omit, logger } = this.#options;
    const { log, seq } = position;
    const ofLog = `pipeline = ${quoteText(pipeline.uid)} AND log_id = ${quoteText(log)}`;
    const begins = `SUBSTRING_INDEX(reason, ${quoteText(counted)}, 1) = ${quoteText(reason)}`;
    const [found] = await query(`SELECT seq, reason FROM lutra.skipped WHERE ${ofLog} AND ${begins} ORDER BY seq LIMIT 1`);
    if (found) return { log, seq: Number(found['seq']), rows: countIn(String(found['reason'])), isWritten: true };
    logger.warn({ seq }, reason);
    const row = new SkippedRows();
    row.add({ op: event.op, before: event.before, after: event.after, target: left.table });
    await query(row.text({ ...pipeline, position, event, reason: `${reason}${counted}0` }).sql);
    const source = `${event.source.db}.${event.source.table}`;
    const what = left.columns === null ? 'rows of a dropped table' : `dropped columns: ${left.columns.join(', ')}`;
    await omit({ kind: 'drop', what, tables: [source], where: `seq ${seq}`, at: Date.now(), record: { log, seq } });
    return { log, seq, rows: 0, isWritten: true };
  }

  /** Each after the one before it. What fails is written with the next count. */
  #write(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#counts());
    return this.#writing;
  }

  async #counts(): Promise<void> {
    for (const [reason, noted] of this.#noted) {
      if (noted.isWritten) continue;
      noted.isWritten = true;
      try {
        await this.#count(reason, noted);
      } catch (error) {
        noted.isWritten = false;
        this.#untold(toSyncError(error));
      }
    }
  }

  async #count(reason: string, { log, seq, rows }: Noted): Promise<void> {
    const { pipeline, query } = this.#options;
    const at = `pipeline = ${quoteText(pipeline.uid)} AND log_id = ${quoteText(log)} AND seq = ${seq}`;
    await query(`UPDATE lutra.skipped SET reason = ${quoteText(`${reason}${counted}${rows}`)} WHERE ${at}`);
  }

  #untold({ code }: SyncError): void {
    this.#options.logger.debug({ code }, 'cannot write how many rows were left out');
  }
}

function countIn(reason: string): number {
  return Number(reason.slice(reason.lastIndexOf(counted) + counted.length)) || 0;
}
