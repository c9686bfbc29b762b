/**
 * Source transactions that were read whole and wait to share one target transaction, in their order. It never holds a part of one, nor
 * transactions of different origins or of both modes, as long as the caller asks suits() before each.
 */
import type { RowEvent } from '@lutra/model';
import type { Member } from './conflict/members.js';
import { nameFailure } from './failure.js';
import type { Place } from './log-reader.js';
import { sum, total } from './open-transaction.js';
import type { Ops } from './open-transaction.js';
import { sameOrigin } from './origin.js';
import type { Statements } from './statements.js';
import type { TargetTransaction, TargetTransactions } from './target-transactions.js';

/** A source transaction, whole. */
export interface Complete extends Member {
  readonly ops: Ops;
  /** It was applied before, and is applied in safe mode. */
  readonly safe: boolean;
}

export interface BacklogOptions {
  readonly statements: Statements;
  readonly transactions: TargetTransactions;
  /** The target takes writes of its own. */
  readonly guarded: boolean;
}

export class Backlog {
  readonly #options: BacklogOptions;
  #last: Pick<Complete, 'place' | 'event' | 'safe'> | null = null;
  /** One by one; only where there is a guard. */
  #members: Member[] = [];
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

  /** What cannot be written at all names its transaction, too, unless others wait with it: those are applied first, one by one. */
  add({ changes, ops, event, place, safe, checkpoint }: Complete): void {
    const { statements, guarded } = this.#options;
    const alone = this.isEmpty;
    if (guarded && !safe && changes.length > 0) this.#members.push({ changes, event, place, checkpoint });
    try {
      for (const change of changes) statements.add(change, safe);
    } catch (error) {
      throw nameFailure(error, { changes: statements.takeChanges(), log: place.log, seq: place.seq, event, alone });
    }
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
