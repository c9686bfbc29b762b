/** The state of the configuration over REST, against a real ZooKeeper whose tree regresses under a control that lives. */
import { randomId, replicationFingerprint } from '@lutra/model';
import type { TreeRevision } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';
import { workStatus } from '../../../libs/model/src/work-status.fixture.js';

const { zooKeeper } = kept;
let client: ControlClient;
let registry: Registry;
let number = 0;

beforeAll(() => running(zooKeeper));
beforeEach(async () => {
  const LUTRA_ROOT = `/revision-${++number}`;
  const control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT });
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await registry.start();
  for (const name of ['a', 'b']) {
    expect((await client.post('/api/v1/regions', { name, kafka: { brokers: [`${name}:9092`] } })).status).toBe(201);
    const endpoint = { name, region: name, host: name, user: 'lutra', password: 'p', serverId: 7 };
    expect((await client.post('/api/v1/endpoints', endpoint)).status).toBe(201);
  }
  expect((await client.post('/api/v1/channels', channel())).status).toBe(201);
  return async () => {
    await registry.stop();
    await control.app.close();
  };
});

const channel = (...schemas: readonly string[]) => ({
  name: 'ab',
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: ['shop', ...schemas].map((schema) => ({ schema })) }],
});
const fingerprint = (...schemas: readonly string[]): string =>
  replicationFingerprint({ routes: ['shop', ...schemas].map((schema) => ({ schema, table: '*' })), forwards: false });

/** Writes over the node, as a restored ZooKeeper would. */
async function become(tree: TreeRevision | null): Promise<void> {
  const connection = await registry.session.connected();
  const path = `/revision-${number}/revision`;
  if (tree === null) await connection.remove(path, -1);
  else if (await connection.exists(path)) await connection.setData(path, Buffer.from(JSON.stringify(tree)), -1);
  else await connection.create(path, Buffer.from(JSON.stringify(tree)), 0);
}

/** Control has seen this state. */
const knows = (tree: TreeRevision | null): Promise<unknown> =>
  vi.waitFor(async () => expect((await client.get('/api/v1/revision')).body.highest).toBe(tree?.revision), { timeout: 10_000 });

it('in a tree that has regressed nothing is written; what reads, checks and leads out works', async () => {
  const older = await registry.revision.latest();
  expect((await client.put('/api/v1/channels/ab', channel('crm'), '*')).status).toBe(200);
  const newer = await registry.revision.latest();
  await knows(newer);
  for (const tree of [older, null, { ...newer!, write: randomId() }]) {
    await become(tree);
    for (const answer of [
      await client.put('/api/v1/channels/ab', channel(), '*'),
      await client.remove('/api/v1/channels/ab', '*'),
      await client.post('/api/v1/channels/ab/start?force=true'),
      await client.post('/api/v1/channels/ab/stop'),
      await client.post('/api/v1/regions', { name: 'c', kafka: { brokers: ['c:1'] } }),
    ])
      expect(answer).toMatchObject({
        status: 409,
        body: { code: 'CONFIG_REGRESSED', help: expect.stringContaining('adopt'), details: { known: newer?.revision } },
      });
    for (const path of ['channels/ab', 'status', 'regions', 'revision'])
      expect((await client.get(`/api/v1/${path}`)).status, path).toBe(200);
    // Documents without a revision cannot be imported, so they are no export.
    expect((await client.get('/api/v1/backup')).status).toBe(tree ? 200 : 400);
    expect((await client.post('/api/v1/endpoints/a/check')).status).not.toBe(409);
    const told = (await client.get('/api/v1/revision')).body;
    expect(told.revision?.revision ?? null).toBe(tree?.revision ?? null);
    expect(told.regressed).toEqual([
      { app: 'control', name: null, instance: null, is: 'working', known: { revision: newer?.revision, write: newer?.write } },
    ]);
    const health = await client.get('/health/ready');
    expect([health.status, health.body.reasons]).toEqual([200, [expect.stringContaining('CONFIG_REGRESSED')]]);
  }
  await become(newer);
  expect((await client.put('/api/v1/channels/ab', channel(), '*')).status).toBe(200);
  expect((await client.get('/health/ready')).body.reasons).toEqual([]);
});

it('an adoption names what would come alive and what would end, and goes above all that is known anywhere', async () => {
  const tree = (await registry.revision.latest())!;
  const connection = await registry.session.connected();
  const path = `/revision-${number}/desired/ab`;
  const desired = JSON.parse((await connection.getData(path))!.data.toString('utf8'));
  await connection.setData(path, Buffer.from(JSON.stringify({ ...desired, state: 'running' })), -1);
  const { uid } = (await registry.channels.get('ab'))!.document.pipelines[0]!;
  await registry.restarts.order('a', { id: 'x', start: { from: 'now' }, reason: 'old', at: 1 });
  await registry.skips.order(uid, { log: 'L', seq: 1, reason: 'old', at: 1 });
  const repair = { id: 'r', tables: ['*.*'], winner: 'source', extra: [], untilEqual: true, by: 'api', at: 1 };
  await registry.verifications.write('ab', {
    id: 'v',
    tables: ['*.*'],
    repair,
    repeat: 'once',
    share: 1,
    state: 'running',
    by: 'api',
    at: 1,
  });
  const regressed = { revision: 40, write: randomId(), regressed: true };
  await registry.status.publish(workStatus({ app: 'capture', name: 'a', configuration: regressed, routes: { [uid]: fingerprint('crm') } }));
  await registry.status.publish(workStatus({ app: 'loader', name: 'ab.there', configuration: regressed }));
  await registry.status.publish(workStatus({ app: 'files', name: 'there.pics', configuration: regressed }));
  const details = { known: 70, knownWrite: regressed.write, revision: tree.revision, write: tree.write };
  const lastError = { code: 'CONFIG_REGRESSED', message: 'm', help: 'h', at: 1, details } as const;
  await registry.status.publish(workStatus({ app: 'loader', name: 'gone.there', state: 'failed', lastError }));
  expect((await client.get('/api/v1/revision')).body).toMatchObject({
    highest: 70,
    regressed: [
      { app: 'capture', name: 'a', is: 'working', known: { revision: 40 } },
      { app: 'files', name: 'there.pics', is: 'working', known: { revision: 40 } },
      { app: 'loader', name: 'ab.there', is: 'working', known: { revision: 40 } },
      { app: 'loader', name: 'gone.there', is: 'stopped', known: { revision: 70 } },
    ],
  });

  const refused = await client.post('/api/v1/revision/adopt', { reason: 'the copy of yesterday is right' });
  expect(refused).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT', message: expect.stringContaining('"accept": true') } });
  const ids = ['channel-goes-on', 'routes-change', 'work-ends', 'order-withdrawn', 'order-withdrawn', 'order-withdrawn'];
  expect(refused.body.details.problems.map(({ id }: { id: string }) => id)).toEqual(ids);
  expect(await registry.revision.latest()).toEqual(tree);
  expect(await registry.restarts.read('a')).not.toBeNull();

  const adopted = await client.post('/api/v1/revision/adopt', { reason: 'the copy of yesterday is right', accept: true, above: 90 });
  expect(adopted).toMatchObject({ status: 200, body: { revision: { revision: 91, adopted: 91 } } });
  expect(adopted.body.consequences).toHaveLength(ids.length);
  expect(await registry.revision.latest()).toMatchObject({
    revision: 91,
    adopted: 91,
    recent: [],
    by: 'adopted: the copy of yesterday is right',
  });
  expect([await registry.restarts.read('a'), await registry.skips.read(uid)]).toEqual([null, null]);
  expect((await registry.verifications.read('ab'))?.document.state).toBe('cancelled');
  // crm has left the log: it comes in again only when it is seeded anew.
  const again = await client.put('/api/v1/channels/ab', channel('crm'), '*');
  expect(again).toMatchObject({ status: 409, body: { details: { problems: [{ id: 'table-removed' }] } } });
});

it('a tree that a person adopted can be written to, and goes on from its number', async () => {
  const older = (await registry.revision.latest())!;
  expect((await client.put('/api/v1/channels/ab', channel('crm'), '*')).status).toBe(200);
  await knows(await registry.revision.latest());
  await become(older);
  const answer = await client.post('/api/v1/revision/adopt', { reason: 'it is right', accept: true });
  expect(answer).toMatchObject({ status: 200, body: { revision: { revision: older.revision + 2, adopted: older.revision + 2 } } });
  expect((await client.put('/api/v1/channels/ab', channel(), '*')).status).toBe(200);
  expect(await registry.revision.latest()).toMatchObject({
    revision: older.revision + 3,
    adopted: older.revision + 2,
    recent: [answer.body.revision.write],
  });
});

it('a backup that is restored into an emptied tree continues, if it is the newest', async () => {
  const older = (await client.get('/api/v1/backup')).body;
  expect((await client.put('/api/v1/channels/ab', channel('crm'), '*')).status).toBe(200);
  const newest = (await client.get('/api/v1/backup')).body;
  expect(newest.nodes['revision']).toMatchObject({ revision: older.nodes['revision'].revision + 1 });
  await knows(await registry.revision.latest());
  const connection = await registry.session.connected();
  for (const [exported, code] of [
    [older, 'CONFIG_REGRESSED'],
    [newest, undefined],
  ] as const) {
    for (const path of Object.keys((await client.get('/api/v1/backup')).body.nodes))
      await connection.remove(`/revision-${number}/${path}`, -1);
    expect((await client.post('/api/v1/restore', exported)).status).toBe(200);
    // Apps at work follow the tree from its revision on: nothing comes later.
    const made = async (path: string): Promise<string> =>
      (await connection.getData(`/revision-${number}/${path}`))?.stat.czxid.toString('hex') ?? '';
    for (const path of ['regions/a', 'endpoints/b', 'channels/ab']) expect((await made('revision')) >= (await made(path)), path).toBe(true);
    expect((await client.put('/api/v1/channels/ab', channel('crm'), '*')).body.code).toBe(code);
  }
});

it('the body says why, and what is above', async () => {
  for (const body of [{}, { reason: '' }, { reason: 'r', above: -1 }, { reason: 'r', below: 1 }])
    expect((await client.post('/api/v1/revision/adopt', body)).status).toBe(400);
});
