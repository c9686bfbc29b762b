import { describe, expect, it } from 'vitest';
import { exploreFailover, exploreSwitch, switchProtocol } from './switch-over.js';
import type { SwitchRules } from './switch-over.js';

const example = { writes: 3, prepared: 1, kills: 2 };

describe('a switch-over', () => {
  it('opens B when B has all of A, whoever is killed', () => {
    const { good, bad, shortest } = exploreSwitch(example, switchProtocol);
    console.log(`${good} interleavings`);
    expect(shortest).toBeNull();
    expect(bad).toBe(0);
    expect(good).toBeGreaterThan(10_000);
  });

  it.each<[string, Partial<SwitchRules>]>([
    ['not where A still takes writes', { fence: false }],
    ['not where a prepared transaction may still be committed', { prepared: 'forgotten' }],
    ['not where the end of A is read before A is closed', { end: 'open' }],
    [
      'not where an order is answered before Kafka has the record: the next capture gives its seq to another one',
      { answer: 'handed over' },
    ],
    ['not where the log has the barrier and B does not', { proof: 'published' }],
  ])('%s', (name, otherwise) => {
    const { good, bad, shortest } = exploreSwitch(example, { ...switchProtocol, ...otherwise });
    console.log(`${name}: ${bad} of ${good + bad}: ${shortest?.join(' → ')}`);
    expect(bad).toBeGreaterThan(0);
  });
});

describe('a failover', () => {
  it('keeps what clients write at B, whenever A comes back', () => {
    expect(exploreFailover(3, { pause: true })).toMatchObject({ bad: 0 });
  });

  it('loses it where A → B is not paused: A publishes its tail over newer rows', () => {
    const { bad, shortest } = exploreFailover(3, { pause: false });
    console.log(shortest?.join(' → '));
    expect(bad).toBeGreaterThan(0);
  });
});
