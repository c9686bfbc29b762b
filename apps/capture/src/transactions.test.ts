import { createRouter, SyncError } from '@lutra/model';
import type { ColumnSchema, Row, SourceItem, TableSchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { TransactionTracker } from './transactions.js';
import type { Output } from './transactions.js';

const column = (name: string): ColumnSchema => ({ name, type: 'int' });
const orders: TableSchema = { database: 'shop', name: 'orders', columns: [column('id')], primaryKey: ['id'] };
const other: TableSchema = { database: 'crm', name: 'notes', columns: [column('id')], primaryKey: ['id'] };
const checkpoint: TableSchema = { database: 'lutra', name: 'checkpoint', columns: [], primaryKey: [] };

const position = (pos: number) => ({ file: 'binlog.1', pos, gtidSet: `u:1-${pos}` });
const begin = (n: number): SourceItem => ({
  kind: 'begin',
  gtid: `u:${n}`,
  at: { file: 'binlog.1', pos: n },
  commitTimeUs: 1_000_000,
  serverId: 1,
});
const commit = (n: number): SourceItem => ({ kind: 'commit', end: position(n) });
const rows = (table: TableSchema, ...ids: number[]): SourceItem => ({
  kind: 'rows',
  table,
  op: 'c',
  rows: ids.map((id) => ({ before: null, after: { id } })),
  at: { file: 'binlog.1', pos: 5 },
  bytes: 100,
});
function marker(seq: number, epoch = 1): SourceItem {
  const row: Row = {
    pipeline: 'c.p',
    part: 0,
    lane: 0,
    log_id: 'L',
    log_epoch: 1n,
    seq: BigInt(seq),
    next_offset: 1n,
    gtid: null,
    source_us: 0n,
    origin: 'california',
    path: 'california',
    epoch: BigInt(epoch),
    n: 1n,
  };
  return { kind: 'rows', table: checkpoint, op: 'u', rows: [{ before: row, after: row }], at: { file: 'binlog.1', pos: 5 }, bytes: 100 };
}

function tracker(ddl: 'stop' | 'ignore' = 'stop'): TransactionTracker {
  const router = createRouter([{ schema: 'shop', table: '*' }]);
  return new TransactionTracker({
    endpoint: 'a',
    region: 'hangzhou',
    connector: 'mysql',
    version: '8',
    router,
    ddl,
    seen: {},
    now: () => 7,
  });
}
const feed = (to: TransactionTracker, ...items: SourceItem[]): Output[] => items.flatMap((item) => [...to.accept(item)]);
const published = (outputs: readonly Output[]) =>
  outputs.flatMap((output) =>
    output.kind === 'row' ? [[output.event.after?.['id'], output.event.transaction.totalOrder, output.event.transaction.last]] : [],
  );

describe('what the topic gets', () => {
  it('numbers the routed rows of a transaction and marks the last one', () => {
    const outputs = feed(tracker(), begin(1), rows(orders, 1, 2), rows(other, 9), rows(orders, 3), rows(other, 8), commit(1));
    expect(published(outputs)).toEqual([
      [1, 1, false],
      [2, 2, false],
      [3, 3, true],
    ]);
    const last = outputs.findLast((output) => output.kind === 'row');
    expect(last?.kind === 'row' && last.event.transaction.end).toEqual({ file: 'binlog.1', pos: 1 });
    expect(outputs.at(-1)).toMatchObject({ kind: 'boundary', end: position(1), marked: false, rows: 3 });
  });

  it('passes over a transaction that a loader wrote, and remembers it as seen', () => {
    const to = tracker();
    const copy = feed(to, begin(1), marker(41), rows(orders, 1), commit(1));
    expect(published(copy)).toEqual([]);
    expect(copy.at(-1)).toMatchObject({ marked: true, rows: 0 });
    const own = feed(to, begin(2), rows(orders, 2), commit(2));
    expect(own[0]).toMatchObject({ kind: 'row', event: { transaction: { seen: { california: { log: 'L', seq: 41 } } } } });
  });

  it('takes the last marker of a huge copy for seen', () => {
    const to = tracker();
    feed(to, begin(1), marker(41), rows(orders, 1), marker(99), commit(1));
    expect(feed(to, begin(2), rows(orders, 2), commit(2))[0]).toMatchObject({
      event: { transaction: { seen: { california: { seq: 99 } } } },
    });
  });

  it('does not take a transaction for a copy because it writes to lutra.checkpoint in its middle', () => {
    expect(published(feed(tracker(), begin(1), rows(orders, 1), marker(41), rows(orders, 2), commit(1)))).toEqual([
      [1, 1, false],
      [2, 2, true],
    ]);
  });

  it('advances over transactions without a routed row', () => {
    expect(feed(tracker(), begin(1), rows(other, 1), commit(1))).toMatchObject([{ kind: 'boundary', rows: 0 }]);
  });
});

describe('DDL on a routed table', () => {
  const ddl: SourceItem = {
    kind: 'ddl',
    gtid: 'u:3',
    database: 'shop',
    sql: 'ALTER TABLE orders ADD secret INT',
    at: { file: 'binlog.1', pos: 9 },
    end: position(10),
  };

  it('stops the endpoint, and the message does not carry the statement', () => {
    let error: unknown;
    try {
      feed(tracker('stop'), ddl);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(SyncError);
    expect((error as SyncError).code).toBe('DDL_UNSUPPORTED');
    expect((error as SyncError).message).not.toContain('secret');
  });

  it('is recorded and passed over where the endpoint says so', () => {
    expect(feed(tracker('ignore'), ddl)).toMatchObject([{ kind: 'ddl', database: 'shop' }, { kind: 'boundary' }]);
  });
});
