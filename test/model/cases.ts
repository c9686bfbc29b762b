/** Small cases, each for something that breaks a naive rule. Initial values are `0`; a version goes with each write, not always a greater one. */
import type { Policy } from './policy.js';
import type { Case, Key, Row, Statement, Write } from './words.js';

export const row = (values: Partial<Row> = {}): Row => ({ v: '0', ver: 0, n: 0, u: null, ...values });
const change = (key: Key, set: Partial<Row>): Statement => ({ do: 'update', key, set });
const insert = (key: Key, values: Partial<Row>): Statement => ({ do: 'insert', key, row: values });
export const set = (v: string, ver = 0): Write => [change('p', { v, ver })];
export const take = (key: Key, u: string | null, ver = 0): Write => [change(key, { u, ver })];
const count = (add: number, values?: Partial<Row>): Write => [{ do: 'update', key: 'p', add, set: values }];
const gone = (key: Key = 'p'): Write => [{ do: 'delete', key }];

const one = { p: row() };
const two = { p: row({ u: 'a' }), q: row({ u: 'b' }) };

/** One row, two regions. */
export const oneRow: Readonly<Record<string, Case>> = {
  'there and back': { start: one, scripts: { A: [set('a'), set('0'), set('c')], B: [set('b'), set('0'), set('d')] } },
  'versions that go in a circle': {
    start: one,
    scripts: { A: [set('a1', 5), set('a2', 3), set('a3', 6)], B: [set('b1', 4), set('b2', 2), set('b3', 7)] },
  },
  'gone and back': {
    start: one,
    scripts: { A: [set('a1', 5), gone(), [insert('p', { v: 'a3', ver: 2 })]], B: [set('b1', 4), set('b2', 1), gone()] },
  },
  'inserted by both': {
    start: {},
    scripts: {
      A: [[insert('p', { v: 'a1', ver: 3 })], set('a2', 1), gone()],
      B: [[insert('p', { v: 'b1', ver: 2 })], gone(), [insert('p', { v: 'b3', n: 1 })]],
    },
  },
  'a counter': { start: one, scripts: { A: [count(1), count(2, { v: 'a' }), count(4)], B: [count(8), count(16, { v: 'b' }), count(32)] } },
};

/** Two rows that want one unique value. */
export const unique: Readonly<Record<string, Case>> = {
  'taken and released': { start: two, scripts: { A: [take('p', 'x', 5), take('p', 'y', 1)], B: [take('q', 'x', 4), set('b')] } },
  'released by the other side': {
    start: two,
    scripts: { A: [take('p', 'x'), take('p', 'a'), take('q', 'x', 2)], B: [take('q', 'x', 1), take('q', 'c', 3), set('b')] },
  },
  'taken by a new row': {
    start: { p: row({ u: 'x' }) },
    scripts: { A: [gone(), [insert('q', { u: 'x', ver: 2 })], set('a')], B: [set('b', 3), take('p', 'y', 1), take('p', 'x', 4)] },
  },
  'passed on in one transaction': {
    start: two,
    scripts: {
      A: [[change('p', { u: 'c' }), change('q', { u: 'a' }), change('p', { u: 'b' })], take('q', 'x', 2)],
      B: [take('p', 'x', 1), [...gone('q'), insert('r', { u: 'b' })]],
    },
  },
};

/** Three regions, each with a pipeline to each other one. */
export const three: Readonly<Record<string, Case>> = {
  'one row': { start: one, scripts: { A: [set('a1', 5), set('a2', 3)], B: [set('b1', 4)], C: [set('c1', 2)] } },
  'one row, home writes once': { start: one, scripts: { A: [set('a1', 3)], B: [set('b1', 4), set('0', 1)], C: [set('c1', 2)] } },
  'gone and back': { start: one, scripts: { A: [set('a1', 2)], B: [gone()], C: [set('c1', 3), gone()] } },
  inserted: {
    start: {},
    scripts: { A: [gone()], B: [[insert('p', { v: 'b', ver: 1 })], set('b2', 2)], C: [set('c1', 1), [insert('p', { v: 'c' })]] },
  },
  'a counter': { start: one, scripts: { A: [count(1)], B: [count(2), count(4)], C: [count(8)] } },
  'a unique value, taken and released': { start: two, scripts: { A: [take('p', 'x', 5)], B: [take('q', 'x', 4)], C: [take('p', 'y', 2)] } },
  'a unique value, released away from home': {
    start: two,
    scripts: { A: [take('q', 'x', 1)], B: [take('p', 'x', 5), take('p', 'y', 2)], C: [set('c', 3)] },
  },
  'a row in the way without a conflict': {
    start: { p: row(), q: row() },
    scripts: { A: [[change('q', { v: 'a' })]], B: [gone(), take('q', 'y')], C: [take('p', 'y', 1)] },
  },
};

/** Of these, what can still be explored where decisions are free. */
export const threeSmall = Object.fromEntries(Object.entries(three).filter(([name]) => !/once|counter|away/.test(name)));

/** As small as a naive rule needs it to diverge. */
export const naive = {
  'there and back': { start: one, scripts: { A: [set('a'), set('0')], B: [set('b')] } },
  'versions in a circle': { start: one, scripts: { A: [set('a1', 5), set('a2', 3)], B: [set('b1', 4)] } },
  'a counter': { start: one, scripts: { A: [count(1), count(2)], B: [count(4), count(8)] } },
  'each once': { start: one, scripts: { A: [set('a', 1)], B: [set('b', 2)], C: [set('c', 3)] } },
} satisfies Readonly<Record<string, Case>>;

export const policies: readonly Policy[] = [
  { kind: 'home' },
  { kind: 'latest', deletes: 'win' },
  { kind: 'latest', deletes: 'lose' },
  { kind: 'merge', sameColumn: 'home', deletes: 'win' },
  { kind: 'merge', sameColumn: 'latest', deletes: 'lose' },
  { kind: 'delta', deletes: 'lose' },
  { kind: 'max', sameColumn: 'latest', deletes: 'win' },
  { kind: 'min', deletes: 'lose' },
];

export function nameOf({ kind, sameColumn, deletes }: Policy): string {
  return [kind, sameColumn && `${sameColumn} for the same column`, deletes && `deletions ${deletes}`].filter(Boolean).join(', ');
}
