/**
 * A huge transaction that meets a conflict was written in part when that comes to light: it begins once more, and is settled row by row. So
 * does each one that met one in this run, until they are committed. To know the last one only is not enough; counter-example: capture was
 * replaced in the middle of one, so its first half is in the log, void, and then all of it, under another seq. Each half of the time the
 * other one would not be known, for ever.
 */
import { toSyncError } from '@lutra/model';

export interface UntilSettledOptions {
  readonly signal: AbortSignal;
  /** @param seq first one of the transaction */
  onAgain(seq: number): void;
}

/**
 * @param attempt gets the first seqs of those that are to be settled
 * @throws what an attempt throws, unless it says `unsettled` of one that was not
 */
export async function untilSettled(
  attempt: (settled: ReadonlySet<number>) => Promise<void>,
  { signal, onAgain }: UntilSettledOptions,
): Promise<void> {
  const settled = new Set<number>();
  for (;;) {
    try {
      return await attempt(settled);
    } catch (thrown) {
      const { unsettled, seq } = toSyncError(thrown).details;
      if (unsettled !== true || typeof seq !== 'number' || settled.has(seq) || signal.aborted) throw thrown;
      settled.add(seq);
      onAgain(seq);
    }
  }
}
