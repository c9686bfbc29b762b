/**
 * Where in the binlog we are: file, position, and the transactions read so far. Promises that no byte of a file was passed over: each event
 * must start where the one before it ended. Where the server was asked to leave out the transactions of a GTID set, it may jump forward,
 * between transactions and up to where the binlog ended when reading began: what comes after it is in no such set. Counter-example for
 * jumps at any time: something between swallows a transaction, and the next heartbeat, which says where the server is, moves us past it.
 */
import { fileNumber, SyncError } from '@lutra/model';
import type { FilePosition, Position } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { eventType } from './event-types.js';
import type { ExecutedSet } from './gtid.js';

const wrap = 2 ** 32;
/** Made for the dump: stands in no file. */
const artificialFlag = 0x20;
/** A file starts with four bytes that are no event. */
export const fileStart = 4;
/** No jump is as long: a position that seems to lie so far ahead lies behind, and would be taken for one beyond the next 4 GiB. */
const longestJump = 2 ** 31;

export interface PositionTrackerOptions {
  /** False: positions carry no GTID set. */
  readonly gtidMode: boolean;
  /** The set of a start from GTIDs; null where a file will tell it. */
  readonly executed: ExecutedSet | null;
  /** The server may leave out what begins before: transactions (start from a GTID set). null: nothing. */
  readonly jumpsUntil: FilePosition | null;
}

export class PositionTracker {
  readonly #options: PositionTrackerOptions;
  #executed: ExecutedSet | null;
  #file = '';
  /** Start of the next event; beyond 2^32 where events only tell it modulo 2^32. */
  #pos = 0;
  #fileCreated: number | undefined;

  constructor(options: PositionTrackerOptions) {
    this.#options = options;
    this.#executed = options.executed;
  }

  get now(): FilePosition {
    return { file: this.#file, pos: this.#pos };
  }

  /** A snapshot: later transactions do not change it. */
  get end(): Position {
    return { gtidSet: this.#executed?.toString() ?? null, file: this.#file, pos: this.#pos, fileCreated: this.#fileCreated };
  }

  /** The file's format event, which comes next, says when the file was made. */
  open(file: string, pos: number): void {
    this.#file = file;
    this.#pos = pos;
    this.#fileCreated = undefined;
  }

  /** A file says which transactions came before it. */
  learn(executed: () => ExecutedSet): void {
    if (this.#options.gtidMode) this.#executed ??= executed();
  }

  /** A transaction was read. One without a GTID leaves the set behind: it no longer says where we are. */
  read(gtid: string | null): void {
    if (gtid === null) this.#executed = null;
    else this.#executed?.add(gtid);
  }

  /** Moves behind the event; returns where it starts. @throws SyncError BINLOG_DECODE */
  pass(event: BinlogEvent, inTransaction: boolean): FilePosition {
    if (event.type === eventType.format) return this.#passFormat(event);
    if ((event.flags & artificialFlag) !== 0) return this.now;
    const end = this.#pos + event.size;
    // MariaDB gives no position within a transaction
    if (event.nextPosition !== 0 && event.nextPosition !== end % wrap) this.#jump(event.nextPosition, event.size, inTransaction);
    else this.#pos = end;
    return { file: this.#file, pos: this.#pos - event.size };
  }

  /** A file's format event is sent whatever the start; only one that starts the reading moves the position. */
  #passFormat(event: BinlogEvent): FilePosition {
    const at = this.now;
    this.#fileCreated = event.timestamp;
    if (this.#pos === fileStart) this.#pos += event.size;
    return at;
  }

  /** A heartbeat says where the server is. */
  heartbeat(file: string, position: number, inTransaction: boolean): void {
    if (file !== this.#file) throw this.#wentBack(`a heartbeat in ${file}`);
    if (position !== this.#pos % wrap) this.#jump(position, 0, inTransaction);
  }

  #jump(position: number, size: number, inTransaction: boolean): void {
    const earliest = this.#pos + size;
    const length = (((position - earliest) % wrap) + wrap) % wrap;
    if (length >= longestJump) throw this.#wentBack(`an event at ${position}`);
    const end = earliest + length;
    if (inTransaction || !this.#mayJumpTo(end - size)) throw this.#missing(end - size, inTransaction);
    this.#pos = end;
  }

  #mayJumpTo(pos: number): boolean {
    const { jumpsUntil } = this.#options;
    return jumpsUntil !== null && !isBefore(jumpsUntil, { file: this.#file, pos });
  }

  /** Between two transactions another dump may bring what this one left out. */
  #missing(next: number, inTransaction: boolean): SyncError {
    const message = `events are missing: the one at ${this.#file}:${this.#pos} is followed by one at ${next}`;
    return new SyncError(inTransaction ? 'BINLOG_DECODE' : 'SOURCE_SILENT', message, { details: { ...this.now } });
  }

  /** What that means, the source is asked on the next connect: whether it still has what was read. */
  #wentBack(what: string): SyncError {
    const message = `the dump does not go on where it was, at ${this.#file}:${this.#pos}: ${what} came next`;
    return new SyncError('SOURCE_UNAVAILABLE', message, { details: { ...this.now } });
  }
}

export function isBefore(a: FilePosition, b: FilePosition): boolean {
  const [first, second] = [fileNumber(a.file), fileNumber(b.file)];
  return first < second || (first === second && a.pos < b.pos);
}
