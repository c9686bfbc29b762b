/**
 * With GTIDs, a start amid a file is looked for from the file's beginning: only there stands which transactions came before. Until it is
 * found, GTIDs and positions are all that matters; what else the events hold is not ours to judge.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { eventType } from './event-types.js';
import { readGtidEvent } from './gtid-event.js';
import type { PositionTracker } from './position-tracker.js';
import { readPreviousGtids } from './previous-gtids.js';

export class StartSearch {
  readonly #tracker: PositionTracker;
  readonly #start: FilePosition;

  constructor(tracker: PositionTracker, start: FilePosition) {
    this.#tracker = tracker;
    this.#start = start;
  }

  /** @param event no rotate, heartbeat or format event. Its transaction ends before the start, or the start is amid a transaction. */
  pass(event: BinlogEvent): void {
    this.#tracker.pass(event, false);
    switch (event.type) {
      case eventType.previousGtids:
      case eventType.mariadbGtidList:
        this.#tracker.learn(() => readPreviousGtids(event));
        break;
      case eventType.gtid:
      case eventType.gtidTagged:
      case eventType.mariadbGtid:
      case eventType.anonymousGtid:
        this.#tracker.read(readGtidEvent(event).gtid);
    }
  }

  /** True when the next event is the first one that is wanted. @throws SyncError BINLOG_DECODE */
  isOver(): boolean {
    const { file, pos } = this.#tracker.now;
    if (file === '' || (file === this.#start.file && pos < this.#start.pos)) return false;
    if (file === this.#start.file && pos === this.#start.pos) return true;
    throw new SyncError('BINLOG_DECODE', `${this.#start.file}:${this.#start.pos} is not the start of an event`);
  }
}
