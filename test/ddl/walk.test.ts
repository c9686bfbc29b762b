/** What is drawn: each kind comes, the same for the same seed. */
import { expect, it } from 'vitest';
import { Random } from '../harness/random.js';
import { changeKinds, drawChange, type TableShape } from './walk.js';

const options = { database: 'walk', other: 'walk_other', newer: true };
const tables: readonly TableShape[] = [
  { name: 't1', columns: ['c1', 'c2'], indexes: ['i1'], partitions: [] },
  { name: 't2', columns: [], indexes: [], partitions: ['p1', 'p2'] },
  ...['t3', 't4', 't5', 't6'].map((name) => ({ name, columns: ['c1'], indexes: [], partitions: [] })),
];
const drawn = (seed: number): ReturnType<typeof drawChange>[] => {
  const random = new Random(seed);
  const deck: string[] = [];
  return Array.from({ length: 200 }, () => drawChange(random, tables, { ...options, deck }));
};

it('is of each kind, and the same for the same seed', () => {
  const changes = drawn(1);
  expect(new Set(changes.slice(0, changeKinds.length).map(({ kind }) => kind)).size).toBe(changeKinds.length);
  expect(new Set(changes.map(({ kind }) => kind))).toEqual(new Set(changeKinds));
  expect(drawn(1)).toEqual(changes);
  expect(drawn(2)).not.toEqual(changes);
});

it('of a swap leads each name to the next one', () => {
  const swaps = drawn(1).filter(({ kind }) => kind === 'swap');
  for (const { sql } of swaps) expect(sql[0]).toMatch(/^RENAME TABLE (t\d+) TO (t\d+), (t\d+) TO \1,.* \2 TO t\d+$/);
});
