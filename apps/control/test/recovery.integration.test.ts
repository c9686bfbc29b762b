/**
 * Restart and reset of an endpoint, as far as control does them alone: against a real ZooKeeper, with a source and a Kafka that do not
 * answer.
 */
import type { Desired } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, healing, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const path = '/api/v1/endpoints/north';
const now = { start: { from: 'now' }, reason: 'seeded' };
let control: RunningControl;
let registry: Registry;
let client: ControlClient;

beforeAll(async () => {
  await running(zooKeeper);
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/recovery', LUTRA_API_TOKEN: 'a-token-of-sixteen' });
  client = new ControlClient(control.url, { Authorization: 'Bearer a-token-of-sixteen' });
  registry = new Registry({ connect: zooKeeper.connect, root: '/recovery', logger: createLogger('test', 'silent') });
  await registry.start();
  for (const [at, name] of ['north', 'south'].entries()) {
    await client.post('/api/v1/regions', { name, kafka: { brokers: ['127.0.0.1:1'] } });
    const server = { host: '127.0.0.1', port: at + 1, user: 'lutra', password: 'p', serverId: at + 1 };
    expect((await client.post('/api/v1/endpoints', { name, region: name, ...server })).status).toBe(201);
  }
  const pipeline = { name: 'there', source: 'north', target: 'south', routes: [{ schema: 'shop' }] };
  expect((await client.post('/api/v1/channels', { name: 'orders', pipelines: [pipeline] })).status).toBe(201);
});

afterAll(async () => {
  await registry?.stop();
  await control?.app.close();
});

it('keeps an order that was accepted until it is replaced or taken back, and starts the channels anew each time', async () => {
  const attempt = async (): Promise<number> => (await client.get('/api/v1/channels/orders')).body.attempt;
  const told = await client.post(`${path}/restart`, now);
  expect(told).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT' } });
  expect(told.body.details.problems.map(({ id }: { id: string }) => id)).toEqual(['readers', 'source-not-asked', 'until-then']);
  expect(told.body.message).toMatch(/orders\.there.*stopped.*SOURCE_UNAVAILABLE/);
  expect([(await client.get(`${path}/restart`)).body, await attempt()]).toEqual([{ endpoint: 'north', order: null }, 0]);

  const first = await client.post(`${path}/restart`, { ...now, accept: true });
  expect(first).toMatchObject({ status: 200, body: { order: { start: { from: 'now' }, reason: 'seeded' } } });
  const after = { start: { from: 'after', gtid: 'x:1' }, reason: 'XA', accept: true };
  const second = await client.post(`${path}/restart`, after);
  expect((await client.get(`${path}/restart`)).body.order).toEqual(second.body.order);
  expect(second.body.order.id).not.toBe(first.body.order.id);
  expect((await client.remove(`${path}/restart`)).status).toBe(204);
  expect([(await client.get(`${path}/restart`)).body.order, await attempt()]).toEqual([null, 3]);
});

it('orders no restart that heals while a target cannot be reached', async () => {
  for (const action of ['restart', 'reset']) {
    const refused = await client.post(`${path}/${action}`, { ...now, ...healing, accept: true });
    expect(refused).toMatchObject({ status: 409, body: { message: expect.stringMatching(/endpoint south must say in lutra\.unequal/) } });
  }
  expect((await client.get(`${path}/restart`)).body.order).toBeNull();
  const unknown = Object.fromEntries(Object.keys(healing).map((key) => [key, 'nothing']));
  expect((await client.post(`${path}/restart`, { ...now, ...unknown })).status).toBe(400);
});

it('refuses what has not its shape, and endpoints that are not there', async () => {
  for (const body of [{ start: { from: 'now' } }, { ...now, start: { from: 'gtid' } }, { ...now, accept: 'yes' }, { ...now, more: 1 }])
    for (const action of ['restart', 'reset']) expect((await client.post(`${path}/${action}`, body)).status).toBe(400);
  expect((await client.post(`${path}/reset`, { start: { from: 'after', gtid: 'x:1' }, reason: 'no' })).status).toBe(400);
  for (const action of ['restart', 'reset']) expect((await client.post(`/api/v1/endpoints/nowhere/${action}`, now)).status).toBe(404);
  expect((await client.get('/api/v1/endpoints/nowhere/restart')).status).toBe(404);
});

it('takes an order back that waits when its endpoint is removed', async () => {
  await client.post('/api/v1/endpoints', {
    name: 'gone',
    region: 'north',
    host: '127.0.0.1',
    port: 1,
    user: 'u',
    password: 'p',
    serverId: 9,
  });
  expect((await client.post('/api/v1/endpoints/gone/restart', { ...now, accept: true })).status).toBe(200);
  expect((await client.remove('/api/v1/endpoints/gone', '*')).status).toBe(204);
  expect(await registry.restarts.read('gone')).toBeNull();
});

it('does not reset what is in use, by a channel, by a capture or by its lease', async () => {
  const reset = () => client.post(`${path}/reset`, { ...now, accept: true });
  await want('paused');
  expect(await reset()).toMatchObject({ status: 409, body: { message: expect.stringContaining('orders reads it') } });
  await want('stopped');
  const grant = await registry.lease('capture/north').acquire(new AbortController().signal);
  expect(await reset()).toMatchObject({ status: 409, body: { message: expect.stringContaining('holds its lease') } });
  await grant.release();
});

/** Past the checks of the servers. */
async function want(state: Desired['state']): Promise<void> {
  const { revision: tree, revisionVersion: version, desired } = await registry.snapshot.latest();
  const wanted = { state, attempt: 0, by: 'test', at: 0 };
  const operation = registry.configuration.desiredOperation('orders', desired.get('orders')?.version ?? null, wanted);
  expect(await registry.configuration.want({ tree, version }, [operation])).toBe(true);
}
