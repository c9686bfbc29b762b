import { SyncError } from '@lutra/model';
import type { WorkStatus } from '@lutra/model';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { StatusBudget, StatusReporter } from './index.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

interface Written {
  readonly at: number;
  readonly name: string;
  readonly rows: number;
  readonly state: string;
}

/** What a process writes. */
function recorded() {
  const written: Written[] = [];
  const store = {
    publish: async ({ name, rows, state }: WorkStatus) => void written.push({ at: Date.now(), name, rows, state }),
    clear: async () => undefined,
  };
  return { written, sink: new StatusBudget({ store, onError: () => expect.unreachable() }) };
}

it('4,000 works write 20 times a second, each in its turn, and what people wait for at once', async () => {
  const works = 4_000;
  const { written, sink } = recorded();
  const say = (n: number, state: string, rows: number): void =>
    sink.publish({ app: 'loader', name: `w${n}`, instance: 'i', state, rows } as unknown as WorkStatus);
  const all = (state: string, rows: number): void => {
    for (let n = 0; n < works; n += 1) say(n, state, rows);
  };
  all('starting', 0);
  all('running', 0);
  expect(written).toHaveLength(2 * works);
  written.length = 0;
  const seconds = 300;
  for (let second = 0; second < seconds; second += 5) {
    all('running', second);
    await vi.advanceTimersByTimeAsync(5_000);
  }
  // A full bucket at the beginning.
  expect(written.length).toBeGreaterThan(20 * (seconds - 5));
  expect(written.length).toBeLessThanOrEqual(20 * (seconds + 1));
  for (const [, group] of [...Map.groupBy(written, ({ at }) => Math.floor(at / 1000))].slice(2))
    expect(group.length).toBeLessThanOrEqual(21);
  // Fair: nobody has a second turn before everybody had a first one; and each shows the newest.
  const turns = Map.groupBy(written, ({ name }) => name);
  expect(turns.size).toBe(works);
  expect(new Set(written.slice(0, works).map(({ name }) => name)).size).toBe(works);
  expect(written.at(-1)?.rows).toBeGreaterThanOrEqual(seconds - 10);
  written.length = 0;
  say(17, 'failed', 1_000);
  expect(written).toMatchObject([{ name: 'w17', state: 'failed', rows: 1_000 }]);
  for (let n = 0; n < works; n += 1) await sink.clear('loader', `w${n}`, 'i');
  written.length = 0;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written).toEqual([]);
});

it('epoch, log, routes, suspended tables, a fallen tree and the code of the error are written at once; its time and a position are not', async () => {
  const { written, sink } = recorded();
  const one = new StatusReporter({ app: 'loader', name: 'one', instance: 'i', sink, onStatus: () => undefined });
  for (let n = 0; n < 100; n += 1) sink.publish({ ...one.status, name: `other ${n}` });
  for (let n = 0; n < 100; n += 1) sink.publish({ ...one.status, name: `other ${n}`, rows: n });
  written.length = 0;
  const error = { code: 'KAFKA_UNAVAILABLE', message: '', help: '', at: 1, details: {} } as const;
  const hold = { seq: 7, reason: 'policy', ways: ['skip'] } as unknown as NonNullable<WorkStatus['hold']>;
  const parts: Partial<WorkStatus>[] = [
    { state: 'running' },
    { epoch: 1 },
    { log: 'L' },
    { routes: { 'c.p': 'x' } },
    { suspended: [] },
    { suspended: [], configuration: { revision: 7, write: 'w', regressed: true } },
    { lastError: error },
    { lastError: error, hold },
    { lastError: error, hold: { ...hold, reason: 'failed' } },
  ];
  for (const part of parts) sink.publish({ ...one.status, ...part });
  expect(written.map(({ name }) => name)).toEqual(parts.map(() => 'one'));
  sink.publish({ ...one.status, ...parts.at(-1) });
  sink.publish({ ...one.status, ...parts.at(-1), lastError: { ...error, at: 2, message: 'again' }, rows: 7 });
  sink.publish({ ...one.status, ...parts.at(-1), configuration: { revision: 8, write: 'x', regressed: false } });
  expect(written).toHaveLength(parts.length);
  await one.close();
});

it('says once that writing fails, and once that it works again; the work goes on', async () => {
  const errors: (string | null)[] = [];
  let fails = true;
  const store = {
    publish: () => (fails ? Promise.reject(new SyncError('ZOOKEEPER_UNAVAILABLE', 'away')) : Promise.resolve()),
    clear: async () => undefined,
  };
  const sink = new StatusBudget({ store, onError: (error) => void errors.push(error?.code ?? null) });
  const reporter = new StatusReporter({ app: 'capture', name: 'a', instance: 'i', sink, onStatus: () => undefined });
  for (const state of ['running', 'waiting', 'running'] as const) reporter.update({ state });
  await vi.advanceTimersByTimeAsync(0);
  fails = false;
  reporter.update({ state: 'waiting' });
  await vi.advanceTimersByTimeAsync(0);
  expect(errors).toEqual(['ZOOKEEPER_UNAVAILABLE', null]);
  await reporter.close();
});
