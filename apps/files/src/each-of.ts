const atOnce = 16;

/** Sixteen in flight: the journal of a file system groups their syncs. None is under way any more when it ends, however it ends. */
export async function eachOf<T, R>(items: readonly T[], work: (item: T, index: number) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  let isFailed = false;
  const worker = async (): Promise<void> => {
    for (const [index, item] of rest) {
      if (isFailed) return;
      results[index] = await work(item, index).catch((error: unknown) => {
        isFailed = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return results;
}
