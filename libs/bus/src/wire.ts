/**
 * One connection to one broker. Every request ends within the request time-out; a connection that failed once is closed and never used
 * again. Closing drops what was not sent, so a broker that wakes later gets no more requests from here.
 */
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Connection, apiVersionsV3, findErrorBy } from '@platformatic/kafka';
import type { API, Reader, Writer } from '@platformatic/kafka';
import { SyncError, toSyncError, trustOf } from '@lutra/model';
import type { KafkaSecurity } from '@lutra/model';
import { isTlsFault, kafkaError } from './kafka-error.js';
import { requireTrust, saslOptions } from './sasl.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface WireOptions {
  readonly clientId: string;
  readonly security: KafkaSecurity;
  readonly requestTimeoutMs: number;
}

/** A request whose answer this lib reads by itself. All are of flexible versions. */
export interface OwnRequest<R> {
  readonly key: number;
  readonly version: number;
  readonly payload: Writer;
  readonly parse: (reader: Reader) => R;
}

/** A broker that does not answer the first question within this is as good as down; there may be others to ask. */
const maxGreetingMs = 5_000;

/** A broker that takes the connection and does not answer the first question may expect the other kind: it says nothing about it. */
function perhapsNoTls(error: unknown, tls: boolean): unknown {
  const { code, message, details } = toSyncError(error);
  if (code !== 'KAFKA_UNAVAILABLE') return error;
  const other = tls
    ? 'this port may speak no TLS (then name its TLS port, or take tls out of the region)'
    : 'this port may speak TLS only (then set tls of the region)';
  return new SyncError(code, `${message}; it takes connections and does not answer: ${other}`, { cause: error, details });
}

/** So does one that wants to know who we are first. */
function perhapsSasl(error: SyncError): SyncError {
  if (error.code !== 'KAFKA_UNAVAILABLE') return error;
  const why = 'it ends the connection at the first request: this port may want SASL (then set kafka.sasl of the region)';
  return error.again(`${error.message}; ${why}`, { cause: error });
}

/** Of a session with SASL: then the next connection takes over. */
const usedShare = 0.8;

export class Wire {
  readonly address: Address;
  readonly #connection: Connection;
  readonly #name: string;
  /** API key → highest version that the broker speaks. */
  #versions: ReadonlyMap<number, { readonly min: number; readonly max: number }> = new Map();
  #closed = false;
  #retired = false;
  #retirement: NodeJS.Timeout | undefined;
  #inFlight = 0;
  #discard = (): void => undefined;
  /** Somebody took the connection, whatever was said on it. */
  #reached = false;
  readonly #user: string | undefined;
  /** Past the greeting: it answered what not everybody may ask. */
  #served = false;
  /** Who waits is told that the connection was closed, and not why. */
  #fault: unknown;

  private constructor(address: Address, connection: Connection, user: string | undefined) {
    this.address = address;
    this.#connection = connection;
    this.#user = user;
    this.#name = `broker ${address.host}:${address.port}`;
    // Whoever waits is told by itself, and 'close' follows; without a listener the event would end the process.
    connection.on('error', (error) => (this.#fault ??= error));
    connection.on('close', () => this.close());
  }

  /** @throws SyncError KAFKA_UNAVAILABLE, KAFKA_REFUSED (certificate), KAFKA_DENIED, SERVER_UNTRUSTED, SECRET_* */
  static async open(address: Address, options: WireOptions, signal: AbortSignal): Promise<Wire> {
    const { security } = options;
    requireTrust(address, security);
    const greetingMs = Math.min(maxGreetingMs, Math.ceil(options.requestTimeoutMs / 2));
    const connection = new Connection(options.clientId, {
      connectTimeout: greetingMs,
      requestTimeout: options.requestTimeoutMs,
      ...(security.tls && { tls: trustOf(security.tls) }),
      ...saslOptions(security, (lifetimeMs) => wire.#retireAfter(lifetimeMs * usedShare)),
      // Servers behind one address choose their certificate by this name; an IP address is not allowed as one.
      tlsServerName: isIP(address.host) === 0,
    });
    const wire = new Wire(address, connection, security.sasl?.user);
    const close = (): void => wire.close();
    const bound = setTimeout(close, 2 * greetingMs);
    // For as long as it lives: one that retires is known to nobody any more.
    signal.addEventListener('abort', close, { once: true });
    wire.#discard = () => signal.removeEventListener('abort', close);
    try {
      await wire.#greet();
      return wire;
    } catch (error) {
      close();
      throw wire.#reached ? perhapsNoTls(error, security.tls !== undefined) : error;
    } finally {
      clearTimeout(bound);
    }
  }

  /** It takes no more requests. */
  get closed(): boolean {
    return this.#closed || this.#retired;
  }

  /** The highest version of an API that the broker speaks, at most `wanted`. @throws SyncError KAFKA_REFUSED if it is older than `least` */
  version(api: { readonly name: string; readonly key: number; readonly least: number; readonly wanted: number }): number {
    const spoken = this.#versions.get(api.key) ?? { min: 0, max: -1 };
    const version = Math.min(api.wanted, spoken.max);
    if (version >= Math.max(api.least, spoken.min)) return version;
    const found = `${this.#name} speaks ${api.name} ${spoken.min} to ${spoken.max}`;
    throw new SyncError('KAFKA_REFUSED', `${found}; version ${api.least} is needed (Kafka 3.1 or later)`);
  }

  /** @throws SyncError */
  async call<A extends unknown[], R>(api: API<A, R>, ...args: A): Promise<R> {
    const spoken = this.#versions.get(api.key);
    if (spoken === undefined || spoken.max < api.version || spoken.min > api.version) {
      throw new SyncError(
        'KAFKA_REFUSED',
        `${this.#name} does not speak API ${api.key} version ${api.version} (Kafka 3.1 or later is needed)`,
      );
    }
    this.#throwIfClosed();
    return this.#answer(api.async(this.#connection, ...args), api.key);
  }

  /** @throws SyncError */
  async send<R>({ key, version, payload, parse }: OwnRequest<R>): Promise<R> {
    this.#throwIfClosed();
    const answer = Promise.withResolvers<R>();
    this.#connection.send<R>(
      key,
      version,
      () => payload,
      (_correlationId, _apiKey, _apiVersion, reader) => parse(reader),
      true,
      true,
      (error, response) => (error ? answer.reject(error) : answer.resolve(response as R)),
    );
    return this.#answer(answer.promise, key);
  }

  /** At once and for good. Requests in flight reject. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#discard();
    clearTimeout(this.#retirement);
    const { socket } = this.#connection as { socket: Connection['socket'] | undefined };
    if (!this.#connection.isConnected()) this.#connection.emit('close'); // ends a connect() that waits
    if (socket === undefined || socket.destroyed) return;
    socket.on('error', () => undefined);
    // A reset drops what the kernel has not sent yet. There is none before the connection stands, and none through TLS.
    if (socket.connecting || socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }

  #retireAfter(ms: number): void {
    this.#retirement = setTimeout(() => {
      this.#retired = true;
      if (this.#inFlight === 0) this.close();
    }, ms).unref();
  }

  #throwIfClosed(): void {
    if (this.closed) throw new SyncError('KAFKA_UNAVAILABLE', `${this.#name}: the connection is closed`);
  }

  async #greet(): Promise<void> {
    const { host, port } = this.address;
    const connected = Promise.resolve(this.#connection.connect(host, port));
    const { socket } = this.#connection as { socket: Connection['socket'] | undefined };
    socket?.once('connect', () => (this.#reached = true));
    await this.#settle(connected);
    const { apiKeys } = await this.#settle(apiVersionsV3.api.async(this.#connection, 'lutra', '0'));
    this.#versions = new Map(apiKeys.map((api) => [api.apiKey, { min: api.minVersion, max: api.maxVersion }]));
  }

  async #answer<R>(answer: Promise<R>, api: number): Promise<R> {
    this.#inFlight += 1;
    try {
      const found = await this.#settle(answer, api);
      this.#served = true;
      return found;
    } catch (error) {
      // A time-out ends it too, and a broker that only says no leaves it open.
      const cut = this.#connection.status === 'closed' && !this.#served && this.#user === undefined;
      throw cut ? perhapsSasl(toSyncError(error)) : error;
    } finally {
      this.#inFlight -= 1;
      if (this.#retired && this.#inFlight === 0) this.close();
    }
  }

  async #settle<R>(answer: Promise<R>, api?: number): Promise<R> {
    try {
      return await answer;
    } catch (error) {
      // A refusal by the broker leaves the connection sound; after anything else nobody knows what is still on its way.
      if (findErrorBy(error as Error, 'code', 'PLT_KFK_PROTOCOL') === null) this.close();
      throw kafkaError(isTlsFault(this.#fault) ? this.#fault : error, this.#name, {
        api,
        ...(this.#user !== undefined && { details: { user: this.#user } }),
      });
    }
  }
}
