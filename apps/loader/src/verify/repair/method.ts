/**
 * How the rows of a pair of tables are repaired. Pure.
 *
 *   rows      the winner's rows travel in its log as `r` rows, under the entry of lutra.unequal at the other side; what it lacks is deleted
 *   at home   both ways, and home wins: a resolution record of home's row
 *
 * Counter-examples, docs/decisions/0032-seeding.md, 27: written at home as a change, the other end's row loses what the other end writes
 * meanwhile; a resolution record in the log of another region than home is passed over.
 */
import { createRouter, tableName } from '@lutra/model';
import type { RepairOrder } from '@lutra/model';
import type { DigestedSide } from '@lutra/mysql';
import type { VerifiedPipeline, VerifyWork } from '../assignments.js';
import type { ListedPair } from '../table-list.js';

export type RepairMethod = SentRows | AtHome;

export interface SentRows {
  readonly kind: 'rows';
  /** Whose rows are taken. */
  readonly winner: DigestedSide;
  /** Brings them to the other side. */
  readonly by: VerifiedPipeline;
  /** Brings the other side's rows to the winner; null: one way. */
  readonly back: VerifiedPipeline | null;
}

export interface AtHome {
  readonly kind: 'at home';
  /** Home. */
  readonly winner: DigestedSide;
  readonly by: VerifiedPipeline;
  readonly back: VerifiedPipeline;
}

export interface Wanted extends Pick<RepairOrder, 'winner'> {
  /** The log of the pair's source had a hole that is not repaired yet. */
  readonly isHole: boolean;
}

/** A text: why it is refused. */
export function methodOf(pair: ListedPair, work: VerifyWork, { winner, isHole }: Wanted): RepairMethod | string {
  const { pipeline, target, source } = pair;
  const [there, here] = [pipeline.source.region, pipeline.target.region];
  const region = winner === 'source' ? there : winner;
  if (region !== there && region !== here) return `region ${region} is no end of pipeline ${pipeline.name}`;
  if (!pair.twoWay) {
    if (pipeline.backElsewhere.some((routes) => createRouter(routes)(target) !== null))
      return `${tableName(target)} flows back by another channel: put both directions into one channel`;
    if (region !== there) return `it flows one way, so the source wins (winner: source)`;
    return { kind: 'rows', winner: 'source', by: pipeline, back: null };
  }
  if (work.home === null) return 'it flows both ways, and the channel names no home region';
  const back = backOf(pair, work);
  if (!back) return `no pipeline brings ${tableName(target)} back to ${tableName(source)}`;
  const home = there === here ? null : work.home === there ? 'source' : work.home === here ? 'target' : null;
  // What its source committed in the hole is nowhere else, so it wins at each of its targets.
  if (home === null && !(isHole && region === there))
    return `neither end of pipeline ${pipeline.name} is the home region alone: verify and repair each end against home (${work.home})`;
  const side = region === there ? 'source' : 'target';
  const [by, other] = side === 'source' ? [pipeline, back] : [back, pipeline];
  return { kind: side === home ? 'at home' : 'rows', winner: side, by, back: other };
}

function backOf({ pipeline, source, target }: ListedPair, { pipelines }: VerifyWork): VerifiedPipeline | null {
  const found = pipelines.find((other) => {
    if (other.source.name !== pipeline.target.name || other.target.name !== pipeline.source.name) return false;
    const arrives = createRouter(other.routes)(target);
    return arrives !== null && tableName(arrives) === tableName(source);
  });
  return found ?? null;
}

export function other(side: DigestedSide): DigestedSide {
  return side === 'source' ? 'target' : 'source';
}
