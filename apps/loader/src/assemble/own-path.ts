/** Which of what a log has is for a pipeline, by the regions that it has passed. Pure. */
import { SyncError } from '@lutra/model';

export interface OwnPath {
  readonly targetRegion: string;
  /** The pipeline forwards what loaders wrote at the source. */
  readonly forwards: boolean;
}

interface Came {
  /** For messages. */
  readonly what: string;
  readonly path: readonly string[];
  /** Of a schema change: where it was first run, or whose it is since. */
  readonly origin?: string;
  readonly seq: number;
}

/**
 * What was forwarded stands in the topic for pipelines that forward; the others get it from its origin. Through a hub it comes back to
 * where it was, too, and is passed there. What comes to the region that it names as its only one was published as new by a capture that
 * did not know it for a copy.
 * A schema change that a person has run at home is home's own from there on: it is for all that it has not passed.
 * @throws SyncError LOOP_DETECTED
 */
export function isForUs({ what, path, origin, seq }: Came, { targetRegion, forwards }: OwnPath): boolean {
  if (path.length > 1) return (forwards || origin === path.at(-1)) && !path.includes(targetRegion);
  if (path[0] !== targetRegion) return true;
  const message = `${what} that was first committed in ${targetRegion} came there again`;
  throw new SyncError('LOOP_DETECTED', message, { details: { seq } });
}
