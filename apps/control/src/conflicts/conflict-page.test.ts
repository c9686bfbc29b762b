import { describe, expect, it } from 'vitest';
import { mergePages, parseCursor } from './conflict-page.js';
import type { Cursor, Found } from './conflict-page.js';

interface Entry {
  readonly id: number;
  readonly decidedAt: string;
}

/** What a target has, oldest first: `at` of the entries with ids 1, 2, … */
const stored: Readonly<Record<string, readonly string[]>> = {
  a: ['01', '03', '03', '07'],
  b: ['02', '04', '05', '06', '08'],
  c: [],
};

function ask(from: Cursor, limit: number, targets = Object.keys(stored)): readonly Found<Entry>[] {
  return targets.map((target) => {
    const entries = (stored[target] ?? []).map((decidedAt, index) => ({ id: index + 1, decidedAt })).toReversed();
    return { target, entries: entries.filter(({ id }) => id < (from.get(target) ?? Infinity)).slice(0, limit) };
  });
}

describe('pages over several targets', () => {
  it.each([1, 2, 3, 4, 100])('show everything once, newest first, with %i a page', (limit) => {
    const shown: string[] = [];
    let next: string | null | undefined;
    for (let pages = 0; next !== null && pages < 20; pages += 1) {
      const from = parseCursor(next, Object.keys(stored));
      const page = mergePages(ask(from, limit), { from, limit });
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      shown.push(...page.entries.map(({ decidedAt }) => decidedAt));
      next = page.next;
    }
    expect(shown).toEqual(['08', '07', '06', '05', '04', '03', '03', '02', '01']);
  });

  it('keep the position of a target that does not answer for a while', () => {
    const first = mergePages(ask(new Map(), 3), { from: new Map(), limit: 3 });
    expect(first.next).toBe('a:4,b:4');
    const from = parseCursor(first.next ?? '', Object.keys(stored));
    const without = mergePages(ask(from, 2, ['a']), { from, limit: 2 });
    expect(without.next).toBe('a:2,b:4');
  });

  it('begin at an id of the only target', () => {
    expect([...parseCursor('12', ['a'])]).toEqual([['a', 12]]);
    for (const wrong of ['12', 'a:', 'a:1;b:2', 'a:1,', "a:1' OR 1"])
      expect(() => parseCursor(wrong, ['a', 'b'])).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});
