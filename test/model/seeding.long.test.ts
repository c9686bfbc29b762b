/** The same as seeding-pairs.test.ts, as far as minutes reach, and random starts and scripts, each explored whole. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nameOf, policies, row } from './cases.js';
import { explore } from './explore.js';
import { protocol } from './protocol.js';
import { hub, mesh, read } from './seed-cases.js';
import { alike, around, bothWays, moved, starts, three } from './seed-pairs.js';
import type { Rules } from './rules.js';
import type { Case, Rows, SeedStatement, Statement, Write } from './words.js';

const timeout = 900_000;
const any = { seedOrder: 'any' } as const satisfies Partial<Rules>;

function holds(cases: readonly Case[], rules: Rules): void {
  for (const example of cases) expect(explore(example, rules).shortest, JSON.stringify(example)).toBeNull();
}

describe('regions end with the same rows', () => {
  for (const policy of policies) {
    for (const [name, rows] of Object.entries(starts)) {
      it(`both ways, amid the reads, ${name}: ${nameOf(policy)}`, { timeout }, () =>
        holds(bothWays(rows, around), protocol(policy, { ...any, capture: 'at once' })),
      );
    }
    it(`both ways, amid the reads, whenever capture publishes, they began alike: ${nameOf(policy)}`, { timeout }, () =>
      holds(alike(around), protocol(policy, any)),
    );
    it(`rows that move: ${nameOf(policy)}`, { timeout }, () => holds(moved, protocol(policy, any)));
    it(`a mesh: ${nameOf(policy)}`, { timeout }, () => holds(three(6), protocol(policy, { ...mesh, seedOrder: 'away first' })));
    it(`a hub: ${nameOf(policy)}`, { timeout }, () => holds(three(6), protocol(policy, hub)));
  }
});

const unique = fc.constantFrom('x', 'y', null);
const key = fc.constantFrom('p', 'q');
const columns = fc.record({ v: fc.constantFrom('0', 'a', 'b'), ver: fc.nat(5), u: unique }, { requiredKeys: [] });
const statement: fc.Arbitrary<Exclude<Statement, SeedStatement>> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('update' as const), key, set: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('insert' as const), key, row: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move' as const), key, to: fc.constantFrom('p', 'q', 'r'), set: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
);
const rows = fc
  .tuple(fc.option(unique), fc.option(fc.constantFrom('0', 'a')))
  .map(([p, q]): Rows => ({ ...(p !== null && { p: row({ u: p }) }), ...(q !== null && { q: row({ v: q, u: p === 'x' ? null : 'x' }) }) }));
const script = fc.array(statement, { maxLength: 2 });

/** The reads of all keys, with the writes in between. */
function amid(writes: readonly Exclude<Statement, SeedStatement>[]): readonly Write[] {
  const reads = ['p', 'q', 'r'].map((key) => read(key));
  return [reads[0]!, ...writes.slice(0, 1).map((write) => [write]), reads[1]!, ...writes.slice(1).map((write) => [write]), reads[2]!];
}

it('random starts and scripts of two regions', { timeout }, () => {
  const ways = fc.record({
    policy: fc.constantFrom(...policies),
    onExisting: fc.constantFrom('A' as const, 'B' as const),
    merge: fc.integer({ min: 1, max: 2 }),
  });
  const same = fc.property(rows, rows, script, script, ways, (a, b, ofA, ofB, { policy, ...otherwise }) => {
    const scripts = { A: amid(ofA), B: [...amid(ofB), [{ do: 'end' } as const]] };
    holds(
      [{ start: {}, starts: { A: a, B: b }, at: { A: { seeding: ['B'] } }, scripts }],
      protocol(policy, { ...otherwise, capture: 'at once' }),
    );
  });
  fc.assert(same, { numRuns: 3000, interruptAfterTimeLimit: 300_000 });
});
