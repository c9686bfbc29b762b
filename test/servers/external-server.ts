/** A server that an environment variable names and that runs already. It is never started, killed, frozen or stopped by us. */
import { connect } from 'node:net';
import type { Server } from './server.js';

export class ExternalServer implements Server {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly pid = undefined;
  readonly logFile = undefined;
  readonly external = true;

  constructor(name: string, host: string, port: number) {
    this.name = name;
    this.host = host;
    this.port = port;
  }

  /** Resolves when something accepts connections there. */
  async start(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const socket = connect({ host: this.host, port: this.port, timeout: 10_000 });
    socket.once('connect', resolve);
    socket.once('timeout', () => reject(this.#error('does not answer')));
    socket.once('error', (cause) => reject(this.#error(`does not answer: ${cause.message}`)));
    await promise.finally(() => socket.destroy());
  }

  async kill(): Promise<void> {
    throw this.#error('cannot be killed');
  }

  freeze(): void {
    throw this.#error('cannot be frozen');
  }

  resume(): void {
    throw this.#error('cannot be resumed');
  }

  async restart(): Promise<void> {
    throw this.#error('cannot be restarted');
  }

  async stop(): Promise<void> {}

  #error(what: string): Error {
    return new Error(`the external server ${this.name} at ${this.host}:${this.port} ${what}`);
  }
}
