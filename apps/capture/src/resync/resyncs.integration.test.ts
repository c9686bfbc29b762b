/** Rows that are to be sent again, on real servers: what applications insert, what capture reads of it, and its rights. */
import { readBinlog } from '@lutra/binlog';
import { createRouter } from '@lutra/model';
import type { Row } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { createLogger, Metrics } from '@lutra/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { documentedGrants, TestServer, versions } from '../../../../libs/mysql/src/mysql.fixture.js';
import { serversIo } from '../io.js';
import type { KeyAsk } from '../seed/key-ask.js';
import { isOwnTable } from '../stream/own-tables.js';
import type { Routing } from '../stream/routing.js';
import { Resyncs } from './resyncs.js';
import { ServerStore } from './resync-store.js';

const routes = [{ schema: 'again', table: '*' }];
const until = <T>(holds: () => T | Promise<T>): Promise<T> => vi.waitFor(holds, { timeout: 30_000, interval: 20 });

interface Reading {
  readonly asks: KeyAsk[];
  readonly warnings: string[];
  readonly statuses: unknown[];
  readonly metrics: Metrics;
  /** As the reader meets it, up to this place. */
  read(through: { readonly file: string; readonly pos: number }): Promise<void>;
  end(): Promise<void>;
}

describe.each(versions)('lutra.resync on %s', (version) => {
  let server: TestServer;
  let capture: ConnectionOptions;
  let application: ConnectionOptions;

  beforeAll(async () => {
    server = await TestServer.start(version);
    await server.run(`CREATE DATABASE again; CREATE TABLE again.orders (region VARCHAR(9) NOT NULL, nr BIGINT NOT NULL, v INT, PRIMARY KEY (nr, region));
      CREATE DATABASE retl; CREATE TABLE retl.retl_buffer (ID BIGINT(20) NOT NULL AUTO_INCREMENT PRIMARY KEY, TABLE_ID INT(11) NOT NULL,
        FULL_NAME VARCHAR(512), TYPE CHAR(1) NOT NULL, PK_DATA VARCHAR(256) NOT NULL, GMT_CREATE TIMESTAMP NULL, GMT_MODIFIED TIMESTAMP NULL);
      CREATE USER app@'%'; GRANT INSERT (schema_name, table_name, row_key, pipeline) ON lutra.resync TO app@'%';
      GRANT INSERT ON retl.retl_buffer TO app@'%'; GRANT SELECT, INSERT ON again.* TO app@'%'`);
    capture = await server.leastPrivileged();
    await server.grant('again');
    application = { ...server.options, user: 'app' };
  });
  afterAll(() => server.stop());

  async function asApplication(...texts: readonly string[]): Promise<void> {
    const session = await Session.open(application, 'source');
    try {
      for (const text of texts) await session.query(text);
    } finally {
      await session.close();
    }
  }
  const problems = async (): Promise<readonly unknown[]> =>
    (await server.query('SELECT problem FROM lutra.resync ORDER BY id')).map((row) => row['problem']);

  async function reading(level = 2, user = capture): Promise<Reading> {
    const [asks, warnings, statuses] = [[] as KeyAsk[], [] as string[], [] as unknown[]];
    const metrics = new Metrics('capture', { processMetrics: false });
    const from = await server.binlogEnd();
    const stop = new AbortController();
    const logger = { info: () => undefined, warn: (_: object, message: string) => void warnings.push(message) };
    const status = { status: { resync: null }, update: (part: object) => void statuses.push(part) };
    const run = {
      deps: { io: serversIo, metrics, logger, status, level: { current: level } },
      endpoint: { name: 'a' },
      source: user,
      sourceName: 'the source',
      during: (_: string, work: () => Promise<unknown>) => work(),
      signal: stop.signal,
      work: { carried: { ab: routes }, otterTables: { 12: ['again.orders'] } },
    } as unknown as ConstructorParameters<typeof Resyncs>[0];
    const routing = { now: { here: { router: createRouter(routes), foldsNames: false } } } as unknown as Routing;
    const resyncs = new Resyncs(run, { routing, asks: { ask: (ask) => void asks.push(ask) } });
    const running = resyncs.run().catch((error: unknown) => error);
    return {
      asks,
      warnings,
      statuses,
      metrics,
      async read({ file, pos }) {
        for await (const item of readBinlog({
          ...server.options,
          serverId: 99,
          start: { file: from.file, pos: from.pos },
          wants: isOwnTable,
          logger: createLogger('test', 'silent'),
          signal: AbortSignal.timeout(60_000),
        })) {
          await resyncs.accept(item);
          if ('end' in item && item.end.file === file && item.end.pos >= pos) return;
        }
      },
      async end() {
        stop.abort();
        await running;
      },
    };
  }
  const keysOf = ({ asks }: Reading): readonly Row[] => asks.flatMap(({ keys }) => keys);
  const told = new WeakSet<KeyAsk>();
  const publishAll = ({ asks }: Reading): void => {
    for (const ask of asks.filter((one) => !told.has(one))) {
      told.add(ask);
      ask.published();
    }
  };
  const counted = async ({ metrics }: Reading): Promise<object> => {
    const { values } = await metrics.resyncEntries.get();
    return Object.fromEntries(values.map(({ labels, value }) => [labels.result, value]));
  };

  it('holds what is not a probe while the table is being made equal here, and nothing where that is not known', async () => {
    const store = new ServerStore(capture);
    const of = "'again', 'orders'";
    await server.run(`INSERT INTO lutra.unequal (pipeline, database_name, table_name, target_database, target_table, cause, request, reason)
        VALUES ('p', 'there', 'x', ${of}, 'hole', 'r', 't');
      INSERT INTO lutra.resync (schema_name, table_name, row_key, purpose) VALUES (${of}, '1', 'resync'), (${of}, '2', 'repair'), (${of}, '3', 'probe'),
        ('again', 'other', '4', 'resync')`);
    const keys = async (): Promise<readonly (string | null)[]> => (await store.read(await store.waiting(9))).map(({ rowKey }) => rowKey);
    expect([await keys(), await store.held()]).toEqual([['3', '4'], 2]);
    await server.run('UPDATE lutra.unequal SET ended_at = NOW(3)');
    expect([await keys(), await store.held()]).toEqual([['1', '2', '3', '4'], 0]);
    await server.run('UPDATE lutra.unequal SET ended_at = NULL; RENAME TABLE lutra.unequal TO lutra.away');
    expect([await keys(), await store.held()]).toEqual([['1', '2', '3', '4'], 0]);
    await store.close();
    await server.run('RENAME TABLE lutra.away TO lutra.unequal; DELETE FROM lutra.unequal; DELETE FROM lutra.resync');
  });

  it('takes what an application inserts that may do nothing else there, and deletes it when it was published', async () => {
    const to = await reading();
    const one = `INSERT INTO lutra.resync (schema_name, table_name, row_key) VALUES ('again', 'orders', '{"nr": "9007199254740993", "region": "eu"}')`;
    await asApplication("INSERT INTO again.orders VALUES ('eu', 9007199254740993, 1), ('us', 2, 2)", 'BEGIN', one, one, 'COMMIT');
    const many = `SELECT 'again', 'orders', JSON_OBJECT('nr', nr, 'region', region) FROM again.orders`;
    await asApplication(`INSERT INTO lutra.resync (schema_name, table_name, row_key) ${many}`);
    await until(() => expect(keysOf(to)).toContainEqual({ nr: 2n, region: 'us' }));
    expect(keysOf(to)).toContainEqual({ nr: 9007199254740993n, region: 'eu' });
    await until(async () => {
      publishAll(to);
      expect(await problems()).toEqual([]);
    });
    await until(async () => expect(await counted(to)).toMatchObject({ published: 4, refused: 0, lost: 0 }));
    expect(to.asks[0]).toMatchObject({ table: { database: 'again', name: 'orders' }, pipelines: ['ab'], purpose: 'resync', request: '' });
    await to.end();
    for (const refused of [
      "INSERT INTO lutra.resync (schema_name, table_name, row_key, purpose) VALUES ('a', 'b', 'c', 'repair')",
      'SELECT * FROM lutra.resync',
    ])
      await expect(asApplication(refused)).rejects.toMatchObject({ code: 'SOURCE_DENIED' });
  });

  it("records what otter's buffer asks for before it is past it, and twice if it reads it twice", async () => {
    const to = await reading(1);
    const buffer = 'INSERT INTO retl.retl_buffer (TABLE_ID, FULL_NAME, TYPE, PK_DATA)';
    await asApplication(
      `${buffer} VALUES (0, 'again.orders', 'U', CONCAT('9007199254740993', CHAR(1), 'eu')), (12, NULL, 'D', CONCAT('3', CHAR(1), 'gone')), (11, '', 'I', '5')`,
    );
    const end = await server.binlogEnd();
    // Below level 2 nothing is written: it is passed over, as before.
    await to.read(end);
    expect(await problems()).toEqual([]);
    expect([await counted(to), to.warnings.length]).toEqual([expect.objectContaining({ lost: 3 }), 1]);
    await to.end();

    const later = await reading(2);
    await asApplication(
      `${buffer} VALUES (0, 'again.orders', 'U', CONCAT('9007199254740993', CHAR(1), 'eu')), (12, NULL, 'D', CONCAT('3', CHAR(1), 'gone')), (11, '', 'I', '5')`,
    );
    const through = await server.binlogEnd();
    for (const times of [1, 2]) {
      await later.read(through);
      expect((await server.query("SELECT id FROM lutra.resync WHERE request = 'otter' AND problem IS NOT NULL")).length).toBe(times);
    }
    await until(() => expect(later.asks.length).toBeGreaterThan(0));
    await until(async () => {
      publishAll(later);
      expect(await problems()).toEqual(
        Array.from({ length: 2 }, () => expect.stringContaining('no channel says which table has table_id 11')),
      );
    });
    expect(keysOf(later)).toContainEqual({ nr: 9007199254740993n, region: 'eu' });
    expect(keysOf(later)).toContainEqual({ nr: 3n, region: 'gone' });
    await later.end();
    await server.run('DELETE FROM lutra.resync');
  });

  it('keeps no key that is longer than any, and as much of a problem as fits', async () => {
    const store = new ServerStore(capture);
    await asApplication(`INSERT INTO lutra.resync (schema_name, table_name, row_key) VALUES ('again', 'orders', REPEAT('x', 70000))`);
    const [id = ''] = await store.waiting(10);
    expect(await store.read([id])).toMatchObject([{ id, rowKey: null, pipeline: null, purpose: 'resync' }]);
    await store.refuse([id], `it's ${'😀'.repeat(2_000)}`);
    expect(await store.waiting(10)).toEqual([]);
    expect(await problems()).toEqual([`it's ${'😀'.repeat(995)}`]);
    await store.remove([id]);
    expect(await problems()).toEqual([]);
    await store.close();
  });

  it('a user that lacks a right, or the table, takes nothing and says so once; what otter asks for is counted as lost', async () => {
    const grants = documentedGrants("few@'%'", version === 'mariadb-11.4').server.slice(0, 3);
    await server.run(["CREATE USER few@'%'", ...grants, "GRANT SELECT, TRIGGER ON again.* TO few@'%'"].join('; '));
    const few = { ...server.options, user: 'few' };
    const to = await reading(2, few);
    await asApplication(`INSERT INTO lutra.resync (schema_name, table_name, row_key) VALUES ('again', 'orders', '["2", "us"]')`);
    await asApplication("INSERT INTO retl.retl_buffer (TABLE_ID, FULL_NAME, TYPE, PK_DATA) VALUES (0, 'again.orders', 'I', 'x')");
    await to.read(await server.binlogEnd());
    await until(() => expect(to.statuses).toContainEqual({ resync: { waiting: 0, problem: expect.stringContaining('SOURCE_DENIED') } }));
    expect(to.warnings.filter((warning) => warning.startsWith('entries of lutra.resync are not taken'))).toHaveLength(1);
    expect(await counted(to)).toMatchObject({ lost: 1 });
    await server.run("GRANT DELETE ON lutra.resync TO few@'%'");
    await until(() => expect(keysOf(to)).toEqual([{ nr: 2n, region: 'us' }]));
    await to.end();
    await server.run('RENAME TABLE lutra.resync TO lutra.away');
    const store = new ServerStore(capture);
    await expect(store.waiting(1)).rejects.toMatchObject({ code: 'TABLE_MISSING' });
    await store.close();
    await server.run('RENAME TABLE lutra.away TO lutra.resync; DELETE FROM lutra.resync');
  });

  it('finds what waits by an index, however many were refused', async () => {
    const refused = Array.from({ length: 2_000 }, () => "('again', 'orders', '1', 'no')").join(', ');
    await server.run(`INSERT INTO lutra.resync (schema_name, table_name, row_key, problem) VALUES ${refused}; ANALYZE TABLE lutra.resync`);
    // A table on MySQL 8.0 and MariaDB, a tree on 9.7.
    const [plan = {}] = await server.query('EXPLAIN SELECT id FROM lutra.resync WHERE problem IS NULL ORDER BY id LIMIT 10000');
    expect(plan['key'] ?? plan['EXPLAIN']).toContain('waiting');
    await server.run('DELETE FROM lutra.resync');
  });
});
