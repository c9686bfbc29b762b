/**
 * Counts wrong tokens by address: who sends many is told to wait, longer each time, and the log tells it once a minute. Only requests with
 * a wrong token ever get here, so that nobody can lock the right one out.
 */
import type { Logger } from '@lutra/telemetry';
import { Failures } from '../access/failures.js';

const freeTries = 5;
const lineEveryMs = 60_000;

export class WrongTokens {
  readonly #logger: Logger;
  readonly #now: () => number;
  readonly #failures: Failures;
  #sinceLine = 0;
  #lineAt = -Infinity;

  constructor(logger: Logger, now: () => number = Date.now) {
    this.#logger = logger;
    this.#now = now;
    this.#failures = new Failures(freeTries, now);
  }

  /** One more from there. @returns seconds to wait; 0 while there were few */
  add(address: string): number {
    this.#tell(address, this.#now());
    return this.#failures.add(address);
  }

  #tell(address: string, now: number): void {
    this.#sinceLine += 1;
    if (now - this.#lineAt < lineEveryMs) return;
    this.#logger.warn({ address, requests: this.#sinceLine }, 'requests with a wrong API token');
    this.#sinceLine = 0;
    this.#lineAt = now;
  }
}
