import { createRouter, followedRoutes } from '@lutra/model';
import type { ColumnSchema, Route, Row, Seen, SourceItem, TableSchema } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { checkpointRow, marker, resolution, signals, watermark } from './loader-writes.fixture.js';
import type { Output } from './output.js';
import { TransactionTracker } from './transactions.js';

const session = { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 };

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
  session,
});
const commit = (n: number): SourceItem => ({ kind: 'commit', end: position(n) });
const rows = (table: TableSchema, ...ids: number[]): SourceItem => ({
  kind: 'rows',
  flags: 0,
  table,
  op: 'c',
  rows: ids.map((id) => ({ before: null, after: { id } })),
  at: { file: 'binlog.1', pos: 5 },
  bytes: 100,
});

function tracker(forwarded: readonly Route[] = [], publishedThrough: string | null = null, seen: Seen = {}): TransactionTracker {
  const router = createRouter([{ schema: 'shop', table: '*' }]);
  return new TransactionTracker({
    endpoint: 'a',
    region: 'hangzhou',
    connector: 'mysql',
    version: '8',
    router,
    forwarded: createRouter(forwarded),
    publishedThrough,
    copies: { originOf: () => null },
    level: () => 3,
    foldsNames: false,
    seen,
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
    expect(own[0]).toMatchObject({ kind: 'row', event: { transaction: { seen: { 'c.p': { log: 'L', seq: 41 } } } } });
  });

  it('takes the last marker of a large copy for seen', () => {
    const to = tracker();
    feed(to, begin(1), marker(41), rows(orders, 1), marker(99), commit(1));
    expect(feed(to, begin(2), rows(orders, 2), commit(2))[0]).toMatchObject({
      event: { transaction: { seen: { 'c.p': { seq: 99 } } } },
    });
  });

  it('ends where a copy would be taken for new: its marker stands behind a row', () => {
    const to = tracker();
    feed(to, begin(1), rows(orders, 1));
    const refusal = { code: 'LOOP_DETECTED', details: { gtid: 'u:1', file: 'binlog.1', pos: 1, pipeline: 'c.p' } };
    expect(() => feed(to, marker(41))).toThrow(expect.objectContaining(refusal));
  });

  it('is no copy because a checkpoint is created or taken over in its middle: no loader does that with rows', () => {
    const created = { ...marker(41), rows: [{ before: null, after: checkpointRow(41) }] } as SourceItem;
    const taken = { ...marker(41), rows: [{ before: checkpointRow(41, 1), after: checkpointRow(41, 2) }] } as SourceItem;
    expect(published(feed(tracker(), begin(1), rows(orders, 1), created, taken, rows(orders, 2), commit(1)))).toEqual([
      [1, 1, false],
      [2, 2, true],
    ]);
  });

  it('advances over transactions without a routed row', () => {
    expect(feed(tracker(), begin(1), rows(other, 1), commit(1))).toMatchObject([{ kind: 'boundary', rows: 0 }]);
  });
});

describe('where pipelines forward', () => {
  const forwarding = () => tracker([{ schema: 'shop', table: 'orders' }]);
  const sources = (outputs: readonly Output[]) =>
    outputs.flatMap((output) => (output.kind === 'row' ? [[output.event.source.origin, ...output.event.source.path]] : []));

  it('what loaders wrote goes on with its origin and this region on its path, whole, with what had been seen before', () => {
    const to = forwarding();
    const outputs = feed(
      to,
      begin(1),
      marker(41),
      rows(orders, 1),
      rows({ ...orders, name: 'local' }, 9),
      rows(orders, 2),
      marker(99),
      commit(1),
    );
    expect(sources(outputs)).toEqual(Array.from({ length: 2 }, () => ['california', 'california', 'hangzhou']));
    expect(published(outputs)).toEqual([
      [1, 1, false],
      [2, 2, true],
    ]);
    expect(outputs[0]).toMatchObject({ event: { transaction: { seen: {} } } });
    expect(outputs.at(-1)).toMatchObject({ marked: true, rows: 2, seen: { 'c.p': { seq: 99 } } });
  });

  it('what is new here has this region alone', () => {
    expect(sources(feed(forwarding(), begin(1), rows(orders, 1), commit(1)))).toEqual([['hangzhou', 'hangzhou']]);
  });

  it('nothing goes on of which nobody says where it comes from', () => {
    const row = { ...checkpointRow(41), origin: '', path: '' };
    const unknown = { ...marker(41), rows: [{ before: null, after: row }] } as SourceItem;
    expect(feed(forwarding(), begin(1), unknown, rows(orders, 1), commit(1))).toMatchObject([{ kind: 'boundary', rows: 0, seen: {} }]);
  });

  it('what is read again is left out up to the transaction whose rows are in the log already; what it had seen and its resolutions are not', () => {
    const to = tracker([{ schema: 'shop', table: 'orders' }], 'u:2');
    const again = feed(
      to,
      begin(1),
      marker(41),
      rows(orders, 1),
      commit(1),
      begin(2),
      marker(42),
      rows(orders, 2),
      signals(resolution(0, 2)),
      commit(2),
    );
    expect(again.map(({ kind }) => kind)).toEqual(['boundary', 'signal', 'boundary']);
    expect(again.map((output) => output.kind === 'boundary' && output.publishedThrough)).toEqual(['u:2', false, null]);
    expect(again.at(-1)).toMatchObject({ rows: 0, seen: { 'c.p': { seq: 42 } } });
    expect(published(feed(to, begin(3), rows(orders, 3), commit(3)))).toEqual([[3, 1, true]]);
  });

  it('a source without GTIDs whose binlog lost that transaction is refused', () => {
    const lost = { ...begin(5), gtid: null } as SourceItem;
    expect(() => feed(tracker([], 'binlog.1:4'), lost)).toThrow(expect.objectContaining({ code: 'SOURCE_BEHIND' }));
    expect(feed(tracker([], 'binlog.1:5'), lost, commit(5))).toMatchObject([{ kind: 'boundary', publishedThrough: null }]);
  });

  const copyOf = (row: Row): SourceItem => ({ ...marker(0), rows: [{ before: row, after: row }] }) as SourceItem;

  it('of two pipelines from one region each has seen what it has seen itself', () => {
    const to = tracker();
    feed(to, begin(1), marker(41), commit(1));
    expect(feed(to, begin(2), copyOf({ ...checkpointRow(7), pipeline: 'other.p' }), commit(2))).toMatchObject([
      { seen: { 'c.p': { log: 'L', seq: 41 }, 'other.p': { log: 'L', seq: 7 } } },
    ]);
  });
});

describe('what a loader asks capture to publish', () => {
  const kinds = (outputs: readonly Output[]) => outputs.map((output) => (output.kind === 'signal' ? output.record.kind : output.kind));
  const of = (outputs: readonly Output[]) => outputs.flatMap((output) => (output.kind === 'signal' ? [output.record] : []));
  const upTo = (seq: number) => ({ 'c.p': { log: 'L', seq } });

  it('is a watermark, published when it is committed', () => {
    const to = tracker();
    expect(feed(to, begin(1), signals(watermark('t-1')))).toEqual([]);
    expect(feed(to, commit(1))).toEqual([
      { kind: 'signal', record: { kind: 'watermark', endpoint: 'a', pipeline: 'c.p', token: 't-1', tsMs: 7 } },
      expect.objectContaining({ kind: 'boundary', marked: false, rows: 0 }),
    ]);
  });

  it('is resolutions in their order, with what had been seen after the transaction that holds them, a large one too', () => {
    const outputs = feed(
      tracker(),
      begin(1),
      marker(41),
      rows(orders, 1),
      signals(resolution(0, 1)),
      rows(orders, 2),
      signals(resolution(1, 2, true), resolution(2, 3)),
      marker(99),
      commit(1),
    );
    const of = { endpoint: 'a', pipeline: 'c.p', channel: 'c', database: 'shop', table: 'orders' };
    const common = { kind: 'resolution', ...of, seen: upTo(99), tsMs: 7 };
    expect(outputs).toEqual([
      { kind: 'signal', record: { ...common, key: { id: 1 }, row: { id: 1 } } },
      { kind: 'signal', record: { ...common, key: { id: 2 }, row: null } },
      { kind: 'signal', record: { ...common, key: { id: 3 }, row: { id: 3 } } },
      expect.objectContaining({ kind: 'boundary', marked: true, rows: 0, seen: upTo(99) }),
    ]);
  });

  it('stands behind the last row, never inside a transaction', () => {
    const outputs = feed(tracker(), begin(1), rows(orders, 1), signals(watermark('t-1')), rows(orders, 2), commit(1));
    expect(kinds(outputs)).toEqual(['row', 'row', 'watermark', 'boundary']);
    expect(published(outputs).at(-1)).toEqual([2, 2, true]);
  });

  it('is discarded with the transaction: the next one has none of it', () => {
    const to = tracker();
    feed(to, begin(1), marker(41), signals(resolution(0, 1)), commit(1));
    expect(kinds(feed(to, begin(2), rows(orders, 2), commit(2)))).toEqual(['row', 'boundary']);
  });

  it('is no resolution without a loader, even one that cannot be read', () => {
    const outputs = feed(tracker(), begin(1), signals({ ...resolution(0, 1), content: 'by hand' }), rows(orders, 1), commit(1));
    expect(kinds(outputs)).toEqual(['ignored', 'row', 'boundary']);
  });

  it('stops capture where a loader wrote what cannot be read', () => {
    const to = tracker();
    feed(to, begin(1), marker(41));
    expect(() => feed(to, signals({ ...resolution(0, 1), content: '{}' }))).toThrow(
      expect.objectContaining({ code: 'CHECKPOINT_INVALID' }),
    );
  });

  it('is held once for each pipeline, however many watermarks a transaction writes', () => {
    const many = Array.from({ length: 1000 }, (_, n) => watermark(`t-${n}`));
    const outputs = feed(tracker(), begin(1), signals(...many, watermark('u', 'c.q')), commit(1));
    expect(of(outputs)).toMatchObject([{ token: 't-999' }, { pipeline: 'c.q', token: 'u' }]);
  });
});

describe('a transaction that is not to be replicated', () => {
  const skip = (op: 'c' | 'u' | 'd' = 'u') => ({ ...rows({ ...checkpoint, name: 'skip' }, 1), op }) as SourceItem;
  const otter = (info: Row | null, before: Row | null = null): SourceItem =>
    ({ ...rows({ ...orders, database: 'retl', name: 'retl_mark' }), rows: [{ before, after: info }] }) as SourceItem;
  const kinds = (outputs: readonly Output[]) => outputs.map(({ kind }) => kind);
  const passed = [expect.objectContaining({ kind: 'boundary', end: position(1), marked: false, skipped: true, rows: 0 })];

  it('is passed over if it begins with a write to lutra.skip, with all that it holds', () => {
    expect(feed(tracker(), begin(1), skip(), rows(orders, 1), signals(watermark('t-1')), rows(orders, 2), commit(1))).toEqual(passed);
    expect(feed(tracker(), begin(1), skip('c'), rows(orders, 1), commit(1))).toEqual(passed);
    expect(kinds(feed(tracker(), begin(1), skip('d'), rows(orders, 1), commit(1)))).toEqual(['row', 'boundary']);
  });

  it('may have rows before that are not routed', () => {
    expect(feed(tracker(), begin(1), rows(other, 9), skip(), rows(orders, 1), commit(1))).toEqual(passed);
  });

  it('is one for otter too, in whatever case, by the image that there is', () => {
    for (const mark of [
      otter({ channel_info: 'dba_SYNC' }),
      otter({ CHANNEL_INFO: '_sync' }),
      otter({ channel_info: 'x_SYNC' }, { channel_info: 'x' }),
      otter(null, { channel_info: '_SYNC' }),
    ])
      expect(feed(tracker(), begin(1), mark, rows(orders, 1), commit(1))).toEqual(passed);
    for (const mark of [otter({ channel_info: '_SYNC_NOT' }), otter({ channel_info: null }), otter({ id: 1 }), otter(null)])
      expect(kinds(feed(tracker(), begin(1), mark, rows(orders, 1), commit(1)))).toEqual(['row', 'boundary']);
  });

  it('is published whole, with a warning, if it says so only behind a row', () => {
    for (const mark of [skip(), otter({ channel_info: '_SYNC' })]) {
      const outputs = feed(tracker(), begin(1), rows(orders, 1), mark, rows(orders, 2), commit(1));
      expect(kinds(outputs)).toEqual(['ignored', 'row', 'row', 'boundary']);
      expect(outputs[0]).toMatchObject({ what: 'skip' });
      expect(outputs.at(-1)).toMatchObject({ skipped: false, rows: 2 });
    }
  });

  it('does not make the next one so', () => {
    const to = tracker();
    feed(to, begin(1), skip(), rows(orders, 1), commit(1));
    expect(published(feed(to, begin(2), rows(orders, 2), commit(2)))).toEqual([[2, 1, true]]);
  });

  it("is not a loader's", () => {
    const outputs = feed(tracker(), begin(1), marker(41), skip(), rows(orders, 1), commit(1));
    expect(outputs).toMatchObject([{ kind: 'boundary', marked: true, skipped: false, seen: { 'c.p': { seq: 41 } } }]);
  });
});

it('rows of what an online tool makes for a routed table go with it one way, and are left out both ways', () => {
  const routes = [{ schema: 'shop', table: 'orders' }];
  for (const [bothWays, want] of [
    [true, [[1, 1, true]]],
    [
      false,
      [
        [2, 1, false],
        [1, 2, true],
      ],
    ],
  ] as const) {
    const to = tracker();
    to.follow({ router: createRouter(followedRoutes(routes, { uid: 'p', bothWays })), forwarded: createRouter([]) });
    const shadow = { ...orders, name: '_orders_new' };
    const notes = { ...orders, name: '_orders_ghc' };
    expect(published(feed(to, begin(1), rows(shadow, 2), rows(notes, 3), rows(orders, 1), commit(1)))).toEqual(want);
  }
});
