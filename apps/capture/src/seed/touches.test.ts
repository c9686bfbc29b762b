import type { Row, RowImage } from '@lutra/model';
import { keysOf } from '@lutra/mysql';
import { describe, expect, it } from 'vitest';
import { exactly } from './chunk-table.js';
import { maxTouchedKeys, TouchWindow } from './touches.js';

const schema = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'u', type: 'varchar' },
  ] as const,
  primaryKey: ['id'],
};
const columns = schema.columns.map((column) => ({ ...column, charset: 'utf8mb4', collation: 'utf8mb4_bin' }));
const target = { ...schema, columns, uniqueKeys: [{ name: 'u', columns: ['u'], nullable: true }], prefixKeys: [] };
const keys = keysOf(schema, target as never, exactly);

const row = (id: number, u: string | null = null): Row => ({ id, u, v: 1 });
const at = (pos: number) => ({ file: 'binlog.000001', pos });
const inserted = (after: Row): RowImage => ({ before: null, after });
const chunk = (...rows: readonly Row[]) => rows.map((one) => ({ key: { id: one['id'] ?? null }, row: one, since: 0 }));

function fates(window: TouchWindow, of = chunk(row(1, 'a'), row(2, 'b'), row(3, 'c'))): readonly string[] {
  return window.fates(keys, of);
}

describe('a row of a chunk', () => {
  const open = (): TouchWindow => new TouchWindow(['id', 'u']);

  it('stays where nothing touched it', () => {
    const window = open();
    window.add([inserted(row(9, 'z'))], { at: at(10), published: true });
    expect(fates(window)).toEqual(['stays', 'stays', 'stays']);
  });

  it('is dropped where the log brings it: of an update both keys count', () => {
    const window = open();
    window.add([{ before: row(1, 'a'), after: row(2, 'a') }], { at: at(10), published: true });
    expect(fates(window)).toEqual(['dropped', 'dropped', 'stays']);
  });

  it('is read again where what touched it is not in the log', () => {
    const window = open();
    window.add([inserted(row(2, 'x'))], { at: at(10), published: false });
    expect(fates(window)).toEqual(['stays', 'read again', 'stays']);
    window.add([inserted(row(2, 'y'))], { at: at(20), published: true });
    expect(fates(window)).toEqual(['stays', 'dropped', 'stays']);
  });

  it('is read again where another row had its unique value: the log does not bring this one', () => {
    const window = open();
    window.add([{ before: row(8, 'c'), after: row(8) }], { at: at(10), published: true });
    expect(fates(window)).toEqual(['stays', 'stays', 'read again']);
  });

  it('counts only what came after it was read', () => {
    const window = open();
    window.add([inserted(row(1))], { at: at(10), published: true });
    const since = window.mark;
    window.add([inserted(row(2))], { at: at(20), published: false });
    expect(
      fates(
        window,
        chunk(row(1), row(2)).map((one) => ({ ...one, since })),
      ),
    ).toEqual(['stays', 'read again']);
    expect([at(10), at(11), at(21)].map((from) => window.firstFrom(from))).toEqual([0, 1, 2]);
  });

  it('is not kept where its table was altered, or a transaction is beyond all bounds', () => {
    const altered = open();
    altered.discard('altered');
    expect([altered.discarded, altered.isTooLarge]).toEqual(['altered', false]);
    const large = open();
    large.add(
      Array.from({ length: maxTouchedKeys + 1 }, (_, id) => inserted(row(id))),
      { at: at(10), published: true },
    );
    expect([large.discarded !== null, large.isTooLarge]).toEqual([true, true]);
  });
});
