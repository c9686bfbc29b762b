/**
 * The same as moves.test.ts, as far as minutes reach: three regions and a hub in every triple of writes, decisions left open, captures that
 * crash.
 */
import { describe, expect, it } from 'vitest';
import { nameOf } from './cases.js';
import { explore } from './explore.js';
import { allPolicies, longer, pairs, threeMoves, triples } from './move-cases.js';
import { protocol } from './protocol.js';
import type { Rules } from './rules.js';
import type { Case } from './words.js';

const hub: Partial<Rules> = {
  links: [
    ['A', 'B'],
    ['A', 'C'],
  ],
};
const timeout = 900_000;

function holds(cases: Readonly<Record<string, Case>>, rules: Rules): void {
  for (const [name, example] of Object.entries(cases)) expect(explore(example, rules).shortest, name).toBeNull();
}

describe('rows that move: regions end with the same rows', () => {
  for (const policy of allPolicies) {
    for (const [shape, links] of [
      ['three regions', {}],
      ['around a hub', hub],
    ] as const) {
      it(`${shape}, every triple: ${nameOf(policy)}`, { timeout }, () =>
        holds(triples, protocol(policy, { ...links, capture: 'at once' })),
      );
      it(`${shape}, however the others decide: ${nameOf(policy)}`, { timeout }, () =>
        holds(threeMoves, protocol(policy, { ...links, capture: 'at once', elsewhere: 'any' })),
      );
      it(`${shape}, whenever capture publishes, merged: ${nameOf(policy)}`, { timeout }, () =>
        holds(threeMoves, protocol(policy, { ...links, merge: 2 })),
      );
    }
    it(`two regions, whenever capture publishes, merged, decisions open: ${nameOf(policy)}`, { timeout }, () =>
      holds({ ...pairs, ...longer }, protocol(policy, { merge: 3, elsewhere: 'any' })),
    );
    it(`two regions, where a capture publishes resolutions twice: ${nameOf(policy)}`, { timeout }, () =>
      holds({ ...pairs, ...longer }, protocol(policy, { crashes: 1 })),
    );
  }
});
