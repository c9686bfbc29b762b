import type { Origin, Row, SourceItem } from '@lutra/model';
import { expect, it } from 'vitest';
import { DdlCopies } from './copies.js';

const at = { file: 'b.1', pos: 4 };
const uuid = '4c757472-0000-0000-0000-000000000001';
const california: Origin = { origin: 'california', path: ['hangzhou', 'california'] };

function rows(after: Row | null): SourceItem {
  const table = { database: 'lutra', name: 'ddl', columns: [], primaryKey: [] };
  return { kind: 'rows', table, op: after ? 'c' : 'd', rows: [{ before: null, after }], flags: 0, at, bytes: 1 };
}
const row = (n: bigint): Row => ({ incarnation: uuid, n, origin: 'california', path: 'hangzhou,california' });
const statement = (gtid: string): SourceItem => ({ kind: 'ddl', gtid }) as SourceItem;

it('what a loader runs is known by its row in the binlog, or else by the table, which is asked once', async () => {
  const asked: string[] = [];
  const copies = new DdlCopies(async (gtid) => {
    asked.push(gtid);
    return gtid === `${uuid}:1` ? california : null;
  });
  for (const item of [rows(row(5n)), rows(null), rows({ ...row(6n), incarnation: '' })]) expect(copies.accept(item)).toBeNull();
  for (const gtid of [`${uuid}:5`, `${uuid}:1`, `${uuid}:1`, `${uuid}:2`, '3e11fa47-71ca-11e1-9e33-c80aa9429562:1'])
    await copies.accept(statement(gtid));
  expect(asked).toEqual([`${uuid}:1`, `${uuid}:2`]);
  expect([1, 2, 5].map((n) => copies.originOf(`${uuid}:${n}`))).toEqual([california, null, california]);
});

it('a row that cannot be read ends capture', () => {
  const copies = new DdlCopies(async () => null);
  const { origin: _, ...broken } = row(1n);
  expect(() => copies.accept(rows(broken))).toThrow(expect.objectContaining({ code: 'CHECKPOINT_INVALID' }));
});

it('only the newest are kept: the rest is asked for', async () => {
  let asked = 0;
  const copies = new DdlCopies(async () => {
    asked += 1;
    return california;
  });
  for (let n = 1n; n <= 3_000n; n += 1n) void copies.accept(rows(row(n)));
  await copies.accept(statement(`${uuid}:3000`));
  expect(asked).toBe(0);
  await copies.accept(statement(`${uuid}:1`));
  expect(asked).toBe(1);
});
