/**
 * How many records of the topic a pipeline has still to handle. Pure. The checkpoint alone cannot tell: it moves only with rows that take
 * effect, so what is not for this pipeline (other channels' rows, heartbeats, watermarks) lies behind it for ever. The loader knows how far
 * it has read, and counts where it speaks of the same position.
 */
import type { WorkStatus } from '@lutra/model';
import type { Checkpoint } from '@lutra/marker';

export type LoaderPosition = Pick<WorkStatus, 'state' | 'log' | 'epoch' | 'offset'>;

/** @param end offset after the last record of the topic */
export function recordsBehind(
  end: number,
  checkpoint: Pick<Checkpoint, 'logId' | 'epoch' | 'nextOffset'>,
  loaders: readonly LoaderPosition[],
): number {
  const { logId, epoch, nextOffset } = checkpoint;
  const owner = loaders.find((loader) => loader.state === 'running' && (loader.log === logId || logId === '') && loader.epoch === epoch);
  return Math.max(0, end - Math.max(nextOffset, owner?.offset ?? 0));
}
