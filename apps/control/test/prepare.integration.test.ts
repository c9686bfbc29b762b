/**
 * Preparing a server over REST: what was shown is done and nothing else, again after an interruption, and never with a login that is kept.
 */
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Session } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { mysqlServer, zooKeeperServer } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer, RunningControl } from './control-client.js';

const zooKeeper = zooKeeperServer();
const mysql = mysqlServer({ version: '9.7', serverId: 101 });
const secret = 'otters-hold-hands-in-their-sleep';
const adminSecret = 'nobody keeps this';
const logged: string[] = [];
let control: RunningControl;
let client: ControlClient;
let registry: Registry;
let root: Session;
let body: { readonly endpoint: string; readonly [field: string]: unknown };

beforeAll(async () => {
  await Promise.all([zooKeeper.start(), mysql.start()]);
  registry = new Registry({ connect: zooKeeper.connect, logger: createLogger('test', 'silent') });
  await registry.start();
  const logger = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) });
  control = await startControl({ ZOOKEEPER: zooKeeper.connect }, undefined, { logger });
  client = new ControlClient(control.url);
  const { host, port, user, password } = mysql;
  root = await Session.open({ host, port, user, password }, 'target');
  for (const sql of [
    'CREATE DATABASE shop',
    'CREATE TABLE shop.orders (id BIGINT PRIMARY KEY)',
    `CREATE USER boss@'%' IDENTIFIED BY '${adminSecret}'`,
    "GRANT ALL ON *.* TO boss@'%' WITH GRANT OPTION",
  ])
    await root.query(sql);
  body = {
    endpoint: 'a',
    server: { host, port },
    admin: { user: 'boss', password: adminSecret },
    bothWays: true,
    schemas: ['shop'],
  };
  for (const name of ['hangzhou', 'california']) await client.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'] } });
}, 120_000);

afterAll(async () => {
  root?.destroy();
  await registry?.stop();
  await control?.app.close();
  await Promise.all([mysql.stop(), zooKeeper.stop()]);
});

const prepare = (more: object = {}): Promise<Answer> => client.post('/api/v1/prepare', { ...body, ...more });
const takeBack = (more: object = {}): Promise<Answer> => {
  const { endpoint, server, admin } = body;
  return client.post('/api/v1/prepare/undo', { endpoint, server, admin, ...more });
};
const endpoint = (name: string, password = secret) => {
  const { host, port } = mysql;
  return client.post('/api/v1/endpoints', { name, region: 'hangzhou', host, port, user: 'lutra', password, serverId: 4711 });
};
const channel = { name: 'shop', pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }] };

it('shows everything first, without a password, and writes nothing', async () => {
  const shown = await prepare();
  expect(shown.status, shown.text).toBe(200);
  expect(shown.body).toMatchObject({ done: false, problems: [], schemas: [{ name: 'shop', tables: 1 }] });
  const sql: readonly string[] = shown.body.steps.flatMap((step: { readonly sql: readonly string[] }) => step.sql);
  expect(sql).toContain("CREATE USER IF NOT EXISTS 'lutra'@'%' IDENTIFIED BY '…'");
  expect(shown.body.steps.every(({ done }: { readonly done: boolean }) => !done)).toBe(true);
  expect((await prepare()).body.hash).toBe(shown.body.hash);
  expect(await registry.prepared.names()).toEqual([]);
  expect(await root.query("SELECT User FROM mysql.user WHERE User = 'lutra'")).toEqual([]);
});

it('is refused without the endpoint that has the password, with another hash, and to a server in clear', async () => {
  const { hash } = (await prepare()).body;
  expect(await prepare({ hash })).toMatchObject({ status: 404, body: { code: 'CONFIG_MISSING' } });
  expect(await prepare({ hash: '0' })).toMatchObject({ status: 409, body: { code: 'PLAN_OUTDATED' } });
  for (const tls of [{ mode: 'off' }, { verify: false }])
    expect(await prepare({ server: { host: 'db.example', tls } })).toMatchObject({ status: 400, body: { code: 'CONFIG_INVALID' } });
  expect(await prepare({ schemas: ['mysql'] })).toMatchObject({ status: 400 });
  expect(await prepare({ admin: { user: 'boss', password: 'wrong' } })).toMatchObject({ body: { code: 'TARGET_DENIED' } });
  const forwarded = await client.send('POST', '/api/v1/prepare', { body, headers: { 'X-Forwarded-For': '203.0.113.5' } });
  expect([400, 401, 403]).toContain(forwarded.status);
});

it('does what was shown, and again what an interruption left out, under the same hash', async () => {
  expect((await endpoint('a')).status).toBe(201);
  const { hash } = (await prepare()).body;
  const done = await prepare({ hash });
  expect(done, done.text).toMatchObject({ status: 200, body: { done: true } });
  const again = (await prepare()).body;
  expect([again.hash, again.done, again.problems]).toEqual([hash, true, []]);
  // As if it had been killed in the middle, and begun again with another password.
  await root.query('DROP TABLE lutra.seed');
  await root.query("REVOKE INSERT ON lutra.* FROM 'lutra'@'%'");
  await root.query("ALTER USER 'lutra'@'%' IDENTIFIED BY 'another'");
  const found = (await prepare()).body;
  expect([found.hash, found.done]).toEqual([hash, false]);
  const missing = found.steps.filter((step: { readonly done: boolean }) => !step.done).map(({ id }: { readonly id: string }) => id);
  expect(missing).toEqual(['table seed', 'user', 'grant lutra.*']);
  expect((await prepare({ hash })).body.done).toBe(true);
  const checked = await client.post('/api/v1/endpoints/a/check');
  expect(checked.body.problems.filter(({ severity }: { readonly severity: string }) => severity === 'error')).toEqual([]);
});

it('no login and no password is kept, logged or told', async () => {
  const record = (await registry.prepared.read('a'))?.document;
  expect(record).toMatchObject({ endpoint: 'a', account: { user: 'lutra', host: '%' }, whole: true, by: 'local' });
  expect(logged.some((line) => line.includes('a database server was prepared'))).toBe(true);
  const all = [JSON.stringify(record), ...logged, (await prepare()).text, (await client.get('/api/v1/audit')).text].join('\n');
  expect(all).not.toContain(secret);
  expect(all).not.toContain(adminSecret);
});

it('a user of somebody else is no user of ours; one whose password the endpoint has may be', async () => {
  const other = { ...body, endpoint: 'b', account: { user: 'theirs' } };
  await root.query("CREATE USER 'theirs'@'%' IDENTIFIED BY 'theirs alone'");
  const told = await client.post('/api/v1/prepare', other);
  expect(told.body.problems).toMatchObject([{ id: 'user-exists', severity: 'error' }]);
  expect(await client.post('/api/v1/prepare', { ...other, hash: told.body.hash })).toMatchObject({ status: 409 });
  await root.query("DROP USER 'theirs'@'%'");
});

it('is not taken back under a channel; then all of it is', async () => {
  expect((await client.post('/api/v1/endpoints', { ...channelEndpoint(), name: 'b' })).status).toBe(201);
  expect((await client.post('/api/v1/channels', channel)).status).toBe(201);
  expect(await takeBack()).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT', details: { usedBy: 'shop' } } });
  expect((await client.remove('/api/v1/channels/shop', '*')).status).toBe(204);
  const shown = await takeBack();
  expect(shown.body.steps.map(({ sql }: { readonly sql: readonly string[] }) => sql[0])).toEqual([
    "DROP USER IF EXISTS 'lutra'@'%'",
    'DROP DATABASE IF EXISTS lutra',
  ]);
  const { host, port } = mysql;
  const working = await Session.open({ host, port, user: 'lutra', password: secret }, 'target');
  expect(await takeBack({ hash: shown.body.hash })).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT' } });
  await working.close();
  await expect.poll(async () => (await takeBack()).status).toBe(200);
  expect((await takeBack({ hash: shown.body.hash })).body.done).toBe(true);
  expect(await root.query("SELECT User FROM mysql.user WHERE User = 'lutra'")).toEqual([]);
  expect(await root.query("SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'lutra'")).toEqual([]);
  expect(await takeBack()).toMatchObject({ status: 404 });
});

function channelEndpoint() {
  return { region: 'california', host: '127.0.0.1', port: 1, user: 'lutra', password: secret, serverId: 4712 };
}
