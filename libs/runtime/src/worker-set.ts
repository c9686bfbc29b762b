/**
 * Keeps one running worker per wanted key, following a configuration that changes: a key that goes ends its worker, a key whose
 * fingerprint changes restarts it, a key that stays is left alone.
 */
export interface Assignment<T> {
  /** What the worker depends on; it restarts when this text changes. */
  readonly fingerprint: string;
  readonly value: T;
}

interface Running {
  readonly fingerprint: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

export class WorkerSet<T> {
  readonly #run: (key: string, value: T, signal: AbortSignal) => Promise<void>;
  readonly #running = new Map<string, Running>();
  #assigned: ReadonlyMap<string, Assignment<T>> = new Map();
  #closed = false;

  /** `run` works until its signal aborts; it must not throw (a worker supervises itself). */
  constructor(run: (key: string, value: T, signal: AbortSignal) => Promise<void>) {
    this.#run = run;
  }

  reconcile(assigned: ReadonlyMap<string, Assignment<T>>): void {
    this.#assigned = assigned;
    for (const [key, running] of this.#running) {
      if (assigned.get(key)?.fingerprint !== running.fingerprint) running.stop.abort();
    }
    for (const key of assigned.keys()) this.#startIfAssigned(key);
  }

  /** Ends all workers and waits for them. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const running of this.#running.values()) running.stop.abort();
    await Promise.all([...this.#running.values()].map((running) => running.done));
  }

  get size(): number {
    return this.#running.size;
  }

  #startIfAssigned(key: string): void {
    const assigned = this.#assigned.get(key);
    // A worker that is ending is replaced only after it has ended: two of one key would compete for its lease.
    if (!assigned || this.#closed || this.#running.has(key)) return;
    const stop = new AbortController();
    const done = this.#run(key, assigned.value, stop.signal).finally(() => {
      this.#running.delete(key);
      if (stop.signal.aborted) this.#startIfAssigned(key);
    });
    this.#running.set(key, { fingerprint: assigned.fingerprint, stop, done });
  }
}
