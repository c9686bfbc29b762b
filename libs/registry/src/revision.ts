/**
 * Which state of the configuration the tree has: a number that each write raises, and the ids of the writes. A tree that does not continue
 * what is known elsewhere was restored from an older copy, was emptied, or is another one. ZooKeeper's own version of a node does not tell
 * that, because a restored tree counts on from the old numbers.
 */
import { randomId, treeRevisionSchema } from '@lutra/model';
import type { TreeRevision } from '@lutra/model';
import type { Node } from './connection.js';
import { fromNode, toBytes } from './json.js';
import { inTransactions } from './multi.js';
import type { Written } from './multi.js';
import { watchNode } from './node-watch.js';
import type { Paths } from './paths.js';
import type { Session } from './session.js';
import type { Tree } from './tree.js';

/** The state that a change was made from. */
export interface Base {
  readonly tree: TreeRevision | null;
  /** ZooKeeper's version of the node; null: there is none. */
  readonly version: number | null;
}

export interface Adoption {
  readonly by: string;
  /** The highest revision that is known anywhere. */
  readonly above: number;
  readonly base: Base;
  /** What else changes, with it or before it: more than one transaction takes may be done in part where the adoption is not. */
  readonly operations: readonly Written[];
}

/** configuration-writer.ts raises it. */
export interface RevisionStore {
  /** Not older than what anybody had written before the call; null while nothing was. @throws SyncError CONFIG_INVALID, ZOOKEEPER_* */
  latest(): Promise<TreeRevision | null>;
  /** A person says that this tree is the right one. Null: nothing was written, for it is no longer the state that was looked at. */
  adopt(adoption: Adoption): Promise<TreeRevision | null>;
  /** Calls back when it may have changed, and upon each new connection. Returns a function that ends it. */
  watch(onChange: () => void): () => void;
}

export class ZooKeeperRevision implements RevisionStore {
  readonly #session: Session;
  readonly #tree: Tree;
  readonly #path: string;

  constructor(session: Session, tree: Tree, paths: Paths) {
    this.#session = session;
    this.#tree = tree;
    this.#path = paths.revision;
  }

  async latest(): Promise<TreeRevision | null> {
    return revisionOf(await this.#tree.readLatest(this.#path));
  }

  async adopt({ by, above, base, operations }: Adoption): Promise<TreeRevision | null> {
    const revision = Math.max(base.tree?.revision ?? 0, above) + 1;
    const adopted: TreeRevision = { revision, write: randomId(), by, at: Date.now(), recent: [], adopted: revision };
    const [path, data] = [this.#path, toBytes(adopted)];
    const own: Written = base.version === null ? { type: 'create', path, data } : { type: 'set', path, data, version: base.version };
    for (const part of inTransactions([...operations, own])) {
      const { path: written, data: bytes } = part.includes(own) ? own : (part[0] ?? own);
      const isOurs = async (): Promise<boolean> => (await this.#tree.readLatest(written))?.data.equals(bytes) === true;
      if (await this.#tree.commit(part, isOurs)) return null;
    }
    return adopted;
  }

  watch(onChange: () => void): () => void {
    return watchNode(this.#session, this.#path, onChange);
  }
}

/** @throws SyncError CONFIG_INVALID */
export function revisionOf(node: Node | null): TreeRevision | null {
  return node && fromNode(treeRevisionSchema, node, 'revision of the configuration').document;
}
