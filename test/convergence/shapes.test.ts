/** Every policy that two sides can have is tried by some table of the run. */
import { columnPolicies, conflictPolicies, isOneWay, policyTraits } from '@lutra/model';
import { expect, it } from 'vitest';
import { shapes } from './shapes.js';

const rules = shapes.map(({ rule }) => rule);

/** `stop` has the journal, which has no rule. */
const tried = conflictPolicies.filter((policy) => policy !== 'stop' && !isOneWay({ policy }));

it('has each policy for what flows both ways, and each column policy', () => {
  expect(new Set(rules.map(({ policy }) => policy))).toEqual(new Set(tried));
  expect(new Set(rules.flatMap(({ columns = {} }) => Object.values(columns)))).toEqual(new Set(columnPolicies));
});

it('has each policy with all that its rule may say', () => {
  const lacking = tried.flatMap((policy) => {
    const of = rules.filter((rule) => rule.policy === policy);
    const { weighsDeletes, version } = policyTraits[policy];
    const deletes = new Set(of.map((rule) => rule.deletes ?? 'lose'));
    const sameColumn = new Set(of.map((rule) => rule.sameColumn ?? 'home'));
    return [
      ...(weighsDeletes && deletes.size < 2 ? [`${policy}: deletes`] : []),
      ...(version === 'of columns' && sameColumn.size < 2 ? [`${policy}: sameColumn`] : []),
    ];
  });
  expect(lacking).toEqual([]);
});
