import { describe, expect, it } from 'vitest';
import { untilAbort, WorkerSet } from './index.js';
import type { LiveWork } from './index.js';

const settle = () => new Promise((resolve) => setImmediate(resolve));
const assigned = (...entries: [string, string][]) =>
  new Map(entries.map(([key, fingerprint]) => [key, { fingerprint, live: '', attempts: {}, value: fingerprint }]));

describe('a set of workers', () => {
  it('starts, keeps, restarts and ends workers as the configuration says, never two of one key', async () => {
    const log: string[] = [];
    const running = new Set<string>();
    const set = new WorkerSet<string>(async (key, { newest: value }, signal) => {
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

  it('tells a worker of what changes but for its place, and restarts it where its own channel asks for a retry', async () => {
    const works: LiveWork<number>[] = [];
    const set = new WorkerSet<number>(async (_, work, signal) => {
      works.push(work);
      await untilAbort(signal).catch(() => undefined); // the end was asked for
    });
    const says = (value: number, live: string, attempts: Readonly<Record<string, number>>) =>
      set.reconcile(new Map([['a', { fingerprint: 'x', live, attempts, value }]]));
    says(1, 'r1', { c: 0 });
    works[0]?.take();
    says(2, 'r1', { c: 0 });
    expect(works[0]?.isTaken).toBe(true);
    says(3, 'r2', { c: 0, d: 5 });
    says(4, 'r3', { c: 0 });
    expect([works.length, works[0]?.newest, works[0]?.isTaken]).toEqual([1, 4, false]);
    says(5, 'r3', { c: 1 });
    await settle();
    await settle();
    expect(works.map(({ newest }) => newest)).toEqual([4, 5]);
    await set.close();
  });
});
