/**
 * One WebSocket to aria2: the package `aria2`, and what it lacks. Each call ends: with aria2's answer, or because the socket closed, or
 * because no answer came in time. It never falls back to HTTP. docs/decisions/0036-aria2.md has the reasons.
 */
import type Client from 'aria2';

/** aria2 answered that it does not do it. */
export class Aria2Refusal extends Error {
  override readonly name = 'Aria2Refusal';
}

/** Nobody knows whether aria2 did it. */
export class Aria2Closed extends Error {
  override readonly name = 'Aria2Closed';
}

export class Aria2Silent extends Error {
  override readonly name = 'Aria2Silent';
}

export interface RpcOptions {
  readonly port: number;
  readonly secret: string;
  /** For opening, and for each answer. */
  readonly silentMs: number;
  /** The download ended in some way. */
  readonly onEnd: (gid: string) => void;
}

const endings = ['onDownloadComplete', 'onDownloadError', 'onDownloadStop'];

export class Aria2Rpc {
  readonly closed: Promise<void>;
  readonly #client: Client;
  readonly #silentMs: number;
  readonly #pending = new Set<(error: Error) => void>();
  #isClosed = false;

  /** @throws Aria2Closed, Aria2Silent */
  static async open(options: RpcOptions): Promise<Aria2Rpc> {
    const { default: Package } = await import('aria2');
    const { port, secret } = options;
    const fetch = (): Promise<never> => Promise.reject(new Aria2Closed('the connection is not open'));
    const rpc = new Aria2Rpc(new Package({ host: '127.0.0.1', port, secret, fetch }), options);
    await rpc.#open();
    return rpc;
  }

  private constructor(client: Client, { silentMs, onEnd }: RpcOptions) {
    this.#client = client;
    this.#silentMs = silentMs;
    client.on('error', () => undefined); // nobody listens: it would end the process; `close` follows
    for (const name of endings) {
      client.on(name, (events: readonly { readonly gid: string }[]) => {
        for (const { gid } of events) onEnd(gid);
      });
    }
    this.closed = new Promise((resolve) => {
      client.once('close', () => {
        this.#isClosed = true;
        for (const fail of this.#pending) fail(new Aria2Closed('the connection was closed'));
        resolve();
      });
    });
  }

  /** @throws Aria2Refusal, Aria2Closed, Aria2Silent */
  call(method: string, ...params: unknown[]): Promise<unknown> {
    return this.#bounded(() => this.#client.call(method, ...params));
  }

  close(): void {
    this.#client.socket?.close();
  }

  async #open(): Promise<void> {
    try {
      await this.#bounded(() => this.#client.open());
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #bounded(work: () => Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#pending.delete(fail);
      };
      const fail = (error: Error): void => {
        end();
        reject(error);
      };
      const timer = setTimeout(() => fail(new Aria2Silent(`no answer for ${this.#silentMs / 1000} s`)), this.#silentMs);
      this.#pending.add(fail);
      if (this.#isClosed) return fail(new Aria2Closed('the connection is closed'));
      const succeed = (answer: unknown): void => {
        end();
        resolve(answer);
      };
      work().then(succeed, (error: unknown) => fail(translated(error)));
    });
  }
}

/** aria2's own answer is a JSONRPCError; all else is the socket's. */
function translated(error: unknown): Error {
  if (error instanceof Aria2Closed) return error;
  if (error instanceof Error && error.name === 'JSONRPCError') return new Aria2Refusal(error.message, { cause: error });
  return new Aria2Closed('the connection failed', { cause: error });
}
