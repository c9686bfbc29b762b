/**
 * The source transactions of one run, each from its first row to its last, in their order: one that can be held goes to the backlog, whole;
 * one that is too large is sent as it arrives; one that a person decided to skip is recorded. Nothing of a transaction whose last row did
 * not come stays.
 */
import type { During } from '@lutra/runtime';
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import type { Backlog } from './backlog.js';
import type { GuardedStream } from './conflict/guarded-stream.js';
import { nameFailure } from './failure.js';
import { HugeTransaction } from './huge-transaction.js';
import { guarded, plainly } from './huge-writer.js';
import type { Place } from './log-reader.js';
import { OpenTransaction } from './open-transaction.js';
import { Skipping } from './skip.js';
import type { Skip } from './skip.js';
import type { Statements } from './statements.js';
import { withoutRows } from './target-transactions.js';
import type { TargetTransactions } from './target-transactions.js';
import type { TargetWriter } from './target-writer.js';

export interface SourceTransactionsOptions {
  readonly checkpoint: Checkpoint;
  readonly writer: Pick<TargetWriter, 'open' | 'chunk' | 'close' | 'rollback'>;
  readonly guard: { readonly stream: Pick<GuardedStream, 'open' | 'chunk' | 'close' | 'forget'> } | null;
  /** First seqs of huge transactions that met a conflict before. */
  readonly settled: ReadonlySet<number>;
  /** A transaction that a person decided to skip. */
  readonly skip: Skip | null;
  /** Bytes of SQL after which a target transaction is closed, or a large source transaction begins to be streamed. */
  readonly batchBytes: number;
  readonly during?: During | undefined;
  /** The skip was carried out and committed. */
  onSkipped(skip: Skip): Promise<void>;
}

/** Where they go. */
export interface Onward {
  /** Of the backlog, or of the huge transaction: never of both. */
  readonly statements: Statements;
  readonly backlog: Backlog;
  readonly transactions: TargetTransactions;
}

export class SourceTransactions {
  readonly #options: SourceTransactionsOptions;
  readonly #to: Onward;
  readonly #open: OpenTransaction;
  readonly #skipping: Skipping;
  /** The open transaction, if it is written while it arrives. */
  #huge: HugeTransaction | null = null;

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

  /** The open transaction is a huge one: it is written while it arrives. */
  get streaming(): boolean {
    return this.#huge !== null;
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
  begin(place: Place): void {
    if (this.between) this.#skipping.begin(place);
    this.#open.begin(place.seq);
  }

  async add(change: Change, event: RowEvent, place: Place): Promise<void> {
    if (this.#skipping.rows) return this.#skipping.rows.add(change);
    const prepared = this.#to.statements.prepare(change);
    if (prepared) await this.#prepared(prepared, event, place);
    this.#open.count(event.op);
    if (this.#huge) return this.#huge.add([change], { event, place });
    this.#open.hold(change);
    if (this.#open.bytes >= this.#options.batchBytes && !event.transaction.last) await this.#beginHuge(event, place);
  }

  /** Its last row came. */
  async end(event: RowEvent, place: Place): Promise<void> {
    if (this.#huge) return this.#endHuge(this.#huge, event, place);
    const { backlog, transactions, statements } = this.#to;
    const { safe } = this.#open;
    if (!backlog.suits(event, safe)) await backlog.flush();
    const order = this.#skipping.orderFor(place);
    if (order) return this.#skip(order, event, place);
    const changes = this.#open.takeChanges();
    await backlog.add({ changes, ops: this.#open.close(), event, place, safe, checkpoint: transactions.checkpointAt(place, event) });
    if (statements.bytes >= this.#options.batchBytes) await backlog.flush();
  }

  /** What fails names its transaction by its first record: the last one has not come. */
  async #prepared(prepared: Promise<void>, event: RowEvent, place: Place): Promise<void> {
    const { backlog, transactions } = this.#to;
    try {
      await prepared;
    } catch (error) {
      // What came before it takes effect.
      await backlog.flush();
      await transactions.settled();
      throw nameFailure(error, { changes: { first: 0, list: [] }, log: place.log, seq: this.firstSeq ?? place.seq, event });
    }
  }

  /** The open transaction is void: nothing of it may stay. */
  async forget(): Promise<void> {
    await this.#huge?.forget();
    this.#huge = null;
    this.#open.close();
    this.#skipping.forget();
  }

  /** Too large to hold: commit what came before it, then send its rows as they arrive, in one open target transaction. */
  async #beginHuge(event: RowEvent, place: Place): Promise<void> {
    const { backlog, transactions, statements } = this.#to;
    await backlog.flush();
    await transactions.settled();
    const { guard, writer, settled, batchBytes, during } = this.#options;
    const { safe } = this.#open;
    const seq = this.#open.firstSeq ?? place.seq;
    const how = guard && !safe ? guarded({ stream: guard.stream, writer, settled: settled.has(seq) }) : plainly(writer, safe);
    const huge = new HugeTransaction({ writer: how, statements, seq, safe, pieceBytes: batchBytes, during });
    await huge.open({ event, place });
    this.#huge = huge;
    await huge.add(this.#open.takeChanges(), { event, place });
  }

  async #endHuge(huge: HugeTransaction, event: RowEvent, place: Place): Promise<void> {
    const { transactions } = this.#to;
    await huge.close({ event, place }, transactions.checkpointAt(place, event));
    this.#huge = null;
    transactions.written({ place, event, ops: this.#open.close(), transactions: 1 });
  }

  /** Its rows are recorded instead of applied, committed together with the place after them. */
  async #skip(order: Skip, event: RowEvent, place: Place): Promise<void> {
    const { backlog, transactions } = this.#to;
    await backlog.flush();
    const record = this.#skipping.record(this.#open.takeChanges(), order, { place, event });
    this.#open.close();
    await transactions.commit(withoutRows({ place, event }, record));
    await transactions.settled();
    await this.#options.onSkipped(order);
  }
}
