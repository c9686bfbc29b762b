/** The verdict about loops must not be lenient: what is missing, what is too much, and what is in doubt. */
import { expect, test } from 'vitest';
import { differencesFromWritten, type TopicReport } from './topic.js';
import { emptyTotals, type Tally, type Totals } from './writer.js';

function holding(tables: Tally): TopicReport {
  const counts = { records: 0, lastSeq: null, epochs: 1, voided: 0, duplicates: 0, transactions: 0 };
  return { topic: 'lutra.x.rows', ...counts, tables, origins: {}, events: [], kinds: {}, holes: [] };
}

const row = (c: number, u = 0, d = 0): Tally => ({ orders: { c, u, d } });
const wrote = (tables: Tally, unknown: Tally[] = []): Totals => ({ ...emptyTotals(), tables, unknown });

test('what all writers wrote together is what must be there', () => {
  expect(differencesFromWritten(holding(row(5, 1, 2)), [wrote(row(2, 1)), wrote(row(3, 0, 2))])).toEqual([]);
});

test('one row too many, one too few, and a table that nobody wrote are each named', () => {
  const found = differencesFromWritten(holding({ orders: { c: 3, u: 0, d: 0 }, accounts: { c: 0, u: 1, d: 0 } }), [wrote(row(2, 1))]);
  expect(found).toEqual([
    'lutra.x.rows: orders has 3 row events "c", its writers made 2',
    'lutra.x.rows: orders has 0 row events "u", its writers made 1',
    'lutra.x.rows: accounts has 1 row events "u", its writers made 0',
  ]);
});

test.each([2, 3, 4])('a transaction whose COMMIT got no answer may be there or not: %i rows', (rows) => {
  expect(differencesFromWritten(holding(row(rows)), [wrote(row(2), [row(2)])])).toEqual([]);
});

test('but not more than it', () => {
  expect(differencesFromWritten(holding(row(5)), [wrote(row(2), [row(2)])])).toHaveLength(1);
});
