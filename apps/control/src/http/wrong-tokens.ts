/**
 * Counts wrong tokens by address: who sends many is told to wait, longer each time, and the log tells it once a minute. Only requests with
 * a wrong token ever get here, so that nobody can lock the right one out.
 */
import type { Logger } from '@lutra/telemetry';

interface Tries {
  readonly count: number;
  readonly lastAt: number;
}

const freeTries = 5;
const mostWaitS = 60;
const discardedAfterMs = 15 * 60_000;
const lineEveryMs = 60_000;
const mostAddresses = 10_000;

export class WrongTokens {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #tries = new Map<string, Tries>();
  #sinceLine = 0;
  #lineAt = -Infinity;

  constructor(logger: Logger, now: () => number = Date.now) {
    this.#logger = logger;
    this.#now = now;
  }

  /** One more from there. @returns seconds to wait; 0 while there were few */
  add(address: string): number {
    const now = this.#now();
    const known = this.#tries.get(address);
    const count = known && now - known.lastAt < discardedAfterMs ? known.count + 1 : 1;
    this.#tries.delete(address);
    this.#tries.set(address, { count, lastAt: now }); // the latest last: the first is the oldest
    const [oldest] = this.#tries.keys();
    if (this.#tries.size > mostAddresses && oldest !== undefined) this.#tries.delete(oldest);
    this.#tell(address, now);
    return count <= freeTries ? 0 : Math.min(mostWaitS, 2 ** Math.min(10, count - freeTries - 1));
  }

  #tell(address: string, now: number): void {
    this.#sinceLine += 1;
    if (now - this.#lineAt < lineEveryMs) return;
    this.#logger.warn({ address, requests: this.#sinceLine }, 'requests with a wrong API token');
    this.#sinceLine = 0;
    this.#lineAt = now;
  }
}
