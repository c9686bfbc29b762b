/**
 * Nodes with data, and what to do when an answer is lost: a read is asked again; a write is asked again and, if it is then refused because
 * something is there, the node is read to decide whether that something is ours. So a conflict is reported only if there is one.
 * "Ours" means: the same bytes. Who must not mistake another's equal bytes for its own puts something unique into them.
 */
import { SyncError } from '@lutra/model';
import type { ErrorDetails } from '@lutra/model';
import { ephemeral, persistent } from './connection.js';
import type { Connection, Node } from './connection.js';
import { isBadVersion, isLoss, isNoNode, isNodeExists, isNotEmpty, translate } from './faults.js';
import { inParts } from './in-parts.js';
import { anyVersion, requireSize } from './multi.js';
import type { Operation, Refused, Written } from './multi.js';
import type { Session } from './session.js';

/** ZooKeeper refuses packets of 1 MiB and more (jute.maxbuffer) by cutting the connection; the rest is for path and header. */
const maxBytes = 1_000_000;
const empty = Buffer.alloc(0);
/** Of a change that others keep getting in the way of. */
const tries = 20;

export class Tree {
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
  }

  read(path: string): Promise<Node | null> {
    return this.#withRetry(path, (connection) => connection.getData(path));
  }

  /** Names of the children, sorted; [] if there is no such node. */
  async children(path: string): Promise<readonly string[]> {
    const names = await this.#withRetry(path, (connection) => connection.getChildren(path));
    return (names ?? []).toSorted();
  }

  /** Like `read` for many, in order. */
  readAll(paths: readonly string[]): Promise<readonly (Node | null)[]> {
    return inParts(paths, (path) => this.read(path));
  }

  /** Like `read`, and not older than what anybody had written before the call: a server of the ensemble may lag behind the others. */
  readLatest(path: string): Promise<Node | null> {
    return this.#withRetry(path, async (connection) => {
      await connection.barrier(path);
      return connection.getData(path);
    });
  }

  /** The children by name, sorted, not older than what anybody had written before the call. */
  childrenLatest(path: string): Promise<ReadonlyMap<string, Node>> {
    return this.#withRetry(path, async (connection) => {
      await connection.barrier(path);
      const names = ((await connection.getChildren(path)) ?? []).toSorted();
      const nodes = await inParts(names, async (name) => [name, await connection.getData(`${path}/${name}`)] as const);
      return new Map(nodes.filter((entry): entry is readonly [string, Node] => entry[1] !== null));
    });
  }

  /** Creates the node, and those above it where missing. False: it was there already. */
  create(path: string, data: Buffer, options: { readonly ephemeral?: boolean } = {}): Promise<boolean> {
    checkSize(path, data);
    return this.#withRetry(path, async (connection, uncertain) => {
      try {
        await createWithParents(connection, path, data, options.ephemeral ? ephemeral : persistent);
        return true;
      } catch (error) {
        if (!isNodeExists(error)) throw error;
        return uncertain && (await connection.getData(path))?.data.equals(data) === true;
      }
    });
  }

  /** Resolves with the new version; null: the node has another version, or is gone. */
  write(path: string, data: Buffer, version: number): Promise<number | null> {
    checkSize(path, data);
    return this.#withRetry(path, async (connection, uncertain) => {
      try {
        return (await connection.setData(path, data, version)).version;
      } catch (error) {
        if (isNoNode(error)) return null;
        if (!isBadVersion(error)) throw error;
        const node = uncertain ? await connection.getData(path) : null;
        return node?.stat.version === version + 1 && node.data.equals(data) ? version + 1 : null;
      }
    });
  }

  /** 'absent' also when it was us whose answer was lost. */
  remove(path: string, version: number = anyVersion): Promise<'removed' | 'absent' | 'changed'> {
    return this.#withRetry(path, async (connection, uncertain) => {
      try {
        await connection.remove(path, version);
        return 'removed';
      } catch (error) {
        if (isNoNode(error)) return uncertain ? 'removed' : 'absent';
        if (isBadVersion(error)) return 'changed';
        throw error;
      }
    });
  }

  /** Removes a node without nodes below it; one with some stays. */
  async removeEmpty(path: string): Promise<void> {
    await this.#withRetry(path, async (connection) => {
      await connection.remove(path, anyVersion).catch((error: unknown) => {
        if (!isNoNode(error) && !isNotEmpty(error)) throw error;
      });
    });
  }

  /** What `change` makes of the node as it is now, for a transaction; null: nothing. */
  async changing(path: string, change: (node: Node | null) => Buffer | null): Promise<Written | null> {
    const node = await this.read(path);
    const data = change(node);
    if (data === null) return null;
    return node ? { type: 'set', path, data, version: node.stat.version } : { type: 'create', path, data };
  }

  /**
   * Writes what `change` makes of the node (null: there is none), or nothing where it gives null. Begins anew where another process wrote
   * in between.
   * @throws SyncError CONFIG_CONFLICT with the details, if others keep writing `what`
   */
  async change(
    path: string,
    { what, ...details }: { readonly what: string } & ErrorDetails,
    change: (node: Node | null) => Buffer | null,
  ): Promise<void> {
    for (let left = tries; left > 0; left -= 1) {
      const node = await this.read(path);
      const data = change(node);
      if (data === null) return;
      if (node ? (await this.write(path, data, node.stat.version)) !== null : await this.create(path, data)) return;
    }
    throw new SyncError('CONFIG_CONFLICT', `other processes keep writing ${what}`, { details });
  }

  /**
   * All operations or none. Folders that the created nodes need are made before. Null: done; else nothing was changed.
   * @param isOurs asked where an answer was lost and the repeated transaction is refused: was the first one carried out?
   * @throws SyncError CONFIG_INVALID (more than one transaction takes), ZOOKEEPER_*; after ZOOKEEPER_UNAVAILABLE it may have been carried
   * out
   */
  async commit(operations: readonly Operation[], isOurs: () => Promise<boolean>): Promise<Refused | null> {
    requireSize(operations);
    const path = operations[0]?.path ?? '/';
    return this.#withRetry(path, async (connection, uncertain) => {
      const refused = await multiWithFolders(connection, operations);
      return refused && uncertain && (await isOurs()) ? null : refused;
    });
  }

  /** `uncertain`: an earlier try may have been carried out. */
  async #withRetry<T>(path: string, attempt: (connection: Connection, uncertain: boolean) => Promise<T>): Promise<T> {
    const until = performance.now() + this.#session.sessionTimeoutMs;
    for (let uncertain = false; ; uncertain = true) {
      const connection = await this.#session.connected({ boundMs: Math.max(0, until - performance.now()) });
      try {
        return await attempt(connection, uncertain);
      } catch (error) {
        if (!isLoss(error) || performance.now() > until) throw translate(error, path);
        connection.abandon('a request was lost');
      }
    }
  }
}

/** Folders that are not there are made, all at once: a try for each would send a large transaction a hundred times. */
async function multiWithFolders(connection: Connection, operations: readonly Operation[]): Promise<Refused | null> {
  const refused = await connection.multi(operations);
  if (refused?.operation.type !== 'create' || refused.why !== 'absent') return refused;
  const folders = operations.flatMap(({ type, path }) => (type === 'create' ? [path.slice(0, path.lastIndexOf('/'))] : []));
  await inParts([...new Set(folders)], (folder) => ensure(connection, folder));
  return connection.multi(operations);
}

/** Nodes above the last one are persistent and empty. */
export async function createWithParents(connection: Connection, path: string, data: Buffer, mode: number): Promise<string> {
  try {
    return await connection.create(path, data, mode);
  } catch (error) {
    if (!isNoNode(error)) throw error;
  }
  await ensure(connection, path.slice(0, path.lastIndexOf('/')));
  return connection.create(path, data, mode);
}

/** Makes sure that a persistent node is there. */
export async function ensure(connection: Connection, path: string): Promise<void> {
  if (path === '') return;
  await createWithParents(connection, path, empty, persistent).catch((error: unknown) => {
    if (!isNodeExists(error)) throw error;
  });
}

function checkSize(path: string, data: Buffer): void {
  if (data.length <= maxBytes) return;
  throw new SyncError('CONFIG_INVALID', `${path}: ${data.length} bytes, ZooKeeper takes ${maxBytes}`, { details: { bytes: data.length } });
}
