/**
 * Remedies that follow one another: they share a target transaction. They came behind everything else that was read, so what waits must be
 * on its way before the first is added; and they are flushed before anything behind them is. None is ever split from the place behind it.
 */
import type { Guard } from './conflict/guard.js';
import type { Remedy } from './conflict/remedy.js';
import type { Place } from './log-reader.js';
import type { TargetTransactions } from './target-transactions.js';

/** In one target transaction. */
const maxRemedies = 100;

export interface PendingRemediesOptions {
  readonly guard: Pick<Guard, 'remedies'>;
  readonly transactions: TargetTransactions;
  readonly sourceRegion: string;
}

export class PendingRemedies {
  readonly #options: PendingRemediesOptions;
  #pending: { readonly remedy: Remedy; readonly place: Place }[] = [];

  constructor(options: PendingRemediesOptions) {
    this.#options = options;
  }

  get none(): boolean {
    return this.#pending.length === 0;
  }

  get full(): boolean {
    return this.#pending.length >= maxRemedies;
  }

  /** `place` lies between two transactions. */
  add(remedy: Remedy, place: Place): void {
    this.#pending.push({ remedy, place });
  }

  /** Committed when it resolves. */
  async flush(): Promise<void> {
    const { guard, transactions, sourceRegion } = this.#options;
    const place = this.#pending.at(-1)?.place;
    if (!place) return;
    const remedies = this.#pending.map(({ remedy }) => remedy);
    this.#pending = [];
    await transactions.settled();
    await guard.remedies(remedies, { ...transactions.checkpointAt(place, null), origin: sourceRegion, path: [sourceRegion] });
    transactions.written({ place, event: null, ops: {}, transactions: 0 });
  }
}
