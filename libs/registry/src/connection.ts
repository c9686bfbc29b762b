/**
 * What can be asked of ZooKeeper over one connection, as promises. Faults pass as they are, but that a node is not there is an answer:
 * null.
 */
import zookeeper from 'node-zookeeper-client';
import type { Acl, Stat } from 'node-zookeeper-client';
import { isNoNode } from './faults.js';
import { refusedBy, toOps } from './multi.js';
import type { Operation, OperationResult, Refused } from './multi.js';
import { Watchers } from './watchers.js';
import { Wire } from './wire.js';
import type { WireOpening, WireOptions } from './wire.js';

export interface Node {
  readonly data: Buffer;
  readonly stat: Stat;
}

export type Opening = Exclude<WireOpening, { readonly kind: 'open' }> | { readonly kind: 'open'; readonly connection: Connection };

const { CreateMode } = zookeeper;
export const persistent = CreateMode.PERSISTENT;
export const ephemeral = CreateMode.EPHEMERAL;
export const ephemeralSequential = CreateMode.EPHEMERAL_SEQUENTIAL;

export async function openConnection(options: WireOptions): Promise<Opening> {
  const connection = new Connection(options);
  const opening = await connection.opened();
  return opening.kind === 'open' ? { kind: 'open', connection } : opening;
}

export class Connection extends Wire {
  readonly #watchers = new Watchers();
  /** Whose nodes we create. */
  readonly #acl: typeof zookeeper.ACL.OPEN_ACL_UNSAFE;

  constructor(options: WireOptions) {
    super(options);
    this.#acl = options.digest === undefined ? zookeeper.ACL.OPEN_ACL_UNSAFE : zookeeper.ACL.CREATOR_ALL_ACL;
  }

  /** Resolves with the path, which differs from the one asked for when the mode is sequential. */
  create(path: string, data: Buffer, mode: number): Promise<string> {
    return this.ask<[string], string>(
      (done) => this.client.create(path, data, this.#acl, mode, done),
      (created) => created,
    );
  }

  setData(path: string, data: Buffer, version: number): Promise<Stat> {
    return this.ask<[Stat], Stat>(
      (done) => this.client.setData(path, data, version, done),
      (stat) => stat,
    );
  }

  /** Whether everybody may change it. */
  isOpen(path: string): Promise<boolean> {
    return this.ask<[readonly Acl[]], boolean>(
      (done) => this.client.getACL(path, done),
      (entries) => entries.some(({ id, permission }) => id.scheme === 'world' && permission !== zookeeper.Permission.READ),
    );
  }

  /** From now on it belongs to whoever has our digest. */
  restrict(path: string): Promise<void> {
    return this.ask<[], void>(
      (done) => this.client.setACL(path, this.#acl, -1, done),
      () => undefined,
    );
  }

  remove(path: string, version: number): Promise<void> {
    return this.ask<[], void>(
      (done) => this.client.remove(path, version, done),
      () => undefined,
    );
  }

  /** All or none, in one transaction. Null: done. */
  async multi(operations: readonly Operation[]): Promise<Refused | null> {
    const results = await this.ask<[readonly OperationResult[]], readonly OperationResult[]>(
      (done) => {
        const transaction = this.client.transaction();
        transaction.ops.push(...toOps(operations, this.#acl));
        transaction.commit((error, answers) => (answers ? done(null, answers) : done(error, [])));
      },
      (answers) => answers,
    );
    return refusedBy(operations, results);
  }

  /** Null: there is no such node, and no watch was left. */
  async getData(path: string, onChange?: () => void): Promise<Node | null> {
    const watch = this.#watchers.add(`data ${path}`, onChange);
    return this.ask<[Buffer | undefined, Stat], Node>(
      (done) => this.client.getData(path, watch.notify, done),
      (data, stat) => ({ data: data ?? Buffer.alloc(0), stat }),
    ).catch((error: unknown) => {
      watch.discard();
      if (isNoNode(error)) return null;
      throw error;
    });
  }

  /** Null: there is no such node; `onChange` is then called when there is. */
  async exists(path: string, onChange?: () => void): Promise<Stat | null> {
    const watch = this.#watchers.add(`exists ${path}`, onChange);
    return this.ask<[Stat | null], Stat | null>(
      (done) => this.client.exists(path, watch.notify, done),
      (stat) => stat,
    ).catch((error: unknown) => {
      watch.discard();
      throw error;
    });
  }

  /** Null: there is no such node, and no watch was left. */
  async getChildren(path: string, onChange?: () => void): Promise<readonly string[] | null> {
    const watch = this.#watchers.add(`children ${path}`, onChange);
    return this.ask<[string[]], readonly string[]>(
      (done) => this.client.getChildren(path, watch.notify, done),
      (names) => names,
    ).catch((error: unknown) => {
      watch.discard();
      if (isNoNode(error)) return null;
      throw error;
    });
  }

  /** Makes sure that what we read next is not older than anything that anybody wrote before, through whichever server. */
  async barrier(path: string): Promise<void> {
    // The client has no sync(). A write that fails goes through the leader all the same, and its answer comes after all before it.
    await this.remove(`${path}/no-such-node`, -1).catch((error: unknown) => {
      if (!isNoNode(error)) throw error;
    });
  }

  /** Stops a watch that has not fired. */
  unwatch(kind: 'data' | 'exists' | 'children', path: string, onChange: () => void): void {
    this.#watchers.discard(`${kind} ${path}`, onChange);
  }
}
