/** The target is not asked for a table again with each row that lacks something: while a backlog is applied, that took 13 ms a row. */
import { SyncError } from '@lutra/model';
import type { TableSchema } from '@lutra/model';
import type { TargetTable } from '@lutra/mysql';
import { expect, it } from 'vitest';
import type { Drop, Dropping } from '../conflict/drops/drops.js';
import { TableMatcher } from './table-matcher.js';

const column = (name: string) => ({ name, type: 'int' }) as const;
const source: TableSchema = { database: 'shop', name: 't', columns: [column('id'), column('c')], primaryKey: ['id'] };
const coming = (seq: number) => ({ seen: [{ log: 'l', seq }] as never, isOpen: false });

function matching(does: Dropping, load: () => Promise<TargetTable>): { readonly matcher: TableMatcher; readonly drops: Drop[] } {
  const drops: Drop[] = [{ seq: 5, record: 'r5', title: 'ALTER TABLE shop.t', does }];
  const matcher = new TableMatcher({
    router: Object.assign((table: { readonly name: string }) => ({ database: 'shop', name: table.name }), {
      coversDatabase: () => true,
      shadow: () => null,
    }),
    here: { dropless: false, dropped: () => drops, upToNow: async () => undefined },
    load,
    isSuspended: () => false,
  });
  return { matcher, drops };
}

it('a table that lacks a column is asked for once', async () => {
  let asked = 0;
  const target = {
    database: 'shop',
    name: 't',
    columns: [{ ...column('id'), generated: true }],
    primaryKey: ['id'],
    uniqueKeys: [],
  } as unknown as TargetTable;
  const { matcher } = matching({ kind: 'columns', dropped: ['c'], renamed: [] }, async () => {
    asked += 1;
    return target;
  });
  for (let i = 0; i < 3; i += 1)
    expect(await matcher.targetOf(source, coming(1))).toMatchObject({ target: { name: 't' }, left: { columns: ['c'] } });
  expect(asked).toBe(1);
  matcher.discard();
  await matcher.targetOf(source, coming(1));
  expect(asked).toBe(2);
});

it('a table that is gone is asked for once, and again when the target’s log tells more', async () => {
  let asked = 0;
  const { matcher, drops } = matching({ kind: 'table' }, async () => {
    asked += 1;
    throw new SyncError('TABLE_MISSING', 'shop.t is not there');
  });
  for (let i = 0; i < 3; i += 1) expect(await matcher.targetOf(source, coming(1))).toMatchObject({ target: null, left: { columns: null } });
  expect(asked).toBe(1);
  drops.push({ seq: 9, record: 'r9', title: 'CREATE TABLE shop.t', does: { kind: 'made' } });
  await matcher.targetOf(source, coming(1));
  expect(asked).toBe(2);
});
