/** The cluster's level over REST, with processes of other builds beside control. */
import { knownLevels, newerThanThisBuild } from '@lutra/model';
import { Registry } from '@lutra/registry';
import type { Worker } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { beforeAll, beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import type { RunningControl } from './control-client.js';

const { zooKeeper } = kept;
const { min, max } = knownLevels;
const next = max + 1;
const patience = { timeout: 60_000, interval: 50 };
let control: RunningControl;
let client: ControlClient;
let number = 0;
let LUTRA_ROOT = '';

beforeAll(() => running(zooKeeper));

beforeEach(async () => {
  LUTRA_ROOT = `/level-${++number}`;
  control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT, LUTRA_REGION: 'hz' });
  client = new ControlClient(control.url);
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 200, patience);
  return () => control.app.close();
});

function worker(instance: string, levels: readonly [number, number]): Worker {
  return { app: 'loader', instance, region: 'hz', version: '9.9.9', levels, keys: ['k'], since: 5 };
}

/** A process of another build. */
async function join(described: Worker): Promise<Registry> {
  const registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  onTestFinished(() => registry.stop());
  await registry.start();
  registry.join({ describe: () => described, onLevel: () => undefined });
  await vi.waitUntil(async () => (await registry.workers.list()).some(({ instance }) => instance === described.instance), patience);
  return registry;
}

it('is begun by the first control, and control is among the processes that it lists', async () => {
  const { body } = await client.get('/api/v1/level');
  expect(body).toMatchObject({ level: max, contents: { 1: expect.any(String), [max]: expect.any(String) }, next: null });
  expect(body.processes).toEqual([
    {
      app: 'control',
      instance: expect.any(String),
      region: 'hz',
      version: expect.any(String),
      levels: [min, max],
      keys: control.secretKey.kids,
      since: expect.any(Number),
    },
  ]);
  expect((await client.get('/api/v1/workers')).body).toEqual(body.processes);
  expect((await client.post('/api/v1/level', { level: max })).status).toBe(200);
  for (const level of [0, 1.5, `${next}`]) expect((await client.post('/api/v1/level', { level })).status).toBe(400);
  expect((await client.post('/api/v1/level', { level: next })).body).toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('no live process'),
  });
});

it('is not raised past a live process, which is named with what to do', async () => {
  await join(worker('young:1', [min, next]));
  const { body } = await client.get('/api/v1/level');
  const { instance } = body.processes.find(({ app }: Worker) => app === 'control');
  expect(body.next).toEqual({
    level: next,
    blocks: [{ instance, what: expect.stringContaining(`knows levels ${min} to ${max}`), fix: expect.stringContaining('replace it') }],
  });
  const refused = await client.post('/api/v1/level', { level: next });
  expect(refused).toMatchObject({
    status: 409,
    body: { code: 'CONFIG_CONFLICT', details: { problems: [{ id: 'level-worker', severity: 'error' }] } },
  });
  expect((await client.get('/api/v1/level')).body.level).toBe(max);
});

it('above what control knows ends its work: it answers with the reason, tells its level, and holds nothing', async () => {
  expect((await client.get('/api/v1/regions')).status).toBe(200);
  const young = await join(worker('young:1', [min, next]));
  // As another control raises it while this one is cut off: its node is gone.
  await (
    await young.session.connected()
  ).setData(`${LUTRA_ROOT}/level`, Buffer.from(JSON.stringify({ level: next, by: 'another control', at: 7 })), -1);
  await vi.waitUntil(async () => (await client.get('/health/ready')).status === 503, patience);
  expect((await client.get('/health/ready')).body.reasons).toEqual([
    `level: the cluster is at level ${next}; this build knows levels ${min} to ${max}`,
  ]);
  expect((await client.get('/health/live')).status).toBe(200);
  for (const answer of [
    await client.get('/api/v1/regions'),
    await client.post('/api/v1/regions', { name: 'a', kafka: { brokers: ['a:1'] } }),
  ])
    expect(answer).toMatchObject({ status: 503, body: { code: 'LEVEL_TOO_NEW', help: expect.stringContaining('/api/v1/level') } });
  expect((await client.get('/api/v1/level')).body).toMatchObject({ level: next, by: 'another control' });
  expect((await client.post('/api/v1/level', { level: max })).body).toMatchObject({
    code: 'CONFIG_CONFLICT',
    message: expect.stringContaining('never falls'),
  });
  expect((await client.get('/metrics')).text).toContain(`lutra_level{app="control"} ${next}`);
});

it('travels with a backup, and a backup of a later level is not restored', async () => {
  const { body } = await client.get('/api/v1/backup');
  expect(body).toMatchObject({ format: 1, level: max });
  expect((await client.post('/api/v1/restore', body)).status).toBe(200);
  const refused = await client.post('/api/v1/restore', { ...body, level: next });
  expect(refused).toMatchObject({ status: 400, body: { code: 'CONFIG_INVALID' } });
  expect(refused.body.message).toBe(`level: ${next}; the backup was ${newerThanThisBuild}`);
});
