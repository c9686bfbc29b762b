/** Every policy that two sides can have is tried by some table of the run. */
import { columnPolicies, conflictPolicies, needsHome, policyTraits } from '@lutra/model';
import { expect, it } from 'vitest';
import { shapes } from './shapes.js';

const rules = shapes.map(({ rule }) => rule);

/** `stop` has the journal, which has no rule. */
const tried = conflictPolicies.filter((policy) => needsHome({ policy }));

it.each(tried)('policy %s has a table for each way in which its rule decides', (policy) => {
  const of = rules.filter((rule) => rule.policy === policy);
  const { uses } = policyTraits[policy];
  expect(of).not.toEqual([]);
  if (uses.includes('deletes')) expect(new Set(of.map(({ deletes }) => deletes ?? 'lose'))).toEqual(new Set(['win', 'lose']));
  if (uses.includes('sameColumn')) expect(new Set(of.map(({ sameColumn }) => sameColumn ?? 'home'))).toEqual(new Set(['home', 'latest']));
});

it('has only policies for what flows both ways, and each column policy', () => {
  expect(rules.filter(({ policy }) => !tried.includes(policy))).toEqual([]);
  expect(new Set(rules.flatMap(({ columns = {} }) => Object.values(columns)))).toEqual(new Set(columnPolicies));
});
