import type { Row, SourceItem } from '@lutra/model';
import { beforeEach, describe, expect, it } from 'vitest';
import { marker } from '../stream/loader-writes.fixture.js';
import type { NewEntry } from './entry.js';
import { OtterRequests } from './otter-requests.js';

const at = { file: 'binlog.1', pos: 5 };
const session = { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 };
const begin: SourceItem = { kind: 'begin', gtid: 'u:1', at, commitTimeUs: 1, serverId: 1, session };
const commit: SourceItem = { kind: 'commit', end: { ...at, gtidSet: 'u:1' } };

const rows = (database: string, name: string, after: readonly Row[], op: 'c' | 'u' | 'd' = 'c'): SourceItem => {
  const images = after.map((row) => (op === 'd' ? { before: row, after: null } : { before: op === 'u' ? row : null, after: row }));
  return { kind: 'rows', flags: 0, table: { database, name, columns: [], primaryKey: [] }, op, rows: images, at, bytes: 9 };
};
/** Columns as otter's script calls them. */
const buffer = (of: Row): Row => ({
  ID: 7n,
  TABLE_ID: 0,
  FULL_NAME: 'shop.orders',
  TYPE: 'I',
  PK_DATA: '5',
  GMT_CREATE: '2024-01-01 00:00:00',
  ...of,
});
const asks = (...of: Row[]): SourceItem => rows('retl', 'retl_buffer', of.map(buffer));

let entered: number;
let requests: OtterRequests;
beforeEach(() => {
  entered = 0;
  const tables = { 12: ['shop.orders'], 13: ['shop.orders', 'crm.notes'], 14: ['shop.orders', 'shop.orders'] };
  requests = new OtterRequests({ tables: () => tables, entered: () => void (entered += 1) });
});
const feed = (...items: SourceItem[]): readonly (readonly NewEntry[] | null)[] => items.map((item) => requests.accept(item));
const one = (of: Row): NewEntry | undefined => feed(begin, asks(of), commit)[2]?.[0];

describe("otter's buffer", () => {
  it('gives entries before the commit is handed on, and none before', () => {
    const entry = { table: { database: 'shop', name: 'orders' }, rowKey: '["5"]', request: 'otter', problem: null };
    expect(feed(begin, asks({}, {}), rows('shop', 'orders', [{ id: 1 }]), commit)).toEqual([null, null, null, [entry, entry]]);
    expect(feed(begin, commit)).toEqual([null, null]);
  });

  it('of updates too, and of nothing that was deleted or is another table', () => {
    const [of] = [buffer({})];
    expect(feed(begin, rows('retl', 'retl_buffer', [of], 'u'), commit)[2]?.length).toBe(1);
    expect(
      feed(begin, rows('retl', 'retl_buffer', [of], 'd'), rows('retl', 'xdual', [of]), rows('shop', 'retl_buffer', [of]), commit)[4],
    ).toBeNull();
  });

  it('of a larger transaction before its end', () => {
    const many = Array.from({ length: 1_500 }, () => ({}));
    expect(feed(begin, asks(...many), asks({}), commit).map((of) => of?.length)).toEqual([undefined, 1_500, undefined, 1]);
  });

  it('has the values of the key by their places, and sends what was deleted too', () => {
    expect(one({ PK_DATA: '5\u0001eu\u0001' })?.rowKey).toBe('["5","eu",""]');
    expect(['I', 'U', 'D'].map((TYPE) => one({ TYPE })?.problem)).toEqual([null, null, null]);
    expect(one({ TYPE: 'A' })?.problem).toBe('retl.retl_buffer, id 7: type is A: write I, U or D');
  });

  it('names the table by its name, else by what the channels say of its id, else says why it cannot', () => {
    const orders = { database: 'shop', name: 'orders' };
    expect(one({ FULL_NAME: 'shop.a.b', TABLE_ID: 12 })?.table).toEqual({ database: 'shop', name: 'a.b' });
    for (const FULL_NAME of ['', null]) expect(one({ FULL_NAME, TABLE_ID: 12 })).toMatchObject({ table: orders, problem: null });
    expect(one({ FULL_NAME: '', TABLE_ID: 14 })).toMatchObject({ table: orders, problem: null });
    const problems = [{ TABLE_ID: 11 }, { TABLE_ID: 13 }].map((of) => one({ FULL_NAME: '', ...of })?.problem);
    expect(problems[0]).toContain(
      'id 7: no channel says which table has table_id 11: write full_name, or put "otterTables": {"11": "schema.table"}',
    );
    expect(problems[1]).toContain('table_id 13 is shop.orders in one channel and crm.notes in another');
    expect(one({ FULL_NAME: 'orders' })?.problem).toContain('full_name is no schema.table: orders');
  });

  it('asks for nothing in a transaction that a loader wrote, or that is kept local', () => {
    const mark = rows('retl', 'retl_mark', [{ CHANNEL_ID: 1, CHANNEL_INFO: 'app_SYNC' }]);
    const skip = rows('lutra', 'skip', [{ id: 1, n: 5n }], 'u');
    for (const silent of [mark, skip, marker(41)]) expect(feed(begin, silent, asks({}), commit)[3]).toBeNull();
    expect(feed(begin, asks({}), commit)[2]?.length).toBe(1);
  });
});

describe('lutra.resync', () => {
  it('wakes the queue at the commit, in a larger transaction too, and not for what capture deletes and refuses', () => {
    const entry = { id: 1n, schema_name: 'shop' };
    feed(begin, rows('shop', 'orders', [{ id: 1 }]), rows('lutra', 'resync', [entry]), rows('shop', 'orders', [{ id: 2 }]));
    expect(entered).toBe(0);
    feed(commit);
    expect(entered).toBe(1);
    feed(begin, rows('lutra', 'resync', [entry], 'd'), rows('lutra', 'resync', [entry], 'u'), commit);
    expect(entered).toBe(1);
  });
});
