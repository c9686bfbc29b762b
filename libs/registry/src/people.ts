/**
 * Users and API tokens: a node each, with hashes alone, and when each token was last used. Control watches them, so that a request asks
 * ZooKeeper nothing. They are no part of the configuration: neither the revision nor the history knows of them.
 */
import { apiTokenSchema, SyncError, toSyncError, userSchema } from '@lutra/model';
import type { ApiToken, User } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { z } from 'zod';
import type { Node } from './connection.js';
import { DocumentFeed } from './document-feed.js';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import type { Operation, Refused } from './multi.js';
import type { AccessFolder, Paths } from './paths.js';
import type { Session } from './session.js';
import type { Tree } from './tree.js';

export type Known<T> = ReadonlyMap<string, Versioned<T>>;

export interface AccessStore<T> {
  /** Not older than what anybody had written before the call. @throws SyncError CONFIG_INVALID when it is damaged */
  latest(name: string): Promise<Versioned<T> | null>;
  /** All, as `latest`; damaged ones by name only. */
  listLatest(): Promise<{ readonly documents: Known<T>; readonly invalid: readonly string[] }>;
  /** Calls back with all as soon as they are known, then after every change. Returns a function that ends it. */
  watch(callback: (documents: Known<T>) => void): () => void;
  /** For a transaction. */
  creating(name: string, document: T): Operation;
  replacing(name: string, document: T, version: number): Operation;
  /** That it is still of this version. */
  checking(name: string, version: number): Operation;
  removing(name: string, version: number): Operation;
}

export interface PeopleStore {
  readonly users: AccessStore<User>;
  readonly tokens: AccessStore<ApiToken>;
  /** All or none. Null: done; else nothing was changed. */
  commit(operations: readonly Operation[]): Promise<Refused | null>;
  /** Id of a token → when it was last used, as far as a control has written it. */
  used(): Promise<ReadonlyMap<string, number>>;
  /** An earlier time than the one that stands there is left out. */
  use(id: string, at: number): Promise<void>;
  /** Of one that was removed. */
  forget(id: string): Promise<void>;
}

interface Deps {
  readonly session: Session;
  readonly tree: Tree;
  readonly paths: Paths;
  readonly logger: Logger;
}

interface Kind<T> {
  readonly folder: AccessFolder;
  readonly noun: string;
  readonly schema: z.ZodType<T>;
  /** What its node is named as. */
  nameOf(document: T): string;
}

const usedSchema = z.object({ at: z.int().min(0) });

export class ZooKeeperPeople implements PeopleStore {
  readonly users: AccessStore<User>;
  readonly tokens: AccessStore<ApiToken>;
  readonly #tree: Tree;
  readonly #paths: Paths;

  constructor(deps: Deps) {
    this.#tree = deps.tree;
    this.#paths = deps.paths;
    this.users = new ZooKeeperAccess(deps, { folder: 'access/users', noun: 'user', schema: userSchema, nameOf: ({ name }) => name });
    this.tokens = new ZooKeeperAccess(deps, { folder: 'access/tokens', noun: 'API token', schema: apiTokenSchema, nameOf: ({ id }) => id });
  }

  commit(operations: readonly Operation[]): Promise<Refused | null> {
    const written = operations.find((operation) => 'data' in operation);
    const path = (written ?? operations[0])?.path ?? this.#paths.root;
    return this.#tree.commit(operations, async () => {
      const node = await this.#tree.readLatest(path);
      return written === undefined ? node === null : node?.data.equals(written.data) === true;
    });
  }

  async used(): Promise<ReadonlyMap<string, number>> {
    const nodes = await this.#tree.childrenLatest(this.#paths.accessFolder('access/used'));
    return new Map([...nodes].map(([id, node]) => [id, usedAt(node)]));
  }

  use(id: string, at: number): Promise<void> {
    const path = this.#paths.access('access/used', id);
    return this.#tree.change(path, { what: `the last use of API token ${id}` }, (node) =>
      node && usedAt(node) >= at ? null : toBytes({ at }),
    );
  }

  async forget(id: string): Promise<void> {
    await this.#tree.remove(this.#paths.access('access/used', id));
  }
}

class ZooKeeperAccess<T> implements AccessStore<T> {
  readonly #deps: Deps;
  readonly #kind: Kind<T>;
  readonly #feed: DocumentFeed<Versioned<T>>;

  constructor(deps: Deps, kind: Kind<T>) {
    const { session, logger, paths } = deps;
    this.#deps = deps;
    this.#kind = kind;
    const path = paths.accessFolder(kind.folder);
    this.#feed = new DocumentFeed({ session, logger, path, parse: (name, node) => this.#parse(name, node) });
  }

  async latest(name: string): Promise<Versioned<T> | null> {
    const node = await this.#deps.tree.readLatest(this.#path(name));
    return node && this.#parse(name, node);
  }

  async listLatest(): Promise<{ readonly documents: Known<T>; readonly invalid: readonly string[] }> {
    const documents = new Map<string, Versioned<T>>();
    const invalid: string[] = [];
    for (const [name, node] of await this.#deps.tree.childrenLatest(this.#deps.paths.accessFolder(this.#kind.folder))) {
      try {
        documents.set(name, this.#parse(name, node));
      } catch (error) {
        if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
        invalid.push(name);
      }
    }
    return { documents, invalid };
  }

  watch(callback: (documents: Known<T>) => void): () => void {
    return this.#feed.subscribe({ callback });
  }

  creating(name: string, document: T): Operation {
    return { type: 'create', path: this.#path(name), data: toBytes(document) };
  }

  replacing(name: string, document: T, version: number): Operation {
    return { type: 'set', path: this.#path(name), data: toBytes(document), version };
  }

  checking(name: string, version: number): Operation {
    return { type: 'check', path: this.#path(name), version };
  }

  removing(name: string, version: number): Operation {
    return { type: 'remove', path: this.#path(name), version };
  }

  #parse(name: string, node: Node): Versioned<T> {
    const { noun, schema, nameOf } = this.#kind;
    const versioned = fromNode(schema, node, `${noun} ${name}`);
    if (nameOf(versioned.document) === name) return versioned;
    throw new SyncError('CONFIG_INVALID', `${noun} ${name}: it stands under another name`, { details: { document: `${noun} ${name}` } });
  }

  #path(name: string): string {
    return this.#deps.paths.access(this.#kind.folder, name);
  }
}

/** 0: it cannot be read. */
function usedAt({ data }: Node): number {
  try {
    return usedSchema.parse(JSON.parse(data.toString('utf8'))).at;
  } catch {
    return 0;
  }
}
