/**
 * Source transactions → target transactions. Whole and in source order, always. While there is a backlog, consecutive transactions of
 * one origin and path share a target transaction; one that is too large to hold is written while it arrives, and committed by its last row.
 *
 * After a rewind, what was applied before comes again and is applied in safe mode. A transaction is replayed as a whole if its first record
 * is: the border is the seq of an old checkpoint, which is the end of a transaction, so its first and last record lie on the same side; and
 * if that were not so, safe mode would still be right, for it gives the right end for rows that are new as well. So a large transaction,
 * whose last seq is not known when it begins, needs no other rule. The two modes never share a target transaction: their sessions differ.
 *
 * Here is what the reader of the log sees, and what must come before what; nothing is written here:
 *
 *   row → source-transactions.ts (held, large or skipped) → merge-buffer.ts (whole ones, waiting)
 *   → commit-queue.ts (checkpoint, commit under way)
 *   resolution → pending-resolutions.ts, control record → pending-controls.ts ────────────────────↗
 */
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent, Seen, TableName, TableSchema } from '@lutra/model';
import { MergeBuffer } from './merge-buffer.js';
import { PendingControls } from './pending-controls.js';
import type { Controlled } from './pending-controls.js';
import type { ConflictDetector } from '../conflict/detect/conflict-detector.js';
import type { Resolution } from '../conflict/resolve/resolution.js';
import type { RecordPosition } from '../read/log-reader.js';
import { PendingResolutions } from './pending-resolutions.js';
import { RowChanges } from './row-changes.js';
import type { RowChange, RowChangesOptions } from './row-changes.js';
import type { SourceTransaction } from './source-transaction.js';
import { SourceTransactions } from './source-transactions.js';
import type { SourceTransactionsOptions } from './source-transactions.js';
import { Statements } from '../plan/statements.js';
import { CommitQueue } from '../commit/commit-queue.js';
import type { CommitQueueOptions } from '../commit/commit-queue.js';
import { nameFailure } from '../commit/failure.js';
import type { TransactionFiles } from '../files/commit-files.js';
import type { FileRows } from '../files/file-rows.js';
import type { Chunk } from '../seed/chunk-assembly.js';
import { isDecided } from '../seed/prepared-chunk.js';
import type { Seeding } from '../seed/seeding.js';
import { TableRows } from '../seed/table-rows.js';
import type { TableRowsOptions } from '../seed/table-rows.js';

export interface ApplierOptions extends SourceTransactionsOptions, CommitQueueOptions, RowChangesOptions {
  readonly writer: SourceTransactionsOptions['writer'] & CommitQueueOptions['writer'] & TableRowsOptions['writer'];
  readonly seeding: RowChangesOptions['seeding'] & Pick<Seeding, 'prepare' | 'tickOf' | 'write'> & TableRowsOptions['seeding'];
  /** Null: no row of this pipeline names a file. */
  readonly files?: (NonNullable<SourceTransactionsOptions['files']> & Pick<FileRows, 'filesOfRows'>) | null;
  /** Where the target takes writes of its own. Null: what is not as it must be stops the pipeline. */
  readonly detector: (Pick<ConflictDetector, 'commit' | 'resolutions' | 'follow'> & SourceTransactionsOptions['detector']) | null;
}

export class Applier {
  readonly #options: ApplierOptions;
  /** Of what waits. */
  readonly #statements: Statements;
  readonly #target: CommitQueue;
  readonly #mergeBuffer: MergeBuffer;
  readonly #source: SourceTransactions;
  /** That came behind everything else. Null: without a conflict detector there are none. */
  readonly #resolutions: PendingResolutions | null;
  /** That came behind everything else. */
  readonly #controls: PendingControls;
  /** Of a table without a key: a transaction of its own, which is written while it arrives. */
  readonly tableRows: TableRows;
  /** Behind the last record that lies between two transactions; null: none was read. */
  #behind: RecordPosition | null = null;
  readonly #changes: RowChanges;
  #unrouted = 0;
  /** What a chunk leaves out may not be known yet. */
  #isChunkUnderWay = false;

  constructor(options: ApplierOptions) {
    const { detector, sourceRegion } = options;
    this.#options = options;
    const statements = new Statements({ exact: detector !== null });
    const transactions = new CommitQueue(options);
    const mergeBuffer = new MergeBuffer({ statements, transactions });
    this.#statements = statements;
    this.#target = transactions;
    this.#mergeBuffer = mergeBuffer;
    this.#source = new SourceTransactions(options, { statements, mergeBuffer, transactions });
    this.#changes = new RowChanges(options, {
      source: this.#source,
      chunksWritten: async () => void (this.#isChunkUnderWay && (await this.drained())),
    });
    this.#controls = new PendingControls(transactions);
    this.tableRows = new TableRows({
      ...options,
      transactions,
      pieceBytes: options.batchBytes,
      skipOf: (begins, rows) => this.#source.skipBetween(begins, begins.seq + rows),
      skipped: (skip, rows, position) => this.#source.skipRows(skip, rows, { position, event: null }),
      passed: (position) => this.passed(position),
      makeWay: () => this.#makeWay(),
    });
    this.#resolutions = detector && new PendingResolutions({ detector, transactions, sourceRegion });
  }

  /** A promise only where something is waited for: most rows need no turn of the event loop. */
  row(table: TableSchema, event: RowEvent, position: RecordPosition): Promise<void> | void {
    return this.#source.between ? this.#first(table, event, position) : this.#next(table, event, position);
  }

  async #first(table: TableSchema, event: RowEvent, position: RecordPosition): Promise<void> {
    await this.#resolutions?.flush();
    await this.#controls.flush();
    await this.#follow(event.transaction.seen);
    await this.#next(table, event, position);
  }

  #next(table: TableSchema, event: RowEvent, position: RecordPosition): Promise<void> | void {
    const open = this.#source.reach(event, position);
    const change = this.#changes.of(table, open);
    return change instanceof Promise ? change.then((found) => this.#take(found, table, open)) : this.#take(change, table, open);
  }

  #take(change: RowChange, table: TableSchema, open: SourceTransaction): Promise<void> | void {
    if (change === null) this.#unrouted += 1;
    else if (change !== 'gone') {
      const added = this.#source.add(change, open, table);
      if (added) return added.then(() => this.#taken(open));
    }
    return this.#taken(open);
  }

  #taken(open: SourceTransaction): Promise<void> | void {
    if (open.event.transaction.last) return this.#end(open);
  }

  async #end(open: SourceTransaction): Promise<void> {
    const { position } = open;
    await this.#source.end(open);
    this.#behind = position;
  }

  /** A record without a row: progress that needs no write of its own. */
  passed(position: RecordPosition): void {
    this.#behind = position;
    this.#mergeBuffer.passed(position);
  }

  /** What home made of a row. Those that follow one another share a target transaction. `position` lies between two transactions. */
  async resolution(resolution: Resolution, position: RecordPosition): Promise<void> {
    const resolutions = this.#resolutions;
    if (resolutions === null || position.seq <= this.#options.checkpoint.replayUntil) return this.passed(position);
    if (resolutions.none) await this.flush();
    await this.#follow(resolution.seen);
    resolutions.add(resolution, position);
    this.#behind = position;
    if (resolutions.full) await resolutions.flush();
  }

  /** Rows that were read at the source: a target transaction of its own, between those before and behind it. */
  async chunk(chunk: Chunk, committed: () => void): Promise<void> {
    const { record, position, event } = chunk;
    const { seeding } = this.#options;
    const skipped = this.#source.skipOf(chunk);
    const text = skipped ? null : seeding.tickOf(record);
    if (text) return this.write({ table: { database: record.database, name: record.table }, text, position, committed });
    const prepared = skipped ? null : await seeding.prepare(chunk);
    // Asked for while what came before is committed.
    const files = prepared ? this.#options.files?.filesOfRows(prepared) : undefined;
    await this.flush();
    if (!prepared && !skipped) return this.passed(position);
    if (skipped) await this.#source.skip(skipped, { position, event });
    else if (prepared) {
      await this.#follow(record.seen);
      this.#isChunkUnderWay = true;
      const ops = prepared.rows.length > 0 ? { r: prepared.rows.length } : {};
      const applied = { position, event, ops, transactions: 1, tsMs: record.tsMs, files, isDecided: isDecided(prepared) };
      await this.#target.commitBy(applied, async (checkpoint, behind) => {
        await seeding.write({ ...prepared, behind, files }, checkpoint).catch((error: unknown) => {
          throw nameFailure(error, { event, position });
        });
      });
      this.#target.afterwards(committed);
    }
    this.#behind = position;
  }

  /** What a control record writes, behind all that came before it. Those that follow one another share a target transaction. */
  async write(controlled: Controlled): Promise<void> {
    if (this.#controls.none || this.#controls.has(controlled.table)) await this.flush();
    this.#controls.add(controlled);
    this.#behind = controlled.position;
    if (this.#controls.full) await this.#controls.flush();
  }

  /** What was written of the table is committed when it resolves. */
  async committed(table: TableName): Promise<void> {
    if (this.#controls.has(table)) await this.flush();
    await this.drained();
  }

  /** The open transaction is void: nothing of it may stay. */
  async discard(): Promise<void> {
    await this.tableRows.discard();
    await this.#source.discard();
  }

  /** Commits what is complete; the commit goes on while the caller reads on. Of the bytes that were read only held rows are kept. */
  async flush(): Promise<void> {
    this.#source.keep();
    await this.#resolutions?.flush();
    await this.#mergeBuffer.flush();
    await this.#controls.flush();
  }

  /** Waits for the transaction that is under way. */
  async drained(): Promise<void> {
    await this.#target.drained();
    this.#isChunkUnderWay = false;
  }

  /** Writes the progress alone: the position moved for a long time without a row. `position` must lie between two transactions. */
  async saveProgress(position: RecordPosition): Promise<void> {
    await this.flush();
    // A transaction on the same connection would commit what is written while it arrives.
    if (!this.#source.rows && !this.tableRows.open) await this.#target.saveProgress(position);
  }

  /** The next record is the first of a transaction. */
  get between(): boolean {
    return this.#source.between && !this.tableRows.open;
  }

  /** Between two transactions: all that came takes effect, and is saved if the position is worth it. Resolves to where that is. */
  async settled(isWorth: boolean): Promise<Checkpoint> {
    if (isWorth) await this.#makeWay();
    else await this.flush();
    await this.drained();
    return this.#target.checkpoint;
  }

  /** Between two transactions: places files whose rows are here. `files` is asked when all before is committed. */
  async aside(files: () => TransactionFiles): Promise<void> {
    await this.flush();
    await this.drained();
    await this.#target.aside(files());
  }

  /** For a record that stands alone: all that came before takes effect and is saved; what it had seen of third regions is here. */
  async barrier(seen: Seen): Promise<void> {
    await this.#follow(seen);
    await this.#makeWay();
  }

  /** Rows that this pipeline did not take so far. */
  get unrouted(): number {
    return this.#unrouted;
  }

  /** A large transaction is written while it arrives. */
  get streaming(): boolean {
    return this.#source.streaming || this.tableRows.open;
  }

  /** Of SQL that is put together and not handed to the target yet, roughly. */
  get waitingBytes(): number {
    return this.#source.bytes + this.#statements.bytes;
  }

  async #follow(seen: Seen): Promise<void> {
    await this.#options.detector?.follow(seen, () => this.#makeWay());
  }

  /** All that came before the transaction that waits takes effect, and is saved. */
  async #makeWay(): Promise<void> {
    await this.flush();
    await this.drained();
    if (this.#behind) await this.saveProgress(this.#behind);
    await this.drained();
  }
}
