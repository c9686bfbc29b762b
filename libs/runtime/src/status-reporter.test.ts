import type { WorkStatus } from '@lutra/model';
import { expect, it, vi } from 'vitest';
import { StatusReporter } from './status-reporter.js';

it('clears its status when it closes, and publishes nothing behind it', async () => {
  const calls: string[] = [];
  const sink = {
    publish: ({ state }: WorkStatus) => void calls.push(state),
    clear: async () => void calls.push('cleared'),
  };
  const nobody = (): void => undefined;
  const reporter = new StatusReporter({ app: 'loader', name: 'a', instance: 'b', sink, onStatus: nobody });
  const closed = reporter.close();
  reporter.update({ state: 'running' });
  await closed;
  expect(calls).toEqual(['starting', 'cleared']);
});

it('says a lag that grows, also when the work that gave it has ended, and none of work that rests', async () => {
  vi.useFakeTimers();
  const lags: (number | null)[] = [];
  const sink = { publish: ({ lagMs }: WorkStatus) => void lags.push(lagMs), clear: async () => undefined };
  const nobody = (): void => undefined;
  const reporter = new StatusReporter({ app: 'loader', name: 'a', instance: 'b', sink, onStatus: nobody });
  const since = Date.now();
  reporter.update({ state: 'running' });
  reporter.lagFrom(() => Date.now() - since);
  await vi.advanceTimersByTimeAsync(3_000);
  reporter.update({ state: 'failed' });
  await vi.advanceTimersByTimeAsync(2_000);
  expect(lags.slice(-5)).toEqual([2000, 3000, 3000, 4000, 5000]);
  reporter.update({ state: 'paused' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(lags.at(-1)).toBeNull();
  await reporter.close();
  vi.useRealTimers();
});

it('says what lasts longer than a few seconds and since when, the innermost, and nothing any more when it has ended', async () => {
  vi.useFakeTimers({ now: Date.UTC(2026, 0, 31, 12) });
  const told: (string | null)[] = [];
  const sink = { publish: ({ waitingFor }: WorkStatus) => void told.push(waitingFor), clear: async () => undefined };
  const nobody = (): void => undefined;
  const reporter = new StatusReporter({ app: 'loader', name: 'a', instance: 'b', sink, onStatus: nobody });
  reporter.update({ state: 'running' });
  const [outer, inner] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const done = reporter.waits.during('the target', async () => {
    await reporter.waits.during('a lock', () => inner.promise);
    return outer.promise;
  });
  await vi.advanceTimersByTimeAsync(2_500);
  expect(new Set(told)).toEqual(new Set([null]));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe('a lock, since 2026-01-31T12:00:00Z');
  inner.resolve();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe('the target, since 2026-01-31T12:00:00Z');
  reporter.update({ state: 'waiting', waitingFor: 'KAFKA_UNAVAILABLE' });
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBe('KAFKA_UNAVAILABLE');
  reporter.update({ state: 'running', waitingFor: null });
  outer.resolve('it');
  expect(await done).toBe('it');
  await vi.advanceTimersByTimeAsync(1_000);
  expect(told.at(-1)).toBeNull();
  await expect(reporter.waits.during('x', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await vi.advanceTimersByTimeAsync(4_000);
  expect(told.at(-1)).toBeNull();
  await reporter.close();
  vi.useRealTimers();
});
