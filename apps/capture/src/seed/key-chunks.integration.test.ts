/** Rows that are asked for by their keys, from a real server; the binlog reader is the test. */
import { sourceState } from '@lutra/binlog';
import { createRouter } from '@lutra/model';
import type { ChunkRecord, Row, RowEvent, SyncError } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectionOf, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import type { CaptureWork } from '../assignments.js';
import type { Routes } from '../stream/routing.js';
import type { KeyAsk } from './key-ask.js';
import { KeyChunks } from './key-chunks.js';
import { Places } from './places.js';
import { SeedSession, SeedSessions } from './seed-session.js';
import { Windows } from './windows.js';

/** Something happens right before rows are read, once. */
let beforeReading: (() => Promise<unknown>) | null = null;

class WatchedSessions extends SeedSessions {
  override async take(): Promise<SeedSession> {
    const session = await super.take();
    const query = SeedSession.prototype.query.bind(session);
    session.query = async (sql) => {
      const happens = sql.includes('FROM `shop`.`t`') ? beforeReading : null;
      if (happens) beforeReading = null;
      await happens?.();
      return query(sql);
    };
    return session;
  }
}

describe.each(['8.0', 'mariadb-11.4'] as const)('%s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  const places = new Places();
  const windows = new Windows();
  const stop = new AbortController();
  const written: (ChunkRecord | RowEvent)[] = [];
  let connection: Connection;
  let keys: KeyChunks;
  let running: Promise<unknown>;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query(`CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci; USE shop;
      CREATE TABLE t (k VARCHAR(20) PRIMARY KEY, v INT); INSERT INTO t VALUES ('Anna', 1), ('Bert', 2)`);
    const routes = [{ schema: 'shop', table: '*' }];
    const log = {
      lastSeq: 7,
      control: async (record: object) => void written.push(record as ChunkRecord),
      rows: async (_: object, events: Iterable<RowEvent>) => {
        for (const event of events) written.push({ ...event });
      },
    };
    const facts = { endpoint: 'a', region: 'hangzhou', connector: server.flavor, version, serverId: 1 };
    keys = new KeyChunks({
      places,
      windows,
      log,
      facts,
      signal: stop.signal,
      lagMs: () => 0,
      level: () => 2,
      warn: () => undefined,
      sessions: new WatchedSessions(connectionOf(server), await sourceState(connectionOf(server))),
      work: () => ({ carried: { there: routes } }) as unknown as CaptureWork,
      routes: () => ({ here: { router: createRouter(routes) } }) as unknown as Routes,
    });
    running = keys.run().catch(() => undefined); // aborted at the end
  });
  afterAll(async () => {
    stop.abort();
    await running;
    connection?.destroy();
    await server.stop();
  });

  async function reachTheEnd(): Promise<void> {
    const { file, pos, executed } = await sourceState(connectionOf(server));
    await places.reached({ end: { file, pos, gtidSet: executed }, seen: {} });
    places.leave();
  }

  function asked(of: readonly Row[], more: Partial<KeyAsk> = {}): { ask: KeyAsk; told: string[] } {
    const told: string[] = [];
    const done = { published: () => void told.push('published'), refused: ({ message }: SyncError) => void told.push(message) };
    return {
      told,
      ask: { table: { database: 'shop', name: 't' }, keys: of, pipelines: ['there'], purpose: 'probe', request: 'r', ...done, ...more },
    };
  }

  async function chunk(count: number): Promise<unknown> {
    await vi.waitFor(() => expect(written).toHaveLength(count), { timeout: 20_000, interval: 10 });
    const [record, ...rows] = written.splice(0);
    return { record, rows: (rows as RowEvent[]).map(({ op, after }) => ({ op, after })) };
  }

  it('names the rows that are there as they are spelled, and those that are not; published when Kafka has them', async () => {
    await reachTheEnd();
    const { ask, told } = asked([{ k: 'anna' }, { k: 'Zed' }]);
    keys.ask(ask);
    expect(await chunk(2)).toEqual({
      record: expect.objectContaining({ keys: [{ k: 'Anna' }, { k: 'Zed' }], part: null, purpose: 'probe', rows: 1, pipelines: ['there'] }),
      rows: [{ op: 'r', after: { k: 'Anna', v: 1 } }],
    });
    expect(told).toEqual([]);
    keys.acknowledged(7);
    await vi.waitFor(() => expect(told).toEqual(['published']));
  });

  it('reads again what is touched before its place, also a key that was not there and is spelled otherwise', async () => {
    await reachTheEnd();
    const { ask } = asked([{ k: 'Bert' }, { k: 'CARL' }]);
    // Behind the place where the reader stands: the chunk waits for the reader to come by.
    await connection.query('INSERT INTO shop.t VALUES (0, 0)');
    keys.ask(ask);
    await vi.waitFor(() => expect(windows.isOpen({ database: 'shop', name: 't' })).toBe(true), { interval: 5 });
    await new Promise((resolve) => setTimeout(resolve, 300)); // it reads meanwhile; if it did not, it would see what follows all the same
    const before = await sourceState(connectionOf(server));
    await connection.query("UPDATE shop.t SET v = 20 WHERE k = 'Bert'; INSERT INTO shop.t VALUES ('carl', 3)");
    const item = (op: 'c' | 'u', row: Row) =>
      ({
        kind: 'rows',
        table: { database: 'shop', name: 't', columns: [], primaryKey: ['k'] },
        op,
        rows: [{ before: null, after: row }],
        flags: 0,
        at: before,
        bytes: 1,
      }) as const;
    const at = { file: before.file, pos: before.pos };
    windows.rows({ item: item('u', { k: 'Bert', v: 20 }), at, published: true });
    windows.rows({ item: item('c', { k: 'carl', v: 3 }), at, published: true });
    await reachTheEnd();
    await vi.waitFor(() => expect(written.length).toBeGreaterThan(0), { timeout: 20_000, interval: 10 });
    const { record, rows } = (await chunk(3)) as { record: ChunkRecord; rows: { after: Row }[] };
    expect(record.keys).toHaveLength(2);
    expect(rows.map(({ after }) => after)).toEqual(
      expect.arrayContaining([
        { k: 'Bert', v: 20 },
        { k: 'carl', v: 3 },
      ]),
    );
  });

  it('publishes no row of a change that the reader has not met: the end of the binlog is asked for behind the read', async () => {
    await reachTheEnd();
    const { pos } = await sourceState(connectionOf(server));
    beforeReading = () => connection.query("UPDATE shop.t SET v = v + 100 WHERE k = 'Anna'");
    keys.ask(asked([{ k: 'Anna' }]).ask);
    await vi.waitFor(() => expect(beforeReading).toBeNull(), { timeout: 20_000, interval: 5 });
    await vi.waitFor(async () => expect((await sourceState(connectionOf(server))).pos).toBeGreaterThan(pos), { timeout: 20_000 });
    const { pos: end } = await sourceState(connectionOf(server));
    for (let turns = 0; turns < 200 && written.length === 0; turns++) await new Promise(setImmediate);
    await reachTheEnd();
    await vi.waitFor(() => expect(written).toHaveLength(2), { timeout: 20_000, interval: 10 });
    const [, row] = written.splice(0) as [ChunkRecord, RowEvent];
    expect([row.after, row.source.pos]).toEqual([{ k: 'Anna', v: 101 }, end]);
  });

  it('tells nobody that a key is published that does not become quiet, and asks for it again', async () => {
    await reachTheEnd();
    await places.enter(); // nothing is published but at the places below
    const { ask, told } = asked([{ k: 'Anna' }, { k: 'ghost' }]);
    keys.ask(ask);
    const touch = { before: null, after: { k: 'ghost', v: 1 } };
    const table = { database: 'shop', name: 't', columns: [], primaryKey: ['k'] };
    // Touched before each of its places, though each read finds nothing.
    const touched = async (): Promise<void> => {
      const at = await sourceState(connectionOf(server));
      await places.enter();
      windows.rows({ item: { kind: 'rows', table, op: 'c', rows: [touch], flags: 0, at, bytes: 1 }, at, published: true });
      await places.reached({ end: { file: at.file, pos: at.pos, gtidSet: at.executed }, seen: {} });
    };
    for (let turns = 0; written.length === 0 && turns < 400; turns++) await touched();
    const first = (await chunk(2)) as { record: ChunkRecord };
    expect(first.record.keys).toEqual([{ k: 'Anna' }]);
    keys.acknowledged(7);
    for (let turns = 0; turns < 5; turns++) await touched();
    expect(told).toEqual([]);
    await reachTheEnd();
    expect(await chunk(1)).toMatchObject({ record: { keys: [{ k: 'ghost' }], rows: 0 } });
    keys.acknowledged(7);
    await vi.waitFor(() => expect(told).toEqual(['published']));
  });

  it('refuses a table of another engine: it shows changes before they are in the binlog', async () => {
    await connection.query('CREATE TABLE shop.m (id INT PRIMARY KEY) ENGINE = MyISAM');
    const { ask, told } = asked([{ id: 1 }], { table: { database: 'shop', name: 'm' } });
    keys.ask(ask);
    await vi.waitFor(() => expect(told).toEqual([expect.stringContaining('not InnoDB')]), { timeout: 20_000 });
  });

  it('refuses a table that is not carried, or is not there, and a key of another shape', async () => {
    await reachTheEnd();
    const cases = [
      asked([{ k: 'a' }], { pipelines: ['elsewhere'] }),
      asked([{ k: 'a' }], { table: { database: 'shop', name: 'none' } }),
      asked([{ k: 'a', v: 1 }]),
      asked([{ v: 1 }]),
    ];
    for (const { ask } of cases) keys.ask(ask);
    await vi.waitFor(() => expect(cases.map(({ told }) => told.length)).toEqual([1, 1, 1, 1]), { timeout: 20_000 });
    expect(cases.map(({ told: [message] }) => message)).toEqual([
      expect.stringContaining('does not carry it'),
      expect.stringContaining('does not exist'),
      expect.stringContaining('the primary key is k'),
      expect.stringContaining('the primary key is k'),
    ]);
  });

  it('waits where another server answers than the one whose binlog is read', async () => {
    const state = await sourceState(connectionOf(server));
    const other = SeedSession.open(connectionOf(server), { ...state, serverId: 2 });
    await expect(other).rejects.toMatchObject({ code: 'SEED_WAITS' });
  });
});
