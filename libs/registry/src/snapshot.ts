/**
 * The whole configuration at a known revision, in memory. ZooKeeper sends the event of a change before it answers with a later state, so
 * what no event has named is as it was read. Read `revision`, refresh what is stale, read `revision` again: if both are equal, the
 * documents are exactly those of that revision. The naive way, documents one by one, gives a mixture that never was.
 */
import { SyncError } from '@lutra/model';
import type { TreeRevision } from '@lutra/model';
import type { Connection } from './connection.js';
import { documentKinds } from './document-kinds.js';
import type { DocumentTypes } from './document-kinds.js';
import { isLoss, translate } from './faults.js';
import type { Paths } from './paths.js';
import { revisionOf } from './revision.js';
import type { Session } from './session.js';
import { SnapshotFolder } from './snapshot-folder.js';
import type { Entry } from './snapshot-folder.js';

export type Snapshot = { readonly [K in keyof DocumentTypes]: ReadonlyMap<string, Entry<DocumentTypes[K]>> } & {
  readonly revision: TreeRevision | null;
  /** ZooKeeper's version of the node `revision`. */
  readonly revisionVersion: number | null;
};

export interface SnapshotStore {
  /** Not older than what anybody had written before the call. */
  latest(): Promise<Snapshot>;
  /** As last read, unless something of it is known to have changed; asks ZooKeeper nothing then. */
  known(): Promise<Snapshot>;
  /** What was read last, while there is no connection; null: there is one, or nothing was read yet. For who only looks. */
  remembered(): Remembered | null;
  /** As last read, however long ago; null: nothing was read yet. For words alone. */
  seen(): Snapshot | null;
}

export interface Remembered {
  readonly snapshot: Snapshot;
  /** When the connection ended, in ms since 1970. */
  readonly asOf: number;
}

interface Revision {
  readonly tree: TreeRevision | null;
  readonly version: number | null;
  /** Of its last change; '' while there is no such node. */
  readonly changed: string;
}

type Folders = { readonly [K in keyof DocumentTypes]: SnapshotFolder<DocumentTypes[K]> };

export class ZooKeeperSnapshot implements SnapshotStore {
  readonly #session: Session;
  readonly #paths: Paths;
  readonly #folders: Folders;
  /** The one that our watches are on. */
  #connection: Connection | undefined;
  #known: Snapshot | undefined;
  #last: Snapshot | undefined;
  #lostAt: number | null = null;
  #running: Promise<unknown> = Promise.resolve();
  #waiting: Promise<Snapshot> | undefined;

  constructor(session: Session, paths: Paths) {
    this.#session = session;
    this.#paths = paths;
    session.onChange(({ kind }) => (this.#lostAt = kind === 'connected' ? null : (this.#lostAt ?? Date.now())));
    const folder = <K extends keyof DocumentTypes>(kind: K) =>
      new SnapshotFolder<DocumentTypes[K]>(paths.documents(kind), documentKinds[kind]);
    this.#folders = {
      regions: folder('regions'),
      endpoints: folder('endpoints'),
      channels: folder('channels'),
      desired: folder('desired'),
    };
  }

  async known(): Promise<Snapshot> {
    const isCurrent = this.#connection !== undefined && this.#session.connection === this.#connection && !this.#isStale;
    return isCurrent && this.#known ? this.#known : this.latest();
  }

  remembered(): Remembered | null {
    return this.#last && this.#lostAt !== null ? { snapshot: this.#last, asOf: this.#lostAt } : null;
  }

  seen(): Snapshot | null {
    return this.#last ?? null;
  }

  /** All who ask while a reading is under way share the next one: the one under way may have begun before what they must see. */
  latest(): Promise<Snapshot> {
    this.#waiting ??= this.#running.then(() => {
      const reading = this.#read();
      this.#waiting = undefined;
      this.#running = reading.catch(() => undefined); // who waits for it is told
      return reading;
    });
    return this.#waiting;
  }

  get #isStale(): boolean {
    return Object.values(this.#folders).some((folder) => folder.isStale);
  }

  async #read(): Promise<Snapshot> {
    const until = performance.now() + this.#session.sessionTimeoutMs;
    for (;;) {
      const connection = await this.#session.connected({ boundMs: Math.max(0, until - performance.now()) });
      if (connection !== this.#connection) for (const folder of Object.values(this.#folders)) folder.discardWatches();
      this.#connection = connection;
      try {
        await connection.barrier(this.#paths.root);
        const revision = await this.#settled(connection, until);
        this.#known = sameOr(this.#known, this.#picture(revision));
        this.#last = this.#known;
        return this.#known;
      } catch (error) {
        if (!isLoss(error) || performance.now() > until) throw translate(error, this.#paths.root);
        connection.abandon('a request was lost');
      }
    }
  }

  /** Resolves with a revision whose documents are in the folders. */
  async #settled(connection: Connection, until: number): Promise<Revision> {
    for (let before = await this.#revision(connection); ;) {
      if (!this.#isStale) return before;
      // What is being read again is no longer marked as stale, and is not in the old picture.
      this.#known = undefined;
      await Promise.all(Object.values(this.#folders).map((folder) => folder.refresh(connection)));
      const after = await this.#revision(connection);
      if (after.changed === before.changed) return after;
      if (performance.now() > until)
        throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'the configuration changes faster than ZooKeeper answers');
      before = after;
    }
  }

  async #revision(connection: Connection): Promise<Revision> {
    const node = await connection.getData(this.#paths.revision);
    const changed = node ? `${node.stat.czxid.toString('hex')} ${node.stat.mzxid.toString('hex')}` : '';
    return { tree: revisionOf(node), version: node?.stat.version ?? null, changed };
  }

  #picture({ tree, version }: Revision): Snapshot {
    const { regions, endpoints, channels, desired } = this.#folders;
    return {
      revision: tree,
      revisionVersion: version,
      regions: regions.entries,
      endpoints: endpoints.entries,
      channels: channels.entries,
      desired: desired.entries,
    };
  }
}

/** Who asks twice within one state gets one object: what was worked out from it need not be again. */
function sameOr(known: Snapshot | undefined, read: Snapshot): Snapshot {
  const kinds = Object.keys(documentKinds) as readonly (keyof DocumentTypes)[];
  const isSame = known?.revision?.write === read.revision?.write && known?.revisionVersion === read.revisionVersion;
  return known && isSame && kinds.every((kind) => known[kind] === read[kind]) ? known : read;
}
