import { expect, test } from 'vitest';
import { Random } from '../harness/index.js';
import { type Intent, intentsOf } from './intents.js';
import { shapes } from './shapes.js';

function means(name: string, seed: number, transactions = 400): Intent[] {
  const random = new Random(seed);
  return Array.from({ length: transactions }, (_, n) => intentsOf({ name, shapes, hotShare: 0.7 }, random, n)).flat();
}

test('the same seed means the same', () => {
  expect(means('a.0', 7)).toEqual(means('a.0', 7));
  expect(means('a.0', 7)).not.toEqual(means('a.0', 8));
});

test('every table is written, and every kind of statement comes', () => {
  const all = means('b.2', 1);
  expect(new Set(all.map(({ shape }) => shape.name)).size).toBe(shapes.length);
  expect(new Set(all.map(({ does }) => does))).toEqual(new Set(['write', 'delete', 'move']));
});

test('no two writers have a row of their own in common, nor share one with everybody', () => {
  const writers = ['a.0', 'a.1', 'b.0', 'b.1', 'c.0'];
  for (const { name, hot, own, identity } of shapes) {
    const keys = [new Set(hot.map(identity)), ...writers.map((writer) => new Set(own(writer).map(identity)))];
    expect(new Set(keys.flatMap((set) => [...set])).size, name).toBe(keys.reduce((sum, { size }) => sum + size, 0));
  }
});

test('rows of a writer alone take unique values and parents of his own', () => {
  const own = means('a.1', 3).filter(({ shape, key }) => !shape.hot.includes(key));
  const values = (table: string, column: string): unknown[] =>
    own.flatMap(({ shape, values: all }) => (shape.name === table ? [all[column]] : []));
  expect(values('uniq', 'code').every((code) => String(code).startsWith('a.1-'))).toBe(true);
  const [parent] = shapes.filter(({ name }) => name === 'parent');
  const parents = new Set(parent?.own('a.1').map(([id]) => id));
  expect(values('child', 'parent_id').every((id) => parents.has(id as number))).toBe(true);
});
