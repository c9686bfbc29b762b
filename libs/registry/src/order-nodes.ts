/**
 * Orders of operators and what becomes of them: one node each, written over. An order in an old export may have been carried out since, so
 * none is exported.
 *
 * Large ones are packed. Counter-example without: 5,000 tables are 1.1 MB of JSON, which ZooKeeper does not take, so nobody learns how far
 * their seed is, and it never ends.
 */
import { gunzipSync, gzipSync } from 'node:zlib';
import { SyncError } from '@lutra/model';
import type { z } from 'zod';
import type { Node } from './connection.js';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Operation } from './multi.js';
import type { Tree } from './tree.js';

export interface OrderStore<T> {
  /** null: there is none. @throws SyncError CONFIG_INVALID when it is damaged */
  read(name: string): Promise<Versioned<T> | null>;
  /** Of all, damaged ones too. */
  names(): Promise<readonly string[]>;
  write(name: string, document: T): Promise<void>;
  /** False: it is no longer of this version. null: it must not be there. */
  replace(name: string, document: T, version: number | null): Promise<boolean>;
  /** Nothing happens if there is none. */
  remove(name: string): Promise<void>;
  /** The same for a transaction. */
  replacing(name: string, document: T, version: number | null): Operation;
  /** For a transaction; null: there is none. */
  removing(name: string): Promise<Operation | null>;
}

export interface OrderNodes<T> {
  readonly tree: Tree;
  readonly folder: string;
  /** Of a name as it may stand in a path. @throws SyncError CONFIG_INVALID */
  path(name: string): string;
  readonly schema: z.ZodType<T>;
  /** For messages: `seed order of pipeline`. */
  readonly what: string;
}

export class ZooKeeperOrders<T> implements OrderStore<T> {
  readonly #nodes: OrderNodes<T>;

  constructor(nodes: OrderNodes<T>) {
    this.#nodes = nodes;
  }

  async read(name: string): Promise<Versioned<T> | null> {
    const { tree, path, schema, what } = this.#nodes;
    const node = await tree.read(path(name));
    return node && fromNode(schema, unpacked(node, `${what} ${name}`), `${what} ${name}`);
  }

  names(): Promise<readonly string[]> {
    return this.#nodes.tree.children(this.#nodes.folder);
  }

  async write(name: string, document: T): Promise<void> {
    const { tree, path, what } = this.#nodes;
    await tree.change(path(name), { what: `${what} ${name}` }, () => packed(document));
  }

  async replace(name: string, document: T, version: number | null): Promise<boolean> {
    const { tree, path } = this.#nodes;
    if (version === null) return tree.create(path(name), packed(document));
    return (await tree.write(path(name), packed(document), version)) !== null;
  }

  replacing(name: string, document: T, version: number | null): Operation {
    const path = this.#nodes.path(name);
    const data = packed(document);
    return version === null ? { type: 'create', path, data } : { type: 'set', path, data, version };
  }

  async remove(name: string): Promise<void> {
    await this.#nodes.tree.remove(this.#nodes.path(name));
  }

  async removing(name: string): Promise<Operation | null> {
    const path = this.#nodes.path(name);
    const node = await this.#nodes.tree.read(path);
    return node && { type: 'remove', path, version: node.stat.version };
  }
}

const packedFrom = 100_000;
const mostUnpacked = 64 * 1024 * 1024;

function packed(document: unknown): Buffer {
  const bytes = toBytes(document);
  return bytes.length < packedFrom ? bytes : gzipSync(bytes);
}

/** JSON begins with no such byte. */
function unpacked(node: Node, what: string): Node {
  if (node.data[0] !== 0x1f) return node;
  try {
    return { ...node, data: gunzipSync(node.data, { maxOutputLength: mostUnpacked }) };
  } catch (cause) {
    throw new SyncError('CONFIG_INVALID', `${what}: not gzip`, { cause, details: { document: what, version: node.stat.version } });
  }
}
