/**
 * The last change of each resource in a log: resource → seq, from some seq on, and the keys of the rows that were changed. Pure. It forgets from the old end, as far as what
 * arrives has seen the log: entries stand in the order of their seq, so that forgetting looks at no entry twice.
 *
 * Why the keys: one resource can be of several rows. A unique value is given from row to row; and the text of a resource is wider than some collations ('n' and 'N'). Counter-example without them:
 * home changes row N, the other side row n. There N's change is refused because of n's; at home n's change meets N's, but only n would be sent again.
 */
import type { Value } from '@lutra/model';

/** Values of a primary key, in key order. */
export type KeyValues = readonly Value[];

interface Rival {
  readonly key: KeyValues;
  readonly text: string;
  readonly seq: number;
}

interface Change {
  readonly seq: number;
  /** Oldest first; each row once. */
  readonly rows: readonly Rival[];
}

export class ChangeWindow {
  readonly #changes = new Map<string, Change>();

  add(resource: string, seq: number, key: KeyValues): void {
    const known = this.#changes.get(resource);
    const rival = { key, text: exactText(key), seq };
    const others = known?.rows.filter(({ text }) => text !== rival.text) ?? [];
    if (known) this.#changes.delete(resource);
    this.#changes.set(resource, { seq, rows: [...others, rival] });
  }

  /** The seq of its last change, if that is after `seen`. */
  changedAfter(resource: string, seen: number): number | null {
    const seq = this.#changes.get(resource)?.seq;
    return seq !== undefined && seq > seen ? seq : null;
  }

  /** The rows whose changes after `seen` had to do with it. */
  rivals(resource: string, seen: number): readonly KeyValues[] {
    return this.#changes.get(resource)?.rows.flatMap((rival) => (rival.seq > seen ? [rival.key] : [])) ?? [];
  }

  /** Every resource that was changed after `seen`. */
  *changedSince(seen: number): Generator<string> {
    for (const [resource, { seq }] of this.#changes) if (seq > seen) yield resource;
  }

  /** Nobody will ask about changes up to `seen` any more. */
  forget(seen: number): void {
    for (const [resource, { seq }] of this.#changes) {
      if (seq > seen) return;
      this.#changes.delete(resource);
    }
  }

  get size(): number {
    return this.#changes.size;
  }
}

/** Exact where a resource is not. */
function exactText(key: KeyValues): string {
  return key.map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : String(value))).join('\0');
}
