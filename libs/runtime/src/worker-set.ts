/**
 * Keeps one running worker per wanted key, following a configuration that changes: a key that goes ends its worker, a key whose
 * fingerprint changes restarts it, a key of which anything else changes tells its worker, and any other is left alone.
 */
import { LiveWork } from './live-work.js';

export interface Assignment<T> {
  /** What the worker's connections and its log depend on; it restarts when this text changes. */
  readonly fingerprint: string;
  /** All else that it works by; it is told when this text changes. */
  readonly live: string;
  /** Channel → number of the last retry. It restarts when the number of one that it had grows. */
  readonly attempts: Readonly<Record<string, number>>;
  readonly value: T;
}

interface Running<T> {
  readonly work: LiveWork<T>;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  assigned: Assignment<T>;
}

type Run<T> = (key: string, work: LiveWork<T>, signal: AbortSignal) => Promise<void>;

export class WorkerSet<T> {
  readonly #run: Run<T>;
  readonly #running = new Map<string, Running<T>>();
  #assigned: ReadonlyMap<string, Assignment<T>> = new Map();
  #closed = false;

  /** `run` works until its signal aborts; it must not throw (a worker supervises itself). */
  constructor(run: Run<T>) {
    this.#run = run;
  }

  reconcile(assigned: ReadonlyMap<string, Assignment<T>>): void {
    this.#assigned = assigned;
    for (const [key, running] of this.#running) follow(running, assigned.get(key));
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
    const work = new LiveWork(assigned.value);
    const done = this.#run(key, work, stop.signal).finally(() => {
      this.#running.delete(key);
      if (stop.signal.aborted) this.#startIfAssigned(key);
    });
    this.#running.set(key, { work, stop, done, assigned });
  }
}

function follow<T>(running: Running<T>, next: Assignment<T> | undefined): void {
  const { assigned, stop, work } = running;
  if (!next || next.fingerprint !== assigned.fingerprint || isRetried(assigned.attempts, next.attempts)) return stop.abort();
  running.assigned = next;
  if (next.live !== assigned.live) work.offer(next.value);
}

/** A channel that came or went is no retry. */
function isRetried(before: Assignment<unknown>['attempts'], now: Assignment<unknown>['attempts']): boolean {
  return Object.entries(now).some(([channel, attempt]) => Object.hasOwn(before, channel) && before[channel] !== attempt);
}
