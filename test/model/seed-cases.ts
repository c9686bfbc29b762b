/** Cases of seeding, each for a hole of the first design, under its number in docs/decisions/0032-seeding.md. */
import { row, set, take } from './cases.js';
import type { Rules } from './rules.js';
import type { Case, Key, Row, SeedStatement, Statement, Write } from './words.js';

export const read = (key: Key, more: Partial<Extract<SeedStatement, { do: 'read' }>> = {}): Write => [{ do: 'read', key, ...more }];
export const begin: Write = [{ do: 'begin' }];
export const end: Write = [{ do: 'end' }];
export const insert = (key: Key, values: Partial<Row> = {}): Statement => ({ do: 'insert', key, row: values });
export const gone = (key: Key): Write => [{ do: 'delete', key }];

const updateQ: Write = [{ do: 'update', key: 'q', set: { v: 'b' } }];
const one = { p: row() };
export const apart = { A: { p: row({ v: 'x' }) }, B: { p: row({ v: 'y' }) } };
const homeLacks = { A: {}, B: one };
export const fromB = { A: { seeding: ['B'] } } as const;
export const any = { seedOrder: 'any' } as const satisfies Partial<Rules>;
export const mesh = { ...any, capture: 'at once' } as const satisfies Partial<Rules>;
export const hub = {
  ...mesh,
  links: [
    ['A', 'B'],
    ['A', 'C'],
  ],
} as const satisfies Partial<Rules>;
export const oneWay = { ...any, oneWay: true, onExisting: 'source' } as const satisfies Partial<Rules>;
const chain = {
  ...oneWay,
  links: [
    ['A', 'B'],
    ['B', 'C'],
  ],
} as const satisfies Partial<Rules>;

/** A rule of the first design, and the smallest case in which it does harm. */
export interface Hole {
  readonly name: string;
  readonly example: Case;
  /** Where the protocol holds. */
  readonly rules: Partial<Rules>;
  readonly naive: Partial<Rules>;
  /** Where the mistake is in what is done, not in a rule: instead of the example. */
  readonly wrongly?: Case;
}

/** Both ways, under `home`. */
export const seedHoles: readonly Hole[] = [
  {
    name: '1: an r row is decided by policy',
    example: { start: one, scripts: { A: [read('p')], B: [set('b', 1)] } },
    rules: any,
    naive: { readYields: 'by policy' },
  },
  {
    name: '1: the same, a deletion',
    example: { start: one, scripts: { A: [read('p')], B: [gone('p')] } },
    rules: any,
    naive: { readYields: 'by policy' },
  },
  {
    name: '2: an r row yields to changes of its target alone',
    example: { start: one, scripts: { A: [read('p')], B: [set('b', 1)], C: [] } },
    rules: mesh,
    naive: { readYields: 'own' },
  },
  {
    name: '3: the source wins in both directions',
    example: { start: {}, starts: apart, scripts: { A: [read('p')], B: [read('p')] } },
    rules: any,
    naive: { onExisting: 'source' },
  },
  {
    name: '3: the target keeps its row in both directions',
    example: { start: {}, starts: apart, scripts: { A: [read('p')], B: [read('p')] } },
    rules: any,
    naive: { onExisting: 'target', keptSent: false },
  },
  {
    name: '3: home keeps its row and tells nobody',
    example: { start: {}, starts: apart, scripts: { A: [], B: [read('p')] } },
    rules: any,
    naive: { keptSent: false },
  },
  {
    name: '3: another region is named, and only home is read',
    example: { start: {}, starts: apart, scripts: { A: [read('p')], B: [read('p')] } },
    wrongly: { start: {}, starts: apart, scripts: { A: [read('p')], B: [] } },
    rules: { onExisting: 'B' },
    naive: {},
  },
  {
    name: '4: home decides about rows that it lacks while it is being seeded',
    example: { start: {}, starts: homeLacks, at: fromB, wanted: { p: 'any' }, scripts: { A: [], B: [set('b', 1), read('p'), end] } },
    rules: any,
    naive: { whileSeeded: 'decided' },
  },
  {
    name: '4: the state is known to the seeding pipeline alone',
    example: {
      start: {},
      starts: { ...homeLacks, C: one },
      at: fromB,
      wanted: { p: 'any' },
      scripts: { A: [], B: [read('p')], C: [set('c', 1)] },
    },
    rules: mesh,
    naive: { whileSeeded: 'whole by the seeding pipeline' },
  },
  {
    name: '4: the state begins behind a change of the table',
    example: { start: {}, starts: homeLacks, wanted: { p: 'any' }, scripts: { A: [], B: [begin, set('b', 1), read('p'), end] } },
    wrongly: { start: {}, starts: homeLacks, wanted: { p: 'any' }, scripts: { A: [], B: [set('b', 1), begin, read('p'), end] } },
    rules: any,
    naive: {},
  },
  {
    name: '4: in a mesh only one of the logs has the beginning',
    example: {
      start: {},
      starts: { ...homeLacks, C: one },
      wanted: { p: 'any' },
      scripts: { A: [], B: [begin, read('p')], C: [begin, set('c', 1)] },
    },
    wrongly: {
      start: {},
      starts: { ...homeLacks, C: one },
      wanted: { p: 'any' },
      scripts: { A: [], B: [begin, read('p')], C: [set('c', 1)] },
    },
    rules: mesh,
    naive: {},
  },
  {
    name: '7: rows that hold its unique value are cleared for an r row',
    example: { start: {}, starts: { A: { p: row({ u: 'x' }) }, B: { q: row({ u: 'x' }) } }, scripts: { A: [read('p')], B: [read('q')] } },
    rules: any,
    naive: { holder: 'cleared' },
  },
  {
    name: '7: a row that yields for a unique value alone is not read again',
    example: {
      start: {},
      starts: { A: { p: row({ u: 'x' }) }, B: { q: row({ u: 'x' }) } },
      at: fromB,
      wanted: { q: 'any' },
      scripts: { A: [take('p', null, 1)], B: [read('q')] },
    },
    rules: any,
    naive: { readAgain: false },
  },
  {
    name: '7: a seed ends before what is to be read again',
    example: {
      start: {},
      starts: { A: {}, B: { q: row({ u: 'x' }) } },
      at: { A: { seeding: ['B'], again: [{ source: 'B', key: 'q', behind: { A: 0, B: 0, C: 0, D: 0 } }] } },
      wanted: { q: 'any' },
      scripts: { A: [], B: [end, updateQ] },
    },
    rules: any,
    naive: { seedEnds: 'when published' },
  },
  {
    name: '7: home decides about a row that is listed as a clash, when its unique value is free again',
    example: {
      start: {},
      starts: { A: {}, B: { q: row({ u: 'x' }) } },
      at: { A: { clashes: ['q'] } },
      wanted: { q: 'any' },
      scripts: { A: [], B: [updateQ] },
    },
    rules: any,
    naive: { listed: 'decided' },
  },
  {
    name: '13: that there is no row is applied both ways',
    example: { start: {}, starts: homeLacks, scripts: { A: [read('p', { by: 'key' })], B: [read('p')] } },
    rules: any,
    naive: { tombstones: 'both ways' },
  },
  {
    name: '12: around a hub, an equal row is replaced: its copy is a conflict that nobody made',
    example: { start: one, scripts: { A: [], B: [read('p')], C: [set('c', 1)] } },
    rules: hub,
    naive: { readWrites: 'replace' },
  },
  {
    name: 'order: home reads before the others have been read, in a mesh',
    example: {
      start: {},
      starts: { A: {}, B: {}, C: one },
      scripts: { A: [read('p')], B: [], C: [read('p', { to: 'A' })] },
    },
    rules: { ...mesh, seedOrder: 'away first' },
    naive: { seedOrder: 'any' },
  },
  {
    name: 'merging: r rows are merged with their neighbours',
    example: {
      start: {},
      starts: { A: { ...apart.A, q: row() }, B: { ...apart.B, q: row() } },
      scripts: {
        A: [read('p'), [{ do: 'update', key: 'q', set: { v: 'a' } }]],
        B: [read('p'), [{ do: 'update', key: 'q', set: { v: 'b' } }]],
      },
    },
    rules: { ...any, merge: 2 },
    naive: { readsMerge: true },
  },
];

/** One way, A → B, or A → B → C; under `stop`: a pipeline that stands is wrong. */
export const oneWayHoles: readonly Hole[] = [
  {
    name: '4: the update of a row that is not there yet stops the pipeline',
    example: { start: {}, starts: { A: one, B: {} }, at: { B: { seeding: ['A'] } }, scripts: { A: [set('a', 1), read('p'), end], B: [] } },
    rules: oneWay,
    naive: { whileSeeded: 'decided' },
  },
  {
    name: '20: the update of a damaged row waits for a repair that stands behind it',
    example: {
      start: {},
      starts: { A: one, B: apart.B },
      at: { B: { seeding: ['A'] } },
      scripts: { A: [set('a', 1), read('p', { by: 'key' })], B: [] },
    },
    rules: oneWay,
    naive: { whileSeededDiffers: 'decided' },
  },
  {
    name: '12: what is forwarded of an equal row that is replaced meets a region that does not have it',
    example: {
      start: {},
      starts: { A: one, B: one, C: {} },
      at: { B: { seeding: ['A'] } },
      scripts: { A: [read('p')], B: [read('p')], C: [] },
    },
    rules: chain,
    naive: { readWrites: 'replace' },
  },
];
