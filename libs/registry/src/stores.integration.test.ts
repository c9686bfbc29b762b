/** Status, copies of logs, uids and schemas on a real ZooKeeper. */
import { maxSeedTables } from '@lutra/model';
import type { RestartOrder, TreeRevision, WorkStatus } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import type { PositionBackup, Registry } from './index.js';
import type { Operation } from './multi.js';
import { Paths } from './paths.js';
import { schemaId } from './schema-id.js';
import { ZooKeeperSchemas } from './schemas.js';
import { Tree } from './tree.js';
import { expire, until, untilConnected, useZooKeeper } from './testing/harness.js';
import { uidOf } from '../../model/src/pipeline-uid.fixture.js';
import { workStatus } from '../../model/src/work-status.fixture.js';

const zooKeeper = useZooKeeper();

describe('a status', () => {
  const configuration = { revision: 3, write: 'aaaaaaaaaaaa', regressed: false };
  const status = (part: Partial<WorkStatus> = {}): WorkStatus => workStatus({ app: 'capture', name: 'orders', configuration, ...part });

  test('is seen by others while its process lives', async () => {
    const worker = await zooKeeper.open();
    const reader = await zooKeeper.open();
    expect(await reader.status.list()).toEqual([]);
    const loader = status({ app: 'loader', name: 'shop.a-to-b', instance: 'a/b c:2' });
    await worker.status.publish(status());
    await worker.status.publish(loader);
    await worker.status.publish(status({ rows: 7 }));
    expect(await reader.status.list()).toEqual([status({ rows: 7 }), loader]);
    await worker.status.clear('loader', 'shop.a-to-b', 'a/b c:2');
    await worker.status.clear('loader', 'none', 'x');
    expect(await reader.status.list()).toEqual([status({ rows: 7 })]);
    await worker.stop();
    expect(await reader.status.list()).toEqual([]);
  });

  test('is there again after its session expired', async () => {
    const worker = await zooKeeper.open();
    const reader = await zooKeeper.open();
    await worker.status.publish(status({ rows: 1 }));
    await worker.status.publish(status({ instance: 'gone' }));
    await worker.status.clear('capture', 'orders', 'gone');
    await expire(worker, zooKeeper.server);
    expect(await reader.status.list()).toEqual([]);
    await until(async () => expect(await reader.status.list()).toEqual([status({ rows: 1 })]));
  });

  test('of a process that was started again does not go with the session of the one before', async () => {
    const before = await zooKeeper.open();
    const after = await zooKeeper.open();
    await before.status.publish(status({ rows: 1 }));
    await after.status.publish(status({ rows: 2 }));
    await expire(before, zooKeeper.server);
    expect(await after.status.list()).toEqual([status({ rows: 2 })]);
  });

  test('waits for ZooKeeper without holding anybody up; the newest is published', async () => {
    const proxy = await zooKeeper.proxy();
    const worker = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 30_000 });
    const reader = await zooKeeper.open();
    await worker.status.publish(status());
    await worker.status.publish(status({ instance: 'other' }));
    proxy.mode = 'refuse';
    proxy.cut();
    await untilConnected(worker, false);
    for (let rows = 1; rows <= 9; rows += 1) await worker.status.publish(status({ rows }));
    await worker.status.clear('capture', 'orders', 'other');
    proxy.mode = 'open';
    await until(async () => expect(await reader.status.list()).toEqual([status({ rows: 9 })]));
  });
});

describe('the copy of a log', () => {
  const backup = (part: Partial<PositionBackup> = {}): PositionBackup => ({
    log: 'log-1',
    epoch: 3,
    seq: 10,
    offset: 12,
    position: { file: 'binlog.000001', pos: 4, gtidSet: null, fileCreated: 1764400000 },
    seen: { north: { log: 'log-2', seq: 5 } },
    updatedAt: 1,
    ...part,
  });

  test('is written only by who read the last version', async () => {
    const { logs } = await zooKeeper.open();
    expect(await logs.read('orders')).toBeNull();
    expect(await logs.write('orders', backup(), null)).toBe(0);
    expect(await logs.read('orders')).toEqual({ document: backup(), version: 0 });
    await expect(logs.write('orders', backup(), null)).rejects.toMatchObject({ code: 'CONFIG_CONFLICT' });
    const suspended = [{ database: 'shop', name: 't', code: 'COLUMN_UNSUPPORTED', message: 'no', where: 'f:4', at: 1 }] as const;
    const announced = { revision: 1, write: 'aaaaaaaaaaaa', tables: ['shop.* except u'], pipelines: {}, names: {}, suspended };
    expect(await logs.write('orders', backup({ seq: 11, routes: announced }), 0)).toBe(1);
    expect((await logs.read('orders'))?.document.routes).toEqual(announced);
    await expect(logs.write('orders', backup({ seq: 12 }), 0)).rejects.toMatchObject({ code: 'CONFIG_CONFLICT' });
    expect((await logs.read('orders'))?.document.seq).toBe(11);
    await logs.remove('orders');
    await logs.remove('orders');
    expect(await logs.read('orders')).toBeNull();
    await expect(logs.write('orders', backup(), 2)).rejects.toMatchObject({ code: 'CONFIG_CONFLICT' });
  });

  test('that was damaged is named', async () => {
    const { logs } = await zooKeeper.open();
    await logs.write('orders', backup(), null);
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/logs/orders`, Buffer.from('{"log":""}'), -1));
    await expect(logs.read('orders')).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('position backup of orders'),
    });
  });

  test('with a lost answer belongs to its writer, not to another that wrote the same', async () => {
    const proxy = await zooKeeper.proxy();
    const { logs } = await zooKeeper.open({ connect: proxy.connect });
    const other = await zooKeeper.open();
    await other.logs.write('orders', backup(), null);
    proxy.mode = 'swallow';
    const ours = logs.write('orders', backup(), 0);
    await until(async () => expect((await other.logs.read('orders'))?.version).toBe(1));
    proxy.mode = 'open';
    proxy.cut();
    expect(await ours).toBe(1);
    await logs.read('orders');
    proxy.mode = 'silent';
    const late = logs.write('orders', backup(), 1).catch((error: unknown) => error);
    expect(await other.logs.write('orders', backup(), 1)).toBe(2);
    proxy.mode = 'open';
    proxy.cut();
    expect(await late).toMatchObject({ code: 'CONFIG_CONFLICT' });
  });
});

describe('the order to go on elsewhere', () => {
  const order = (id: string): RestartOrder => ({ id, start: { from: 'after', gtid: 'x:5' }, reason: 'XA', at: 1 });

  test('waits until it is done, and a later one replaces it', async () => {
    const { restarts } = await zooKeeper.open();
    expect(await restarts.read('orders')).toBeNull();
    await restarts.order('orders', order('first'));
    expect(await restarts.read('orders')).toEqual({ document: order('first'), version: 0 });
    await restarts.order('orders', order('second'));
    const second = await restarts.read('orders');
    expect(second?.document).toEqual(order('second'));
    await restarts.done('orders', 0);
    expect(await restarts.read('orders')).toEqual(second);
    await restarts.done('orders', second?.version ?? -1);
    expect(await restarts.read('orders')).toBeNull();
  });

  test('is not lost because a capture that slept marks the one before as done', async () => {
    const { restarts } = await zooKeeper.open();
    await restarts.order('orders', order('first'));
    const { version } = (await restarts.read('orders'))!;
    await restarts.done('orders', version);
    await restarts.order('orders', order('second'));
    await restarts.done('orders', version);
    expect((await restarts.read('orders'))?.document).toEqual(order('second'));
  });

  test('can be taken back, also when it was damaged', async () => {
    const { restarts } = await zooKeeper.open();
    await restarts.withdraw('orders');
    expect(await restarts.read('orders')).toBeNull();
    await restarts.order('orders', order('first'));
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/restarts/orders`, Buffer.from('{"id":""}'), -1));
    await expect(restarts.read('orders')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await restarts.withdraw('orders');
    expect(await restarts.read('orders')).toBeNull();
  });
});

describe('a uid', () => {
  const uid = uidOf('shop.a-to-b');
  const facts = { channel: 'shop', pipeline: 'a-to-b', source: 'a', target: 'b', fingerprint: 'f' };

  test('says of its pipeline that it began, for ever, and that it was removed until another one adopts it', async () => {
    const registry = await zooKeeper.open();
    const { uids } = registry;
    const tree = new Tree(registry.session);
    const commit = async (operation: Operation | null): Promise<void> => {
      if (operation) expect(await tree.commit([operation], async () => false)).toBeNull();
    };
    const keep = async (of: typeof facts, revision: number) => commit(await uids.keeping(uid, of, { revision, begun: false }));
    expect(await uids.read(uid)).toBeNull();
    await keep(facts, 3);
    expect(await uids.read(uid)).toEqual({ ...facts, createdAt: expect.any(Number), changedIn: 3 });
    await uids.begin(uid, { ...facts, channel: 'other' });
    const begun = await uids.read(uid);
    expect(begun).toMatchObject({ ...facts, begunAt: expect.any(Number) });
    await uids.begin(uid, facts);
    expect(await uids.read(uid)).toEqual(begun);
    await keep(facts, 4);
    expect(await uids.read(uid)).toEqual(begun);
    await keep({ ...facts, fingerprint: 'g' }, 5);
    expect(await uids.read(uid)).toEqual({ ...begun, fingerprint: 'g', changedIn: 5 });
    await commit(await uids.removing(uid, { ...facts, fingerprint: 'g' }, 6));
    await uids.fenced(uid);
    const removed = { removedAt: expect.any(Number), removedIn: 6, fencedAt: expect.any(Number) };
    expect(await uids.read(uid)).toEqual({ ...begun, fingerprint: 'g', changedIn: 5, ...removed });
    await keep({ ...facts, fingerprint: 'g', channel: 'crm' }, 7);
    const adopted = { ...begun, fingerprint: 'g', channel: 'crm', changedIn: 5 };
    expect(await uids.read(uid)).toEqual(adopted);
    // Of a fence that waited for its target meanwhile.
    await uids.fenced(uid);
    expect(await uids.read(uid)).toEqual(adopted);
  });

  test('that ZooKeeper has lost is written anew by the loader that has its row', async () => {
    const { uids } = await zooKeeper.open();
    await uids.fenced(uid);
    expect((await uids.all()).size).toBe(0);
    await uids.begin(uid, facts);
    expect([...(await uids.all())]).toEqual([[uid, expect.objectContaining({ ...facts, begunAt: expect.any(Number) })]]);
  });
});

describe('schemas', () => {
  const schema = (name: string): string => JSON.stringify({ type: 'record', name, fields: [] });

  test('get their derived id, and versions in the order they came', async () => {
    const { schemas } = await zooKeeper.open();
    const subject = 'lutra.orders.rows.größe/%.t-value';
    expect(await schemas.subjects()).toEqual([]);
    expect(await schemas.versions(subject)).toEqual([]);
    expect(await schemas.version(subject, 'latest')).toBeNull();
    expect(await schemas.idOf(subject, schema('A'))).toBeNull();
    const a = await schemas.register(subject, schema('A'));
    expect(a).toBe(schemaId(schema('A')));
    const b = await schemas.register(subject, schema('B'));
    expect(await schemas.register(subject, schema('A'))).toBe(a);
    expect(await schemas.register('other', schema('B'))).toBe(b);
    expect(await schemas.subjects()).toEqual([subject, 'other'].toSorted());
    expect(await schemas.versions(subject)).toEqual([1, 2]);
    expect(await schemas.version(subject, 1)).toEqual({ id: a, version: 1, schema: schema('A') });
    expect(await schemas.version(subject, 'latest')).toEqual({ id: b, version: 2, schema: schema('B') });
    expect(await schemas.version(subject, 3)).toBeNull();
    expect(await schemas.byId(b)).toBe(schema('B'));
    expect(await schemas.byId(1)).toBeNull();
    expect(await schemas.idOf(subject, schema('B'))).toBe(b);
    expect(await schemas.idOf('other', schema('A'))).toBeNull();
    await expect(schemas.register(subject, '{')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('of ten writers at once get one id and one version each', async () => {
    const registries = await Promise.all(Array.from({ length: 10 }, () => zooKeeper.open()));
    const names = ['A', 'B', 'C'];
    const rounds = registries.map((registry) => Promise.all(names.map((name) => registry.schemas.register('s', schema(name)))));
    const ids = await Promise.all(rounds);
    expect(new Set(ids.map(String)).size).toBe(1);
    expect(await registries[0]?.schemas.versions('s')).toEqual([1, 2, 3]);
  });

  test('that collide get different ids, whoever comes first', async () => {
    const stores = await Promise.all(
      [1, 2, 3, 4].map(
        async () => new ZooKeeperSchemas(new Tree((await zooKeeper.open()).session), new Paths(zooKeeper.root), () => 2 ** 31 - 2),
      ),
    );
    const names = ['A', 'B', 'C', 'D'];
    const ids = await Promise.all(stores.map((store, at) => store.register('s', schema(names[at] ?? ''))));
    expect(ids.toSorted((a, b) => a - b)).toEqual([1, 2, 2 ** 31 - 2, 2 ** 31 - 1]);
    for (const [at, name] of names.entries()) {
      for (const store of stores) {
        expect(await store.idOf('s', schema(name))).toBe(ids[at]);
        expect(await store.byId(ids[at] ?? 0)).toBe(schema(name));
        expect(await store.register('s', schema(name))).toBe(ids[at]);
      }
    }
  });
});

describe('schemas that this process knows', () => {
  const text = '{"type":"string"}';

  test('need no ZooKeeper', async () => {
    const other = await zooKeeper.open();
    const id = await other.schemas.register('topic-a', text);
    await other.schemas.register('elsewhere-b', '{"type":"int"}');
    const proxy = await zooKeeper.proxy();
    const registry = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 1_000 });
    await registry.schemas.prefetch?.('topic-');
    proxy.mode = 'refuse';
    proxy.cut();
    await untilConnected(registry, false);
    expect(await registry.schemas.register('topic-a', text)).toBe(id);
    expect(await registry.schemas.byId(id)).toBe(text);
    await expect(registry.schemas.register('elsewhere-b', '{"type":"int"}')).rejects.toMatchObject({ code: 'ZOOKEEPER_UNAVAILABLE' });
    await registry.schemas.prefetch?.('elsewhere-');
  });

  test('are given back to a ZooKeeper that has lost them, with their subjects', async () => {
    const writer = await zooKeeper.open();
    const reader = await zooKeeper.open();
    const id = await writer.schemas.register('topic-a', text);
    const second = await writer.schemas.register('topic-a', '{"type":"int"}');
    expect(await reader.schemas.byId(id)).toBe(text);
    await zooKeeper.raw(async (connection, root) => {
      for (const path of ['subjects/topic-a/1', 'subjects/topic-a/2', `ids/${id}`, `ids/${second}`])
        await connection.remove(`${root}/schemas/${path}`, -1);
    });
    const stranger = await zooKeeper.open();
    expect(await stranger.schemas.byId(id)).toBeNull();
    await expire(reader, zooKeeper.server);
    await until(async () => expect(await stranger.schemas.byId(id)).toBe(text));
    await expire(writer, zooKeeper.server);
    await until(async () => expect(await stranger.schemas.versions('topic-a')).toEqual([1, 2]));
    expect(await stranger.schemas.byId(second)).toBe('{"type":"int"}');
  });

  test('give way to another schema that has their id in a new ZooKeeper', async () => {
    const registry = await zooKeeper.open();
    const id = await registry.schemas.register('topic-a', text);
    await zooKeeper.raw(async (connection, root) => {
      await connection.setData(`${root}/schemas/ids/${id}`, Buffer.from('"other"'), -1);
    });
    await expire(registry, zooKeeper.server);
    await until(async () => expect(await registry.schemas.byId(id)).toBe('"other"'));
    await until(async () => expect(await registry.schemas.register('topic-a', text)).toBe(id + 1));
  });
});

describe('omissions', () => {
  const one = (seq: number, log = 'L') =>
    ({ kind: 'ddl', what: 'TRUNCATE TABLE', tables: ['shop.t'], where: `b.1:${seq}`, at: seq, record: { log, seq } }) as const;

  test('count each record once, whoever adds it again; a record of another log is another one', async () => {
    const { omissions } = await zooKeeper.open();
    expect(await omissions.read('endpoint@a')).toBeNull();
    await omissions.add('endpoint@a', [one(3), one(7)]);
    await omissions.add('endpoint@a', [one(3), one(7), one(9)]);
    await omissions.add('endpoint@a', [one(1, 'M')]);
    const { total, log, seq, last } = (await omissions.read('endpoint@a'))!.document;
    expect({ total, log, seq }).toEqual({ total: 4, log: 'M', seq: 1 });
    expect(last.map(({ n, where }) => [n, where])).toEqual([
      [1, 'b.1:3'],
      [2, 'b.1:7'],
      [3, 'b.1:9'],
      [4, 'b.1:1'],
    ]);
  });

  test('are confirmed as they were read, for one channel, and only so', async () => {
    const { omissions, session } = await zooKeeper.open();
    const confirmation = { channel: 'ab', by: 'me', reason: 'done', at: 5 };
    await omissions.add('endpoint@b', [one(3)]);
    const { version } = (await omissions.read('endpoint@b'))!;
    await omissions.add('endpoint@b', [one(4)]);
    await expect(omissions.confirm('endpoint@b', version, confirmation)).rejects.toMatchObject({ code: 'CONFIG_CONFLICT' });
    await omissions.confirm('endpoint@b', version + 1, confirmation);
    await omissions.add('endpoint@b', [one(5)]);
    expect((await omissions.read('endpoint@b'))!.document).toMatchObject({
      total: 3,
      confirmed: { ab: { n: 2, by: 'me', reason: 'done' } },
    });
    await new Tree(session).commit([(await omissions.removing('endpoint@b'))!], async () => false);
    expect(await omissions.removing('endpoint@b')).toBeNull();
    expect(await omissions.read('endpoint@b')).toBeNull();
    await expect(omissions.read('endpoint@a/b')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  test('keep the newest, and the number of all', async () => {
    const { omissions } = await zooKeeper.open();
    await omissions.add(
      'pipeline@ab.there',
      Array.from({ length: 250 }, (_, seq) => one(seq)),
    );
    const { total, last } = (await omissions.read('pipeline@ab.there'))!.document;
    expect([total, last.length, last.at(-1)?.n]).toEqual([250, 200, 250]);
  });
});

describe('the revision of the configuration', () => {
  /** As the next write of the configuration. */
  const raise = async ({ snapshot, configuration }: Registry): Promise<TreeRevision> => {
    for (;;) {
      const { revision: tree, revisionVersion: version } = await snapshot.latest();
      const author = { by: 'test', from: '', reason: '' };
      const raised = await configuration.commit({ base: { tree, version }, changes: [], operations: [], author });
      if (raised) return raised;
    }
  };

  test('counts its writes, of several writers at once each; a person takes it above what is known elsewhere', async () => {
    const [one, other] = [await zooKeeper.open(), await zooKeeper.open()];
    expect(await one.revision.latest()).toBeNull();
    const first = await raise(one);
    expect(first).toMatchObject({ revision: 1, by: 'test', recent: [], adopted: 0 });
    await Promise.all([one, other, one, other].map(raise));
    const latest = await other.revision.latest();
    expect([latest?.revision, latest?.recent.length, latest?.recent.at(-1)]).toEqual([5, 4, first.write]);
    const { revision: tree, revisionVersion: version } = await one.snapshot.latest();
    const adoption = { by: 'me', above: 40, base: { tree, version }, operations: [] };
    expect(await one.revision.adopt(adoption)).toMatchObject({ revision: 41, recent: [], adopted: 41, by: 'me' });
    // Looked at before that one.
    expect(await one.revision.adopt(adoption)).toBeNull();
    expect(await raise(one)).toMatchObject({ revision: 42, adopted: 41 });
  });

  test('is watched over its creation, its removal and the end of a session', async () => {
    const watching = await zooKeeper.open();
    const writer = await zooKeeper.open();
    let calls = 0;
    const end = watching.revision.watch(() => (calls += 1));
    const called = async (change: () => Promise<unknown>): Promise<void> => {
      const before = calls;
      await change();
      await until(async () => expect(calls).toBeGreaterThan(before));
    };
    await called(async () => undefined);
    await called(() => raise(writer));
    await called(() => raise(writer));
    await called(() => zooKeeper.raw((connection, root) => connection.remove(`${root}/revision`, -1)));
    await called(() => expire(watching, zooKeeper.server));
    await called(() => raise(writer));
    end();
  });
});

describe('what a target has of a seed', () => {
  test('is there for as many tables as an order may have', async () => {
    const { seedProgress } = await zooKeeper.open();
    const counts = { inserted: 0, equal: 0, replaced: 0, kept: 0, yielded: 0, clashes: 0, endedAt: null };
    const one = { database: 'a_database', state: 'seeding', cursors: ['{"id":1}'], ends: [null], whole: [false], ...counts } as const;
    const tables = Array.from({ length: maxSeedTables }, (_, i) => ({ ...one, table: `a_table_with_a_name_${i}` }));
    const uid = uidOf('ab.there');
    await seedProgress.write(uid, { request: 'one', tables, at: 1 });
    expect((await seedProgress.read(uid))?.document).toEqual({ request: 'one', tables, at: 1 });
    await seedProgress.write(uid, { request: 'two', tables: [], at: 2 });
    expect((await seedProgress.read(uid))?.document.request).toBe('two');
  });
});
