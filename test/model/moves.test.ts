/**
 * Rows that move to another primary key or unique value, against what other regions do to the same keys: they end alike under every policy
 * and every setting for deletions. The longer runs are in moves.long.test.ts.
 */
import { describe, expect, it } from 'vitest';
import { nameOf } from './cases.js';
import { explore } from './explore.js';
import { allPolicies, longer, pairs, threeMoves } from './move-cases.js';
import { protocol } from './protocol.js';
import type { Rules } from './rules.js';
import type { Case } from './words.js';

const quick = { capture: 'at once' } as const;
const hub = {
  ...quick,
  links: [
    ['A', 'B'],
    ['A', 'C'],
  ],
} as const satisfies Partial<Rules>;
const few = allPolicies.filter(({ kind }) => kind === 'home' || kind === 'latest');

function holds(cases: Readonly<Record<string, Case>>, rules: Rules): void {
  for (const [name, example] of Object.entries(cases)) expect(explore(example, rules).shortest, name).toBeNull();
}

function diverges(example: Case, rules: Rules): void {
  const { bad, interleavings, shortest } = explore(example, rules);
  console.log(`${nameOf(rules.policy)}: ${bad} of ${interleavings} interleavings: ${shortest?.join('; ') ?? ''}`);
  expect(bad).toBeGreaterThan(0);
}

describe('rows that move: regions end with the same rows', () => {
  for (const policy of allPolicies) {
    it(`two regions: ${nameOf(policy)}`, () => holds({ ...pairs, ...longer }, protocol(policy, quick)));
    it(`three regions: ${nameOf(policy)}`, () => holds(threeMoves, protocol(policy, quick)));
    it(`around a hub: ${nameOf(policy)}`, () => holds(threeMoves, protocol(policy, hub)));
  }
  for (const policy of few) {
    it(`two regions, transactions merged: ${nameOf(policy)}`, () => holds(longer, protocol(policy, { ...quick, merge: 3 })));
    it(`two regions, whenever capture publishes: ${nameOf(policy)}`, () => holds(longer, protocol(policy)));
    it(`two regions, however the one decides that is not home: ${nameOf(policy)}`, () =>
      holds({ ...pairs, ...longer }, protocol(policy, { ...quick, elsewhere: 'any' })));
  }

  it('or, with policy stop, a pipeline stands at the conflict', () =>
    holds({ ...pairs, ...longer, ...threeMoves }, protocol({ kind: 'stop' }, quick)));
});

/**
 * As it was: a deletion and an insertion, each against everybody who changed one of the two keys; and home sent only the key that both had
 * changed.
 */
const asItWas = { moves: 'each half', movedConcurrent: 'shared key' } as const satisfies Partial<Rules>;

describe('rows that move: regions end with different rows where home resolves only the key that both changed', () => {
  const moved = pairs['without unique values, A: p to r, older; B: insert r']!;
  const twoRows = pairs['without unique values, A: p to r, older; B: q to r']!;
  const policies = [
    { kind: 'latest', deletes: 'lose' },
    { kind: 'merge', sameColumn: 'latest', deletes: 'lose' },
  ] as const;

  for (const policy of policies) {
    it(`home moves a row to where the other side inserts: ${nameOf(policy)}`, () => diverges(moved, protocol(policy, asItWas)));
    it(`two rows move to one key: ${nameOf(policy)}`, () => diverges(twoRows, protocol(policy, asItWas)));
    it(`the same, decided together: ${nameOf(policy)}`, () => diverges(moved, protocol(policy, { movedConcurrent: 'shared key' })));
  }

  it('however deletions are decided, and under home too, where the other side may decide as it likes', () => {
    for (const policy of few) diverges(moved, protocol(policy, { ...asItWas, elsewhere: 'any' }));
  });
});
