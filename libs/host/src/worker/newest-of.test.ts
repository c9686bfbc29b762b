import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NewestOf } from './newest-of.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('hands on the first value at once, of those that follow the newest, and each that comes alone', () => {
  const handled: number[] = [];
  const newest = new NewestOf<number>(250, (value) => handled.push(value));
  newest.push(1);
  expect(handled).toEqual([1]);
  for (const value of [2, 3, 4]) newest.push(value);
  expect(handled).toEqual([1]);
  vi.advanceTimersByTime(250);
  expect(handled).toEqual([1, 4]);
  vi.advanceTimersByTime(1_000);
  newest.push(5);
  expect(handled).toEqual([1, 4, 5]);
});

it('hands on nothing after its end, also where the handler throws before', () => {
  const handled: number[] = [];
  const newest = new NewestOf<number>(250, (value) => {
    handled.push(value);
    if (value === 1) throw new Error('refused');
  });
  expect(() => newest.push(1)).toThrow('refused');
  newest.push(2);
  newest.push(3);
  vi.advanceTimersByTime(250);
  expect(handled).toEqual([1, 3]);
  newest.push(4);
  newest.end();
  vi.advanceTimersByTime(1_000);
  expect(handled).toEqual([1, 3]);
});
