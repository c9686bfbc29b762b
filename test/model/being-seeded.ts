/** What a loader does otherwise while its target's table is being seeded: the rows that live changes meet may not be there yet. */
import type { Pipeline } from './links.js';
import { region } from './recent-changes.js';
import type { Rules } from './rules.js';
import type { Change, Key, Rows, World } from './words.js';

interface At {
  readonly world: World;
  readonly pipeline: Pipeline;
  readonly rules: Rules;
}

/** The change of a row that the target lacks, or that differs where the source wins; nobody else changed it. */
export function isTakenWhole({ world, pipeline, rules }: At, { key }: Change, rows: Rows): boolean {
  const { seeding, clashes } = region(world, pipeline.target);
  if (rules.listed === 'whole' && !rows[key] && clashes.includes(key)) return true;
  if (isUnequal({ world, pipeline, rules }, rows[key] !== undefined)) return true;
  if (rules.whileSeeded === 'decided' || seeding.length === 0) return false;
  const isOurs = seeding.includes(pipeline.source);
  if (!rows[key]) return isOurs || rules.whileSeeded === 'whole';
  return isOurs && rules.whileSeededDiffers === 'taken' && [pipeline.source, 'source'].includes(rules.onExisting);
}

/** Nobody knows that the table is as at the source: a missing row counts for every pipeline, after a hole one that differs too. */
export function isUnequal({ world, pipeline, rules }: At, exists: boolean): boolean {
  const { unequal } = region(world, pipeline.target);
  if (!exists) return unequal.length > 0;
  return unequal.some(({ source, cause }) => source === pipeline.source || (cause === 'hole' && rules.unequalDiffers !== 'own'));
}

/** One way, before their own range is read: the source does not have them so, and what it has of them comes. */
export function areStale({ world, pipeline, rules }: At, keys: readonly Key[]): boolean {
  if (!rules.oneWay || rules.onExisting !== 'source') return false;
  const { source, target } = pipeline;
  if (!region(world, target).seeding.includes(source)) return false;
  const applied = region(world, source).log.slice(0, region(world, target).applied[source]);
  return keys.every((key) => !applied.some((entry) => entry.kind === 'read' && entry.key === key));
}
