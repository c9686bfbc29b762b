/**
 * The source transactions of one run, each from its first row to its last, in their order: one that can be held goes to the merge buffer,
 * whole; one that is too large is sent as it arrives; one that an operator decided to skip is recorded. Nothing of a transaction whose last
 * row did not come stays.
 */
import type { During } from '@lutra/runtime';
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import type { MergeBuffer } from './merge-buffer.js';
import type { StreamDetector } from '../conflict/detect/stream-detector.js';
import { nameFailure } from '../commit/failure.js';
import { LargeTransaction } from '../commit/large-transaction.js';
import { detecting, notDetecting } from '../commit/large-writer.js';
import type { RecordPosition } from '../read/log-reader.js';
import { OpenTransaction } from './open-transaction.js';
import { Skipping } from './skip.js';
import type { Skip } from './skip.js';
import type { Statements } from '../plan/statements.js';
import { withoutRows } from '../commit/commit-queue.js';
import type { CommitQueue } from '../commit/commit-queue.js';
import type { TargetWriter } from '../commit/target-writer.js';

export interface SourceTransactionsOptions {
  readonly checkpoint: Checkpoint;
  readonly writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback'>;
  readonly detector: { readonly stream: Pick<StreamDetector, 'open' | 'chunk' | 'close' | 'discard'> } | null;
  /** First seqs of large transactions that met a conflict before. */
  readonly resolved: ReadonlySet<number>;
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
  readonly #open: OpenTransaction;
  readonly #skipping: Skipping;
  /** The open transaction, if it is written while it arrives. */
  #large: LargeTransaction | null = null;

  constructor(options: SourceTransactionsOptions, to: Onward) {
    this.#options = options;
    this.#to = to;
    this.#open = new OpenTransaction(options.checkpoint.replayUntil);
    this.#skipping = new Skipping(options.skip, options.checkpoint.pipeline);
  }

  /** The next record is the first of a transaction. */
  get between(): boolean {
    return this.#open.firstSeq === null;
  }

  /** Rows of the open transaction are held here, or sent already. */
  get rows(): boolean {
    return this.#open.holds || this.streaming;
  }

  /** The open transaction is a large one: it is written while it arrives. */
  get streaming(): boolean {
    return this.#large !== null;
  }

  /** Of the SQL that the held rows will need, roughly. */
  get bytes(): number {
    return this.#open.bytes;
  }

  /** Of the open transaction's first record; null between two. */
  get firstSeq(): number | null {
    return this.#open.firstSeq;
  }

  /** A record came, whether its row is this pipeline's or not. */
  begin(position: RecordPosition): void {
    if (this.between) this.#skipping.begin(position);
    this.#open.begin(position.seq);
  }

  async add(change: Change, event: RowEvent, position: RecordPosition): Promise<void> {
    if (this.#skipping.rows) return this.#skipping.rows.add(change);
    const prepared = this.#to.statements.prepare(change);
    if (prepared) await this.#prepared(prepared, event, position);
    this.#open.count(event.op);
    if (this.#large) return this.#large.add([change], { event, position });
    this.#open.hold(change);
    if (this.#open.bytes >= this.#options.batchBytes && !event.transaction.last) await this.#beginLarge(event, position);
  }

  /** Its last row came. */
  async end(event: RowEvent, position: RecordPosition): Promise<void> {
    if (this.#large) return this.#endLarge(this.#large, event, position);
    const { mergeBuffer, transactions, statements } = this.#to;
    const { safe } = this.#open;
    if (!mergeBuffer.suits(event, safe)) await mergeBuffer.flush();
    const order = this.#skipping.orderFor(position);
    if (order) return this.#skip(order, event, position);
    const changes = this.#open.takeChanges();
    await mergeBuffer.add({
      changes,
      ops: this.#open.close(),
      event,
      position,
      safe,
      checkpoint: transactions.checkpointAt(position, event),
    });
    if (statements.bytes >= this.#options.batchBytes) await mergeBuffer.flush();
  }

  /** What fails names its transaction by its first record: the last one has not come. */
  async #prepared(prepared: Promise<void>, event: RowEvent, position: RecordPosition): Promise<void> {
    const { mergeBuffer, transactions } = this.#to;
    try {
      await prepared;
    } catch (error) {
      // What came before it takes effect.
      await mergeBuffer.flush();
      await transactions.drained();
      throw nameFailure(error, { changes: { first: 0, list: [] }, log: position.log, seq: this.firstSeq ?? position.seq, event });
    }
  }

  /** The open transaction is void: nothing of it may stay. */
  async discard(): Promise<void> {
    await this.#large?.discard();
    this.#large = null;
    this.#open.close();
    this.#skipping.discard();
  }

  /** Too large to hold: commit what came before it, then send its rows as they arrive, in one open target transaction. */
  async #beginLarge(event: RowEvent, position: RecordPosition): Promise<void> {
    const { mergeBuffer, transactions, statements } = this.#to;
    await mergeBuffer.flush();
    await transactions.drained();
    const { detector, writer, resolved, batchBytes, during } = this.#options;
    const { safe } = this.#open;
    const seq = this.#open.firstSeq ?? position.seq;
    const how =
      detector && !safe ? detecting({ stream: detector.stream, writer, resolved: resolved.has(seq) }) : notDetecting(writer, safe);
    const large = new LargeTransaction({ writer: how, statements, seq, safe, pieceBytes: batchBytes, during });
    await large.open({ event, position });
    this.#large = large;
    await large.add(this.#open.takeChanges(), { event, position });
  }

  async #endLarge(large: LargeTransaction, event: RowEvent, position: RecordPosition): Promise<void> {
    const { transactions } = this.#to;
    await large.close({ event, position }, transactions.checkpointAt(position, event));
    this.#large = null;
    transactions.written({ position, event, ops: this.#open.close(), transactions: 1 });
  }

  /** Its rows are recorded instead of applied, committed together with the position after them. */
  async #skip(order: Skip, event: RowEvent, position: RecordPosition): Promise<void> {
    const { mergeBuffer, transactions } = this.#to;
    await mergeBuffer.flush();
    const record = this.#skipping.record(this.#open.takeChanges(), order, { position, event });
    this.#open.close();
    await transactions.commit(withoutRows({ position, event }, record));
    await transactions.drained();
    await this.#options.onSkipped(order);
  }
}
