/**
 * The last change of each conflict key in a log: conflict key → seq, from some seq on, and the keys of the rows that were changed. Pure. It
 * discards from the old end, as far as what arrives has seen the log: entries stand in the order of their seq, so that discarding looks at
 * no entry twice.
 *
 * Why the keys: one conflict key can be of several rows. A unique value is given from row to row; and the text of a conflict key is wider
 * than some collations ('n' and 'N'). Counter-example without them: home changes row N, the other side row n. There N's change is refused
 * because of n's; at home n's change meets N's, but only n would be sent again.
 */
import type { Value } from '@lutra/model';

/** Values of a primary key, in key order. */
export type KeyValues = readonly Value[];

interface ConcurrentChange {
  readonly key: KeyValues;
  readonly text: string;
  readonly seq: number;
}

export class RecentChanges {
  readonly #seqs = new Map<string, number>();
  /**
   * Of each conflict key, oldest first, each row once; null: nobody will ask. An index of recent changes may be long, and this is most of
   * it.
   */
  readonly #concurrentChanges: Map<string, readonly ConcurrentChange[]> | null;

  /** `withRows`: at home, where concurrent changes are sent again. */
  constructor({ withRows }: { readonly withRows: boolean }) {
    this.#concurrentChanges = withRows ? new Map() : null;
  }

  add(conflictKey: string, seq: number, key: KeyValues): void {
    this.#seqs.delete(conflictKey);
    this.#seqs.set(conflictKey, seq);
    if (!this.#concurrentChanges) return;
    const concurrentChange = { key, text: exactText(key), seq };
    const others = this.#concurrentChanges.get(conflictKey)?.filter(({ text }) => text !== concurrentChange.text) ?? [];
    this.#concurrentChanges.set(conflictKey, [...others, concurrentChange]);
  }

  /** The seq of its last change, if that is after `seen`. */
  changedAfter(conflictKey: string, seen: number): number | null {
    const seq = this.#seqs.get(conflictKey);
    return seq !== undefined && seq > seen ? seq : null;
  }

  /** The rows whose changes after `seen` had to do with it; none in an index of recent changes without rows. */
  concurrentChanges(conflictKey: string, seen: number): readonly KeyValues[] {
    return this.#concurrentChanges?.get(conflictKey)?.flatMap(({ key, seq }) => (seq > seen ? [key] : [])) ?? [];
  }

  /** Every conflict key that was changed after `seen`. */
  *changedSince(seen: number): Generator<string> {
    for (const [conflictKey, seq] of this.#seqs) if (seq > seen) yield conflictKey;
  }

  /** Nobody will ask about changes up to `seen` any more. */
  discard(seen: number): void {
    for (const [conflictKey, seq] of this.#seqs) {
      if (seq > seen) return;
      this.#seqs.delete(conflictKey);
      this.#concurrentChanges?.delete(conflictKey);
    }
  }

  get size(): number {
    return this.#seqs.size;
  }
}

/** Exact where a conflict key is not. */
function exactText(key: KeyValues): string {
  return key.map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : String(value))).join('\0');
}
