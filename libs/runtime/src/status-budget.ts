/**
 * All statuses of a process on their way to ZooKeeper. What people and other processes wait for (state, epoch, log, routes, suspended
 * tables, error, a hold, a tree that has regressed) is written at once. The rest shares a bucket: each work has one turn in the queue,
 * keeps it, and the newest value goes out. Without it 4,000 works are 4,000 writes a second. Nothing waits for any of it.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError, WorkStatus } from '@lutra/model';
import type { StatusSink } from './status-reporter.js';

/** What @lutra/registry's status store offers. */
export interface StatusStore {
  publish(status: WorkStatus): Promise<void>;
  clear(app: WorkStatus['app'], name: string, instance: string): Promise<void>;
}

export interface StatusBudgetOptions {
  readonly store: StatusStore;
  /** Told once when writing begins to fail, and again when it works again. */
  onError(error: SyncError | null): void;
  readonly writesPerSecond?: number;
}

const defaultWritesPerSecond = 20;

export class StatusBudget implements StatusSink {
  readonly #options: StatusBudgetOptions;
  readonly #everyMs: number;
  readonly #most: number;
  /** By work: what was handed over last, as far as somebody waits for it. */
  readonly #told = new Map<string, string>();
  /** By work, in the order in which they wait. */
  readonly #waiting = new Map<string, WorkStatus>();
  #tokens: number;
  #filledAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #failing = false;

  constructor(options: StatusBudgetOptions) {
    this.#options = options;
    const perSecond = options.writesPerSecond ?? defaultWritesPerSecond;
    this.#everyMs = 1000 / perSecond;
    this.#most = perSecond;
    this.#tokens = perSecond;
  }

  publish(status: WorkStatus): void {
    const key = keyOf(status);
    const facts = urgentFacts(status);
    if (this.#told.get(key) === facts) {
      this.#waiting.set(key, status);
      return this.#spend();
    }
    this.#told.set(key, facts);
    this.#waiting.delete(key);
    this.#write(status);
  }

  async clear(app: WorkStatus['app'], name: string, instance: string): Promise<void> {
    const key = keyOf({ app, name, instance });
    this.#told.delete(key);
    this.#waiting.delete(key);
    await this.#options.store.clear(app, name, instance);
  }

  /** As many as there are tokens; then again when there is the next one. */
  #spend(): void {
    if (this.#timer) return;
    const now = performance.now();
    this.#tokens = Math.min(this.#most, this.#tokens + (now - this.#filledAt) / this.#everyMs);
    this.#filledAt = now;
    for (const [key, status] of this.#waiting) {
      if (this.#tokens < 1) break;
      this.#tokens -= 1;
      this.#waiting.delete(key);
      this.#write(status);
    }
    if (this.#waiting.size === 0) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#spend();
      },
      Math.ceil((1 - this.#tokens) * this.#everyMs),
    );
    this.#timer.unref();
  }

  #write(status: WorkStatus): void {
    void this.#options.store.publish(status).then(
      () => this.#ended(null),
      (error: unknown) => this.#ended(toSyncError(error)),
    );
  }

  #ended(error: SyncError | null): void {
    if (this.#failing !== (error !== null)) this.#options.onError(error);
    this.#failing = error !== null;
  }
}

function keyOf({ app, name, instance }: Pick<WorkStatus, 'app' | 'name' | 'instance'>): string {
  return `${app}\0${name}\0${instance}`;
}

/**
 * An error that comes again and again is one: its time and its wording are no news. Who adopts a tree goes by what those say who have seen
 * it regress.
 */
function urgentFacts({ state, epoch, log, routes, suspended, configuration, lastError, hold }: WorkStatus): string {
  const tables = suspended?.map(({ database, name }) => `${database}.${name}`) ?? null;
  // What a person answers is the hold that is shown.
  const held = hold ? [hold.seq, hold.reason, hold.ways] : null;
  return JSON.stringify([state, epoch, log, routes, tables, configuration?.regressed === true, lastError?.code ?? null, held]);
}
