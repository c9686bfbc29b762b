/**
 * What a change may fight for, and which changes a loader knows that the incoming transaction had not seen.
 */
import { comesFromLastWord, isEcho, namesOf, neighbours } from './links.js';
import type { Pipeline } from './links.js';
import type { Rules } from './rules.js';
import type { Change, Entry, Key, Region, RegionName, Row, Seen, World } from './words.js';

/** A primary key value, or a unique value, before or after. */
export type ConflictKey = string;

export function conflictKeysOf(entry: Entry, rules: Rules): readonly ConflictKey[] {
  if (entry.kind === 'seed') return [];
  return entry.kind === 'local'
    ? entry.changes.flatMap((change) => conflictKeysOfChange(change, rules))
    : conflictKeys(entry.key, [entry.row], rules);
}

/** Of a move: of the key that it leaves and of the one that it takes. */
export function conflictKeysOfChange({ key, to = key, before, after }: Change, rules: Rules): readonly ConflictKey[] {
  return to === key
    ? conflictKeys(key, [before, after], rules)
    : [...conflictKeys(key, [before], rules), ...conflictKeys(to, [after], rules)];
}

export function conflictKeys(key: Key, images: readonly (Row | null)[], rules: Rules): readonly ConflictKey[] {
  const values = rules.uniqueConflictKeys ? images.flatMap((image) => (image === null || image.u === null ? [] : [`u:${image.u}`])) : [];
  return [`k:${key}`, ...values];
}

/**
 * Records that the target has and that the incoming one had not seen: its own with what it forwards, and those that it applied from third
 * regions.
 */
export function unseen(world: World, pipeline: Pipeline, seen: Seen, rules: Rules): readonly Entry[] {
  const { target } = pipeline;
  const here = region(world, target);
  const own = here.log.slice(seen[target]).filter((entry) => counts(entry, pipeline, rules));
  const others = rules.othersRecentChanges ? otherRegions(world, pipeline, rules) : [];
  const applied = others.flatMap((other) => region(world, other).log.slice(seen[other], here.applied[other]));
  return [...own, ...applied].filter(({ kind }) => kind === 'local' || (kind === 'resolution' && rules.resolutionsInIndex));
}

/**
 * What came from the source is no change of somebody else; where it was in conflict, a resolution says so. Resolutions for those who are
 * further from home concern nobody who is nearer.
 */
function counts(entry: Entry, { source, target }: Pipeline, rules: Rules): boolean {
  if (entry.kind === 'read' || entry.kind === 'seed') return false;
  if (entry.kind === 'resolution') {
    if (rules.resolutionsCount === 'against all') return true;
    return !comesFromLastWord({ source, target }, rules) && (rules.resolutionsFor === 'all' || entry.from === source);
  }
  if (rules.ownRecentChanges === 'everything') return true;
  return rules.ownRecentChanges === 'written here' ? entry.path.length === 0 : !isEcho(entry, source);
}

/** Of `entries` those that share a conflict key. */
export function touching(entries: readonly Entry[], wanted: readonly ConflictKey[], rules: Rules): readonly Entry[] {
  return entries.filter((entry) => conflictKeysOf(entry, rules).some((conflictKey) => wanted.includes(conflictKey)));
}

/** Those that bring their changes to the source and to the target: none in a tree. */
export function otherRegions(world: World, { source, target }: Pipeline, rules: Rules): readonly RegionName[] {
  const names = namesOf(world);
  const ofTarget = neighbours(target, names, rules);
  return neighbours(source, names, rules).filter((name) => ofTarget.includes(name));
}

export function region(world: World, name: RegionName): Region {
  const found = world.regions[name];
  if (!found) throw new Error(`no region ${name}`);
  return found;
}
