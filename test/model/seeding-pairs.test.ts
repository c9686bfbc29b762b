/** Pairs of writes amid a seed: regions end with the same rows, whatever they began with. The longer runs are in seeding.long.test.ts. */
import { afterAll, describe, expect, it } from 'vitest';
import { nameOf, policies } from './cases.js';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import { hub, mesh, oneWay } from './seed-cases.js';
import { alike, before, bothWays, killed, moved, oneWays, starts, three } from './seed-pairs.js';
import type { Rules } from './rules.js';
import type { Case } from './words.js';

const total = { cases: 0, interleavings: 0, decided: 0 };
afterAll(() =>
  console.log(
    `seeding: ${total.cases} cases, ${total.interleavings.toExponential(1)} interleavings; home decided in ${total.decided} cases`,
  ),
);

function holds(cases: readonly Case[], rules: Rules): void {
  for (const example of cases) {
    const { interleavings, decided, shortest } = explore(example, rules);
    expect(shortest, JSON.stringify(example)).toBeNull();
    total.cases += 1;
    total.interleavings += interleavings;
    total.decided += decided > 0 ? 1 : 0;
  }
}

const any = { seedOrder: 'any', capture: 'at once' } as const satisfies Partial<Rules>;
const few = policies.slice(0, 2);

describe('both ways, every pair of writes behind the reads', () => {
  for (const [name, rows] of Object.entries(starts)) {
    for (const policy of few) it(`${name}: ${nameOf(policy)}`, () => holds(bothWays(rows, before), protocol(policy, any)));
    it(`${name}, B is named`, () => holds(bothWays(rows, before), protocol({ kind: 'home' }, { capture: 'at once', onExisting: 'B' })));
    it(`${name}, merged`, () => holds(bothWays(rows, before), protocol({ kind: 'home' }, { ...any, merge: 2 })));
  }

  for (const policy of policies)
    it(`they began alike, nothing is lost that met no conflict: ${nameOf(policy)}`, () => holds(alike(before), protocol(policy, any)));
});

it('both ways, rows that move to other keys and unique values', () => holds(moved, protocol({ kind: 'home' }, any)));

it('one way, whatever the target has: nothing stands', () => {
  for (const merge of [1, 2]) holds(oneWays, protocol({ kind: 'stop' }, { ...oneWay, merge }));
});

it('a capture that is killed between chunks reads again', () => {
  for (const policy of few) holds([killed], protocol(policy, { seedOrder: 'any', crashes: 1, torn: 'reads' }));
});

describe('every away region seeds home, then home seeds them', () => {
  it('a mesh', () => holds(three(3), protocol({ kind: 'home' }, { ...mesh, seedOrder: 'away first' })));
  it('a hub', () => holds(three(1), protocol({ kind: 'home' }, hub)));
});
