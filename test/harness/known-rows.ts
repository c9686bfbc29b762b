/** Keys that a side's writers have committed, so that they find rows to change without scanning. A key may be gone by now. */
import type { Random } from './random.js';

export class KnownRows {
  readonly #keys: number[] = [];

  get size(): number {
    return this.#keys.length;
  }

  add(key: number): void {
    this.#keys.push(key);
  }

  pick(random: Random): number | undefined {
    return this.#keys.length === 0 ? undefined : random.pick(this.#keys);
  }

  /** Takes it out: two writers never delete the same row. */
  take(random: Random): number | undefined {
    if (this.#keys.length === 0) return undefined;
    const index = random.int(0, this.#keys.length - 1);
    const key = this.#keys[index];
    const last = this.#keys.pop();
    if (last !== undefined && index < this.#keys.length) this.#keys[index] = last;
    return key;
  }
}
