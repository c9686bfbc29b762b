/** Configuration documents on a real ZooKeeper. */
import type { RegionDocument } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { Registry } from './index.js';
import type { RegistryOptions } from './index.js';
import { writtenRegions } from './testing/written-documents.js';
import { expire, logger, sessionTimeoutMs, until, untilConnected, useZooKeeper } from './testing/harness.js';
import { uidOf } from '../../model/src/pipeline-uid.fixture.js';

const server = useZooKeeper({ own: true });
const zooKeeper = {
  ...server,
  get root() {
    return server.root;
  },
  async open(options: Partial<RegistryOptions> = {}) {
    const registry = await server.open(options);
    return Object.assign(registry, { regions: writtenRegions(registry) });
  },
};
const region = (name: string, description = ''): RegionDocument => ({ name, description, kafka: { brokers: ['kafka:9092'] } });
const code = (name: string): object => expect.objectContaining({ code: name });

/** What a watch said: the last map as name → description, and all errors. */
function watching(registry: Registry) {
  const seen: { last: Record<string, string>; calls: number; errors: string[] } = { last: {}, calls: 0, errors: [] };
  const stop = registry.regions.watch(
    (documents) => {
      seen.calls += 1;
      seen.last = Object.fromEntries([...documents].map(([name, document]) => [name, document.description]));
    },
    (name, error) => seen.errors.push(`${name} ${error.code}`),
  );
  return { seen, stop };
}

describe('a document', () => {
  test('is created, read, replaced and removed by version', async () => {
    const { regions } = await zooKeeper.open();
    expect(await regions.get('north')).toBeNull();
    expect(await regions.list()).toEqual([]);
    expect(await regions.create(region('north'))).toBe(0);
    expect(await regions.get('north')).toEqual({ document: region('north'), version: 0 });
    expect(await regions.replace('north', region('north', 'new'), 0)).toBe(1);
    await regions.create(region('east'));
    expect((await regions.list()).map(({ document, version }) => [document.name, document.description, version])).toEqual([
      ['east', '', 0],
      ['north', 'new', 1],
    ]);
    await regions.remove('north', 1);
    expect(await regions.get('north')).toBeNull();
  });

  test('is not written over a version that the writer has not read', async () => {
    const { regions } = await zooKeeper.open();
    await regions.create(region('north'));
    await regions.replace('north', region('north', 'first'), 0);
    await expect(regions.create(region('north'))).rejects.toEqual(code('CONFIG_CONFLICT'));
    await expect(regions.replace('north', region('north', 'second'), 0)).rejects.toEqual(code('CONFIG_CONFLICT'));
    await expect(regions.replace('south', region('south'), 0)).rejects.toEqual(code('CONFIG_CONFLICT'));
    await expect(regions.remove('north', 0)).rejects.toEqual(code('CONFIG_CONFLICT'));
    await expect(regions.remove('south', 0)).rejects.toEqual(code('CONFIG_CONFLICT'));
    expect((await regions.get('north'))?.document.description).toBe('first');
  });

  test('is read as it is now, whichever server answers; one that is damaged by name only', async () => {
    const { regions } = await zooKeeper.open();
    const other = await zooKeeper.open();
    expect(await regions.latest('north')).toBeNull();
    expect(await regions.listLatest()).toEqual({ documents: [], invalid: [] });
    await other.regions.create(region('north'));
    await other.regions.create(region('east'));
    await other.regions.replace('north', region('north', 'new'), 0);
    expect(await regions.latest('north')).toEqual({ document: region('north', 'new'), version: 1 });
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/regions/east`, Buffer.from('{}'), -1));
    expect(await regions.listLatest()).toEqual({ documents: [region('north', 'new')], invalid: ['east'] });
    await expect(regions.latest('east')).rejects.toEqual(code('CONFIG_INVALID'));
  });

  test('that is invalid is not written', async () => {
    const { regions } = await zooKeeper.open();
    await regions.create(region('north'));
    await expect(regions.create({ ...region('south'), kafka: { brokers: [] } })).rejects.toThrow(/region south: kafka.brokers/);
    await expect(regions.create({ ...region('south'), colour: 'red' } as RegionDocument)).rejects.toEqual(code('CONFIG_INVALID'));
    await expect(regions.create(region('../endpoints/x'))).rejects.toEqual(code('CONFIG_INVALID'));
    await expect(regions.get('../regions')).rejects.toEqual(code('CONFIG_INVALID'));
    await expect(regions.replace('north', region('south'), 0)).rejects.toEqual(code('CONFIG_INVALID'));
    expect((await regions.list()).map(({ document }) => document)).toEqual([region('north')]);
  });

  test('beyond what ZooKeeper takes is refused, and the connection lives on', async () => {
    const { regions } = await zooKeeper.open();
    const brokers = Array.from({ length: 60_000 }, (_, n) => `kafka-${n}.example:9092`);
    await expect(regions.create({ ...region('north'), kafka: { brokers } })).rejects.toEqual(code('CONFIG_INVALID'));
    await regions.create({ ...region('north'), kafka: { brokers: brokers.slice(0, 30_000) } });
    expect((await regions.get('north'))?.document.kafka.brokers).toHaveLength(30_000);
  });

  test('damaged by hand is named, with the version that replaces or removes it', async () => {
    const { regions } = await zooKeeper.open();
    await regions.create(region('north'));
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/regions/north`, Buffer.from('{"password": "secret"'), -1));
    const error: unknown = await regions.get('north').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: 'region north: not JSON', details: { version: 1 } });
    expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain('secret');
    await expect(regions.list()).rejects.toThrow('region north');
    await zooKeeper.raw((connection, root) =>
      connection.setData(`${root}/regions/north`, Buffer.from(JSON.stringify(region('south'))), -1),
    );
    await expect(regions.get('north')).rejects.toThrow('region north: name');
    expect(await regions.replace('north', region('north', 'fixed'), 2)).toBe(3);
  });

  test('of another user is out of reach, by a named error', async () => {
    const owner = await zooKeeper.open({ digest: 'lutra:secret' });
    await owner.regions.create(region('north'));
    const stranger = await zooKeeper.open();
    await expect(stranger.regions.get('north')).rejects.toEqual(code('ZOOKEEPER_DENIED'));
    const sibling = await zooKeeper.open({ digest: 'lutra:secret' });
    expect(await sibling.regions.get('north')).toEqual({ document: region('north'), version: 0 });
  });
});

describe('a tree of a time without a digest', () => {
  test('is closed by whoever has one, once, with all that is below', async () => {
    const before = await zooKeeper.open();
    await before.regions.create(region('north'));
    await before.skips.order(uidOf('shop.there'), { log: 'l', seq: 1, reason: 'r', at: 1 });
    const owner = await zooKeeper.open({ digest: 'lutra:secret' });
    await owner.regions.create(region('south'));
    const closed = await owner.access.close();
    expect(closed).toBeGreaterThan(4); // root, two folders, two nodes
    expect(await owner.access.close()).toBe(0);
    const stranger = await zooKeeper.open();
    await expect(stranger.regions.get('north')).rejects.toEqual(code('ZOOKEEPER_DENIED'));
    await expect(stranger.regions.create(region('east'))).rejects.toEqual(code('ZOOKEEPER_DENIED'));
    await expect(stranger.skips.read(uidOf('shop.there'))).rejects.toEqual(code('ZOOKEEPER_DENIED'));
    expect(await owner.regions.get('north')).toEqual({ document: region('north'), version: 0 });
    await until(() => expect([owner.access.trouble, stranger.access.trouble]).toEqual([null, expect.stringContaining('ZOOKEEPER_DIGEST')]));
    await expect(stranger.access.close()).rejects.toEqual(code('ZOOKEEPER_DENIED'));
  });
});

describe('a watch', () => {
  test('calls back with everything at first, then after each change', async () => {
    const registry = await zooKeeper.open();
    const other = await zooKeeper.open();
    const { seen, stop } = watching(registry);
    await until(() => expect(seen.calls).toBeGreaterThan(0));
    expect(seen.last).toEqual({});
    await other.regions.create(region('north', 'a'));
    await until(() => expect(seen.last).toEqual({ north: 'a' }));
    await other.regions.replace('north', region('north', 'b'), 0);
    await other.regions.create(region('south', 'c'));
    await until(() => expect(seen.last).toEqual({ north: 'b', south: 'c' }));
    const second = watching(registry);
    await until(() => expect(second.seen.last).toEqual({ north: 'b', south: 'c' }));
    stop();
    await other.regions.remove('north', 1);
    await until(() => expect(second.seen.last).toEqual({ south: 'c' }));
    expect(seen.last).toEqual({ north: 'b', south: 'c' });
    second.stop();
    const third = watching(registry);
    await until(() => expect(third.seen.last).toEqual({ south: 'c' }));
    third.stop();
  });

  test('keeps the last good version of a document that was damaged, and says so', async () => {
    const registry = await zooKeeper.open();
    await registry.regions.create(region('north', 'good'));
    const { seen } = watching(registry);
    await until(() => expect(seen.last).toEqual({ north: 'good' }));
    await zooKeeper.raw((connection, root) => connection.setData(`${root}/regions/north`, Buffer.from('{}'), -1));
    await zooKeeper.raw((connection, root) => connection.create(`${root}/regions/south`, Buffer.from('?'), 0));
    await until(() => expect(seen.errors).toEqual(['north CONFIG_INVALID', 'south CONFIG_INVALID']));
    expect(seen.last).toEqual({ north: 'good' });
    const late = watching(registry);
    await until(() => expect(late.seen.errors.toSorted()).toEqual(['north CONFIG_INVALID', 'south CONFIG_INVALID']));
    await registry.regions.replace('north', region('north', 'fixed'), 1);
    await until(() => expect(seen.last).toEqual({ north: 'fixed' }));
    expect(seen.errors).toHaveLength(2);
  });

  test('sees what changed while it was cut off, and survives the end of its session', async () => {
    const proxy = await zooKeeper.proxy();
    const registry = await zooKeeper.open({ connect: proxy.connect });
    const other = await zooKeeper.open();
    await other.regions.create(region('north', 'a'));
    await other.regions.create(region('south', 'b'));
    const { seen } = watching(registry);
    await until(() => expect(seen.last).toEqual({ north: 'a', south: 'b' }));
    proxy.mode = 'refuse';
    proxy.cut();
    await untilConnected(registry, false);
    await other.regions.remove('north', 0);
    await other.regions.replace('south', region('south', 'c'), 0);
    await other.regions.create(region('west', 'd'));
    proxy.mode = 'open';
    await until(() => expect(seen.last).toEqual({ south: 'c', west: 'd' }));
    for (let round = 0; round < 2; round += 1) {
      const session = registry.session.number;
      await expire(registry, zooKeeper.server);
      await other.regions.replace('west', region('west', `after ${round}`), round);
      await until(() => expect(registry.session.number).toBe(session + 1));
      await until(() => expect(seen.last).toEqual({ south: 'c', west: `after ${round}` }));
    }
    const calls = seen.calls;
    await other.regions.replace('south', region('south', 'last'), 1);
    await until(() => expect(seen.last['south']).toBe('last'));
    expect(seen.calls).toBe(calls + 1);
  });

  test('goes on after ZooKeeper was killed and started again', async () => {
    const registry = await zooKeeper.open();
    await registry.regions.create(region('north', 'a'));
    const { seen } = watching(registry);
    await until(() => expect(seen.last).toEqual({ north: 'a' }));
    await zooKeeper.server.kill();
    await untilConnected(registry, false);
    await zooKeeper.server.restart();
    const other = await zooKeeper.open();
    await other.regions.replace('north', region('north', 'b'), 0);
    await until(() => expect(seen.last).toEqual({ north: 'b' }));
  });

  test('takes many changes in quick succession, and the newest is always told', async () => {
    const registry = await zooKeeper.open();
    const { seen } = watching(registry);
    await registry.regions.create(region('north'));
    for (let version = 0; version < 100; version += 1) await registry.regions.replace('north', region('north', `${version}`), version);
    await until(() => expect(seen.last).toEqual({ north: '99' }));
    const names = Array.from({ length: 100 }, (_, number) => `r${number}`);
    for (const name of names) await registry.regions.create(region(name, name));
    await until(() => expect(Object.keys(seen.last)).toHaveLength(101));
    expect(await registry.regions.list()).toHaveLength(101);
    for (const name of names) await registry.regions.remove(name, 0);
    await until(() => expect(seen.last).toEqual({ north: '99' }));
  });
});

describe('without ZooKeeper', () => {
  test('a start waits, and ends when it is told to', async () => {
    const options = { connect: '127.0.0.1:1', root: '/none', sessionTimeoutMs, logger };
    const bounded = new Registry(options);
    await expect(bounded.start(AbortSignal.timeout(200))).rejects.toEqual(code('ZOOKEEPER_UNAVAILABLE'));
    const told = new Registry(options);
    const stop = new AbortController();
    const started = told.start(stop.signal);
    stop.abort();
    await expect(started).rejects.toEqual(code('ABORTED'));
  });

  test('a request fails by name, and works again when ZooKeeper does', async () => {
    const proxy = await zooKeeper.proxy();
    const registry = await zooKeeper.open({ connect: proxy.connect });
    proxy.mode = 'silent';
    await expect(registry.regions.list()).rejects.toEqual(code('ZOOKEEPER_UNAVAILABLE'));
    proxy.mode = 'open';
    await untilConnected(registry, true);
    expect(await registry.regions.list()).toEqual([]);
  });
});
