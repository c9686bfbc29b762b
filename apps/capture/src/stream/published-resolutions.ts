import type { SignalRecord } from './signals.js';

/**
 * Which resolution records are in the log already. A restart reads the binlog again from the log's last position, and behind that position
 * the log may hold resolutions. Published once more, an older one would stand behind a newer one of its row, and undo it. They come in the
 * same order, so their number tells them (tail.ts). A watermark may come twice.
 */
export class PublishedResolutions {
  #left: number;

  /** @param count that stand in the log behind its position */
  constructor(count: number) {
    this.#left = count;
  }

  /** How many of them are still to come; a heartbeat carries it. */
  get left(): number {
    return this.#left;
  }

  /** To be called once for each record, in the order of the binlog. */
  takes({ kind }: Pick<SignalRecord, 'kind'>): boolean {
    if (kind !== 'resolution' || this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}
