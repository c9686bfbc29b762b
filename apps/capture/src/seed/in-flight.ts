/**
 * How many records of the log the loader of a pipeline may still have to apply when a chunk begins. What an application writes waits behind
 * them. The loader says where it is once a second, and is asked once a second: an answer is up to two seconds old.
 *
 * It may be as many as the loader has applied lately in half of the lag that is allowed; and twice as many where it has applied all that
 * was there at the look before: then it could do more. Pure.
 */

/** What a loader has said. */
export interface Applied {
  readonly seq: number;
  /** ms since 1970, by its own clock. */
  readonly at: number;
}

export class InFlight {
  readonly #least: number;
  readonly #ms: number;
  #most: number;
  #applied: Applied | null = null;
  /** The last record of the log at the look before. */
  #written = Infinity;

  constructor({ least, maxLagMs }: { readonly least: number; readonly maxLagMs: number }) {
    this.#least = least;
    this.#ms = maxLagMs / 2;
    this.#most = least;
  }

  /** At each look. @param lastSeq of the log */
  look(applied: Applied, lastSeq: number): void {
    const before = this.#applied;
    if (before?.at === applied.at) return;
    const isShort = applied.seq >= this.#written;
    this.#applied = applied;
    this.#written = lastSeq;
    // Its clock was set, or it is another loader.
    if (!before || applied.at < before.at) return;
    const lately = ((applied.seq - before.seq) / (applied.at - before.at)) * this.#ms;
    this.#most = Math.max(this.#least, isShort ? 2 * lately : lately);
  }

  /** The loader has to apply more than that. */
  isFull(lastSeq: number): boolean {
    return this.#applied !== null && lastSeq - this.#applied.seq >= this.#most;
  }
}
