/** Both sides end with the same rows, each with its own file; and the rules and paths for which that does not hold. */
import { afterAll, describe, expect, it } from 'vitest';
import { bothCases, equal, fixed, own } from './files-both-cases.js';
import { bothModel } from './files-both.js';
import { bothProtocol } from './files-both-words.js';
import type { BothCase, BothRules } from './files-both-words.js';
import { endsOf } from './paths.js';

const total = { good: 0 };
afterAll(() => console.log(`files both ways: ${total.good.toExponential(1)} interleavings`));

const policies = ['home', 'incoming'] as const;

function holds(example: BothCase, rules: BothRules): void {
  const { good, bad, shortest } = endsOf(bothModel(example, rules));
  expect(shortest).toBeNull();
  expect(bad).toBe(0);
  total.good += good;
}

describe('paths that are written once: both sides end equal, each row with its file at any time', () => {
  it.each(Object.entries(bothCases))('%s', (_, writes) => {
    const kills = writes.A.length + writes.B.length > 2 ? 0 : 1;
    for (const policy of policies) holds({ writes, kills, isMutable: false }, { ...bothProtocol, policy });
  });
});

describe('a row with another file, or trees that differ', () => {
  it.each<[string, BothCase, Partial<BothRules>]>([
    ['losers are placed', { writes: { A: [own(1)], B: [own(2)] }, kills: 0, isMutable: false }, { losers: 'are placed' }],
    [
      'what was placed is decided about once more',
      { writes: { A: [own(1)], B: [own(2)] }, kills: 1, isMutable: false },
      { takeOver: 'redo' },
    ],
  ])('%s', (name, example, naive) => {
    for (const policy of policies) holds(example, { ...bothProtocol, policy });
    expect(failed(name, example, { ...bothProtocol, ...naive })).toBeGreaterThan(0);
  });

  it.each<[string, BothCase['writes'], Partial<BothRules>]>([
    ['a path that both sides write', { A: [fixed(1)], B: [fixed(2)] }, {}],
    ['a path that both sides write, with a hash in the row', { A: [fixed(1)], B: [fixed(2)] }, { hash: true }],
    ['two rows name one path', { A: [fixed(1)], B: [fixed(2, 's')] }, {}],
    [
      "equal rows and one path, home's word brings a file only where the row differs",
      { A: [equal(1)], B: [equal(2)] },
      { word: 'where the row differs' },
    ],
  ])('%s', (name, writes, naive) => {
    for (const policy of policies)
      expect(failed(`${name}, ${policy}`, { writes, kills: 0, isMutable: true }, { ...bothProtocol, policy, ...naive })).toBeGreaterThan(0);
  });

  it('an application removes old files itself, and its row comes back to one', () => {
    const writes = { A: [own(1)], B: [own(2), own(4, 'r', true)] };
    const name = 'an application removes old files itself';
    for (const policy of policies)
      expect(failed(`${name}, ${policy}`, { writes, kills: 0, isMutable: false }, { ...bothProtocol, policy })).toBeGreaterThan(0);
  });
});

it("equal rows that name one path with different bytes end with one of them: home's word brings its file", () => {
  for (const policy of policies)
    holds({ writes: { A: [equal(1)], B: [equal(2)] }, kills: 0, isMutable: true }, { ...bothProtocol, policy });
});

function failed(name: string, example: BothCase, rules: BothRules): number {
  const { good, bad, shortest } = endsOf(bothModel(example, rules));
  console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join('; ') ?? ''}`);
  return bad;
}
