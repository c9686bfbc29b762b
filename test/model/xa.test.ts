import { describe, expect, it } from 'vitest';
import { capture, committed, histories } from './xa.js';
import type { History, Rule } from './xa.js';

const longest = 5;
const all: readonly History[] = [...histories(longest)];

/** Published is what was committed, up to a stop at rows that stand in no binlog. */
function isRight(history: History, restarts: number, rule: Rule): boolean {
  const { published, stopped } = capture(history, restarts, rule);
  const wanted = committed(history);
  const isPrefix = published.every((row, i) => row === wanted[i]);
  return isPrefix && (stopped ? wanted[published.length]! < 0 : published.length === wanted.length);
}

function wrong(rule: Rule): number {
  let count = 0;
  for (const history of all) for (let restarts = 0; restarts < 2 ** longest; restarts++) if (!isRight(history, restarts, rule)) count += 1;
  return count;
}

describe(`XA transactions, in ${all.length} histories and every set of restarts`, () => {
  it('are published once, where they are committed, when they are searched backwards from there', () => {
    expect(all.length).toBeGreaterThan(1_000);
    expect(wrong('search')).toBe(0);
  });

  it.each([
    'publish at prepare',
    'discard at restart',
    'search for the xid alone',
    'positions in the log',
    'read again from the oldest',
  ] as const)('are not when capture would: %s', (rule) => {
    const count = wrong(rule);
    console.log(`${rule}: ${count} of ${all.length * 2 ** longest}`);
    expect(count).toBeGreaterThan(0);
  });
});
