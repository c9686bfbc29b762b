/**
 * What apps say about themselves: one ephemeral node per app, name and instance. Published again by itself in a new session. While
 * ZooKeeper cannot be reached nothing waits and nothing fails: the newest status of each is kept and published when it can be.
 */
import { toSyncError } from '@lutra/model';
import type { WorkStatus } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { z } from 'zod';
import { ephemeral } from './connection.js';
import type { Connection } from './connection.js';
import { isLoss, isNoNode, isNodeExists, translate } from './faults.js';
import { fromNode, toBytes } from './json.js';
import type { Paths } from './paths.js';
import type { Session } from './session.js';
import { createWithParents } from './tree.js';
import type { Tree } from './tree.js';

export interface StatusStore {
  publish(status: WorkStatus): Promise<void>;
  clear(app: WorkStatus['app'], name: string, instance: string): Promise<void>;
  /** Of all processes. One that cannot be read is left out and logged. @throws SyncError ZOOKEEPER_UNAVAILABLE */
  list(): Promise<readonly WorkStatus[]>;
}

export interface StatusOptions {
  readonly session: Session;
  readonly tree: Tree;
  readonly paths: Paths;
  readonly logger: Logger;
}

/** What we want to stand in a node of ours; null: no node. */
type Assignment = Buffer | null;

/** Only what tells a status from something else: the rest is for people's eyes, and may come from another version. */
const statusSchema = z.looseObject({
  app: z.enum(['capture', 'loader', 'files']),
  name: z.string(),
  instance: z.string(),
  state: z.string(),
  updatedAt: z.number(),
});

export class ZooKeeperStatus implements StatusStore {
  readonly #options: StatusOptions;
  readonly #assigned = new Map<string, Assignment>();
  readonly #unwritten = new Set<string>();
  #writing: Promise<void> | undefined;

  constructor(options: StatusOptions) {
    this.#options = options;
    options.session.onChange((change) => {
      if (change.kind !== 'connected') return;
      if (change.renewed) for (const path of this.#assigned.keys()) this.#unwritten.add(path);
      void this.#flush().catch((error: unknown) => options.logger.warn({ err: toSyncError(error) }, 'cannot publish the status'));
    });
  }

  publish(status: WorkStatus): Promise<void> {
    return this.#want(this.#options.paths.status(status), toBytes(status));
  }

  clear(app: WorkStatus['app'], name: string, instance: string): Promise<void> {
    return this.#want(this.#options.paths.status({ app, name, instance }), null);
  }

  async list(): Promise<readonly WorkStatus[]> {
    const { tree, paths, logger } = this.#options;
    const names = await tree.children(paths.statuses);
    const nodes = await tree.readAll(names.map((name) => `${paths.statuses}/${name}`));
    return nodes.flatMap((node, at) => {
      if (!node) return [];
      try {
        return [fromNode(statusSchema, node, `status ${names[at]}`).document as unknown as WorkStatus];
      } catch (error) {
        logger.warn({ err: toSyncError(error) }, 'a status cannot be read');
        return [];
      }
    });
  }

  async #want(path: string, assigned: Assignment): Promise<void> {
    this.#assigned.set(path, assigned);
    this.#unwritten.add(path);
    await this.#flush();
  }

  /** One writer at a time, so that an older status never overwrites a newer one. */
  #flush(): Promise<void> {
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    for (const path of this.#unwritten) {
      const { connection } = this.#options.session;
      if (!connection) return;
      const assigned = this.#assigned.get(path) ?? null;
      this.#unwritten.delete(path);
      try {
        await (assigned ? write(connection, path, assigned) : remove(connection, path));
        if (this.#assigned.get(path) === null) this.#assigned.delete(path);
      } catch (error) {
        this.#unwritten.add(path);
        if (!isLoss(error)) throw translate(error, path);
        connection.abandon('a request was lost');
        return;
      }
    }
  }
}

/** A node that a session before ours left behind would vanish with that session: it is replaced, not written to. */
async function write(connection: Connection, path: string, data: Buffer): Promise<void> {
  const stat = await connection.exists(path);
  if (stat?.ephemeralOwner.equals(connection.sessionId)) {
    await connection.setData(path, data, -1);
    return;
  }
  if (stat) await remove(connection, path);
  await createWithParents(connection, path, data, ephemeral).catch(async (error: unknown) => {
    // Ours, if a creation was carried out whose answer was lost.
    if (!isNodeExists(error)) throw error;
    await connection.setData(path, data, -1);
  });
}

async function remove(connection: Connection, path: string): Promise<void> {
  await connection.remove(path, -1).catch((error: unknown) => {
    if (!isNoNode(error)) throw error;
  });
}
