/**
 * The target transactions of one run, in their order: each gets its checkpoint, is committed while the caller reads on, and is then
 * reported.
 *
 * One is under way at a time; the next one is put together meanwhile. What the target refuses is written once more, each source transaction
 * in one of its own: those before the bad one take effect, and that one is named. After any error the run ends: what was not committed is
 * read again from the checkpoint, which says exactly what was. After a failure nothing more is committed.
 */
import type { During } from '@lutra/runtime';
import type { Checkpoint } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import type { RowEvent } from '@lutra/model';
import type { ExactText, SqlText } from '@lutra/mysql';
import type { ConflictDetector } from '../conflict/detect/conflict-detector.js';
import type { Batch, BufferedTransaction } from '../conflict/detect/buffered-transactions.js';
import { nameFailure } from './failure.js';
import type { MissingRows } from '../seed/missing-rows.js';
import { Statements } from '../plan/statements.js';
import type { NumberedChanges } from './failure.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { Ops, SourceTransaction } from '../assemble/source-transaction.js';
import type { Committed, TargetWriter } from './target-writer.js';

/** Up to where all is applied with it, and what of it this pipeline counts. */
export interface Applied {
  readonly position: RecordPosition;
  /** The last row of its last source transaction; null: it has none. */
  readonly event: RowEvent | null;
  readonly ops: Ops;
  readonly transactions: number;
}

export interface TargetTransaction extends Applied {
  readonly safe: boolean;
  readonly statements: ExactText;
  readonly changes: NumberedChanges;
  /** Its source transactions one by one, those with rows of this pipeline. */
  readonly buffered: readonly SourceTransaction[];
}

interface ToWrite extends Omit<Batch, 'transactions'> {
  readonly buffered: readonly SourceTransaction[];
}

export interface CommitQueueOptions {
  readonly checkpoint: Checkpoint;
  readonly sourceRegion: string;
  readonly writer: Pick<TargetWriter, 'commit'>;
  /** One way: for rows that seeding or a repair has not brought yet. */
  readonly missing?: Pick<MissingRows, 'commit' | 'apply' | 'areToCome'> | null;
  readonly detector: Pick<ConflictDetector, 'commit'> | null;
  readonly during?: During | undefined;
  onCommitted(committed: Committed): void;
  /** A target transaction of several source transactions was refused: they follow one by one. */
  onRefused?(error: SyncError): void;
  /** A commit failed while nobody may be waiting for it: the log can be silent for long. */
  onFailed?(error: unknown): void;
}

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  #last: Checkpoint;
  /** Offset up to which the target's row says that it has applied; more may have passed without a write. */
  #saved: number;
  #underWay: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
    this.#last = options.checkpoint;
    this.#saved = options.checkpoint.nextOffset;
  }

  /** Up to where all is handed over; committed, once drained() resolves. */
  get checkpoint(): Checkpoint {
    return this.#last;
  }

  /** The commit goes on while the caller reads on; it waits for the one before. */
  commit(transaction: TargetTransaction): Promise<void> {
    return this.#begin(transaction, (checkpoint) => this.#whole(transaction, checkpoint));
  }

  /** The same, each source transaction in a target transaction of its own; the statements are not used. */
  commitApart(transaction: TargetTransaction): Promise<void> {
    return this.#begin(transaction, (checkpoint) => this.#apart(transaction, checkpoint));
  }

  /** What somebody else writes, with the checkpoint: rows that were read at the source. As commit(). */
  async commitBy(applied: Applied, tsMs: number, write: (checkpoint: Checkpoint) => Promise<void>): Promise<void> {
    const { sourceRegion, onCommitted } = this.#options;
    await this.#begin({ ...applied, event: null }, async (checkpoint) => {
      await write({ ...checkpoint, sourceUs: tsMs * 1000, origin: sourceRegion, path: [sourceRegion] });
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

  async #whole(transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const { onCommitted, onRefused } = this.#options;
    const { statements, changes, safe, buffered } = transaction;
    try {
      await this.#write({ statements, first: changes.first, buffered, checkpoint }, safe);
    } catch (error) {
      const refused = named(error, transaction);
      // A conflict detector names what it has told apart; not what it refused before it wrote anything (a session).
      const isTold = refused.refused.transaction !== undefined || refused.code === 'TABLE_SUSPENDED';
      const isApart = this.#options.detector !== null && !safe && isTold;
      if (refused.outcome !== 'stop' || buffered.length < 2 || isApart) throw refused;
      onRefused?.(refused);
      return this.#apart(transaction, checkpoint);
    }
    onCommitted(committedOf(transaction));
  }

  async #apart({ buffered, safe, position, event, transactions }: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const { detector, onCommitted } = this.#options;
    for (const [i, transaction] of buffered.entries()) {
      const { changes, ops } = transaction;
      const isLast = i === buffered.length - 1;
      // Transactions without a row of this pipeline may lie between, and behind.
      const own = { position: transaction.position, event: transaction.event, transactions: 1 };
      const upTo = isLast ? { position, event, transactions: transactions - i } : own;
      const statements = new Statements({ exact: detector !== null && !safe });
      try {
        for (const change of changes) statements.add(change, safe);
        const at = isLast ? checkpoint : this.checkpointAt(own.position, own.event);
        await this.#write({ statements: statements.take(), first: 0, buffered: [transaction], checkpoint: at }, safe);
      } catch (error) {
        throw nameAlone(error, statements.takeChanges(), transaction);
      }
      onCommitted(committedOf({ ...upTo, ops }));
    }
  }

  #write({ buffered, ...batch }: ToWrite, safe: boolean): Promise<void> {
    const { detector, during } = this.#options;
    const { statements, checkpoint } = batch;
    const write = (): Promise<void> =>
      detector && !safe && buffered.length > 0
        ? detector.commit({ ...batch, transactions: buffered.map((one) => this.#resolvable(one)) })
        : this.#plain({ statements, checkpoint, buffered }, safe);
    return during ? during(targetWait(checkpoint.seq), write) : write();
  }

  async #plain({ statements, checkpoint, buffered }: Omit<ToWrite, 'first'>, safe: boolean): Promise<void> {
    const { writer, missing } = this.#options;
    try {
      await writer.commit(statements, checkpoint, safe);
    } catch (thrown) {
      const error = toSyncError(thrown);
      const [only, second] = buffered;
      if (!missing || safe || !only || second || error.code !== 'ROW_CONFLICT') throw thrown;
      await missing.commit(only.changes, checkpoint, error);
    }
  }

  /** With the checkpoint of a transaction that is committed alone. */
  #resolvable({ changes, position, event }: SourceTransaction): BufferedTransaction {
    return { changes, position, event, checkpoint: this.checkpointAt(position, event) };
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

/** What a loader waits for that writes. */
export function targetWait(seq: number): string {
  return `the target to take seq ${seq} (if that lasts, somebody holds a lock on one of its rows: see the target's process list)`;
}

/** Carries no row of the source: progress alone, or a record of what was skipped. */
export function withoutRows(at: Pick<Applied, 'position' | 'event'>, statements: SqlText = { sql: '', marks: [] }): TargetTransaction {
  return {
    ...at,
    safe: false,
    statements: { ...statements, expected: null },
    changes: { first: 0, list: [] },
    buffered: [],
    ops: {},
    transactions: 0,
  };
}

function committedOf({ position, event, ops, transactions }: Applied): Committed {
  return { position, sourceUs: event?.source.tsUs ?? null, ops, transactions };
}

function named(error: unknown, { position, event, changes, transactions, buffered }: TargetTransaction): SyncError {
  const [only, second] = buffered;
  return nameAlone(error, changes, only && !second ? only : { position, event: transactions === 1 ? event : null });
}

function nameAlone(error: unknown, changes: NumberedChanges, of: Parameters<typeof nameFailure>[1]): SyncError {
  if (error instanceof SyncError && error.refused.transaction) return error; // named already
  return nameFailure(error, of, { changes });
}
