/**
 * The position backup in ZooKeeper, per endpoint: a valid heartbeat record and where it stands. Compared with the topic it tells
 * a new topic from one that was emptied, recreated or lost its tail. Written only from a known version, so that a replaced leader cannot.
 */
import { randomUUID } from 'node:crypto';
import { suspensionSchema, SyncError } from '@lutra/model';
import type { Announced, Position, Seen } from '@lutra/model';
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

export interface PositionBackup {
  /** Log id */
  readonly log: string;
  readonly epoch: number;
  readonly seq: number;
  /** Kafka offset of a valid heartbeat record. */
  readonly offset: number;
  readonly position: Position;
  /** server_uuid of the source that the position was read from; null where that is not known. */
  readonly server?: string | null | undefined;
  readonly seen: Seen;
  /** The last `routes` record before it; absent: not known. */
  readonly routes?: Announced | undefined;
  /** ms since 1970 */
  readonly updatedAt: number;
}

export interface PositionBackupStore {
  /** @throws SyncError CONFIG_INVALID when the copy is damaged */
  read(endpoint: string): Promise<Versioned<PositionBackup> | null>;
  /**
   * `version` null: there is none yet. Resolves with the new version. @throws SyncError CONFIG_CONFLICT when another wrote or removed it
   */
  write(endpoint: string, backup: PositionBackup, version: number | null): Promise<number>;
  /** Whatever its version; nothing happens if there is none. */
  remove(endpoint: string): Promise<void>;
}

const count = z.int().min(0);

/** As it is stored. */
export const positionBackupSchema = z.strictObject({
  log: z.string().min(1),
  epoch: count,
  seq: count,
  offset: count,
  position: z.strictObject({ file: z.string(), pos: count, gtidSet: z.string().nullable(), fileCreated: count.optional() }),
  server: z.string().nullish(),
  seen: z.record(z.string(), z.strictObject({ log: z.string(), seq: z.int() })),
  routes: z
    .strictObject({
      revision: count,
      write: z.string(),
      tables: z.array(z.string()),
      pipelines: z.record(z.string(), z.string()),
      names: z.record(z.string(), z.string()),
      suspended: z.array(suspensionSchema).optional(),
    })
    .optional(),
  updatedAt: count,
  /** Made for each write: two leaders that write the same copy must not take each other's write for their own. */
  write: z.string(),
});

export class ZooKeeperPositionBackups implements PositionBackupStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(endpoint: string): Promise<Versioned<PositionBackup> | null> {
    const node = await this.#tree.read(this.#paths.log(endpoint));
    if (!node) return null;
    const { document, version } = fromNode(positionBackupSchema, node, `position backup of ${endpoint}`);
    const { write: _, ...backup } = document;
    return { document: backup, version };
  }

  async write(endpoint: string, backup: PositionBackup, version: number | null): Promise<number> {
    const path = this.#paths.log(endpoint);
    const bytes = toBytes({ ...backup, write: randomUUID() });
    const written = version === null ? await this.#create(path, bytes) : await this.#tree.write(path, bytes, version);
    if (written !== null) return written;
    throw new SyncError('CONFIG_CONFLICT', `another process wrote the position backup of ${endpoint}`, { details: { endpoint } });
  }

  async remove(endpoint: string): Promise<void> {
    await this.#tree.remove(this.#paths.log(endpoint));
  }

  async #create(path: string, bytes: Buffer): Promise<number | null> {
    return (await this.#tree.create(path, bytes)) ? 0 : null;
  }
}
