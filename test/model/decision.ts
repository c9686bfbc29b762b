/**
 * What a transaction makes of the target's rows, change by change, and which of them home sends back as resolutions. Elsewhere a decision
 * may be free: then there is more than one outcome.
 */
import { areStale, isTakenWhole } from './being-seeded.js';
import { comesFromLastWord, hasLastWord } from './links.js';
import type { Pipeline } from './links.js';
import { halves, inTheWayOf, isMove, isUnhindered, moveDecisions, taken } from './moves.js';
import type { Move } from './moves.js';
import { decide, takesUnique } from './policy.js';
import type { HomeSide } from './policy.js';
import { forced, holders, isSame } from './rows.js';
import { region, conflictKeys, conflictKeysOf, conflictKeysOfChange, touching, unseen } from './recent-changes.js';
import type { Rules } from './rules.js';
import type { Change, Entry, Key, Rows, World } from './words.js';

export interface Outcome {
  readonly rows: Rows;
  /** In the binlog, in their order. */
  readonly changes: readonly Change[];
  readonly remedied: readonly Key[];
  /** Of an `r` row: it is to be read again, or could not be written for those that hold its unique value. */
  readonly isAgain?: boolean;
  readonly clashes?: readonly Key[];
}

export interface Incoming {
  readonly world: World;
  readonly pipeline: Pipeline;
  readonly entry: Entry;
  readonly rules: Rules;
}

export function outcomes(incoming: Incoming, rows: Rows): readonly Outcome[] {
  const { entry } = incoming;
  if (entry.kind === 'resolution') {
    const now = region(incoming.world, incoming.pipeline.source).rows[entry.key] ?? null;
    const row = incoming.rules.resolutions === 'read by loader' ? now : entry.row;
    const { pipeline, rules } = incoming;
    const isOurs = comesFromLastWord(pipeline, rules) && (rules.resolutionsFor === 'all' || entry.from === pipeline.target);
    const result = isOurs && !isContested(incoming) ? forced(rows, entry.key, row) : rows;
    return [{ rows: result, changes: changesBetween(rows, result, [entry.key]), remedied: [] }];
  }
  if (entry.kind !== 'local') return [{ rows, changes: [], remedied: [] }];
  return entry.changes.reduce<readonly Outcome[]>(
    (before, change) => before.flatMap((outcome) => applied(incoming, change, outcome)),
    [{ rows, changes: [], remedied: [] }],
  );
}

/** Something in the index of recent changes touches it. */
export function isContested({ world, pipeline, entry, rules }: Incoming): boolean {
  if (rules.detect === 'before-image') return false;
  const known = entry.kind === 'resolution' && rules.resolutionYields === 'own' ? { ...rules, othersRecentChanges: false } : rules;
  return touching(unseen(world, pipeline, entry.seen, known), conflictKeysOf(entry, rules), rules).length > 0;
}

function applied(incoming: Incoming, change: Change, outcome: Outcome): readonly Outcome[] {
  const { world, pipeline, entry, rules } = incoming;
  const known = rules.detect === 'recent-changes' ? unseen(world, pipeline, entry.seen, rules) : [];
  const concurrent = touching(known, conflictKeysOfChange(change, rules), rules);
  if (!isMove(change)) return appliedRow(incoming, change, { concurrent, outcome });
  if (rules.moves === 'together') return appliedMove(incoming, change, { known, outcome });
  return halves(change).reduce<readonly Outcome[]>(
    (before, half) => before.flatMap((outcome) => appliedRow(incoming, half, { concurrent, outcome })),
    [outcome],
  );
}

interface At {
  readonly concurrent: readonly Entry[];
  readonly outcome: Outcome;
}

function appliedRow(incoming: Incoming, change: Change, { concurrent, outcome }: At): readonly Outcome[] {
  const { pipeline, rules } = incoming;
  const { rows } = outcome;
  const { key, before, after } = change;
  const inTheWay = holders(rows, key, after);
  const isFree = concurrent.length === 0 && (inTheWay.length === 0 || areStale(incoming, inTheWay));
  const isAsSaid = isSame(rows[key] ?? null, before) || isTakenWhole(incoming, change, rows);
  const isClean = isFree && isAsSaid;
  if (!isClean && rules.policy.kind === 'stop') return [];
  const isTaken = isClean || (rules.mismatch === 'take' && concurrent.length === 0 && !hasLastWord(pipeline, rules));
  const results = isTaken ? [forced(rows, key, after)] : decisions(pipeline, change, rows, rules);
  const touched = [key, ...inTheWay, ...around(concurrent, change, rules)];
  return results.map((result) => {
    const next = { rows: result, changes: [...outcome.changes, ...changesBetween(rows, result, [key])] };
    return isClean ? { ...next, remedied: outcome.remedied } : withResolutions(outcome, next, touched);
  });
}

function appliedMove(
  incoming: Incoming,
  move: Move,
  { known, outcome }: { known: readonly Entry[]; outcome: Outcome },
): readonly Outcome[] {
  const { pipeline, rules } = incoming;
  const { rows } = outcome;
  const { key, to, before, after } = move;
  const concurrent = {
    old: touching(known, conflictKeys(key, [before], rules), rules),
    new: touching(known, conflictKeys(to, [after], rules), rules),
  };
  const all = [...concurrent.old, ...concurrent.new];
  if (all.length === 0 && isMovedWhole(incoming, move, rows)) {
    const result = taken(move, rows);
    const changes = isUnhindered(move, rows, concurrent) ? [move] : changesBetween(rows, result, [key, to]);
    return [{ rows: result, changes: [...outcome.changes, ...changes], remedied: outcome.remedied }];
  }
  if (rules.policy.kind === 'stop') return [];
  const isTaken = rules.mismatch === 'take' && all.length === 0 && !hasLastWord(pipeline, rules);
  const results = isTaken ? [taken(move, rows)] : moveDecisions(pipeline, move, { rows, concurrent, rules });
  const touched = [key, to, ...inTheWayOf(move, rows), ...around(all, move, rules)];
  return results.map((result) =>
    withResolutions(outcome, { rows: result, changes: [...outcome.changes, ...changesBetween(rows, result, [key, to])] }, touched),
  );
}

/** The row is as it was said, and nothing is in its way; or what is not so may be while the table is being seeded. */
function isMovedWhole(incoming: Incoming, move: Move, rows: Rows): boolean {
  const { key, to, before } = move;
  if (!isSame(rows[key] ?? null, before) && !isTakenWhole(incoming, move, rows)) return false;
  const inTheWay = inTheWayOf(move, rows).filter((other) => other !== to || !isTakenWhole(incoming, { ...move, key: to }, rows));
  return inTheWay.length === 0 || areStale(incoming, inTheWay);
}

function withResolutions(before: Outcome, next: Omit<Outcome, 'remedied'>, touched: readonly Key[]): Outcome {
  const gone = Object.keys(before.rows).filter((key) => !next.rows[key]);
  return { ...next, remedied: [...new Set([...before.remedied, ...touched, ...gone])].sort() };
}

/** Who goes for a unique value goes first. */
export function changesBetween(rows: Rows, result: Rows, keys: readonly Key[]): readonly Change[] {
  const gone = Object.keys(rows).filter((other) => !keys.includes(other) && !result[other]);
  const changes = [...gone, ...keys].map((changed) => ({ key: changed, before: rows[changed] ?? null, after: result[changed] ?? null }));
  return changes.filter(({ before, after }) => !isSame(before, after));
}

/** Rows of concurrent changes that share a conflict key with the change. */
function around(concurrent: readonly Entry[], change: Change, rules: Rules): readonly Key[] {
  if (rules.remedied === 'touched') return [];
  const wanted = conflictKeysOfChange(change, rules);
  const shares = (own: Change): boolean => conflictKeysOfChange(own, rules).some((conflictKey) => wanted.includes(conflictKey));
  return concurrent.flatMap((other) => {
    if (other.kind === 'seed') return [];
    if (other.kind !== 'local') return [other.key];
    if (rules.movedConcurrent === 'both keys') return other.changes.filter(shares).flatMap(({ key, to = key }) => [key, to]);
    return other.changes
      .flatMap(halves)
      .filter(shares)
      .map(({ key }) => key);
  });
}

/** By the policy; where the choice is free also by the policy without regard to unique values, the incoming row, and the existing one. */
export function decisions(pipeline: Pipeline, change: Change, rows: Rows, rules: Rules): readonly Rows[] {
  const home: HomeSide = comesFromLastWord(pipeline, rules) ? 'incoming' : 'existing';
  const existing = rows[change.key] ?? null;
  const result = decide(rules.policy, change, existing, home);
  const isRefused = holders(rows, change.key, result).some((holder) => !takesUnique(rules.policy, result!, rows[holder]!, home));
  const byPolicy = forced(rows, change.key, isRefused ? existing : result);
  if (hasLastWord(pipeline, rules) || rules.elsewhere === 'policy') return [byPolicy];
  const free = [byPolicy, forced(rows, change.key, result), forced(rows, change.key, change.after), rows];
  return [...new Map(free.map((choice) => [JSON.stringify(choice), choice])).values()];
}
