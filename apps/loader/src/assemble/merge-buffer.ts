/**
 * Source transactions that were read whole and wait to share one target transaction, in their order. It never holds a part of one, nor
 * transactions of different origins or of both modes, as long as the caller asks suits() before each.
 */
import type { RowEvent } from '@lutra/model';
import { nameFailure } from '../commit/failure.js';
import type { RecordPosition } from '../read/log-reader.js';
import { sum, total } from './open-transaction.js';
import type { Ops } from './open-transaction.js';
import { sameOrigin } from '../read/origin.js';
import type { Statements } from '../plan/statements.js';
import type { Complete, TargetTransaction, CommitQueue } from '../commit/commit-queue.js';

export interface MergeBufferOptions {
  readonly statements: Statements;
  readonly transactions: CommitQueue;
}

export class MergeBuffer {
  readonly #options: MergeBufferOptions;
  #last: Pick<Complete, 'position' | 'event' | 'safe'> | null = null;
  /** One by one: those with rows of this pipeline. */
  #buffered: Complete[] = [];
  #ops: Ops = {};
  #transactions = 0;

  constructor(options: MergeBufferOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#last === null;
  }

  /** May it share a target transaction with what waits? The two modes never do: their sessions differ. */
  suits(event: RowEvent, safe: boolean): boolean {
    return this.#last === null || (sameOrigin(this.#last.event, event) && this.#last.safe === safe);
  }

  /** @throws SyncError what cannot be written at all, with its transaction; what waited before it is committed first */
  async add(transaction: Complete): Promise<void> {
    const { statements } = this.#options;
    const { changes, ops, event, position, safe } = transaction;
    try {
      for (const change of changes) statements.add(change, safe);
    } catch (error) {
      const refused = nameFailure(error, { changes: statements.takeChanges(), log: position.log, seq: position.seq, event });
      await this.#flushApart();
      throw refused;
    }
    if (changes.length > 0) this.#buffered.push(transaction);
    this.#ops = sum(this.#ops, ops);
    this.#transactions += 1;
    this.#last = { position, event, safe };
  }

  /** A record without a row lies behind what waits. */
  passed(position: RecordPosition): void {
    if (this.#last) this.#last = { ...this.#last, position };
  }

  /** Hands over what waits; its commit goes on while the caller reads on. */
  async flush(): Promise<void> {
    const { transactions } = this.#options;
    transactions.throwIfFailed();
    const waiting = this.#take();
    if (!waiting) return;
    // Rows that this pipeline does not route are no reason to write: their progress is saved with the next row that it does.
    if (total(waiting.ops) === 0) transactions.passed(waiting);
    else await transactions.commit(waiting);
  }

  /** The statements hold a part of a transaction that is refused: what waits is written without them. */
  async #flushApart(): Promise<void> {
    const { transactions } = this.#options;
    const waiting = this.#take();
    if (waiting) await transactions.commitApart(waiting);
    await transactions.drained();
  }

  #take(): TargetTransaction | null {
    if (!this.#last) return null;
    const { statements } = this.#options;
    const built = { statements: statements.take(), changes: statements.takeChanges() };
    const taken = { ...this.#last, ...built, buffered: this.#buffered, ops: this.#ops, transactions: this.#transactions };
    this.#last = null;
    this.#buffered = [];
    this.#ops = {};
    this.#transactions = 0;
    return taken;
  }
}
