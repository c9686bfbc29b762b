/**
 * Counts the changes of what the channels carry. It goes into the log with the routes, and only grows: a tree that has less than a log was
 * restored from an older copy. ZooKeeper's own version of a node does not tell that, because a restored tree counts on from the old
 * numbers.
 */
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
    let revision = 0;
    await this.#tree.change(this.#path, { what: 'the revision of the channels' }, (node) => {
      const known = revisionOf(node);
      revision = Math.max(known.revision + 1, Date.now());
      return toBytes({ revision, channels: { ...known.channels, [channel]: revision } });
    });
    return revision;
  }
}

function revisionOf(node: Awaited<ReturnType<Tree['read']>>): Revision {
  return node ? fromNode(revisionSchema, node, 'revision of the channels').document : { revision: 0, channels: {} };
}
