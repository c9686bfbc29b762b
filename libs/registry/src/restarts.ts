/**
 * What an operator told capture: go on elsewhere in the source. Written by control; carried out, and marked as done, by capture.
 *
 * The node stays when its order is done. If it were removed, the next order's node would begin at version 0 again, and a capture that slept
 * between carrying out the first and removing it would remove the second, unread.
 */
import { nameSchema, restartOrderSchema, toSyncError } from '@lutra/model';
import type { RestartOrder } from '@lutra/model';
import { z } from 'zod';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Operation } from './multi.js';
import type { Paths } from './paths.js';
import type { Tree } from './tree.js';

const storedSchema = restartOrderSchema.extend({ done: z.boolean() });

export interface RestartStore {
  /** The order that waits; null if there is none. @throws SyncError CONFIG_INVALID when it is damaged */
  read(endpoint: string): Promise<Versioned<RestartOrder> | null>;
  /** Whose orders wait, also damaged ones, and those of endpoints that are gone. */
  waiting(): Promise<readonly string[]>;
  /** Replaces one that waits. */
  order(endpoint: string, order: RestartOrder): Promise<void>;
  /** The same for a transaction. */
  ordering(endpoint: string, order: RestartOrder): Promise<Operation | null>;
  /** The order of this version was carried out; one that was given since stays. */
  done(endpoint: string, version: number): Promise<void>;
  /** Takes back the order that waits, also one that is damaged. Nothing happens if there is none. */
  withdraw(endpoint: string): Promise<void>;
  /** The same for a transaction. */
  withdrawing(endpoint: string): Promise<Operation | null>;
}

export class ZooKeeperRestarts implements RestartStore {
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(tree: Tree, paths: Paths) {
    this.#tree = tree;
    this.#paths = paths;
  }

  async read(endpoint: string): Promise<Versioned<RestartOrder> | null> {
    const node = await this.#tree.read(this.#paths.restart(endpoint));
    if (!node) return null;
    const { document, version } = fromNode(storedSchema, node, `restart order of endpoint ${endpoint}`);
    const { done, ...order } = document;
    return done ? null : { document: order, version };
  }

  async waiting(): Promise<readonly string[]> {
    const waiting: string[] = [];
    for (const name of await this.#tree.children(this.#paths.restarts))
      if (nameSchema.safeParse(name).success && (await this.#waits(name))) waiting.push(name);
    return waiting;
  }

  /** One that is damaged waits too. */
  async #waits(endpoint: string): Promise<boolean> {
    try {
      return (await this.read(endpoint)) !== null;
    } catch (error) {
      if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
      return true;
    }
  }

  order(endpoint: string, order: RestartOrder): Promise<void> {
    return this.#overwrite(endpoint, toBytes({ ...order, done: false }), { create: true });
  }

  ordering(endpoint: string, order: RestartOrder): Promise<Operation | null> {
    return this.#tree.changing(this.#paths.restart(endpoint), () => toBytes({ ...order, done: false }));
  }

  async done(endpoint: string, version: number): Promise<void> {
    const found = await this.read(endpoint);
    if (found?.version !== version) return;
    await this.#tree.write(this.#paths.restart(endpoint), toBytes({ ...found.document, done: true }), version);
  }

  withdraw(endpoint: string): Promise<void> {
    return this.#overwrite(endpoint, nothing(), { create: false });
  }

  withdrawing(endpoint: string): Promise<Operation | null> {
    return this.#tree.changing(this.#paths.restart(endpoint), (node) => (node ? nothing() : null));
  }

  async #overwrite(endpoint: string, bytes: Buffer, { create }: { create: boolean }): Promise<void> {
    const what = `the restart order of ${endpoint}`;
    await this.#tree.change(this.#paths.restart(endpoint), { what, endpoint }, (node) => (node || create ? bytes : null));
  }
}

function nothing(): Buffer {
  return toBytes({ id: 'none', start: { from: 'now' }, reason: 'withdrawn', at: Date.now(), done: true });
}
