/** ZooKeeper as a restored older copy leaves it: what was written since is as it was before, while the apps live. */
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import type { Stack } from '../harness/index.js';

export type SavedTree = ReadonlyMap<string, Buffer>;

type Connection = Awaited<ReturnType<Registry['session']['connected']>>;

/**
 * Leases and status are of living processes; schemas stay known to them. The revision first: a restored copy comes all at once, and nobody
 * must see its documents beside the revision of later ones.
 */
const folders = ['regions', 'endpoints', 'channels', 'desired', 'uids', 'skips', 'restarts', 'logs'];
const persistent = 0;

export function savedTree(stack: Stack): Promise<SavedTree> {
  return withTree(stack, (tree) => read(tree, stack.root));
}

/** Writes the saved nodes over what is there, and removes what was not there then. */
export async function olderTree(stack: Stack, saved: SavedTree): Promise<void> {
  await withTree(stack, async (tree) => {
    const now = await read(tree, stack.root);
    const revision = `${stack.root}/revision`;
    const older = saved.get(revision);
    if (older) await tree.setData(revision, older, -1);
    for (const path of now.keys()) if (!saved.has(path)) await tree.remove(path, -1);
    for (const [path, data] of saved) {
      if (now.get(path)?.equals(data)) continue;
      await (now.has(path) ? tree.setData(path, data, -1) : tree.create(path, data, persistent));
    }
  });
}

async function read(tree: Connection, root: string): Promise<SavedTree> {
  const found = new Map<string, Buffer>();
  const revision = await tree.getData(`${root}/revision`);
  if (revision) found.set(`${root}/revision`, revision.data);
  for (const folder of folders)
    for (const name of (await tree.getChildren(`${root}/${folder}`)) ?? []) {
      const path = `${root}/${folder}/${name}`;
      const node = await tree.getData(path);
      if (node) found.set(path, node.data);
    }
  return found;
}

async function withTree<T>(stack: Stack, work: (tree: Connection) => Promise<T>): Promise<T> {
  const registry = new Registry({
    connect: stack.zooKeeper.connect,
    root: stack.root,
    digest: stack.digest,
    logger: createLogger('accident', 'silent'),
  });
  try {
    await registry.start(AbortSignal.timeout(30_000));
    return await work(await registry.session.connected());
  } finally {
    await registry.stop();
  }
}
