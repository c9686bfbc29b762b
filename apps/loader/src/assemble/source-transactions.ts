/**
 * The source transactions of one run, each from its first row to its last, in their order: one that can be held goes to the merge buffer,
 * whole; one that is too large is sent as it arrives; one that an operator decided to skip is recorded. Nothing of a transaction whose last
 * row did not come stays.
 */
import type { During } from '@lutra/runtime';
import type { Checkpoint } from '@lutra/marker';
import type { Row, RowEvent, SyncError, TableName, TableSchema } from '@lutra/model';
import type { Change, SqlText } from '@lutra/mysql';
import type { MergeBuffer } from './merge-buffer.js';
import type { StreamDetector } from '../conflict/detect/stream-detector.js';
import { nameFailure } from '../commit/failure.js';
import type { CommitFiles } from '../files/commit-files.js';
import type { FileRows } from '../files/file-rows.js';
import { LargeTransaction } from '../commit/large-transaction.js';
import { detecting, notDetecting } from '../commit/large-writer.js';
import type { RecordPosition } from '../read/log-reader.js';
import { SourceTransaction } from './source-transaction.js';
import { SkippedRows, Skipping } from './skip.js';
import type { Skip } from './skip.js';
import type { Statements } from '../plan/statements.js';
import type { CommitQueue, CommitQueueOptions } from '../commit/commit-queue.js';
import { withoutRows } from '../commit/target-transaction.js';
import type { Applied } from '../commit/target-transaction.js';
import type { Chunk } from '../seed/chunk-assembly.js';
import type { TargetWriter } from '../commit/target-writer.js';

interface ChunkSkip {
  readonly order: Skip;
  readonly rows: Iterable<Row>;
  /** At the source. */
  readonly table: TableName;
}

export interface SourceTransactionsOptions {
  readonly checkpoint: Checkpoint;
  /** `<channel>.<pipeline>` */
  readonly name: string;
  readonly writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback' | 'opened'>;
  readonly missing?: CommitQueueOptions['missing'];
  /** Null: no row of this pipeline names a file. */
  readonly files?: (Pick<FileRows, 'filesOf'> & CommitFiles) | null;
  readonly detector: { readonly stream: Pick<StreamDetector, 'open' | 'chunk' | 'close' | 'discard'> } | null;
  /** First seqs of large transactions that met a conflict before. */
  readonly resolved: ReadonlySet<number>;
  /** By first seq, how often a large transaction was read for its files alone in this run. */
  readonly readAhead?: ReadonlyMap<number, number>;
  /** A transaction that an operator decided to skip. */
  readonly skip: Skip | null;
  /** Bytes of SQL after which a target transaction is closed, or a large source transaction begins to be streamed. */
  readonly batchBytes: number;
  readonly during?: During | undefined;
  /** The skip was carried out and committed. */
  onSkipped(skip: Skip): Promise<void>;
}

/** Where they go. */
export interface Onward {
  /** Of the merge buffer, or of the large transaction: never of both. */
  readonly statements: Statements;
  readonly mergeBuffer: MergeBuffer;
  readonly transactions: CommitQueue;
}

export class SourceTransactions {
  readonly #options: SourceTransactionsOptions;
  readonly #to: Onward;
  /** Null: an operator has ordered none. */
  readonly #skipping: Skipping | null;
  #open: SourceTransaction | null = null;
  /** The open transaction, if it is written while it arrives. */
  #large: LargeTransaction | null = null;

  constructor(options: SourceTransactionsOptions, to: Onward) {
    this.#options = options;
    this.#to = to;
    this.#skipping = options.skip && new Skipping(options.skip, { uid: options.checkpoint.pipeline, name: options.name });
  }

  /** The next record is the first of a transaction. */
  get between(): boolean {
    return this.#open === null;
  }

  /** Rows of the open transaction are held here, or sent already. */
  get rows(): boolean {
    return (this.#open?.changes.length ?? 0) > 0 || this.streaming;
  }

  /** The open transaction is a large one: it is written while it arrives. */
  get streaming(): boolean {
    return this.#large !== null;
  }

  /** Of the SQL that the held rows will need, roughly. */
  get bytes(): number {
    return this.#open?.bytes ?? 0;
  }

  /** A record came, whether its row is this pipeline's or not: of the transaction that is given. */
  reach(event: RowEvent, position: RecordPosition): SourceTransaction {
    const open = this.#open;
    open?.reach(event, position);
    return open ?? this.#begin(event, position);
  }

  #begin(event: RowEvent, position: RecordPosition): SourceTransaction {
    this.#skipping?.begin(position);
    this.#open = new SourceTransaction(event, position, this.#options.checkpoint.replayUntil);
    return this.#open;
  }

  /** `table`: of the record, whose row may have columns that are left out here. */
  add(change: Change, open: SourceTransaction, table: TableSchema): Promise<void> | void {
    const skipped = this.#skipping?.rows;
    if (skipped) return skipped.add(change);
    if (this.#options.files) return this.#named(this.#options.files, { change, open, table });
    return this.#hold(change, open);
  }

  async #named(
    files: Pick<FileRows, 'filesOf'>,
    { change, open, table }: { readonly change: Change; readonly open: SourceTransaction; readonly table: TableSchema },
  ): Promise<void> {
    await this.#name(files, table, open);
    await this.#hold(change, open);
  }

  #hold(change: Change, open: SourceTransaction): Promise<void> | void {
    const prepared = this.#to.statements.prepare(change);
    return prepared ? this.#prepared(prepared, open).then(() => this.#held(change, open)) : this.#held(change, open);
  }

  #held(change: Change, open: SourceTransaction): Promise<void> | void {
    const { event } = open;
    open.count(event.op);
    if (this.#large) return this.#large.add([change]);
    open.hold(change);
    if (open.bytes >= this.#options.batchBytes && !event.transaction.last) return this.#beginLarge(open);
  }

  /** Asks for the files of the row that came last. */
  async #name(files: Pick<FileRows, 'filesOf'>, table: TableSchema, open: SourceTransaction): Promise<void> {
    try {
      const named = files.filesOf(table, open.event);
      if (named) open.name(named);
    } catch (error) {
      throw await this.refused(error, open);
    }
  }

  /** A row that nobody can write: it is recorded, if its transaction is skipped from its first row on. */
  skips(row: Parameters<SkippedRows['add']>[0]): boolean {
    const rows = this.#skipping?.rows ?? null;
    rows?.add(row);
    return rows !== null;
  }

  /** Its last row came. */
  async end(open: SourceTransaction): Promise<void> {
    if (this.#large) return this.#endLarge(this.#large, open);
    const { mergeBuffer, statements } = this.#to;
    if (!mergeBuffer.suits(open)) await mergeBuffer.flush();
    this.#open = null;
    const skipping = this.#skipping;
    const order = skipping?.orderFor(open.position);
    if (skipping && order) return this.#skip(skipping.record(open, order), order, open);
    await mergeBuffer.add(open);
    if (statements.bytes >= this.#options.batchBytes) await mergeBuffer.flush();
  }

  /** What fails names its transaction by its first record: the last one has not come. */
  async #prepared(prepared: Promise<void>, open: SourceTransaction): Promise<void> {
    try {
      await prepared;
    } catch (error) {
      throw await this.refused(error, open);
    }
  }

  /** A row that has not become a statement, with its transaction. What came before that takes effect. */
  async refused(error: unknown, open: SourceTransaction): Promise<SyncError> {
    const { mergeBuffer, transactions } = this.#to;
    await mergeBuffer.flush();
    await transactions.drained();
    return nameFailure(error, open, { firstSeq: open.seq });
  }

  /** A chunk that an operator told us to skip, by its record or by any end of its rows; null: it is none. */
  skipOf({ begins, position, rows, record: { database, table } }: Chunk): ChunkSkip | null {
    const order = this.skipBetween(begins, position.seq);
    return order && { order, rows, table: { database, name: table } };
  }

  skipBetween({ log, seq }: RecordPosition, last: number): Skip | null {
    const order = this.#options.skip;
    return order && order.log === log && order.seq >= seq && order.seq <= last ? order : null;
  }

  /** Nothing is ticked off, so capture sends it again if it still wants to. */
  async skip({ order, rows, table }: ChunkSkip, { position, event }: Pick<Applied, 'position' | 'event'>): Promise<void> {
    const skipped = new SkippedRows();
    for (const after of rows) skipped.add({ op: 'c', before: null, after, target: table });
    await this.skipRows(order, skipped, { position, event });
  }

  /** Of a transaction of rows that were read. */
  async skipRows(order: Skip, skipped: SkippedRows, { position, event }: Pick<Applied, 'position' | 'event'>): Promise<void> {
    const { checkpoint, name } = this.#options;
    const text = skipped.text({ uid: checkpoint.pipeline, name, reason: order.reason, position, event });
    const { transactions } = this.#to;
    await transactions.commit(withoutRows({ position, event: null }, text));
    await transactions.drained();
    await this.#options.onSkipped(order);
  }

  /** Of the batches of the log that were read nothing is kept but rows that are held. */
  keep(): void {
    this.#open?.keep();
  }

  /** The open transaction is void: nothing of it may stay. */
  async discard(): Promise<void> {
    await this.#large?.discard();
    this.#large = null;
    this.#open = null;
    this.#skipping?.discard();
  }

  /** Too large to hold: commit what came before it, then send its rows as they arrive, in one open target transaction. */
  async #beginLarge(open: SourceTransaction): Promise<void> {
    const { mergeBuffer, transactions, statements } = this.#to;
    await mergeBuffer.flush();
    await transactions.drained();
    const { detector, writer, missing = null, files = null, resolved, batchBytes, during } = this.#options;
    const how =
      detector && !open.safe
        ? detecting({ stream: detector.stream, writer, resolved: resolved.has(open.seq) })
        : notDetecting(writer, { safe: open.safe, missing, files, resolved: resolved.has(open.seq) });
    const readAhead = this.#options.readAhead?.get(open.seq) ?? 0;
    const large = new LargeTransaction(open, { writer: how, statements, files, readAhead, pieceBytes: batchBytes, during });
    await large.open();
    this.#large = large;
    await large.add(open.takeChanges());
  }

  async #endLarge(large: LargeTransaction, open: SourceTransaction): Promise<void> {
    const { transactions } = this.#to;
    const { position, event, ops } = open;
    await large.close(transactions.checkpointAt(position, event));
    this.#large = null;
    this.#open = null;
    transactions.written({ position, event, ops, transactions: 1 });
  }

  /** Its rows are recorded instead of applied, committed together with the position after them. */
  async #skip(record: SqlText, order: Skip, { position, event }: SourceTransaction): Promise<void> {
    const { mergeBuffer, transactions } = this.#to;
    await mergeBuffer.flush();
    await transactions.commit(withoutRows({ position, event }, record));
    await transactions.drained();
    await this.#options.onSkipped(order);
  }
}
