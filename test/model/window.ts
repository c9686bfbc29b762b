/**
 * What a change may fight for, and which changes a loader knows that the incoming transaction had not seen.
 */
import type { Entry, Key, Region, RegionName, Row, Rules, Seen, World } from './words.js';

/** A primary key value, or a unique value, before or after. */
export type Resource = string;

export function resourcesOf(entry: Entry, rules: Rules): readonly Resource[] {
  return entry.kind === 'remedy'
    ? resources(entry.key, [entry.row], rules)
    : entry.changes.flatMap(({ key, before, after }) => resources(key, [before, after], rules));
}

export function resources(key: Key, images: readonly (Row | null)[], rules: Rules): readonly Resource[] {
  const values = rules.uniqueResources ? images.flatMap((image) => (image === null || image.u === null ? [] : [`u:${image.u}`])) : [];
  return [`k:${key}`, ...values];
}

export interface Pipeline {
  readonly source: RegionName;
  readonly target: RegionName;
}

/** Records that the target has and that the incoming one had not seen: its own, and those that it applied from third regions. */
export function unseen(world: World, { source, target }: Pipeline, seen: Seen, rules: Rules): readonly Entry[] {
  const here = region(world, target);
  const own = here.log.slice(seen[target]);
  const others = rules.otherWindows ? thirdRegions(world, { source, target }) : [];
  const applied = others.flatMap((other) => region(world, other).log.slice(seen[other], here.applied[other]));
  return [...own, ...applied].filter((entry) => rules.remediesInWindow || entry.kind !== 'remedy');
}

/** Of `entries` those that share a resource. */
export function touching(entries: readonly Entry[], wanted: readonly Resource[], rules: Rules): readonly Entry[] {
  return entries.filter((entry) => resourcesOf(entry, rules).some((resource) => wanted.includes(resource)));
}

export function thirdRegions(world: World, { source, target }: Pipeline): readonly RegionName[] {
  return (Object.keys(world.regions) as RegionName[]).filter((name) => name !== source && name !== target);
}

export function region(world: World, name: RegionName): Region {
  const found = world.regions[name];
  if (!found) throw new Error(`no region ${name}`);
  return found;
}
