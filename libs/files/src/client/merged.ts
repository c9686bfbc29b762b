/** Several streams as one, each value as it comes. The first that fails fails all. */
export async function* merged<T>(streams: readonly AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = new Map(streams.map((stream, index) => [index, pull(stream, index)]));
  try {
    while (next.size > 0) {
      const { index, result } = await Promise.race(next.values());
      const stream = streams[index];
      if (result.done || !stream) {
        next.delete(index);
        continue;
      }
      next.set(index, pull(stream, index));
      yield result.value;
    }
  } finally {
    // Not awaited: a stream that waits for its next value ends when that comes.
    for (const [index, pulled] of next) {
      pulled.catch(() => undefined); // another one failed, or nobody listens any more
      void streams[index]?.return(undefined).catch(() => undefined); // the same
    }
  }
}

interface Pulled<T> {
  readonly index: number;
  readonly result: IteratorResult<T, void>;
}

async function pull<T>(stream: AsyncGenerator<T>, index: number): Promise<Pulled<T>> {
  return { index, result: await stream.next() };
}
