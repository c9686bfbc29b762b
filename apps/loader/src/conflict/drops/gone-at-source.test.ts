import type { ResultRow } from '@lutra/mysql';
import { expect, it } from 'vitest';
import { GoneAtSource } from './gone-at-source.js';

const t = { database: 'shop', name: 't' };
const rows: readonly ResultRow[] = [
  { log_id: 'l1', seq: '5', tables: '[["shop","t"],["shop","u"]]' },
  { log_id: 'l1', seq: '9', tables: '[["crm","*"]]' },
];

it('a change is gone that had not seen the drop of its table, or of its database, in the same log', async () => {
  const gone = new GoneAtSource({ query: async () => rows, pipeline: 'p', region: 'a' });
  const of = (table: typeof t, seq: number, log = 'l1', by = 'p'): Promise<boolean> => gone.leavesOut(table, { [by]: { log, seq } });
  expect(await Promise.all([of(t, 4), of(t, 4, 'l1', 'a'), of({ database: 'crm', name: 'x' }, 8)])).toEqual([true, true, true]);
  expect(await Promise.all([of(t, 5), of(t, 4, 'l2'), of(t, 4, 'l1', 'other'), of({ ...t, name: 'T' }, 4)])).toEqual(Array(4).fill(false));
});

it('is read once, and again where that failed', async () => {
  let asked = 0;
  const query = async (sql: string): Promise<readonly ResultRow[]> => {
    expect(sql).toContain("pipeline = 'p' AND part = 0");
    if (++asked === 1) throw new Error('away');
    return rows;
  };
  const gone = new GoneAtSource({ query, pipeline: 'p', region: 'a' });
  const seen = { p: { log: 'l1', seq: 1 } };
  await expect(gone.leavesOut(t, seen)).rejects.toThrow('away');
  expect([await gone.leavesOut(t, seen), await gone.leavesOut(t, seen), asked]).toEqual([true, true, 2]);
});
