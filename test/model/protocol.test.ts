/** Every interleaving of the small cases ends with the same rows everywhere, whatever the policy. Prints how many there were. */
import { afterAll, describe, expect, it } from 'vitest';
import { nameOf, oneRow, policies, row, set, three, threeSmall, unique } from './cases.js';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import type { Rules } from './rules.js';
import type { Case } from './words.js';

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

const quick = { capture: 'at once' } as const;
const two = { ...oneRow, ...unique };
const few = policies.slice(0, 2);

describe('regions end with the same rows', () => {
  for (const policy of policies) {
    it(`two regions: ${nameOf(policy)}`, () => holds(two, protocol(policy)));
    it(`two regions, transactions merged: ${nameOf(policy)}`, () => holds(two, protocol(policy, { ...quick, merge: 3 })));
    it(`three regions: ${nameOf(policy)}`, () => holds(three, protocol(policy, quick)));
  }

  it('two regions, where a capture publishes resolutions twice', () => {
    for (const policy of few) holds(unique, protocol(policy, { crashes: 1 }));
  });

  it('three regions, where resolutions yield to what came from the third', () => {
    for (const policy of few) holds(three, protocol(policy, { ...quick, resolutionYields: 'all' }));
  });

  it('for every pair of scripts of two writes', () => {
    const writes = [set('a', 2), set('0', 1), [{ do: 'delete', key: 'p' }], [{ do: 'insert', key: 'p', row: { v: 'n', ver: 3 } }]] as const;
    const scripts = writes.flatMap((first) => writes.map((second) => [first, second]));
    const cases = scripts.flatMap((A, a) => scripts.map((B, b) => [`${a} ${b}`, { start: { p: row() }, scripts: { A, B } }] as const));
    for (const policy of few) holds(Object.fromEntries(cases), protocol(policy, quick));
  });
});

describe('regions end with the same rows, however loaders decide that are not at home', () => {
  for (const policy of few) {
    it(`two regions: ${nameOf(policy)}`, () => holds(two, protocol(policy, { ...quick, elsewhere: 'any' })));
    it(`three regions: ${nameOf(policy)}`, () => holds(threeSmall, protocol(policy, { ...quick, elsewhere: 'any' })));
  }
});
