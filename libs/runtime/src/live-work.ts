/**
 * What a piece of work is told to do, as the configuration says it now. A run takes the newest; what comes later it takes at a transaction
 * boundary of its own choice.
 */
import { orAborted, sleep } from './abort.js';

export class LiveWork<T> {
  #newest: T;
  #isTaken = false;
  #next = Promise.withResolvers<void>();
  readonly #listeners = new Set<() => void>();

  constructor(first: T) {
    this.#newest = first;
  }

  get newest(): T {
    return this.#newest;
  }

  /** Somebody works by the newest. */
  get isTaken(): boolean {
    return this.#isTaken;
  }

  offer(value: T): void {
    this.#newest = value;
    this.#isTaken = false;
    this.#next.resolve();
    this.#next = Promise.withResolvers();
    for (const listener of this.#listeners) listener();
  }

  /** Returns how to end that. */
  onOffer(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  take(): T {
    this.#isTaken = true;
    return this.#newest;
  }

  /** Resolves at the next offer. Ask before looking at the newest: an offer in between is not missed then. */
  get next(): Promise<void> {
    return this.#next.promise;
  }

  /** Resolves once there is one that nobody has taken. @throws SyncError ABORTED */
  async untaken(signal: AbortSignal): Promise<void> {
    while (this.#isTaken) await orAborted(this.next, signal);
  }
}

/** Resolves with the offer that is waited for, or after so long without it. @throws SyncError ABORTED */
export async function offerWithin(next: Promise<void>, ms: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  try {
    const either = AbortSignal.any([signal, over.signal]);
    await Promise.race([orAborted(next, either), sleep(ms, either)]);
  } finally {
    over.abort();
  }
}
