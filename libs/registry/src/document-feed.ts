/**
 * The documents of one kind, kept up to date for any number of subscribers by one reader: one watch on the list and one on each document.
 * A watch only says "read again", and so does a new connection, on which everything is read again: what changed in between is not lost, and
 * a change back and forth may go unseen. The last good version of a document survives an invalid one.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { Connection, Node } from './connection.js';
import { isLoss, translate } from './faults.js';
import type { Session } from './session.js';
import { ensure } from './tree.js';
import { untilWoken } from './waiting.js';

export interface Subscriber<T> {
  readonly callback: (documents: ReadonlyMap<string, T>) => void;
  readonly onError?: ((name: string, error: SyncError) => void) | undefined;
}

export interface FeedOptions<T> {
  readonly session: Session;
  readonly logger: Logger;
  readonly path: string;
  /** @throws SyncError CONFIG_INVALID */
  parse(name: string, node: Node): T;
}

/** What was read of one node. */
interface Entry<T> {
  /** Creation and change: together they tell one content from every other. */
  readonly revision: string;
  readonly document: T | undefined;
  readonly error: SyncError | undefined;
}

const readsAtOnce = 50;
const retryMs = 5_000;

export class DocumentFeed<T> {
  readonly #options: FeedOptions<T>;
  /** Value: whether it has been called back yet. */
  readonly #subscribers = new Map<Subscriber<T>, boolean>();
  readonly #entries = new Map<string, Entry<T>>();
  readonly #stale = new Set<string>();
  #listStale = true;
  /** Something was read that the subscribers have not been told yet; a lost connection must not make us forget it. */
  #untold = false;
  #wake = (): void => undefined;
  #ending: AbortController | undefined;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
  }

  subscribe(subscriber: Subscriber<T>): () => void {
    const own = { ...subscriber };
    this.#subscribers.set(own, false);
    if (this.#ending) this.#wake();
    else this.#begin();
    return () => {
      if (this.#subscribers.delete(own) && this.#subscribers.size === 0) this.#end();
    };
  }

  #begin(): void {
    const ending = new AbortController();
    this.#ending = ending;
    void this.#run(ending.signal);
  }

  #end(): void {
    this.#ending?.abort();
    this.#ending = undefined;
    // Whoever subscribes next gets what is there then.
    this.#entries.clear();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { session, logger, path } = this.#options;
    let last: Connection | undefined;
    while (!signal.aborted && !session.stopped) {
      try {
        const connection = await session.connected({ signal });
        if (connection !== last) this.#forgetWatches();
        last = connection;
        await this.#refresh(connection, signal);
        if (!signal.aborted) this.#deliver();
        await this.#untilStale(connection, signal);
      } catch (error) {
        if (signal.aborted || session.stopped) return;
        if (isLoss(error)) {
          last?.abandon('a request was lost');
          continue;
        }
        last = undefined;
        logger.error({ err: translate(error, path), path }, 'cannot read configuration; trying again');
        await untilWoken(signal, (wake) => {
          const timer = setTimeout(wake, retryMs);
          return () => clearTimeout(timer);
        }).catch(() => undefined);
      }
    }
  }

  #forgetWatches(): void {
    this.#listStale = true;
    for (const name of this.#entries.keys()) this.#stale.add(name);
  }

  async #refresh(connection: Connection, signal: AbortSignal): Promise<void> {
    if (this.#listStale) await this.#refreshList(connection, signal);
    const names = [...this.#stale];
    for (let at = 0; at < names.length; at += readsAtOnce) {
      await Promise.all(names.slice(at, at + readsAtOnce).map((name) => this.#refreshOne(connection, name, signal)));
    }
  }

  async #refreshList(connection: Connection, signal: AbortSignal): Promise<void> {
    const { path } = this.#options;
    const onChange = (): void => {
      if (signal.aborted) return;
      this.#listStale = true;
      this.#wake();
    };
    this.#listStale = false;
    let names = await connection.getChildren(path, onChange);
    if (names === null) {
      // Nothing can be watched before it is there.
      await ensure(connection, path);
      names = (await connection.getChildren(path, onChange)) ?? [];
    }
    if (signal.aborted) return;
    for (const name of names) if (!this.#entries.has(name)) this.#stale.add(name);
    const there = new Set(names);
    for (const name of this.#entries.keys()) if (!there.has(name)) this.#drop(name);
  }

  async #refreshOne(connection: Connection, name: string, signal: AbortSignal): Promise<void> {
    const onChange = (): void => {
      if (signal.aborted) return;
      this.#stale.add(name);
      this.#wake();
    };
    this.#stale.delete(name);
    const node = await connection.getData(`${this.#options.path}/${name}`, onChange).catch((error: unknown) => {
      this.#stale.add(name);
      throw error;
    });
    if (signal.aborted) return;
    if (!node) return this.#drop(name);
    const before = this.#entries.get(name);
    const revision = `${node.stat.czxid.toString('hex')} ${node.stat.mzxid.toString('hex')}`;
    if (before?.revision === revision) return;
    this.#entries.set(name, this.#parse(name, node, { revision, document: before?.document }));
    this.#untold = true;
  }

  #drop(name: string): void {
    this.#stale.delete(name);
    if (this.#entries.delete(name)) this.#untold = true;
  }

  #parse(name: string, node: Node, before: { revision: string; document: T | undefined }): Entry<T> {
    try {
      return { revision: before.revision, document: this.#options.parse(name, node), error: undefined };
    } catch (thrown) {
      const error = toSyncError(thrown);
      this.#options.logger.error({ err: error, document: name }, 'invalid configuration document; its last good version stays in force');
      for (const [subscriber, called] of this.#subscribers) if (called) this.#call(() => subscriber.onError?.(name, error));
      return { ...before, error };
    }
  }

  #deliver(): void {
    const changed = this.#untold;
    this.#untold = false;
    const documents = new Map<string, T>();
    for (const [name, { document }] of this.#entries) if (document !== undefined) documents.set(name, document);
    for (const [subscriber, called] of this.#subscribers) {
      if (called && !changed) continue;
      this.#subscribers.set(subscriber, true);
      this.#call(() => subscriber.callback(documents));
      if (called) continue;
      for (const [name, { error }] of this.#entries) if (error) this.#call(() => subscriber.onError?.(name, error));
    }
  }

  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      this.#options.logger.error({ err: toSyncError(error) }, 'a subscriber to configuration threw');
    }
  }

  async #untilStale(connection: Connection, signal: AbortSignal): Promise<void> {
    await untilWoken(signal, (wake) => {
      this.#wake = wake;
      const waiting = [...this.#subscribers.values()].includes(false);
      if (this.#listStale || this.#stale.size > 0 || waiting || connection.over) queueMicrotask(wake);
      const off = this.#options.session.onChange(wake);
      return () => {
        off();
        this.#wake = () => undefined;
      };
    });
  }
}
