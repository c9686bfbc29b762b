/** Every policy that two sides can have is tried by some table of the run. */
import { columnPolicies, conflictPolicies, needsHome, policyTraits } from '@lutra/model';
import { expect, it } from 'vitest';
import { shapes } from './shapes.js';

const rules = shapes.map(({ rule }) => rule);

/** `stop` has the journal, which has no rule. */
const tried = conflictPolicies.filter((policy) => needsHome({ policy }));

it('has each policy for what flows both ways, and each column policy', () => {
  expect(new Set(rules.map(({ policy }) => policy))).toEqual(new Set(tried));
  expect(new Set(rules.flatMap(({ columns = {} }) => Object.values(columns)))).toEqual(new Set(columnPolicies));
});

it('has each policy with all that its rule may say', () => {
  for (const policy of tried) {
    const of = rules.filter((rule) => rule.policy === policy);
    const { uses } = policyTraits[policy];
    if (uses.includes('deletes')) expect(new Set(of.map(({ deletes }) => deletes ?? 'lose')), policy).toEqual(new Set(['win', 'lose']));
    if (uses.includes('sameColumn'))
      expect(new Set(of.map(({ sameColumn }) => sameColumn ?? 'home')), policy).toEqual(new Set(['home', 'latest']));
  }
});
