/**
 * Schema changes of one table both ways: A is the table's schema home, B takes writes too. Rows travel by column name. Do both sides end
 * with the same columns and rows? docs/decisions/0034-ddl.md.
 */
import { applied } from './ddl-both-apply.js';
import type { BothCase, BothRules, BothState, Here, Table } from './ddl-both-words.js';
import { writes } from './ddl-both-write.js';
import type { Model } from './paths.js';

export function bothModel(example: BothCase, rules: BothRules): Model<BothState> {
  const { columns, start: rows, limits = [] } = example;
  const here: Here = { columns, rows, limits, shadow: null, away: null, log: [], applied: 0, read: null, written: 0 };
  const { begun } = example;
  const A: Here = begun ? { ...here, shadow: { columns: begun, rows: {}, isOlder: true } } : here;
  return {
    first: { A, B: here },
    turns: (state) => (['A', 'B'] as const).flatMap((side) => [...writes(state, side, example, rules), ...applied(state, side, rules)]),
    verdict: (state) => verdict(state, example),
  };
}

function verdict({ A, B }: BothState, { wanted }: BothCase): string | null {
  if (A.applied < B.log.length || B.applied < A.log.length) return 'a pipeline stands';
  const [a, b] = [A, B].map(({ columns, rows }) => JSON.stringify([columns, ordered(rows)]));
  if (a !== b) return `A ends with ${a}, B with ${b}`;
  const lost = Object.entries(wanted ?? {}).find(([key, values]) => JSON.stringify(A.rows[key]) !== JSON.stringify(values));
  return lost ? `row ${lost[0]} is ${JSON.stringify(A.rows[lost[0]])}` : null;
}

/** Sorted, so that equal rows are equal texts. */
function ordered(rows: Table): readonly (readonly [string, unknown])[] {
  const sorted = <T>(of: Readonly<Record<string, T>>): readonly (readonly [string, T])[] =>
    Object.entries(of).sort(([a], [b]) => (a < b ? -1 : 1));
  return sorted(rows).map(([key, values]) => [key, sorted(values)] as const);
}
