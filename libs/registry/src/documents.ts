/** Configuration documents: one node each, named as the document; validated on write and on read; changed only from a known version. */
import { SyncError, parseDocument, storedDocument, toSyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { z } from 'zod';
import { DocumentFeed } from './document-feed.js';
import { fromNode, toBytes } from './json.js';
import type { Versioned } from './json.js';
import { checkName } from './paths.js';
import type { Session } from './session.js';
import type { Tree } from './tree.js';

export interface Latest<T> {
  readonly documents: readonly T[];
  readonly invalid: readonly string[];
}

/** Every method: ZOOKEEPER_UNAVAILABLE, ZOOKEEPER_DENIED; CONFIG_INVALID names the document and the field. */
export interface DocumentStore<T> {
  get(name: string): Promise<Versioned<T> | null>;
  /** Like `get`, and not older than what anybody had written before the call. */
  latest(name: string): Promise<Versioned<T> | null>;
  /** All, not older than what anybody had written before the call; those that are invalid by name only. */
  listLatest(): Promise<Latest<T>>;
  /** Sorted by name. One invalid document fails it. */
  list(): Promise<readonly Versioned<T>[]>;
  /** Resolves with the version. @throws SyncError CONFIG_CONFLICT if it exists */
  create(document: T): Promise<number>;
  /** Resolves with the new version. @throws SyncError CONFIG_CONFLICT if it has another version or is gone */
  replace(name: string, document: T, version: number): Promise<number>;
  /** @throws SyncError CONFIG_CONFLICT if it has another version or is gone */
  remove(name: string, version: number): Promise<void>;
  /**
   * Calls back with everything as soon as it is known, then after every change; changes in quick succession come as one, always with the
   * newest. Goes on over reconnects and expired sessions. An invalid document is reported through `onError`, and its last good version, if
   * there was one, stays in the map. Returns a function that ends it.
   */
  watch(callback: (documents: ReadonlyMap<string, T>) => void, onError?: (name: string, error: SyncError) => void): () => void;
  /** Of what is watched: nothing is known to have changed that was not called back with. */
  readonly isSettled: boolean;
}

export interface DocumentKind<T> {
  /** For messages: 'region', 'endpoint', 'channel'. */
  readonly noun: string;
  readonly path: string;
  readonly schema: z.ZodType<T>;
  /** Of the cluster, as far as it is known: nothing above it is written. */
  level(): number;
}

export class ZooKeeperDocuments<T extends { readonly name: string }> implements DocumentStore<T> {
  readonly #tree: Tree;
  readonly #kind: DocumentKind<T>;
  readonly #feed: DocumentFeed<T>;

  constructor(tree: Tree, kind: DocumentKind<T>, watching: { readonly session: Session; readonly logger: Logger }) {
    this.#tree = tree;
    this.#kind = kind;
    this.#feed = new DocumentFeed({ ...watching, path: kind.path, parse: (name, node) => parseNamed(kind, name, node).document });
  }

  async get(name: string): Promise<Versioned<T> | null> {
    const node = await this.#tree.read(this.#path(name));
    return node && parseNamed(this.#kind, name, node);
  }

  async latest(name: string): Promise<Versioned<T> | null> {
    const node = await this.#tree.readLatest(this.#path(name));
    return node && parseNamed(this.#kind, name, node);
  }

  async listLatest(): Promise<Latest<T>> {
    const documents: T[] = [];
    const invalid: string[] = [];
    for (const [name, node] of await this.#tree.childrenLatest(this.#kind.path)) {
      try {
        documents.push(parseNamed(this.#kind, name, node).document);
      } catch (error) {
        if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
        invalid.push(name);
      }
    }
    return { documents, invalid };
  }

  async list(): Promise<readonly Versioned<T>[]> {
    const names = await this.#tree.children(this.#kind.path);
    const nodes = await this.#tree.readAll(names.map((name) => `${this.#kind.path}/${name}`));
    // A node that is gone was removed between the two reads.
    return nodes.flatMap((node, at) => (node ? [parseNamed(this.#kind, names[at] ?? '', node)] : []));
  }

  async create(document: T): Promise<number> {
    const { name, bytes } = this.#prepare(document);
    if (!(await this.#tree.create(this.#path(name), bytes))) throw this.#conflict(name, 'exists already');
    return 0;
  }

  async replace(name: string, document: T, version: number): Promise<number> {
    const prepared = this.#prepare(document);
    if (prepared.name !== name) throw new SyncError('CONFIG_INVALID', `${this.#kind.noun} ${name}: name: cannot be changed`);
    const written = await this.#tree.write(this.#path(name), prepared.bytes, checkVersion(version));
    if (written === null) throw this.#conflict(name, `no longer has version ${version}`);
    return written;
  }

  async remove(name: string, version: number): Promise<void> {
    const outcome = await this.#tree.remove(this.#path(name), checkVersion(version));
    if (outcome === 'changed') throw this.#conflict(name, `no longer has version ${version}`);
    if (outcome === 'absent') throw this.#conflict(name, 'does not exist any more');
  }

  watch(callback: (documents: ReadonlyMap<string, T>) => void, onError?: (name: string, error: SyncError) => void): () => void {
    return this.#feed.subscribe({ callback, onError });
  }

  get isSettled(): boolean {
    return this.#feed.isSettled;
  }

  #path(name: string): string {
    return `${this.#kind.path}/${checkName(name)}`;
  }

  #prepare(document: T): { readonly name: string; readonly bytes: Buffer } {
    const { schema, noun } = this.#kind;
    const what = `${noun} ${document.name}`;
    const parsed = parseDocument(schema, document, what);
    return { name: parsed.name, bytes: toBytes(storedDocument(schema, parsed, { what, level: this.#kind.level() })) };
  }

  #conflict(name: string, what: string): SyncError {
    return new SyncError('CONFIG_CONFLICT', `${this.#kind.noun} ${name} ${what}`, { details: { document: name } });
  }
}

function parseNamed<T extends { readonly name: string }>(
  kind: DocumentKind<T>,
  name: string,
  node: Parameters<typeof fromNode<T>>[1],
): Versioned<T> {
  const versioned = fromNode(kind.schema, node, `${kind.noun} ${name}`);
  if (versioned.document.name === name) return versioned;
  throw new SyncError('CONFIG_INVALID', `${kind.noun} ${name}: name: is ${versioned.document.name}`, {
    details: { version: versioned.version },
  });
}

/** ZooKeeper takes −1 for "whatever version there is". */
function checkVersion(version: number): number {
  if (Number.isSafeInteger(version) && version >= 0) return version;
  throw new SyncError('CONFIG_INVALID', `a document's version cannot be ${version}`);
}
