/**
 * One life of aria2: its process, a connection that is made anew when it is lost, and the downloads that it has. What aria2 tells of its
 * own accord is only a hint, since nobody hears it while there is no connection: each second it is asked what it works on, and what is not
 * among it has ended. A life ends for good: its process died, or it gave no answer for `silentMs`, and was killed.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Aria2Process, type ProcessOptions } from './aria2-process.js';
import { Aria2Closed, Aria2Refusal, Aria2Rpc, Aria2Silent } from './aria2-rpc.js';
import type { DownloadResult } from './download-failure.js';

export class SessionEnded extends Error {
  override readonly name = 'SessionEnded';
}

export interface ActiveDownload {
  readonly gid: string;
  readonly completedLength: string;
  readonly downloadSpeed: string;
}

export interface SessionOptions extends ProcessOptions {
  readonly silentMs: number;
  /** Each second, while there are downloads. */
  readonly onActive: (downloads: readonly ActiveDownload[]) => void;
}

export interface Addition {
  readonly gid: string;
  readonly urls: readonly string[];
  readonly options: Readonly<Record<string, string>>;
  /** Then it ends as `removed`, soon. */
  readonly signal: AbortSignal;
}

type Outcome = DownloadResult | 'forgotten';

const tickMs = 1_000;
const reconnectMs = 200;
const portTries = 5;
const callTries = 10;
const additions = 3;

export class Aria2Session {
  /** Why. */
  readonly ended: Promise<string>;
  readonly #process: Aria2Process;
  readonly #options: SessionOptions;
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();
  readonly #over = new AbortController();
  #rpc: Promise<Aria2Rpc>;
  #why: string | undefined;

  /** @throws Error that says what aria2c said */
  static async start(options: SessionOptions): Promise<Aria2Session> {
    for (let left = portTries; ; left--) {
      const session = new Aria2Session(await Aria2Process.spawn(options), options);
      try {
        await session.call('getVersion');
        void session.#follow();
        return session;
      } catch (error) {
        await session.kill('it does not start');
        if (left === 1) throw error; // perhaps somebody else got the port first, and refused us
      }
    }
  }

  private constructor(process: Aria2Process, options: SessionOptions) {
    this.#process = process;
    this.#options = options;
    this.ended = process.ended.then((how) => this.#why ?? how);
    void this.ended.then((why) => this.#over.abort(new SessionEnded(why)));
    this.#rpc = this.#connect();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** What it does must bear to be done twice. @throws Aria2Refusal, SessionEnded */
  async call(method: string, ...params: unknown[]): Promise<unknown> {
    for (let left = callTries; ; left--) {
      try {
        const rpc = await this.#rpc;
        return await rpc.call(method, ...params);
      } catch (error) {
        if (error instanceof Aria2Silent) await this.kill(error.message);
        else if (error instanceof Aria2Closed && left === 1) await this.kill(`${method}: the connection was lost ${callTries} times`);
        this.#over.signal.throwIfAborted();
        if (!(error instanceof Aria2Closed)) throw error;
        await delay(1); // until a lost connection is noticed: #connect takes its place
      }
    }
  }

  /** Until it ended; aria2 has forgotten it then. One at a time of a gid. @throws Aria2Refusal, SessionEnded */
  async download({ gid, urls, options, signal }: Addition): Promise<DownloadResult> {
    for (let left = additions; left > 0; left--) {
      await this.#add(gid, urls, options);
      const remove = (): void => void this.#quietly('forceRemove', gid);
      signal.addEventListener('abort', remove, { once: true });
      if (signal.aborted) remove();
      const outcome = await this.#outcome(gid).finally(() => signal.removeEventListener('abort', remove));
      await this.#quietly('removeDownloadResult', gid);
      if (outcome !== 'forgotten') return outcome;
    }
    throw new Aria2Refusal(`it forgot the download ${additions} times`);
  }

  async setLimit(gid: string, bytesPerSecond: number): Promise<void> {
    await this.#quietly('changeOption', gid, { 'max-download-limit': String(bytesPerSecond) });
  }

  async kill(why: string): Promise<void> {
    this.#why ??= why;
    await this.#process.kill();
    await this.ended;
  }

  /** What was not finished goes on in another life. */
  async stop(): Promise<void> {
    await this.#process.stop();
  }

  /** What it knows already is joined: an earlier answer may have been lost. */
  async #add(gid: string, urls: readonly string[], options: Readonly<Record<string, string>>): Promise<void> {
    try {
      await this.call('addUri', urls, { ...options, gid });
    } catch (error) {
      if (!(error instanceof Aria2Refusal)) throw error;
      await this.call('tellStatus', gid, ['status']).catch(() => Promise.reject(error));
    }
  }

  #outcome(gid: string): Promise<Outcome> {
    const { signal } = this.#over;
    return new Promise<Outcome>((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason as Error);
      const onOver = (): void => settle(() => reject(signal.reason as Error));
      const settle = (next: () => void): void => {
        this.#waiting.delete(gid);
        signal.removeEventListener('abort', onOver);
        next();
      };
      this.#waiting.set(gid, (outcome) => settle(() => resolve(outcome)));
      signal.addEventListener('abort', onOver, { once: true });
      void this.#look(gid); // it may have ended before we waited
    });
  }

  async #follow(): Promise<void> {
    while (!this.#over.signal.aborted) {
      await delay(tickMs, undefined, { signal: this.#over.signal }).catch(() => undefined); // it is over
      if (this.#waiting.size > 0) await this.#tick().catch(() => undefined); // over, or asked again in a second
    }
  }

  async #tick(): Promise<void> {
    const asked = [...this.#waiting.keys()];
    const active = (await this.call('tellActive', ['gid', 'completedLength', 'downloadSpeed'])) as readonly ActiveDownload[];
    this.#options.onActive(active);
    const gids = new Set(active.map(({ gid }) => gid));
    await Promise.all(asked.filter((gid) => !gids.has(gid)).map((gid) => this.#look(gid)));
  }

  /** Ends the wait for a download that ended. */
  async #look(gid: string): Promise<void> {
    if (!this.#waiting.has(gid)) return;
    try {
      const keys = ['status', 'errorCode', 'errorMessage', 'completedLength'];
      const result = (await this.call('tellStatus', gid, keys)) as DownloadResult | { readonly status: 'active' | 'waiting' | 'paused' };
      if (hasEnded(result)) this.#waiting.get(gid)?.(result);
    } catch (error) {
      if (error instanceof Aria2Refusal) this.#waiting.get(gid)?.('forgotten');
    }
  }

  /** Refused: it is done already. */
  async #quietly(method: string, ...params: unknown[]): Promise<void> {
    try {
      await this.call(method, ...params);
    } catch (error) {
      if (!(error instanceof Aria2Refusal || error instanceof SessionEnded)) throw error;
    }
  }

  async #connect(): Promise<Aria2Rpc> {
    const { silentMs } = this.#options;
    const { port, secret } = this.#process;
    const deadline = Date.now() + silentMs;
    for (;;) {
      try {
        const rpc = await Aria2Rpc.open({ port, secret, silentMs, onEnd: (gid) => void this.#look(gid) });
        void rpc.closed.then(() => this.#reconnect());
        return rpc;
      } catch {
        this.#over.signal.throwIfAborted();
        if (Date.now() > deadline) await this.kill(`no connection for ${silentMs / 1000} s`);
        await delay(reconnectMs);
      }
    }
  }

  #reconnect(): void {
    this.#rpc = this.#connect();
    this.#rpc.catch(() => undefined); // whoever calls is told
  }
}

function hasEnded(result: { readonly status: string }): result is DownloadResult {
  return ['complete', 'error', 'removed'].includes(result.status);
}
