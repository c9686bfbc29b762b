import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomId, randomIdSchema } from './random-id.js';
import { continues, nextRevision, recentWrites, treeRevisionSchema } from './tree-revision.js';
import type { TreeRevision } from './tree-revision.js';

/** `count` writes after `before`, oldest first. */
function written(before: TreeRevision | null, count: number): readonly TreeRevision[] {
  const states: TreeRevision[] = [];
  for (let last = before; states.length < count;) {
    last = nextRevision(last, { write: randomId(), by: 'test', at: 0 });
    states.push(last);
  }
  return states;
}

test('an id is 12 characters of base32, and another one each time', () => {
  const ids = Array.from({ length: 2_000 }, randomId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(randomIdSchema.parse(id)).toBe(id);
});

describe('a tree that continues what is known', () => {
  test('by any number of writes', () => {
    const states = written(null, recentWrites + 20);
    const last = states.at(-1) ?? null;
    for (const state of states) expect(continues(last, state)).toBe(true);
    expect(treeRevisionSchema.parse(last).recent).toHaveLength(recentWrites);
  });

  test('is not an emptied one, one with less, or one that was restored and written on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 60 }),
        (common, lost, since) => {
          const copy = written(null, common);
          const known = written(copy.at(-1) ?? null, lost).at(-1);
          const restored = written(copy.at(-1) ?? null, since).at(-1) ?? copy.at(-1) ?? null;
          if (!known) throw new Error('nothing was written');
          expect(continues(null, known)).toBe(false);
          expect(continues(restored, known)).toBe(false);
          // Who worked by the copy itself goes on.
          for (const state of copy) expect(continues(restored, state)).toBe(true);
        },
      ),
    );
  });

  test('and is whatever a person says', () => {
    const [known] = written(null, 9).slice(-1);
    if (!known) throw new Error('nothing was written');
    const adopted = { revision: 10, write: randomId(), by: 'test', at: 0, recent: [], adopted: 10 };
    expect(continues(adopted, known)).toBe(true);
    expect(continues(written(adopted, 5).at(-1) ?? null, known)).toBe(true);
    // Only what was known before that.
    expect(continues({ ...adopted, write: randomId() }, adopted)).toBe(false);
  });
});
