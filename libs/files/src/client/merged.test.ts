import { expect, it } from 'vitest';
import { merged } from './merged.js';

async function* counted(name: string, to: number, ended: string[]): AsyncGenerator<string> {
  try {
    for (let i = 1; i <= to; i += 1) yield `${name}${i}`;
    if (to === 0) throw new Error(name);
  } finally {
    ended.push(name);
  }
}

it('several streams as one have all values, each in its own order', async () => {
  const ended: string[] = [];
  const all: string[] = [];
  for await (const value of merged([counted('a', 3, ended), counted('b', 5, ended), counted('c', 1, ended)])) all.push(value);
  expect(all.filter((value) => value.startsWith('b'))).toEqual(['b1', 'b2', 'b3', 'b4', 'b5']);
  expect(all).toHaveLength(9);
  expect(ended.toSorted()).toEqual(['a', 'b', 'c']);
});

it('one that fails ends all; so does nobody who listens', async () => {
  const ended: string[] = [];
  const failing = merged([counted('a', 1_000, ended), counted('x', 0, ended)]);
  await expect(
    (async () => {
      for await (const _ of failing);
    })(),
  ).rejects.toThrow('x');
  for await (const _ of merged([counted('b', 1_000, ended), counted('c', 1_000, ended)])) break;
  await new Promise((resolve) => setImmediate(resolve));
  expect(ended.toSorted()).toEqual(['a', 'b', 'c', 'x']);
});
