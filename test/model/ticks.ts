/**
 * When is a table seeded? Chunks in order in a log, a loader that applies them, a person who lets it go on at the end of the log, and a
 * capture that is restarted. docs/decisions/0032-seeding.md.
 */

export interface TickRules {
  /** The seed is done when every chunk is ticked off at the target, or when every chunk is published. */
  readonly done: 'ticked' | 'published';
  /** A chunk is ticked off where it begins at the cursor, or whatever it is. */
  readonly tick: 'at the cursor' | 'any';
  /** The tick is in the target transaction that writes the rows, or written before it. */
  readonly written: 'together' | 'before';
}

export const tickProtocol: TickRules = { done: 'ticked', tick: 'at the cursor', written: 'together' };

interface State {
  /** Chunks by number, as they are published. */
  readonly log: readonly number[];
  /** What capture reads next. */
  readonly next: number;
  readonly applied: number;
  /** Chunks whose rows are there. */
  readonly rows: readonly number[];
  readonly cursor: number;
  /** The tick is written, the rows are not. */
  readonly open: boolean;
  readonly skips: number;
  readonly kills: number;
}

export interface TickCase {
  readonly chunks: number;
  readonly skips: number;
  readonly kills: number;
}

export interface Counted {
  readonly good: number;
  readonly bad: number;
}

/** Bad: it is said to be done and rows are missing, or it is never done. */
export function exploreTicks({ chunks, skips, kills }: TickCase, rules: TickRules): Counted {
  const found = new Map<string, Counted>();
  return visit({ log: [], next: 0, applied: 0, rows: [], cursor: 0, open: false, skips, kills });

  function visit(state: State): Counted {
    const key = JSON.stringify(state);
    const known = found.get(key);
    if (known) return known;
    const next = isDone(state, chunks, rules) && state.applied === state.log.length ? [] : steps(state, chunks, rules);
    const isGood = state.rows.length === chunks;
    const ends = next.length > 0 ? next.map(visit) : [{ good: isGood ? 1 : 0, bad: isGood ? 0 : 1 }];
    const sum = ends.reduce((all, { good, bad }) => ({ good: all.good + good, bad: all.bad + bad }));
    found.set(key, sum);
    return sum;
  }
}

function isDone({ next, cursor, log }: State, chunks: number, { done }: TickRules): boolean {
  return done === 'ticked' ? cursor === chunks : next === chunks && log.length >= chunks;
}

function steps(state: State, chunks: number, rules: TickRules): readonly State[] {
  const { log, next, applied, cursor, skips, kills } = state;
  const found: State[] = [];
  if (next < chunks) found.push({ ...state, log: [...log, next], next: next + 1 });
  else if (rules.done === 'ticked' && applied === log.length && cursor < chunks) found.push({ ...state, next: cursor });
  if (applied < log.length) found.push(...loads(state, rules));
  if (skips > 0 && applied < log.length) found.push({ ...state, applied: log.length, open: false, skips: skips - 1 });
  // A new capture asks for what is not ticked off; a loader that is killed begins anew with its transaction.
  if (kills > 0) {
    const restarted = rules.done === 'ticked' ? { ...state, next: cursor, kills: kills - 1 } : { ...state, kills: kills - 1 };
    found.push(restarted);
    if (state.open) found.push({ ...state, open: false, kills: kills - 1 });
  }
  return found;
}

function loads(state: State, { tick, written }: TickRules): readonly State[] {
  const { log, applied, rows, cursor, open } = state;
  const chunk = log[applied]!;
  const isTicked = tick === 'any' || chunk === cursor;
  const ticked = isTicked ? Math.max(cursor, chunk + 1) : cursor;
  if (written === 'before' && !open && isTicked) return [{ ...state, cursor: ticked, open: true }];
  const all = rows.includes(chunk) ? rows : [...rows, chunk].toSorted((a, b) => a - b);
  return [{ ...state, applied: applied + 1, rows: all, cursor: written === 'before' ? cursor : ticked, open: false }];
}
