import { expect, it } from 'vitest';
import { alteredThere, changedThere, sparedRows } from './spared.js';
import type { SparedTable } from './spared.js';
import { firstBehind } from './target-log.js';
import type { ChangedRow, TargetLog } from './target-log.js';

const { signal } = new AbortController();
const target = { database: 'shop', name: 'orders' };
const table = (more: Partial<SparedTable> = {}): SparedTable => ({
  target,
  sourceRegion: 'rs',
  keys: new Map([1, 2, 3, 4].map((id) => [`h${id}`, { id }])),
  conflictKey: async ({ id }) => String(id),
  ...more,
});
const change = (id: number, more: Partial<ChangedRow> = {}): ChangedRow => ({
  table: target,
  images: [null, { id, v: 'x' }],
  origin: 'rt',
  ...more,
});
const logOf = (...changes: readonly ChangedRow[]): TargetLog => ({
  async since() {
    return (async function* () {
      yield changes;
    })();
  },
});
const sparedOf = async (log: TargetLog, of = table()): Promise<unknown> => [
  ...((await sparedRows(log, { tables: [of], since: 5, signal })).get(of) ?? []),
];

it('rows that the target changed are spared: inserted, updated, deleted, by another key before', async () => {
  const log = logOf(change(1), change(2, { images: [{ id: 2 }, { id: 9 }] }), change(3, { images: [{ id: 3 }, null] }));
  expect(await sparedOf(log)).toEqual([
    ['h1', changedThere],
    ['h2', changedThere],
    ['h3', changedThere],
  ]);
});

it('copies of what the source wrote, and rows of other tables, spare nothing', async () => {
  expect(await sparedOf(logOf(change(1, { origin: 'rs' }), change(2, { table: { ...target, name: 'other' } })))).toEqual([]);
});

it('a schema change at the target spares all rows of its tables: which ones it changed, no row says', async () => {
  const whole = (of: Partial<ChangedRow['table']>, more: Partial<ChangedRow> = {}): ChangedRow =>
    change(1, { table: { ...target, ...of }, images: [], isWhole: true, ...more });
  for (const log of [whole({}), whole({ name: '*' }), whole({ database: '*', name: '*' })])
    expect(await sparedOf(logOf(log))).toEqual(['h1', 'h2', 'h3', 'h4'].map((hash) => [hash, alteredThere]));
  for (const log of [whole({ name: 'other' }), whole({ database: 'crm', name: '*' }), whole({}, { origin: 'rs' })])
    expect(await sparedOf(logOf(log))).toEqual([]);
});

it('what the log cannot tell is spared', async () => {
  const all = await sparedOf({ since: async () => null });
  expect(all).toHaveLength(4);
  expect(await sparedOf(logOf(), table({ conflictKey: async () => null }))).toHaveLength(4);
});

it('reading begins at the first record that is not before the time', async () => {
  const times = [10, 20, 20, 30, 40];
  const first = (ms: number): Promise<number> => firstBehind({ start: 100, end: 105 }, ms, async (offset) => times[offset - 100] ?? NaN);
  expect(await Promise.all([5, 10, 15, 20, 41].map(first))).toEqual([100, 100, 101, 101, 105]);
});
