/**
 * Which state of the configuration the tree has: a number that each write raises, and the id of that write. ZooKeeper's own version of a
 * node does not tell a tree that was restored from an older copy, because it counts on from the old numbers.
 */
import { treeRevisionSchema } from '@lutra/model';
import type { TreeRevision } from '@lutra/model';
import type { Node } from './connection.js';
import { fromNode } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export interface RevisionStore {
  /** Not older than what anybody had written before the call; null while nothing was. @throws SyncError CONFIG_INVALID, ZOOKEEPER_* */
  latest(): Promise<TreeRevision | null>;
}

export class ZooKeeperRevision implements RevisionStore {
  readonly #tree: Tree;
  readonly #path: string;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#path = paths.revision;
  }

  async latest(): Promise<TreeRevision | null> {
    return revisionOf(await this.#tree.readLatest(this.#path));
  }
}

/** @throws SyncError CONFIG_INVALID */
export function revisionOf(node: Node | null): TreeRevision | null {
  return node && fromNode(treeRevisionSchema, node, 'revision of the configuration').document;
}
