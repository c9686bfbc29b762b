/** Batches of a topic as they come; and an empty one at each offer of another configuration, which a silent topic would keep waiting. */
import type { RawRecord } from '@lutra/bus';
import type { LiveWork } from '@lutra/runtime';

type Batch = readonly RawRecord[];

export async function* withOffers(batches: AsyncIterable<Batch>, live: LiveWork<unknown>): AsyncGenerator<Batch, void, void> {
  const iterator = batches[Symbol.asyncIterator]();
  let coming: Promise<IteratorResult<Batch>> | null = null;
  let isOffered = !live.isTaken;
  let wake = (): void => undefined;
  const end = live.onOffer(() => {
    isOffered = true;
    wake();
  });
  try {
    for (;;) {
      coming ??= iterator.next();
      const first = await either(coming, (offered) => (isOffered ? offered() : (wake = offered)));
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
    end();
    const closed = iterator.return?.();
    if (coming) for (const late of [coming, closed]) late?.catch(() => undefined); // ends with the run, whose error is told
    else await closed;
  }
}

/** Null: offered. */
function either<T>(coming: Promise<T>, listen: (offered: () => void) => void): Promise<T | null> {
  return new Promise<T | null>((resolve, reject) => {
    coming.then(resolve, reject);
    listen(() => resolve(null));
  });
}
