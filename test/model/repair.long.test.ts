/** The worker that repairs, as far as minutes reach: killed at any point, under every policy, and in random cases, each explored whole. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameOf, policies, row } from './cases.js';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import { bothWrite, quickRules, threes } from './worker-cases.js';
import type { Rules } from './rules.js';
import type { Case, Rows, SeedStatement, Statement, Write } from './words.js';

const timeout = 900_000;

function holds(example: Case, rules: Rules): void {
  expect(explore(example, rules).shortest, JSON.stringify([example, rules.policy])).toBeNull();
}

describe('regions end with the same rows', () => {
  for (const policy of policies) {
    it(`the worker is killed: ${nameOf(policy)}`, { timeout }, () => {
      for (const example of Object.values(bothWrite)) holds(example, protocol(policy, { ...quickRules, workerKills: 1, spared: false }));
    });
    it(`whenever capture publishes: ${nameOf(policy)}`, { timeout }, () => {
      for (const example of Object.values(bothWrite)) holds(example, protocol(policy, { ...quickRules, capture: 'step' }));
    });
    it(`a mesh and a hub: ${nameOf(policy)}`, { timeout }, () => {
      for (const [example, rules] of Object.values(threes)) holds(example, protocol(policy, rules));
    });
  }
});

const unique = fc.constantFrom('x', 'y', null);
const key = fc.constantFrom('p', 'q');
const columns = fc.record({ v: fc.constantFrom('0', 'a', 'b'), ver: fc.nat(5), u: unique }, { requiredKeys: [] });
const statement: fc.Arbitrary<Exclude<Statement, SeedStatement>> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('update' as const), key, set: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('insert' as const), key, row: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), key, to: key, set: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
);
const rows = fc
  .tuple(fc.option(unique), fc.option(fc.constantFrom('0', 'a')))
  .map(([p, q]): Rows => ({ ...(p !== null && { p: row({ u: p }) }), ...(q !== null && { q: row({ v: q, u: p === 'x' ? null : 'x' }) }) }));
const writes = fc.array(
  statement.map((one): Write => [one]),
  { maxLength: 2 },
);

it('random differences, holes and writes', { timeout }, () => {
  const choices = fc.record({
    policy: fc.constantFrom(...policies),
    winner: fc.constantFrom('A' as const, 'B' as const),
    isHole: fc.boolean(),
    workerKills: fc.constantFrom(0, 0, 1),
    spared: fc.boolean(),
  });
  const same = fc.property(rows, rows, writes, writes, choices, (a, b, ofA, ofB, { policy, winner, isHole, ...otherwise }) => {
    const target = winner === 'A' ? 'B' : 'A';
    const own = winner === 'A' ? ofA : ofB;
    const script: readonly Write[] = isHole
      ? [...own.slice(0, 1).map((write): Write => [{ do: 'lost', write }]), [{ do: 'restart' }], ...own.slice(1)]
      : own;
    const scripts = { A: ofA, B: ofB, [winner]: script };
    const repair = { source: winner, target, winner, keys: ['p', 'q'], cause: isHole ? ('hole' as const) : ('repair' as const) } as const;
    const starts = isHole ? { A: a, B: a } : { A: a, B: b };
    holds({ start: {}, starts, repair, scripts }, protocol(policy, { ...quickRules, ...otherwise }));
  });
  fc.assert(same, { numRuns: 1500, interruptAfterTimeLimit: 300_000 });
});
