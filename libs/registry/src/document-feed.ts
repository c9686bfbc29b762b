/**
 * Keeps the documents of one kind up to date for any number of subscribers, by one reader: one watch on the list and one on each document.
 * A watch only says "read again", and so does a new connection, on which everything is read again: so nothing that changed in between is
 * missed, while a change back and forth may go unseen.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from '@lutra/telemetry';
import type { Connection, Node } from './connection.js';
import { DocumentMap } from './document-map.js';
import type { Subscriber } from './document-map.js';
import { isLoss, translate } from './faults.js';
import { inParts } from './in-parts.js';
import type { Session } from './session.js';
import { ensure } from './tree.js';
import { untilWoken } from './waiting.js';

export interface FeedOptions<T> {
  readonly session: Session;
  readonly logger: Logger;
  readonly path: string;
  /** @throws SyncError CONFIG_INVALID */
  parse(name: string, node: Node): T;
}

const retryMs = 5_000;

export class DocumentFeed<T> {
  readonly #options: FeedOptions<T>;
  readonly #documents: DocumentMap<T>;
  readonly #stale = new Set<string>();
  #listStale = true;
  #refreshing = 0;
  #wake = (): void => undefined;
  #ending: AbortController | undefined;

  constructor(options: FeedOptions<T>) {
    this.#options = options;
    this.#documents = new DocumentMap((name, node) => options.parse(name, node), options.logger);
  }

  /** Nothing is known to have changed that the subscribers have not been told. */
  get isSettled(): boolean {
    return !this.#listStale && this.#stale.size === 0 && this.#refreshing === 0 && !this.#documents.owing;
  }

  /** Runs while there are subscribers. */
  subscribe(subscriber: Subscriber<T>): () => void {
    const own = { ...subscriber };
    this.#documents.add(own);
    if (this.#ending) this.#wake();
    else void this.#run((this.#ending = new AbortController()).signal);
    return () => {
      if (this.#documents.remove(own) && this.#documents.subscribers === 0) this.#end();
    };
  }

  #end(): void {
    this.#ending?.abort();
    this.#ending = undefined;
    // Whoever subscribes next gets what is there then.
    this.#documents.clear();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { session, logger, path } = this.#options;
    let last: Connection | undefined;
    while (!signal.aborted && !session.stopped) {
      try {
        const connection = await session.connected({ signal });
        if (connection !== last) this.#discardWatches();
        last = connection;
        this.#refreshing += 1;
        await this.#refresh(connection, signal).finally(() => (this.#refreshing -= 1));
        if (!signal.aborted) this.#documents.tell();
        await this.#untilStale(connection, signal);
      } catch (error) {
        if (signal.aborted || session.stopped) return;
        if (isLoss(error)) {
          last?.abandon('a request was lost');
          continue;
        }
        last = undefined;
        logger.error({ err: translate(error, path), path }, 'cannot read configuration; trying again');
        await delay(retryMs, undefined, { signal }).catch(() => undefined); // ended: the loop sees it
      }
    }
  }

  #discardWatches(): void {
    this.#listStale = true;
    for (const name of this.#documents.names) this.#stale.add(name);
  }

  async #refresh(connection: Connection, signal: AbortSignal): Promise<void> {
    if (this.#listStale) await this.#refreshList(connection, signal);
    // One that ended meanwhile must not take away what its successor has found stale.
    if (signal.aborted) return;
    await inParts([...this.#stale], (name) => this.#refreshOne(connection, name, signal));
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
    const there = new Set(names);
    for (const name of this.#documents.names) if (!there.has(name)) this.#drop(name);
    for (const name of names) if (!this.#documents.has(name)) this.#stale.add(name);
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
    if (node) this.#documents.set(name, node);
    else this.#drop(name);
  }

  #drop(name: string): void {
    this.#stale.delete(name);
    this.#documents.drop(name);
  }

  async #untilStale(connection: Connection, signal: AbortSignal): Promise<void> {
    await untilWoken(signal, (wake) => {
      this.#wake = wake;
      if (this.#listStale || this.#stale.size > 0 || this.#documents.owing || connection.over) queueMicrotask(wake);
      const off = this.#options.session.onChange(wake);
      return () => {
        off();
        this.#wake = () => undefined;
      };
    });
  }
}
