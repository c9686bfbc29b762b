import { expect, test } from 'vitest';
import { finishRow, LargeValue } from './large-values.js';
import type { Row } from './table.js';

test('large values are made in place, in their order, and an error has its column', async () => {
  const made: string[] = [];
  const large = (text: string) => new LargeValue(() => (made.push(text), text)) as never;
  const row: Row = { id: 1, a: large('a'), n: null, b: large('b') };
  await finishRow(row, () => new Error('not wanted'));
  expect([row, made]).toEqual([{ id: 1, a: 'a', n: null, b: 'b' }, ['a', 'b']]);
  const failing = { id: 1, c: new LargeValue(() => Promise.reject(new Error('never'))) as never };
  await expect(finishRow(failing, (_, column) => new Error(column))).rejects.toThrow('c');
  await finishRow(null, () => new Error('not wanted'));
});
