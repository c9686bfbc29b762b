/** Documents of builds of two levels in one tree, on a real ZooKeeper. */
import { since, storedDocument } from '@lutra/model';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { ZooKeeperDocuments } from './documents.js';
import { fromNode, toBytes } from './json.js';
import { Paths } from './paths.js';
import { logger, useZooKeeper } from './testing/harness.js';
import { Tree } from './tree.js';

const zooKeeper = useZooKeeper();

const older = z.strictObject({ name: z.string(), size: z.int().default(7) });
/** The next build: it adds a field with a default. */
const newer = z.strictObject({ ...older.shape, note: since(2, z.string().default('none')) });

async function stores() {
  const registry = await zooKeeper.open();
  const tree = new Tree(registry.session);
  const path = `${new Paths(zooKeeper.root).root}/things`;
  const kindOf = <T>(schema: z.ZodType<T>) => ({
    noun: 'thing',
    schema,
    parse: (name: string, node: Parameters<typeof fromNode<T>>[1]) => fromNode(schema, node, `thing ${name}`),
  });
  const { session } = registry;
  return {
    old: new ZooKeeperDocuments(tree, { path, kind: kindOf(older), session, logger }),
    young: new ZooKeeperDocuments(tree, { path, kind: kindOf(newer), session, logger }),
    /** As configuration-writer.ts does. */
    write: async (document: z.infer<typeof newer>, level: number): Promise<void> => {
      const data = toBytes(storedDocument(newer, document, { what: `thing ${document.name}`, level }));
      await tree.remove(`${path}/${document.name}`);
      await tree.create(`${path}/${document.name}`, data);
    },
    stored: async (name: string) => JSON.parse((await tree.read(`${path}/${name}`))?.data.toString() ?? '') as unknown,
  };
}

test('a field of the next build stops the older one only where somebody has used it, which the level allows', async () => {
  const { old, young, stored, write } = await stores();
  await write(newer.parse({ name: 'a' }), 1);
  expect(await stored('a')).toEqual({ name: 'a' });
  expect((await young.get('a'))?.document).toEqual({ name: 'a', size: 7, note: 'none' });
  expect((await old.get('a'))?.document).toEqual({ name: 'a', size: 7 });
  // As a PUT of what GET gave.
  await write({ name: 'a', size: 7, note: 'none' }, 1);
  expect((await old.get('a'))?.document).toEqual({ name: 'a', size: 7 });
  await expect(write({ name: 'a', size: 7, note: 'used' }, 1)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining('thing a: note: a field of level 2, and the cluster is at level 1'),
  });
  await write({ name: 'a', size: 7, note: 'used' }, 2);
  await expect(old.get('a')).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringMatching(/^thing a: .*note.*written at a level newer than this build \(it knows \d\), or by hand$/),
  });
});
