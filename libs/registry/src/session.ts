/**
 * A ZooKeeper session that outlives connections, and a new one when it expires. Reconnecting within the session's time keeps ephemeral
 * nodes and is silent; that a session expired is learnt only from ZooKeeper, upon reconnecting. Nothing is retried here but the connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SyncError } from '@lutra/model';
import { aborted } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';
import { Attempts } from './attempts.js';
import { openConnection } from './connection.js';
import type { Connection, Opening } from './connection.js';
import type { Ticket } from './wire.js';

export type SessionChange =
  /** `renewed`: it is not the session that was there before; its ephemeral nodes and watches are gone. */
  | { readonly kind: 'connected'; readonly connection: Connection; readonly renewed: boolean }
  | { readonly kind: 'disconnected' }
  | { readonly kind: 'expired' }
  | { readonly kind: 'stopped' };

export interface SessionOptions {
  readonly connect: string;
  readonly sessionTimeoutMs: number;
  readonly digest?: string | undefined;
  readonly logger: Logger;
}

const closeBoundMs = 2_000;
const waitingLineMs = 30_000;
const discardAfterSessions = 5;

export class Session {
  readonly #options: SessionOptions;
  readonly #attempts: Attempts;
  readonly #listeners = new Set<(change: SessionChange) => void>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #connection: Connection | null = null;
  #ticket: Ticket | null = null;
  #number = 0;
  /** When we were last connected. */
  #contactAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const servers = options.connect.split(',').map((server) => server.trim());
    // Not all processes should try the same server first.
    const shuffled = servers.toSorted(() => Math.random() - 0.5);
    this.#attempts = new Attempts(shuffled, options.sessionTimeoutMs);
  }

  get connection(): Connection | null {
    return this.#connection?.over === false ? this.#connection : null;
  }

  /** Counts the sessions of this process; 0 before the first. */
  get number(): number {
    return this.#number;
  }

  get sessionTimeoutMs(): number {
    return this.#options.sessionTimeoutMs;
  }

  get stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  /** For tests that end this session from outside. */
  get ticket(): Ticket | null {
    return this.#connection?.ticket ?? this.#ticket;
  }

  /** Listeners must not throw. Returns a function that ends it. */
  onChange(listener: (change: SessionChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#running) throw new SyncError('INTERNAL', 'a registry is started once');
    this.#running = this.#run();
  }

  /** Leases are told before the session goes, so that nobody works on after another took over. */
  async stop(): Promise<void> {
    if (!this.stopped) {
      this.#tell({ kind: 'stopped' });
      this.#stopping.abort(new SyncError('ABORTED', 'the registry was stopped'));
    }
    await this.#running;
  }

  /**
   * The connection, as soon as there is one.
   * @throws SyncError ZOOKEEPER_UNAVAILABLE after `boundMs`; ABORTED
   */
  connected(limits: { readonly signal?: AbortSignal | undefined; readonly boundMs?: number } = {}): Promise<Connection> {
    if (limits.signal?.aborted) return Promise.reject(aborted(limits.signal));
    if (this.stopped) return Promise.reject(aborted(this.#stopping.signal));
    if (this.connection) return Promise.resolve(this.connection);
    return this.#nextConnection(limits);
  }

  #nextConnection({ signal, boundMs }: { readonly signal?: AbortSignal | undefined; readonly boundMs?: number }): Promise<Connection> {
    const { promise, resolve, reject } = Promise.withResolvers<Connection>();
    const off = this.onChange((change) => {
      if (change.kind === 'connected') resolve(change.connection);
      else if (change.kind === 'stopped') reject(aborted(this.#stopping.signal));
    });
    const onAbort = (): void => reject(signal ? aborted(signal) : undefined);
    signal?.addEventListener('abort', onAbort, { once: true });
    const bound = boundMs === undefined ? undefined : setTimeout(() => reject(this.#unavailable()), boundMs);
    return promise.finally(() => {
      off();
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(bound);
    });
  }

  #unavailable(): SyncError {
    return new SyncError('ZOOKEEPER_UNAVAILABLE', `no connection to ZooKeeper at ${this.#options.connect}`);
  }

  async #run(): Promise<void> {
    for (let saidAt = -Infinity; !this.stopped;) {
      const opening = await this.#open();
      if (opening.kind === 'expired' && this.#ticket) {
        this.#expire();
        continue;
      }
      const openedAt = performance.now();
      if (opening.kind === 'open') {
        await this.#serve(opening.connection);
        saidAt = -Infinity;
      } else if (openedAt - saidAt > waitingLineMs && !this.stopped) {
        this.#options.logger.warn({ connect: this.#options.connect, opening }, 'waiting for ZooKeeper');
        saidAt = openedAt;
      }
      const pauseMs = this.#attempts.ended(performance.now() - openedAt);
      const { signal } = this.#stopping;
      await delay(pauseMs * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => undefined); // stopping: the loop sees it
    }
  }

  #open(): Promise<Opening> {
    const { sessionTimeoutMs, digest, logger } = this.#options;
    const ticket = this.#ticketToShow();
    return openConnection({
      ...this.#attempts.next({ saving: ticket !== null }),
      sessionTimeoutMs,
      digest,
      ticket,
      logger,
      signal: this.#stopping.signal,
    });
  }

  /**
   * Servers that are behind what we have seen refuse us: right while another one is up to date, but for ever if ZooKeeper was restored from
   * an older state or made anew. After a while we come without our past, and are told that the session is over, or go on with it.
   */
  #ticketToShow(): Ticket | null {
    const away = performance.now() - this.#contactAt;
    if (!this.#ticket || away < this.sessionTimeoutMs * discardAfterSessions) return this.#ticket;
    return { ...this.#ticket, zxid: Buffer.alloc(8) };
  }

  async #serve(connection: Connection): Promise<void> {
    if (this.stopped) return connection.close(closeBoundMs);
    const renewed = this.#ticket === null;
    if (renewed) this.#number += 1;
    this.#connection = connection;
    this.#ticket = connection.ticket;
    const session = connection.sessionId.toString('hex');
    this.#options.logger.info({ session, sessionTimeoutMs: connection.sessionTimeoutMs, renewed }, 'connected to ZooKeeper');
    this.#tell({ kind: 'connected', connection, renewed });
    const onStop = (): void => void connection.close(closeBoundMs);
    if (this.stopped) onStop();
    else this.#stopping.signal.addEventListener('abort', onStop, { once: true });
    const reason = await connection.ended;
    this.#contactAt = performance.now();
    this.#stopping.signal.removeEventListener('abort', onStop);
    this.#connection = null;
    this.#ticket = connection.ticket;
    if (this.stopped) return;
    this.#options.logger.warn({ session, reason }, 'lost the connection to ZooKeeper; data that flows goes on');
    this.#tell({ kind: 'disconnected' });
  }

  #expire(): void {
    this.#ticket = null;
    this.#options.logger.warn('the ZooKeeper session expired; starting a new one');
    this.#tell({ kind: 'expired' });
  }

  #tell(change: SessionChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
