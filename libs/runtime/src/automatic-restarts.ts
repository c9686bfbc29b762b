/**
 * When a piece of work that has stopped is tried again by itself: only at codes that somebody has listed, after 30 s, 2 min and 8 min, and
 * not a fourth time within an hour: what does not pass needs a person, and a stop that comes again and again must not look like work.
 */
import { restartWaitsMs, restartWindowMs } from '@lutra/model';
import type { ErrorCode, RestartTry } from '@lutra/model';

export class AutomaticRestarts {
  #tries: readonly RestartTry[] = [];
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Within the last hour, the oldest first. */
  get tries(): readonly RestartTry[] {
    const since = this.#now() - restartWindowMs;
    return this.#tries.filter(({ at }) => at > since);
  }

  /** In how long the stop is tried again, ms; null: it waits for a person. */
  next(code: ErrorCode, listed: readonly ErrorCode[]): number | null {
    if (!listed.includes(code)) return null;
    const { tries } = this;
    const waitMs = restartWaitsMs[tries.length] ?? null;
    if (waitMs !== null) this.#tries = [...tries, { code, at: this.#now() + waitMs }];
    return waitMs;
  }
}
