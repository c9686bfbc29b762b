/**
 * Counts the changes of what the channels carry. It goes into the log with the routes, and only grows: a tree that has less than a log was
 * restored from an older copy. ZooKeeper's own version of a node does not tell that, because a restored tree counts on from the old
 * numbers.
 */
import { SyncError } from '@lutra/model';
import type { Revision } from '@lutra/model';
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export interface RevisionStore {
  /** Not older than what anybody had written before the call; 0 while there is none. @throws SyncError CONFIG_INVALID, ZOOKEEPER_* */
  latest(): Promise<Revision>;
  /** Before a channel is written or removed: who reads the documents and then this number never takes old ones for new ones. */
  raise(channel: string): Promise<number>;
}

export const revisionSchema = z.strictObject({
  revision: z.int().min(0),
  /** Of each channel, one that was removed too: the number that its last write or removal has. */
  channels: z.record(z.string(), z.int().min(0)).default({}),
});

/** The only node of its folder: an export holds folders. */
export const revisionNode = 'channels';
const tries = 20;

export class ZooKeeperRevision implements RevisionStore {
  readonly #tree: Tree;
  readonly #path: string;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#path = `${paths.folder('revision')}/${revisionNode}`;
  }

  async latest(): Promise<Revision> {
    return revisionOf(await this.#tree.readLatest(this.#path));
  }

  /** The time lies above whatever a tree that was restored, or lost, had counted to. */
  async raise(channel: string): Promise<number> {
    for (let left = tries; left > 0; left -= 1) {
      const node = await this.#tree.read(this.#path);
      const known = revisionOf(node);
      const revision = Math.max(known.revision + 1, Date.now());
      const bytes = toBytes({ revision, channels: { ...known.channels, [channel]: revision } });
      const written = node
        ? (await this.#tree.write(this.#path, bytes, node.stat.version)) !== null
        : await this.#tree.create(this.#path, bytes);
      if (written) return revision;
    }
    throw new SyncError('CONFIG_CONFLICT', 'other processes keep writing the revision of the channels');
  }
}

function revisionOf(node: Awaited<ReturnType<Tree['read']>>): Revision {
  return node ? fromNode(revisionSchema, node, 'revision of the channels').document : { revision: 0, channels: {} };
}
