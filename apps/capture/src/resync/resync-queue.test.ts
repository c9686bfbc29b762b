import { createRouter, SyncError } from '@lutra/model';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TargetTable } from '@lutra/mysql';
import type { KeyAsk } from '../seed/key-ask.js';
import { ResyncQueue } from './resync-queue.js';
import { MemoryStore } from './resync-store.fixture.js';

const column = { columnType: 'int', nullable: false, hasDefault: false, autoIncrement: false, generated: false, expression: null };
const plain = { onUpdateTimestamp: false, unsigned: false, charset: null, collation: null, length: null, characters: null };
const id = { name: 'id', type: 'int', ...column, ...plain, precision: null, scale: null, geometry: null, srid: null };
const tableOf = (name: string, primaryKey: readonly string[] = ['id']): TargetTable =>
  ({ database: 'shop', name, engine: 'InnoDB', columns: [id], primaryKey, uniqueKeys: [], prefixKeys: [] }) as unknown as TargetTable;

let store: MemoryStore;
let asks: KeyAsk[];
let level: number;
let suspended: { database: string; name: string }[];
let troubles: (string | null)[];
let ended: string[];
let waits: number[];
let stop: AbortController;
let running: Promise<unknown>;
let queue: ResyncQueue;

const routes = { ab: [{ schema: 'shop', table: '*' }], cd: [{ schema: 'shop', table: 'orders' }] };

beforeEach(() => {
  store = new MemoryStore();
  store.tables.set('shop.orders', tableOf('orders')).set('shop.items', tableOf('items')).set('shop.log', tableOf('log', []));
  [asks, level, suspended, troubles, ended, waits, stop] = [[], 2, [], [], [], [], new AbortController()];
});
afterEach(async () => {
  stop.abort();
  await running;
  expect(store.closed).toBe(true);
});

function start(): void {
  queue = new ResyncQueue({
    store,
    asks: { ask: (ask) => void asks.push(ask) },
    signal: stop.signal,
    addressing: () => ({ carried: routes, router: createRouter(routes.ab, suspended), foldsNames: false }),
    level: () => level,
    waits: (waiting) => void waits.push(waiting),
    ended: (result, entries) => void ended.push(`${result} ${entries}`),
    trouble: (error) => void troubles.push(error && error.code),
  });
  running = queue.run().catch((error: unknown) => error);
}
const until = (holds: () => void): Promise<void> => vi.waitFor(holds, { timeout: 10_000, interval: 5 });
const asked = (): readonly unknown[] =>
  asks.map(({ table, pipelines, purpose, request, keys }) => [
    table.name,
    pipelines.join(),
    purpose,
    request,
    keys.map((key) => key['id']),
  ]);
const problems = (): readonly (string | null)[] => [...store.entries.values()].map(({ problem }) => problem);

describe('the queue', () => {
  it('holds rows of a table that is being made equal here, and goes on with probes and other tables', async () => {
    store.unequal.add('shop.orders');
    for (const purpose of ['resync', 'repair', 'probe']) store.put({ purpose });
    store.put({ table: { database: 'shop', name: 'items' } });
    start();
    await until(() => expect(asks.length).toBe(2));
    expect(asks.map(({ table, purpose }) => `${table.name} ${purpose}`)).toEqual(['orders probe', 'items resync']);
    for (const ask of asks) ask.published();
    await until(() => expect([...store.entries.values()].map(({ purpose }) => purpose)).toEqual(['resync', 'repair']));
    await until(() => expect(waits.at(-1)).toBe(2));
    store.unequal.clear();
    queue.wake();
    await until(() => expect(asks.length).toBe(4));
    expect(problems()).toEqual([null, null]);
  });

  it('asks in the order of ids, by table, pipelines, purpose and request, and deletes what was published', async () => {
    for (let n = 1; n <= 3; n++) store.put({ rowKey: `{"id": ${n}}` });
    store.put({ table: { database: 'shop', name: 'items' } });
    store.put({ pipeline: 'ab' });
    store.put({ purpose: 'probe', request: 'v1' });
    store.put({ rowKey: '{"id": 4}' });
    start();
    await until(() => expect(asks.length).toBe(4));
    expect(asked()).toEqual([
      ['orders', 'ab,cd', 'resync', '', [1, 2, 3, 4]],
      ['items', 'ab', 'resync', '', [1]],
      ['orders', 'ab', 'resync', '', [1]],
      ['orders', 'ab,cd', 'probe', 'v1', [1]],
    ]);
    asks[0]?.published();
    await until(() => expect(store.entries.size).toBe(3));
    for (const ask of asks.slice(1)) ask.published();
    await until(() => expect(store.entries.size).toBe(0));
    expect(ended).toEqual(['published 4', 'published 3']);
    expect(asks.length).toBe(4);
  });

  it('asks once for a key that is waited for twice, and deletes both', async () => {
    store.put({});
    store.put({ rowKey: '{"id": "1"}' });
    start();
    await until(() => expect(asked()).toEqual([['orders', 'ab,cd', 'resync', '', [1]]]));
    asks[0]?.published();
    await until(() => expect(store.entries.size).toBe(0));
  });

  it('asks for 500 keys at once, and has 4,000 under way', async () => {
    for (let n = 1; n <= 4_600; n++) store.put({ rowKey: `{"id": ${n}}` });
    start();
    await until(() => expect(asks.length).toBe(8));
    expect(asks.map(({ keys }) => keys.length)).toEqual(Array.from({ length: 8 }, () => 500));
    queue.wake();
    await until(() => expect(waits.length).toBeGreaterThan(1));
    expect(asks.length).toBe(8);
    for (const ask of asks.slice(0, 8)) ask.published();
    await until(() => expect(asks.length).toBe(10));
    expect(asks.at(-1)?.keys.length).toBe(100);
    expect(Math.max(...store.removals)).toBe(500);
  });

  it('takes an entry whose id is smaller than one that was taken, which going on behind the last id would not', async () => {
    store.put({ id: '6', rowKey: '{"id": 6}' });
    start();
    await until(() => expect(asks.length).toBe(1));
    store.put({ id: '5', rowKey: '{"id": 5}' });
    queue.wake();
    await until(() => expect(asks.map(({ keys }) => keys[0]?.['id'])).toEqual([6, 5]));
  });

  it('looks by itself too', async () => {
    start();
    await until(() => expect(waits).toEqual([0]));
    store.put({});
    await until(() => expect(asks.length).toBe(1));
  });

  it('takes nothing below level 2, and does not even look', async () => {
    level = 1;
    store.put({});
    store.before = (what) => {
      if (level < 2) throw new Error(`${what} at level 1`);
    };
    start();
    queue.wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect([asks, troubles]).toEqual([[], []]);
    level = 2;
    queue.wake();
    await until(() => expect(asks.length).toBe(1));
  });

  it('says of each damaged entry what to do, and sends the others', async () => {
    suspended = [{ database: 'shop', name: 'items' }];
    store.put({ rowKey: 'no JSON' });
    store.put({ rowKey: '{"nr": 1}' });
    store.put({ rowKey: '{"id": "x"}' });
    store.put({ rowKey: null });
    store.put({ table: { database: 'crm', name: 'notes' } });
    store.put({ table: { database: 'shop', name: 'gone' } });
    store.put({ table: { database: 'shop', name: 'log' } });
    store.put({ table: { database: 'shop', name: 'items' } });
    store.put({ purpose: 'reseed' });
    store.put({ pipeline: 'xx' });
    store.put({ pipeline: 'cd', table: { database: 'shop', name: 'items' } });
    store.put({ rowKey: '{"id": 9}' });
    start();
    await until(() => expect(problems().filter((problem) => problem !== null).length).toBe(11));
    expect(problems()).toEqual([
      'shop.orders: row_key is not JSON of a key: write {"id": value}',
      'shop.orders: row_key does not name the columns of the primary key: write id, and no other',
      expect.stringContaining('row_key, column id (int): write a whole number in its range'),
      'row_key is longer than any key: write the columns of the primary key alone',
      'no pipeline carries crm.notes: correct schema_name and table_name, or add a route, and insert it again',
      'shop.gone does not exist, or the user may not see it: correct schema_name and table_name, or grant SELECT on it, and insert it again',
      'shop.log: the table has no primary key, and no unique key over whole NOT NULL columns, so its rows cannot be sent again one by one',
      expect.stringContaining('shop.items is suspended: bring it back first'),
      'purpose is reseed: write resync, probe, repair',
      expect.stringContaining('pipeline xx does not read this endpoint: write the uid of one that does, or NULL'),
      expect.stringContaining('pipeline cd does not carry shop.items'),
      null,
    ]);
    expect(asked()).toEqual([['orders', 'ab,cd', 'resync', '', [9]]]);
  });

  it('asks for each key by itself where an ask was refused, so that only the wrong one is', async () => {
    for (let n = 1; n <= 3; n++) store.put({ rowKey: `{"id": ${n}}` });
    start();
    await until(() => expect(asks.length).toBe(1));
    asks[0]?.refused(new SyncError('VALUE_UNSUPPORTED', 'key 2'));
    await until(() => expect(asks.length).toBe(4));
    for (const { keys, published, refused } of asks.slice(1))
      if (keys[0]?.['id'] === 2) refused(new SyncError('VALUE_UNSUPPORTED', 'key 2'));
      else published();
    await until(() => expect(problems()).toEqual([expect.stringMatching(/^VALUE_UNSUPPORTED: key 2\. ./)]));
    expect(asks.length).toBe(4);
  });

  it('asks again where it could not be read at the moment', async () => {
    store.put({});
    start();
    await until(() => expect(asks.length).toBe(1));
    asks[0]?.refused(new SyncError('SOURCE_UNAVAILABLE', 'away'));
    await until(() => expect(asks.length).toBe(2));
    expect(problems()).toEqual([null]);
  });

  it('says once that it lacks rights, and that it has them', async () => {
    store.put({});
    let denied = true;
    let looks = 0;
    store.before = () => {
      looks += 1;
      if (denied) throw new SyncError('SOURCE_DENIED', 'DELETE command denied');
    };
    start();
    await until(() => expect(looks).toBe(1));
    queue.wake();
    await until(() => expect(looks).toBe(2));
    expect(troubles).toEqual(['SOURCE_DENIED']);
    denied = false;
    queue.wake();
    await until(() => expect(asks.length).toBe(1));
    expect(troubles).toEqual(['SOURCE_DENIED', null]);
  });

  it('does not send again what is published while it looks', async () => {
    store.put({});
    start();
    await until(() => expect(asks.length).toBe(1));
    let looks = 0;
    store.before = (what) => {
      if (what === 'waiting' && looks++ === 0) asks[0]?.published();
    };
    queue.wake();
    await until(() => expect(store.entries.size).toBe(0));
    expect(asks.length).toBe(1);
  });

  it('does not send again what could not be deleted, and deletes it later', async () => {
    store.put({});
    start();
    await until(() => expect(asks.length).toBe(1));
    let failures = 0;
    store.before = (what) => {
      if (what === 'remove' && failures++ < 2) throw new SyncError('SOURCE_UNAVAILABLE', 'away');
    };
    asks[0]?.published();
    await until(() => expect(failures).toBe(1));
    queue.wake();
    await until(() => expect(failures).toBe(2));
    queue.wake();
    await until(() => expect(store.entries.size).toBe(0));
    expect([asks.length, ended]).toEqual([1, ['published 1']]);
  });
});
