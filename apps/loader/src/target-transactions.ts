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
import { SyncError } from '@lutra/model';
import type { RowEvent } from '@lutra/model';
import type { ExactText, SqlText } from '@lutra/mysql';
import type { Guard } from './conflict/guard.js';
import { endingAt } from './conflict/members.js';
import type { Batch, Member } from './conflict/members.js';
import { nameFailure } from './failure.js';
import { Statements } from './statements.js';
import type { NumberedChanges } from './failure.js';
import type { Place } from './log-reader.js';
import type { Ops } from './open-transaction.js';
import type { Committed, TargetWriter } from './target-writer.js';

/** Up to where all is applied with it, and what of it this pipeline counts. */
export interface Applied {
  readonly place: Place;
  /** The last row of its last source transaction; null: it has none. */
  readonly event: RowEvent | null;
  readonly ops: Ops;
  readonly transactions: number;
}

/** A source transaction, whole. */
export interface Complete extends Member {
  readonly ops: Ops;
  /** It was applied before, and is applied in safe mode. */
  readonly safe: boolean;
}

export interface TargetTransaction extends Applied {
  readonly safe: boolean;
  readonly statements: ExactText;
  readonly changes: NumberedChanges;
  /** Its source transactions one by one, those with rows of this pipeline. */
  readonly members: readonly Complete[];
}

export interface TargetTransactionsOptions {
  readonly checkpoint: Checkpoint;
  readonly sourceRegion: string;
  readonly writer: Pick<TargetWriter, 'commit'>;
  readonly guard: Pick<Guard, 'commit'> | null;
  readonly during?: During | undefined;
  onCommitted(committed: Committed): void;
  /** A target transaction of several source transactions was refused: they follow one by one. */
  onRefused?(error: SyncError): void;
  /** A commit failed while nobody may be waiting for it: the log can be silent for long. */
  onFailed?(error: unknown): void;
}

export class TargetTransactions {
  readonly #options: TargetTransactionsOptions;
  #last: Checkpoint;
  /** Offset up to which the target's row says that it has applied; more may have passed without a write. */
  #saved: number;
  #underWay: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(options: TargetTransactionsOptions) {
    this.#options = options;
    this.#last = options.checkpoint;
    this.#saved = options.checkpoint.nextOffset;
  }

  /** The commit goes on while the caller reads on; it waits for the one before. */
  commit(transaction: TargetTransaction): Promise<void> {
    return this.#begin(transaction, (checkpoint) => this.#whole(transaction, checkpoint));
  }

  /** The same, each source transaction in a target transaction of its own; the statements are not used. */
  commitApart(transaction: TargetTransaction): Promise<void> {
    return this.#begin(transaction, (checkpoint) => this.#apart(transaction, checkpoint));
  }

  async #begin({ place, event }: TargetTransaction, write: (checkpoint: Checkpoint) => Promise<void>): Promise<void> {
    const checkpoint = this.checkpointAt(place, event);
    this.#last = checkpoint;
    this.#saved = place.nextOffset;
    await this.settled();
    this.#underWay = write(checkpoint);
    this.#underWay.catch((error: unknown) => {
      this.#failure ??= error;
      this.#options.onFailed?.(error);
    });
  }

  async #whole(transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const { onCommitted, onRefused } = this.#options;
    const { statements, changes, safe, members } = transaction;
    try {
      await this.#write({ statements, first: changes.first, members, checkpoint }, safe);
    } catch (error) {
      const refused = named(error, transaction);
      // A guard has told them apart already.
      if (refused.outcome !== 'stop' || members.length < 2 || (this.#options.guard && !safe)) throw refused;
      onRefused?.(refused);
      return this.#apart(transaction, checkpoint);
    }
    onCommitted(committedOf(transaction));
  }

  async #apart({ members, safe, place, event, transactions }: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const { guard, onCommitted } = this.#options;
    const ending = endingAt(members, checkpoint);
    for (const [i, member] of ending.entries()) {
      const statements = new Statements({ exact: guard !== null && !safe });
      try {
        for (const change of member.changes) statements.add(change, safe);
        await this.#write({ statements: statements.take(), first: 0, members: [member], checkpoint: member.checkpoint }, safe);
      } catch (error) {
        throw nameAlone(error, statements.takeChanges(), member);
      }
      const { ops } = members[i] ?? { ops: {} };
      const isLast = i === ending.length - 1;
      // Transactions without a row of this pipeline may lie between, and behind.
      const last = { place, event, transactions: transactions - i };
      onCommitted(committedOf({ ...(isLast ? last : { place: member.place, event: member.event, transactions: 1 }), ops }));
    }
  }

  #write(batch: Batch, safe: boolean): Promise<void> {
    const { guard, writer, during } = this.#options;
    const { statements, members, checkpoint } = batch;
    const write = (): Promise<void> =>
      guard && !safe && members.length > 0 ? guard.commit(batch) : writer.commit(statements, checkpoint, safe);
    return during ? during(targetWait(checkpoint.seq), write) : write();
  }

  /** Progress alone. Writing the same place twice would fail at our own fence: of what is saved already nothing is written. */
  async saveProgress(place: Place): Promise<void> {
    if (place.nextOffset > this.#saved) await this.commit(withoutRows({ place, event: null }));
  }

  /** Was committed, with checkpointAt(), by somebody else. */
  written(applied: Applied): void {
    this.#saved = applied.place.nextOffset;
    this.passed(applied);
  }

  /** Needed no write. It is told when what came before it is committed: nobody may take the pipeline for further than it is. */
  passed(applied: Applied): void {
    this.#last = this.checkpointAt(applied.place, applied.event);
    const committed = committedOf(applied);
    void this.#underWay.then(
      () => this.#options.onCommitted(committed),
      () => undefined,
    );
  }

  /** Waits for the transaction that is under way. */
  async settled(): Promise<void> {
    await this.#underWay;
    this.throwIfFailed();
  }

  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Progress without a transaction keeps what the last one said about its origin: the marker must not name another. */
  checkpointAt(place: Place, event: RowEvent | null): Checkpoint {
    const at = { logId: place.log, logEpoch: place.logEpoch, seq: place.seq, nextOffset: place.nextOffset };
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
export function withoutRows(at: Pick<Applied, 'place' | 'event'>, statements: SqlText = { sql: '', marks: [] }): TargetTransaction {
  return {
    ...at,
    safe: false,
    statements: { ...statements, expected: null },
    changes: { first: 0, list: [] },
    members: [],
    ops: {},
    transactions: 0,
  };
}

function committedOf({ place, event, ops, transactions }: Applied): Committed {
  return { place, sourceUs: event?.source.tsUs ?? null, ops, transactions };
}

function named(error: unknown, { place, event, changes, transactions, members }: TargetTransaction): SyncError {
  if (error instanceof SyncError && error.details['transaction'] !== undefined) return error; // named already
  const [only] = members;
  if (only && members.length === 1) return nameAlone(error, changes, only);
  return nameFailure(error, { changes, log: place.log, seq: place.seq, event: transactions === 1 ? event : null });
}

function nameAlone(error: unknown, changes: NumberedChanges, { place, event }: Member): SyncError {
  if (error instanceof SyncError && error.details['transaction'] !== undefined) return error;
  return nameFailure(error, { changes, log: place.log, seq: place.seq, event });
}
