/** Random scripts under random schedules, longer than can be explored. fast-check prints seed and path of what fails. */
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { policies, row } from './cases.js';
import { isQuiet } from './explore.js';
import { protocol } from './protocol.js';
import { initial, nextSteps } from './steps.js';
import { verdict } from './verdict.js';
import type { Rules } from './rules.js';
import type { Case, Statement } from './words.js';

const unique = fc.constantFrom('x', 'y', null);
const columns = fc.record({ v: fc.constantFrom('0', 'a', 'b'), ver: fc.nat(5), u: unique }, { requiredKeys: [] });
const key = fc.constantFrom('p', 'q', 'r');
const statement: fc.Arbitrary<Statement> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('update' as const), key, set: columns, add: fc.nat(2) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('insert' as const), key, row: columns }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('move' as const), key, to: key, set: columns }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
);
const script = fc.array(fc.array(statement, { minLength: 1, maxLength: 2 }), { minLength: 4, maxLength: 6 });
const rules = fc
  .record({
    policy: fc.constantFrom(...policies),
    elsewhere: fc.constantFrom('policy' as const, 'any' as const),
    merge: fc.integer({ min: 1, max: 3 }),
  })
  .map(({ policy, ...otherwise }) => protocol(policy, otherwise));
const start = { p: row({ u: 'x' }), q: row({ u: 'y' }) };

/** What is wrong at the end of one way through. */
function walk(example: Case, rules: Rules, choices: readonly number[]): string | null {
  let world = initial(example, rules);
  for (let turn = 0; !isQuiet(world, example, rules); turn += 1) {
    const steps = nextSteps(world, example, rules);
    if (steps.length === 0) return 'nothing can happen any more';
    world = steps[(choices[turn % choices.length] ?? 0) % steps.length]!.world;
  }
  return verdict(world, example, rules);
}

const choices = fc.array(fc.nat(30), { minLength: 20, maxLength: 60 });

const threeScripts = fc.record({ A: script, B: script, C: script });

for (const [name, scripts, links] of [
  ['two', fc.record({ A: script, B: script }), 'all'],
  ['three', threeScripts, 'all'],
  [
    'three, A between the others,',
    threeScripts,
    [
      ['A', 'B'],
      ['A', 'C'],
    ],
  ],
] as const) {
  it(`${name} regions end with the same rows, whatever is written and when`, () => {
    const holds = fc.property(scripts, rules, choices, (scripts, rules, choices) => {
      expect(walk({ start, scripts }, { ...rules, links }, choices)).toBeNull();
    });
    fc.assert(holds, { numRuns: 3000, interruptAfterTimeLimit: 5000 });
  });
}
