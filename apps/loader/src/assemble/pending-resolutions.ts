/**
 * Resolutions that follow one another: they share a target transaction. They came behind everything else that was read, so what waits must
 * be on its way before the first is added; and they are flushed before anything behind them is. None is ever split from the position behind
 * it.
 */
import type { ConflictDetector } from '../conflict/detect/conflict-detector.js';
import type { Resolution } from '../conflict/resolve/resolution.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { CommitQueue } from '../commit/commit-queue.js';

/** In one target transaction. */
const maxResolutions = 100;

export interface PendingResolutionsOptions {
  readonly detector: Pick<ConflictDetector, 'resolutions'>;
  readonly transactions: CommitQueue;
  readonly sourceRegion: string;
}

export class PendingResolutions {
  readonly #options: PendingResolutionsOptions;
  #pending: { readonly resolution: Resolution; readonly position: RecordPosition }[] = [];

  constructor(options: PendingResolutionsOptions) {
    this.#options = options;
  }

  get none(): boolean {
    return this.#pending.length === 0;
  }

  get full(): boolean {
    return this.#pending.length >= maxResolutions;
  }

  /** `position` lies between two transactions. */
  add(resolution: Resolution, position: RecordPosition): void {
    this.#pending.push({ resolution, position });
  }

  /** Committed when it resolves. */
  async flush(): Promise<void> {
    const { detector, transactions, sourceRegion } = this.#options;
    const position = this.#pending.at(-1)?.position;
    if (!position) return;
    const resolutions = this.#pending.map(({ resolution }) => resolution);
    this.#pending = [];
    await transactions.drained();
    await detector.resolutions(resolutions, { ...transactions.checkpointAt(position, null), origin: sourceRegion, path: [sourceRegion] });
    transactions.written({ position, event: null, ops: {}, transactions: 0 });
  }
}
