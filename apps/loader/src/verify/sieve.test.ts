import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryPair } from './memory-pair.fixture.js';
import { sieve } from './sieve.js';

const between = async (): Promise<void> => undefined;
const ids = (keys: ReadonlyMap<string, { readonly [name: string]: unknown }>): readonly number[] =>
  [...keys.values()].map(({ id }) => Number(id)).toSorted((a, b) => a - b);

const tables = fc.record({
  both: fc.uniqueArray(fc.nat(500), { maxLength: 200 }),
  there: fc.uniqueArray(fc.nat(500), { maxLength: 60 }),
  here: fc.uniqueArray(fc.nat(500), { maxLength: 60 }),
  changed: fc.array(fc.nat(500), { maxLength: 20 }),
  unhashed: fc.array(fc.nat(500), { maxLength: 10 }),
});

it('finds exactly the rows that differ, wherever they are, hashed or not', async () => {
  await fc.assert(
    fc.asyncProperty(tables, async ({ both, there, here, changed, unhashed }) => {
      const pair = new MemoryPair();
      for (const id of both) for (const side of ['source', 'target'] as const) pair[side].set(id, 'v');
      for (const id of there) pair.source.set(id, 'v');
      for (const id of here) pair.target.set(id, 'v');
      for (const id of changed) if (pair.target.has(id)) pair.target.set(id, 'w');
      for (const id of unhashed) pair.unhashed.add(id);
      const all = new Set([...pair.source.keys(), ...pair.target.keys()]);
      const expected = [...all].filter((id) => pair.source.get(id) !== pair.target.get(id)).toSorted((a, b) => a - b);
      const found = await sieve(pair, { rangeRows: 40, leafRows: 5, between });
      expect(ids(found.keys)).toEqual(expected);
      expect([found.rows, found.ranges]).toEqual([pair.source.size, 0]);
    }),
    { numRuns: 300 },
  );
});

it('an equal table sends a few bytes a range', async () => {
  const pair = new MemoryPair();
  for (let id = 0; id < 50_000; id++) for (const side of ['source', 'target'] as const) pair[side].set(id, 'v');
  const found = await sieve(pair, { between });
  expect([found.rows, found.keys.size, pair.digests]).toEqual([50_000, 0, 12]);
  expect(pair.crossed).toBeLessThan(1_000);
});

it('keys beyond the limit are counted as ranges', async () => {
  const pair = new MemoryPair();
  for (let id = 0; id < 1_000; id++) pair.source.set(id, 'v');
  const found = await sieve(pair, { rangeRows: 100, leafRows: 10, maxKeys: 95, between });
  expect(found.keys.size).toBe(95);
  expect(found.ranges).toBeGreaterThan(8);
});

it('rows of a target whose source is empty are found by the keys of the target', async () => {
  const pair = new MemoryPair();
  for (let id = 0; id < 1_000; id++) pair.target.set(id, 'v');
  const found = await sieve(pair, { rangeRows: 100, leafRows: 10, between });
  expect([found.keys.size, found.rows]).toEqual([1_000, 0]);
});
