/**
 * A files app that is away holds the run up, and does not end it: what it was asked is asked once more until it answers. Each request may
 * come twice (libs/files, protocol.ts).
 */
import { SyncError, toSyncError } from '@lutra/model';
import type { ErrorCode, FilesActivity } from '@lutra/model';
import { sleep } from '@lutra/runtime';

const [firstPauseMs, lastPauseMs] = [200, 10_000];
/** A root that nobody has is one whose only files app begins anew; or one that was taken out of its environment. */
const unknownMs = 120_000;
const away: readonly ErrorCode[] = ['FILES_UNAVAILABLE', 'FILES_DISK_FULL', 'FILE_ROOT_UNKNOWN'];

export class Patience {
  readonly #signal: AbortSignal;
  #trouble: NonNullable<FilesActivity['trouble']> | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** Why it waits now. */
  get trouble(): FilesActivity['trouble'] | null {
    return this.#trouble;
  }

  /** It passes. */
  isAway(thrown: unknown): boolean {
    return thrown instanceof SyncError && away.includes(thrown.code);
  }

  /** @throws SyncError ABORTED; what was answered; behind `mostMs` also that nothing was */
  async answered<T>(work: () => Promise<T>, mostMs = Infinity): Promise<T> {
    const since = Date.now();
    try {
      for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, lastPauseMs)) {
        try {
          return await work();
        } catch (thrown) {
          const { code, message } = toSyncError(thrown);
          const leftMs = since + Math.min(mostMs, code === 'FILE_ROOT_UNKNOWN' ? unknownMs : Infinity) - Date.now();
          if (!this.isAway(thrown) || leftMs <= 0) throw thrown;
          this.#trouble = { code, message, since };
          await sleep(Math.min(pauseMs, leftMs), this.#signal);
        }
      }
    } finally {
      this.#trouble = null;
    }
  }
}
