/** A table without any key ends as it is at the source, or is refused by name; and the rules for which that does not hold. */
import { afterAll, describe, expect, it } from 'vitest';
import { keylessModel } from './keyless.js';
import { keylessProtocol, none } from './keyless-words.js';
import type { Change, KeylessCase, KeylessRules } from './keyless-words.js';
import { endsOf } from './paths.js';

const inserts: Change = { before: null, after: 'a' };
const updates: Change = { before: 'a', after: 'b' };
const deletes: Change = { before: 'a', after: null };
const example: KeylessCase = {
  rows: { a: 2, b: 0 },
  writes: [inserts, updates, deletes],
  unlogged: [],
  there: none,
  kills: 1,
  rewinds: 0,
  skips: 0,
  gaps: 0,
};
const scripts: readonly (readonly Change[])[] = [inserts, updates, deletes].flatMap((one) =>
  [inserts, updates, deletes].flatMap((other) => [inserts, updates, deletes].map((third) => [one, other, third])),
);

const cases: Readonly<Record<string, Partial<KeylessCase>>> = {
  'captures and loaders that are killed': { kills: 2 },
  'a chunk that is skipped': { skips: 1 },
  'a pipeline that is rewound': { rewinds: 1, writes: [inserts, updates, deletes] },
  'rewound twice, and killed': { rewinds: 2, writes: [inserts, updates] },
  'writes that the log does not carry': { unlogged: [updates, inserts], writes: [inserts, deletes] },
  'a table that leaves the routes and comes back': { gaps: 1 },
  'a target that is not empty': { there: { a: 1, b: 0 } },
  'two pipelines: the second one finds the rows of the first': { there: { a: 2, b: 1 }, writes: [updates], skips: 1 },
};

const total = { good: 0 };
afterAll(() => console.log(`keyless: ${total.good.toExponential(1)} interleavings`));

describe('it ends as at the source, or is refused', () => {
  it.each(Object.entries(cases))('%s', (_, part) => {
    for (const writes of part.writes ? [part.writes] : scripts) {
      const { good, bad, shortest } = endsOf(keylessModel({ ...example, ...part, writes }, keylessProtocol));
      expect(shortest, JSON.stringify(writes)).toBeNull();
      expect(bad).toBe(0);
      total.good += good;
    }
  });

  it('an empty table is as good as any', () => {
    expect(endsOf(keylessModel({ ...example, rows: none, writes: [inserts, updates, inserts] }, keylessProtocol)).bad).toBe(0);
  });

  it('what is refused is rare: no write, kill or skip alone costs it', () => {
    const { good } = endsOf(keylessModel({ ...example, skips: 1 }, keylessProtocol));
    const counted = endsOf({
      ...keylessModel({ ...example, skips: 1 }, keylessProtocol),
      verdict: ({ refused }) => (refused ? 'refused' : null),
    });
    expect(counted).toMatchObject({ good, bad: 0 });
  });
});

const naive: Readonly<Record<string, readonly [Partial<KeylessRules>, Partial<KeylessCase>?]>> = {
  'a consistent read without a lock: the rows are published behind changes that undo them': [{ locks: 'none' }],
  'locks of rows alone: what is inserted before the place is in no chunk': [{ locks: 'rows' }],
  'changes before the chunk are applied, an update without its row written whole: rows twice': [{ before: 'written whole', there: 'kept' }],
  'changes before the chunk are applied where they fit: rows twice': [{ before: 'where they fit', there: 'kept' }],
  'nothing is said before the chunk, and an insert is applied': [{ state: 'none', there: 'kept' }],
  'a chunk that comes twice is taken': [{ again: 'taken', there: 'kept' }],
  'rows that are there are kept': [{ there: 'kept' }, { there: { a: 1, b: 0 } }],
  'the tick comes before the rows': [{ tick: 'before' }],
  'behind a rewind changes are applied as any other': [{ rewound: 'applied' }, { rewinds: 1 }],
  'each part of the chunk is in by itself': [{ parts: 'each alone' }, { rows: { a: 2, b: 1 } }],
  'what is ticked off stays, though the log left the table out': [{ gap: 'stays' }, { gaps: 1 }],
};

describe('rules for which it does not hold', () => {
  it.each(Object.entries(naive))('%s', (name, [rules, part]) => {
    const { good, bad } = endsOf(keylessModel({ ...example, ...part }, { ...keylessProtocol, ...rules }));
    console.log(`${name}: ${bad} of ${good + bad}`);
    expect(bad).toBeGreaterThan(0);
  });
});
