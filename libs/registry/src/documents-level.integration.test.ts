/** Documents of builds of two levels in one tree, on a real ZooKeeper. */
import { since } from '@lutra/model';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ZooKeeperDocuments } from './documents.js';
import { Paths } from './paths.js';
import { logger, useZooKeeper } from './testing/harness.js';
import { Tree } from './tree.js';

const zooKeeper = useZooKeeper();

const older = z.strictObject({ name: z.string(), size: z.int().default(7) });
/** The next build: it adds a field with a default. */
const newer = z.strictObject({ ...older.shape, note: since(2, z.string().default('none')) });

async function stores(level: () => number) {
  const registry = await zooKeeper.open();
  const tree = new Tree(registry.session);
  const kind = { noun: 'thing', path: `${new Paths(zooKeeper.root).root}/things`, level };
  const watching = { session: registry.session, logger };
  return {
    old: new ZooKeeperDocuments(tree, { ...kind, schema: older }, watching),
    young: new ZooKeeperDocuments(tree, { ...kind, schema: newer }, watching),
    stored: async (name: string) => JSON.parse((await tree.read(`${kind.path}/${name}`))?.data.toString() ?? '') as unknown,
  };
}

test('a field of the next build stops the older one only where somebody has used it, which the level allows', async () => {
  let level = 1;
  const { old, young, stored } = await stores(() => level);
  await young.create(newer.parse({ name: 'a' }));
  expect(await stored('a')).toEqual({ name: 'a' });
  expect((await young.get('a'))?.document).toEqual({ name: 'a', size: 7, note: 'none' });
  expect((await old.get('a'))?.document).toEqual({ name: 'a', size: 7 });
  // As a PUT of what GET gave.
  await young.replace('a', { name: 'a', size: 7, note: 'none' }, 0);
  expect((await old.get('a'))?.document).toEqual({ name: 'a', size: 7 });
  await expect(young.replace('a', { name: 'a', size: 7, note: 'used' }, 1)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('thing a: note: a field of level 2, and the cluster is at level 1'),
  });
  level = 2;
  await young.replace('a', { name: 'a', size: 7, note: 'used' }, 1);
  await expect(old.get('a')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^thing a: .*note.*written at a level newer than this build \(it knows 1\), or by hand$/),
  });
});
