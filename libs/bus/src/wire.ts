/**
 * One connection to one broker. Every request ends within the request time-out; a connection that failed once is closed and never used
 * again. Closing drops what was not sent, so a broker that wakes later gets no more requests from here.
 */
import { isIP } from 'node:net';
import { TLSSocket } from 'node:tls';
import { Connection, apiVersionsV3, findErrorBy } from '@platformatic/kafka';
import type { API, Reader, Writer } from '@platformatic/kafka';
import { SyncError, toSyncError, trustOf } from '@lutra/model';
import type { TlsOptions } from '@lutra/model';
import { kafkaError } from './kafka-error.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface WireOptions {
  readonly clientId: string;
  readonly tls: TlsOptions | undefined;
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

export class Wire {
  readonly address: Address;
  readonly #connection: Connection;
  readonly #name: string;
  /** API key → highest version that the broker speaks. */
  #versions: ReadonlyMap<number, { readonly min: number; readonly max: number }> = new Map();
  #closed = false;
  /** Somebody took the connection, whatever was said on it. */
  #reached = false;

  private constructor(address: Address, connection: Connection) {
    this.address = address;
    this.#connection = connection;
    this.#name = `broker ${address.host}:${address.port}`;
    // Whoever waits is told by itself, and 'close' follows; without a listener the event would end the process.
    connection.on('error', () => undefined);
    connection.on('close', () => this.close());
  }

  /** @throws SyncError KAFKA_UNAVAILABLE, KAFKA_REFUSED (certificate) */
  static async open(address: Address, options: WireOptions, signal: AbortSignal): Promise<Wire> {
    const greetingMs = Math.min(maxGreetingMs, Math.ceil(options.requestTimeoutMs / 2));
    const connection = new Connection(options.clientId, {
      connectTimeout: greetingMs,
      requestTimeout: options.requestTimeoutMs,
      ...(options.tls && { tls: trustOf(options.tls) }),
      // Servers behind one address choose their certificate by this name; an IP address is not allowed as one.
      tlsServerName: isIP(address.host) === 0,
    });
    const wire = new Wire(address, connection);
    const close = (): void => wire.close();
    const bound = setTimeout(close, 2 * greetingMs);
    signal.addEventListener('abort', close, { once: true });
    try {
      await wire.#greet();
      return wire;
    } catch (error) {
      close();
      throw wire.#reached ? perhapsNoTls(error, options.tls !== undefined) : error;
    } finally {
      clearTimeout(bound);
      signal.removeEventListener('abort', close);
    }
  }

  get closed(): boolean {
    return this.#closed;
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
    return this.#settle(api.async(this.#connection, ...args));
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
    return this.#settle(answer.promise);
  }

  /** At once and for good. Requests in flight reject. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    const { socket } = this.#connection as { socket: Connection['socket'] | undefined };
    if (!this.#connection.isConnected()) this.#connection.emit('close'); // ends a connect() that waits
    if (socket === undefined || socket.destroyed) return;
    socket.on('error', () => undefined);
    // A reset drops what the kernel has not sent yet. There is none before the connection stands, and none through TLS.
    if (socket.connecting || socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }

  #throwIfClosed(): void {
    if (this.#closed) throw new SyncError('KAFKA_UNAVAILABLE', `${this.#name}: the connection is closed`);
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

  async #settle<R>(answer: Promise<R>): Promise<R> {
    try {
      return await answer;
    } catch (error) {
      // A refusal by the broker leaves the connection sound; after anything else nobody knows what is still on its way.
      if (findErrorBy(error as Error, 'code', 'PLT_KFK_PROTOCOL') === null) this.close();
      throw kafkaError(error, this.#name);
    }
  }
}
