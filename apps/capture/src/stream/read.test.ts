import { expect, it } from 'vitest';
import { PublishedResolutions } from './published-resolutions.js';

it('takes as many resolutions as the log has, the first ones, and no watermark', () => {
  const published = new PublishedResolutions(2);
  const kinds = ['watermark', 'resolution', 'watermark', 'resolution', 'resolution', 'watermark', 'resolution'] as const;
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
