/**
 * The first start of a channel that seeds, on a topic that was begun for others: its pipeline begins at the end of it. Against a real
 * Kafka; the topic is written here as a capture writes it.
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { RecordEncoder } from '@lutra/avro';
import { BusAdmin, Publisher } from '@lutra/bus';
import { rowsTopic } from '@lutra/model';
import type { ControlRecord, PipelineUid, RecordHeader } from '@lutra/model';
import { Session } from '@lutra/mysql';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { kept, mysqlServer, running } from '../../../test/servers/index.js';
import { ControlClient, healing, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { kafka, zooKeeper } = kept;
const servers = { a: mysqlServer({ version: '8.0', serverId: 101 }), b: mysqlServer({ version: '9.7', serverId: 102 }) };
const log = randomUUID();
const logger = createLogger('test', 'silent');
const stranger = 'zzzzzzzzzzzz';
let control: RunningControl;
let client: ControlClient;
let registry: Registry;
let target: Session;

beforeAll(async () => {
  await Promise.all([running(zooKeeper, kafka), servers.a.start(), servers.b.start()]);
  registry = new Registry({ connect: zooKeeper.connect, root: '/seed-start', logger });
  await registry.start();
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/seed-start', LUTRA_API_TOKEN: 'a-token-of-sixteen' });
  client = new ControlClient(control.url, { Authorization: 'Bearer a-token-of-sixteen' });
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, { timeout: 30_000 });
  const sql = (await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8')).trim().replace(/;$/, '');
  for (const side of ['a', 'b'] as const) {
    const { host, port, user, password } = servers[side];
    const session = await Session.open({ host, port, user, password }, 'target');
    await session.execute(sql);
    await session.execute('CREATE DATABASE shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY)');
    if (side === 'b') target = session;
    else await session.close();
    // That of a does not answer at first.
    const brokers = side === 'a' ? ['127.0.0.1:1'] : [kafka.bootstrap];
    await client.post('/api/v1/regions', { name: `region-${side}`, kafka: { brokers } });
    const endpoint = { name: side, region: `region-${side}`, host, port, user, password, serverId: 4711 };
    expect((await client.post('/api/v1/endpoints', endpoint)).status).toBe(201);
  }
}, 300_000);

afterAll(async () => {
  target?.destroy();
  await registry?.stop();
  await control?.app.close();
  await Promise.all([servers.a.stop(), servers.b.stop()]);
});

/** Epoch, routes of another pipeline, heartbeat. */
async function writeTopic(): Promise<void> {
  const topic = rowsTopic('a');
  const bus = { brokers: [kafka.bootstrap], clientId: 'test', logger };
  const admin = new BusAdmin(bus);
  const publisher = new Publisher({ ...bus, topic });
  const encoder = new RecordEncoder({ topic, endpoint: 'a', ids: registry.schemas });
  const position = { file: 'binlog.000001', pos: 4, gtidSet: null };
  const routes = { tables: ['other.*'], pipelines: { [stranger]: 'f' }, names: {}, revision: 1, write: 'w' };
  const records: readonly ControlRecord[] = [
    { kind: 'epoch', endpoint: 'a', leader: 'l', tsMs: 0 },
    { kind: 'routes', endpoint: 'a', ...routes, server: null, tsMs: 0 },
    { kind: 'heartbeat', endpoint: 'a', position, seen: {}, resolutions: 0, publishedThrough: null, tsMs: 0 },
  ];
  try {
    await admin.ensureTopic(topic, { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: -1, maxMessageBytes: 1 << 20 });
    for (const [index, record] of records.entries()) {
      const header: RecordHeader = { kind: record.kind, log: index === 0 ? '' : log, seq: index - 1, epoch: 1 };
      await publisher.publish([await encoder.encodeControl(header, record)]);
    }
  } finally {
    await Promise.allSettled([admin.close(), publisher.close()]);
  }
  await registry.logs.write('a', { log, epoch: 1, seq: 1, offset: 2, position, seen: {}, routes, updatedAt: 1 }, null);
}

const checkpoints = async (uid: PipelineUid) =>
  (await target.query(`SELECT log_id, seq, next_offset FROM lutra.checkpoint WHERE pipeline = '${uid}'`)).map((row) => ({ ...row }));

it('orders first, then takes the position: what a start that failed between left out, the next one does', async () => {
  await writeTopic();
  const channel = { name: 'shop', seed: true, pipelines: [{ name: 'a-b', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }] };
  const uid = (await client.post('/api/v1/channels', channel)).body.pipelines[0].uid as PipelineUid;
  const failed = await client.post('/api/v1/channels/shop/start');
  expect(failed.body.code).toMatch(/^KAFKA_/);
  const order = (await registry.seeds.read(uid))?.document;
  expect(order).toMatchObject({ state: 'running', tables: ['*.*'] });
  expect([(await registry.uids.read(uid))?.begunAt, await checkpoints(uid)]).toEqual([undefined, []]);
  expect((await client.get('/api/v1/channels/shop')).body.state).toBe('stopped');

  expect((await client.put('/api/v1/regions/region-a', { name: 'region-a', kafka: { brokers: [kafka.bootstrap] } }, '*')).status).toBe(200);
  expect(await client.post('/api/v1/channels/shop/start')).toMatchObject({ status: 200, body: { channel: { state: 'running' } } });
  expect((await registry.seeds.read(uid))?.document).toEqual(order);
  expect(await checkpoints(uid)).toEqual([{ log_id: log, seq: '1', next_offset: '3' }]);
  expect((await registry.uids.read(uid))?.begunAt).toEqual(expect.any(Number));

  // It has a position now, and keeps it.
  await target.execute(`UPDATE lutra.checkpoint SET seq = 0, next_offset = 2, n = n + 1 WHERE pipeline = '${uid}'`);
  await client.post('/api/v1/channels/shop/stop');
  expect((await client.post('/api/v1/channels/shop/start')).status).toBe(200);
  expect(await checkpoints(uid)).toEqual([{ log_id: log, seq: '0', next_offset: '2' }]);
}, 120_000);

it('an apply of a new channel that runs and seeds orders its seed before it starts; applied again it changes nothing', async () => {
  for (const server of Object.values(servers)) {
    const { host, port, user, password } = server;
    const session = await Session.open({ host, port, user, password }, 'target');
    await session.execute('CREATE DATABASE crm; CREATE TABLE crm.people (id BIGINT PRIMARY KEY)');
    await session.close();
  }
  const crm = {
    name: 'crm',
    seed: true,
    state: 'running',
    pipelines: [{ name: 'a-b', source: 'a', target: 'b', routes: [{ schema: 'crm' }] }],
  };
  const document = JSON.stringify({ version: 1, channels: [crm] });
  const planned = await client.post('/api/v1/plan', { document });
  expect(planned.body).toMatchObject({
    problems: expect.not.arrayContaining([expect.objectContaining({ severity: 'error' })]),
    changes: [
      { op: 'create', name: 'crm' },
      { op: 'start', name: 'crm' },
    ],
  });
  const applied = await client.post('/api/v1/apply', { document, hash: planned.body.hash });
  expect(applied.status, applied.text).toBe(200);
  const { body: created } = await client.get('/api/v1/channels/crm');
  expect(created.state).toBe('running');
  const { uid } = created.pipelines[0];
  // What its capture and its loader begin from.
  const order = (await registry.seeds.read(uid))?.document;
  expect(order).toMatchObject({ state: 'running', tables: ['*.*'] });
  expect(await checkpoints(uid)).toEqual([{ log_id: log, seq: '1', next_offset: '3' }]);
  const { body: seed } = await client.get('/api/v1/channels/crm/pipelines/a-b/seed');
  expect(seed).toMatchObject({ order: { id: order!.id, state: 'running' } });
  expect((await client.post('/api/v1/plan', { document })).body.changes).toEqual([]);
  expect((await registry.seeds.read(uid))?.document).toEqual(order);
}, 120_000);

it('a pipeline that goes on elsewhere in its topic is healed: entries before the new position, a verification behind it', async () => {
  const path = '/api/v1/channels/shop/pipelines/a-b/restart';
  const { uid } = (await client.get('/api/v1/channels/shop')).body.pipelines[0];
  await client.post('/api/v1/channels/shop/verify/cancel');
  await target.execute(`UPDATE lutra.checkpoint SET source_us = 1700000000123456, n = n + 1 WHERE pipeline = '${uid}'`);
  const body = { at: 'start', reason: 'records were lost', ...healing };
  const told = await client.post(path, body);
  expect(told).toMatchObject({ status: 409, body: { message: expect.stringContaining('all tables of shop.a-b are compared') } });
  expect(await target.query('SELECT 1 FROM lutra.unequal')).toEqual([]);
  const { body: restarted } = await client.post(path, { ...body, accept: true });
  const order = (await registry.verifications.read('shop'))!.document;
  expect(restarted).toMatchObject({ verification: order.id, consequence: expect.stringContaining('lutra.unequal') });
  expect(order).toMatchObject({
    pipelines: ['a-b'],
    after: { seeds: [], restarts: [] },
    repair: { winner: 'source', untilEqual: true, spareChangedSince: 1_700_000_000_123 },
  });
  const [entry] = await target.query('SELECT table_name, cause, request FROM lutra.unequal WHERE ended_at IS NULL');
  expect(entry).toMatchObject({ table_name: 'orders', cause: 'hole', request: order.repair!.id });
}, 120_000);
