import { expect, test } from 'vitest';
import { median, percentile, rates, summarise } from './figures.js';

test('the value of several repetitions is their median, with the extremes', () => {
  const measurements = [5, 1, 9].map((value) => ({ stage: 'loader', metric: 'rowsPerSecond', value }) as const);
  expect(summarise('bulk', measurements)).toEqual([
    { workload: 'bulk', stage: 'loader', metric: 'rowsPerSecond', value: 5, min: 1, max: 9, unit: 'rows/s' },
  ]);
  expect(median([4, 2])).toBe(3);
});

test('percentiles are values that were measured', () => {
  const values = Array.from({ length: 200 }, (_, index) => 200 - index);
  expect([50, 99, 100].map((percent) => percentile(values, percent))).toEqual([100, 198, 200]);
  expect(percentile([7], 99)).toBe(7);
});

test('one rate leaves out the start and the rows that were there when the first were seen, the other one nothing', () => {
  expect(rates({ rows: 1000, begin: 0, first: { at: 1000, rows: 100 }, last: 2000 })).toEqual({
    rowsPerSecond: 900,
    rowsPerSecondFromCommand: 500,
  });
  expect(rates({ rows: 10, begin: 0, first: { at: 1000, rows: 10 }, last: 1000 }).rowsPerSecond).toBe(10);
});
