import { describe, expect, it } from 'vitest';
import { exploreTicks, tickProtocol } from './ticks.js';
import type { TickRules } from './ticks.js';

const example = { chunks: 4, skips: 1, kills: 1 };

describe('a table is seeded', () => {
  it('when every chunk is ticked off at the target, with its rows and in its order', () => {
    const { good, bad } = exploreTicks(example, tickProtocol);
    console.log(`${good} interleavings`);
    expect(bad).toBe(0);
    expect(good).toBeGreaterThan(1_000);
  });

  it.each<[string, Partial<TickRules>]>([
    ['10: not when every chunk is published: a person lets the loader go on at the end of the log', { done: 'published' }],
    ['10: not where a chunk is ticked off that does not begin at the cursor', { tick: 'any' }],
    ['10: not where the tick is written before the rows', { written: 'before' }],
  ])('%s', (name, otherwise) => {
    const { good, bad } = exploreTicks(example, { ...tickProtocol, ...otherwise });
    console.log(`${name}: ${bad} of ${good + bad}`);
    expect(bad).toBeGreaterThan(0);
  });
});
