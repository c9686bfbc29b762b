/**
 * Rows that get another primary key or unique value, where the other regions insert, update, delete and move. Rows p and q have the unique
 * values x and y.
 */
import { row } from './cases.js';
import type { Policy } from './words.js';
import type { Case, Key, Row, Rows, Statement, Write } from './words.js';

export const start: Rows = { p: row({ u: 'x' }), q: row({ u: 'y' }) };
const update = (key: Key, values: Partial<Row>): Statement => ({ do: 'update', key, set: values });
const insert = (key: Key, ver = 0, u: string | null = null): Statement => ({ do: 'insert', key, row: { v: 'new', ver, u } });
const move = (key: Key, to: Key, ver = 0, more: Partial<Row> = {}): Statement => ({ do: 'move', key, to, set: { ver, ...more } });
const gone = (key: Key): Statement => ({ do: 'delete', key });
const swap: Write = [move('p', 't', 1), move('q', 'p', 1), move('t', 'q', 1)];

/** What one region does; every pair of them is a case. */
const writes: Readonly<Record<string, Write>> = {
  'p to r, older': [move('p', 'r', 1)],
  'p to r, newer': [move('p', 'r', 5)],
  'q to r': [move('q', 'r', 3)],
  'p to s': [move('p', 's', 2)],
  'p to r, with a new unique value': [move('p', 'r', 2, { u: 'z' })],
  'insert r': [insert('r', 3)],
  'insert r with the unique value of p': [update('p', { u: null }), insert('r', 3, 'x')],
  'update p': [update('p', { v: 'a', ver: 2 })],
  'delete p': [gone('p')],
  'delete p, insert r': [gone('p'), insert('r', 4, 'x')],
  'p away, a new p': [move('p', 'r', 1), insert('p', 3)],
  'there and back': [move('p', 'r', 1), move('r', 'p', 4)],
  'on and on': [move('p', 'r', 1), move('r', 's', 3)],
  swap,
  'the unique value of p to q': [update('p', { u: 'z', ver: 2 }), update('q', { u: 'x', ver: 3 })],
  'p takes z': [update('p', { u: 'z', ver: 4 })],
  'q takes z': [update('q', { u: 'z', ver: 2 })],
};

/**
 * Every pair, each write a transaction: where a row holds a unique value, what stays behind by mistake is deleted for it later; where none
 * does, it stays.
 */
export const pairs = { ...pairsFrom(start), ...prefixed('without unique values, ', pairsFrom({ p: row(), q: row() })) };

function pairsFrom(rows: Rows): Readonly<Record<string, Case>> {
  const names = Object.keys(writes);
  const cases = names.flatMap((a) =>
    names.map((b) => [`A: ${a}; B: ${b}`, { start: rows, scripts: { A: [writes[a]!], B: [writes[b]!] } }] as const),
  );
  return Object.fromEntries(cases);
}

function prefixed(prefix: string, cases: Readonly<Record<string, Case>>): Readonly<Record<string, Case>> {
  return Object.fromEntries(Object.entries(cases).map(([name, example]) => [prefix + name, example]));
}

/** A write more in each region: what a decision left behind meets what was written without knowledge of it. */
export const longer: Readonly<Record<string, Case>> = {
  'moved on after the conflict': {
    start,
    scripts: { A: [[move('p', 'r', 1)], [move('r', 's', 2)]], B: [[insert('r', 3)], [update('r', { v: 'b', ver: 4 })]] },
  },
  'a new row under the old key': {
    start,
    scripts: { A: [[move('p', 'r', 5)], [insert('p', 1)]], B: [[insert('r', 3)], [update('p', { v: 'b', ver: 2 })]] },
  },
  'moved back after the conflict': {
    start,
    scripts: { A: [[move('p', 'r', 1)], [gone('r')]], B: [[move('q', 'r', 3)], [move('r', 'q', 2)]] },
  },
  'a unique value given on': {
    start,
    scripts: { A: [[move('p', 'r', 5)], [update('r', { u: null }), update('q', { u: 'x' })]], B: [[insert('r', 3, 'z')], [gone('q')]] },
  },
  'away from home, moved on': {
    start,
    scripts: { A: [[insert('r', 3)], [gone('r')]], B: [[move('p', 'r', 1)], [move('r', 's', 5)]] },
  },
};

/** As small as it needs to be for three regions, one write each or two in one of them. */
export const threeMoves: Readonly<Record<string, Case>> = {
  'a move, an insertion, an update': {
    start,
    scripts: { A: [[move('p', 'r', 2)]], B: [[insert('r', 3)]], C: [[update('p', { ver: 1 })]] },
  },
  'an insertion at home, moves': { start, scripts: { A: [[insert('r', 2)]], B: [[move('p', 'r', 3)]], C: [[move('q', 'r', 1)]] } },
  'one row to three keys': { start, scripts: { A: [[move('p', 'r', 2)]], B: [[move('p', 's', 3)]], C: [[move('p', 't', 1)]] } },
  'home writes nothing': { start, scripts: { A: [], B: [[move('p', 'r', 2)], [insert('p', 1)]], C: [[insert('r', 3)]] } },
  'a swap': { start, scripts: { A: [[update('q', { v: 'a', ver: 2 })]], B: [swap], C: [[gone('p')]] } },
  'a unique value': {
    start,
    scripts: { A: [[move('p', 'r', 2)]], B: [[update('p', { u: null }), update('q', { u: 'x', ver: 3 })]], C: [[insert('r', 1)]] },
  },
};

/** One write in each of three regions, those that fight for one key or value. */
export const triples: Readonly<Record<string, Case>> = Object.fromEntries(
  [
    'p to r, older',
    'p to s',
    'q to r',
    'insert r',
    'update p',
    'delete p, insert r',
    'p away, a new p',
    'the unique value of p to q',
    'q takes z',
  ].flatMap((a, _, some) =>
    some.flatMap((b) =>
      some.map((c) => [`A: ${a}; B: ${b}; C: ${c}`, { start, scripts: { A: [writes[a]!], B: [writes[b]!], C: [writes[c]!] } }] as const),
    ),
  ),
);

/** Every policy with every setting for deletions that changes something. */
export const allPolicies: readonly Policy[] = [
  { kind: 'home' },
  ...(['latest', 'merge', 'delta', 'max'] as const).flatMap((kind) =>
    (['win', 'lose'] as const).flatMap((deletes): readonly Policy[] =>
      kind === 'latest' ? [{ kind, deletes }] : (['home', 'latest'] as const).map((sameColumn) => ({ kind, sameColumn, deletes })),
    ),
  ),
];
