/**
 * The life of one connection to one ZooKeeper server: one client object that is thrown away with its socket. The client's own reconnect is
 * never used: it keeps half a message and unsent requests of the old connection, sends those before its credentials, never calls back what
 * was queued when the session expired, and waits for ever on a server that accepts and does not answer. A new client with the session's id
 * and password comes back to the same session. An unexpected message ends the connection, never the process.
 */
import zookeeper from 'node-zookeeper-client';
import type { Client, Done } from 'node-zookeeper-client';
import type { Logger } from '@lutra/telemetry';
import { connectionLoss } from './faults.js';

/** What it takes to come back to a session, without seeing an older state than before. */
export interface Ticket {
  readonly id: Buffer;
  readonly password: Buffer;
  /** The last transaction seen: servers that are behind it refuse us. */
  readonly zxid: Buffer;
}

export interface WireOptions {
  /** host:port of one server */
  readonly server: string;
  readonly sessionTimeoutMs: number;
  /** user:password */
  readonly digest?: string | undefined;
  /** Null: a new session. */
  readonly ticket: Ticket | null;
  /** How long connecting and the first answer may take. */
  readonly boundMs: number;
  /** Ends the attempt to connect; not the connection. */
  readonly signal?: AbortSignal;
  readonly logger: Logger;
}

export type WireOpening =
  | { readonly kind: 'open' }
  /** The ticket's session is over. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly reason: string };

/** States of the client's connection manager. */
const state = { disconnected: 0, connected: 2, expired: -3, denied: -4 } as const;

export class Wire {
  protected readonly client: Client;
  readonly #options: WireOptions;
  readonly #unanswered = new Set<(error: Error) => void>();
  readonly #opening = Promise.withResolvers<WireOpening>();
  readonly #ended = Promise.withResolvers<string>();
  #over = false;
  #heardAt = performance.now();
  #liveness: NodeJS.Timeout | undefined;

  /** Connects at once; `opened` tells how that went. */
  constructor(options: WireOptions) {
    this.#options = options;
    const { server, sessionTimeoutMs, digest, ticket } = options;
    const back = ticket ? { sessionId: ticket.id, sessionPassword: ticket.password } : {};
    this.client = zookeeper.createClient(server, { sessionTimeout: sessionTimeoutMs, retries: 0, spinDelay: 0, ...back });
    const manager = this.client.connectionManager;
    if (ticket) manager.zxid = ticket.zxid;
    this.#guardParser();
    manager.on('state', (value: number) => this.#onState(value));
    if (digest !== undefined) this.client.addAuthInfo('digest', Buffer.from(digest));
    this.client.connect();
    manager.connect = () => undefined; // what the client calls to reconnect by itself
  }

  opened(): Promise<WireOpening> {
    const { boundMs, signal } = this.#options;
    const bound = setTimeout(() => this.#giveUp(`no answer within ${boundMs} ms`), boundMs);
    const onAbort = (): void => this.#giveUp('stopped');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    return this.#opening.promise.finally(() => {
      clearTimeout(bound);
      signal?.removeEventListener('abort', onAbort);
    });
  }

  get ticket(): Ticket {
    return { id: this.sessionId, password: this.client.getSessionPassword(), zxid: this.client.connectionManager.zxid };
  }

  get sessionId(): Buffer {
    return this.client.getSessionId();
  }

  /** ms, as the server granted it */
  get sessionTimeoutMs(): number {
    return this.client.getSessionTimeout();
  }

  /** True from the moment that nothing can be asked any more. */
  get over(): boolean {
    return this.#over;
  }

  /** Resolves with the reason when the connection is over. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /** Ends the session on the server: its ephemeral nodes go. If the server does not answer in time they go when it expires the session. */
  async close(boundMs: number): Promise<void> {
    const bound = setTimeout(() => this.abandon('no answer to the end of the session'), boundMs);
    if (!this.#over) this.client.close();
    await this.ended.finally(() => clearTimeout(bound));
  }

  /** Cuts the connection and leaves the session to be resumed. */
  abandon(reason: string): void {
    const manager = this.client.connectionManager;
    clearTimeout(manager.connectTimeoutHandler ?? undefined);
    // Right after connect() there is no socket yet: the client makes it in the next tick.
    process.nextTick(() => manager.socket?.destroy());
    this.#end(reason);
  }

  /** Every request is answered or fails with a connection loss, at the latest when the connection ends. */
  protected ask<A extends unknown[], T>(send: (done: Done<A>) => void, pick: (...answer: A) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (this.#over) {
      reject(connectionLoss());
      return promise;
    }
    this.#unanswered.add(reject);
    try {
      send((error, ...answer) => {
        this.#unanswered.delete(reject);
        if (error) reject(error);
        else resolve(pick(...answer));
      });
    } catch (error) {
      this.#unanswered.delete(reject);
      reject(error instanceof Error ? error : new Error('the client threw', { cause: error }));
    }
    return promise;
  }

  #guardParser(): void {
    const manager = this.client.connectionManager;
    const parse = manager.onSocketData;
    manager.onSocketData = (bytes) => {
      this.#heardAt = performance.now();
      try {
        parse.call(manager, bytes);
      } catch (error) {
        // The parser throws at error codes and events that it does not know.
        this.#options.logger.error({ err: error, server: this.#options.server }, 'unexpected message of ZooKeeper; connecting anew');
        this.#giveUp('unexpected message');
      }
    };
  }

  #onState(value: number): void {
    if (value === state.connected) this.#onConnected();
    else if (value === state.expired) this.#expire();
    else if (value === state.denied) this.#giveUp('ZooKeeper refused the credentials');
    else if (value === state.disconnected) this.#end('refused or cut');
  }

  /** The client pings every third of the session's time, but does not mind if nobody answers. */
  #onConnected(): void {
    const stale = (this.sessionTimeoutMs * 2) / 3;
    const every = this.sessionTimeoutMs / 6;
    let ticked = performance.now();
    this.#liveness = setInterval(() => {
      const now = performance.now();
      // When our own event loop was blocked, the server's bytes may be here unread.
      const blocked = now - ticked > 2 * every;
      ticked = now;
      if (!blocked && now - this.#heardAt > stale) this.#giveUp('ZooKeeper fell silent');
    }, every);
    this.#opening.resolve({ kind: 'open' });
  }

  #giveUp(reason: string): void {
    this.#opening.resolve({ kind: 'failed', reason });
    this.abandon(reason);
  }

  #expire(): void {
    this.#opening.resolve({ kind: 'expired' });
    this.abandon('session expired');
  }

  #end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#liveness);
    this.#opening.resolve({ kind: 'failed', reason });
    for (const reject of this.#unanswered) reject(connectionLoss());
    this.#unanswered.clear();
    this.#ended.resolve(reason);
  }
}
