import { expect, test } from 'vitest';
import { numberOf, transactionsOf } from './gtid.js';

test("one server's transactions are counted, holes and other servers left out", () => {
  expect(transactionsOf('aa:1-5:8:10-11,\nbb:1-100', 'aa')).toBe(8);
  expect(transactionsOf('', 'aa')).toBe(0);
});

test('the number of a GTID', () => {
  expect([numberOf('aa:17'), numberOf(null)]).toEqual([17, 0]);
});
