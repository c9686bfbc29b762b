/**
 * How the rows of a pair of tables are repaired. Pure.
 *
 *   one way      the source's rows travel as `r` rows; what it lacks is deleted at the target
 *   both ways    everything is done at home: a resolution record of home's row, or the other end's row as an ordinary change
 *
 * Counter-examples, docs/decisions/0032-seeding.md, 13 and 28: `r` rows both ways swap what is deleted; a resolution record in the log of
 * another region than home is passed over.
 */
import { createRouter, tableName } from '@lutra/model';
import type { RepairOrder } from '@lutra/model';
import type { DigestedSide } from '@lutra/mysql';
import type { VerifiedPipeline, VerifyWork } from '../assignments.js';
import type { ListedPair } from '../table-list.js';

export type RepairMethod = OneWay | AtHome;

export interface OneWay {
  readonly kind: 'one way';
}

export interface AtHome {
  readonly kind: 'at home';
  readonly home: DigestedSide;
  readonly winner: 'home' | 'away';
  /** The pipeline that brings the other end's rows to home. */
  readonly into: VerifiedPipeline;
  /** The one that brings home's rows to the other end. */
  readonly from: VerifiedPipeline;
}

/** A text: why it is refused. */
export function methodOf(pair: ListedPair, work: VerifyWork, { winner }: Pick<RepairOrder, 'winner'>): RepairMethod | string {
  const { pipeline, target, source } = pair;
  const [there, here] = [pipeline.source.region, pipeline.target.region];
  const region = winner === 'source' ? there : winner;
  if (region !== there && region !== here) return `region ${region} is no end of pipeline ${pipeline.name}`;
  if (!pair.twoWay) {
    if (pipeline.backElsewhere.some((routes) => createRouter(routes)(target) !== null))
      return `${tableName(target)} flows back by another channel: put both directions into one channel`;
    return region === there ? { kind: 'one way' } : `it flows one way, so the source wins (winner: source)`;
  }
  if (work.home === null) return 'it flows both ways, and the channel names no home region';
  const home = work.home === there ? 'source' : work.home === here ? 'target' : null;
  if (home === null || there === here)
    return `neither end of pipeline ${pipeline.name} is the home region alone: verify and repair each end against home (${work.home})`;
  const back = backOf(pair, work);
  if (!back) return `no pipeline brings ${tableName(target)} back to ${tableName(source)}`;
  const [into, from] = home === 'target' ? [pipeline, back] : [back, pipeline];
  return { kind: 'at home', home, winner: region === work.home ? 'home' : 'away', into, from };
}

function backOf({ pipeline, source, target }: ListedPair, { pipelines }: VerifyWork): VerifiedPipeline | null {
  const found = pipelines.find((other) => {
    if (other.source.name !== pipeline.target.name || other.target.name !== pipeline.source.name) return false;
    const arrives = createRouter(other.routes)(target);
    return arrives !== null && tableName(arrives) === tableName(source);
  });
  return found ?? null;
}

/** The side whose rows are taken. */
export function winnerOf(method: RepairMethod): DigestedSide {
  if (method.kind === 'one way') return 'source';
  return method.winner === 'home' ? method.home : other(method.home);
}

export function other(side: DigestedSide): DigestedSide {
  return side === 'source' ? 'target' : 'source';
}
