/** Trees that lack something, or hold what nobody can read: what is refused, and what leads out. */
import { newPipelineUid } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';

const { zooKeeper } = kept;
let client: ControlClient;
let registry: Registry;
let root = '';
let number = 0;

beforeAll(() => running(zooKeeper));
beforeEach(async () => {
  root = `/damaged-${++number}`;
  const control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT: root });
  client = new ControlClient(control.url);
  registry = new Registry({ connect: zooKeeper.connect, root, logger: createLogger('test', 'silent') });
  await registry.start();
  return async () => {
    await registry.stop();
    await control.app.close();
  };
});

const channel = { name: 'ab', pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }] };

async function fill(): Promise<void> {
  for (const name of ['a', 'b']) {
    expect((await client.post('/api/v1/regions', { name, kafka: { brokers: [`${name}:9092`] } })).status).toBe(201);
    const endpoint = { name, region: name, host: name, user: 'lutra', password: 'p', serverId: 7 };
    expect((await client.post('/api/v1/endpoints', endpoint)).status).toBe(201);
  }
  expect((await client.post('/api/v1/channels', channel)).status).toBe(201);
}

/** Past the REST API. Folders above it are there. */
async function put(path: string, value: unknown): Promise<void> {
  const connection = await registry.session.connected();
  const data = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const full = `${root}/${path}`;
  for (let at = full.indexOf('/', 1); at > 0; at = full.indexOf('/', at + 1)) {
    const folder = full.slice(0, at);
    // Control may make it at the same moment.
    if (!(await connection.exists(folder))) await connection.create(folder, Buffer.alloc(0), 0).catch(() => undefined);
  }
  if (await connection.exists(full)) await connection.setData(full, data, -1);
  else await connection.create(full, data, 0);
}

const accept = { reason: 'it is right', accept: true };

describe('an adoption', () => {
  it('of more pipelines than one write takes is done in several, the revision last', async () => {
    await fill();
    const uids = Array.from({ length: 510 }, newPipelineUid);
    const pipelines = uids.map((uid, n) => ({ name: `p${n}`, source: 'a', target: 'b', routes: [{ schema: `s${n}` }], uid }));
    await put('channels/many', { name: 'many', pipelines });
    expect(await client.post('/api/v1/revision/adopt', accept)).toMatchObject({ status: 200 });
    expect((await registry.revision.latest())?.adopted).toBeGreaterThan(0);
    for (const uid of [uids[0]!, uids[509]!]) expect(await registry.left.read(uid)).toEqual([{ schema: '*', table: '*' }]);
  });

  it('withdraws every order, also a damaged one and those of documents that are damaged or gone', async () => {
    await fill();
    const { uid } = (await registry.channels.get('ab'))!.document.pipelines[0]!;
    const gone = newPipelineUid();
    await put(`skips/${uid}`, '{');
    await registry.skips.order(gone, { log: 'L', seq: 1, reason: 'old', at: 1 });
    await registry.restarts.order('b', { id: 'x', start: { from: 'now' }, reason: 'old', at: 1 });
    await put('endpoints/b', '{');
    const told = await client.post('/api/v1/revision/adopt', { reason: 'it is right' });
    expect(told.status).toBe(409);
    const withdrawn = told.body.details.problems.filter(({ id }: { id: string }) => id === 'order-withdrawn');
    const said = withdrawn.map(({ what }: { what: string }) => what).join();
    for (const whose of ['endpoint b', 'pipeline ab.there', `pipeline of uid ${gone}`]) expect(said).toContain(whose);
    expect((await client.post('/api/v1/revision/adopt', accept)).status).toBe(200);
    expect([await registry.skips.read(uid), await registry.skips.read(gone)]).toEqual([null, null]);
    expect(await registry.restarts.read('b')).toBeNull();
  });
});

it('a channel of which nobody can read what is wanted is stopped before it is removed', async () => {
  await fill();
  await put('desired/ab', '{"state":"running"');
  const refused = await client.remove('/api/v1/channels/ab', '*');
  expect(refused).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT', message: expect.stringContaining('stop it') } });
  expect((await client.post('/api/v1/channels/ab/stop')).status).toBe(200);
  expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
});

it('a damaged channel is removed with its uids, beside a uid of another channel that is damaged', async () => {
  await fill();
  const { uid } = (await registry.channels.get('ab'))!.document.pipelines[0]!;
  await put('channels/ab', '{');
  const other = newPipelineUid();
  await put(`uids/${other}`, '{');
  expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
  expect((await registry.uids.read(uid))?.removedAt).toBeGreaterThan(0);
});

it('an order to skip goes with its pipeline, so that nobody who adopts its position carries it out', async () => {
  await fill();
  const { uid } = (await registry.channels.get('ab'))!.document.pipelines[0]!;
  await registry.skips.order(uid, { log: 'L', seq: 9, reason: 'old', at: 1 });
  expect((await client.remove('/api/v1/channels/ab', '*')).status).toBe(204);
  const pipelines = channel.pipelines.map((pipeline) => ({ ...pipeline, adopt: uid }));
  expect((await client.post('/api/v1/channels', { ...channel, pipelines })).status).toBe(201);
  expect(await registry.skips.read(uid)).toBeNull();
});

it('documents without a revision are a part of an import: no other write makes a configuration of them', async () => {
  await put('regions/a', { name: 'a', kafka: { brokers: ['a:9092'] } });
  const write = () => client.post('/api/v1/regions', { name: 'b', kafka: { brokers: ['b:9092'] } });
  expect(await write()).toMatchObject({ status: 409, body: { code: 'CONFIG_REGRESSED' } });
  expect(await registry.revision.latest()).toBeNull();
  expect((await client.post('/api/v1/revision/adopt', accept)).status).toBe(200);
  expect((await write()).status).toBe(201);
});

it('an import of more than one transaction takes, cut off before its end, is completed by the next', async () => {
  await fill();
  const exported = (await client.get('/api/v1/backup')).body;
  const connection = await registry.session.connected();
  for (const path of Object.keys(exported.nodes)) await connection.remove(`${root}/${path}`, -1);
  const names = Array.from({ length: 700 }, (_, n) => `r${n}`);
  for (const name of names) exported.nodes[`regions/${name}`] = { name, kafka: { brokers: ['k:1'] } };
  const count = Object.keys(exported.nodes).length;
  expect((await client.post('/api/v1/restore', exported)).body).toEqual({ written: count, kept: 0 });
  const made = async (path: string): Promise<string> => (await connection.getData(`${root}/${path}`))?.stat.czxid.toString('hex') ?? '';
  expect((await made('channels/ab')) > (await made('regions/a'))).toBe(true);
  const cut = ['revision', 'channels/ab', 'desired/ab', ...names.slice(300).map((name) => `regions/${name}`)];
  for (const path of cut) await connection.remove(`${root}/${path}`, -1);
  expect((await client.post('/api/v1/regions', { name: 'x', kafka: { brokers: ['x:1'] } })).body.code).toBe('CONFIG_REGRESSED');
  expect((await client.post('/api/v1/restore', exported)).body).toEqual({ written: cut.length, kept: count - cut.length });
  expect((await client.get('/api/v1/backup')).body.nodes).toEqual(exported.nodes);
});
