/** What is wanted of single pipelines and of their tables, over REST, against a real ZooKeeper; the servers do not answer. */
import type { PipelineUid } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { zooKeeperServer } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const zooKeeper = zooKeeperServer();
let control: RunningControl;
let client: ControlClient;
let registry: Registry;
let number = 0;
/** Of the two pipelines. */
let uids: readonly string[] = [];

const pipeline = (target: string) => ({ name: `to-${target}`, source: 'a', target, routes: [{ schema: 'shop' }] });
const channel = '/api/v1/channels/orders';
const of = (name: string): string => `${channel}/pipelines/${name}`;

beforeAll(async () => {
  await zooKeeper.start();
});

afterAll(() => zooKeeper.stop());

beforeEach(async () => {
  const LUTRA_ROOT = `/life-${++number}`;
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT });
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await registry.start();
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, { timeout: 30_000, interval: 50 });
  for (const [at, name] of ['a', 'b', 'c'].entries()) {
    await client.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'] } });
    const server = { host: '127.0.0.1', port: at + 1, user: 'lutra', password: 'p', serverId: at + 1 };
    expect((await client.post('/api/v1/endpoints', { name, region: name, ...server })).status).toBe(201);
  }
  const created = await client.post('/api/v1/channels', { name: 'orders', pipelines: [pipeline('b'), pipeline('c')] });
  uids = created.body.pipelines.map(({ uid }: { readonly uid: string }) => uid);
  return async () => {
    await registry.stop();
    await control.app.close();
  };
});

const desiredOf = async (): Promise<readonly (readonly [string, string])[]> => {
  const { pipelines } = (await client.get(`${channel}/status`)).body;
  return pipelines.map(({ name, desired }: { readonly name: string; readonly desired: string }) => [name, desired]);
};

it('a pipeline is paused, stopped and started on its own, as often as one likes; it does not more than its channel', async () => {
  expect((await client.post(`${of('to-b')}/stop`)).body.channel).toMatchObject({
    state: 'stopped',
    wishes: { pipelines: { [uids[0]!]: 'stopped' } },
  });
  const started = await client.post(`${channel}/start?force=true`);
  expect(started.body.problems.map(({ what }: { readonly what: string }) => what.split(':')[0])).not.toContain('endpoint b');
  expect(await desiredOf()).toEqual([
    ['to-b', 'stopped'],
    ['to-c', 'running'],
  ]);
  expect(await client.post(`${of('to-b')}/start`)).toMatchObject({
    status: 409,
    body: { message: expect.stringContaining('orders.to-b') },
  });
  const forced = await client.post(`${of('to-b')}/start?force=true`);
  expect(forced.body.channel).not.toHaveProperty('wishes');
  expect(await client.post(`${of('to-b')}/start`)).toMatchObject({ status: 200, body: { problems: [] } });
  expect((await client.post(`${of('to-c')}/pause`)).status).toBe(200);
  expect((await client.post(`${channel}/pause`)).status).toBe(200);
  expect(await desiredOf()).toEqual([
    ['to-b', 'paused'],
    ['to-c', 'paused'],
  ]);
  expect((await client.post(`${of('to-c')}/retry`)).body.channel).toMatchObject({
    attempt: 0,
    wishes: { attempts: { [uids[1]!]: 1 }, pipelines: { [uids[1]!]: 'paused' } },
  });
  expect((await client.post(`${of('nobody')}/pause`)).status).toBe(404);
});

it('what was wanted of a pipeline stays with it over every other write, and goes with it', async () => {
  await client.post(`${of('to-b')}/pause?force=true`);
  await client.post(`${of('to-c')}/stop`);
  const { body } = await client.get(channel);
  expect((await client.put(channel, { ...body, description: 'the same' }, '*')).status).toBe(200);
  expect((await client.put(channel, { ...body, wishes: {} }, '*')).status).toBe(400);
  await client.post(`${channel}/stop`);
  expect((await registry.desired.latest('orders'))?.document.pipelines).toEqual({ [uids[0]!]: 'paused', [uids[1]!]: 'stopped' });
  const { wishes: _, ...without } = body;
  const answer = await client.put(channel, { ...without, pipelines: body.pipelines.slice(0, 1) }, '*');
  expect(answer.body.wishes).toEqual({ pipelines: { [uids[0]!]: 'paused' } });
  expect((await registry.desired.latest('orders'))?.document.pipelines).toEqual({ [uids[0]!]: 'paused' });
  expect((await client.get('/api/v1/export')).text).not.toContain('wishes');
});

it('a table is suspended by name, once; what its target must say of its return is asked there', async () => {
  const suspend = (tables: readonly string[]) => client.post(`${of('to-b')}/tables/suspend`, { tables, reason: 'fixed' });
  expect(await suspend(['shop.orders'])).toMatchObject({
    status: 200,
    body: { suspended: [{ database: 'shop', name: 'orders', reason: 'fixed' }] },
  });
  const { at } = (await suspend(['shop.orders', 'shop.lines'])).body.suspended[0];
  expect((await suspend(['shop.orders'])).body.suspended).toMatchObject([{ name: 'orders', at }, { name: 'lines' }]);
  expect((await client.get(channel)).body.wishes.suspended[uids[0]!]).toHaveLength(2);
  expect((await suspend(['crm.t'])).status).toBe(400);
  expect((await suspend(['shop'])).status).toBe(400);
  expect((await suspend([])).status).toBe(400);
  const resumed = await client.post(`${of('to-b')}/tables/resume`, { tables: ['shop.orders'], reason: 'fixed' });
  expect(resumed.body.code).toBe('TARGET_UNAVAILABLE');
  await client.post(`${channel}/pause?force=true`);
  expect((await registry.desired.latest('orders'))?.document.suspended?.[uids[0]! as PipelineUid]).toHaveLength(2);
  const { body } = await client.get(channel);
  const back = { name: 'back', source: 'c', target: 'a', routes: [{ schema: 'shop' }] };
  const { wishes: _, ...without } = body;
  await client.post(`${channel}/stop`);
  const changed = { ...without, state: 'stopped', conflicts: { home: 'a' }, pipelines: [body.pipelines[1], back] };
  expect((await client.put(`${channel}?force=true`, changed, '*')).status).toBe(200);
  expect((await registry.desired.latest('orders'))?.document).not.toHaveProperty('suspended');
  const twoWay = await client.post(`${of('to-c')}/tables/suspend`, { tables: ['shop.orders'], reason: 'fixed' });
  expect(twoWay).toMatchObject({ status: 409, body: { details: { problems: [{ id: 'suspend-two-way' }] } } });
});
