/** Every interleaving of the small cases ends with the same rows everywhere, whatever the policy. Prints how many there were. */
import { afterAll, describe, expect, it } from 'vitest';
import { nameOf, oneRow, policies, set, three, unique } from './cases.js';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import type { Case, Rules } from './words.js';

const total = { cases: 0, states: 0, interleavings: 0 };
afterAll(() => console.log(`model: ${total.cases} cases, ${total.states} states, ${total.interleavings.toExponential(1)} interleavings`));

function holds(cases: Readonly<Record<string, Case>>, rules: Rules): void {
  for (const [name, example] of Object.entries(cases)) {
    const { states, interleavings, shortest } = explore(example, rules);
    expect(shortest, name).toBeNull();
    total.cases += 1;
    total.states += states;
    total.interleavings += interleavings;
  }
}

describe('regions end with the same rows', () => {
  for (const policy of policies) {
    describe(nameOf(policy), () => {
      it('two regions, one row', () => holds(oneRow, protocol(policy)));
      it('two regions, rows that want one unique value', () => holds(unique, protocol(policy)));
      it('two regions, transactions that are merged', () => holds({ ...oneRow, ...unique }, protocol(policy, { merge: 3 })));
      it('three regions', () => holds(three, protocol(policy)));
    });
  }
});

describe('regions end with the same rows, whatever is decided elsewhere than at home', () => {
  for (const policy of policies.filter(({ deletes }) => deletes !== 'lose')) {
    it(`two regions: ${nameOf(policy)}`, () => holds({ ...oneRow, ...unique }, protocol(policy, { elsewhere: 'any' })));
    it(`three regions: ${nameOf(policy)}`, () => holds(small(three), protocol(policy, { elsewhere: 'any' })));
  }
});

describe('regions end with the same rows', () => {
  it('with two of them, also where a capture publishes remedies twice', () => {
    for (const policy of policies) holds({ ...oneRow, ...unique }, protocol(policy, { crashes: 1 }));
  });

  it('with three of them, also where a remedy yields to what came from the third', () => {
    for (const policy of policies) holds(small(three), protocol(policy, { remedyYields: 'all' }));
  });

  it('for every pair of scripts of two writes', () => {
    const writes = [set('a', 2), set('0', 1), [{ do: 'delete', key: 'p' }], [{ do: 'insert', key: 'p', row: { v: 'n', ver: 3 } }]] as const;
    const scripts = writes.flatMap((first) => writes.map((second) => [first, second]));
    const cases = scripts.flatMap((A, a) => scripts.map((B, b) => [`${a} ${b}`, { start: {}, scripts: { A, B } }] as const));
    for (const policy of policies) holds(Object.fromEntries(cases), protocol(policy));
  });
});

/** Three regions with four writes at most. */
function small(cases: Readonly<Record<string, Case>>): Readonly<Record<string, Case>> {
  return Object.fromEntries(Object.entries(cases).filter(([, { scripts }]) => Object.values(scripts).flat().length <= 4));
}
