/**
 * How capture reads a row of a chunk while the server commits: which rules publish the row as it is at its place in the log? One row p,
 * some transactions, all interleavings of the server's group commit, the binlog reader and the chunk. docs/decisions/0032-seeding.md.
 */

/** A transaction writes p, or another row; `skipped` ones are in the binlog and not in the log (`lutra.skip`, copies). */
export interface Transaction {
  readonly writes: 'p' | 'other';
  readonly skipped?: true;
}

export interface WatermarkRules {
  /** `consistent`: sees what is committed in the engine. `FOR SHARE`: waits for what holds the row's lock, and holds it until *high*. */
  readonly read: 'consistent' | 'FOR SHARE';
  /** Before the read: `gtid_executed` holds all that the reader has passed; or only the place is noted. */
  readonly low: 'passed is executed' | 'noted';
  /** After the read: the end of the binlog file, or `gtid_executed`. The row is published when the reader has passed it. */
  readonly high: 'end of file' | 'gtid_executed';
  /** The row is dropped if it was touched up to its place, or only up to *high*. */
  readonly dropped: 'up to its place' | 'up to high';
  /** Touched by what is not in the log: read again, dropped too, or not looked at. */
  readonly skippedTouch: 'again' | 'dropped' | 'ignored';
}

export const withGtid: WatermarkRules = {
  read: 'consistent',
  low: 'passed is executed',
  high: 'end of file',
  dropped: 'up to its place',
  skippedTouch: 'again',
};
export const withoutGtid: WatermarkRules = { ...withGtid, read: 'FOR SHARE', low: 'noted' };

/** In the file: the dump may send it. Committed: visible. Executed: in `gtid_executed`. */
const [none, inFile, committed, executed] = [0, 1, 2, 3];

interface State {
  /** Of each transaction. They enter the file in their order. */
  readonly stages: readonly number[];
  /** So many has the reader published. */
  readonly passed: number;
  readonly chunk: 'to begin' | 'keeps keys' | 'low' | 'read' | 'high' | 'done';
  readonly keptFrom: number;
  /** The row's last writer when it was read; -1: none. */
  readonly value: number;
  readonly high: readonly number[];
  readonly came: boolean;
  readonly crashes: number;
  readonly wrong: boolean;
}

export interface Counted {
  readonly good: number;
  readonly bad: number;
}

/** Bad: the row is published as it is not at its place, or never, although nothing in the log brings it. */
export function exploreChunk(transactions: readonly Transaction[], rules: WatermarkRules, crashes = 0): Counted {
  const found = new Map<string, Counted>();
  const stages = transactions.map(() => none);
  return visit({ stages, passed: 0, chunk: 'to begin', keptFrom: 0, value: -1, high: [], came: false, crashes, wrong: false });

  function visit(state: State): Counted {
    const key = keyOf(state);
    const known = found.get(key);
    if (known) return known;
    const next = [...serverSteps(state, transactions, rules), ...captureSteps(state, transactions, rules)];
    const isGood = state.chunk === 'done' && state.came && !state.wrong;
    const ends = next.length > 0 ? next.map(visit) : [{ good: isGood ? 1 : 0, bad: isGood ? 0 : 1 }];
    const sum = ends.reduce((all, { good, bad }) => ({ good: all.good + good, bad: all.bad + bad }));
    found.set(key, sum);
    return sum;
  }
}

function keyOf({ stages, passed, chunk, keptFrom, value, high, came, crashes, wrong }: State): string {
  return `${stages.join('')} ${passed} ${chunk} ${keptFrom} ${value} ${high.join('')} ${came} ${crashes} ${wrong}`;
}

function serverSteps(state: State, transactions: readonly Transaction[], { read }: WatermarkRules): readonly State[] {
  const { stages } = state;
  const isShared = read === 'FOR SHARE' && state.chunk === 'read';
  const steps: State[] = [];
  for (const [i, stage] of stages.entries()) {
    const { writes } = transactions[i]!;
    const isLocked = transactions.slice(0, i).some((other, j) => other.writes === writes && stages[j]! < committed);
    const mayEnter = stages.slice(0, i).every((other) => other >= inFile) && !isLocked && !(isShared && writes === 'p');
    if (stage === executed || (stage === none && !mayEnter)) continue;
    steps.push({ ...state, stages: stages.with(i, stage + 1) });
  }
  return steps;
}

function captureSteps(state: State, transactions: readonly Transaction[], rules: WatermarkRules): readonly State[] {
  const { stages, passed } = state;
  const steps: State[] = [];
  if ((stages[passed] ?? none) >= inFile) {
    const { writes, skipped } = transactions[passed]!;
    steps.push({ ...state, passed: passed + 1, came: state.came || (writes === 'p' && !skipped) });
  }
  if (state.crashes > 0 && state.chunk !== 'to begin' && state.chunk !== 'done')
    steps.push({ ...state, chunk: 'to begin', crashes: state.crashes - 1 });
  return [...steps, ...chunkSteps(state, transactions, rules)];
}

function chunkSteps(state: State, transactions: readonly Transaction[], rules: WatermarkRules): readonly State[] {
  const { stages, passed, chunk } = state;
  if (chunk === 'to begin') return [{ ...state, chunk: 'keeps keys', keptFrom: passed }];
  if (chunk === 'keeps keys') {
    const isLow = rules.low === 'noted' || stages.slice(0, state.keptFrom).every((stage) => stage === executed);
    return isLow ? [{ ...state, chunk: 'low' }] : [];
  }
  const ofRow = stages.map((stage, i) => (transactions[i]!.writes === 'p' ? stage : none));
  if (chunk === 'low') {
    if (rules.read === 'FOR SHARE' && ofRow.includes(inFile)) return [];
    return [{ ...state, chunk: 'read', value: ofRow.findLastIndex((stage) => stage >= committed) }];
  }
  if (chunk === 'read') {
    const least = rules.high === 'end of file' ? inFile : executed;
    return [{ ...state, chunk: 'high', high: stages.flatMap((stage, i) => (stage >= least ? [i] : [])) }];
  }
  if (chunk !== 'high' || state.high.some((i) => i >= passed)) return [];
  return [published(state, transactions, rules)];
}

function published(state: State, transactions: readonly Transaction[], rules: WatermarkRules): State {
  const { keptFrom, passed, high } = state;
  const last = rules.dropped === 'up to high' ? Math.max(keptFrom, ...high.map((i) => i + 1)) : passed;
  const touching = transactions.slice(keptFrom, last).filter(({ writes }) => writes === 'p');
  const unlogged = touching.some(({ skipped }) => skipped);
  if (unlogged && rules.skippedTouch === 'again') return { ...state, chunk: 'to begin' };
  const isDropped = touching.some(({ skipped }) => !skipped || rules.skippedTouch === 'dropped');
  if (isDropped) return { ...state, chunk: 'done' };
  const lastWrite = transactions.slice(0, passed).findLastIndex(({ writes }) => writes === 'p');
  return { ...state, chunk: 'done', came: true, wrong: state.value !== lastWrite };
}
