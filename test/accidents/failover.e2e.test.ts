/**
 * What a failover does to a source: the endpoint's address is changed to a replica that is equal, behind, or has gone on by itself. And TLS
 * that a server suddenly demands. Whatever the order, every transaction arrives once.
 */
import { readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { lutraPassword, type Stack, startStack, withAdministrator } from '../harness/index.js';
import { type MysqlServer, mysqlServer } from '../servers/index.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay, OneWayOptions } from './one-way.js';

let stack: Stack;
const replica = mysqlServer({ version: '9.7', serverId: 3, name: 'mysql-replica', extra: ['--log-replica-updates=ON'] });
beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
  await replica.start();
  const { host, port, user } = stack.mysql.a;
  await withAdministrator(replica, async (connection) => {
    await connection.query(
      `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '${host}', SOURCE_PORT = ${port}, SOURCE_USER = '${user}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    );
    await connection.query('START REPLICA');
  });
}, 240_000);
afterAll(() => Promise.all([stack?.stop(), replica.stop()]));

async function openWay(options?: OneWayOptions): Promise<OneWay> {
  const way = await openOneWay(stack, options);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  await way.write(1);
  await way.arrives();
  return way;
}

async function rows(server: MysqlServer, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(server, async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

/** All that a server has committed is at the other one. */
async function caughtUp(from: MysqlServer, to: MysqlServer): Promise<void> {
  const [executed] = await rows(from, 'SELECT @@GLOBAL.gtid_executed AS s');
  const [waited] = await rows(to, `SELECT WAIT_FOR_EXECUTED_GTID_SET('${String(executed?.['s'])}', 30) AS late`);
  expect(Number(waited?.['late'])).toBe(0);
}

async function failOver(way: OneWay, to: MysqlServer): Promise<void> {
  await way.change(`endpoints/${way.endpoints.source}`, { host: to.host, port: to.port, password: lutraPassword });
}

/** Without the password: it was given for the standbys too. */
function follow(way: OneWay, to: MysqlServer, accept = false): Promise<unknown> {
  const body = { to: { host: to.host, port: to.port }, accept, reason: 'it was promoted' };
  return stack.api.request('POST', `/api/v1/endpoints/${way.endpoints.source}/follow`, body);
}

/** What control knows of what was published, which may be some seconds old. */
async function captured(way: OneWay): Promise<string> {
  const path = `/api/v1/channels/${way.name}/pipelines/rows/position`;
  const position = await stack.api.request<{ captured: { position: { gtidSet: string } } | null }>('GET', path);
  return position.captured?.position.gtidSet ?? '';
}

/** Ids of the target, each once: t has a primary key, and a row that came twice would have stopped the loader. */
async function arrive(way: OneWay, ids: readonly number[]): Promise<void> {
  await until(async () => ((await way.targetIds()).length >= ids.length ? true : undefined));
  expect(await way.targetIds()).toEqual(ids);
  expect((await way.end('loader')).worker?.lastError ?? null).toBeNull();
}

const insert = (way: OneWay, id: number): string => `INSERT INTO ${way.database}.t VALUES (${id}, 'row ${id}')`;

describe('a failover of the source to its replica', () => {
  it('that is equal goes on exactly, with what the replica takes afterwards; the old source, which lacks that, is refused', async () => {
    const way = await openWay({ source: { standbys: [{ host: replica.host, port: replica.port }] } });
    await way.write(2);
    await caughtUp(stack.mysql.a, replica);
    await follow(way, replica);
    await rows(replica, insert(way, 3));
    await arrive(way, [1, 2, 3]);
    // Its transactions are its own: the old source, which is a standby now, has never seen them.
    const [its] = await rows(replica, 'SELECT @@server_uuid AS uuid');
    await until(async () => (await captured(way)).includes(String(its?.['uuid'])) || undefined);
    await expect(follow(way, stack.mysql.a)).rejects.toThrow(/follow-position.*SOURCE_BEHIND/s);
    await follow(way, stack.mysql.a, true);
    await way.fails('capture', 'SOURCE_BEHIND');
    await follow(way, replica);
    await rows(replica, insert(way, 4));
    await arrive(way, [1, 2, 3, 4]);
    await way.close();
  });

  it('that is behind stops with its name; once the replica has caught up, a retry brings all', async () => {
    const way = await openWay();
    await caughtUp(stack.mysql.a, replica);
    await rows(replica, 'STOP REPLICA SQL_THREAD');
    try {
      await way.write(2);
      await way.arrives();
      await failOver(way, replica);
      await way.fails('capture', 'SOURCE_BEHIND');
      await way.write(3);
      expect(await way.targetIds()).toEqual([1, 2]);
    } finally {
      await rows(replica, 'START REPLICA SQL_THREAD');
    }
    await caughtUp(stack.mysql.a, replica);
    await way.act('retry');
    await arrive(way, [1, 2, 3]);
    await way.close();
  });

  it('that took writes of its own before capture came brings them too', async () => {
    const way = await openWay();
    await caughtUp(stack.mysql.a, replica);
    await way.act('stop');
    expect(await until(async () => (await way.end('capture')).worker === null || undefined)).toBe(true);
    await way.write(2);
    await caughtUp(stack.mysql.a, replica);
    await rows(replica, insert(way, 3));
    await failOver(way, replica);
    await way.start();
    await rows(replica, insert(way, 4));
    await arrive(way, [1, 2, 3, 4]);
    await way.close();
  });

  it('a server that was given a new identity goes on', async () => {
    const way = await openWay();
    const [before] = await rows(stack.mysql.a, 'SELECT @@server_uuid AS u');
    await stack.mysql.a.kill();
    await rmIdentity(stack.mysql.a);
    await stack.mysql.a.restart();
    const [after] = await rows(stack.mysql.a, 'SELECT @@server_uuid AS u');
    expect(after?.['u']).not.toBe(before?.['u']);
    await way.write(2);
    await arrive(way, [1, 2]);
    await way.close();
  });
});

async function rmIdentity(server: MysqlServer): Promise<void> {
  await rm(join(dataOf(server), 'auto.cnf'));
}

function dataOf(server: MysqlServer): string {
  return join(dirname(server.logFile ?? ''), 'data');
}

/** The server demands TLS of everybody who comes over the network; an administrator is on its machine. */
async function demandTls(server: MysqlServer, demanded: 'ON' | 'OFF'): Promise<void> {
  const socketPath = join(dirname(server.logFile ?? ''), 'mysqld.sock');
  const connection = await createConnection({ socketPath, user: server.user });
  await connection.query(`SET GLOBAL require_secure_transport = ${demanded}`);
  connection.destroy();
}

describe.each([
  { end: 'capture', of: 'source', side: 'a', denied: 'SOURCE_DENIED', away: 'SOURCE_UNAVAILABLE' },
  { end: 'loader', of: 'target', side: 'b', denied: 'TARGET_DENIED', away: 'TARGET_UNAVAILABLE' },
] as const)('TLS demanded by the $of', ({ end, of, side, denied, away }) => {
  it('is told by name without it and with a wrong authority; with the right one everything arrives', async () => {
    const way = await openWay();
    const endpoint = `endpoints/${way.endpoints[of]}`;
    const server = stack.mysql[side];
    const authority = await readFile(join(dataOf(server), 'ca.pem'), 'utf8');
    const stranger = await readFile(join(dataOf(stack.mysql[side === 'a' ? 'b' : 'a']), 'ca.pem'), 'utf8');
    expect(stranger).not.toBe(authority);
    await way.write(2);
    await way.arrives();
    await way.cutConnections(side);
    await demandTls(server, 'ON');
    try {
      await way.act('retry');
      await way.fails(end, denied);
      await expect(way.change(endpoint, { tls: { ca: stranger }, password: lutraPassword })).rejects.toThrow(/409.*tls\.ca/);
      await way.change(endpoint, { tls: { ca: stranger }, password: lutraPassword }, '?force=true');
      await way.fails(end, away);
      expect((await way.end(end)).worker?.lastError?.message).toContain('certificate');
      await way.change(endpoint, { tls: { ca: authority }, password: lutraPassword });
      await way.runs();
    } finally {
      await demandTls(server, 'OFF');
    }
    await way.write(3);
    await arrive(way, [1, 2, 3]);
    await way.close();
  });
});
