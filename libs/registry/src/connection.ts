/**
 * One connection to one ZooKeeper server: one client object that is thrown away with its socket. The client's own reconnect is never used: it
 * keeps half a message and unsent requests of the old connection, sends those before its credentials, never calls back what was
 * queued when the session expired, and waits for ever on a server that accepts and does not answer. A new client with the
 * session's id and password comes back to the same session. An unexpected message ends the connection, never the process.
 */
import zookeeper from 'node-zookeeper-client';
import type { Client, Done, Stat } from 'node-zookeeper-client';
import type { Logger } from '@lutra/telemetry';
import { connectionLoss, isNoNode } from './faults.js';
import { Watchers } from './watchers.js';

/** What it takes to come back to a session, without seeing an older state than before. */
export interface Ticket {
  readonly id: Buffer;
  readonly password: Buffer;
  readonly zxid: Buffer;
}

export interface ConnectionOptions {
  /** host:port of one server */
  readonly server: string;
  readonly sessionTimeoutMs: number;
  /** user:password */
  readonly digest?: string | undefined;
  /** Null: a new session. */
  readonly ticket: Ticket | null;
  /** How long connecting and the first answer may take. */
  readonly boundMs: number;
  readonly logger: Logger;
}

export type Opening =
  | { readonly kind: 'open'; readonly connection: Connection }
  /** The ticket's session is over. */
  | { readonly kind: 'expired' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Node {
  readonly data: Buffer;
  readonly stat: Stat;
}

const { CreateMode } = zookeeper;
export const persistent = CreateMode.PERSISTENT;
export const ephemeral = CreateMode.EPHEMERAL;
export const ephemeralSequential = CreateMode.EPHEMERAL_SEQUENTIAL;

/** States of the client's connection manager. */
const state = { disconnected: 0, connected: 2, expired: -3, denied: -4 } as const;

export class Connection {
  readonly #client: Client;
  readonly #options: ConnectionOptions;
  readonly #watchers = new Watchers();
  readonly #unanswered = new Set<(error: Error) => void>();
  readonly #opening = Promise.withResolvers<Opening>();
  readonly #ended = Promise.withResolvers<string>();
  #over = false;
  #heardAt = performance.now();
  #liveness: NodeJS.Timeout | undefined;

  static open(options: ConnectionOptions): Promise<Opening> {
    const connection = new Connection(options);
    const bound = setTimeout(() => connection.#giveUp(`no answer within ${options.boundMs} ms`), options.boundMs);
    return connection.#opening.promise.finally(() => clearTimeout(bound));
  }

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    const { server, sessionTimeoutMs, digest, ticket } = options;
    const back = ticket ? { sessionId: ticket.id, sessionPassword: ticket.password } : {};
    this.#client = zookeeper.createClient(server, { sessionTimeout: sessionTimeoutMs, retries: 0, spinDelay: 0, ...back });
    const wire = this.#client.connectionManager;
    if (ticket) wire.zxid = ticket.zxid;
    this.#guardParser();
    wire.on('state', (value: number) => this.#onState(value));
    if (digest !== undefined) this.#client.addAuthInfo('digest', Buffer.from(digest));
    this.#client.connect();
    wire.connect = () => undefined; // what the client calls to reconnect by itself
  }

  get ticket(): Ticket {
    return { id: this.sessionId, password: this.#client.getSessionPassword(), zxid: this.#client.connectionManager.zxid };
  }

  get sessionId(): Buffer {
    return this.#client.getSessionId();
  }

  /** ms, as the server granted it */
  get sessionTimeoutMs(): number {
    return this.#client.getSessionTimeout();
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
    const bound = setTimeout(() => this.abandon(), boundMs);
    if (!this.#over) this.#client.close();
    await this.ended.finally(() => clearTimeout(bound));
  }

  /** Cuts the connection and leaves the session to be resumed. */
  abandon(reason = 'abandoned'): void {
    const wire = this.#client.connectionManager;
    clearTimeout(wire.connectTimeoutHandler ?? undefined);
    // Right after connect() there is no socket yet: the client makes it in the next tick.
    process.nextTick(() => wire.socket?.destroy());
    this.#end(reason);
  }

  /** Resolves with the path, which differs from the one asked for when the mode is sequential. */
  create(path: string, data: Buffer, mode: number): Promise<string> {
    const acl = this.#options.digest === undefined ? zookeeper.ACL.OPEN_ACL_UNSAFE : zookeeper.ACL.CREATOR_ALL_ACL;
    return this.#ask<[string], string>(
      (done) => this.#client.create(path, data, acl, mode, done),
      (created) => created,
    );
  }

  setData(path: string, data: Buffer, version: number): Promise<Stat> {
    return this.#ask<[Stat], Stat>(
      (done) => this.#client.setData(path, data, version, done),
      (stat) => stat,
    );
  }

  remove(path: string, version: number): Promise<void> {
    return this.#ask<[], void>(
      (done) => this.#client.remove(path, version, done),
      () => undefined,
    );
  }

  /** Null: there is no such node, and no watch was left. */
  async getData(path: string, onChange?: () => void): Promise<Node | null> {
    const watch = this.#watchers.add(`data ${path}`, onChange);
    return this.#ask<[Buffer | undefined, Stat], Node>(
      (done) => this.#client.getData(path, watch.notify, done),
      (data, stat) => ({ data: data ?? Buffer.alloc(0), stat }),
    ).catch((error: unknown) => {
      watch.forget();
      if (isNoNode(error)) return null;
      throw error;
    });
  }

  /** Null: there is no such node; `onChange` is then called when there is. */
  async exists(path: string, onChange?: () => void): Promise<Stat | null> {
    const watch = this.#watchers.add(`exists ${path}`, onChange);
    return this.#ask<[Stat | null], Stat | null>(
      (done) => this.#client.exists(path, watch.notify, done),
      (stat) => stat,
    ).catch((error: unknown) => {
      watch.forget();
      throw error;
    });
  }

  /** Null: there is no such node, and no watch was left. */
  async getChildren(path: string, onChange?: () => void): Promise<readonly string[] | null> {
    const watch = this.#watchers.add(`children ${path}`, onChange);
    return this.#ask<[string[]], readonly string[]>(
      (done) => this.#client.getChildren(path, watch.notify, done),
      (names) => names,
    ).catch((error: unknown) => {
      watch.forget();
      if (isNoNode(error)) return null;
      throw error;
    });
  }

  /** Makes sure that what we read next is not older than anything that this session wrote through another server. */
  async barrier(path: string): Promise<void> {
    // The client has no sync(). A write that fails goes through the leader all the same, and its answer comes after all before it.
    await this.remove(`${path}/no-such-node`, -1).catch((error: unknown) => {
      if (!isNoNode(error)) throw error;
    });
  }

  /** Stops a watch that has not fired. */
  unwatch(kind: 'data' | 'exists' | 'children', path: string, onChange: () => void): void {
    this.#watchers.forget(`${kind} ${path}`, onChange);
  }

  #ask<A extends unknown[], T>(send: (done: Done<A>) => void, pick: (...answer: A) => T): Promise<T> {
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
    const wire = this.#client.connectionManager;
    const parse = wire.onSocketData;
    wire.onSocketData = (bytes) => {
      this.#heardAt = performance.now();
      try {
        parse.call(wire, bytes);
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
    this.#opening.resolve({ kind: 'open', connection: this });
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
