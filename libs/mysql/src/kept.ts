/** A connection that is asked for again and again, by one after the other: closed when nobody has asked for a second. */

export interface Keepable {
  readonly broken: boolean;
  close(): Promise<void>;
}

const idleMs = 1_000;
/** What a session keeps of the server (settings, global privileges) is no older. */
const maxAgeMs = 60_000;

interface Opened<T> {
  readonly one: T;
  readonly at: number;
}

export class Kept<T> {
  readonly #open: () => Promise<T & Keepable>;
  #idle: Opened<T & Keepable> | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(open: () => Promise<T & Keepable>) {
    this.#open = open;
  }

  /** For `work` alone. A failure leaves none behind. */
  async use<R>(work: (one: T) => Promise<R>): Promise<R> {
    const opened = await this.#take();
    try {
      const result = await work(opened.one);
      if (this.#idle) await opened.one.close();
      else this.#keep(opened);
      return result;
    } catch (error) {
      await opened.one.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    const idle = this.#idle;
    this.#idle = null;
    await idle?.one.close();
  }

  async #take(): Promise<Opened<T & Keepable>> {
    const idle = this.#idle;
    this.#idle = null;
    clearTimeout(this.#timer);
    const now = performance.now();
    if (idle && !idle.one.broken && now - idle.at < maxAgeMs) return idle;
    await idle?.one.close();
    return { one: await this.#open(), at: now };
  }

  #keep(opened: Opened<T & Keepable>): void {
    this.#idle = opened;
    this.#timer = setTimeout(() => void this.close().catch(() => undefined), idleMs).unref(); // who asks next opens another
  }
}
