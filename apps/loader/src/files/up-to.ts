/** What of some transactions has its files. */
import type { RowFile, WithFiles } from './commit-files.js';
import type { Wanted } from './wanted.js';

/** How many of some transactions, from the first on, have all answers. What was looked at is not looked at again: it may be a million. */
export class UpTo {
  readonly #transactions: readonly WithFiles[];
  #transaction = 0;
  #file = 0;

  constructor(transactions: readonly WithFiles[]) {
    this.#transactions = transactions;
  }

  /** @throws SyncError of the first, if it cannot go on */
  advance(): number {
    for (; this.#transaction < this.#transactions.length; this.#transaction += 1, this.#file = 0) {
      const comes = this.#transactions[this.#transaction]?.files?.comes ?? [];
      while (comes[this.#file]?.staged !== undefined) this.#file += 1;
      const file = comes[this.#file];
      if (!file) continue;
      if (this.#transaction === 0 && isWanted(file) && file.failure) throw file.failure;
      break;
    }
    return this.#transaction;
  }
}

export function oldestMs(transactions: readonly WithFiles[]): number {
  const since = transactions.flatMap(({ files }) => (files?.comes ?? []).filter(isWanted).map((file) => file.since));
  return since.length === 0 ? 0 : Date.now() - since.reduce((oldest, one) => Math.min(oldest, one));
}

export function isWanted(file: RowFile): file is Wanted {
  return 'wish' in file;
}
