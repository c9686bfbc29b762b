import { describe, expect, it } from 'vitest';
import { untilAbort, WorkerSet } from './index.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const assigned = (...entries: [string, string][]) =>
  new Map(entries.map(([key, fingerprint]) => [key, { fingerprint, value: fingerprint }]));

describe('a set of workers', () => {
  it('starts, keeps, restarts and ends workers as the configuration says, never two of one key', async () => {
    const log: string[] = [];
    const running = new Set<string>();
    const set = new WorkerSet<string>(async (key, value, signal) => {
      expect(running.has(key)).toBe(false);
      running.add(key);
      log.push(`start ${key} ${value}`);
      await untilAbort(signal).catch(() => undefined); // the end was asked for
      await settle();
      running.delete(key);
      log.push(`end ${key} ${value}`);
    });
    set.reconcile(assigned(['a', '1'], ['b', '1']));
    set.reconcile(assigned(['a', '1'], ['b', '2']));
    await settle();
    await settle();
    await settle();
    expect(log).toEqual(['start a 1', 'start b 1', 'end b 1', 'start b 2']);
    set.reconcile(assigned(['b', '2']));
    await set.close();
    expect(log.slice(4).sort()).toEqual(['end a 1', 'end b 2']);
    expect(set.size).toBe(0);
  });
});
