/**
 * Source transactions that were read whole and wait to share one target transaction, in their order. It never holds a part of one, nor
 * transactions of different origins or of both modes, as long as the caller asks suits() before each.
 */
import type { RowEvent } from '@lutra/model';
import { nameFailure } from './failure.js';
import type { Place } from './log-reader.js';
import { sum, total } from './open-transaction.js';
import type { Ops } from './open-transaction.js';
import { sameOrigin } from './origin.js';
import type { Statements } from './statements.js';
import type { Complete, TargetTransaction, TargetTransactions } from './target-transactions.js';

export interface BacklogOptions {
  readonly statements: Statements;
  readonly transactions: TargetTransactions;
}

export class Backlog {
  readonly #options: BacklogOptions;
  #last: Pick<Complete, 'place' | 'event' | 'safe'> | null = null;
  /** One by one: those with rows of this pipeline. */
  #members: Complete[] = [];
  #ops: Ops = {};
  #transactions = 0;

  constructor(options: BacklogOptions) {
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
    const { changes, ops, event, place, safe } = transaction;
    try {
      for (const change of changes) statements.add(change, safe);
    } catch (error) {
      const refused = nameFailure(error, { changes: statements.takeChanges(), log: place.log, seq: place.seq, event });
      await this.#flushApart();
      throw refused;
    }
    if (changes.length > 0) this.#members.push(transaction);
    this.#ops = sum(this.#ops, ops);
    this.#transactions += 1;
    this.#last = { place, event, safe };
  }

  /** A record without a row lies behind what waits. */
  passed(place: Place): void {
    if (this.#last) this.#last = { ...this.#last, place };
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
    await transactions.settled();
  }

  #take(): TargetTransaction | null {
    if (!this.#last) return null;
    const { statements } = this.#options;
    const built = { statements: statements.take(), changes: statements.takeChanges() };
    const taken = { ...this.#last, ...built, members: this.#members, ops: this.#ops, transactions: this.#transactions };
    this.#last = null;
    this.#members = [];
    this.#ops = {};
    this.#transactions = 0;
    return taken;
  }
}
