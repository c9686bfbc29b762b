/** Cases of the worker that repairs, and of a hole in a log. docs/decisions/0032-seeding.md. */
import { row, set } from './cases.js';
import { gone, hub, mesh, oneWay, read } from './seed-cases.js';
import type { Rules } from './rules.js';
import type { Case, Policy, RegionName, RepairCase, Unequal, Write } from './words.js';

const rows = (v: string, ver = 0): { p: ReturnType<typeof row> } => ({ p: row({ v, ver }) });
const insert: Write = [{ do: 'insert', key: 'p', row: { v: 'n' } }];
const lost = (write: Write): Write => [{ do: 'lost', write }];
const restart: Write = [{ do: 'restart' }];
const two = (p: string | null, q: string | null): { p: ReturnType<typeof row>; q: ReturnType<typeof row> } => ({
  p: row({ u: p }),
  q: row({ u: q }),
});

function order(source: RegionName, target: RegionName, more: Partial<RepairCase> = {}): RepairCase {
  return { source, target, winner: source, keys: ['p'], cause: 'repair', ...more };
}
function known(source: RegionName, cause: Unequal['cause'] = 'repair'): { readonly unequal: readonly Unequal[] } {
  return { unequal: [{ source, cause }] };
}

const quick = { capture: 'at once', seedOrder: 'any' } as const satisfies Partial<Rules>;
const differ = { A: rows('x'), B: rows('y') };
const chain = {
  ...oneWay,
  ...quick,
  links: [
    ['A', 'B'],
    ['B', 'C'],
  ],
} as const satisfies Partial<Rules>;
const home = { kind: 'home' } as const satisfies Policy;
const stop = { kind: 'stop' } as const satisfies Policy;

/** What a naive rule does. */
export interface Broken {
  readonly example: Case;
  readonly rules: Partial<Rules>;
  readonly policy: Policy;
  readonly naive: Partial<Rules>;
  /** Where the mistake is in what is done, not in a rule: instead of the example. */
  readonly wrongly?: Case;
}

const holeInB: Case = {
  start: rows('0'),
  starts: {},
  repair: order('B', 'A', { cause: 'hole' }),
  wanted: rows('2', 2),
  scripts: { A: [], B: [lost(set('1')), restart, set('2', 2)] },
};
const aWrites: Case = { start: {}, starts: differ, repair: order('A', 'B'), scripts: { A: [set('a')], B: [] } };
/** B was damaged behind its binlog: C has what A has. */
const damagedBetween: Case = {
  start: {},
  starts: { ...differ, C: differ.A },
  repair: order('A', 'B'),
  at: { C: known('B') },
  scripts: { A: [], B: [], C: [] },
};
const crossing: Case = {
  start: rows('0'),
  starts: {},
  repair: order('B', 'A', { cause: 'hole' }),
  scripts: { A: [read('p', { by: 'key' })], B: [lost(gone('p')), restart] },
};

export const broken: Readonly<Record<string, Broken>> = {
  'another region wins by a change at home': { example: holeInB, rules: quick, policy: home, naive: { repairBy: 'home' } },
  'another region wins by a change at home, the row is new': {
    example: { ...holeInB, wanted: { p: row({ v: 'n' }) }, scripts: { A: [], B: [lost(gone('p')), restart, insert] } },
    rules: quick,
    policy: home,
    naive: { repairBy: 'home' },
  },
  'home does not compare before it writes': {
    example: { start: {}, starts: differ, repair: order('B', 'A'), scripts: { A: [set('a', 2)], B: [] } },
    rules: { ...quick, repairBy: 'home' },
    policy: home,
    naive: { compared: false },
  },
  'the loser sends r rows too, a row that is gone': { example: crossing, rules: quick, policy: home, naive: { readsWait: false } },
  'the loser sends r rows too': {
    example: { ...crossing, scripts: { ...crossing.scripts, B: [lost(set('1')), restart] } },
    rules: quick,
    policy: home,
    naive: { readsWait: false },
  },
  'both logs have a hole, and both win': {
    example: {
      start: {},
      starts: differ,
      at: { A: known('B', 'hole'), B: known('A', 'hole') },
      repair: order('B', 'A', { cause: 'hole' }),
      scripts: { A: [], B: [] },
    },
    wrongly: {
      start: {},
      starts: differ,
      at: { A: known('B', 'hole'), B: known('A', 'hole') },
      scripts: { A: [read('p', { by: 'repair' })], B: [read('p', { by: 'repair' })] },
    },
    rules: { ...quick, readsWait: false },
    policy: home,
    naive: {},
  },
  'a hole of one pipeline, a third region writes': {
    example: {
      start: {},
      starts: { A: rows('0'), B: rows('1'), C: rows('1') },
      at: { A: known('B', 'hole') },
      repair: order('B', 'A', { cause: 'hole' }),
      wanted: rows('c', 2),
      scripts: { A: [], B: [], C: [set('c', 2)] },
    },
    rules: mesh,
    policy: home,
    naive: { unequalDiffers: 'own' },
  },
  'a hole in a mesh, home alone is repaired': {
    example: {
      start: rows('0'),
      starts: { B: rows('1') },
      repair: order('B', 'A', { cause: 'hole', to: 'all' }),
      wanted: rows('1'),
      scripts: { A: [], B: [], C: [] },
    },
    wrongly: {
      start: rows('0'),
      starts: { B: rows('1') },
      repair: order('B', 'A', { cause: 'hole' }),
      scripts: { A: [], B: [], C: [] },
    },
    rules: mesh,
    policy: home,
    naive: {},
  },
  'the state is raised after the restart': { example: holeInB, rules: quick, policy: home, naive: { raised: 'after the restart' } },
  'one way, the state begins where the repair stands in the log': {
    example: { ...aWrites, at: { B: known('A') } },
    wrongly: aWrites,
    rules: { ...oneWay, ...quick },
    policy: stop,
    naive: { raised: 'in the log' },
  },
  'one way, the state ends when the repair is sent': {
    example: { ...aWrites, at: { B: known('A') } },
    rules: { ...oneWay, ...quick },
    policy: stop,
    naive: { unequalEnds: 'when sent' },
  },
  'a chain, the state is not known to what follows': {
    example: damagedBetween,
    wrongly: { ...damagedBetween, at: {} },
    rules: chain,
    policy: stop,
    naive: {},
  },
  'a chain, the same, the row is missing in between': {
    example: { ...damagedBetween, starts: { A: rows('x'), B: {}, C: rows('x') } },
    wrongly: { ...damagedBetween, starts: { A: rows('x'), B: {}, C: rows('x') }, at: {} },
    rules: chain,
    policy: stop,
    naive: {},
  },
};

const starts = { differ, 'B lacks it': { A: rows('x'), B: {} }, 'A lacks it': { A: {}, B: rows('y') } } as const;
const pairs = Object.entries(starts).flatMap(([name, given]) => {
  const ofA = 'p' in given.A ? set('a', 1) : insert;
  const ofB = 'p' in given.B ? set('b', 2) : insert;
  const scripts = { A: [ofA], B: [ofB] };
  const orders = { 'home wins': order('A', 'B'), 'home wins, B is verified': order('B', 'A', { winner: 'A' }), 'B wins': order('B', 'A') };
  return Object.entries(orders).map(([who, repair]) => [`${name}, ${who}`, { start: {}, starts: given, repair, scripts }] as const);
});
const holes = (['A', 'B'] as const).flatMap((source) => {
  const target = source === 'A' ? 'B' : 'A';
  return [set('1'), gone('p')].map((write, i) => {
    const behind = i === 0 ? set('2', 2) : insert;
    const scripts = { [target]: [set('t', 1)], [source]: [lost(write), restart, behind] };
    const repair = order(source, target, { cause: 'hole' });
    return [`a hole in ${source}, ${i === 0 ? 'changed' : 'deleted'}`, { start: rows('0'), starts: {}, repair, scripts }] as const;
  });
});

/** Both write while the worker works. */
export const bothWrite: Readonly<Record<string, Case>> = Object.fromEntries([...pairs, ...holes]);

/** Unique values: one that moves, one that two rows swap (left to a person), and a write of each. */
export const uniqueValues: readonly Case[] = [
  { A: two('x', null), B: two(null, 'x') },
  { A: two(null, 'x'), B: two('x', null) },
  { A: two('x', 'y'), B: two('y', 'x') },
].flatMap((given) =>
  [[], [[{ do: 'update', key: 'q', set: { u: 'z' } }] as Write]].flatMap((ofB) =>
    [[], [[{ do: 'update', key: 'p', set: { u: 'w' } }] as Write]].map((ofA) => ({
      start: {},
      starts: given,
      repair: order('B', 'A', { keys: ['p', 'q'] }),
      scripts: { A: ofA, B: ofB },
    })),
  ),
);

const third = { ...differ, C: differ.A };
const inB = { start: rows('0'), starts: { B: rows('1') } };

/** A mesh, and a hub that is home. */
export const threes: Readonly<Record<string, readonly [Case, Partial<Rules>]>> = {
  'home wins, a mesh': [{ start: {}, starts: third, repair: order('A', 'B'), scripts: { A: [], B: [set('b', 1)], C: [] } }, mesh],
  'home wins, a hub': [{ start: {}, starts: third, repair: order('A', 'B'), scripts: { A: [set('a')], B: [set('b', 1)], C: [] } }, hub],
  'a hole, a mesh, home and C write': [
    { ...inB, repair: order('B', 'A', { cause: 'hole', to: 'all' }), scripts: { A: [set('a', 1)], B: [], C: [set('c', 2)] } },
    mesh,
  ],
  'a hole, a mesh, deleted in it': [
    {
      ...inB,
      starts: { B: {} },
      repair: order('B', 'A', { cause: 'hole', to: 'all' }),
      scripts: { A: [], B: [], C: [set('c', 2)] },
    },
    mesh,
  ],
  'a hole, a hub': [{ ...inB, repair: order('B', 'A', { cause: 'hole' }), scripts: { A: [], B: [set('b', 1)], C: [set('c', 2)] } }, hub],
};

/** Policy `stop`. */
export const oneWays: readonly Case[] = [
  { ...aWrites, at: { B: known('A') } },
  { ...aWrites, starts: { A: {}, B: rows('y') }, at: { B: known('A') }, scripts: { A: [insert], B: [] } },
  { ...aWrites, starts: { A: rows('x'), B: {} }, at: { B: known('A') }, scripts: { A: [set('a'), gone('p')], B: [] } },
  { start: rows('0'), starts: {}, repair: order('A', 'B', { cause: 'hole' }), scripts: { A: [lost(set('1')), restart, set('2')], B: [] } },
];
export const oneWayRules = { ...oneWay, ...quick } as const satisfies Partial<Rules>;
export const quickRules = quick;
