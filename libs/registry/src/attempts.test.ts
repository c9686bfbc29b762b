import { expect, test } from 'vitest';
import { Attempts } from './attempts.js';

test('every server is tried before a session is over', () => {
  const attempts = new Attempts(['a:1', 'b:1', 'c:1'], 6_000);
  const tried = Array.from({ length: 3 }, () => {
    const attempt = attempts.next();
    return { ...attempt, pauseMs: attempts.ended(0) };
  });
  expect(tried.map(({ server }) => server)).toEqual(['a:1', 'b:1', 'c:1']);
  expect(tried.reduce((sum, { boundMs, pauseMs }) => sum + boundMs + pauseMs, 0)).toBeLessThan(6_000);
  expect(attempts.next().server).toBe('a:1');
});

test('patience grows with every round, up to a bound', () => {
  const attempts = new Attempts(['a:1'], 6_000);
  const bounds: number[] = [];
  const pauses: number[] = [];
  for (let round = 0; round < 20; round += 1) {
    bounds.push(attempts.next().boundMs);
    pauses.push(attempts.ended(0));
  }
  expect(bounds.slice(0, 4)).toEqual([2_000, 4_000, 6_000, 6_000]);
  expect(pauses.slice(0, 6)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
  expect(pauses.at(-1)).toBe(1_000);
});

test('who has a session to save waits for a server half as long as it lasts, and only now and then longer', () => {
  const attempts = new Attempts(['a:1'], 4_000);
  const bounds = Array.from({ length: 12 }, () => {
    const { boundMs } = attempts.next({ saving: true });
    attempts.ended(0);
    return boundMs;
  });
  expect(bounds).toEqual([2_000, 2_000, 2_000, 4_000, 2_000, 2_000, 2_000, 4_000, 2_000, 2_000, 2_000, 4_000]);
});

test('after a connection that lasted there is no pause; after one that was cut at once there is', () => {
  const attempts = new Attempts(['a:1'], 6_000);
  attempts.ended(0);
  expect(attempts.ended(60_000)).toBe(0);
  expect(attempts.next().boundMs).toBe(2_000);
  expect(attempts.ended(5)).toBe(100);
});
