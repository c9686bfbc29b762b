/**
 * Seeds over REST, against two real servers. Nobody carries orders out here: what a loader says of its progress is written as it would.
 */
import { readFile } from 'node:fs/promises';
import type { PipelineUid } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ResultRow } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { workStatus } from '../../../libs/model/src/work-status.fixture.js';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const servers = { a: mysqlServer({ version: '8.0', serverId: 101 }), b: mysqlServer({ version: '9.7', serverId: 102 }) };
type Side = keyof typeof servers;
const sides = ['a', 'b'] as const;
const sessions = new Map<Side, Session>();
const token = 'a-token-of-sixteen';
let control: RunningControl;
let client: ControlClient;
let registry: Registry;
let number = 0;

beforeAll(async () => {
  await Promise.all([running(zooKeeper), servers.a.start(), servers.b.start()]);
  for (const side of sides) {
    const { host, port, user, password } = servers[side];
    sessions.set(side, await Session.open({ host, port, user, password }, 'target'));
    await run(side, (await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8')).trim().replace(/;$/, ''));
    await run(side, 'CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, note TEXT)');
  }
  await run(
    'a',
    "CREATE TABLE shop.`odd ☃` (k VARBINARY(9), id INT, PRIMARY KEY (k, id)); INSERT INTO shop.orders VALUES (1, 'a'), (2, 'b')",
  );
  await run('a', 'CREATE TABLE shop.keyless (n INT)');
  await run('a', 'ANALYZE TABLE shop.orders');
}, 240_000);

afterAll(async () => {
  for (const session of sessions.values()) session.destroy();
  await Promise.all([servers.a.stop(), servers.b.stop()]);
});

/** @param level of the cluster before control starts; left out: as control begins it */
async function begin(level?: number): Promise<void> {
  const root = `/seeds-${++number}`;
  registry = new Registry({ connect: zooKeeper.connect, root, logger: createLogger('test', 'silent') });
  await registry.start();
  if (level !== undefined) await registry.level.begin({ level, by: 'a test', at: 0 });
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: root, LUTRA_API_TOKEN: token });
  client = new ControlClient(control.url, { Authorization: `Bearer ${token}` });
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, { timeout: 30_000 });
  for (const side of sides) {
    expect((await client.post('/api/v1/regions', { name: `region-${side}`, kafka: { brokers: ['127.0.0.1:1'] } })).status).toBe(201);
    const { host, port, user, password } = servers[side];
    const endpoint = { name: side, region: `region-${side}`, host, port, user, password, serverId: 4711 };
    expect((await client.post('/api/v1/endpoints', endpoint)).status).toBe(201);
  }
}

beforeEach(({ task }) => (task.name.includes('level 1') ? begin(1) : begin()), 60_000);
afterEach(async () => {
  await registry.stop();
  await control.app.close();
});

async function run(side: Side, sql: string): Promise<readonly ResultRow[]> {
  const session = sessions.get(side)!;
  const results = await session.execute(sql).catch((error: unknown) => {
    throw session.translate(error, sql.slice(0, 100));
  });
  return results[0]?.rows ?? [];
}

const pipeline = (name: string, source: Side, target: Side, table = '*') => ({ name, source, target, routes: [{ schema: 'shop', table }] });

async function createChannel(name: string, more: object): Promise<Readonly<Record<string, PipelineUid>>> {
  const created = await client.post('/api/v1/channels', { name, ...more });
  expect(created.body).toMatchObject({ name });
  return Object.fromEntries(created.body.pipelines.map((one: { name: string; uid: PipelineUid }) => [one.name, one.uid]));
}

const path = '/api/v1/channels/shop/pipelines/a-b/seed';
/** Of an order that is done. */
const activity = {
  state: 'done',
  tables: 1,
  tablesDone: 1,
  refused: [],
  rows: 2,
  rowsEstimated: 2,
  rowsPerSecond: 0,
  etaMs: 0,
  waitingFor: null,
} as const;
const ordered = { chunkRows: 2_000, parallel: 4, rowsPerSecond: null, maxLagMs: 5_000, state: 'running', after: [] };

describe('an order of a pipeline', () => {
  let uid: PipelineUid;
  beforeEach(async () => {
    uid = (await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b')] }))['a-b']!;
  });

  it('is shown before it is given: what it reads, what the target has, what would be created; and nothing is written', async () => {
    const { status, body } = await client.post(`${path}?dryRun=true`, { tables: ['shop.*'], createTables: true });
    expect(status).toBe(200);
    expect(body).toMatchObject({ dryRun: true, order: { ...ordered, onExisting: 'source', createTables: true, tables: ['shop.*'] } });
    const of = (table: string) => body.tables.find(({ source }: { source: { table: string } }) => source.table === table);
    expect(of('orders')).toMatchObject({ rows: 2, rowsAtTarget: 0, created: false, target: { schema: 'shop', table: 'orders' } });
    expect(of('odd ☃')).toMatchObject({ rowsAtTarget: null, created: true });
    expect(body.topicBytes).toBeGreaterThan(body.bytes);
    expect(body).toMatchObject({ problems: [], order: { keyless: [{ database: 'shop', name: 'keyless' }] } });
    await run('b', 'CREATE TABLE shop.keyless (n INT); INSERT INTO shop.keyless VALUES (1)');
    const filled = (await client.post(`${path}?dryRun=true`, { tables: ['shop.*'], createTables: true })).body;
    await run('b', 'DROP TABLE shop.keyless');
    expect(filled.order).not.toHaveProperty('keyless');
    expect(filled.problems).toMatchObject([{ id: 'seed-key', severity: 'warning', what: expect.stringContaining('is not empty') }]);
    await run('a', 'CREATE TABLE shop.codes (n INT UNIQUE, code VARCHAR(20) NOT NULL, part FLOAT NOT NULL, UNIQUE (code))');
    await run('a', 'CREATE TABLE shop.ratios (part FLOAT NOT NULL UNIQUE)');
    const byUnique = await client.post(`${path}?dryRun=true`, { tables: ['shop.codes', 'shop.ratios'], createTables: true });
    await run('a', 'DROP TABLE shop.codes, shop.ratios');
    expect(byUnique.body.problems).toMatchObject([{ id: 'seed-key', severity: 'error', table: 'shop.ratios' }]);
    expect(byUnique.body.problems[0]).toMatchObject({ what: expect.stringContaining('FLOAT'), fix: expect.stringContaining('DOUBLE') });
    expect(await registry.seeds.names()).toEqual([]);
    // A preview lists what an order would be refused for.
    expect((await client.post(`${path}?dryRun=true`, { tables: ['shop.nothing'] })).body.problems).toMatchObject([
      { id: 'seed-no-tables' },
    ]);
  });

  it('becomes a node that capture carries out; a second one waits for its end', async () => {
    const { body } = await client.post(path, { tables: ['shop.orders'], where: 'id > 1', rowsPerSecond: 100, reason: 'a try' });
    expect(body.order).toMatchObject({ ...ordered, rowsPerSecond: 100, where: 'id > 1', onExisting: 'source', by: 'break-glass: a try' });
    expect((await registry.seeds.read(uid))?.document).toEqual(body.order);
    const second = await client.post(path, { tables: ['shop.orders'] });
    expect(second).toMatchObject({ status: 409, body: { details: { problems: [{ id: 'seed-under-way' }] } } });
    expect((await client.remove(path)).status).toBe(409);
    for (const [action, state] of [
      ['pause', 'paused'],
      ['pause', 'paused'],
      ['resume', 'running'],
      ['cancel', 'cancelled'],
      ['cancel', 'cancelled'],
    ]) {
      expect((await client.post(`${path}/${action}`)).body.order.state).toBe(state);
      expect((await registry.seeds.read(uid))?.document.state).toBe(state);
    }
    expect((await client.post(`${path}/resume`)).status).toBe(409);
    expect((await client.post(path, { tables: ['shop.orders'] })).status).toBe(200);
    expect((await client.remove(path)).status).toBe(409);
    const { id } = (await client.get(path)).body.order;
    await registry.status.publish(workStatus({ app: 'capture', name: 'a', instance: 'h:1', seeds: [{ ...activity, uid, request: id }] }));
    expect((await client.get(path)).body).toMatchObject({ activity: { state: 'done', tables: 1 }, capture: { instance: 'h:1' } });
    expect((await client.remove(path)).status).toBe(204);
    expect(await registry.seeds.names()).toEqual([]);
    expect((await client.remove(path)).status).toBe(404);
  });

  it('is shown with what its loader has ticked off, in the status too', async () => {
    const { order } = (await client.post(path, { tables: ['shop.orders'] })).body;
    const table = {
      database: 'shop',
      table: 'orders',
      state: 'done' as const,
      cursors: ['{"id":2}'],
      ends: [null],
      whole: [true],
      endedAt: 5,
    };
    const rows = { inserted: 2, equal: 1, replaced: 0, kept: 0, yielded: 0, clashes: 1 };
    await registry.seedProgress.write(uid, { request: order.id, tables: [{ ...table, ...rows }], at: 5 });
    expect((await client.get(path)).body).toMatchObject({
      rows: 4,
      tables: { done: 1, seeding: 0 },
      progress: { request: order.id },
      capture: null,
    });
    const status = (await client.get('/api/v1/channels/shop/status')).body;
    expect(status).toMatchObject({
      verification: { state: 'running', pass: 0 },
      pipelines: [{ seed: { id: order.id, rows: 4, clashes: 1, after: [] } }],
    });
    expect((await client.get('/api/v1/status')).body.channels[0].pipelines[0].seed.id).toBe(order.id);
    await client.post(`${path}/cancel`);
    await client.post(path, { tables: ['shop.orders'] });
    expect((await client.get(path)).body).toMatchObject({ progress: null, rows: 0 });
  });

  it('ends with a verification of its tables that waits for it; another one that is under way stays, and the answer says so', async () => {
    const verification = async () => (await registry.verifications.read('shop'))?.document;
    expect((await client.post(path, { tables: ['shop.orders'], verify: false })).body.verification).toBeNull();
    expect(await verification()).toBeUndefined();
    await client.post(`${path}/cancel`);
    const first = (await client.post(path, { tables: ['shop.orders'], where: 'id > 1' })).body;
    expect(await verification()).toMatchObject({
      id: first.verification,
      tables: ['shop.orders'],
      where: 'id > 1',
      pipelines: ['a-b'],
      after: { seeds: [uid], restarts: [] },
      repeat: 'once',
    });
    // It waits for an order that is gone: the next order's takes its place.
    await client.post(`${path}/cancel`);
    const second = (await client.post(path, { tables: ['shop.orders'] })).body;
    expect((await verification())?.id).toBe(second.verification);
    await client.post(`${path}/cancel`);
    await client.post('/api/v1/channels/shop/verify/cancel');
    const own = (await client.post('/api/v1/channels/shop/verify', { tables: ['shop.orders'] })).body.order.id;
    for (const query of ['?dryRun=true', '']) {
      const third = (await client.post(`${path}${query}`, { tables: ['shop.orders'] })).body;
      expect(third).toMatchObject({ verification: null, problems: [{ id: 'verification-under-way', severity: 'warning' }] });
    }
    expect((await verification())?.id).toBe(own);
  });

  it.each([
    [{ tables: ['shop.nothing'] }, 409, 'seed-no-tables'],
    [{ tables: ['other.*'] }, 409, 'seed-no-tables'],
    [{ tables: ['shop.*'] }, 409, 'seed-table-missing'],
    [{ tables: ['shop.keyless'], where: 'n = 1', createTables: true }, 409, 'seed-key'],
    [{ tables: ['shop.orders'], onExisting: 'region-a' }, 409, 'seed-on-existing'],
    [{ tables: ['shop.orders'], onExisting: 'target' }, 409, 'seed-keeps-and-stops'],
    [{ tables: ['orders'] }, 400, null],
    [{ tables: ['shop.orders'], keys: [{ table: 'shop.orders', key: { id: 1 } }] }, 400, null],
    [{}, 400, null],
    // A condition that is none by itself, that the table does not take, or that is more than a condition.
    [{ tables: ['shop.orders'], where: 'nothing = 1' }, 400, null],
    [{ tables: ['shop.orders'], where: '1) OR (1' }, 400, null],
    [{ tables: ['shop.orders'], where: '1); DELETE FROM shop.orders; SELECT (1' }, 400, null],
    [{ tables: ['shop.orders'], where: '1; DELETE FROM shop.orders' }, 400, null],
    [{ tables: ['shop.orders'], where: '1 LIMIT 1' }, 400, null],
  ])('%j is refused', async (body, status, problem) => {
    const answer = await client.post(path, body);
    expect(answer.status).toBe(status);
    if (problem !== null) expect(answer.body.details.problems.map(({ id }: { id: string }) => id)).toContain(problem);
    expect(await registry.seeds.names()).toEqual([]);
    expect(await run('a', 'SELECT COUNT(*) AS n FROM shop.orders')).toMatchObject([{ n: '2' }]);
  });

  it('of a pipeline that leaves a table out for now is refused by name', async () => {
    await run(
      'b',
      `INSERT INTO lutra.suspended (pipeline, database_name, table_name, code, message, because, log_id, seq) VALUES ('${uid}', 'shop', 'orders', 'COLUMN_MISSING', 'm', '', 'l', 7)`,
    );
    expect((await client.post(path, { tables: ['shop.orders'] })).body.details.problems).toMatchObject([
      { id: 'seed-suspended', table: 'shop.orders' },
    ]);
  });

  it('asks for single rows by key, as entries of lutra.resync at the source', async () => {
    await run('a', 'DELETE FROM lutra.resync');
    const keys = [
      { table: 'shop.orders', key: { id: '9223372036854775807' } },
      { table: 'shop.odd ☃', key: { id: 7, k: ['b', 'AP8='] } },
    ];
    expect((await client.post(`${path}?dryRun=true`, { keys })).body).toMatchObject({ order: null, entries: 0, problems: [] });
    expect(await run('a', 'SELECT * FROM lutra.resync')).toEqual([]);
    expect((await client.post(path, { keys })).body).toMatchObject({ order: null, entries: 2, dryRun: false });
    const rows = await run('a', 'SELECT table_name, row_key, pipeline, purpose, problem FROM lutra.resync ORDER BY id');
    expect(rows).toEqual([
      { table_name: 'orders', row_key: '{"id":"9223372036854775807"}', pipeline: uid, purpose: 'resync', problem: null },
      { table_name: 'odd ☃', row_key: '{"id":7,"k":["b","AP8="]}', pipeline: uid, purpose: 'resync', problem: null },
    ]);
    for (const [table, key] of [
      ['shop.nothing', { id: 1 }],
      ['shop.orders', { note: 'a' }],
      ['shop.orders', { id: 1, note: 'a' }],
      ['shop.orders', { id: 2 ** 60 }],
      ['shop.keyless', { n: 1 }],
    ] as const)
      expect((await client.post(path, { keys: [{ table, key }] })).status).toBe(400);
    expect(await run('a', 'SELECT COUNT(*) AS n FROM lutra.resync')).toMatchObject([{ n: '2' }]);
  });
});

it('in a cluster at level 1 neither an order nor a channel that seeds is taken: it says what to do', async () => {
  await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b', 'orders')] });
  const refused = await client.post(path, { tables: ['shop.orders'] });
  expect(refused).toMatchObject({ status: 409, body: { message: expect.stringContaining('POST /api/v1/level') } });
  const channel = { name: 'other', pipelines: [pipeline('a-b', 'a', 'b', 'keyless')], seed: true };
  const answer = await client.post('/api/v1/channels', channel);
  expect(answer).toMatchObject({ status: 400, body: { message: expect.stringContaining('seed: a field of level 2') } });
  expect((await client.post('/api/v1/channels/shop/verify', {})).status).toBe(409);
});

describe('a channel that seeds', () => {
  const both = { pipelines: [pipeline('a-b', 'a', 'b', 'orders'), pipeline('b-a', 'b', 'a', 'orders')] };
  const conflicts = { home: 'region-a', rules: [{ policy: 'home' }] };
  const orderOf = async (uid: PipelineUid | undefined) => (await registry.seeds.read(uid!))?.document ?? null;

  it('orders its seeds at its first start, toward home first; a later start leaves them, and its removal removes them', async () => {
    const uids = await createChannel('shop', { ...both, conflicts, seed: true });
    expect(await registry.seeds.names()).toEqual([]);
    expect(await client.post('/api/v1/channels/shop/start')).toMatchObject({ status: 200 });
    const [there, back] = [await orderOf(uids['a-b']), await orderOf(uids['b-a'])];
    expect(there).toMatchObject({ ...ordered, tables: ['*.*'], createTables: true, onExisting: 'region-a', after: [uids['b-a']] });
    expect(back).toMatchObject({ onExisting: 'region-a', after: [] });
    const status = (await client.get('/api/v1/channels/shop/status')).body;
    expect(status.pipelines[0].seed).toMatchObject({ id: there?.id, after: ['b-a'] });
    const { document: verification } = (await registry.verifications.read('shop'))!;
    expect(verification).toMatchObject({ tables: ['*.*'], after: { seeds: expect.arrayContaining([uids['a-b'], uids['b-a']]) } });
    expect(verification).not.toHaveProperty('pipelines');
    await client.post('/api/v1/channels/shop/pipelines/b-a/seed/cancel');
    await client.post('/api/v1/channels/shop/stop');
    await client.post('/api/v1/channels/shop/start');
    expect(await orderOf(uids['a-b'])).toEqual(there);
    // Nothing has begun: to begin without it, the channel must not say "seed".
    expect(await orderOf(uids['b-a'])).toMatchObject({ id: expect.not.stringMatching(back!.id), state: 'running', onExisting: 'region-a' });
    await client.post('/api/v1/channels/shop/stop');
    await registry.seedProgress.write(uids['a-b']!, { request: 'x', tables: [], at: 0 });
    expect((await client.remove('/api/v1/channels/shop', '*')).status).toBe(204);
    expect([await registry.seeds.names(), await registry.seedProgress.names()]).toEqual([[], []]);
  });

  it('starts where tables are missing that the seed creates; without a seed that is refused', async () => {
    const one = { pipelines: [pipeline('a-b', 'a', 'b')], onUnsupported: 'stop' };
    const { 'a-b': uid } = await createChannel('shop', one);
    const refused = await client.post('/api/v1/channels/shop/start');
    expect(refused.status).toBe(409);
    expect(refused.body.details.problems).toContainEqual(expect.objectContaining({ id: 'table-missing', severity: 'error' }));
    expect((await client.put('/api/v1/channels/shop', { name: 'shop', ...one, seed: true }, '*')).status).toBe(200);
    const started = await client.post('/api/v1/channels/shop/start');
    expect(started.status).toBe(200);
    expect(started.body.problems).toContainEqual(
      expect.objectContaining({ id: 'table-created', severity: 'warning', table: 'shop.odd ☃' }),
    );
    expect(started.body.problems).not.toContainEqual(expect.objectContaining({ id: 'seed-key' }));
    expect(await orderOf(uid)).toMatchObject({ keyless: [{ database: 'shop', name: 'keyless' }] });
  });

  it('starts again while the seed has not created the tables yet, and no longer without an order', async () => {
    const { 'a-b': uid } = await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b')], onUnsupported: 'stop', seed: true });
    expect((await client.post('/api/v1/channels/shop/start')).status).toBe(200);
    const [document] = (await client.get('/api/v1/channels/shop')).body.pipelines;
    await registry.uids.begin(uid!, { ...factsOf(document), channel: 'shop' });
    await client.post('/api/v1/channels/shop/stop');
    expect((await client.post('/api/v1/channels/shop/start')).status).toBe(200);
    await client.post('/api/v1/channels/shop/stop');
    await client.post(`${path}/cancel`);
    expect((await client.post('/api/v1/channels/shop/start')).body.details.problems).toContainEqual(
      expect.objectContaining({ id: 'table-missing' }),
    );
  });

  it('seeds no pipeline that has begun, and checks it as any other', async () => {
    const uids = await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b')], onUnsupported: 'stop', seed: true });
    const { body } = await client.get('/api/v1/channels/shop');
    await registry.uids.begin(uids['a-b']!, { ...factsOf(body.pipelines[0]), channel: 'shop' });
    const refused = await client.post('/api/v1/channels/shop/start');
    expect(refused.body.details.problems).toContainEqual(expect.objectContaining({ id: 'table-missing' }));
    expect((await client.post('/api/v1/channels/shop/start?force=true')).status).toBe(200);
    expect(await registry.seeds.names()).toEqual([]);
  });

  it('takes a new pipeline only while it is stopped: a start orders its seed', async () => {
    await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b', 'orders')], seed: true });
    await client.post('/api/v1/channels/shop/start');
    await client.post(`${path}/cancel`);
    const more = { name: 'shop', ...both, conflicts, seed: true };
    const refused = await client.put('/api/v1/channels/shop', more, '*');
    expect(refused.body.details.problems).toMatchObject([{ id: 'seed-added-pipeline' }]);
    await client.post('/api/v1/channels/shop/stop');
    expect((await client.put('/api/v1/channels/shop', more, '*')).status).toBe(200);
    await client.post('/api/v1/channels/shop/start');
    expect(await registry.seeds.names()).toHaveLength(2);
  });

  it('stays one way while its seed is under way: what wins one way would swap rows both ways', async () => {
    const { 'a-b': uid } = await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b', 'orders')], seed: true });
    await client.post('/api/v1/channels/shop/start');
    await client.post('/api/v1/channels/shop/stop');
    const more = { name: 'shop', ...both, conflicts, seed: true };
    const refused = await client.put('/api/v1/channels/shop', more, '*');
    expect(refused.body.details.problems).toMatchObject([{ id: 'seed-under-way', what: expect.stringContaining('onExisting: source') }]);
    await client.post('/api/v1/channels/shop/pipelines/a-b/seed/cancel');
    expect((await client.put('/api/v1/channels/shop', more, '*')).status).toBe(200);
    await client.post('/api/v1/channels/shop/start');
    expect(await registry.seeds.names()).toHaveLength(2);
    expect(await orderOf(uid)).toMatchObject({ state: 'running', onExisting: 'region-a' });
  });
});

describe('tables that a change takes in', () => {
  const conflicts = { home: 'region-a', rules: [{ policy: 'home' }] };
  const ways = (...tables: readonly string[]) => {
    const routes = tables.map((table) => ({ schema: 'shop', table }));
    return [
      { name: 'a-b', source: 'a', target: 'b', routes },
      { name: 'b-a', source: 'b', target: 'a', routes },
    ];
  };
  const change = (pipelines: readonly object[], query: string, more: object = {}) =>
    client.put(`/api/v1/channels/shop?${query}`, { name: 'shop', pipelines, conflicts, onUnsupported: 'stop', ...more }, '*');
  const idsOf = (answer: { body: any }): readonly string[] =>
    // oxlint-disable-line typescript/no-explicit-any
    (answer.body.details?.problems ?? answer.body.problems).map(({ id }: { id: string }) => id);
  let uids: Readonly<Record<string, PipelineUid>>;

  beforeEach(async () => {
    uids = await createChannel('shop', { pipelines: ways('orders'), conflicts, onUnsupported: 'stop' });
    expect((await client.post('/api/v1/channels/shop/start?force=true')).status).toBe(200);
    for (const { name, uid, source, target } of (await client.get('/api/v1/channels/shop')).body.pipelines)
      await registry.uids.begin(uid, { ...factsOf({ name, source, target }), channel: 'shop' });
  });

  it('are seeded in the same write, toward home first, and verified then; a dry run says which', async () => {
    const wanted = ways('orders', 'odd*');
    expect(idsOf(await change(wanted, ''))).toContain('table-missing');
    const { status, body } = await change(wanted, 'seed=true&dryRun=true');
    expect(status).toBe(200);
    // Side b has no such table yet, so nothing comes back from there.
    expect(body).toMatchObject({
      dryRun: true,
      seeds: [{ pipeline: 'a-b', order: { tables: ['shop.odd*'], onExisting: 'region-a', after: [] } }],
    });
    expect(body.seeds[0].tables).toMatchObject([{ source: { table: 'odd ☃' }, created: true }]);
    expect(await registry.seeds.names()).toEqual([]);
    expect((await client.get('/api/v1/channels/shop')).body.pipelines[0].routes).toHaveLength(1);

    await run('b', 'CREATE TABLE shop.`odd ☃` (k VARBINARY(9), id INT, PRIMARY KEY (k, id))');
    try {
      const taken = await change(wanted, 'seed=true');
      expect(taken.status).toBe(200);
      expect(taken.body.pipelines[0].routes).toHaveLength(2);
      const [there, back] = await Promise.all(['a-b', 'b-a'].map(async (name) => (await registry.seeds.read(uids[name]!))?.document));
      expect(back).toMatchObject({ tables: ['shop.odd*'], onExisting: 'region-a', after: [], createTables: true });
      expect(there).toMatchObject({ tables: ['shop.odd*'], onExisting: 'region-a', after: [uids['b-a']] });
      expect((await registry.verifications.read('shop'))?.document).toMatchObject({
        tables: ['shop.odd*'],
        after: { seeds: expect.arrayContaining([uids['a-b'], uids['b-a']]) },
      });
      // Their seeds are under way.
      const again = await change(ways('orders', 'odd*', 'keyless'), 'seed=true');
      expect(again.status).toBe(409);
      expect(idsOf(again)).toContain('seed-under-way');
    } finally {
      await run('b', 'DROP TABLE shop.`odd ☃`');
    }
  });

  it('are refused by name where nothing can be seeded so, and no document changes', async () => {
    const [there, back] = ways('orders', 'odd*');
    expect(idsOf(await change([{ ...there, name: 'another' }, back!], 'seed=true&dryRun=true'))).toContain('seed-added-pipeline');
    expect(idsOf(await change(ways('orders', 'nothing'), 'seed=true&dryRun=true'))).toEqual(['seed-nothing-added']);
    expect((await change(ways('orders'), 'dryRun=true')).status).toBe(400);
    expect((await registry.snapshot.latest()).channels.get('shop')?.version).toBe(0);
  });
});

it('tables of a pipeline that has not begun are left to its first start', async () => {
  await createChannel('shop', { pipelines: [pipeline('a-b', 'a', 'b', 'orders')] });
  const more = { name: 'shop', pipelines: [pipeline('a-b', 'a', 'b')] };
  const refused = await client.put('/api/v1/channels/shop?seed=true', more, '*');
  expect(refused.body.details.problems).toContainEqual(
    expect.objectContaining({ id: 'seed-not-begun', fix: expect.stringContaining('"seed": true') }),
  );
});

function factsOf({ name, source, target }: { name: string; source: string; target: string }) {
  return { pipeline: name, source, target, fingerprint: 'f' };
}
