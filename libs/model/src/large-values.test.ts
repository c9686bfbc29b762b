import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { finishRow, LargeValue, piecesOf } from './large-values.js';
import type { Row } from './table.js';

test('the pieces of a text are the text, and no pair is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', 'é', '語', '😀', '\ud83d', '\ude00')), fc.integer({ min: 2, max: 5 }), (units, size) => {
      const text = units.join('');
      const pieces = [...piecesOf(text, size)];
      expect(pieces.join('')).toBe(text);
      for (const [i, piece] of pieces.entries()) {
        expect(piece.length).toBeLessThanOrEqual(size);
        // What is well-formed as a whole is so in each piece.
        if (text.isWellFormed()) expect([i, piece.isWellFormed()]).toEqual([i, true]);
      }
    }),
  );
});

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
