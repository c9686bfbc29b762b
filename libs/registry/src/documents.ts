/**
 * Configuration documents as they are read: one node each, named as the document, validated. They are written by configuration-writer.ts.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import { DocumentFeed } from './document-feed.js';
import type { DocumentKind } from './document-kinds.js';
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
  /**
   * Calls back with everything as soon as it is known, then after every change; changes in quick succession come as one, always with the
   * newest. Goes on over reconnects and expired sessions. An invalid document is reported through `onError`, and its last good version, if
   * there was one, stays in the map. Returns a function that ends it.
   */
  watch(callback: (documents: ReadonlyMap<string, T>) => void, onError?: (name: string, error: SyncError) => void): () => void;
  /** Of what is watched: nothing is known to have changed that was not called back with. */
  readonly isSettled: boolean;
}

export interface DocumentsOptions<T> {
  readonly path: string;
  readonly kind: DocumentKind<T>;
  readonly session: Session;
  readonly logger: Logger;
}

export class ZooKeeperDocuments<T> implements DocumentStore<T> {
  readonly #tree: Tree;
  readonly #options: DocumentsOptions<T>;
  readonly #feed: DocumentFeed<T>;

  constructor(tree: Tree, options: DocumentsOptions<T>) {
    this.#tree = tree;
    this.#options = options;
    this.#feed = new DocumentFeed({ ...options, parse: (name, node) => options.kind.parse(name, node).document });
  }

  async get(name: string): Promise<Versioned<T> | null> {
    const node = await this.#tree.read(this.#path(name));
    return node && this.#options.kind.parse(name, node);
  }

  async latest(name: string): Promise<Versioned<T> | null> {
    const node = await this.#tree.readLatest(this.#path(name));
    return node && this.#options.kind.parse(name, node);
  }

  async listLatest(): Promise<Latest<T>> {
    const documents: T[] = [];
    const invalid: string[] = [];
    for (const [name, node] of await this.#tree.childrenLatest(this.#options.path)) {
      try {
        documents.push(this.#options.kind.parse(name, node).document);
      } catch (error) {
        if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
        invalid.push(name);
      }
    }
    return { documents, invalid };
  }

  watch(callback: (documents: ReadonlyMap<string, T>) => void, onError?: (name: string, error: SyncError) => void): () => void {
    return this.#feed.subscribe({ callback, onError });
  }

  get isSettled(): boolean {
    return this.#feed.isSettled;
  }

  #path(name: string): string {
    return `${this.#options.path}/${checkName(name)}`;
  }
}
