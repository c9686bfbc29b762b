/** The harness against the real servers: what `server.ts` promises. Everything here is bounded. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Admin } from '@platformatic/kafka';
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { run } from './command.js';
import { aria2c, kafkaServer, mysqlServer, type MysqlServer, prepare, rsync, type Server, serverKinds, zooKeeperServer } from './index.js';

const started: Server[] = [];

function tracked<T extends Server>(server: T): T {
  started.push(server);
  return server;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function query(server: MysqlServer, sql: string): Promise<RowDataPacket[]> {
  const connection = await createConnection({ uri: server.url, connectTimeout: 5000 });
  try {
    return (await connection.query<RowDataPacket[]>(sql))[0];
  } finally {
    connection.destroy();
  }
}

beforeAll(() => prepare(serverKinds), 600_000);
afterEach(() => Promise.all(started.splice(0).map((server) => server.stop())));

test('aria2 and rsync run with the libraries that came with them', async () => {
  const [aria2, sync] = await Promise.all([aria2c(() => undefined), rsync(() => undefined)]);
  expect(await run(aria2, ['--version'])).toMatch(/^aria2 version 1\.[^]*HTTPS/);
  expect(await run(sync, ['--version'])).toMatch(/^rsync {2}version 3/);
});

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('MySQL %s', (version) => {
  test('lets root in, writes a row binlog and keeps its data and port over a SIGKILL', async () => {
    const server = tracked(mysqlServer({ version, serverId: 7, extra: ['--max-connections=33'] }));
    await server.start();
    const { port, pid = 0, logFile = '' } = server;
    const [row] = await query(server, 'SELECT @@server_id id, @@max_connections extra, @@binlog_row_image image, @@log_bin log');
    expect(row).toEqual({ id: 7, extra: 33, image: 'FULL', log: 1 });
    await query(server, 'CREATE DATABASE kept');
    await server.kill();
    expect(server.pid).toBeUndefined();
    expect(isAlive(pid)).toBe(false);
    await server.restart();
    expect(server.port).toBe(port);
    expect(await query(server, "SHOW DATABASES LIKE 'kept'")).toHaveLength(1);
    await server.stop();
    expect(existsSync(dirname(logFile))).toBe(false);
  });
});

describe('MySQL', () => {
  test('two servers are two identities', async () => {
    const servers = [1, 2].map((serverId) => tracked(mysqlServer({ version: '8.0', serverId })));
    await Promise.all(servers.map((server) => server.start()));
    const uuids = await Promise.all(servers.map((server) => query(server, 'SELECT @@server_uuid')));
    expect(uuids[0]).not.toEqual(uuids[1]);
  });

  test('a frozen server stands still, and answers when it is resumed', async () => {
    const server = tracked(mysqlServer({ version: '8.0', serverId: 1 }));
    await server.start();
    server.freeze();
    await vi.waitFor(async () => expect(await readFile(`/proc/${server.pid}/status`, 'utf8')).toMatch(/^State:\tT/m));
    const answer = query(server, 'SELECT 1 one');
    server.resume();
    expect(await answer).toEqual([{ one: 1 }]);
  });

  test('a start that fails says what the server said', async () => {
    const server = tracked(mysqlServer({ version: '8.0', serverId: 1, extra: ['--no-such-option'] }));
    await expect(server.start()).rejects.toThrow(/ended while starting[^]*unknown option '--no-such-option'/);
  });

  test('a restart does not take a stranger on its port for the server', async () => {
    const server = tracked(mysqlServer({ version: '8.0', serverId: 1 }));
    await server.start();
    await server.kill();
    const stranger = createServer().listen(server.port, '127.0.0.1');
    await expect(server.restart()).rejects.toThrow(/address already in use/i);
    await new Promise((resolve) => stranger.close(resolve));
    await server.restart();
  });

  test('an external server can be reached and not killed', async () => {
    const server = tracked(mysqlServer({ version: '8.0', serverId: 1 }));
    await server.start();
    const external = mysqlServer({ version: '8.0', serverId: 1, external: server.url });
    await external.start();
    expect(await query(external, 'SELECT 1 one')).toEqual([{ one: 1 }]);
    await expect(external.kill()).rejects.toThrow(/external/);
    await external.stop();
    expect(server.pid).toBeDefined();
  });
});

test('Kafka keeps its topics over a SIGKILL', async () => {
  const server = tracked(kafkaServer());
  await server.start();
  const admin = new Admin({ clientId: 'test', bootstrapBrokers: [server.bootstrap], retries: 20, retryDelay: 250 });
  await admin.createTopics({ topics: ['kept'], partitions: 1, replicas: 1 });
  await server.kill();
  await server.restart();
  expect(await admin.listTopics()).toEqual(['kept']);
  await admin.close();
});

test('ZooKeeper starts again after a SIGKILL', async () => {
  const server = tracked(zooKeeperServer());
  await server.start();
  const connect = server.connect;
  await server.kill();
  await server.restart();
  expect(server.connect).toBe(connect);
});

describe('when the process that started a server', () => {
  async function abandon(how: 'stay' | 'end'): Promise<{ caller: ChildProcess; pid: number; folder: string }> {
    const script = fileURLToPath(new URL('abandoning-caller.ts', import.meta.url));
    const caller = spawn(process.execPath, ['--import', 'tsx', script, how], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: caller.stdout })) {
      const { pid, log } = JSON.parse(line) as { pid: number; log: string };
      return { caller, pid, folder: dirname(log) };
    }
    throw new Error('the caller printed nothing');
  }

  test.each(['SIGKILL', 'SIGINT', 'SIGTERM'] as const)('dies by %s, nothing is left', async (signal) => {
    const { caller, pid, folder } = await abandon('stay');
    expect(isAlive(pid)).toBe(true);
    caller.kill(signal);
    await vi.waitFor(() => expect([isAlive(pid), existsSync(folder)]).toEqual([false, false]), 10_000);
  });

  test('has nothing left to do, it ends, and nothing is left', async () => {
    const { caller, pid, folder } = await abandon('end');
    await vi.waitFor(() => expect([caller.exitCode, isAlive(pid), existsSync(folder)]).toEqual([0, false, false]), 10_000);
  });
});
