import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecentChanges } from './recent-changes.js';

describe('an index of recent changes of changes', () => {
  it('knows the last change of each conflict key that is not discarded, and nothing else', () => {
    const steps = fc.array(fc.record({ conflictKey: fc.constantFrom('a', 'b', 'c', 'd'), discard: fc.boolean() }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.nat({ max: 60 }), (all, seen) => {
        const recentChanges = new RecentChanges({ withRows: true });
        const last = new Map<string, number>();
        let bound = -1;
        for (const [seq, { conflictKey, discard }] of all.entries()) {
          recentChanges.add(conflictKey, seq, [conflictKey]);
          last.set(conflictKey, seq);
          if (discard) recentChanges.discard((bound = Math.max(bound, seq - 3)));
        }
        for (const conflictKey of ['a', 'b', 'c', 'd']) {
          const seq = last.get(conflictKey) ?? -1;
          expect(recentChanges.changedAfter(conflictKey, Math.max(seen, bound))).toBe(seq > Math.max(seen, bound) ? seq : null);
        }
        expect(recentChanges.size).toBe([...last.values()].filter((seq) => seq > bound).length);
      }),
    );
  });

  it('knows all rows that had to do with a conflict key, each with its last change', () => {
    const recentChanges = new RecentChanges({ withRows: true });
    recentChanges.add('x', 1, ['n']);
    recentChanges.add('x', 2, ['N']);
    recentChanges.add('x', 3, [1n]);
    recentChanges.add('x', 4, ['n']);
    expect(recentChanges.concurrentChanges('x', 0)).toEqual([['N'], [1n], ['n']]);
    expect(recentChanges.concurrentChanges('x', 2)).toEqual([[1n], ['n']]);
    expect(recentChanges.concurrentChanges('x', 4)).toEqual([]);
    expect(recentChanges.concurrentChanges('y', 0)).toEqual([]);
  });

  it('knows them as a list would that forgets nothing, whatever was discarded', () => {
    const step = fc.record({ conflictKey: fc.constantFrom('x', 'y'), row: fc.nat({ max: 20 }), discard: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), fc.nat({ max: 120 }), (all, asked) => {
        const recentChanges = new RecentChanges({ withRows: true });
        let bound = -1;
        for (const [seq, { conflictKey, row, discard }] of all.entries()) {
          recentChanges.add(conflictKey, seq, [row]);
          if (discard) recentChanges.discard((bound = Math.max(bound, seq - 9)));
        }
        const seen = Math.max(asked, bound);
        for (const conflictKey of ['x', 'y']) {
          const changes = all.flatMap((each, seq) => (each.conflictKey === conflictKey && seq > seen ? [each.row] : []));
          const last = changes.filter((row, i) => !changes.includes(row, i + 1));
          expect(recentChanges.concurrentChanges(conflictKey, seen)).toEqual(last.map((row) => [row]));
        }
      }),
    );
  });

  it('discards the rows of a conflict key that is changed all the time', () => {
    const recentChanges = new RecentChanges({ withRows: true });
    for (let seq = 0; seq < 1000; seq += 1) {
      recentChanges.add('x', seq, [seq]);
      recentChanges.discard(seq - 10);
    }
    expect(recentChanges.concurrentChanges('x', -1).length).toBeLessThanOrEqual(30);
  });
});
