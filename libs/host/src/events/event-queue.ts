/**
 * Events on their way to Kafka. Whoever offers one goes on at once, whatever becomes of it: what cannot be sent is kept up to a bound and
 * tried again in the background; above it the oldest are dropped, and counted. A repetition may put an event into the topic twice.
 *
 * Nothing is opened before the first event.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { toSyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';

export interface OutEvent {
  /** The record's: what it is about. */
  readonly key: string;
  /** JSON. */
  readonly value: string;
}

/** Where events go. After a failure it is asked again, and begins anew. */
export interface EventTransport {
  /** In this order. @throws SyncError; RECORD_TOO_LARGE: trying again is of no use */
  send(events: readonly OutEvent[]): Promise<void>;
  close(): Promise<void>;
}

export interface EventQueueOptions {
  /** For people, in the plural. */
  readonly what: string;
  readonly transport: EventTransport;
  readonly logger: Pick<Logger, 'info' | 'warn'>;
  onDropped(key: string): void;
  readonly limits?: Partial<QueueLimits>;
}

interface QueueLimits {
  /** Characters of all events that wait. */
  readonly waiting: number;
  /** … of one batch: less than Kafka's default for a record batch, whatever their UTF-8. */
  readonly batch: number;
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** For what waits when the process ends. */
  readonly flushMs: number;
}

const limits: QueueLimits = {
  waiting: 4 * 1024 * 1024,
  batch: 192 * 1024,
  firstPauseMs: 1_000,
  maxPauseMs: 30_000,
  flushMs: 2_000,
};

export class EventQueue {
  readonly #options: EventQueueOptions;
  readonly #limits: QueueLimits;
  readonly #ending = new AbortController();
  #waiting: OutEvent[] = [];
  #length = 0;
  #working: Promise<void> | null = null;
  #failures = 0;
  #dropped = 0;

  constructor(options: EventQueueOptions) {
    this.#options = options;
    this.#limits = { ...limits, ...options.limits };
  }

  /** Never throws, never waits. */
  offer(out: OutEvent): void {
    if (this.#ending.signal.aborted) return this.#drop(out);
    this.#waiting.push(out);
    this.#length += out.value.length;
    this.#trim();
    if (this.#waiting.length > 0) this.#working ??= this.#work();
  }

  /** Sends what waits, if that is possible soon. */
  async close(): Promise<void> {
    this.#ending.abort();
    const { flushMs } = this.#limits;
    const bound = (): Promise<void> => delay(flushMs, undefined, { ref: false });
    if (this.#working) await Promise.race([this.#working, bound()]);
    await Promise.race([this.#options.transport.close().catch(() => undefined), bound()]); // we are leaving either way
    for (const event of this.#take(Infinity)) this.#drop(event);
  }

  async #work(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const batch = this.#take(this.#limits.batch);
        const error = await this.#options.transport.send(batch).then(() => null, toSyncError);
        if (error?.code === 'RECORD_TOO_LARGE') for (const event of batch) this.#drop(event);
        else if (error) this.#putBack(batch);
        this.#tell(error?.code ?? null);
        if (error && !(await this.#pause())) return;
      }
    } finally {
      // At the very moment that it looked and found nothing: the next offer starts it again.
      this.#working = null;
    }
  }

  #take(maxLength: number): readonly OutEvent[] {
    let length = 0;
    const end = this.#waiting.findIndex(({ value }, index) => (length += value.length) > maxLength && index > 0);
    const batch = this.#waiting.splice(0, end === -1 ? this.#waiting.length : end);
    for (const { value } of batch) this.#length -= value.length;
    return batch;
  }

  #putBack(batch: readonly OutEvent[]): void {
    this.#waiting.unshift(...batch);
    for (const { value } of batch) this.#length += value.length;
    this.#trim();
  }

  #trim(): void {
    while (this.#length > this.#limits.waiting) {
      const oldest = this.#waiting.shift();
      if (!oldest) return;
      this.#length -= oldest.value.length;
      this.#drop(oldest);
    }
  }

  #drop({ key }: OutEvent): void {
    this.#dropped += 1;
    this.#options.onDropped(key);
  }

  /** Once when it begins to fail, and once when it works again. */
  #tell(code: string | null): void {
    const { logger, what } = this.#options;
    const dropped = this.#dropped;
    if (code !== null && this.#failures === 0) logger.warn({ code, dropped }, `cannot send ${what}; nothing else waits for it`);
    if (code === null && this.#failures > 0) logger.info({ dropped }, `${what} are sent again`);
    this.#failures = code === null ? 0 : this.#failures + 1;
  }

  /** False: it is ending, and was tried. */
  async #pause(): Promise<boolean> {
    if (this.#ending.signal.aborted) return false;
    const { firstPauseMs, maxPauseMs } = this.#limits;
    const ms = Math.min(maxPauseMs, firstPauseMs * 2 ** (this.#failures - 1));
    await delay(ms, undefined, { signal: this.#ending.signal, ref: false }).catch(() => undefined); // ended: the loop sees it
    return true;
  }
}
