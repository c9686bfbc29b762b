/**
 * What control records write that follow one another, about other tables each: they share a target transaction. They came behind everything
 * else that was read, and are flushed before anything behind them is.
 */
import { quoteTable, joined } from '@lutra/mysql';
import type { SqlText } from '@lutra/mysql';
import type { TableName } from '@lutra/model';
import type { CommitQueue } from '../commit/commit-queue.js';
import { withoutRows } from '../commit/target-transaction.js';
import type { RecordPosition } from '../read/log-reader.js';

/** In one target transaction. */
const maxControls = 100;
const maxCharacters = 1024 * 1024;

export interface Controlled {
  readonly table: TableName;
  readonly text: SqlText;
  readonly position: RecordPosition;
  /** It is committed. */
  committed(): void;
}

export class PendingControls {
  readonly #transactions: CommitQueue;
  #pending: Controlled[] = [];

  constructor(transactions: CommitQueue) {
    this.#transactions = transactions;
  }

  get none(): boolean {
    return this.#pending.length === 0;
  }

  get full(): boolean {
    return this.#pending.length >= maxControls || this.#pending.reduce((sum, { text }) => sum + text.sql.length, 0) >= maxCharacters;
  }

  has(table: TableName): boolean {
    const name = quoteTable(table);
    return this.#pending.some((one) => quoteTable(one.table) === name);
  }

  add(controlled: Controlled): void {
    this.#pending.push(controlled);
  }

  /** Hands over what waits; its commit goes on while the caller reads on. */
  async flush(): Promise<void> {
    const pending = this.#pending;
    const position = pending.at(-1)?.position;
    if (!position) return;
    this.#pending = [];
    await this.#transactions.commit(withoutRows({ position, event: null }, joined(pending.map(({ text }) => text))));
    this.#transactions.afterwards(() => {
      for (const { committed } of pending) committed();
    });
  }
}
