/** Several changes as one transaction, on a real ZooKeeper. */
import zookeeper from 'node-zookeeper-client';
import type { Transaction } from 'node-zookeeper-client';
import { expect, onTestFinished, test } from 'vitest';
import { anyVersion } from './multi.js';
import type { Operation } from './multi.js';
import type { Registry } from './registry.js';
import { Tree } from './tree.js';
import { until, useZooKeeper } from './testing/harness.js';

const zooKeeper = useZooKeeper();
const never = (): Promise<boolean> => Promise.reject(new Error('asked whether a refused transaction was ours'));
const bytes = (text: string): Buffer => Buffer.from(text);
const treeOf = (registry: Registry): Tree => new Tree(registry.session);

function create(path: string, data = ''): Operation {
  return { type: 'create', path, data: bytes(data) };
}

function set(path: string, data: string, version: number): Operation {
  return { type: 'set', path, data: bytes(data), version };
}

/** The library as it is. */
async function library(): Promise<() => Transaction> {
  const client = zookeeper.createClient(zooKeeper.server.connect, { sessionTimeout: 5_000, retries: 0, spinDelay: 0 });
  onTestFinished(() => client.close());
  client.connect();
  await until(() => expect(client.connectionManager.state).toBe(2));
  return () => client.transaction();
}

function committed(transaction: Transaction): Promise<string> {
  return new Promise((resolve) => transaction.commit((error) => resolve(error ? error.name : 'done')));
}

test("the library's own transaction takes version 0 for any version; ours is refused", async () => {
  const tree = treeOf(await zooKeeper.open());
  const node = `${zooKeeper.root}/node`;
  await tree.create(node, bytes('first'));
  expect(await tree.write(node, bytes('second'), 0)).toBe(1);
  const transaction = await library();
  expect(await committed(transaction().check(node, 0))).toBe('done');
  expect(await committed(transaction().setData(node, bytes('lost update'), 0))).toBe('done');
  expect((await tree.read(node))?.data.toString()).toBe('lost update');
  for (const operation of [
    set(node, 'third', 0),
    { type: 'check', path: node, version: 0 },
    { type: 'remove', path: node, version: 0 },
  ] as const) {
    expect(await tree.commit([operation], never)).toEqual({ operation, why: 'version' });
  }
  expect(await committed(transaction().remove(node, 0))).toBe('done');
  expect(await tree.read(node)).toBeNull();
});

test('all operations are carried out, or none', async () => {
  const tree = treeOf(await zooKeeper.open());
  const at = (name: string): string => `${zooKeeper.root}/${name}`;
  expect(await tree.commit([create(at('a'), '1'), create(at('folder/deep/b'), '2')], never)).toBeNull();
  const operations = [
    set(at('a'), 'changed', 0),
    { type: 'remove', path: at('folder/deep/b'), version: 0 },
    create(at('c')),
    { type: 'check', path: at('folder'), version: anyVersion },
  ] as const;
  const refusals: readonly [Operation, string][] = [
    [create(at('a')), 'exists'],
    [set(at('none'), '', 0), 'absent'],
    [{ type: 'check', path: at('a'), version: 7 }, 'version'],
    [{ type: 'remove', path: at('folder'), version: anyVersion }, 'children'],
  ];
  for (const [operation, why] of refusals) {
    expect(await tree.commit([operations[0], operation, ...operations.slice(1)], never)).toEqual({ operation, why });
    expect((await tree.read(at('a')))?.data.toString()).toBe('1');
    expect(await tree.children(zooKeeper.root)).toEqual(['a', 'folder']);
  }
  expect(await tree.commit(operations, never)).toBeNull();
  const [a, b, c] = await tree.readAll([at('a'), at('folder/deep/b'), at('c')]);
  expect([a?.data.toString(), a?.stat.version, b, c?.stat.version]).toEqual(['changed', 1, null, 0]);
  // One transaction, one number.
  expect(a?.stat.mzxid).toEqual(c?.stat.mzxid);
});

test('created nodes belong to the digest, as all others', async () => {
  const tree = treeOf(await zooKeeper.open({ digest: 'lutra:secret' }));
  await tree.commit([create(`${zooKeeper.root}/folder/node`)], never);
  const stranger = treeOf(await zooKeeper.open());
  await expect(stranger.read(`${zooKeeper.root}/folder/node`)).rejects.toMatchObject({ code: 'ZOOKEEPER_DENIED' });
});

test('what is larger than one transaction is refused by name, and the connection lives on', async () => {
  const registry = await zooKeeper.open();
  const tree = treeOf(registry);
  const { connection } = registry.session;
  const many = (count: number): Operation[] => Array.from({ length: count }, (_, at) => create(`${zooKeeper.root}/many/${at}`));
  await expect(tree.commit(many(501), never)).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('501') });
  const large = [create(`${zooKeeper.root}/large`, 'x'.repeat(450_000)), create(`${zooKeeper.root}/other`, 'x'.repeat(450_000))];
  await expect(tree.commit(large, never)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  expect(await tree.commit([create(`${zooKeeper.root}/large`, 'x'.repeat(899_000))], never)).toBeNull();
  expect(await tree.commit(many(500), never)).toBeNull();
  expect(registry.session.connection).toBe(connection);
});

test('a transaction whose answer is lost is done once; of a refused one it is asked whether it was ours', async () => {
  const proxy = await zooKeeper.proxy();
  const tree = treeOf(await zooKeeper.open({ connect: proxy.connect }));
  const other = treeOf(await zooKeeper.open());
  const node = `${zooKeeper.root}/node`;
  await other.create(node, bytes('0'));
  const asked: string[] = [];
  const isOurs = async (): Promise<boolean> => {
    const data = (await tree.readLatest(node))?.data.toString() ?? '';
    asked.push(data);
    return data === 'ours';
  };
  proxy.mode = 'swallow';
  const ours = tree.commit([set(node, 'ours', 0)], isOurs);
  await until(async () => expect((await other.read(node))?.stat.version).toBe(1));
  proxy.mode = 'open';
  proxy.cut();
  expect(await ours).toBeNull();
  expect((await other.read(node))?.stat.version).toBe(1);

  proxy.mode = 'silent';
  const theirs = tree.commit([set(node, 'ours', 1)], isOurs);
  await other.write(node, bytes('theirs'), 1);
  proxy.mode = 'open';
  proxy.cut();
  expect(await theirs).toMatchObject({ why: 'version' });
  expect(asked).toEqual(['ours', 'theirs']);
});
