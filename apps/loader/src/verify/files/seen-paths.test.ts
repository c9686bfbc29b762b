import { expect, it } from 'vitest';
import { SeenPaths } from './seen-paths.js';

it('what was seen is known, and next to nothing else', () => {
  const seen = new SeenPaths();
  for (let i = 0; i < 20_000; i += 1) seen.add(`shop/${i}/é.jpg`);
  const unknown = Array.from({ length: 20_000 }, (_, i) => `shop/${i}/e.jpg`);
  expect(unknown.filter((path) => seen.has(path))).toEqual([]);
  for (let i = 0; i < 20_000; i += 1) expect(seen.has(`shop/${i}/é.jpg`)).toBe(true);
});
