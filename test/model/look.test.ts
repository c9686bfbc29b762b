import { describe, expect, it } from 'vitest';
import { row, set } from './cases.js';
import { explorePair, lookProtocol } from './look.js';
import type { LookRules } from './look.js';
import { protocol } from './protocol.js';
import type { Rules } from './rules.js';
import type { Case, Policy } from './words.js';

const home = { kind: 'home' } as const satisfies Policy;
const latest = { kind: 'latest', deletes: 'win' } as const satisfies Policy;
const oneWay = protocol({ kind: 'stop' }, { oneWay: true });
const start = { p: row() };
const damaged = { A: start, B: { p: row({ v: 'damaged' }) } };

const equal: Readonly<Record<string, readonly [Case, Rules]>> = {
  'one way, a write': [{ start, scripts: { A: [set('a')], B: [] } }, oneWay],
  'one way, a value that comes back': [{ start, scripts: { A: [set('a'), set('0'), set('a')], B: [] } }, oneWay],
  'both write': [{ start, scripts: { A: [set('a', 1)], B: [set('b', 2)] } }, protocol(home)],
  'a version that falls': [{ start, scripts: { A: [set('a', 3)], B: [set('b1', 4), set('b2', 2)] } }, protocol(latest)],
  'home deletes': [{ start, scripts: { A: [[{ do: 'delete', key: 'p' }]], B: [set('b', 4)] } }, protocol(home)],
};

describe('a row in flight is never reported as different', () => {
  it.each(Object.entries(equal))('%s', (name, [example, rules]) => {
    for (const by of rules.oneWay ? (['A'] as const) : (['A', 'B'] as const))
      for (const atOnce of [false, true]) {
        const { interleavings, reported } = explorePair({ example, rules, lookRules: { ...lookProtocol, atOnce }, by });
        console.log(`${name}, probe of ${by}${atOnce ? ' at once' : ''}: ${interleavings} interleavings`);
        expect(reported).toBe(0);
      }
  });
});

it('a damaged row that nobody writes is always reported', () => {
  const example: Case = { start, starts: damaged, scripts: { A: [], B: [] } };
  for (const rules of [oneWay, protocol(home), protocol(latest)])
    for (const atOnce of [false, true]) {
      const { interleavings, reported } = explorePair({ example, rules, lookRules: { ...lookProtocol, atOnce }, by: 'A' });
      expect(reported).toBe(interleavings);
    }
});

describe('a row in flight is reported', () => {
  it.each<[string, keyof typeof equal, Partial<LookRules>]>([
    [
      '14: where the ends of the logs are taken before the reads',
      'one way, a write',
      { ends: 'before the reads', secondRound: false, proof: 'values' },
    ],
    ['14: by values alone, which can come back', 'one way, a value that comes back', { proof: 'values' }],
    [
      '14: by a probe that does not look for changes that it had not seen',
      'a version that falls',
      { secondRound: false, proof: 'probe of values' },
    ],
    [
      'by a probe at once that does not look for changes that it had not seen',
      'a version that falls',
      { atOnce: true, proof: 'probe of values' },
    ],
    ['15: where what home sends back is not waited for', 'a version that falls', { secondRound: false, proof: 'values' }],
  ])('%s', (name, example, otherwise) => {
    const [of, rules] = equal[example]!;
    const { interleavings, reported } = explorePair({
      example: of,
      rules,
      lookRules: { ...lookProtocol, ...otherwise },
      by: rules.oneWay ? 'A' : 'B',
    });
    console.log(`${name}: ${reported} of ${interleavings}`);
    expect(reported).toBeGreaterThan(0);
  });
});
