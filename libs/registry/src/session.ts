/**
 * A ZooKeeper session that outlives connections, and a new one when it expires. Reconnecting within the session's time keeps ephemeral
 * nodes and is silent; that a session expired is learnt only from ZooKeeper, upon reconnecting. Nothing is retried here but the connection.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { SyncError } from '@lutra/model';
import { aborted } from '@lutra/runtime';
import type { Logger } from '@lutra/telemetry';
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
const minAttemptMs = 1_000;
const maxFirstAttemptMs = 2_000;
const maxPauseMs = 1_000;
const waitingLineMs = 30_000;
const forgetAfterSessions = 5;

export class Session {
  readonly #options: SessionOptions;
  readonly #servers: readonly string[];
  readonly #listeners = new Set<(change: SessionChange) => void>();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #connection: Connection | null = null;
  #ticket: Ticket | null = null;
  #number = 0;
  #attempts = 0;
  /** When we were last connected. */
  #contactAt = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const servers = options.connect.split(',').map((server) => server.trim());
    // Not all processes should try the same server first.
    this.#servers = servers.toSorted(() => Math.random() - 0.5);
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
    for (let failures = 0, saidAt = -Infinity; !this.stopped;) {
      const opening = await this.#open(failures);
      if (opening.kind === 'expired' && this.#ticket) {
        this.#expire();
        continue;
      }
      const openedAt = performance.now();
      if (opening.kind === 'open') {
        await this.#serve(opening.connection);
        saidAt = -Infinity;
      } else if (openedAt - saidAt > waitingLineMs) {
        this.#options.logger.warn({ connect: this.#options.connect, opening }, 'waiting for ZooKeeper');
        saidAt = openedAt;
      }
      // A server that accepts and cuts at once is no better than none.
      failures = performance.now() - openedAt > maxPauseMs ? 0 : failures + 1;
      await this.#pause(failures);
    }
  }

  #open(failures: number): Promise<Opening> {
    const { sessionTimeoutMs, digest, logger } = this.#options;
    const server = this.#servers[this.#attempts % this.#servers.length] ?? '';
    this.#attempts += 1;
    // At first, time to try every server before the session is over; then more, for servers that are slow rather than gone.
    const first = Math.max(minAttemptMs, Math.min(maxFirstAttemptMs, sessionTimeoutMs / (this.#servers.length + 1)));
    const boundMs = Math.min(Math.max(sessionTimeoutMs, maxFirstAttemptMs), first * (1 + this.#round(failures)));
    return openConnection({ server, sessionTimeoutMs, digest, ticket: this.#ticketToShow(), boundMs, logger });
  }

  /**
   * Servers that are behind what we have seen refuse us: right while another one is up to date, but for ever if ZooKeeper was restored from an
   * older state or made anew. After a while we come without our past, and are told that the session is over, or go on with it.
   */
  #ticketToShow(): Ticket | null {
    const away = performance.now() - this.#contactAt;
    if (!this.#ticket || away < this.sessionTimeoutMs * forgetAfterSessions) return this.#ticket;
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

  /** How often every server was tried in vain. */
  #round(failures: number): number {
    return Math.min(10, Math.floor(failures / this.#servers.length));
  }

  async #pause(failures: number): Promise<void> {
    const ms = failures === 0 ? 0 : Math.min(maxPauseMs, 50 * 2 ** this.#round(failures));
    await delay(ms / 2 + (Math.random() * ms) / 2, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }

  #tell(change: SessionChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
