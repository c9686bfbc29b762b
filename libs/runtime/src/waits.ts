/**
 * What work waits for, told once that lasts: an operator who sees nothing move is told what holds it and since when. What ends within a few
 * seconds is nobody's business. Of several waits the one that began last is told: it is the innermost, and knows best.
 */

/** Runs `work`; while it lasts, `what` is what is waited for: "Kafka of region a". */
export type During = <T>(what: string, work: () => Promise<T>) => Promise<T>;

/** Shorter ones are not told. */
export const toldAfterMs = 3_000;

interface Wait {
  readonly what: string;
  /** ms since 1970 */
  readonly since: number;
}

export class Waits {
  readonly #open = new Set<Wait>();

  /** @returns ends it */
  begin(what: string, since = Date.now()): () => void {
    const wait = { what, since };
    this.#open.add(wait);
    return () => void this.#open.delete(wait);
  }

  readonly during: During = async (what, work) => {
    const end = this.begin(what);
    try {
      return await work();
    } finally {
      end();
    }
  };

  /** "Kafka of region a, since 2026-01-31T12:00:00Z"; null: nothing lasts. */
  told(now: number): string | null {
    const long = [...this.#open].filter(({ since }) => now - since >= toldAfterMs).at(-1);
    return long ? `${long.what}, since ${new Date(long.since).toISOString().replace(/\.\d+Z$/, 'Z')}` : null;
  }
}
