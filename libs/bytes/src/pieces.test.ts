import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { piecesOf } from './pieces.js';

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
