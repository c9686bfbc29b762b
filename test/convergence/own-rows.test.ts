import { expect, test } from 'vitest';
import type { Written } from './history.js';
import { ExpectedRows } from './own-rows.js';
import { shapes } from './shapes.js';
import type { StoredRow } from './stored.js';
import { numberOf } from './values.js';

const key = [numberOf('a.1') * 1000 + 1];
const other = [numberOf('a.1') * 1000 + 2];
const write = (some: Partial<Written>): Written => ({ table: 'home', key, op: 'u', basis: 'start', stamp: 'a.1.2.1', set: {}, ...some });

function expecting(...changes: Written[]): ExpectedRows {
  const rows = new ExpectedRows(shapes.filter(({ name }) => name === 'home'));
  rows.take('a.1', [write({ op: 'c', basis: null, stamp: 'a.1.1.1', set: { body: 'x', amount: 3 } }), ...changes]);
  return rows;
}
const holding = (table: string, id: readonly number[], row: StoredRow) => new Map([[table, new Map([[id.join(), row]])]]);

test('the last write must be there, with what earlier ones left', () => {
  const rows = expecting(write({ set: { amount: null } }));
  expect(rows.differences(holding('home', key, { body: 'x', amount: null, stamp: 'a.1.2.1' }))).toEqual([]);
  expect(rows.differences(holding('home', key, { body: 'x', amount: '3', stamp: 'a.1.2.1' }))).toHaveLength(1);
  expect(rows.differences(new Map())).toHaveLength(1);
});

test('a row that moved is there under its new key only, and one that was deleted nowhere', () => {
  const moved = expecting(write({ to: other }));
  expect(moved.differences(holding('home', other, { body: 'x', amount: '3', stamp: 'a.1.2.1' }))).toEqual([]);
  expect(moved.differences(holding('home', key, { body: 'x', amount: '3', stamp: 'a.1.2.1' }))).toHaveLength(2);
  const deleted = expecting(write({ op: 'd', stamp: null }));
  expect(deleted.differences(new Map())).toEqual([]);
  expect(deleted.differences(holding('home', key, { stamp: 'a.1.1.1' }))).toHaveLength(1);
});

test('counters that everybody writes hold the sum, the greatest and the smallest of all', () => {
  const counters = shapes.filter(({ name }) => name === 'counters');
  const rows = new ExpectedRows(counters);
  const step = (by: 'add' | 'max' | 'min', of: number, digits = 0) => ({ by, of, digits });
  const change = (amount: number, high: number): Written =>
    write({
      table: 'counters',
      key: [1],
      set: { amount: step('add', amount, 2), high: step('max', high), low: step('min', -high), body: 'x' },
    });
  rows.take('a.0', [change(-150, 7)]);
  rows.take('b.0', [change(25, 5)]);
  const wrong = rows.differences(holding('counters', [1], { n: '0', amount: '-1.25', high: '7', low: '-7', stamp: 'b.0.1.1' }));
  expect(wrong.filter((line) => line.startsWith('counters 1'))).toEqual([]);
  const lost = rows.differences(holding('counters', [1], { n: '0', amount: '0.25', high: '5', low: '-7', stamp: 'b.0.1.1' }));
  expect(lost.filter((line) => line.startsWith('counters 1'))).toHaveLength(2);
});
