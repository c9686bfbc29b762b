/** Rows that existed before, and repair: each rule of docs/decisions/0032-seeding.md is seen to be needed. Prints the counter-examples. */
import { describe, expect, it } from 'vitest';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import { repairHoles, repairs } from './repair-cases.js';
import { oneWayHoles, seedHoles } from './seed-cases.js';
import type { Hole } from './seed-cases.js';
import type { Policy } from './words.js';

const home = { kind: 'home' } as const satisfies Policy;
const stop = { kind: 'stop' } as const satisfies Policy;
const latest = { kind: 'latest', deletes: 'lose' } as const satisfies Policy;
const merge = { kind: 'merge', sameColumn: 'home', deletes: 'win' } as const satisfies Policy;

function expectNeeded({ name, example, rules, naive, wrongly }: Hole, policy: Policy): void {
  expect(explore(example, protocol(policy, rules)).shortest).toBeNull();
  const { bad, interleavings, shortest } = explore(wrongly ?? example, protocol(policy, { ...rules, ...naive }));
  console.log(`${name}: ${bad} of ${interleavings}: ${shortest?.join('; ') ?? ''}`);
  expect(bad).toBeGreaterThan(0);
}

describe('regions end with different rows, or lose some', () => {
  it.each(seedHoles.map((hole) => [hole.name, hole] as const))('%s', (_, hole) => expectNeeded(hole, home));
});

describe('one way, a pipeline stands', () => {
  it.each(oneWayHoles.map((hole) => [hole.name, hole] as const))('%s', (_, hole) => expectNeeded(hole, stop));
});

describe('a repair does harm', () => {
  it.each(repairHoles.map((hole) => [hole.name, hole] as const))('%s', (_, hole) => expectNeeded(hole, home));
});

describe('regions end with the same rows', () => {
  it.each(seedHoles.map((hole) => [hole.name, hole] as const))('by the protocol, under other policies: %s', (_, { example, rules }) => {
    for (const policy of [latest, merge]) expect(explore(example, protocol(policy, rules)).shortest).toBeNull();
  });

  it.each(Object.entries(repairs))('where a repair meets writes of all: %s', (_, [example, rules]) => {
    for (const policy of [home, latest, merge]) expect(explore(example, protocol(policy, rules)).shortest).toBeNull();
  });
});
