/**
 * Regions around one that forwards: with the last word at the hub all end with the same rows. What diverges prints in how many
 * interleavings, and the shortest.
 */
import { describe, expect, it } from 'vitest';
import { four, hub, naive, nameOf, policies, threeSmall } from './cases.js';
import { explore } from './explore.js';
import type { Policy } from './words.js';
import { protocol } from './protocol.js';
import type { Rules } from './rules.js';
import type { Case } from './words.js';

const around = {
  links: [
    ['A', 'B'],
    ['A', 'C'],
  ],
  capture: 'at once',
} as const satisfies Partial<Rules>;
const chain = {
  links: [
    ['A', 'B'],
    ['B', 'C'],
  ],
  capture: 'at once',
} as const satisfies Partial<Rules>;
const longer = {
  links: [
    ['A', 'B'],
    ['B', 'C'],
    ['C', 'D'],
  ],
  home: 'B',
  capture: 'at once',
} as const satisfies Partial<Rules>;
const few = policies.slice(0, 2);
const home = { kind: 'home' } as const satisfies Policy;
const latest = { kind: 'latest', deletes: 'win' } as const satisfies Policy;

function holds(cases: Readonly<Record<string, Case>>, rules: Rules): void {
  for (const [name, example] of Object.entries(cases)) expect(explore(example, rules).shortest, name).toBeNull();
}

function diverges(example: Case, policy: Policy, otherwise: Partial<Rules>): void {
  const { bad, interleavings, shortest } = explore(example, protocol(policy, otherwise));
  console.log(`${bad} of ${interleavings} interleavings: ${shortest?.join('; ') ?? ''}`);
  expect(bad).toBeGreaterThan(0);
}

describe('a hub that is home, and its neighbours, end with the same rows', () => {
  for (const policy of policies) it(`under every policy: ${nameOf(policy)}`, () => holds(hub, protocol(policy, around)));

  for (const policy of few) {
    it(`however the neighbours decide: ${nameOf(policy)}`, () => holds(threeSmall, protocol(policy, { ...around, elsewhere: 'any' })));
    it(`transactions merged: ${nameOf(policy)}`, () => holds(hub, protocol(policy, { ...around, merge: 3 })));
    it(`where what comes back counts as seen: ${nameOf(policy)}`, () => holds(hub, protocol(policy, { ...around, echoes: 'seen' })));
    it(`where resolutions are for the one neighbour that met the conflict: ${nameOf(policy)}`, () =>
      holds(hub, protocol(policy, { ...around, resolutionsFor: 'one' })));
  }

  it('three neighbours', () => holds(four, protocol(latest, { ...around, links: [...around.links, ['A', 'D']] })));

  it('whenever capture publishes', () => holds(threeSmall, protocol(latest, { ...around, capture: 'step' })));
});

describe('regions end with different rows', () => {
  it('where a neighbour of the hub is home', () => {
    for (const policy of few) diverges(threeSmall['one row']!, policy, chain);
  });

  it('where a neighbour of the hub forwards too', () => {
    for (const policy of few) diverges(four['one row']!, policy, longer);
  });

  it('where what the hub forwards is no change of the hub', () =>
    diverges(hub['a unique value, passed on']!, home, { ...around, ownRecentChanges: 'written here' }));

  it('where resolutions stand behind rows that a restarted capture goes on behind', () =>
    diverges(threeSmall['one row']!, latest, { ...around, capture: 'step', crashes: 1, torn: 'resolutions' }));

  it('where a restarted capture does not know what the last forwarded transaction had seen', () =>
    diverges(naive['one after the other'], latest, { ...around, capture: 'step', crashes: 1, torn: 'what was seen' }));
});

it('a write is lost that met no conflict, where what came from a neighbour is a change that this one had not seen', () =>
  diverges(hub['there and back']!, home, { ...around, ownRecentChanges: 'everything' }));

describe('where each two neighbours have a channel of their own, with a home of its own, all end with the same rows', () => {
  const apart = { ...chain, resolutionsFor: 'one' } as const satisfies Partial<Rules>;

  for (const policy of few) {
    it(`A before B before C: ${nameOf(policy)}`, () => holds(hub, protocol(policy, { ...apart, lastWord: 'nearer home' })));
    it(`A and C before B: ${nameOf(policy)}`, () => holds(threeSmall, protocol(policy, { ...apart, lastWord: ['A', 'C'] })));
  }

  it('A before B before C, however the others decide', () =>
    holds(threeSmall, protocol(latest, { ...apart, lastWord: 'nearer home', elsewhere: 'any' })));

  it('a longer chain', () =>
    holds({ 'one row': four['one row']! }, protocol(home, { ...longer, resolutionsFor: 'one', lastWord: 'nearer home' })));
});

it('regions end with different rows where resolutions for one neighbour count against what another sends', () =>
  diverges(naive['one in between'], latest, {
    ...chain,
    lastWord: 'nearer home',
    resolutionsFor: 'one',
    resolutionsCount: 'against all',
  }));
