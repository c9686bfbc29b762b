import { expect, test } from 'vitest';
import { Watchers } from './watchers.js';

test('any number of those who wait for a path share one function', () => {
  const watchers = new Watchers();
  const called: string[] = [];
  const a = watchers.add('data /x', () => called.push('a'));
  const b = watchers.add('data /x', () => called.push('b'));
  const other = watchers.add('exists /x', () => called.push('other'));
  expect(b.notify).toBe(a.notify);
  expect(other.notify).not.toBe(a.notify);
  b.discard();
  a.notify?.();
  expect(called).toEqual(['a']);
});

test('a watch fires once; the next one is a new one', () => {
  const watchers = new Watchers();
  const called: number[] = [];
  const first = watchers.add('data /x', () => called.push(1));
  first.notify?.();
  const second = watchers.add('data /x', () => called.push(2));
  expect(second.notify).not.toBe(first.notify);
  second.notify?.();
  expect(called).toEqual([1, 2]);
});

test('the function stays the same after the last one who waited left', () => {
  // The client may hold it still: a new one each time would pile up there.
  const watchers = new Watchers();
  const first = watchers.add('exists /x', () => undefined);
  first.discard();
  expect(watchers.add('exists /x', () => undefined).notify).toBe(first.notify);
});

test('who does not want to know leaves no watch', () => {
  expect(new Watchers().add('data /x', undefined).notify).toBeUndefined();
});
