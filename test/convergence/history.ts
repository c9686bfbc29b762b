/**
 * What was committed, a line of JSON for each transaction, in a file that stays; and its row changes in memory, for the verdict. A change
 * knows what it was made from: `basis` is the stamp that the row had.
 */
import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import type { Key } from './shapes.js';
import type { Value } from './values.js';

export interface Change {
  readonly table: string;
  readonly key: Key;
  readonly op: 'c' | 'u' | 'd';
  /** Where an update moved it to. */
  readonly to?: Key;
  /** Null: there was no row. */
  readonly basis: string | null;
  /** Null: there is none any more. */
  readonly stamp: string | null;
}

export interface Written extends Change {
  readonly set: Readonly<Record<string, Value>>;
}

export interface Entry {
  /** ms since the run began. */
  readonly at: number;
  /** `a.3` */
  readonly writer: string;
  /** `unknown …`: COMMIT got no answer; the journal told later. */
  readonly outcome: 'committed' | 'rolled back' | 'refused' | 'lost' | 'unknown, committed' | 'unknown, not committed';
  readonly stamp: string;
  readonly changes: readonly Written[];
}

export interface Committed extends Change {
  /** Its letter. */
  readonly site: string;
}

export class History {
  readonly file: string;
  readonly #stream: WriteStream;
  readonly #begin = performance.now();
  readonly #committed: Committed[] = [];
  readonly #stamps: string[] = [];

  constructor(file: string) {
    this.file = file;
    this.#stream = createWriteStream(file);
  }

  /** In the order in which writers learned of them. */
  get committed(): readonly Committed[] {
    return this.#committed;
  }

  /** Of all transactions that were committed. */
  get stamps(): readonly string[] {
    return this.#stamps;
  }

  add(entry: Omit<Entry, 'at'>): void {
    const at = Math.round(performance.now() - this.#begin);
    this.#stream.write(`${JSON.stringify({ at, ...entry })}\n`);
    if (entry.outcome !== 'committed' && entry.outcome !== 'unknown, committed') return;
    this.#stamps.push(entry.stamp);
    for (const { set: _set, ...change } of entry.changes) this.#committed.push({ ...change, site: entry.writer.charAt(0) });
  }

  async close(): Promise<void> {
    this.#stream.end();
    await finished(this.#stream);
  }
}
