/** Schema changes of a pipeline over REST: settings, a hold with both definitions, answers, and what a target lacks to carry them out. */
import { readFile } from 'node:fs/promises';
import type { DdlHold } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workStatus } from '../../../libs/model/src/work-status.fixture.js';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { Answer, RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const mysql = mysqlServer({ version: '8.0', serverId: 101 });
const path = '/api/v1/channels/ab/pipelines/there/ddl';
const channel = (ddl?: object, ...more: readonly object[]) => ({
  name: 'ab',
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop', to: { schema: 'copy' } }], ddl }, ...more],
});
const hold: DdlHold = {
  log: 'L',
  seq: 7,
  record: '3e11fa47-71ca-11e1-9e33-c80aa9429562:2',
  reason: 'unmapped',
  message: 'shop.parents is not routed; do it at the target and answer "done"',
  statement: 'ALTER TABLE',
  sql: 'ALTER TABLE t ADD c INT',
  here: null,
  tables: [
    { database: 'shop', name: 't' },
    { database: 'crm', name: 'parents' },
  ],
  ways: ['done'],
  since: 5,
};
let control: RunningControl;
let client: ControlClient;
let registry: Registry;
let server: ConnectionOptions;
let uid = '';

beforeAll(async () => {
  await Promise.all([running(zooKeeper), mysql.start()]);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/ddl' });
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root: '/ddl', logger: createLogger('test', 'silent') });
  await registry.start();
  server = { host: mysql.host, port: mysql.port, user: mysql.user, password: mysql.password };
  const script = await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8');
  await run(...script.split(/;\s*$/m).filter((text) => /^(?!--)\S/m.test(text)));
  await run('CREATE DATABASE shop', 'CREATE DATABASE copy', 'CREATE TABLE shop.t (id INT PRIMARY KEY, c INT)');
  await run('CREATE TABLE copy.t (id INT PRIMARY KEY, old INT)');
  for (const name of ['a', 'b']) {
    await client.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'] } });
    expect((await client.post('/api/v1/endpoints', { name, region: name, ...server, serverId: name === 'a' ? 4711 : 4712 })).status).toBe(
      201,
    );
  }
  const made = await client.post('/api/v1/channels', channel());
  uid = made.body.pipelines[0].uid;
});

afterAll(async () => {
  await registry?.stop();
  await control?.app.close();
  await mysql.stop();
});

async function run(...statements: readonly string[]): Promise<void> {
  const session = await Session.open(server, 'target');
  for (const statement of statements) await session.query(statement);
  await session.close();
}

const says = (more: object): Promise<void> => registry.status.publish(workStatus({ app: 'loader', name: 'ab.there', uid, ...more }));
const answer = { log: 'L', seq: 7, answer: 'done', by: 'ada', reason: 'it is so there' };

describe('the settings', () => {
  const put = (body: object): Promise<Answer> => client.put('/api/v1/channels/ab', body, '*');
  const back = { name: 'back', source: 'b', target: 'a', routes: [{ schema: 'copy', to: { schema: 'shop' } }] };
  const shown = async (): Promise<unknown> =>
    (await client.get('/api/v1/channels/ab')).body.pipelines.map(({ ddl }: { ddl: object }) => ddl);

  it('are shown as they count, kept as they are sent back, and changed while the channel is what it is', async () => {
    expect(await shown()).toEqual([{ default: 'apply' }]);
    expect((await client.get(path)).body).toMatchObject({
      pipeline: 'ab.there',
      settings: { default: 'apply', drop: 'apply', truncate: 'apply', maxSeconds: null, bothWays: false, homes: [] },
      hold: null,
      running: null,
      tables: [],
      recent: [],
      unreachable: [],
    });
    expect((await put(channel({ truncate: 'stop', maxSeconds: 60 }))).status).toBe(200);
    expect(await shown()).toEqual([{ default: 'apply', truncate: 'stop', maxSeconds: 60 }]);
    const { body } = await client.get('/api/v1/channels/ab');
    expect((await put(body)).body.pipelines).toEqual(body.pipelines);
    for (const ddl of [{ maxSeconds: 0 }, { default: 'run' }, { rename: 'stop' }]) expect((await put(channel(ddl))).status).toBe(400);
  });

  it('apply both ways what a region is at home of, and no TRUNCATE', async () => {
    const ids = async (body: object): Promise<unknown> => {
      const refused = await put(body);
      return [refused.status, refused.body.code, refused.body.details?.problems.map((one: { id: string }) => one.id)];
    };
    const apply = channel({ default: 'apply' }, back);
    expect(await ids(apply)).toEqual([400, 'CONFIG_INVALID', ['ddl-home-missing']]);
    expect(await ids(channel({ truncate: 'apply' }, back))).toEqual([400, 'CONFIG_INVALID', ['ddl-truncate-both-ways']]);
    const homes = (...regions: readonly string[]) =>
      regions.map((region, i) => ({ schema: i === 0 ? 'copy' : 'shop', table: 't*', region }));
    const home = { conflicts: { home: 'a' } };
    expect(await ids({ ...apply, ...home, schemaHomes: homes('b') })).toEqual([400, 'CONFIG_INVALID', ['schema-home-differs']]);
    expect(await ids({ ...apply, ...home, schemaHomes: homes('c', 'c') })).toMatchObject([400, 'CONFIG_INVALID', { length: 2 }]);
    expect((await put({ ...apply, ...home, schemaHomes: [{ schema: 'no.name', region: 'a' }] })).status).toBe(400);
    const schemaHomes = homes('b', 'b');
    expect((await put({ ...apply, ...home, schemaHomes })).body).toMatchObject({ schemaHomes });
    expect(await shown()).toEqual([{ default: 'apply' }, { default: 'stop' }]);
    const { body } = await client.get('/api/v1/channels/ab');
    expect((await put(body)).body).toMatchObject({ schemaHomes, conflicts: { home: 'a' } });
    await says({ state: 'held', hold, epoch: 1 });
    const settings = { default: 'apply', drop: 'apply', truncate: 'stop', maxSeconds: null, bothWays: true };
    expect((await client.get(path)).body.settings).toEqual({ ...settings, homes: [{ table: 'copy.t', home: 'b' }] });
    expect((await put(channel(undefined, back))).status).toBe(200);
    expect(await shown()).toEqual([{ default: 'stop' }, { default: 'stop' }]);
    expect((await client.get(path)).body.settings.homes).toEqual([{ table: 'copy.t', home: null }]);
    expect((await put(channel())).status).toBe(200);
    expect((await client.get('/api/v1/channels/ab')).body).not.toHaveProperty('schemaHomes');
  });
});

describe('a hold', () => {
  it('is shown with both definitions and what differs, and with what was carried out there of late', async () => {
    const columns =
      'pipeline, record, part, incarnation, n, log_id, seq, state, statement, sql_here, tables, origin, path, answer, begun_at';
    const row = (seq: number, state: string, told: string): string =>
      `('${uid}', 'x:${seq}', 0, '', 0, 'L', ${seq}, '${state}', 'ALTER TABLE', 'ALTER TABLE \`copy\`.\`t\` ADD x INT', '[["copy","t"]]', 'a', 'a', ${told}, '2026-01-02 03:04:0${seq}')`;
    const told = `'{"answer": "skip", "by": "ada", "reason": "r"}'`;
    await run(`INSERT INTO lutra.ddl (${columns}) VALUES ${row(5, 'done', 'NULL')}, ${row(6, 'skipped', told)}`);
    await says({ state: 'held', hold, epoch: 2 });
    const { body } = await client.get(path);
    expect(body).toMatchObject({ hold, unreachable: [] });
    expect(body.tables).toEqual([
      {
        source: 'shop.t',
        target: 'copy.t',
        atSource: expect.stringMatching(/^CREATE TABLE `t`[^]*`c` int/),
        atTarget: expect.stringMatching(/^CREATE TABLE `t`[^]*`old` int/),
        key: ['id'],
        differences: ['column c is missing', 'column old is at the target alone'],
      },
    ]);
    expect(body.recent).toMatchObject([
      { record: 'x:6', seq: 6, state: 'skipped', tables: ['copy.t'], answer: { answer: 'skip', by: 'ada' } },
      { record: 'x:5', seq: 5, state: 'done', answer: null, begunAt: '2026-01-02T03:04:05.000000Z', endedAt: null },
    ]);
    const { pipelines } = (await client.get('/api/v1/channels/ab/status')).body;
    expect(pipelines[0]).toMatchObject({ held: { reason: 'unmapped', seq: 7, ways: ['done'] } });
    expect(pipelines[0].held.sql).toBeUndefined();
  });

  it('is answered where it is, by an answer that it takes; every other one is refused by name', async () => {
    const refused = async (body: object): Promise<unknown> => {
      const { status, body: told } = await client.post(path, { ...answer, ...body });
      return [status, told.code, told.message];
    };
    expect(await refused({ seq: 6 })).toEqual([
      409,
      'CONFIG_CONFLICT',
      expect.stringMatching(/does not hold at seq 6 of log L, but at ALTER TABLE on shop\.t, crm\.parents \(seq 7\)/),
    ]);
    expect(await refused({ log: 'M' })).toEqual([409, 'CONFIG_CONFLICT', expect.stringContaining('of log M')]);
    expect(await refused({ answer: 'run' })).toEqual([
      409,
      'CONFIG_CONFLICT',
      expect.stringMatching(/\(unmapped\): "run" is no way out of it; done would be taken\. shop\.parents is not routed/),
    ]);
    expect(await refused({ reason: '' })).toEqual([400, 'CONFIG_INVALID', expect.any(String)]);
    expect((await client.post('/api/v1/channels/ab/pipelines/there/skip', { seq: 7, reason: 'r' })).body).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('seq 7 cannot be skipped: shop.parents is not routed'),
    });
    expect(await registry.skips.read(uid as never)).toBeNull();
    expect((await client.post(path, answer)).status).toBe(200);
    expect(await registry.skips.read(uid as never)).toEqual({ ...answer, at: expect.any(Number) });
    await says({ state: 'running', epoch: 2 });
    expect(await refused({})).toEqual([409, 'CONFIG_CONFLICT', expect.stringContaining('does not hold at a schema change')]);
  });

  it('of a table without any key that enters is answered by a seed, whatever the target has of it: that is put aside', async () => {
    await run('CREATE TABLE shop.bare (n INT)', 'CREATE TABLE copy.bare (n INT)', 'INSERT INTO copy.bare VALUES (1)');
    const bare = { database: 'shop', name: 'bare' };
    const entered = {
      ...hold,
      reason: 'entered',
      statement: 'RENAME TABLE',
      tables: [bare],
      enters: [bare],
      ways: ['seed', 'done', 'skip'],
    };
    await says({ state: 'held', hold: entered, epoch: 2 });
    expect((await client.get(path)).body).toMatchObject({ hold: { ways: ['seed', 'done', 'skip'] }, tables: [{ key: [] }] });
    const ordered = await client.post(path, { ...answer, answer: 'seed' });
    expect([ordered.status, ordered.body.message]).toEqual([200, undefined]);
    expect((await registry.seeds.read(uid as never))?.document).toMatchObject({
      tables: ['shop.bare'],
      keyless: [bare],
      answers: { log: 'L', seq: 7 },
    });
    await client.post(path, { ...answer, answer: 'skip' });
    expect((await registry.seeds.read(uid as never))?.document.state).toBe('cancelled');
    await registry.skips.remove(uid as never);
    await says({ state: 'running', epoch: 2 });
  });

  it('is shown, too, where a server does not answer, which is named', async () => {
    await says({ state: 'held', hold, epoch: 2 });
    mysql.freeze();
    try {
      const { status, body } = await client.get(path);
      expect([status, body.hold.seq, body.tables[0].atSource, body.recent]).toEqual([200, 7, null, []]);
      expect(body.unreachable.map(({ endpoint }: { endpoint: string }) => endpoint).toSorted()).toEqual(['a', 'b']);
    } finally {
      mysql.resume();
    }
    await says({ state: 'running', epoch: 2 });
  });
});

describe('the check of a target', () => {
  const problems = async (): Promise<readonly { id: string; severity: string; what: string; fix: string }[]> =>
    (await client.post('/api/v1/endpoints/b/check')).body.problems.filter(({ id }: { id: string }) => id.startsWith('ddl-'));

  it('names what the user lacks: a warning by default and where it holds, an error where it was asked for, nothing where changes are ignored', async () => {
    await run("CREATE USER few@'%' IDENTIFIED BY 'p'", "GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO few@'%'");
    await run("GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, CREATE ON copy.* TO few@'%'");
    const few = { name: 'b', region: 'b', ...server, user: 'few', password: 'p', serverId: 4712 };
    expect((await client.put('/api/v1/endpoints/b?force=true', few, '*')).status).toBe(200);
    const found = await problems();
    expect(found).toMatchObject([
      {
        id: 'ddl-privileges',
        severity: 'warning',
        what: expect.stringMatching(/lacks ALTER, DROP, INDEX, REFERENCES on `copy`\.\*/),
        fix: "GRANT ALTER, DROP, INDEX, REFERENCES ON `copy`.* TO 'few'@'%'",
      },
      { id: 'ddl-privileges', severity: 'warning', fix: "GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'few'@'%'" },
    ]);
    await client.put('/api/v1/channels/ab', channel({ drop: 'apply', default: 'stop' }), '*');
    expect((await problems()).map(({ severity }) => severity)).toEqual(['error', 'error']);
    await client.put('/api/v1/channels/ab', channel({ default: 'stop' }), '*');
    expect(await problems()).toEqual(found);
    await client.put('/api/v1/channels/ab', channel({ default: 'ignore' }), '*');
    expect(await problems()).toEqual([]);
    await run('DROP TABLE lutra.ddl');
    expect(await problems()).toEqual([]);
    await client.put('/api/v1/channels/ab', channel({ default: 'stop' }), '*');
    expect(await problems()).toMatchObject([{ id: 'ddl-missing', severity: 'warning' }, found[0], found[1]]);
    expect((await client.get(path)).body.unreachable).toMatchObject([
      { endpoint: 'b', message: expect.stringMatching(/lutra\.ddl does not exist.*schemas\/lutra\.sql/) },
    ]);
  });
});

it('below level 3 there is nothing to answer, and a document has no such settings', async () => {
  const LUTRA_ROOT = '/below';
  const before = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await before.start();
  const session = await before.session.connected();
  await session.create(LUTRA_ROOT, Buffer.alloc(0), 0);
  await session.create(`${LUTRA_ROOT}/level`, Buffer.from(JSON.stringify({ level: 2, by: 'a control of before', at: 7 })), 0);
  await before.stop();
  const other = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT });
  try {
    const asked = new ControlClient(other.url);
    for (const name of ['a', 'b']) {
      await asked.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'] } });
      await asked.post('/api/v1/endpoints', { name, region: name, ...server, serverId: name === 'a' ? 4711 : 4712 });
    }
    expect((await asked.post('/api/v1/channels', channel({ default: 'stop' }))).body).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/pipelines\.0\.ddl: a field of level 3, and the cluster is at level 2/),
    });
    const made = await asked.post('/api/v1/channels', channel());
    expect([made.status, made.body.pipelines[0].ddl]).toEqual([201, undefined]);
    expect((await asked.post(path, answer)).body).toMatchObject({
      code: 'CONFIG_CONFLICT',
      message: expect.stringContaining('are of level 3'),
    });
  } finally {
    await other.app.close();
  }
});
