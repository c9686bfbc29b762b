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
    const refused = await client.get('/api/v1/workers');
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(refused.body).toMatchObject({ code: 'ZOOKEEPER_UNAVAILABLE', help: expect.stringContaining('Data keeps flowing') });
    const write = await client.put('/api/v1/regions/a', { name: 'a', kafka: { brokers: ['b:9092'] } }, '*');
    expect(write).toMatchObject({ status: 503, body: { code: 'ZOOKEEPER_UNAVAILABLE' } });
    expect((await client.get('/subjects')).body).toMatchObject({ error_code: 503 });
    expect((await client.get('/api/v1/version')).status).toBe(200);
    await zooKeeper.restart();
    await vi.waitUntil(async () => (await client.get('/api/v1/workers')).status === 200, patience);
    expect((await client.get('/api/v1/regions')).body).toMatchObject([{ name: 'a', kafka: { brokers: ['a:9092'] } }]);
  });

  it('sessions and tokens that were known read what was known; nothing is changed, and the answer says from when it is', async () => {
    const token = 'a-token-for-emergencies-alone';
    const guarded = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: '/guarded', LUTRA_API_TOKEN: token });
    const admin = new ControlClient(guarded.url, { Authorization: `Bearer ${token}` });
    await vi.waitUntil(async () => (await admin.get('/health/ready')).status === 200, patience);
    const password = 'a long enough password';
    await admin.post('/api/v1/regions', { name: 'a', kafka: { brokers: ['a:9092'] } });
    await admin.post('/api/v1/users', { name: 'ada', password, grants: [{ role: 'admin', channels: '*' }] });
    const cookie = (await new ControlClient(guarded.url).post('/api/v1/auth/login', { name: 'ada', password })).headers.getSetCookie();
    const ada = new ControlClient(guarded.url, { Cookie: cookie[0]?.split(';')[0] ?? '', 'Sec-Fetch-Site': 'same-origin' });
    const { body } = await admin.post('/api/v1/users/ada/tokens', { name: 'ci', grants: [{ role: 'admin' }] });
    const program = new ControlClient(guarded.url, { Authorization: `Bearer ${body.secret}` });
    expect((await ada.get('/api/v1/regions')).headers.get('lutra-as-of')).toBeNull();
    await zooKeeper.kill();
    await vi.waitUntil(async () => (await admin.get('/health/ready')).status === 503, patience);
    for (const client of [ada, program]) {
      expect((await client.get('/api/v1/me')).status).toBe(200);
      const listed = await client.get('/api/v1/regions');
      expect(listed).toMatchObject({ status: 200, body: [{ name: 'a' }] });
      expect(Date.parse(listed.headers.get('lutra-as-of') ?? '')).toBeLessThanOrEqual(Date.now());
      expect((await client.get('/api/v1/regions/a')).headers.get('etag')).toBe('"0"');
      expect((await client.get('/api/v1/regions/b')).status).toBe(404);
      for (const [method, path, sent] of [
        ['PUT', '/api/v1/regions/a', { name: 'a', kafka: { brokers: ['b:9092'] } }],
        ['DELETE', '/api/v1/regions/a'],
        ['POST', '/api/v1/plan', { document: 'version: 1' }],
        ['POST', '/api/v1/channels/x/start'],
      ] as const) {
        const answer = await client.send(method, path, { body: sent, headers: { 'If-Match': '*' } });
        expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'ZOOKEEPER_UNAVAILABLE']);
      }
    }
    const stranger = new ControlClient(guarded.url, { Authorization: 'Bearer wrong' });
    expect((await stranger.get('/api/v1/regions')).status).toBe(401);
    await zooKeeper.restart();
    await vi.waitUntil(async () => (await ada.get('/api/v1/workers')).status === 200, patience);
    expect((await ada.get('/api/v1/regions')).headers.get('lutra-as-of')).toBeNull();
    await guarded.app.close();
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
