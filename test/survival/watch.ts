/** Looks at the stack while it suffers: a line now and then, and the first thing that would need an operator. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChannelStatus, Log, Stack, Totals } from '../harness/index.js';
import type { AppLogs } from './app-logs.js';
import type { Injector } from './injector.js';

/** Who writes meanwhile. */
export interface WatchedLoad {
  /** An error that no writer may meet. */
  readonly failure: unknown;
  readonly totals: Readonly<Record<string, Totals>>;
}

export interface Watched {
  readonly stack: Stack;
  readonly logs: AppLogs;
  readonly injector: Injector;
  readonly load: WatchedLoad;
  readonly log: Log;
}

const pollMs = 1000;
const lineMs = 5000;

export class Watch {
  readonly #watched: Watched;
  readonly #loop: Promise<void>;
  readonly #trouble = new AbortController();
  #stopping = false;
  #nextLine = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
    this.#loop = this.#run();
  }

  /** Aborted by the first trouble, which is its reason. */
  get trouble(): AbortSignal {
    return this.#trouble.signal;
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#loop;
    await this.#look();
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      const status = await this.#look();
      if (performance.now() >= this.#nextLine) {
        this.#nextLine = performance.now() + lineMs;
        this.#watched.log(`status: ${this.#line(status)}`);
      }
      await sleep(pollMs);
    }
  }

  async #look(): Promise<ChannelStatus | undefined> {
    const { stack, logs, load, injector } = this.#watched;
    const status = await Promise.race([stack.api.channelStatus(stack.channel).catch(() => undefined), sleep(3000)]).catch(() => undefined);
    await logs.refresh();
    const [inLogs] = logs.troubles;
    const failed = status?.pipelines.find(({ state }) => state === 'failed');
    const dead = stack.apps.find((app) => app.pid === undefined && !injector.isBusy(app.name));
    if (inLogs) this.#stop(inLogs);
    if (failed) this.#stop(`pipeline ${failed.id} failed: ${failed.reason ?? failed.lastError?.code ?? ''}`);
    if (dead) this.#stop(`${dead.name} ended by itself`);
    if (load.failure !== undefined) this.#stop(`a writer failed: ${load.failure instanceof Error ? load.failure.message : 'unknown'}`);
    return status ?? undefined;
  }

  #stop(what: string): void {
    if (!this.trouble.aborted) this.#trouble.abort(new Error(what));
  }

  #line(status: ChannelStatus | undefined): string {
    const { load, injector } = this.#watched;
    const all = Object.values(load.totals);
    const unknown = all.reduce((sum, totals) => sum + totals.unknown.length, 0);
    const written = `written ${all.map(({ rows }) => rows).join(' + ')} rows (${unknown} commits unknown)`;
    const pipelines =
      status?.pipelines.map(({ name, state, lagMs, target }) => {
        const lag = lagMs === null ? 'unknown' : `${(lagMs / 1000).toFixed(1)} s`;
        return `${name} ${state}, seq ${target.worker?.seq ?? '–'}, lag ${lag}`;
      }) ?? [];
    const on = injector.struck.filter(({ to }) => to === undefined).length;
    return [
      written,
      ...(pipelines.length > 0 ? pipelines : [`control does not answer`]),
      `${on} of ${injector.struck.length} faults on`,
    ].join(' | ');
  }
}
