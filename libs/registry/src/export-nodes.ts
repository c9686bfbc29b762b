/** All nodes that an export holds, as they stand in the tree. */
import { SyncError } from '@lutra/model';
import { kinds, nodeNameOf } from './export-kinds.js';
import { persistentFolders } from './paths.js';
import type { Paths, PersistentFolder } from './paths.js';
import type { Tree } from './tree.js';

/** Path below the root → what the node holds. */
export async function readStored(tree: Tree, paths: Paths): Promise<ReadonlyMap<string, Buffer>> {
  const stored = new Map<string, Buffer>();
  for (const folder of persistentFolders) {
    if (folder === 'revision') {
      const node = await tree.read(paths.folder(folder));
      if (node) stored.set(folder, node.data);
      continue;
    }
    const names = await namesIn(tree, paths, folder);
    const nodes = await tree.readAll(names.map((name) => `${paths.folder(folder)}/${name}`));
    // A node that is gone was removed between the two reads.
    for (const [at, node] of nodes.entries()) if (node) stored.set(`${folder}/${names[at]}`, node.data);
  }
  return stored;
}

async function namesIn(tree: Tree, paths: Paths, folder: PersistentFolder): Promise<readonly string[]> {
  const names = await tree.children(paths.folder(folder));
  if (folder !== 'schemas/subjects') return names;
  const found: string[] = [];
  for (const name of names) {
    for (const version of await tree.children(`${paths.folder(folder)}/${name}`)) found.push(`${name}/${version}`);
  }
  return found;
}

/** @throws SyncError CONFIG_INVALID naming the node */
export function valueOf(path: string, data: Buffer): unknown {
  const nodeName = nodeNameOf(path);
  const text = data.toString('utf8');
  if (nodeName.folder === 'schemas/ids') return text;
  try {
    return JSON.parse(text);
  } catch {
    throw new SyncError('CONFIG_INVALID', `${kinds[nodeName.folder].noun} ${nodeName.name}: not JSON`, { details: { document: path } });
  }
}
