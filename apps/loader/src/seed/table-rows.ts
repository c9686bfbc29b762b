/**
 * All rows of a table without a key, as they come: one target transaction with the tick in lutra.seed and the checkpoint behind them, into
 * an empty table. Nothing of it stays unless its last row comes.
 *
 * The naive ways: changes that come before the rows are applied, and the rows bring them once more; a chunk that comes twice is taken; the
 * rows go beside others, of which nobody knows whose they are. Each doubles rows (test/model/keyless.ts).
 */
import { rowsFlags, SyncError, tableName } from '@lutra/model';
import type { ChunkRecord, RowEvent, TableName, TableSchema } from '@lutra/model';
import { noCounts, quoteTable, StatementBuilder, tickSeed } from '@lutra/mysql';
import type { ApplyConnection, SeedOf, TargetTable } from '@lutra/mysql';
import { changeOf } from '../assemble/changes.js';
import { SkippedRows } from '../assemble/skip.js';
import type { Skip } from '../assemble/skip.js';
import type { CommitQueue } from '../commit/commit-queue.js';
import { nameFailure } from '../commit/failure.js';
import type { TargetWriter } from '../commit/target-writer.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { Seeding } from './seeding.js';

export interface TableRowsOptions {
  readonly sourceRegion: string;
  readonly writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback' | 'opened' | 'observe'>;
  readonly transactions: Pick<CommitQueue, 'checkpointAt' | 'written' | 'drained'>;
  /** Bytes of SQL in one piece. */
  readonly pieceBytes: number;
  readonly seeding: Pick<Seeding, 'awaited' | 'targetOf' | 'isIn'>;
  /** An operator wants it to be skipped; null: nobody does. */
  skipOf(begins: RecordPosition, rows: number): Skip | null;
  skipped(skip: Skip, rows: SkippedRows, at: RecordPosition): Promise<void>;
  /** It is not this pipeline's, or is there already. */
  passed(at: RecordPosition): void;
  /** All that came before takes effect. */
  makeWay(): Promise<void>;
}

interface Open {
  readonly record: ChunkRecord;
  readonly table: TableName;
  /** What it is for; null: its rows are passed by. */
  readonly seed: SeedOf | null;
  readonly skip: { readonly order: Skip; readonly rows: SkippedRows } | null;
  readonly builder: StatementBuilder;
  readonly startedAt: number;
}

export class TableRows {
  readonly #options: TableRowsOptions;
  #open: Open | null = null;
  #target: TargetTable | null = null;

  constructor(options: TableRowsOptions) {
    this.#options = options;
  }

  /** Rows of it have not come yet. */
  get open(): boolean {
    return this.#open !== null;
  }

  /** Without rows it is done when this resolves. @throws SyncError SEED_TABLE_REFUSED, TARGET_* */
  async begin(record: ChunkRecord, begins: RecordPosition): Promise<void> {
    const { skipOf, seeding, writer, makeWay, sourceRegion } = this.#options;
    const table = { database: record.database, name: record.table };
    const order = skipOf(begins, record.rows);
    const skip = order && { order, rows: new SkippedRows() };
    const seed = skip ? null : seeding.awaited(record);
    this.#open = { record, table, seed, skip, builder: new StatementBuilder(), startedAt: performance.now() };
    this.#target = null;
    if (seed || skip) await makeWay();
    if (seed) {
      await writer.open({ origin: sourceRegion, path: [sourceRegion] });
      await this.#requireEmpty(writer.opened(), seed, begins);
    }
    if (record.rows === 0) await this.#end(begins);
  }

  /** @throws SyncError as the target refuses it */
  async row(source: TableSchema, event: RowEvent, position: RecordPosition): Promise<void> {
    const open = this.#open;
    if (!open) return;
    try {
      await this.#add(open, source, event);
      if (event.transaction.last) await this.#end(position);
    } catch (error) {
      throw nameFailure(error, { event, position });
    }
  }

  /** It is void: nothing of it may stay. */
  async discard(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    if (open?.seed) await this.#options.writer.rollback();
  }

  async #add({ skip, seed, table, builder }: Open, source: TableSchema, event: RowEvent): Promise<void> {
    skip?.rows.add({ op: 'c', before: null, after: event.after, target: table });
    if (!seed) return;
    const { seeding, writer, pieceBytes } = this.#options;
    this.#target ??= await seeding.targetOf(source);
    const under = { session: null, flags: rowsFlags.noForeignKeyChecks };
    const change = changeOf(event, { source, target: this.#target, under });
    const prepared = builder.prepare(change);
    if (prepared) await prepared;
    builder.add(change);
    if (builder.bytes >= pieceBytes) await writer.chunk(builder.take());
  }

  async #end(position: RecordPosition): Promise<void> {
    const { record, seed, skip, builder, startedAt } = this.#open as Open;
    const { writer, transactions, seeding, sourceRegion, skipped, passed } = this.#options;
    if (skip) await skipped(skip.order, skip.rows, position);
    else if (!seed) passed(position);
    else {
      const rest = builder.take();
      if (rest.marks.length > 0) await writer.chunk(rest);
      const place = { log: position.log, seq: position.seq };
      const tick = tickSeed(seed, { part: 0, from: null, to: null, place, counts: { ...noCounts, inserted: record.rows } });
      const at = { sourceUs: record.tsMs * 1000, origin: sourceRegion, path: [sourceRegion] };
      await writer.close(tick, { ...transactions.checkpointAt(position, null), ...at });
      writer.observe(startedAt);
      seeding.isIn(seed, place);
      transactions.written({ position, event: null, ops: record.rows > 0 ? { r: record.rows } : {}, transactions: 1 });
    }
    this.#open = null;
  }

  /** @throws SyncError SEED_TABLE_REFUSED */
  async #requireEmpty(connection: Pick<ApplyConnection, 'within'>, { table, target }: SeedOf, { log, seq }: RecordPosition): Promise<void> {
    const [rows = []] = await connection.within(`SELECT 1 AS found FROM ${quoteTable(target)} LIMIT 1`);
    if (rows.length === 0) return;
    const [{ database, name }, code] = [table, 'SEED_TABLE_REFUSED' as const];
    const message = `${tableName(target)} has rows already, and rows of ${tableName(table)} have no key to tell them apart (seq ${seq}): empty it, and retry`;
    throw new SyncError(code, message, {
      details: { database: target.database, table: target.name, sourceDatabase: database, sourceTable: name },
      refused: { table: { database, name, code }, transaction: { log, seq } },
    });
  }
}
