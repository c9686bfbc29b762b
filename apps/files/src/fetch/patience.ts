/** How long what does not answer is tried again before whoever waits is told. It is told by an error, and asks again. */
import { SyncError } from '@lutra/model';
import { orAborted, sleep } from '@lutra/runtime';

export interface PatienceTimes {
  /** From the first failure on. */
  readonly patienceMs: number;
  readonly firstPauseMs: number;
}

export const usualPatience: PatienceTimes = { patienceMs: 10_000, firstPauseMs: 100 };
const longestPauseMs = 5_000;

export class Patience {
  readonly #times: PatienceTimes;
  #since: number | null = null;
  #failures = 0;

  constructor(times: PatienceTimes) {
    this.#times = times;
  }

  /** It works. */
  renew(): void {
    this.#since = null;
    this.#failures = 0;
  }

  /** After a failure: waits, or throws it when it lasts too long. @throws the failure, SyncError ABORTED */
  async after(failure: unknown, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    this.#since ??= now;
    const pause = Math.min(longestPauseMs, this.#times.firstPauseMs * 2 ** this.#failures);
    if (now + pause - this.#since > this.#times.patienceMs) throw failure;
    this.#failures += 1;
    await sleep(pause / 2 + (Math.random() * pause) / 2, signal);
  }
}

/** Work that a files app may not answer. @throws SyncError FILES_UNAVAILABLE after a while; ABORTED */
export async function patiently<T>(times: PatienceTimes, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const patience = new Patience(times);
  for (;;) {
    try {
      return await orAborted(work(), signal);
    } catch (error) {
      if (!(error instanceof SyncError) || error.code !== 'FILES_UNAVAILABLE') throw error;
      await patience.after(error, signal);
    }
  }
}
