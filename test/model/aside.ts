/**
 * A table that enters with a past, both ways: A's statement holds at B, B's own table is put aside and made anew from chunks of A, while
 * what B had written to it before is on its way to A. docs/decisions/0034-ddl.md, rule 21.
 */
import type { Model, Turn } from './paths.js';

export interface AsideRules {
  /** A chunk counts if A had applied all that B wrote before, or whatever A had applied. */
  readonly chunk: 'had seen it' | 'any';
}

export const asideProtocol: AsideRules = { chunk: 'had seen it' };

type Entry =
  | { readonly is: 'enters' | 'begin' }
  | { readonly is: 'insert' | 'delete'; readonly row: string }
  | { readonly is: 'chunk'; readonly rows: readonly string[]; readonly seen: number };

interface State {
  /** Of A, and what of B's log is applied there. */
  readonly a: readonly string[];
  readonly seen: number;
  readonly aLeft: readonly ('insert' | 'delete')[];
  readonly aLog: readonly Entry[];
  readonly isBegun: boolean;
  /** Of B: its table, null while there is none. */
  readonly b: readonly string[] | null;
  readonly bLeft: number;
  readonly bLog: readonly string[];
  readonly read: number;
  /** What B had written before its table was put aside. */
  readonly before: number;
  readonly isWhole: boolean;
  /** A chunk that B has not met. */
  readonly isAsked: boolean;
  /** What A had applied at its last chunk: one that is passed is read again when more has come. */
  readonly readAt: number;
}

export interface AsideCase {
  /** Changes of A behind its statement. */
  readonly a: readonly ('insert' | 'delete')[];
  /** Inserts of B, at any time before its table is put aside. */
  readonly b: number;
}

export function asideModel(of: AsideCase, rules: AsideRules): Model<State> {
  const ofA = { a: ['past', 'old'], seen: 0, aLeft: of.a, aLog: [{ is: 'enters' } as const], isBegun: false };
  const ofB = { b: ['other'], bLeft: of.b, bLog: [], read: 0, before: 0, isWhole: false, isAsked: false, readAt: -1 };
  const first: State = { ...ofA, ...ofB };
  return {
    first,
    turns: (state) => [...turnsOfA(state), ...turnsOfB(state, rules)],
    verdict: ({ a, b }) =>
      a.toSorted().join() === (b ?? []).toSorted().join() ? null : `A has ${a.join()}, B has ${b?.join() ?? 'no table'}`,
  };
}

function turnsOfA(state: State): readonly Turn<State>[] {
  const { a, seen, aLeft, aLog, isBegun, bLog, isWhole, isAsked, readAt } = state;
  const turns: Turn<State>[] = [];
  const [next, ...left] = aLeft;
  if (next === 'insert') {
    const entry: Entry = { is: 'insert', row: 'new' };
    turns.push({ name: 'A inserts', state: { ...state, a: [...a, 'new'], aLeft: left, aLog: [...aLog, entry] } });
  }
  if (next === 'delete') {
    const entry: Entry = { is: 'delete', row: 'old' };
    turns.push({ name: 'A deletes', state: { ...state, a: a.filter((row) => row !== 'old'), aLeft: left, aLog: [...aLog, entry] } });
  }
  const arrived = bLog[seen];
  if (arrived !== undefined) turns.push({ name: 'A applies', state: { ...state, a: [...a, arrived], seen: seen + 1 } });
  if (!isBegun) turns.push({ name: 'the seed begins', state: { ...state, isBegun: true, aLog: [...aLog, { is: 'begin' }] } });
  if (isBegun && !isWhole && !isAsked && seen > readAt)
    turns.push({
      name: 'A reads a chunk',
      state: { ...state, isAsked: true, readAt: seen, aLog: [...aLog, { is: 'chunk', rows: a, seen }] },
    });
  return turns;
}

function turnsOfB(state: State, rules: AsideRules): readonly Turn<State>[] {
  const { b, bLeft, bLog, read, aLog } = state;
  const turns: Turn<State>[] = [];
  if (bLeft > 0 && b !== null && read === 0) {
    const row = `b${bLeft}`;
    turns.push({ name: 'B inserts', state: { ...state, b: [...b, row], bLog: [...bLog, row], bLeft: bLeft - 1 } });
  }
  const entry = aLog[read];
  if (entry) turns.push({ name: `B: ${entry.is}`, state: { ...applied(state, entry, rules), read: read + 1 } });
  return turns;
}

function applied(state: State, entry: Entry, rules: AsideRules): State {
  const { b, bLog, before, isWhole } = state;
  switch (entry.is) {
    case 'enters':
      return { ...state, b: null, before: bLog.length };
    case 'begin':
      return { ...state, b: b ?? [] };
    case 'insert':
      return b === null ? state : { ...state, b: [...new Set([...b, entry.row])] };
    case 'delete':
      return b === null ? state : { ...state, b: b.filter((row) => row !== entry.row) };
    case 'chunk': {
      const counts = !isWhole && (rules.chunk === 'any' || entry.seen >= before);
      return counts && b
        ? { ...state, b: [...new Set([...b, ...entry.rows])], isWhole: true, isAsked: false }
        : { ...state, isAsked: false };
    }
  }
}
