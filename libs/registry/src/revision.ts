/**
 * The state of the configuration: its number, and the ids of its writes. Each write of a channel raises it, nothing lowers it. A tree that
 * does not continue what is known elsewhere was restored from an older copy, was emptied, or is another one. ZooKeeper's own version of a
 * node does not tell that, because a restored tree counts on from the old numbers.
 */
import { nextRevision, randomId, SyncError, treeRevisionSchema } from '@lutra/model';
import type { TreeRevision } from '@lutra/model';
import { fromNode, toBytes } from './json.js';
import { watchNode } from './node-watch.js';
import type { Paths } from './paths.js';
import type { Session } from './session.js';
import type { Tree } from './tree.js';

export interface RevisionStore {
  /** Not older than what anybody had written before the call; null while there is none. @throws SyncError CONFIG_INVALID, ZOOKEEPER_* */
  latest(): Promise<TreeRevision | null>;
  /** Before a channel is written or removed: who reads the documents and then this number never takes old ones for new ones. */
  raise(by: string): Promise<TreeRevision>;
  /** A person says that this tree is the right one. @param above the highest revision that is known anywhere */
  adopt(by: string, above: number): Promise<TreeRevision>;
  /** Calls back when it may have changed, and upon each new connection. Returns a function that ends it. */
  watch(onChange: () => void): () => void;
}

const what = { what: 'the revision of the configuration' };

export class ZooKeeperRevision implements RevisionStore {
  readonly #session: Session;
  readonly #tree: Tree;
  readonly #path: string;

  constructor(session: Session, tree: Tree, paths: Paths) {
    this.#session = session;
    this.#tree = tree;
    this.#path = paths.folder('revision');
  }

  async latest(): Promise<TreeRevision | null> {
    return revisionOf(await this.#tree.readLatest(this.#path));
  }

  raise(by: string): Promise<TreeRevision> {
    return this.#change((known) => nextRevision(known, { write: randomId(), by, at: Date.now() }));
  }

  adopt(by: string, above: number): Promise<TreeRevision> {
    return this.#change((known) => {
      const revision = Math.max(known?.revision ?? 0, above) + 1;
      return { revision, write: randomId(), by, at: Date.now(), recent: [], adopted: revision };
    });
  }

  watch(onChange: () => void): () => void {
    return watchNode(this.#session, this.#path, onChange);
  }

  async #change(next: (known: TreeRevision | null) => TreeRevision): Promise<TreeRevision> {
    let written: TreeRevision | null = null;
    await this.#tree.change(this.#path, what, (node) => toBytes((written = next(revisionOf(node)))));
    if (!written) throw new SyncError('INTERNAL', 'a revision was written that was not made');
    return written;
  }
}

function revisionOf(node: Awaited<ReturnType<Tree['read']>>): TreeRevision | null {
  // A node that something else created above its children is empty.
  return node && node.data.length > 0 ? fromNode(treeRevisionSchema, node, 'revision of the configuration').document : null;
}
