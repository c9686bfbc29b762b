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
      const found = await sieve(pair, { rangeRows: 40, mostRangeRows: 15, leafRows: 5, between });
      expect(ids(found.keys)).toEqual(expected);
      expect([found.rows, found.ranges]).toEqual([pair.source.size, 0]);
    }),
    { numRuns: 300 },
  );
});

/** Rows 1 to n at both sides. */
function equalPair(n: number): MemoryPair {
  const pair = new MemoryPair();
  for (let id = 1; id <= n; id++) for (const side of ['source', 'target'] as const) pair[side].set(id, 'v');
  return pair;
}

it('an equal table sends a few bytes a range, in one round trip each, and its ranges grow', async () => {
  const pair = equalPair(6_000);
  const found = await sieve(pair, { rangeRows: 100, mostRangeRows: 800, between, now: () => 0 });
  // 100, 100, 200, 400, 800, twice 800, three times 800 rows and what is left; the first ends, and those behind the last one.
  expect([found.rows, found.keys.size, pair.digested, pair.trips]).toEqual([6_000, 0, 22, 18]);
  expect(pair.crossed).toBeLessThan(2_000);
});

it('ranges shrink where a server takes long for them, and where many rows differ', async () => {
  const sizes = async (pair: MemoryPair, tookMs: number, mostRangeRows = 80_000): Promise<readonly number[]> => {
    const done: number[] = [];
    let at = 0;
    await sieve(pair, {
      rangeRows: 1_000,
      mostRangeRows,
      leafRows: 200,
      between: async (rows) => void done.push(rows),
      now: () => (at += tookMs),
    });
    return [...new Set(done)].map((rows, i, all) => rows - (all[i - 1] ?? 0)).slice(1);
  };
  expect(await sizes(equalPair(4_000), 4_000)).toEqual([1000, 1000, 500, 250, 200, 200, 200, 200, 200, 200]);
  // Many, once sixteen ranges differ; how many rows come next is asked for before.
  const pair = equalPair(30_000);
  for (let id = 10; id <= 30_000; id += 500) pair.target.set(id, 'w');
  expect(await sizes(pair, 0, 1_000)).toEqual([
    1000, 1000, 2000, 4000, 4000, 4000, 4000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000,
  ]);
  // Few: large ranges cost fewer round trips than they cost to cut.
  const few = equalPair(17_000);
  few.target.set(3_500, 'w');
  expect(await sizes(few, 0)).toEqual([1000, 1000, 2000, 4000, 8000, 1000]);
});

it('one row that differs is found in few round trips', async () => {
  const pair = equalPair(10_000);
  pair.target.set(7_777, 'w');
  const found = await sieve(pair, { between });
  expect(ids(found.keys)).toEqual([7_777]);
  // One end, the digests, twice a cut with its digests, the hashes, what lies behind.
  expect(pair.trips).toBeLessThanOrEqual(14);
});

it('rows that differ all over a table are found in about as few: what is cut on one level is asked for at once', async () => {
  const trips = async (...damaged: readonly number[]): Promise<number> => {
    const pair = equalPair(8_000);
    for (const id of damaged) pair.target.set(id, 'w');
    const found = await sieve(pair, { rangeRows: 16_000, mostRangeRows: 16_000, leafRows: 20, between });
    expect(ids(found.keys)).toEqual(damaged);
    return pair.trips;
  };
  const all = Array.from({ length: 15 }, (_, i) => 10 + 500 * i);
  expect(await trips(...all)).toBe(await trips(10));
});

it('rows that come and go while boundaries are read hide none that differs', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(fc.nat(299), { minLength: 1, maxLength: 20 }), fc.nat(1_000_000), async (damaged, seed) => {
      const pair = equalPair(300);
      let turn = seed;
      for (const id of damaged) pair.target.set(id + 1, 'w');
      // Rows before all others: the numbers of the others move between two boundaries.
      pair.onRead = () => {
        turn = (turn * 1_103_515_245 + 12_345) % 2 ** 31;
        const side = turn % 2 === 0 ? pair.source : pair.target;
        for (let id = -(turn % 90); id <= 0; id++)
          if (turn % 3 === 0) side.delete(id);
          else side.set(id, 'v');
      };
      const found = await sieve(pair, { rangeRows: 60, mostRangeRows: 20, leafRows: 5, between });
      expect(ids(found.keys)).toEqual(expect.arrayContaining(damaged.map((id) => id + 1)));
    }),
    { numRuns: 15 },
  );
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
