/**
 * The last change of each resource in a log: resource → seq, from some seq on. Pure. It forgets from the old end, as far as what arrives has seen the log:
 * entries stand in the order of their seq, so that forgetting looks at no entry twice.
 */
export class ChangeWindow {
  readonly #changes = new Map<string, number>();

  add(resource: string, seq: number): void {
    this.#changes.delete(resource);
    this.#changes.set(resource, seq);
  }

  /** The seq of its last change, if that is after `seen`. */
  changedAfter(resource: string, seen: number): number | null {
    const seq = this.#changes.get(resource);
    return seq !== undefined && seq > seen ? seq : null;
  }

  /** Nobody will ask about changes up to `seen` any more. */
  forget(seen: number): void {
    for (const [resource, seq] of this.#changes) {
      if (seq > seen) return;
      this.#changes.delete(resource);
    }
  }

  get size(): number {
    return this.#changes.size;
  }
}
