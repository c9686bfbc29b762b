/**
 * The target transactions of one run, in their order: each gets its checkpoint, is committed while the caller reads on, and is then
 * reported.
 *
 * One is under way at a time (transaction-writer.ts); the next one is put together meanwhile. After any error the run ends: what was not
 * committed is read again from the checkpoint, which says exactly what was. After a failure nothing more is committed.
 */
import type { Checkpoint } from '@lutra/marker';
import type { RowEvent } from '@lutra/model';
import type { SqlText } from '@lutra/mysql';
import type { TransactionFiles } from '../files/commit-files.js';
import type { RecordPosition } from '../read/log-reader.js';
import { committedOf, withoutRows } from './target-transaction.js';
import type { Applied, AppliedBy, TargetTransaction } from './target-transaction.js';
import { TransactionWriter } from './transaction-writer.js';
import type { TransactionWriterOptions } from './transaction-writer.js';

export interface CommitQueueOptions extends TransactionWriterOptions {
  readonly checkpoint: Checkpoint;
  readonly sourceRegion: string;
  /** A commit failed while nobody may be waiting for it: the log can be silent for long. */
  onFailed?(error: unknown): void;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #writer: TransactionWriter;
  #last: Checkpoint;
  /** Offset up to which the target's row says that it has applied; more may have passed without a write. */
  #saved: number;
  #underWay: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#writer = new TransactionWriter({ ...options, checkpointAt: (position, event) => this.checkpointAt(position, event) });
    this.#last = options.checkpoint;
    this.#saved = options.checkpoint.nextOffset;
  }

  /** Up to where all is handed over; committed, once drained() resolves. */
  get checkpoint(): Checkpoint {
    return this.#last;
  }

  /** The commit goes on while the caller reads on; it waits for the one before. */
  commit(transaction: TargetTransaction): Promise<void> {
    return this.#begin(transaction, (checkpoint) => this.#writer.write(transaction, checkpoint));
  }

  /** The same, each source transaction in a target transaction of its own; the statements are not used. */
  commitApart(transaction: TargetTransaction): Promise<void> {
    return this.#begin(transaction, (checkpoint) => this.#writer.apart(transaction, checkpoint));
  }

  /** What somebody else writes, with the checkpoint: rows that were read at the source, and what is said of their files. As commit(). */
  async commitBy(
    { tsMs, files, isDecided, ...applied }: AppliedBy,
    write: (checkpoint: Checkpoint, behind: SqlText) => Promise<void>,
  ): Promise<void> {
    const { sourceRegion, onCommitted } = this.#options;
    await this.#begin({ ...applied, event: null }, async (checkpoint) => {
      const at = { ...checkpoint, sourceUs: tsMs * 1000, origin: sourceRegion, path: [sourceRegion] };
      if (files) await this.#writer.ready([{ files }], checkpoint.seq);
      await this.#writer.withPlaced(isDecided ? [] : [{ files }], (behind) => write(at, behind));
      onCommitted({ ...committedOf(applied), sourceUs: tsMs * 1000 });
    });
  }

  async #begin({ position, event }: Pick<Applied, 'position' | 'event'>, write: (checkpoint: Checkpoint) => Promise<void>): Promise<void> {
    const checkpoint = this.checkpointAt(position, event);
    this.#last = checkpoint;
    this.#saved = position.nextOffset;
    await this.drained();
    this.#underWay = write(checkpoint);
    this.#underWay.catch((error: unknown) => {
      this.#failure ??= error;
      this.#options.onFailed?.(error);
    });
  }

  /** Progress alone. Writing the same position twice would fail at our own fence: of what is saved already nothing is written. */
  async saveProgress(position: RecordPosition): Promise<void> {
    if (position.nextOffset > this.#saved) await this.commit(withoutRows({ position, event: null }));
  }

  /** Was committed, with checkpointAt(), by somebody else. */
  written(applied: Applied): void {
    this.#saved = applied.position.nextOffset;
    this.passed(applied);
  }

  /** Needed no write. It is told when what came before it is committed: nobody may take the pipeline for further than it is. */
  passed(applied: Applied): void {
    this.#last = this.checkpointAt(applied.position, applied.event);
    const committed = committedOf(applied);
    void this.#underWay.then(
      () => this.#options.onCommitted(committed),
      () => undefined,
    );
  }

  /** Nothing is under way: files whose rows are here, in a transaction that moves no position. Some may have to be staged anew first. */
  async aside(named: TransactionFiles): Promise<void> {
    await this.#writer.aside(named, this.#last);
  }

  /** When what was handed over is committed. */
  afterwards(work: () => void): void {
    void this.#underWay.then(work, () => undefined); // a failure ends the run
  }

  /** Waits for the transaction that is under way. */
  async drained(): Promise<void> {
    await this.#underWay;
    this.throwIfFailed();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Progress without a transaction keeps what the last one said about its origin: the marker must not name another. */
  checkpointAt(position: RecordPosition, event: RowEvent | null): Checkpoint {
    const at = { logId: position.log, logEpoch: position.logEpoch, seq: position.seq, nextOffset: position.nextOffset };
    if (!event) {
      // A marker without an origin would not say what was seen here of the source's log.
      const origin = this.#last.origin === '' ? { origin: this.#options.sourceRegion, path: [this.#options.sourceRegion] } : {};
      return { ...this.#last, ...at, ...origin };
    }
    const { source } = event;
    return { ...this.#last, ...at, gtid: source.gtid, sourceUs: source.tsUs, origin: source.origin, path: source.path };
  }
}
