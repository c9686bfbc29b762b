import { expect, test } from 'vitest';
import type { Letter } from '../harness/index.js';
import { type Fault, faultKinds, planFaults } from './plan.js';

function first(count: number, seed: number, lane?: number): Fault[] {
  const plan = planFaults(seed, lane);
  return Array.from({ length: count }, () => plan.next().value.fault);
}

test('the same seed gives the same faults, another seed or lane gives others', () => {
  expect(first(200, 7)).toEqual(first(200, 7));
  expect(first(20, 7)).not.toEqual(first(20, 8));
  expect(first(20, 7)).not.toEqual(first(20, 7, 1));
});

test('every kind and every party comes, for 0.2 to 15 seconds', () => {
  const faults = first(300, 1);
  expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(faultKinds));
  for (const kind of ['kill', 'freeze'])
    expect(new Set(faults.filter((fault) => fault.kind === kind).map(({ party }) => party)).size, kind).toBe(9);
  for (const { durationMs } of faults) expect(durationMs >= 200 && durationMs <= 15_000).toBe(true);
});

test('short runs meet every kind too: first each of those that end by themselves, then a kill, which may take long to start again', () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const plan = planFaults(seed);
    const opening = Array.from(faultKinds, () => plan.next().value);
    expect(new Set(opening.map(({ fault }) => fault.kind)), String(seed)).toEqual(new Set(faultKinds));
    expect(opening.at(-1)?.fault.kind).toBe('kill');
    const beginsMs = opening.reduce((sum, { pauseMs, fault }) => sum + pauseMs + (fault.kind === 'kill' ? 0 : fault.durationMs), 0);
    expect(beginsMs).toBeLessThan(25_000);
  }
});

test('a third region is struck too, and where there is none nobody looks for it', () => {
  const parties = (letters?: readonly Letter[]): ReadonlySet<string> => {
    const plan = planFaults(1, 0, letters);
    return new Set(Array.from({ length: 300 }, () => plan.next().value.fault.party));
  };
  const third = ['capture-c', 'loader-c', 'mysql-c'];
  expect([...parties(['a', 'b', 'c'])]).toEqual(expect.arrayContaining(third));
  expect(third.filter((party) => parties().has(party))).toEqual([]);
});

test('twenty faults strike every party', () => {
  for (const seed of [1, 2, 3]) expect(new Set(first(20, seed).map(({ party }) => party)).size).toBeGreaterThan(6);
});
