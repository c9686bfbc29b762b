/** One log of a region that writes the same tables, and what transactions had seen of it. */
import type { LogPosition, Seen } from '@lutra/model';
import type { PeerLogOptions } from './peer-log.js';

export interface Peer {
  readonly region: string;
  /** The pipeline that brings this log to the source: how much of it a transaction had seen stands under that. */
  readonly toSource: string;
  readonly log: PeerLogOptions;
  /** Of a third region: the pipeline from there to the target. Null: the target's own log. */
  readonly pipeline: string | null;
}

/** Its Kafka may be away as well: then nothing that is published comes here either. */
export function behind({ region, log }: Peer): string {
  return `the capture of ${region}, or its Kafka (${log.bus.brokers.join(', ')}): what is committed at the target is not in its topic yet`;
}

/** Older versions of capture kept it by region. */
export function positionIn(seen: Seen, { toSource, region }: Peer): LogPosition | undefined {
  return seen[toSource] ?? seen[region];
}

/** Null: one of them has seen nothing. */
export function earliest(positions: readonly (LogPosition | undefined)[]): LogPosition | null {
  let first: LogPosition | null = null;
  for (const position of positions) {
    if (!position) return null;
    // Of two logs, one was made after the other; what follows has seen nothing of it.
    if (first && first.log !== position.log) return null;
    if (!first || position.seq < first.seq) first = position;
  }
  return first;
}
