import { expect, test } from 'vitest';
import { sampleUntil, timingOf } from './samples.js';

const verify = async (): Promise<void> => undefined;

test('the first and the last progress are those of the first samples that show them', () => {
  const samples = [0, 0, 30, 70, 100, 100].map((count, at) => ({ at, count }));
  expect(timingOf({ begin: 0, samples }, 100, (count) => count)).toEqual({ rows: 100, begin: 0, first: { at: 2, rows: 30 }, last: 4 });
  expect(() => timingOf({ begin: 0, samples }, 101, (count) => count)).toThrow('only 100 of 101');
});

test('a command that fails ends the wait for its effect', async () => {
  const command = (): Promise<never> => Promise.reject(new Error('refused'));
  await expect(sampleUntil({ command, read: async () => 0, reached: () => false, verify })).rejects.toThrow('refused');
});

test('a number that has to settle is watched until it does', async () => {
  let count = 0;
  const { samples } = await sampleUntil({
    command: async () => undefined,
    read: async () => Math.min(5, (count += 1)),
    reached: (at) => at >= 3,
    settledMs: 1,
    verify,
  });
  expect(samples.map((sample) => sample.count).slice(0, 5)).toEqual([1, 2, 3, 4, 5]);
});
