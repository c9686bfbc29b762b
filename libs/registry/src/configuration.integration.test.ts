/** Writes of the configuration, their history and the snapshot, on a real ZooKeeper. */
import { setImmediate as turn } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import type { StoredChannel, EndpointDocument, RegionDocument } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { watchConfiguration } from './configuration.js';
import type { Author, DocumentChange } from './configuration-writer.js';
import { uidOf } from '../../model/src/pipeline-uid.fixture.js';
import { mostKept } from './history.js';
import type { Operation } from './multi.js';
import type { Registry } from './registry.js';
import type { Base } from './revision.js';
import { Tree } from './tree.js';
import { until, useZooKeeper } from './testing/harness.js';

const zooKeeper = useZooKeeper();
const author: Author = { by: 'ada', from: '127.0.0.1', reason: 'as told' };
const region = (name: string, description = ''): RegionDocument => ({ name, description, kafka: { brokers: ['kafka:9092'] } });
const channel = (name: string): StoredChannel => ({
  name,
  description: '',
  pipelines: [{ name: 'there', source: 'a', target: 'b', routes: [{ schema: 'shop', table: '*' }], forwards: false, uid: uidOf('there') }],
  conflicts: { rules: [], retentionDays: 30 },
});

async function baseOf({ snapshot }: Registry): Promise<Base> {
  const { revision: tree, revisionVersion: version } = await snapshot.latest();
  return { tree, version };
}

/** One try. */
async function put(registry: Registry, after: RegionDocument, base?: Base): Promise<number | null> {
  const before = (await registry.snapshot.latest()).regions.get(after.name) ?? null;
  const change: DocumentChange = { kind: 'regions', name: after.name, before, after };
  const write = { base: base ?? (await baseOf(registry)), changes: [change], operations: [], author };
  return (await registry.configuration.commit(write))?.revision ?? null;
}

describe('a write', () => {
  test('raises the revision by one, and is refused where another came between', async () => {
    const registry = await zooKeeper.open();
    const other = await zooKeeper.open();
    expect(await registry.revision.latest()).toBeNull();
    expect(await put(registry, region('north'))).toBe(1);
    const base = await baseOf(registry);
    expect(await put(other, region('south'))).toBe(2);
    expect(await put(registry, region('north', 'of an older state'), base)).toBeNull();
    expect((await other.regions.get('north'))?.document.description).toBe('');
    const [first, second] = [base.tree, await registry.revision.latest()];
    expect(second).toMatchObject({ revision: 2, by: 'ada', recent: [first?.write], adopted: 0 });
  });

  test('of a tree without a revision is made by one of two', async () => {
    const [one, other] = [await zooKeeper.open(), await zooKeeper.open()];
    const base = await baseOf(one);
    const outcomes = await Promise.all([put(one, region('north'), base), put(other, region('south'), base)]);
    expect(outcomes.toSorted()).toEqual([1, null]);
    expect((await one.regions.listLatest()).documents).toHaveLength(1);
  });

  test('whose answer is lost is known as ours, also after others have written, and is done once', async () => {
    const proxy = await zooKeeper.proxy();
    const registry = await zooKeeper.open({ connect: proxy.connect });
    const other = await zooKeeper.open();
    await put(other, region('north'));
    const before = (await registry.snapshot.latest()).regions.get('north') ?? null;
    const change: DocumentChange = { kind: 'regions', name: 'north', before, after: region('north', 'ours') };
    const base = await baseOf(registry);
    await registry.history.list('regions', 'north'); // the rest of what a write reads is not in the way of the proxy
    proxy.swallowAfter(1);
    const written = registry.configuration.commit({ base, changes: [change], operations: [], author });
    await until(async () => expect((await other.regions.get('north'))?.document.description).toBe('ours'));
    expect(await put(other, region('south'))).toBe(3);
    expect(await put(other, region('north', 'theirs'))).toBe(4);
    proxy.mode = 'open';
    proxy.cut();
    expect(await written).toMatchObject({ revision: 2 });
    expect((await other.regions.get('north'))?.document.description).toBe('theirs');
    expect((await other.history.list('regions', 'north')).map(({ revision }) => revision)).toEqual([4, 2, 1]);
  });

  test('by rules that no longer hold: a holder of a lock that is frozen past its session makes it, under the revision nobody does', async () => {
    const proxy = await zooKeeper.proxy();
    const frozen = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 2_000 });
    const awake = await zooKeeper.open();
    /** The rule of both: there may be one region. `pause` stands for the process that sleeps between looking and writing. */
    const underLock = async (registry: Registry, name: string, pause: () => Promise<void>): Promise<void> => {
      const tree = new Tree(registry.session);
      const grant = await registry.lease('control/configuration', { brief: true }).acquire(new AbortController().signal);
      if ((await tree.children(`${zooKeeper.root}/locked`)).length > 0) throw new Error('there is one already');
      await pause();
      await tree.create(`${zooKeeper.root}/locked/${name}`, Buffer.from('{}'));
      await grant.release();
    };
    const underRevision = async (registry: Registry, name: string, pause: () => Promise<void>): Promise<void> => {
      for (;;) {
        const { regions, revision: tree, revisionVersion: version } = await registry.snapshot.latest();
        if (regions.size > 0) throw new Error('there is one already');
        await pause();
        const changes: DocumentChange[] = [{ kind: 'regions', name, before: null, after: region(name) }];
        if (await registry.configuration.commit({ base: { tree, version }, changes, operations: [], author })) return;
      }
    };
    const nobody = async (): Promise<void> => undefined;
    const asleep = (wake: () => Promise<void>) => async (): Promise<void> => {
      proxy.mode = 'silent';
      await wake();
      proxy.mode = 'open';
      proxy.cut();
    };
    await underLock(
      frozen,
      'one',
      asleep(() => underLock(awake, 'two', nobody)),
    );
    expect(await new Tree(awake.session).children(`${zooKeeper.root}/locked`)).toEqual(['one', 'two']);

    await expect(
      underRevision(
        frozen,
        'one',
        asleep(() => underRevision(awake, 'two', nobody)),
      ),
    ).rejects.toThrow('there is one already');
    expect([...(await awake.snapshot.latest()).regions.keys()]).toEqual(['two']);
  });
});

describe('what is wanted of a channel', () => {
  const desired = (registry: Registry, version: number | null, state: 'running' | 'stopped'): Operation =>
    registry.configuration.desiredOperation('shop', version, { state, attempt: 0, by: 'ada', at: 5 });

  test('changes neither the revision nor the document, and is refused after a change of the configuration', async () => {
    const registry = await zooKeeper.open();
    const changes: DocumentChange[] = [{ kind: 'channels', name: 'shop', before: null, after: channel('shop') }];
    const created = { base: await baseOf(registry), changes, operations: [desired(registry, null, 'stopped')], author };
    expect(await registry.configuration.commit(created)).toMatchObject({ revision: 1 });
    const base = await baseOf(registry);
    expect(await registry.configuration.want(base, [desired(registry, 0, 'running')])).toBe(true);
    const snapshot = await registry.snapshot.latest();
    expect([snapshot.revision?.revision, snapshot.channels.get('shop')?.version]).toEqual([1, 0]);
    expect(snapshot.desired.get('shop')).toMatchObject({ version: 1, document: { state: 'running' } });
    // An edit that was begun before the start is not held up by it.
    expect(await put(registry, region('north'), base)).toBe(2);
    expect(await registry.configuration.want(base, [desired(registry, 1, 'stopped')])).toBe(false);
    expect((await registry.desired.get('shop'))?.document.state).toBe('running');
  });
});

describe('the picture that apps follow', () => {
  test('has each channel with what is wanted of it; one of which nobody has said is stopped', async () => {
    const registry = await zooKeeper.open();
    const reader = await zooKeeper.open();
    let seen: Record<string, string> | undefined;
    const invalid: string[] = [];
    const end = watchConfiguration(reader, {
      onChange: ({ channels }) =>
        (seen = Object.fromEntries([...channels].map(([name, { state, attempt }]) => [name, `${state} ${attempt}`]))),
      onInvalid: (name) => invalid.push(name),
    });
    await until(() => expect(seen).toEqual({}));
    const wanted = (version: number | null, state: 'running' | 'stopped', attempt: number): Operation =>
      registry.configuration.desiredOperation('shop', version, { state, attempt, by: 'ada', at: 5 });
    const changes = ['shop', 'other'].map((name): DocumentChange => ({ kind: 'channels', name, before: null, after: channel(name) }));
    await registry.configuration.commit({ base: await baseOf(registry), changes, operations: [wanted(null, 'stopped', 0)], author });
    await until(() => expect(seen).toEqual({ shop: 'stopped 0', other: 'stopped 0' }));
    await registry.configuration.want(await baseOf(registry), [wanted(0, 'running', 3)]);
    await until(() => expect(seen).toEqual({ shop: 'running 3', other: 'stopped 0' }));
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/desired/shop`, Buffer.from('{}'), -1));
    await until(() => expect(invalid).toEqual(['shop']));
    expect(seen).toEqual({ shop: 'running 3', other: 'stopped 0' });
    end();
  });
});

describe('the history', () => {
  test('has what each write replaced, without secrets, and the newest of a document', async () => {
    const registry = await zooKeeper.open();
    const sealed = { v: 2, kid: 'k', id: 'one', iv: 'i', tag: 't', data: 'hush' } as const;
    const endpoint = { name: 'a', region: 'north', description: '', host: 'h', port: 1, user: 'u', serverId: 1 };
    const document = { ...endpoint, start: { from: 'now' }, topic: {}, password: sealed } as unknown as EndpointDocument;
    const write = async (after: EndpointDocument | null): Promise<void> => {
      const before = (await registry.snapshot.latest()).endpoints.get('a') ?? null;
      const changes: DocumentChange[] = [{ kind: 'endpoints', name: 'a', before, after }];
      expect(await registry.configuration.commit({ base: await baseOf(registry), changes, operations: [], author })).not.toBeNull();
    };
    await write(document);
    for (let n = 0; n < mostKept; n += 1) await write({ ...document, description: `${n}` });
    await write(null);
    const entries = await registry.history.list('endpoints', 'a');
    expect(entries.map(({ revision }) => revision)).toEqual(Array.from({ length: mostKept }, (_, at) => mostKept + 2 - at));
    expect(entries[0]).toMatchObject({
      by: 'ada',
      from: '127.0.0.1',
      reason: 'as told',
      before: { description: '19', password: '(secret)' },
    });
    expect(entries.at(-1)?.before).toMatchObject({ description: '0' });
    const nodes = await zooKeeper.raw(async (connection, root) => {
      const path = `${root}/history/endpoints/a`;
      return Promise.all(((await connection.getChildren(path)) ?? []).map((name) => connection.getData(`${path}/${name}`)));
    });
    const texts = nodes.map((node) => gunzipSync(node?.data ?? Buffer.alloc(0)).toString());
    expect(texts.join('\n')).not.toContain('hush');
  });

  test('of a document that is there stays, of one that was removed it goes with its time', async () => {
    const registry = await zooKeeper.open();
    await put(registry, region('north'));
    await put(registry, region('south'));
    const before = (await registry.snapshot.latest()).regions.get('south') ?? null;
    const removal: DocumentChange = { kind: 'regions', name: 'south', before, after: null };
    await registry.configuration.commit({ base: await baseOf(registry), changes: [removal], operations: [], author });
    const { at = 0 } = (await registry.history.list('regions', 'south'))[0] ?? {};
    expect(await registry.history.discardRemoved(at)).toBe(0);
    expect(await registry.history.list('regions', 'south')).toHaveLength(2);
    expect(await registry.history.discardRemoved(at + 1)).toBe(1);
    expect(await registry.history.list('regions', 'south')).toEqual([]);
    expect(await registry.history.list('regions', 'north')).toHaveLength(1);
    // Its name is free, and begins a new history.
    expect(await put(registry, region('south'))).toBe(4);
    expect((await registry.history.list('regions', 'south')).map(({ revision }) => revision)).toEqual([4]);
  });

  test('of a tree that has lost its revision gives way to the new one', async () => {
    const registry = await zooKeeper.open();
    await put(registry, region('north'));
    await put(registry, region('north', 'new'));
    await zooKeeper.raw((connection, root) => connection.remove(`${root}/revision`, -1));
    expect(await put(registry, region('north', 'newer'))).toBe(1);
    expect((await registry.history.list('regions', 'north')).map(({ revision }) => revision)).toEqual([1]);
  });
});

describe('a snapshot', () => {
  test('is of one revision while others write; documents read one by one are not', async () => {
    const [reader, writer] = [await zooKeeper.open(), await zooKeeper.open()];
    const write = async (n: number): Promise<void> => {
      const { regions } = await writer.snapshot.latest();
      const changes = ['a', 'b'].map((name): DocumentChange => ({
        kind: 'regions',
        name,
        before: regions.get(name) ?? null,
        after: region(name, `${n}`),
      }));
      expect(await writer.configuration.commit({ base: await baseOf(writer), changes, operations: [], author })).toMatchObject({
        revision: n,
      });
    };
    await write(1);
    const [a] = [await reader.regions.get('a')];
    await write(2);
    expect([a?.document.description, (await reader.regions.get('b'))?.document.description]).toEqual(['1', '2']);
    let done = false;
    const writing = (async () => {
      for (let n = 3; n <= 100; n += 1) await write(n);
      done = true;
    })();
    const seen = new Set<number>();
    while (!done) {
      const { revision, regions } = await (seen.size % 2 === 0 ? reader.snapshot.latest() : reader.snapshot.known());
      const n = revision?.revision ?? 0;
      expect([...regions.values()].map(({ document }) => document?.description)).toEqual([`${n}`, `${n}`]);
      seen.add(n);
      await turn(); // memory answers without one
    }
    await writing;
    expect(seen.size).toBeGreaterThan(10);
    expect((await reader.snapshot.latest()).revision?.revision).toBe(100);
  });

  test('from memory has all that this process has written, while it is read again as well', async () => {
    const registry = await zooKeeper.open();
    for (let n = 0; n < 50; n += 1) {
      await put(registry, region('north', `${n}`));
      const asked = Array.from({ length: 10 }, async (_, at) => {
        for (let turns = 0; turns < at; turns += 1) await turn();
        return (await registry.snapshot.known()).regions.get('north')?.document?.description;
      });
      expect(new Set(await Promise.all(asked))).toEqual(new Set([`${n}`]));
    }
  });

  test('names what cannot be read, with its version, and has the rest', async () => {
    const registry = await zooKeeper.open();
    await put(registry, region('north'));
    await put(registry, region('south'));
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/regions/north`, Buffer.from('{"hush": 1'), -1));
    const { regions } = await registry.snapshot.latest();
    expect(regions.get('north')).toMatchObject({
      version: 1,
      document: null,
      error: { code: 'CONFIG_INVALID', message: 'region north: not JSON' },
    });
    expect(regions.get('south')?.document).toEqual(region('south'));
    expect(await put(registry, region('south', 'new'))).toBe(3);
    expect(await put(registry, region('north', 'repaired'))).toBe(4);
    expect((await registry.history.list('regions', 'north'))[0]?.before).toBeNull();
  });

  test('is read again after a cut, an expired session and an emptied tree', async () => {
    const proxy = await zooKeeper.proxy();
    const reader = await zooKeeper.open({ connect: proxy.connect });
    const writer = await zooKeeper.open();
    expect((await reader.snapshot.latest()).regions.size).toBe(0);
    await put(writer, region('north'));
    expect([...(await reader.snapshot.latest()).regions.keys()]).toEqual(['north']);
    proxy.cut();
    await put(writer, region('north', 'while it was cut off'));
    expect((await reader.snapshot.latest()).regions.get('north')?.document?.description).toBe('while it was cut off');
    await zooKeeper.raw(async (connection, root) => {
      await connection.remove(`${root}/regions/north`, -1);
      await connection.remove(`${root}/regions`, -1);
      await connection.remove(`${root}/revision`, -1);
    });
    const emptied = await reader.snapshot.latest();
    expect([emptied.regions.size, emptied.revision]).toEqual([0, null]);
    await put(writer, region('east'));
    expect([...(await reader.snapshot.latest()).regions.keys()]).toEqual(['east']);
  });
});
