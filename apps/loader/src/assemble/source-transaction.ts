/**
 * The value that travels from the log to the target: one source transaction, as far as this pipeline carries it. It grows row by row while
 * it arrives; behind its last row nothing of it changes any more.
 */
import type { Op, RowEvent } from '@lutra/model';
import type { Change } from '@lutra/mysql';
import { OpenFiles } from '../files/commit-files.js';
import type { TransactionFiles } from '../files/commit-files.js';
import type { RecordPosition } from '../read/log-reader.js';

/** Rows by op. */
export type Ops = Readonly<Partial<Record<Op, number>>>;

export class SourceTransaction {
  /** Of its first record, also if that row is not this pipeline's: its name while the last one is not known. */
  readonly seq: number;
  /** It was applied before, and is applied in safe mode: as a whole, if its first record is. */
  readonly safe: boolean;
  #event: RowEvent;
  #position: RecordPosition;
  #changes: Change[] = [];
  /** Of the changes, how many hold nothing else. */
  #kept = 0;
  #bytes = 0;
  #files: OpenFiles | undefined;
  readonly #ops: Partial<Record<Op, number>> = {};

  /** `replayUntil`: seq up to which everything was applied before a rewind. */
  constructor(event: RowEvent, position: RecordPosition, replayUntil: number) {
    this.seq = position.seq;
    this.safe = position.seq <= replayUntil;
    this.#event = event;
    this.#position = position;
  }

  /** The last row that came, this pipeline's or not: origin and path, commit, and what its region had seen. */
  get event(): RowEvent {
    return this.#event;
  }

  /** Behind that row. */
  get position(): RecordPosition {
    return this.#position;
  }

  /** Its rows for this pipeline that are held. */
  get changes(): readonly Change[] {
    return this.#changes;
  }

  /** Of the SQL that they will need, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined: its rows are about none. */
  get files(): TransactionFiles | undefined {
    return this.#files;
  }

  /** Of all its rows for this pipeline. */
  get ops(): Ops {
    return this.#ops;
  }

  /** Its next row came. */
  reach(event: RowEvent, position: RecordPosition): void {
    this.#event = event;
    this.#position = position;
  }

  count(op: Op): void {
    this.#ops[op] = (this.#ops[op] ?? 0) + 1;
  }

  hold(change: Change): void {
    this.#changes.push(change);
    this.#bytes += approximateBytes(change);
  }

  /** More of it comes behind what was read: no more is kept of that than it needs. */
  keep(): void {
    for (; this.#kept < this.#changes.length; this.#kept++) this.#changes[this.#kept]?.images?.keep();
  }

  /** A row of it is about files. */
  name(files: TransactionFiles): void {
    this.#files ??= new OpenFiles();
    this.#files.add(files);
  }

  /** They are asked for once more. */
  forgetFiles(): void {
    this.#files = undefined;
  }

  /** The changes, which are then no longer held; the counts stay. */
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    this.#kept = 0;
    this.#bytes = 0;
    return changes;
  }
}

export function sum(a: Ops, b: Ops): Ops {
  const both: Partial<Record<Op, number>> = { ...a };
  for (const [op, count] of Object.entries(b) as [Op, number][]) both[op] = (both[op] ?? 0) + count;
  return both;
}

export function total(ops: Ops): number {
  return Object.values(ops).reduce((rows, count) => rows + count, 0);
}

function approximateBytes(change: Change): number {
  let bytes = 64;
  if (change.images) return bytes + change.images.bytes;
  for (const image of [change.before, change.after]) {
    if (!image) continue;
    for (const value of Object.values(image)) {
      if (typeof value === 'string') bytes += value.length + 3;
      else bytes += Buffer.isBuffer(value) ? value.length * 2 + 3 : 8;
    }
  }
  return bytes;
}
