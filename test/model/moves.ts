/**
 * A row that gets another primary key, where somebody else changed one of its two keys. It is a deletion and an insertion, decided
 * together: if the row that is under the new key stays, the moved one stays where it was, or it would be nowhere.
 */
import { comesFromLastWord, hasLastWord } from './links.js';
import type { Pipeline } from './links.js';
import { decide, takesUnique } from './policy.js';
import { forced, holders, isSame, replaced, without } from './rows.js';
import type { Rules } from './rules.js';
import type { Change, Entry, Key, Rows } from './words.js';

/** `to` is another key. */
export type Move = Change & { readonly to: Key };

export function isMove(change: Change): change is Move {
  return change.to !== undefined;
}

/** One for each key. */
export function halves(change: Change): readonly Change[] {
  const { key, to, before, after } = change;
  if (to === undefined) return [change];
  return [
    { key, before, after: null },
    { key: to, before: null, after },
  ];
}

/** Changes, unknown to the source, of the key that it leaves and of the one that it takes. */
export interface MoveConcurrent {
  readonly old: readonly Entry[];
  readonly new: readonly Entry[];
}

/** Nobody is in its way, and the row is what it was. */
export function isUnhindered(move: Move, rows: Rows, concurrent: MoveConcurrent): boolean {
  const { key, before } = move;
  return (
    concurrent.old.length === 0 && concurrent.new.length === 0 && isSame(rows[key] ?? null, before) && inTheWayOf(move, rows).length === 0
  );
}

/** Rows under the new key or with its unique value. */
export function inTheWayOf({ key, to, after }: Move, rows: Rows): readonly Key[] {
  return [...(rows[to] ? [to] : []), ...holders(without(rows, [key]), to, after)];
}

export function taken({ key, to, after }: Move, rows: Rows): Rows {
  return forced(replaced(rows, key, null), to, after);
}

/** By the policy; where the choice is free, also with each half of it done or not. */
export function moveDecisions(
  pipeline: Pipeline,
  move: Move,
  at: { rows: Rows; concurrent: MoveConcurrent; rules: Rules },
): readonly Rows[] {
  const { rows, rules } = at;
  const byPolicy = decided(pipeline, move, at);
  if (hasLastWord(pipeline, rules) || rules.elsewhere === 'policy') return [byPolicy];
  const free = [byPolicy, taken(move, rows), rows, replaced(rows, move.key, null), forced(rows, move.to, move.after)];
  return [...new Map(free.map((choice) => [JSON.stringify(choice), choice])).values()];
}

function decided(
  pipeline: Pipeline,
  move: Move,
  { rows, concurrent, rules }: { rows: Rows; concurrent: MoveConcurrent; rules: Rules },
): Rows {
  const { key, to, before, after } = move;
  const { policy } = rules;
  const home = comesFromLastWord(pipeline, rules) ? 'incoming' : 'existing';
  if (policy.kind === 'home') return home === 'incoming' ? taken(move, rows) : rows;
  const [old, there] = [rows[key] ?? null, rows[to] ?? null];
  const isLeft = concurrent.old.length === 0 && isSame(old, before);
  const left = replaced(rows, key, isLeft ? null : decide(policy, { key, before, after: null }, old, home));
  const isFree = concurrent.new.length === 0 && there === null;
  const row = isFree ? after : decide(policy, { key: to, before: null, after }, there, home);
  const isRefused = isSame(row, there) || holders(left, to, row).some((holder) => !takesUnique(policy, row!, left[holder]!, home));
  return isRefused ? rows : forced(left, to, row);
}
