/** A thousand random and hostile requests, each time others; the seed is told where one is a fault. */
import { expect, it } from 'vitest';
import { sendHostile } from './hostile-run.fixture.js';

it('1,000 hostile requests meet no fault of ours, and get no secret', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { faults, lives, statuses } = await sendHostile({ count: 1_000, seed, atOnce: 16 });
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  expect(lives).toBe(true);
  // Else nothing of what lies behind the shapes was asked.
  expect(statuses.get(200) ?? 0).toBeGreaterThan(50);
});
