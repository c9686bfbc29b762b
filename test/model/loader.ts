/**
 * One step of a loader: the next transaction (or resolution) of a pipeline, or the next few in one target transaction, committed with its
 * checkpoint. The locks that the real loader holds while it waits for its watermark are what makes this one step.
 */
import { isContested, outcomes as outcomesOf } from './decision.js';
import { halves } from './moves.js';
import type { Outcome } from './decision.js';
import { forwards, hasLastWord, isEcho } from './links.js';
import type { Pipeline } from './links.js';
import { holders, isSame, replaced, without } from './rows.js';
import { seeded } from './seed-rows.js';
import { region, otherRegions } from './recent-changes.js';
import type { Rules } from './rules.js';
import type { Change, Entry, Key, LogPosition, Region, RegionName, Rows, Seen, World } from './words.js';

/**
 * The worlds after this step: none if it has to wait, several if a decision elsewhere is free. `count` transactions at once only if none is
 * in conflict.
 */
export function load(world: World, pipeline: Pipeline, count: number, rules: Rules): readonly World[] {
  const target = region(world, pipeline.target);
  const from = target.applied[pipeline.source];
  const entries = region(world, pipeline.source).log.slice(from, from + count);
  if (entries.length < count || mustWait(world, pipeline, entries, rules)) return [];
  const passed = { ...target.applied, [pipeline.source]: from + count };
  if (entries.every((entry) => isEcho(entry, pipeline.target))) {
    const marked = rules.echoes === 'seen' ? { ...target.marked, [pipeline.source]: from + count } : target.marked;
    return [put(world, pipeline, { ...target, applied: passed, marked })];
  }
  const outcomes = count > 1 ? merged(world, pipeline, entries, rules) : alone(world, pipeline, entries[0]!, rules);
  return outcomes.map((outcome) => put(world, pipeline, written(target, pipeline, { entries, passed, outcome }, rules)));
}

function alone(world: World, pipeline: Pipeline, entry: Entry, rules: Rules): readonly Outcome[] {
  const incoming = { world, pipeline, entry, rules };
  const { rows } = region(world, pipeline.target);
  return entry.kind === 'read' ? [seeded(incoming, entry, rows)] : outcomesOf(incoming, rows);
}

interface Loaded {
  readonly entries: readonly Entry[];
  readonly passed: Seen;
  readonly outcome: Outcome;
}

/** The target transaction: its rows if they are forwarded, and behind them its resolutions. */
function written(target: Region, pipeline: Pipeline, { entries, passed, outcome }: Loaded, rules: Rules): Region {
  const { rows, changes, remedied } = outcome;
  const marked = { ...target.marked, [pipeline.source]: passed[pipeline.source] };
  const of = positionsOf(entries, pipeline, passed);
  const about = { seen: marked, from: pipeline.source, of };
  const resolutions = remedied.map((key) => ({ kind: 'resolution', key, row: rows[key] ?? null, ...about }) as const);
  const sent = hasLastWord(pipeline, rules) && rules.resolutions !== 'none' ? resolutions : [];
  const copies =
    forwards(pipeline.target, rules) && changes.length > 0
      ? [{ kind: 'local', changes, seen: target.marked, path: pathOf(entries, pipeline), of } as const]
      : [];
  const next = { ...target, rows, applied: passed, marked, pending: [...target.pending, ...copies, ...sent] };
  return withSeed(target, next, pipeline, { entries, passed, outcome });
}

/** What the same transaction writes about the seed: that it begins or ends, what is to be read again, what could not be written. */
function withSeed(target: Region, next: Region, { source, target: name }: Pipeline, { entries, outcome }: Loaded): Region {
  const [entry] = entries;
  if (entry?.kind === 'seed') {
    const others = target.seeding.filter((other) => other !== source);
    return { ...next, seeding: entry.phase === 'begin' ? [...others, source].sort() : others };
  }
  if (entry?.kind !== 'read') return next;
  const behind = { ...target.applied, [name]: target.log.length };
  const again = outcome.isAgain ? [...target.again, { source, key: entry.key, behind }] : target.again;
  const clashes = outcome.clashes ? [...new Set([...target.clashes, ...outcome.clashes])].sort() : target.clashes;
  return { ...next, again, clashes };
}

/** Transactions are merged only if they came the same way. */
function pathOf([entry]: readonly Entry[], { source }: Pipeline): readonly RegionName[] {
  return entry?.kind === 'local' ? [...entry.path, source] : [source];
}

function positionsOf(entries: readonly Entry[], { source }: Pipeline, passed: Seen): readonly LogPosition[] {
  const first = passed[source] - entries.length;
  return entries.flatMap((entry, i) => (entry.kind !== 'local' ? [] : entry.of.length > 0 ? entry.of : [{ name: source, seq: first + i }]));
}

/**
 * Watermark: all that the target committed is in its log, so in the index of recent changes. Causal order: what the transaction had seen is
 * here.
 */
function mustWait(world: World, pipeline: Pipeline, entries: readonly Entry[], rules: Rules): boolean {
  const target = region(world, pipeline.target);
  if (rules.watermark && target.pending.length > 0) return true;
  const others = rules.causalWait ? otherRegions(world, pipeline, rules) : [];
  return entries.some((entry) => others.some((other) => target.applied[other] < entry.seen[other]));
}

/** Each row's first before and last after image; nothing if anything is in conflict: then the transactions are applied alone. */
function merged(world: World, pipeline: Pipeline, entries: readonly Entry[], rules: Rules): readonly Outcome[] {
  if (entries.some((entry) => !isMerged(entry, rules) || isContested({ world, pipeline, entry, rules }))) return [];
  if (new Set(entries.map((entry) => pathOf([entry], pipeline).join())).size > 1) return [];
  const { rows } = region(world, pipeline.target);
  // A row that is inserted and deleted again must have been missing, too.
  const all = compacted(entries, rows);
  if (all.some(({ key, before }) => !isSame(rows[key] ?? null, before))) return [];
  const changes = all.filter(({ before, after }) => !isSame(before, after));
  const cleared = without(
    rows,
    changes.map(({ key }) => key),
  );
  if (changes.some(({ key, after }) => holders(cleared, key, after).length > 0)) return [];
  return [{ rows: changes.reduce((done, { key, after }) => replaced(done, key, after), cleared), changes, remedied: [] }];
}

function isMerged({ kind }: Entry, { readsMerge }: Rules): boolean {
  return kind === 'local' || (kind === 'read' && readsMerge);
}

function compacted(entries: readonly Entry[], rows: Rows): readonly Change[] {
  const whole = new Map<Key, Change>();
  for (const change of entries.flatMap((entry) => changesOf(entry, rows))) {
    const earlier = whole.get(change.key);
    whole.set(change.key, earlier ? { ...earlier, after: change.after } : change);
  }
  return [...whole.values()];
}

/** An `r` row like a REPLACE, if `r` rows are merged at all. */
function changesOf(entry: Entry, rows: Rows): readonly Change[] {
  if (entry.kind === 'local') return entry.changes.flatMap(halves);
  return entry.kind === 'read' && entry.row ? [{ key: entry.key, before: rows[entry.key] ?? null, after: entry.row }] : [];
}

function put(world: World, { target }: Pipeline, region: Region): World {
  return { ...world, regions: { ...world.regions, [target]: region } };
}
