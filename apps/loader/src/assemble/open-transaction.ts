/** The source transaction that is still arriving: its changes for this pipeline, and how many of each kind. */
import type { Op } from '@lutra/model';
import type { Change } from '@lutra/mysql';

/** Rows by op. */
export type Ops = Readonly<Partial<Record<Op, number>>>;

export class OpenTransaction {
  #changes: Change[] = [];
  #bytes = 0;
  #ops: Partial<Record<Op, number>> = {};
  #firstSeq: number | null = null;
  readonly #replayUntil: number;

  /** `replayUntil`: seq up to which everything was applied before a rewind. */
  constructor(replayUntil: number) {
    this.#replayUntil = replayUntil;
  }

  /** Of the SQL that the held changes will need, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Is a change held? */
  get holds(): boolean {
    return this.#changes.length > 0;
  }

  /** Of its first record, also if that row is not this pipeline's; null while none is open. */
  get firstSeq(): number | null {
    return this.#firstSeq;
  }

  /** It was applied before, and is applied in safe mode: as a whole, if its first record is. */
  get safe(): boolean {
    return (this.#firstSeq ?? Infinity) <= this.#replayUntil;
  }

  /** A record of it came. */
  begin(seq: number): void {
    this.#firstSeq ??= seq;
  }

  count(op: Op): void {
    this.#ops[op] = (this.#ops[op] ?? 0) + 1;
  }

  hold(change: Change): void {
    this.#changes.push(change);
    this.#bytes += approximateBytes(change);
  }

  /** The changes, which are then no longer held; the counts stay. */
  takeChanges(): readonly Change[] {
    const changes = this.#changes;
    this.#changes = [];
    this.#bytes = 0;
    return changes;
  }

  /** Ends it; resolves to its counts. */
  close(): Ops {
    const ops = this.#ops;
    this.#changes = [];
    this.#bytes = 0;
    this.#ops = {};
    this.#firstSeq = null;
    return ops;
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
  for (const image of [change.before, change.after]) {
    if (!image) continue;
    for (const value of Object.values(image)) {
      if (typeof value === 'string') bytes += value.length + 3;
      else bytes += Buffer.isBuffer(value) ? value.length * 2 + 3 : 8;
    }
  }
  return bytes;
}
