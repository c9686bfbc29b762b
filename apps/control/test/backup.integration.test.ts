/** Backup and restore over REST, against a real ZooKeeper: one tree is backed up, others take it. */
import { randomBytes } from 'node:crypto';
import type { PipelineUid } from '@lutra/model';
import { Keyring, Registry, openPassword } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { kept, running } from '../../../test/servers/index.js';
import { ControlClient, startControl } from './control-client.js';

const { zooKeeper } = kept;
const secretKey = Keyring.of(randomBytes(32));
const cleanUps: (() => Promise<void>)[] = [];
let number = 0;

beforeAll(() => running(zooKeeper));
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

interface Setup {
  readonly client: ControlClient;
  readonly registry: Registry;
}

interface BackedUp {
  readonly format: number;
  readonly exportedAt: string;
  readonly nodes: Record<string, any>; // eslint-disable-line typescript/no-explicit-any
}

/** A control app with a tree of its own. */
async function open(key = secretKey): Promise<Setup> {
  const LUTRA_ROOT = `/backup-${++number}`;
  const control = await startControl({ ZOOKEEPER: zooKeeper.connect, LUTRA_ROOT }, key);
  const registry = new Registry({ connect: zooKeeper.connect, root: LUTRA_ROOT, logger: createLogger('test', 'silent') });
  await registry.start();
  cleanUps.push(
    () => control.app.close(),
    () => registry.stop(),
  );
  return { client: new ControlClient(control.url), registry };
}

const copy = {
  log: 'log-1',
  epoch: 7,
  seq: 41,
  offset: 99,
  position: { file: 'binlog.000001', pos: 4, gtidSet: 'u:1-3' },
  server: null,
  seen: {},
  updatedAt: 1,
};
const texts = ['{"type":"string"}', '{"type": "long"}', '{"type":"int"}'];

const facts = { channel: 'shop', pipeline: 'there', source: 'a', target: 'b', fingerprint: 'f' };

async function uidOfThere({ channels }: Registry): Promise<PipelineUid> {
  const [pipeline] = (await channels.get('shop'))?.document.pipelines ?? [];
  return pipeline?.uid ?? expect.unreachable();
}

const prepared = {
  endpoint: 'a',
  host: 'a',
  port: 3306,
  account: { user: 'lutra', host: '%' },
  ssl: true,
  binlog: true,
  steps: [],
  whole: true,
  by: 'ann',
  at: 1,
};

/** One of each kind. */
async function fill({ client, registry }: Setup): Promise<void> {
  for (const name of ['a', 'b']) {
    expect((await client.post('/api/v1/regions', { name, kafka: { brokers: [`${name}:9092`] } })).status).toBe(201);
    const access = { host: name, user: 'lutra', password: `of ${name}`, serverId: 7 };
    expect((await client.post('/api/v1/endpoints', { name, region: name, ...access })).status).toBe(201);
  }
  const pipelines = [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop' }] }];
  expect((await client.post('/api/v1/channels', { name: 'shop', pipelines })).status).toBe(201);
  await registry.logs.write('a', copy, null);
  await registry.prepared.write('a', prepared);
  const uid = await uidOfThere(registry);
  await registry.uids.begin(uid, facts);
  await registry.skips.order(uid, { log: 'log-1', seq: 5, reason: 'damaged', at: 1 });
  for (const text of texts) await registry.schemas.register('lutra.a.rows-a:b/c%', text);
  await registry.schemas.register('another', texts[1] ?? '');
}

async function backedUp({ client }: Setup): Promise<BackedUp> {
  const answer = await client.get('/api/v1/backup');
  expect(answer.status).toBe(200);
  return answer.body;
}

const post = (setup: Setup, body: unknown) => setup.client.post('/api/v1/restore', body);

let source: Setup;
let document: BackedUp;
beforeEach(async () => {
  source = await open();
  await fill(source);
  document = await backedUp(source);
});

describe('a backup', () => {
  it('is everything that must last, with passwords sealed, and restores it into an empty tree', async () => {
    expect(document.format).toBe(1);
    expect(JSON.stringify(document)).not.toContain('of a');
    const there = await open();
    expect((await post(there, document)).body).toEqual({ written: Object.keys(document.nodes).length, kept: 0 });
    expect((await backedUp(there)).nodes).toEqual(document.nodes);
    const { registry } = there;
    expect((await registry.logs.read('a'))?.document).toEqual(copy);
    expect((await registry.prepared.read('a'))?.document).toEqual(prepared);
    const uid = await uidOfThere(registry);
    expect((await registry.uids.read(uid))?.begunAt).toBeGreaterThan(0);
    expect((await registry.skips.read(uid))?.seq).toBe(5);
    const restored = (await registry.endpoints.get('b'))?.document;
    expect(restored && openPassword(secretKey, restored)).toBe('of b');
    expect(await registry.schemas.versions('lutra.a.rows-a:b/c%')).toEqual([1, 2, 3]);
    for (const text of texts) {
      const id = await source.registry.schemas.idOf('lutra.a.rows-a:b/c%', text);
      expect(await registry.schemas.byId(id ?? 0)).toBe(text);
    }
  });

  it('of an empty tree is empty, and larger ones than other bodies are taken', async () => {
    const empty = await open();
    expect((await backedUp(empty)).nodes).toEqual({});
    const big = await open();
    for (let table = 0; table < 4; table += 1)
      await big.registry.schemas.register(`t${table}`, `{"type":"string","doc":"${table}${'x'.repeat(600_000)}"}`);
    const body = await backedUp(big);
    expect(JSON.stringify(body).length).toBeGreaterThan(2_000_000);
    expect((await post(empty, body)).body).toEqual({ written: 8, kept: 0 });
  });

  it('is refused while a node is damaged, with its name', async () => {
    const { registry } = source;
    const bare = await registry.session.connected();
    const uid = await uidOfThere(registry);
    await bare.setData(`/backup-${number}/uids/${uid}`, Buffer.from('{'), -1);
    const answer = await source.client.get('/api/v1/backup');
    expect(answer.body).toMatchObject({ code: 'CONFIG_INVALID', message: `uid ${uid}: not JSON` });
  });
});

describe('a restore', () => {
  it('that was cut off is completed by the next', async () => {
    const there = await open();
    const nodes = Object.entries(document.nodes);
    for (const count of [1, 4, 8, nodes.length - 1]) {
      const part = nodes.filter(([path]) => path.startsWith('schemas/ids/') || !path.startsWith('schemas/')).slice(0, count);
      const before = Object.keys((await backedUp(there)).nodes).length;
      const { body } = await post(there, { ...document, nodes: Object.fromEntries(part) });
      expect(body.kept).toBe(before);
    }
    const { body } = await post(there, document);
    expect(body.written + body.kept).toBe(nodes.length);
    expect((await backedUp(there)).nodes).toEqual(document.nodes);
  });

  it('stores no defaults, though the document spells them out', async () => {
    const there = await open();
    const before = document.nodes['regions/a'];
    const nodes = { ...document.nodes, 'regions/a': { description: '', ...before } };
    expect((await post(there, { ...document, nodes })).status).toBe(200);
    const stored = await (await there.registry.session.connected()).getData(`/backup-${number}/regions/a`);
    expect(JSON.parse(stored!.data.toString())).toEqual(before);
    expect((await post(there, document)).body).toEqual({ written: 0, kept: Object.keys(nodes).length });
  });

  it('takes what running work has moved on meanwhile, and schemas that were registered in another order', async () => {
    const there = await open();
    await there.registry.schemas.register('lutra.a.rows-a:b/c%', texts[2] ?? '');
    await there.registry.schemas.register('new', '"boolean"');
    await there.registry.logs.write('a', { ...copy, seq: 100 }, null);
    await there.registry.uids.begin(await uidOfThere(source.registry), facts);
    expect((await post(there, document)).status).toBe(200);
    expect((await there.registry.logs.read('a'))?.document.seq).toBe(100);
    for (const text of texts) expect(await there.registry.schemas.idOf('lutra.a.rows-a:b/c%', text)).not.toBeNull();
    expect((await post(there, document)).body).toEqual({ written: 0, kept: Object.keys(document.nodes).length });
  });

  it('into a tree with something else in it is refused by name and writes nothing', async () => {
    const there = await open();
    expect((await there.client.post('/api/v1/regions', { name: 'other', kafka: { brokers: ['k:1'] } })).status).toBe(201);
    await there.registry.logs.write('a', { ...copy, log: 'log-2' }, null);
    const answer = await post(there, document);
    expect(answer.status).toBe(409);
    expect(answer.body.code).toBe('CONFIG_CONFLICT');
    expect(answer.body.message).toBe('a restore needs an empty tree; there is logs/a, regions/other, revision');
    expect(Object.keys((await backedUp(there)).nodes).toSorted()).toEqual(['logs/a', 'regions/other', 'revision']);
  });

  it('into a tree that lives is refused, also where it would only bring back what was removed', async () => {
    const { client, registry } = source;
    expect((await post(source, document)).body).toEqual({ written: 0, kept: Object.keys(document.nodes).length });
    expect((await client.remove('/api/v1/channels/shop', '*')).status).toBe(204);
    const answer = await post(source, document);
    expect(answer).toMatchObject({ status: 409, body: { code: 'CONFIG_CONFLICT', message: expect.stringContaining('there is revision') } });
    expect(await registry.channels.get('shop')).toBeNull();
  });

  it('of documents that have not their shape is refused by name and writes nothing', async () => {
    const there = await open();
    const nodes = document.nodes;
    const id = Object.keys(nodes).find((path) => path.startsWith('schemas/ids/')) ?? '';
    const wrong: readonly (readonly [string, object])[] = [
      ['endpoint a: port', { nodes: { ...nodes, 'endpoints/a': { ...nodes['endpoints/a'], port: 'high' } } }],
      ['region a: name: is b', { nodes: { ...nodes, 'regions/a': nodes['regions/b'] } }],
      ['position backup a: seq', { nodes: { ...nodes, 'logs/a': { ...nodes['logs/a'], seq: -1 } } }],
      ['a name cannot be', { nodes: { ...nodes, 'logs/A b': nodes['logs/a'] } }],
      ['its text has another id', { nodes: { ...nodes, [id]: '"bytes"' } }],
      ['is not in the backup', { nodes: { ...nodes, 'schemas/subjects/x/1': { id: 12 } } }],
      ['which this version does not keep', { nodes: { ...nodes, 'leases/x': {} } }],
      ['format', { format: 2 }],
    ];
    for (const [message, change] of wrong) {
      const { status, body } = await post(there, { ...document, ...change });
      expect({ message, status, code: body.code }).toEqual({ message, status: 400, code: 'CONFIG_INVALID' });
      expect(body.message).toContain(message);
    }
    expect((await backedUp(there)).nodes).toEqual({});
  });

  it('in which somebody aimed an endpoint at another server is refused and writes nothing', async () => {
    const there = await open();
    const nodes = { ...document.nodes, 'endpoints/a': { ...document.nodes['endpoints/a'], host: 'stranger' } };
    expect((await post(there, { ...document, nodes })).body).toMatchObject({ code: 'SECRET_UNREADABLE', details: { name: 'a' } });
    expect((await backedUp(there)).nodes).toEqual({});
  });

  it('with another key than the passwords were sealed with is refused and writes nothing', async () => {
    const there = await open(Keyring.of(randomBytes(32)));
    expect((await post(there, document)).body.code).toBe('SECRET_UNREADABLE');
    expect((await backedUp(there)).nodes).toEqual({});
  });
});
