/** Control while ZooKeeper is away, and after. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { zooKeeperServer } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const zooKeeper = zooKeeperServer();
let control: RunningControl;
let client: ControlClient;
const patience = { timeout: 60_000, interval: 100 };

beforeAll(async () => {
  await zooKeeper.start();
  control = await startControl({ ZOOKEEPER: zooKeeper.connect });
  client = new ControlClient(control.url);
});

afterAll(async () => {
  await control.app.close();
  await zooKeeper.stop();
});

describe('without ZooKeeper', () => {
  it('control answers 503 with the reason, stays alive, and recovers by itself', async () => {
    await client.post('/api/v1/regions', { name: 'a', kafka: { brokers: ['a:9092'] } });
    await zooKeeper.kill();
    await vi.waitUntil(async () => (await client.get('/health/ready')).status === 503, patience);
    expect((await client.get('/health/ready')).body).toEqual({ ok: false, reasons: ['zookeeper: not connected'] });
    expect((await client.get('/health/live')).status).toBe(200);
    const refused = await client.get('/api/v1/regions');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.body).toMatchObject({ code: 'ZOOKEEPER_UNAVAILABLE', help: expect.stringContaining('Data keeps flowing') });
    const write = await client.put('/api/v1/regions/a', { name: 'a', kafka: { brokers: ['b:9092'] } }, '*');
    expect(write.status).toBe(503);
    expect((await client.get('/subjects')).body).toMatchObject({ error_code: 503 });
    expect((await client.get('/api/v1/version')).status).toBe(200);
    await zooKeeper.restart();
    await vi.waitUntil(async () => (await client.get('/api/v1/regions')).status === 200, patience);
    expect((await client.get('/api/v1/regions')).body).toMatchObject([{ name: 'a', kafka: { brokers: ['a:9092'] } }]);
  });

  it('control is not ready where ZooKeeper denies it everything', async () => {
    const LUTRA_ROOT = '/denied';
    const owner = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT, ZOOKEEPER_DIGEST: 'lutra:secret' });
    await new ControlClient(owner.url).post('/api/v1/regions', { name: 'a', kafka: { brokers: ['a:9092'] } });
    const stranger = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT, ZOOKEEPER_DIGEST: 'lutra:another' });
    const ready = (one: RunningControl) => new ControlClient(one.url).get('/health/ready');
    await vi.waitUntil(async () => (await ready(stranger)).text.includes('denies'), patience);
    expect(await ready(stranger)).toMatchObject({ status: 503, body: { reasons: [expect.stringContaining('ZOOKEEPER_DIGEST')] } });
    await vi.waitUntil(async () => (await ready(owner)).status === 200, patience);
    await Promise.all([owner.app.close(), stranger.app.close()]);
  });

  it('control starts and stops all the same', async () => {
    const lonely = await startControl({ ZOOKEEPER: '127.0.0.1:1' });
    expect((await new ControlClient(lonely.url).get('/health/live')).status).toBe(200);
    await lonely.app.close();
    await expect(fetch(lonely.url)).rejects.toThrow('fetch failed');
  });

  it('an idle connection does not hold up the end', async () => {
    const other = await startControl({ ZOOKEEPER: zooKeeper.connect });
    const { port } = new URL(other.url);
    const idle = connect(Number(port), '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle, 'close');
    await other.app.close();
    await expect(ended).resolves.toBeDefined();
  });
});
