import { describe, expect, test } from 'vitest';
import { endOfGroup, transactionsOf } from './buffered-transactions.js';
import type { BufferedTransaction } from './buffered-transactions.js';

/** Source transactions of so many changes each. */
const transactions = (...sizes: readonly number[]): readonly BufferedTransaction[] =>
  sizes.map((size, i) => ({ changes: Array.from({ length: size }), position: { seq: i } }) as unknown as BufferedTransaction);

describe('whose changes these are', () => {
  const all = transactions(2, 0, 1, 3);
  const positions = (changes: readonly number[]): readonly number[] =>
    [...transactionsOf(all, changes)].map((transaction) => all.indexOf(transaction));

  test('the transactions that they lie in, in their order', () => {
    expect(positions([])).toEqual([]);
    expect(positions([1])).toEqual([0]);
    expect(positions([5, 2, 3])).toEqual([2, 3]);
  });

  test('all, if one of them lies in none or has no number', () => {
    for (const nobodys of [[6], [-1], [0, 7], [Number.NaN]]) expect(positions(nobodys)).toEqual([0, 1, 2, 3]);
  });
});

test('suspected ones are resolved together up to 256 changes, and end with a suspect', () => {
  const all = transactions(80, 80, 80, 80, 1);
  const suspected = (...positions: readonly number[]): ReadonlySet<BufferedTransaction> =>
    new Set(all.filter((_, i) => positions.includes(i)));
  expect(endOfGroup(all, 0, suspected(0))).toBe(1);
  expect(endOfGroup(all, 0, suspected(0, 2, 4))).toBe(3);
  expect(endOfGroup(all, 2, suspected(0, 2, 4))).toBe(5);
  expect(endOfGroup(transactions(500, 1), 0, new Set())).toBe(1);
});
