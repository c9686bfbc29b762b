import { expect, test } from 'vitest';
import { InFlight } from './in-flight.js';

/** Chunks of 500 records begin whenever the bound lets them; the loader applies so many a second, and says so a second late. */
function waits(perSecond: number, most: (inFlight: InFlight) => boolean): { readonly longestMs: number; readonly idle: number } {
  const inFlight = new InFlight({ least: 2_000, maxLagMs: 5_000 });
  const isBound = most(inFlight);
  let [written, applied, longestMs, idle] = [0, 0, 0, 0];
  const said: number[] = [0, 0];
  for (let second = 1; second <= 60; second++) {
    inFlight.look({ seq: said.at(-2) ?? 0, at: second * 1_000 }, written);
    // Capture reads faster than any loader applies.
    for (let i = 0; i < 100 && !(isBound && inFlight.isFull(written)); i++) written += 500;
    if (second > 20 && written - applied < perSecond) idle += 1;
    longestMs = Math.max(longestMs, ((written - applied) / perSecond) * 1_000);
    applied = Math.min(written, applied + perSecond);
    said.push(applied);
  }
  return { longestMs, idle };
}

test.each([1_000, 4_000, 20_000])(
  'a change waits less than five seconds behind chunks, and %i records a second are applied',
  (perSecond) => {
    const { longestMs, idle } = waits(perSecond, () => true);
    expect(longestMs).toBeLessThan(5_000);
    expect(idle).toBe(0);
  },
);

test('without a bound it waits behind all that is read', () => {
  expect(waits(4_000, () => false).longestMs).toBeGreaterThan(60_000);
});

test('a loader that says nothing new bounds as before', () => {
  const inFlight = new InFlight({ least: 100, maxLagMs: 5_000 });
  expect(inFlight.isFull(10_000)).toBe(false);
  inFlight.look({ seq: 0, at: 1_000 }, 0);
  inFlight.look({ seq: 0, at: 1_000 }, 400);
  expect([inFlight.isFull(99), inFlight.isFull(100)]).toEqual([false, true]);
  // Its clock was set.
  inFlight.look({ seq: 350, at: 500 }, 450);
  expect([inFlight.isFull(449), inFlight.isFull(450)]).toEqual([false, true]);
});
