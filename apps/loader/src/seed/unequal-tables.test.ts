import type { ResultRow } from '@lutra/mysql';
import { expect, it } from 'vitest';
import { UnequalTables } from './unequal-tables.js';

const routed = { source: { database: 'shop', name: 't' }, target: { database: 'copy', name: 't' } };

function tablesOf(stores: readonly string[], asked: string[], entries: readonly ResultRow[] = []): UnequalTables {
  const within = async (sql: string): Promise<readonly (readonly ResultRow[])[]> => {
    const [, from = ''] = /FROM (\S+)/.exec(sql) ?? [];
    asked.push(from);
    if (from === 'information_schema.TABLES') return [stores.map((name) => ({ name }))];
    return [from === 'lutra.unequal' ? entries : [{ seeding: '0', leaving: '0' }]];
  };
  return new UnequalTables({ within }, 'p1');
}

it('a target whose lutra.sql is older is not asked for what it does not have', async () => {
  for (const stores of [[], ['seed']]) {
    const asked: string[] = [];
    const tables = tablesOf(stores, asked);
    expect([await tables.mayLack(routed), await tables.entryOf(routed)]).toEqual([false, null]);
    expect(asked).toEqual(['information_schema.TABLES', ...(stores.length > 0 ? ['lutra.difference'] : [])]);
  }
});

it('each table is asked for once in a transaction; of another pipeline a repair says what may be missing, a hole also what may differ', async () => {
  const asked: string[] = [];
  const tables = tablesOf(['seed', 'unequal'], asked, [{ ours: '0', cause: 'repair', request: 'r', reason: 'ann: why' }]);
  expect([await tables.mayLack(routed), await tables.entryOf(routed), await tables.isLeaving(routed)]).toEqual([true, null, false]);
  expect(asked).toHaveLength(3);
  const hole = { cause: 'hole', request: 'r', reason: 'ann: why' };
  const repair = { cause: 'repair', request: 's', reason: 'bob: why' };
  const entryOf = (...entries: readonly ResultRow[]) => tablesOf(['seed', 'unequal'], [], entries).entryOf(routed);
  expect(await entryOf({ ours: '0', ...hole })).toEqual({ ...hole, isOwn: false });
  expect(await entryOf({ ours: '0', ...hole }, { ours: '1', ...repair })).toEqual({ ...repair, isOwn: true });
});
