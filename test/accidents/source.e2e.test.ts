/**
 * What can happen at the source, on MySQL 9.7 (side a) and 8.0 (side b): its binlog purged, reset, rotated; the server restored from a
 * backup; another replica of its server id; rights and passwords; and what the binlog can hold that cannot be replicated. Nothing of what
 * follows the cause is published; where there is a way to fix it, everything arrives.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { readBinlog } from '@lutra/binlog';
import { createLogger } from '@lutra/telemetry';
import { lutraPassword, lutraUser, type Side, sides, type Stack } from '../harness/index.js';
import { mysqlServer } from '../servers/index.js';
import { HeldPipeline } from './held.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { backupThat } from './log-accidents.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay, OneWayOptions } from './one-way.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

async function openWay(options?: OneWayOptions): Promise<OneWay> {
  const way = await openOneWay(stack, options);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  await way.write(1);
  await way.arrives();
  return way;
}

/** The channel is stopped meanwhile, as it would be for maintenance. */
async function whileStopped(way: OneWay, work: () => Promise<unknown>): Promise<void> {
  await way.act('stop');
  expect(await until(async () => (await way.end('capture')).worker === null || undefined)).toBe(true);
  await work();
  await way.start();
}

/** Another replica with a server id: resolves, at its end, to the code that ended it. */
async function anotherReplica(side: Side, serverId: number, signal: AbortSignal): Promise<{ ended: Promise<unknown> }> {
  const { host, port } = stack.mysql[side];
  const reader = readBinlog({
    host,
    port,
    user: lutraUser,
    password: lutraPassword,
    serverId,
    start: 'now',
    wants: () => false,
    logger: createLogger('another', 'silent'),
    signal,
  });
  await reader.next();
  const read = async (): Promise<void> => {
    for (;;) await reader.next();
  };
  return { ended: read().catch((error: unknown) => (error as { code: unknown }).code) };
}

describe.each(sides)('the binlog of side %s', (from) => {
  it('purged beyond what was read', async () => {
    const way = await openWay({ from });
    await whileStopped(way, async () => {
      await way.write(2);
      await way.atSource('FLUSH BINARY LOGS');
      await way.write(3);
      await way.atSource('FLUSH BINARY LOGS');
      const last = (await way.atSource('SHOW BINARY LOGS')).at(-1);
      await way.atSource(`PURGE BINARY LOGS TO '${String(last?.['Log_name'])}'`);
    });
    await way.fails('capture', 'SOURCE_PURGED');
    await way.write(4);
    expect(await way.targetIds()).toEqual([1]);
    // The target is seeded; then all is new.
    await way.atTarget("INSERT INTO t VALUES (2, 'row 2'), (3, 'row 3'), (4, 'row 4')");
    await way.startOver();
    await way.write(5);
    await way.arrives();
    await way.close();
  });

  it('reset under the reader', async () => {
    const way = await openWay({ from });
    await way.atSource(from === 'a' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
    await way.write(2);
    await way.fails('capture', 'SOURCE_BEHIND');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('reset, and written again until all its GTIDs are there', async () => {
    const way = await openWay({ from });
    await backupThat(stack, way, (backup) => Boolean(backup.server));
    await whileStopped(way, async () => {
      const [executed] = await way.atSource("SELECT SUBSTRING_INDEX(@@GLOBAL.gtid_executed, '-', -1) AS n");
      await way.atSource(from === 'a' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER');
      await way.atSource(
        Array.from({ length: Number(executed?.['n']) + 5 }, (_, id) => `INSERT INTO t VALUES (${id + 100}, 'x')`).join('; '),
      );
    });
    await way.fails('capture', 'SOURCE_BEHIND');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('rotated amid a transaction carries it whole', async () => {
    const way = await openWay({ from });
    const user = await createConnection({ ...stack.connection(from), database: way.database });
    await user.query('BEGIN');
    await user.query("INSERT INTO t VALUES (2, 'x')");
    await way.atSource('FLUSH BINARY LOGS');
    await way.write(3);
    await user.query("INSERT INTO t VALUES (4, 'x')");
    await way.atSource('FLUSH BINARY LOGS');
    await user.query('COMMIT');
    user.destroy();
    await way.arrives();
    await way.close();
  });

  it('read under our server id by another', async () => {
    const way = await openWay({ from });
    const abort = new AbortController();
    const evicting = await anotherReplica(from, way.serverId, abort.signal);
    await way.fails('capture', 'SERVER_ID_TAKEN');
    await way.write(2);
    expect(await way.targetIds()).toEqual([1]);
    // It is still there: now we cut it off.
    await way.act('retry');
    expect(await evicting.ended).toBe('SERVER_ID_TAKEN');
    await way.arrives();
    abort.abort();
    await way.close();
  });
});

describe.each(sides)('what side %s writes', (from) => {
  it('as a statement stops capture', async () => {
    const way = await openWay({ from });
    await way.atSource("SET SESSION binlog_format = 'STATEMENT'; INSERT INTO t VALUES (2, 'x')");
    await way.write(3);
    await way.fails('capture', 'BINLOG_UNSUPPORTED');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('as a statement elsewhere does not', async () => {
    const way = await openWay({ from });
    const elsewhere = `${way.database}_elsewhere`;
    await way.atSource(`CREATE DATABASE ${elsewhere}; CREATE TABLE ${elsewhere}.heartbeat (id INT AUTO_INCREMENT PRIMARY KEY, v DOUBLE);
      SET SESSION binlog_format = 'STATEMENT'; INSERT INTO ${elsewhere}.heartbeat (v) VALUES (RAND()); DELETE FROM ${elsewhere}.heartbeat`);
    await way.write(2);
    await way.arrives();
    await way.close();
  });

  it('in an XA transaction arrives when it is committed, by a capture that was not there when it was prepared', async () => {
    const way = await openWay({ from });
    const prepared = (xid: string, id: number): string =>
      `XA START '${xid}'; INSERT INTO t VALUES (${id}, '${xid}'); XA END '${xid}'; XA PREPARE '${xid}'`;
    await way.atSource(prepared(`kept-${from}`, 2));
    await way.atSource(prepared(`dropped-${from}`, 3));
    await way.write(4);
    expect(await until(async () => (await way.targetIds()).length === 2 || undefined)).toBe(true);
    expect(await way.targetIds()).toEqual([1, 4]);
    if (from === 'a') await stack.capture[from].kill();
    else await way.cutConnections(from);
    await way.atSource('FLUSH BINARY LOGS');
    const decide = async (sql: string): Promise<unknown> => way.atSource(sql).catch(() => undefined); // not before its session has gone
    expect(await until(() => decide(`XA COMMIT 'kept-${from}'`))).toBeDefined();
    expect(await until(() => decide(`XA ROLLBACK 'dropped-${from}'`))).toBeDefined();
    if (from === 'a') await stack.capture[from].start();
    await way.write(5);
    await way.arrives();
    expect(await way.targetIds()).toEqual([1, 2, 4, 5]);
    await way.close();
  });

  it('as a schema change holds the pipeline alone; done at the target too, everything arrives, by itself where the table shows it', async () => {
    const way = await openWay({ from });
    const held = new HeldPipeline(stack, { channel: way.name, pipeline: 'rows' });
    const add = 'ALTER TABLE t ADD COLUMN more INT NULL';
    await way.write(2);
    await way.atSource(`${add}; INSERT INTO t VALUES (3, 'x', 7)`);
    const added = await held.holds('policy');
    expect(added).toMatchObject({ statement: 'ALTER TABLE', tables: [{ database: way.database, name: 't' }] });
    expect((await held.shown()).tables).toMatchObject([{ source: `${way.database}.t`, atSource: expect.stringContaining('`more`') }]);
    await way.fails('loader', 'DDL_HELD');
    expect([(await way.status()).state, (await way.end('capture')).state]).toEqual(['held', 'running']);
    expect(await way.targetIds()).toEqual([1, 2]);
    await way.atTarget(add);
    await way.arrives();
    const change = 'ALTER TABLE t MODIFY more BIGINT NULL';
    await way.atSource(`${change}; INSERT INTO t VALUES (4, 'x', 5000000000)`);
    const changed = await held.holds('policy', added);
    await way.atTarget(change);
    await held.answer(changed, 'done');
    await way.arrives();
    expect((await held.shown()).recent[0]).toMatchObject({ state: 'done', answer: { answer: 'done' } });
    await way.atSource("ALTER TABLE t COMMENT = 'at the source alone'; INSERT INTO t VALUES (5, 'x', 6)");
    await held.answer(await held.holds('policy', changed), 'skip');
    await way.arrives();
    await way.close();
  });

  it('in a column that is not supported stops capture; without the table in the route, the others arrive', async () => {
    const way = await openWay({ from });
    const odd = "CREATE TABLE odd (id INT PRIMARY KEY, p POINT NOT NULL SRID 4326, e ENUM('a',''), s SET('','b'))";
    // MySQL 8.0.15 does not log the hidden column of such an index.
    const positions = 'CREATE TABLE places (id INT PRIMARY KEY, n INT, INDEX ((n + 1)))';
    for (const table of [odd, positions]) await way.atSource(table);
    for (const table of [odd, positions]) await way.atTarget(table);
    await way.atSource(
      "INSERT INTO odd VALUES (1, ST_GeomFromText('POINT(10 20)', 4326), '0', 1), (2, ST_GeomFromText('POINT(-1 0)', 4326), '', 3)",
    );
    await way.atSource('INSERT INTO places VALUES (1, 1)');
    await way.write(2);
    if (from === 'a') {
      await way.arrives('places');
    } else {
      await way.fails('capture', 'COLUMN_UNSUPPORTED');
      expect(await way.targetIds()).toEqual([1]);
    }
    const routes = ['t', 'odd'].map((table) => ({ schema: way.database, table }));
    await way.change(`channels/${way.name}`, { pipelines: [{ name: 'rows', ...way.endpoints, routes }] });
    await way.arrives();
    if (from === 'b') expect(await way.atTarget('SELECT id FROM places')).toEqual([]);
    const kept = 'SELECT id, HEX(p), e + 0, s + 0 FROM odd ORDER BY id';
    expect(await way.atTarget(kept)).toEqual(await way.atSource(kept));
    await way.close();
  });

  it('that cannot be replicated to the byte stops the loader', async () => {
    const way = await openWay({ from });
    // Two bytes that are no character to the server: only a column of their own set holds them.
    const create = (charset: string): string => `CREATE TABLE places (id INT PRIMARY KEY, place VARCHAR(9) CHARACTER SET ${charset})`;
    await way.atTarget(create('utf8mb4'));
    await way.atSource(create('gbk'));
    await way.atSource("INSERT INTO places VALUES (1, _gbk x'fefe')");
    await way.write(2);
    await way.fails('loader', 'VALUE_UNSUPPORTED');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });

  it('without the names of its columns stops capture', async () => {
    const way = await openWay({ from });
    await way.atSource(
      "SET GLOBAL binlog_row_metadata = 'MINIMAL'; CREATE TABLE more (id INT PRIMARY KEY); INSERT INTO more VALUES (1); SET GLOBAL binlog_row_metadata = 'FULL'",
    );
    await way.write(2);
    await way.fails('capture', 'SOURCE_SETTINGS');
    expect(await way.targetIds()).toEqual([1]);
    await way.close();
  });
});

describe.each(sides)('the server of side %s', (from) => {
  it('takes the right to replicate away', async () => {
    const way = await openWay({ from, ownUser: 'source' });
    await way.atSource(`REVOKE REPLICATION SLAVE ON *.* FROM '${way.user}'@'%'`);
    await way.cutConnections(from);
    await way.write(2);
    await way.fails('capture', 'SOURCE_DENIED');
    expect(await way.targetIds()).toEqual([1]);
    await way.atSource(`GRANT REPLICATION SLAVE ON *.* TO '${way.user}'@'%'`);
    await way.act('retry');
    await way.arrives();
    await way.close();
  });

  it('changes the password', async () => {
    const way = await openWay({ from, ownUser: 'source' });
    await way.atSource(`ALTER USER '${way.user}'@'%' IDENTIFIED BY 'another'`);
    await way.cutConnections(from);
    await way.write(2);
    await way.fails('capture', 'SOURCE_DENIED');
    await way.change(`endpoints/${way.endpoints.source}`, { password: 'another' });
    await way.arrives(); // by the change alone
    await way.close();
  });

  it('cuts the connections: goes on by itself', async () => {
    const way = await openWay({ from });
    await way.cutConnections(from);
    await way.write(2);
    await way.arrives();
    await way.close();
  });
});

describe('the server', () => {
  it('is read already, under another name of its host: who comes with the same server id does not begin, and cuts nobody off', async () => {
    const way = await openWay();
    const alias = await openOneWay(stack, { start: false, source: { host: 'localhost', serverId: way.serverId } });
    const { problems } = await stack.api.checkEndpoint(alias.endpoints.source);
    expect(problems).toContainEqual(expect.objectContaining({ id: 'server-id-taken', severity: 'error' }));
    await alias.start({ force: true });
    await alias.fails('capture', 'SERVER_ID_TAKEN');
    await way.write(2);
    await way.arrives();
    expect(await way.end('capture')).toMatchObject({ state: 'running', worker: { lastError: null } });
    await alias.close();
    await way.close();
  });

  it('is restored from an older backup', async () => {
    const way = await openWay();
    const server = stack.mysql.a;
    const data = join(dirname(server.logFile ?? ''), 'data');
    const backup = await mkdtemp(join(tmpdir(), 'lutra-backup-'));
    try {
      await server.kill();
      await cp(data, backup, { recursive: true });
      await server.restart();
      await way.write(2);
      await way.arrives();
      await server.kill();
      await rm(data, { recursive: true });
      await cp(backup, data, { recursive: true });
      await server.restart();
    } finally {
      await rm(backup, { recursive: true, force: true });
    }
    await way.fails('capture', 'SOURCE_BEHIND');
    expect(await way.targetIds()).toEqual([1, 2]);
    await way.close();
  });
});

describe('a source whose binlog leaves out lutra', () => {
  const server = mysqlServer({ version: '9.7', serverId: 3, extra: ['--binlog-do-db=shop'] });
  afterAll(() => server.stop());

  it('is found by the check of the endpoint', async () => {
    await server.start();
    const { host, port, user } = server;
    await stack.api.createEndpoint({ name: 'filtered', region: stack.regions.a, host, port, user, password: '', serverId: 6000 });
    const { ok, problems } = await stack.api.checkEndpoint('filtered');
    expect(ok).toBe(false);
    expect(problems).toContainEqual(expect.objectContaining({ id: 'binlog-filter', severity: 'error' }));
  });
});
