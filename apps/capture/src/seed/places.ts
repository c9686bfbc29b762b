/**
 * Places of the log between two transactions, where the chunk reader publishes. The binlog reader comes by them; while it waits for the
 * source, the place where it stands is as good. Only one of the two writes at a time: what the writer gets is the log's order.
 */
import { isBefore } from '@lutra/binlog';
import type { FilePosition } from '@lutra/model';
import type { Boundary } from '../stream/output.js';

/** Between two transactions; its rows and resolutions are all in the log. */
export type Place = Pick<Boundary, 'end' | 'seen'>;

interface Visit {
  /** Not before it; null: anywhere. */
  readonly from: FilePosition | null;
  readonly work: (place: Place) => Promise<void>;
}

export class Places {
  #visits: Visit[] = [];
  #place: Place | null = null;
  #isReading = false;
  #pass: Promise<void> | null = null;

  /** The reader has an item; it waits for what is returned. */
  enter(): Promise<void> | null {
    this.#isReading = true;
    return this.#pass;
  }

  /** The reader waits for the next item. */
  leave(): void {
    this.#isReading = false;
    if (this.#visits.length > 0) this.#wake();
  }

  /** The reader is amid a transaction, or the log has what follows already. */
  left(): void {
    this.#place = null;
  }

  /** The reader is between two transactions. */
  reached(place: Place): Promise<void> | void {
    this.#place = place;
    if (this.#visits.length > 0) return this.#visit(place);
  }

  /** Runs `work` at the first place that is not before `from`, alone. Rejects as `work` does. */
  at<T>(from: FilePosition | null, work: (place: Place) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#visits.push({
        from,
        work: async (place) => {
          try {
            resolve(await work(place));
          } catch (error) {
            reject(error);
          }
        },
      });
      if (!this.#isReading) this.#wake();
    });
  }

  #wake(): void {
    const place = this.#place;
    if (place === null || this.#pass) return;
    this.#pass = this.#visit(place).finally(() => {
      this.#pass = null;
      // Asked for meanwhile.
      if (!this.#isReading && this.#visits.some((visit) => isDue(visit, place))) this.#wake();
    });
  }

  async #visit(place: Place): Promise<void> {
    const due = this.#visits.filter((visit) => isDue(visit, place));
    if (due.length === 0) return;
    this.#visits = this.#visits.filter((visit) => !due.includes(visit));
    for (const { work } of due) await work(place);
  }
}

function isDue({ from }: Visit, { end }: Place): boolean {
  return from === null || !isBefore(end, from);
}
