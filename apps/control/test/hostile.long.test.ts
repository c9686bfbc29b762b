/** Ten thousand random and hostile requests. None keeps the event loop: by the CPU that it costs, which a busy machine does not change. */
import { expect, it } from 'vitest';
import { sendHostile } from './hostile-run.fixture.js';

it('10,000 hostile requests meet no fault of ours, get no secret, and none blocks the others', { timeout: 1_800_000 }, async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { faults, lives, dearest } = await sendHostile({ count: 10_000, seed, atOnce: 1 });
  expect({ seed, faults }).toEqual({ seed, faults: [] });
  expect(lives).toBe(true);
  expect({ seed, ...dearest, ms: dearest.ms > 100 ? dearest.ms : 0 }).toMatchObject({ ms: 0 });
});
