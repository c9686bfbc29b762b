/**
 * Batches of a topic as they come; and an empty one at each offer of another configuration, and whenever there is something else to do,
 * which a silent topic would keep waiting.
 */
import type { RawRecord } from '@lutra/bus';
import type { LiveWork } from '@lutra/runtime';

type Batch = readonly RawRecord[];

export interface Offers {
  readonly live: Pick<LiveWork<unknown>, 'isTaken' | 'onOffer'>;
  readonly bell: Pick<Bell, 'onRing'>;
}

/** Rung by what has something to be done between two transactions. */
export class Bell {
  readonly #listeners = new Set<() => void>();

  ring(): void {
    for (const listener of this.#listeners) listener();
  }

  /** Returns how to end that. */
  onRing(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}

export async function* withOffers(batches: AsyncIterable<Batch>, { live, bell }: Offers): AsyncGenerator<Batch, void, void> {
  const iterator = batches[Symbol.asyncIterator]();
  let coming: Promise<IteratorResult<Batch>> | null = null;
  let isOffered = !live.isTaken;
  let wake = (): void => undefined;
  const offered = (): void => {
    isOffered = true;
    wake();
  };
  const ends = [live.onOffer(offered), bell.onRing(offered)];
  try {
    for (;;) {
      coming ??= iterator.next();
      const first = await either(coming, (woken) => (isOffered ? woken() : (wake = woken)));
      if (first === null) {
        isOffered = false;
        yield [];
        continue;
      }
      coming = null;
      if (first.done) return;
      yield first.value;
    }
  } finally {
    for (const end of ends) end();
    const closed = iterator.return?.();
    if (coming) for (const late of [coming, closed]) late?.catch(() => undefined); // ends with the run, whose error is told
    else await closed;
  }
}

/** Null: offered. */
function either<T>(coming: Promise<T>, listen: (woken: () => void) => void): Promise<T | null> {
  return new Promise<T | null>((resolve, reject) => {
    coming.then(resolve, reject);
    listen(() => resolve(null));
  });
}
