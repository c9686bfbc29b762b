/**
 * What a transaction makes of the target's rows, change by change, and which of them home sends back as remedies. Elsewhere a decision may be free: then there is more
 * than one outcome.
 */
import { comesFromLastWord, hasLastWord } from './links.js';
import type { Pipeline } from './links.js';
import { decide, takesUnique } from './policy.js';
import type { HomeSide } from './policy.js';
import { forced, holders, isSame } from './rows.js';
import { region, resources, resourcesOf, touching, unseen } from './window.js';
import type { Change, Entry, Key, Rows, Rules, World } from './words.js';

export interface Outcome {
  readonly rows: Rows;
  /** In the binlog, in their order. */
  readonly changes: readonly Change[];
  readonly remedied: readonly Key[];
}

interface Incoming {
  readonly world: World;
  readonly pipeline: Pipeline;
  readonly entry: Entry;
  readonly rules: Rules;
}

export function outcomes(incoming: Incoming, rows: Rows): readonly Outcome[] {
  const { entry } = incoming;
  if (entry.kind === 'remedy') {
    const now = region(incoming.world, incoming.pipeline.source).rows[entry.key] ?? null;
    const row = incoming.rules.remedies === 'read by loader' ? now : entry.row;
    const { pipeline, rules } = incoming;
    const isOurs = comesFromLastWord(pipeline, rules) && (rules.remediesFor === 'all' || entry.from === pipeline.target);
    const result = isOurs && !isContested(incoming) ? forced(rows, entry.key, row) : rows;
    return [{ rows: result, changes: changesBetween(rows, result, entry.key), remedied: [] }];
  }
  return entry.changes.reduce<readonly Outcome[]>(
    (before, change) => before.flatMap((outcome) => applied(incoming, change, outcome)),
    [{ rows, changes: [], remedied: [] }],
  );
}

/** Something in the window touches it. */
export function isContested({ world, pipeline, entry, rules }: Incoming): boolean {
  if (rules.detect === 'before-image') return false;
  const known = entry.kind === 'remedy' && rules.remedyYields === 'own' ? { ...rules, otherWindows: false } : rules;
  return touching(unseen(world, pipeline, entry.seen, known), resourcesOf(entry, rules), rules).length > 0;
}

function applied(incoming: Incoming, change: Change, { rows, changes, remedied }: Outcome): readonly Outcome[] {
  const { world, pipeline, entry, rules } = incoming;
  const { key, before, after } = change;
  const known = rules.detect === 'window' ? unseen(world, pipeline, entry.seen, rules) : [];
  const rivals = touching(known, resources(key, [before, after], rules), rules);
  const inTheWay = holders(rows, key, after);
  const isClean = rivals.length === 0 && inTheWay.length === 0 && isSame(rows[key] ?? null, before);
  const isTaken = isClean || (rules.mismatch === 'take' && rivals.length === 0 && !hasLastWord(pipeline, rules));
  const results = isTaken ? [forced(rows, key, after)] : decisions(pipeline, change, rows, rules);
  const around = rules.remedied === 'rivals' ? rivals.flatMap((rival) => keysOf(rival, change, rules)) : [];
  return results.map((result) => {
    const made = [...changes, ...changesBetween(rows, result, key)];
    if (isClean) return { rows: result, changes: made, remedied };
    const touched = [key, ...inTheWay, ...Object.keys(rows).filter((other) => !result[other]), ...around];
    return { rows: result, changes: made, remedied: [...new Set([...remedied, ...touched])].sort() };
  });
}

/** Who goes for a unique value goes first. */
export function changesBetween(rows: Rows, result: Rows, key: Key): readonly Change[] {
  const gone = Object.keys(rows).filter((other) => other !== key && !result[other]);
  const changes = [...gone, key].map((changed) => ({ key: changed, before: rows[changed] ?? null, after: result[changed] ?? null }));
  return changes.filter(({ before, after }) => !isSame(before, after));
}

/** Rows of a rival that share a resource with the change. */
function keysOf(rival: Entry, { key, before, after }: Change, rules: Rules): readonly Key[] {
  if (rival.kind === 'remedy') return [rival.key];
  const wanted = resources(key, [before, after], rules);
  const shares = (own: Change): boolean => resources(own.key, [own.before, own.after], rules).some((resource) => wanted.includes(resource));
  return rival.changes.filter(shares).map((own) => own.key);
}

/** By the policy; where the choice is free also by the policy without regard to unique values, the incoming row, and the existing one. */
function decisions(pipeline: Pipeline, change: Change, rows: Rows, rules: Rules): readonly Rows[] {
  const home: HomeSide = comesFromLastWord(pipeline, rules) ? 'incoming' : 'existing';
  const existing = rows[change.key] ?? null;
  const result = decide(rules.policy, change, existing, home);
  const isRefused = holders(rows, change.key, result).some((holder) => !takesUnique(rules.policy, result!, rows[holder]!, home));
  const byPolicy = forced(rows, change.key, isRefused ? existing : result);
  if (hasLastWord(pipeline, rules) || rules.elsewhere === 'policy') return [byPolicy];
  const free = [byPolicy, forced(rows, change.key, result), forced(rows, change.key, change.after), rows];
  return [...new Map(free.map((choice) => [JSON.stringify(choice), choice])).values()];
}
