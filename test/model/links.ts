/** Who has a pipeline to whom, and which of two neighbours has the last word. In a tree there is one way between any two regions. */
import type { Rules } from './rules.js';
import type { Entry, RegionName, World } from './words.js';

export interface Pipeline {
  readonly source: RegionName;
  readonly target: RegionName;
}

export function neighbours(name: RegionName, names: readonly RegionName[], { links }: Pick<Rules, 'links'>): readonly RegionName[] {
  const others = names.filter((other) => other !== name);
  return links === 'all' ? others : others.filter((other) => links.some((link) => link.includes(name) && link.includes(other)));
}

/** Those whose logs are applied at `name`. */
export function sourcesOf(name: RegionName, names: readonly RegionName[], rules: Pick<Rules, 'links' | 'oneWay'>): readonly RegionName[] {
  return neighbours(name, names, rules).filter((source) => !rules.oneWay || source < name);
}

export function namesOf(world: World): readonly RegionName[] {
  return Object.keys(world.regions) as RegionName[];
}

/** What loaders write there goes on to its other neighbours. */
export function forwards(name: RegionName, rules: Pick<Rules, 'links'>): boolean {
  return rules.links !== 'all' && rules.links.filter((link) => link.includes(name)).length > 1;
}

/** It was at the target before, or is for another one. */
export function isEcho(entry: Entry, target: RegionName): boolean {
  if (entry.kind === 'read' || entry.kind === 'seed') return entry.to !== 'all' && entry.to !== target;
  return entry.kind === 'local' && entry.path.includes(target);
}

/** Its decisions about what comes by this pipeline are final: it sends resolution records. */
export function hasLastWord({ source, target }: Pipeline, rules: Rules): boolean {
  const { lastWord, home } = rules;
  if (lastWord === 'home') return target === home;
  if (lastWord !== 'nearer home') return lastWord.includes(target) && !lastWord.includes(source);
  return stepsHome(target, rules) < stepsHome(source, rules);
}

/** What comes is from the one that has the last word. */
export function comesFromLastWord({ source, target }: Pipeline, rules: Rules): boolean {
  return hasLastWord({ source: target, target: source }, rules);
}

function stepsHome(from: RegionName, { links, home }: Rules): number {
  if (from === home) return 0;
  if (links === 'all') return 1;
  let reached: readonly RegionName[] = [home];
  for (let steps = 1; ; steps += 1) {
    const next = links.flatMap(([one, other]) => (reached.includes(one) ? [other] : reached.includes(other) ? [one] : []));
    if (next.includes(from)) return steps;
    if (next.every((name) => reached.includes(name))) throw new Error(`no way from ${from} to ${home}`);
    reached = [...new Set([...reached, ...next])];
  }
}
