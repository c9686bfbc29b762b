/**
 * The documents of one kind as last read, and those who want to know of them. The last good version of a document survives an invalid one.
 * Whoever is new is told everything, the others what changed; a callback that throws harms nobody else.
 */
import { toSyncError } from '@lutra/model';
import type { SyncError } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { Node } from './connection.js';

export interface Subscriber<T> {
  readonly callback: (documents: ReadonlyMap<string, T>) => void;
  readonly onError?: ((name: string, error: SyncError) => void) | undefined;
}

/** What was read of one node. */
interface Entry<T> {
  /** Creation and change: together they tell one content from every other. */
  readonly revision: string;
  readonly document: T | undefined;
  readonly error: SyncError | undefined;
}

export class DocumentMap<T> {
  readonly #parse: (name: string, node: Node) => T;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry<T>>();
  /** Value: whether it has been called back yet. */
  readonly #subscribers = new Map<Subscriber<T>, boolean>();
  /** Something was read that the subscribers have not been told yet; a lost connection must not make us discard it. */
  #untold = false;

  /** `parse` throws CONFIG_INVALID. */
  constructor(parse: (name: string, node: Node) => T, logger: Logger) {
    this.#parse = parse;
    this.#logger = logger;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  get subscribers(): number {
    return this.#subscribers.size;
  }

  /** Whether anyone has still to be told. */
  get owing(): boolean {
    return this.#untold || [...this.#subscribers.values()].includes(false);
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  add(subscriber: Subscriber<T>): void {
    this.#subscribers.set(subscriber, false);
  }

  /** False: it was not there. */
  remove(subscriber: Subscriber<T>): boolean {
    return this.#subscribers.delete(subscriber);
  }

  set(name: string, node: Node): void {
    const before = this.#entries.get(name);
    const revision = `${node.stat.czxid.toString('hex')} ${node.stat.mzxid.toString('hex')}`;
    if (before?.revision === revision) return;
    this.#untold = true;
    try {
      this.#entries.set(name, { revision, document: this.#parse(name, node), error: undefined });
    } catch (thrown) {
      const error = toSyncError(thrown);
      this.#entries.set(name, { revision, document: before?.document, error });
      this.#logger.error({ err: error, document: name }, 'invalid configuration document; its last good version stays in force');
      for (const [subscriber, called] of this.#subscribers) if (called) this.#call(() => subscriber.onError?.(name, error));
    }
  }

  drop(name: string): void {
    if (this.#entries.delete(name)) this.#untold = true;
  }

  clear(): void {
    this.#entries.clear();
    this.#untold = false;
  }

  tell(): void {
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
      this.#logger.error({ err: toSyncError(error) }, 'a subscriber to configuration threw');
    }
  }
}
