/** The worker that repairs, amid writes of all and killed: regions end with the same rows. Prints what naive rules lead to. */
import { afterAll, describe, expect, it } from 'vitest';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import { bothWrite, broken, oneWayRules, oneWays, quickRules, threes, uniqueValues } from './worker-cases.js';
import type { Broken } from './worker-cases.js';
import type { Rules } from './rules.js';
import type { Case, Policy } from './words.js';

const total = { cases: 0, interleavings: 0 };
afterAll(() => console.log(`repair: ${total.cases} cases, ${total.interleavings.toExponential(1)} interleavings`));

const home = { kind: 'home' } as const satisfies Policy;
const others: readonly Policy[] = [
  { kind: 'latest', deletes: 'lose' },
  { kind: 'merge', sameColumn: 'home', deletes: 'win' },
];

function holds(example: Case, rules: Rules): void {
  const { interleavings, shortest } = explore(example, rules);
  expect(shortest, JSON.stringify(example)).toBeNull();
  total.cases += 1;
  total.interleavings += interleavings;
}

describe('a repair does harm', () => {
  it.each(Object.entries(broken))('%s', (name, { example, wrongly, rules, policy, naive }: Broken) => {
    holds(example, protocol(policy, rules));
    const { bad, interleavings, shortest } = explore(wrongly ?? example, protocol(policy, { ...rules, ...naive }));
    console.log(`${name}: ${bad} of ${interleavings}: ${shortest?.join('; ') ?? ''}`);
    expect(bad).toBeGreaterThan(0);
  });
});

const few = Object.entries(bothWrite).filter(([name]) => /^a hole|^differ/.test(name));

describe('regions end with the same rows', () => {
  it.each(Object.entries(bothWrite))('both write: %s', (_, example) => holds(example, protocol(home, quickRules)));

  it.each(few)('both write, under other policies, and what the target changed since is not spared: %s', (_, example) => {
    for (const policy of others) holds(example, protocol(policy, { ...quickRules, spared: false }));
  });

  it.each(few)('by home, if nothing is said about the writes of the winner: %s', (_, example) =>
    holds(example, protocol(home, { ...quickRules, repairBy: 'home' })),
  );

  it('the worker is killed', () => {
    for (const name of ['differ, B wins', 'a hole in A, changed', 'a hole in B, deleted'])
      holds(bothWrite[name]!, protocol(home, { ...quickRules, workerKills: 1 }));
  });

  it('unique values', () => {
    for (const example of uniqueValues) holds(example, protocol(home, quickRules));
  });

  it.each(Object.entries(threes))('%s', (_, [example, rules]) => holds(example, protocol(home, rules)));

  it('one way, nothing stands', () => {
    for (const example of oneWays) holds(example, protocol({ kind: 'stop' }, { ...oneWayRules, workerKills: 1, spared: false }));
  });
});
