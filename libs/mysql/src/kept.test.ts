import { expect, test, vi } from 'vitest';
import { Kept } from './kept.js';

function room() {
  const log: string[] = [];
  let opened = 0;
  const kept = new Kept(async () => {
    const name = `connection ${(opened += 1)}`;
    log.push(`${name} opens`);
    return { name, broken: false, close: async () => void log.push(`${name} closes`) };
  });
  const used = (): Promise<string> => kept.use(async ({ name }) => name);
  return { kept, log, used };
}

test('who asks next gets the same one, and it is closed when nobody has asked for a second', async () => {
  vi.useFakeTimers();
  const { log, used } = room();
  expect([await used(), await used()]).toEqual(['connection 1', 'connection 1']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(log).toEqual(['connection 1 opens', 'connection 1 closes']);
  expect(await used()).toBe('connection 2');
  vi.useRealTimers();
});

test('one that failed is not used again, and two at once have one each', async () => {
  const { kept, log, used } = room();
  await expect(kept.use(async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(log).toEqual(['connection 1 opens', 'connection 1 closes']);
  expect(await kept.use(async ({ name }) => [name, await used()])).toEqual(['connection 2', 'connection 3']);
  await kept.close();
  expect(log.slice(2).toSorted()).toEqual(['connection 2 closes', 'connection 2 opens', 'connection 3 closes', 'connection 3 opens']);
});
