/**
 * Files that belong to rows, in several roots, while rules are edited: which placings count, where a root leaves the rules and comes back?
 * Each take-over of a root is one step here (`files.ts` has its steps). docs/decisions/0035-files.md.
 */
import type { ByName } from './files-words.js';
import type { Model, Turn } from './paths.js';

export interface RootRules {
  /** What is committed is kept by root, or one number for all. */
  readonly counted: 'by root' | 'by pipeline';
  /** Taken over: the roots of the rules, and those where the pipeline has ever placed. */
  readonly taken: 'ever placed' | 'of the rules';
  /** A root is noted as one of the pipeline's when it is taken over, or with the first commit there. */
  readonly noted: 'when taken over' | 'with a commit';
}

export const rootProtocol: RootRules = { counted: 'by root', taken: 'ever placed', noted: 'when taken over' };

export interface RootCase {
  /** The root of each transaction. */
  readonly log: readonly string[];
  /** The roots that rules name, one edit after the other. */
  readonly edits: readonly (readonly string[])[];
  readonly kills: number;
}

interface Placing {
  readonly root: string;
  readonly n: number;
  readonly isCommitted: boolean;
}

export interface RootState extends RootCase {
  readonly active: readonly string[];
  /** lutra.file_place */
  readonly n: ByName<number>;
  readonly open: readonly Placing[];
  /** Of the present loader: roots that it has taken over; its next number; null: it has not begun. */
  readonly taken: readonly string[];
  readonly next: number | null;
  readonly isPlaced: boolean;
  readonly wrong: string | null;
}

export function rootModel({ log, edits, kills }: RootCase, rules: RootRules): Model<RootState> {
  const [active = [], ...more] = edits;
  return {
    first: { log, edits: more, kills, active, n: {}, open: [], taken: [], next: null, isPlaced: false, wrong: null },
    turns: (state) => (state.wrong === null ? turns(state, rules) : []),
    verdict: ({ wrong, open }) => wrong ?? (open.length > 0 ? 'a placing is open for ever' : null),
  };
}

function turns(state: RootState, rules: RootRules): readonly Turn<RootState>[] {
  const { active, n, taken, next, open, isPlaced, kills, edits } = state;
  const [edited, ...more] = edits;
  const found: Turn<RootState>[] = [];
  const turn = (name: string, part: Partial<RootState>): void => void found.push({ name, state: { ...state, ...part } });
  if (next === null) turn('begins', { next: Math.max(0, ...Object.values(n)) + 1 });
  else {
    const roots = [...new Set([...active, ...(rules.taken === 'ever placed' ? Object.keys(n) : [])])].filter(
      (root) => !taken.includes(root),
    );
    for (const root of roots) found.push({ name: `takes over ${root}`, state: takenOver(state, root, rules) });
    if (roots.length === 0) found.push(...works(state));
  }
  const settled = open.filter(({ root, isCommitted }) => !(isCommitted && taken.includes(root)));
  if (settled.length < open.length) turn('settles', { open: settled });
  // An edit comes into force between two transactions.
  if (edited && !isPlaced) turn(`rules of ${edited.join(' and ') || 'no root'}`, { active: edited, edits: more });
  if (kills > 0 && state.log.length > 0) turn('is killed', { kills: kills - 1, taken: [], next: null, isPlaced: false });
  return found;
}

function takenOver(state: RootState, root: string, { counted, noted }: RootRules): RootState {
  const covered = counted === 'by root' ? (state.n[root] ?? 0) : Math.max(0, ...Object.values(state.n));
  const here = state.open.filter((one) => one.root === root);
  const isWrong = here.some(({ n, isCommitted }) => n <= covered !== isCommitted);
  return {
    ...state,
    taken: [...state.taken, root],
    n: noted === 'when taken over' ? { ...state.n, [root]: state.n[root] ?? 0 } : state.n,
    open: state.open.filter((one) => one.root !== root),
    next: Math.max(state.next!, ...here.map(({ n }) => n + 1)),
    wrong: isWrong ? `what was not committed in ${root} is settled` : null,
  };
}

function works(state: RootState): readonly Turn<RootState>[] {
  const [root, ...log] = state.log;
  if (root === undefined) return [];
  if (!state.active.includes(root)) return [{ name: `a row of ${root} without rules`, state: { ...state, log } }];
  const next = state.next!;
  if (!state.isPlaced) {
    const open = [...state.open, { root, n: next, isCommitted: false }];
    return [{ name: `places ${next} in ${root}`, state: { ...state, open, isPlaced: true, next: next + 1 } }];
  }
  const n = next - 1;
  const open = state.open.map((one) => (one.n === n && one.root === root ? { ...one, isCommitted: true } : one));
  return [{ name: `commits ${n}`, state: { ...state, open, log, isPlaced: false, n: { ...state.n, [root]: n } } }];
}
