/**
 * Which of two regions wins where a row is there and differs, and in which order the pipelines of a channel are seeded. Pure.
 *
 * Both ways home is filled first, from all sides, and fills all others then. The naive way seeds all pipelines at once, each with
 * `source`: a row that differs is swapped (review of the design, hole 3).
 */
import type { ConflictsDocument, PipelineUid } from '@lutra/model';

export interface Ends {
  readonly name: string;
  readonly uid: PipelineUid;
  readonly source: string;
  readonly target: string;
}

/** Endpoint → region. */
export type Regions = ReadonlyMap<string, string>;

export interface ChannelEnds {
  readonly pipelines: readonly Ends[];
  readonly conflicts: Pick<ConflictsDocument, 'home'>;
}

export interface PlannedSeed {
  readonly pipeline: Ends;
  readonly onExisting: string;
  /** Pipelines whose seeds come first. */
  readonly after: readonly PipelineUid[];
}

type Way = Pick<Ends, 'source' | 'target'>;
type HomeAndWays = Pick<ChannelEnds, 'conflicts'> & { readonly pipelines: readonly Way[] };

export function isTwoWay({ pipelines }: { readonly pipelines: readonly Way[] }, { source, target }: Way): boolean {
  return pipelines.some((other) => other.source === target && other.target === source);
}

/** Both ways the region that is nearer to home wins, home itself where it is one of the two; without home nobody does. */
export function defaultOnExisting(channel: ChannelEnds, ends: Way, regions: Regions): string {
  if (!isTwoWay(channel, ends)) return 'source';
  const distance = distancesFrom(channel, regions);
  const [from, to] = [distance.get(ends.source), distance.get(ends.target)];
  if (from === undefined || to === undefined || from === to) return 'stop';
  return regions.get(from < to ? ends.source : ends.target) ?? 'stop';
}

/** Both ways between two regions that are equally far from home: each row there is home's to decide, and copies of it would be swapped. */
export function nobodyWins(channel: HomeAndWays, ends: Way, regions: Regions): boolean {
  const distance = distancesFrom(channel, regions);
  return isTwoWay(channel, ends) && distance.has(ends.source) && distance.get(ends.source) === distance.get(ends.target);
}

/**
 * One way at once. Both ways toward home first, each behind those that fill its source; then away from home, behind all of them. Two
 * regions that are equally far from home get everything from home, so between them nothing is seeded.
 */
export function seedPlan(channel: ChannelEnds, regions: Regions): readonly PlannedSeed[] {
  const distance = distancesFrom(channel, regions);
  const away = (name: string): number => distance.get(name) ?? 0;
  const both = channel.pipelines.filter((pipeline) => isTwoWay(channel, pipeline));
  const toward = both.filter(({ source, target }) => away(source) > away(target));
  const outward = both.filter(({ source, target }) => away(source) < away(target));
  const level = distance.size === 0 ? inTurn(both) : { first: [], second: [] };
  const uids = (pipelines: readonly Ends[]): readonly PipelineUid[] => pipelines.map(({ uid }) => uid);
  const into = (pipelines: readonly Ends[], endpoint: string): readonly Ends[] => pipelines.filter(({ target }) => target === endpoint);
  const planned = (pipeline: Ends, after: readonly PipelineUid[]): PlannedSeed => ({
    pipeline,
    after,
    onExisting: defaultOnExisting(channel, pipeline, regions),
  });
  return [
    ...channel.pipelines.filter((pipeline) => !both.includes(pipeline)).map((pipeline) => planned(pipeline, [])),
    ...toward.map((pipeline) => planned(pipeline, uids(into(toward, pipeline.source)))),
    ...outward.map((pipeline) => planned(pipeline, [...uids(toward), ...uids(into(outward, pipeline.source))])),
    ...level.first.map((pipeline) => planned(pipeline, [])),
    ...level.second.map((pipeline) => planned(pipeline, uids(level.first))),
  ];
}

/** Both ways, and in no plan: they rest on what home brings to both of their ends. */
export function restOnHome(channel: ChannelEnds, plan: readonly PlannedSeed[]): readonly Ends[] {
  return channel.pipelines.filter((ends) => !plan.some(({ pipeline }) => pipeline.uid === ends.uid));
}

/** Where nobody wins: of each pair the one that the channel names first. */
function inTurn(both: readonly Ends[]): { readonly first: readonly Ends[]; readonly second: readonly Ends[] } {
  const isFirst = ({ source, target }: Ends, index: number): boolean =>
    !both.slice(0, index).some((other) => other.source === target && other.target === source);
  return { first: both.filter(isFirst), second: both.filter((pipeline, index) => !isFirst(pipeline, index)) };
}

/** Steps from the home region, over pipelines that have a way back; none without home. */
function distancesFrom({ pipelines, conflicts: { home } }: HomeAndWays, regions: Regions): ReadonlyMap<string, number> {
  const both = pipelines.filter((pipeline) => isTwoWay({ pipelines }, pipeline));
  const steps = new Map<string, number>();
  for (const { source } of both) if (home !== undefined && regions.get(source) === home) steps.set(source, 0);
  for (const [endpoint, count] of steps)
    for (const { source, target } of both) if (source === endpoint && !steps.has(target)) steps.set(target, count + 1);
  return steps;
}
