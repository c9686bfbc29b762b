import { expect, it } from 'vitest';
import { PublishedRemedies } from './published-remedies.js';

it('takes as many remedies as the log has, the first ones, and no watermark', () => {
  const published = new PublishedRemedies(2);
  const kinds = ['watermark', 'remedy', 'watermark', 'remedy', 'remedy', 'watermark', 'remedy'] as const;
  expect(kinds.map((kind) => [published.takes({ kind }), published.left])).toEqual([
    [false, 2],
    [true, 1],
    [false, 1],
    [true, 0],
    [false, 0],
    [false, 0],
    [false, 0],
  ]);
});
