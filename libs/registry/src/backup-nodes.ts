/** All nodes that a backup holds, as they stand in the tree. */
import { SyncError } from '@lutra/model';
import { asStored, documentFolders, isDocumentFolder, kinds, nodeNameOf } from './backup-kinds.js';
import { persistentFolders } from './paths.js';
import type { Paths, PersistentFolder } from './paths.js';
import type { Snapshot } from './snapshot.js';
import type { Tree } from './tree.js';

/** Path below the root → what the node holds. No document is older than another one that names it. @throws SyncError CONFIG_INVALID */
export async function readValues(tree: Tree, paths: Paths, snapshot: Snapshot): Promise<Readonly<Record<string, unknown>>> {
  const values: Record<string, unknown> = {};
  const others = persistentFolders.filter((folder) => folder !== 'revision' && !isDocumentFolder(folder));
  for (const [path, data] of await readStored(tree, paths, others)) values[path] = valueOf(path, data);
  if (snapshot.revision) values['revision'] = snapshot.revision;
  for (const folder of documentFolders) {
    for (const [name, { document, error }] of snapshot[folder]) {
      if (error) throw error;
      values[`${folder}/${name}`] = asStored(folder, name, document);
    }
  }
  return values;
}

/** Path below the root → bytes. */
export async function readStored(
  tree: Tree,
  paths: Paths,
  folders: readonly PersistentFolder[] = persistentFolders,
): Promise<ReadonlyMap<string, Buffer>> {
  const stored = new Map<string, Buffer>();
  for (const folder of folders) {
    const own = folder === 'revision' ? await tree.read(paths.revision) : null;
    if (own) stored.set(folder, own.data);
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
