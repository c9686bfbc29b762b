import type { Seen } from '@lutra/model';
import { expect, it } from 'vitest';
import { SeenAside } from './seen-aside.js';

const t = { database: 'shop', name: 't' };
const at = (seq: number, log = 'L'): Seen => ({ back: { log, seq } });

function asideOf(wasAside: boolean) {
  let end = at(7);
  const asked: string[] = [];
  const aside = new SeenAside({
    peers: { ownEnd: async () => end },
    wasPutAside: async ({ name }) => (asked.push(name), wasAside),
  });
  return { aside, asked, move: (to: Seen) => void (end = to) };
}

it('a chunk of a table that was put aside must have seen all that was written here before the first one came', async () => {
  const { aside, move } = asideOf(true);
  expect([await aside.covers(t, {}), await aside.covers(t, at(6)), await aside.covers(t, at(7)), aside.isFree(t)]).toEqual([
    false,
    false,
    true,
    false,
  ]);
  move(at(99));
  expect(await aside.covers(t, at(8))).toBe(true);
});

it('of a log that was made anew the end is asked for once more', async () => {
  const { aside, move } = asideOf(true);
  expect(await aside.covers(t, at(1))).toBe(false);
  move(at(3, 'M'));
  expect([await aside.covers(t, at(9, 'M')), await aside.covers(t, at(2, 'M')), await aside.covers(t, at(9, 'M'))]).toEqual([
    false,
    false,
    true,
  ]);
});

it('another table is asked about once', async () => {
  const { aside, asked } = asideOf(false);
  expect([aside.isFree(t), await aside.covers(t, {}), aside.isFree(t), await aside.covers(t, {})]).toEqual([false, true, true, true]);
  expect(asked).toEqual(['t']);
});
