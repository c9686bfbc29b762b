/** Who holds a lease or stands in line for one: for who must know every process that may write. */
import { z } from 'zod';
import type { Node } from './connection.js';
import { fromNode } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export interface LeaseContender {
  /** capture/orders */
  readonly lease: string;
  /** host:pid, as it says itself. */
  readonly instance: string;
  /** Id of its session, in hex. */
  readonly session: string;
}

const contenderSchema = z.looseObject({ host: z.string(), pid: z.number() });

/** @throws SyncError ZOOKEEPER_* */
export async function leaseContenders(tree: Tree, paths: Paths): Promise<readonly LeaseContender[]> {
  const found: LeaseContender[] = [];
  const folders = [paths.leases];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const children = (await tree.children(folder)).map((name) => `${folder}/${name}`);
    const nodes = await tree.readAll(children);
    for (const [at, node] of nodes.entries()) {
      if (!node) continue; // it has given up meanwhile
      const path = children[at] ?? '';
      const session = node.stat.ephemeralOwner.toString('hex');
      // A contender's node is ephemeral, a folder's is not, whatever they are called.
      if (/^0*$/.test(session)) folders.push(path);
      else found.push({ lease: folder.slice(paths.leases.length + 1), instance: instanceOf(node), session });
    }
  }
  return found;
}

function instanceOf(node: Node): string {
  try {
    const { host, pid } = fromNode(contenderSchema, node, 'contender').document;
    return `${host}:${pid}`;
  } catch {
    return 'a process that does not say which'; // it counts all the same
  }
}
