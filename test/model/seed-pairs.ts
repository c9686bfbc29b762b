/** Small scripts around a seed: writes of one row amid the reads of it, in two regions and in three. */
import { row, set, take } from './cases.js';
import { pairs } from './move-cases.js';
import { end, gone, insert, read } from './seed-cases.js';
import type { Case, Region, RegionName, Rows, Write } from './words.js';

const writes: readonly Write[] = [
  [],
  set('w', 2),
  gone('p'),
  [insert('p', { v: 'n', ver: 1 })],
  [{ do: 'move', key: 'p', to: 'q', set: { ver: 3 } }],
  take('p', 'x', 4),
];

/** What the two regions begin with. */
export const starts: Readonly<Record<string, Readonly<Partial<Record<RegionName, Rows>>>>> = {
  'only B has it': { A: {}, B: { p: row() } },
  'only A has it': { A: { p: row() }, B: {} },
  'they differ': { A: { p: row({ v: 'a' }) }, B: { p: row({ v: 'b', ver: 3 }) } },
};

export type Amid = (write: Write) => readonly Write[];
/** Read before the write; before and after it. */
export const before: Amid = (write) => [read('p'), ...given(write)];
export const around: Amid = (write) => [read('p'), ...given(write), read('q')];

function given(write: Write): readonly Write[] {
  return write.length > 0 ? [write] : [];
}

function seededFrom(...seeding: readonly RegionName[]): Partial<Region> {
  return { seeding };
}

/** Each of the two writes once. */
export function bothWays(rows: Readonly<Partial<Record<RegionName, Rows>>>, amid: Amid): readonly Case[] {
  return everyPair((a, b) => ({ start: {}, starts: rows, at: { A: seededFrom('B') }, scripts: { A: amid(a), B: [...amid(b), end] } }));
}

export function alike(amid: Amid): readonly Case[] {
  return everyPair((a, b) => ({ start: { p: row() }, scripts: { A: amid(a), B: amid(b) } }));
}

function everyPair(toCase: (a: Write, b: Write) => Case): readonly Case[] {
  return writes.flatMap((a) => writes.map((b) => toCase(a, b)));
}

/** B seeds A with rows that move; A writes nothing. */
export const moved: readonly Case[] = Object.values(pairs).map(({ start, scripts }) => ({
  start: {},
  starts: { A: {}, B: start },
  at: { A: seededFrom('B') },
  scripts: { A: [], B: [read('p'), ...(scripts.B ?? []), read('q'), read('r'), end] },
}));

/** None holds a unique value behind the cursor that the source does not have: there a pipeline stops by its policy. */
const targets: readonly Rows[] = [{}, { p: row({ v: 'old' }) }, { q: row({ u: 'y' }) }, { p: row({ u: 'x' }), q: row({ v: 'old' }) }];

/** A seeds B, whatever B has; what A lacks is told by key at the end, as a repair does. */
export const oneWays: readonly Case[] = targets.flatMap((target) =>
  everyPair((first, second) => {
    const gone = [read('p', { by: 'key' }), read('q', { by: 'key' })];
    const scripts = { A: [...around(first), ...given(second), ...gone], B: [] };
    return { start: {}, starts: { A: { p: row() }, B: target }, at: { B: seededFrom('A') }, scripts };
  }),
);

/** One of three lacks the row; the others seed home, and home seeds them. */
export function three(count: number): readonly Case[] {
  const names = ['A', 'B', 'C'] as const;
  const toHome = (write: Write): readonly Write[] => [read('p', { to: 'A' }), ...given(write), [{ do: 'end', to: 'A' }]];
  return names.flatMap((lacks) =>
    writes.slice(0, count).map((write) => ({
      start: {},
      starts: Object.fromEntries(names.map((name) => [name, name === lacks ? {} : { p: row() }])),
      at: { A: seededFrom('B', 'C') },
      scripts: { A: [read('p')], B: toHome(write), C: toHome([]) },
    })),
  );
}

/** A capture is killed between chunks. */
export const killed: Case = {
  start: {},
  starts: { A: {}, B: { p: row(), q: row() } },
  at: { A: seededFrom('B') },
  wanted: { p: 'any', q: 'any' },
  scripts: { A: [], B: [read('p'), set('b', 1), read('q'), end] },
};
