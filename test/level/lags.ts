/** The highest lag that each pipeline has shown, while something is done to the apps. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Stack } from '../harness/index.js';

const everyMs = 200;

export class Lags {
  readonly #highest: Record<string, number> = {};
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  constructor(stack: Stack) {
    this.#loop = this.#run(stack);
  }

  /** ms by pipeline. */
  async stop(): Promise<Readonly<Record<string, number>>> {
    this.#stopping.abort();
    await this.#loop;
    return this.#highest;
  }

  async #run(stack: Stack): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      // Control is one of the apps that are rolled.
      const status = await stack.api.channelStatus(stack.channel).catch(() => undefined);
      for (const { name, lagMs } of status?.pipelines ?? []) {
        if (lagMs === null) continue;
        this.#highest[name] = Math.max(this.#highest[name] ?? 0, lagMs);
      }
      await sleep(everyMs);
    }
  }
}
