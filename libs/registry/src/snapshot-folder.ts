/** The documents of one kind in memory, and which of them must be read again. A watch only says "read again". */
import { toSyncError } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import type { Connection, Node } from './connection.js';
import type { DocumentKind } from './document-kinds.js';
import { inParts } from './in-parts.js';

/** One document. `document` null: it cannot be read, and `error` says why. */
export type Entry<T> = { readonly version: number } & (
  | { readonly document: T; readonly error: null }
  | { readonly document: null; readonly error: SyncError }
);

export class SnapshotFolder<T> {
  readonly #path: string;
  readonly #kind: DocumentKind<T>;
  readonly #entries = new Map<string, Entry<T>>();
  readonly #stale = new Set<string>();
  #listStale = true;
  /** A copy that does not change; undefined: something was read since. */
  #picture: ReadonlyMap<string, Entry<T>> | undefined;

  constructor(path: string, kind: DocumentKind<T>) {
    this.#path = path;
    this.#kind = kind;
  }

  get isStale(): boolean {
    return this.#listStale || this.#stale.size > 0;
  }

  /** Sorted by name. */
  get entries(): ReadonlyMap<string, Entry<T>> {
    this.#picture ??= new Map([...this.#entries].sort(([one], [other]) => (one < other ? -1 : 1)));
    return this.#picture;
  }

  /** The connection that they were on is over. */
  discardWatches(): void {
    this.#listStale = true;
    for (const name of this.#entries.keys()) this.#stale.add(name);
  }

  async refresh(connection: Connection): Promise<void> {
    if (this.#listStale) await this.#refreshList(connection);
    await inParts([...this.#stale], (name) => this.#refreshOne(connection, name));
  }

  readonly #onList = (): void => {
    this.#listStale = true;
  };

  async #refreshList(connection: Connection): Promise<void> {
    this.#listStale = false;
    try {
      const names = await connection.getChildren(this.#path, this.#onList);
      // No watch was left on what is not there; it may have been made in between.
      if (names === null && (await connection.exists(this.#path, this.#onList))) this.#listStale = true;
      const there = new Set(names);
      for (const name of this.#entries.keys()) if (!there.has(name)) this.#drop(name);
      for (const name of there) if (!this.#entries.has(name)) this.#stale.add(name);
    } catch (error) {
      this.#listStale = true;
      throw error;
    }
  }

  async #refreshOne(connection: Connection, name: string): Promise<void> {
    const onChange = (): void => {
      this.#stale.add(name);
    };
    this.#stale.delete(name);
    try {
      const node = await connection.getData(`${this.#path}/${name}`, onChange);
      if (node) this.#set(name, node);
      else this.#drop(name);
    } catch (error) {
      this.#stale.add(name);
      throw error;
    }
  }

  #set(name: string, node: Node): void {
    this.#picture = undefined;
    const { version } = node.stat;
    try {
      this.#entries.set(name, { version, document: this.#kind.parse(name, node).document, error: null });
    } catch (thrown) {
      this.#entries.set(name, { version, document: null, error: toSyncError(thrown) });
    }
  }

  #drop(name: string): void {
    this.#stale.delete(name);
    if (this.#entries.delete(name)) this.#picture = undefined;
  }
}
