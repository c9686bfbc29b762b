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
import { sameSession, tableName } from '@lutra/model';
import type { RowEvent, Seen, SourceSession, TableName, TableSchema } from '@lutra/model';
import type { Change, TargetTable, Under } from '@lutra/mysql';
import { changeOf, replacing } from './changes.js';
import type { Images } from './changes.js';
import { MergeBuffer } from './merge-buffer.js';
import { PendingControls } from './pending-controls.js';
import type { Controlled } from './pending-controls.js';
import type { ConflictDetector } from '../conflict/detect/conflict-detector.js';
import type { Resolution } from '../conflict/resolve/resolution.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { LeftOutRows } from '../plan/left-out-rows.js';
import { OwnSession } from '../plan/own-session.js';
import { rowWithout } from '../plan/rows-by-name.js';
import type { LeftOut } from '../plan/rows-by-name.js';
import { isForUs } from './own-path.js';
import { PendingResolutions } from './pending-resolutions.js';
import type { SourceTransaction } from './source-transaction.js';
import { SourceTransactions } from './source-transactions.js';
import type { SourceTransactionsOptions } from './source-transactions.js';
import { Statements } from '../plan/statements.js';
import { refusedFor } from '../plan/table-matcher.js';
import type { TableMatcher } from '../plan/table-matcher.js';
import { CommitQueue } from '../commit/commit-queue.js';
import type { CommitQueueOptions } from '../commit/commit-queue.js';
import { nameFailure, nameRow } from '../commit/failure.js';
import type { TransactionFiles } from '../files/commit-files.js';
import type { FileRows } from '../files/file-rows.js';
import type { Chunk } from '../seed/chunk-assembly.js';
import { isDecided } from '../seed/prepared-chunk.js';
import type { Seeding } from '../seed/seeding.js';
import { TableRows } from '../seed/table-rows.js';
import type { TableRowsOptions } from '../seed/table-rows.js';

export interface ApplierOptions extends SourceTransactionsOptions, CommitQueueOptions {
  readonly targetRegion: string;
  /** The pipeline forwards what loaders wrote at the source. */
  readonly forwards: boolean;
  readonly tables: Pick<TableMatcher, 'targetOf'>;
  readonly writer: SourceTransactionsOptions['writer'] & CommitQueueOptions['writer'] & TableRowsOptions['writer'];
  /** Another pipeline forwards what this one writes. */
  readonly forwarded: boolean;
  /** Null: nothing comes back from the target, so nothing is left out. */
  readonly leftOut: Pick<LeftOutRows, 'note'> | null;
  readonly seeding: Pick<Seeding, 'prepare' | 'tickOf' | 'write' | 'replaces' | 'hasClashed' | 'isInRows'> & TableRowsOptions['seeding'];
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
  readonly #ownSession: OwnSession | null;
  #unrouted = 0;
  /** What a chunk leaves out may not be known yet. */
  #isChunkUnderWay = false;
  /** Of the open transaction. */
  #session: SourceSession | null = null;
  #under: Under = { session: null, flags: 0 };

  constructor(options: ApplierOptions) {
    const { detector, sourceRegion, forwarded } = options;
    this.#options = options;
    this.#ownSession = forwarded ? new OwnSession('what is forwarded from here is written without it') : null;
    const statements = new Statements({ exact: detector !== null });
    const transactions = new CommitQueue(options);
    const mergeBuffer = new MergeBuffer({ statements, transactions });
    this.#statements = statements;
    this.#target = transactions;
    this.#mergeBuffer = mergeBuffer;
    this.#source = new SourceTransactions(options, { statements, mergeBuffer, transactions });
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

  async row(table: TableSchema, event: RowEvent, position: RecordPosition): Promise<void> {
    if (this.#source.between) {
      await this.#resolutions?.flush();
      await this.#controls.flush();
      await this.#follow(event.transaction.seen);
    }
    const open = this.#source.reach(event, position);
    this.#enter(event);
    const change = await this.#changeOf(table, open);
    if (change === null) this.#unrouted += 1;
    else if (change !== 'gone') await this.#source.add(change, open, table);
    if (!event.transaction.last) return;
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

  /** The same object as long as the session is the same: texts of statements are kept by it. */
  #enter({ source: { flags }, transaction: { totalOrder, session } }: RowEvent): void {
    if (totalOrder === 1 && !(session && this.#session && sameSession(session, this.#session))) this.#session = session;
    if (this.#under.flags !== flags || this.#under.session !== this.#session) this.#under = { session: this.#session, flags };
  }

  /** Null: the row that came last is not this pipeline's. gone: nothing of it is written, or it is skipped with its transaction. */
  async #changeOf(table: TableSchema, open: SourceTransaction): Promise<Change | 'gone' | null> {
    const { event } = open;
    try {
      if (this.#options.seeding.isInRows(table, open.position)) return null;
      const coming = { seen: event.transaction.seen, isOpen: this.#source.streaming };
      const matched = this.#isForUs(table, open) ? await this.#options.tables.targetOf(table, coming) : null;
      if (!matched) return null;
      const images = matched.left ? await this.#kept(matched.left, open) : event;
      if (matched.target === null) return 'gone';
      const { source, target, refused } = matched;
      if (refused && event.op !== 'u' && event.op !== 'd') throw refusedFor(refused, table);
      const at = { source, target, under: this.#under };
      const change =
        target.primaryKey.length > 0 && this.#options.seeding.replaces(table)
          ? replacing(images, { ...at, isBlind: await this.#isBlind(table, target) })
          : changeOf(images, at);
      this.#ownSession?.require(change);
      return change;
    } catch (error) {
      const { op, before, after } = event;
      const named = nameRow(error, { source: table, target: table, before, after });
      if (named.outcome === 'stop' && this.#source.skips({ op: op === 'r' ? 'c' : op, before, after, target: table })) return 'gone';
      throw await this.#source.refused(named, open);
    }
  }

  /** The row without what is left out of it. */
  async #kept(left: LeftOut, { event, position }: SourceTransaction): Promise<Images> {
    await this.#options.leftOut?.note(left, { event, position });
    const { op, before, after } = event;
    const names = left.columns ?? [];
    return { op, before: rowWithout(before, names), after: rowWithout(after, names) };
  }

  /**
   * Nobody needs to look at the row first. Counter-example for any table: a row is listed because another one holds its unique value; a
   * change brings it, and it stays listed. Without unique values nothing is left out.
   */
  async #isBlind(table: TableSchema, { uniqueKeys }: TargetTable): Promise<boolean> {
    if (uniqueKeys.length === 0) return true;
    if (this.#isChunkUnderWay) await this.drained();
    return !this.#options.seeding.hasClashed(table);
  }

  #isForUs(table: TableSchema, { event, position: { seq } }: SourceTransaction): boolean {
    return isForUs({ what: `a transaction of ${tableName(table)}`, path: event.source.path, seq }, this.#options);
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
