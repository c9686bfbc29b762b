/**
 * One step of a loader: the next transaction (or remedy) of a pipeline, or the next few in one target transaction, committed with its checkpoint. The locks that the
 * real loader holds while it waits for its watermark are what makes this one step.
 */
import { isContested, outcomes } from './decision.js';
import { holders, isSame, replaced, without } from './rows.js';
import { region, thirdRegions } from './window.js';
import type { Pipeline } from './window.js';
import type { Change, Entry, Key, Region, Rows, Rules, World } from './words.js';

/** The worlds after this step: none if it has to wait, several if a decision elsewhere is free. `count` transactions at once only if none is in conflict. */
export function load(world: World, pipeline: Pipeline, count: number, rules: Rules): readonly World[] {
  const target = region(world, pipeline.target);
  const from = target.applied[pipeline.source];
  const entries = region(world, pipeline.source).log.slice(from, from + count);
  if (entries.length < count || mustWait(world, pipeline, entries, rules)) return [];
  const applied = { ...target.applied, [pipeline.source]: from + count };
  if (count > 1) {
    const rows = merged(world, pipeline, entries, rules);
    return rows ? [put(world, pipeline, { ...target, rows, applied })] : [];
  }
  return outcomes({ world, pipeline, entry: entries[0]!, rules }, target.rows).map(({ rows, remedied }) => {
    const remedies = remedied.map((key) => ({ kind: 'remedy', key, row: rows[key] ?? null, seen: applied }) as const);
    const writes = pipeline.target === rules.home && rules.remedies !== 'none' ? remedies : [];
    return put(world, pipeline, { ...target, rows, applied, pending: [...target.pending, ...writes] });
  });
}

/** Watermark: all that the target committed is in its log, so in the window. Causal order: what the transaction had seen is here. */
function mustWait(world: World, pipeline: Pipeline, entries: readonly Entry[], rules: Rules): boolean {
  const target = region(world, pipeline.target);
  if (rules.watermark && target.pending.length > 0) return true;
  const others = rules.causalWait ? thirdRegions(world, pipeline) : [];
  return entries.some((entry) => others.some((other) => target.applied[other] < entry.seen[other]));
}

/** Each row's first before and last after image; null if anything is in conflict: then the transactions are applied alone. */
function merged(world: World, pipeline: Pipeline, entries: readonly Entry[], rules: Rules): Rows | null {
  if (entries.some((entry) => entry.kind !== 'local' || isContested({ world, pipeline, entry, rules }))) return null;
  const { rows } = region(world, pipeline.target);
  const changes = compacted(entries).filter(({ before, after }) => !isSame(before, after));
  if (changes.some(({ key, before }) => !isSame(rows[key] ?? null, before))) return null;
  const cleared = without(
    rows,
    changes.map(({ key }) => key),
  );
  if (changes.some(({ key, after }) => holders(cleared, key, after).length > 0)) return null;
  return changes.reduce((done, { key, after }) => replaced(done, key, after), cleared);
}

function compacted(entries: readonly Entry[]): readonly Change[] {
  const whole = new Map<Key, Change>();
  for (const change of entries.flatMap((entry) => (entry.kind === 'local' ? entry.changes : []))) {
    const earlier = whole.get(change.key);
    whole.set(change.key, earlier ? { ...earlier, after: change.after } : change);
  }
  return [...whole.values()];
}

function put(world: World, { target }: Pipeline, region: Region): World {
  return { ...world, regions: { ...world.regions, [target]: region } };
}
