/**
 * Counts failures by key: who fails often waits, longer each time. The keys are addresses, and users together with an address; never a
 * user alone, since a stranger could lock him out then.
 */
interface Tries {
  readonly count: number;
  readonly lastAt: number;
}

const mostWaitMs = 60_000;
const discardedAfterMs = 15 * 60_000;
const mostKeys = 10_000;

export class Failures {
  readonly #free: number;
  readonly #now: () => number;
  readonly #tries = new Map<string, Tries>();

  /** `free`: how many cost nothing. */
  constructor(free: number, now: () => number = Date.now) {
    this.#free = free;
    this.#now = now;
  }

  /** One more. @returns seconds to wait; 0 while there were few */
  add(key: string): number {
    const count = (this.#known(key)?.count ?? 0) + 1;
    this.#tries.delete(key);
    this.#tries.set(key, { count, lastAt: this.#now() }); // the latest last: the first is the oldest
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > mostKeys && oldest !== undefined) this.#tries.delete(oldest);
    return this.#waitMs(count) / 1000;
  }

  /** Seconds that are left of the wait; 0: none. */
  waitLeft(key: string): number {
    const known = this.#known(key);
    return known ? Math.max(0, Math.ceil((known.lastAt + this.#waitMs(known.count) - this.#now()) / 1000)) : 0;
  }

  /** The last one was none. */
  takeBack(key: string): void {
    const known = this.#tries.get(key);
    if (known) this.#tries.set(key, { ...known, count: known.count - 1 });
  }

  forget(key: string): void {
    this.#tries.delete(key);
  }

  #known(key: string): Tries | undefined {
    const known = this.#tries.get(key);
    return known && this.#now() - known.lastAt < discardedAfterMs ? known : undefined;
  }

  #waitMs(count: number): number {
    return count <= this.#free ? 0 : Math.min(mostWaitMs, 1000 * 2 ** Math.min(10, count - this.#free - 1));
  }
}
