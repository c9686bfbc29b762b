import { SyncError } from '@lutra/model';
import type { ResultRow } from '@lutra/mysql';
import type { NewOmission } from '@lutra/registry';
import { createLogger, Metrics } from '@lutra/telemetry';
import { expect, test } from 'vitest';
import { LeftOutRows } from './left-out-rows.js';
import type { LeftOut } from './rows-by-name.js';

const does = { kind: 'columns', dropped: ['c'], renamed: [] } as const;
const left: LeftOut = {
  table: { database: 'shop', name: 't' },
  columns: ['c'],
  drops: [{ seq: 5, record: 'g:5', title: 'ALTER TABLE shop.t', does }],
};
const reason =
  "left out of shop.t: column c, which was dropped here by ALTER TABLE shop.t (record g:5, seq 5 of the target's log), which the row had not seen";
const row = (seq: number) => ({
  event: { op: 'c', before: null, after: { id: 1, c: 'x' }, source: { db: 'crm', table: 't', gtid: 'u:1' } } as const,
  position: { log: 'L', seq },
});

function rowsAt(found: readonly ResultRow[], fails: { times: number } = { times: 0 }) {
  const sqls: string[] = [];
  const omitted: NewOmission[] = [];
  const metrics = new Metrics('loader', { processMetrics: false });
  const rows = new LeftOutRows({
    pipeline: { uid: 'u1', name: 'c.p' },
    query: async (sql) => {
      if (sql.startsWith('UPDATE') && fails.times-- > 0) throw new SyncError('TARGET_UNAVAILABLE', 'away');
      sqls.push(sql);
      return sql.startsWith('SELECT') ? found : [];
    },
    omit: async (omission) => void omitted.push(omission),
    metrics,
    logger: createLogger('loader', 'silent'),
  });
  const counted = async (): Promise<number> => (await metrics.leftOutRows.get()).values.reduce((sum, { value }) => sum + value, 0);
  return { rows, sqls, omitted, counted };
}

test('the first row is listed before it is written; each counts once, when it is committed', async () => {
  const { rows, sqls, omitted, counted } = rowsAt([]);
  for (const seq of [7, 8, 8, 9]) await rows.note(left, row(seq));
  expect(sqls.filter((sql) => sql.startsWith('INSERT'))).toEqual([expect.stringContaining(`'[{"op":"c","table":"shop.t"`)]);
  expect(omitted).toMatchObject([
    { kind: 'drop', what: 'dropped columns: c', tables: ['crm.t'], where: 'seq 7', record: { log: 'L', seq: 7 } },
  ]);
  expect(await counted()).toBe(0);
  rows.committed(8);
  expect(await counted()).toBe(2);
  rows.committed(9);
  await rows.close();
  expect([await counted(), sqls.at(-1)]).toEqual([3, expect.stringMatching(/rows so far: 3' WHERE .* AND seq = 7$/)]);
});

test('what a run before has listed counts on, and is not listed again; a chunk counts with its rows', async () => {
  const { rows, sqls, omitted } = rowsAt([{ seq: '3', reason: `${reason}; rows so far: 40` }]);
  await rows.note(left, { ...row(7), rows: 10 });
  rows.committed(7);
  await rows.close();
  expect([sqls.length, omitted, sqls.at(-1)]).toEqual([2, [], expect.stringMatching(/rows so far: 50' WHERE .* AND seq = 3$/)]);
});

test('a count that cannot be written is written with the next one', async () => {
  const { rows, sqls } = rowsAt([], { times: 1 });
  await rows.note(left, row(7));
  rows.committed(7);
  await rows.close();
  await rows.close();
  expect(sqls.at(-1)).toMatch(/rows so far: 1'/);
});
