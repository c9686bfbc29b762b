/**
 * The last change of each resource in a log: resource → seq, from some seq on, and the keys of the rows that were changed. Pure. It forgets
 * from the old end, as far as what arrives has seen the log: entries stand in the order of their seq, so that forgetting looks at no entry
 * twice.
 *
 * Why the keys: one resource can be of several rows. A unique value is given from row to row; and the text of a resource is wider than some
 * collations ('n' and 'N'). Counter-example without them: home changes row N, the other side row n. There N's change is refused because of
 * n's; at home n's change meets N's, but only n would be sent again.
 */
import type { Value } from '@lutra/model';

/** Values of a primary key, in key order. */
export type KeyValues = readonly Value[];

interface Rival {
  readonly key: KeyValues;
  readonly text: string;
  readonly seq: number;
}

export class ChangeWindow {
  readonly #seqs = new Map<string, number>();
  /** Of each resource, oldest first, each row once; null: nobody will ask. A window may be long, and this is most of it. */
  readonly #rivals: Map<string, readonly Rival[]> | null;

  /** `withRows`: at home, where rivals are sent again. */
  constructor({ withRows }: { readonly withRows: boolean }) {
    this.#rivals = withRows ? new Map() : null;
  }

  add(resource: string, seq: number, key: KeyValues): void {
    this.#seqs.delete(resource);
    this.#seqs.set(resource, seq);
    if (!this.#rivals) return;
    const rival = { key, text: exactText(key), seq };
    const others = this.#rivals.get(resource)?.filter(({ text }) => text !== rival.text) ?? [];
    this.#rivals.set(resource, [...others, rival]);
  }

  /** The seq of its last change, if that is after `seen`. */
  changedAfter(resource: string, seen: number): number | null {
    const seq = this.#seqs.get(resource);
    return seq !== undefined && seq > seen ? seq : null;
  }

  /** The rows whose changes after `seen` had to do with it; none in a window without rows. */
  rivals(resource: string, seen: number): readonly KeyValues[] {
    return this.#rivals?.get(resource)?.flatMap(({ key, seq }) => (seq > seen ? [key] : [])) ?? [];
  }

  /** Every resource that was changed after `seen`. */
  *changedSince(seen: number): Generator<string> {
    for (const [resource, seq] of this.#seqs) if (seq > seen) yield resource;
  }

  /** Nobody will ask about changes up to `seen` any more. */
  forget(seen: number): void {
    for (const [resource, seq] of this.#seqs) {
      if (seq > seen) return;
      this.#seqs.delete(resource);
      this.#rivals?.delete(resource);
    }
  }

  get size(): number {
    return this.#seqs.size;
  }
}

/** Exact where a resource is not. */
function exactText(key: KeyValues): string {
  return key.map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : String(value))).join('\0');
}
