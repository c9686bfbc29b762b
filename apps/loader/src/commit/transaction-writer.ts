/**
 * Writes target transactions, one after the other. What is ready is committed while files of the rest are still on their way. What the
 * target refuses is written once more, each source transaction in one of its own: those before the bad one take effect, and that one is
 * named. Files are placed right before the rows that name them are committed, and taken back if those are not.
 */
import type { Checkpoint } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import type { RowEvent } from '@lutra/model';
import { joined } from '@lutra/mysql';
import type { SqlText } from '@lutra/mysql';
import type { During } from '@lutra/runtime';
import { sum } from '../assemble/source-transaction.js';
import type { SourceTransaction } from '../assemble/source-transaction.js';
import type { Batch, BufferedTransaction } from '../conflict/detect/buffered-transactions.js';
import type { ConflictDetector } from '../conflict/detect/conflict-detector.js';
import { joinedFiles } from '../files/commit-files.js';
import type { CommitFiles, TransactionFiles, WithFiles } from '../files/commit-files.js';
import { isUnknown, placedWith, withPlaced } from '../files/with-placed.js';
import { Statements } from '../plan/statements.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { MissingRows } from '../seed/missing-rows.js';
import { nameFailure } from './failure.js';
import type { NumberedChanges } from './failure.js';
import { committedOf } from './target-transaction.js';
import type { TargetTransaction } from './target-transaction.js';
import type { Committed, TargetWriter } from './target-writer.js';

/** Some of a target transaction's source transactions, one behind the other. */
interface Part {
  readonly from: number;
  readonly to: number;
}

interface ToWrite extends Omit<Batch, 'transactions'> {
  readonly buffered: readonly SourceTransaction[];
}

export interface TransactionWriterOptions {
  readonly writer: Pick<TargetWriter, 'commit' | 'aside'>;
  /** One way: for rows that seeding or a repair has not brought yet. */
  readonly missing?: Pick<MissingRows, 'commit' | 'apply' | 'areToCome'> | null;
  readonly detector: Pick<ConflictDetector, 'commit'> | null;
  /** Null: no row of this pipeline names a file. */
  readonly files?: Pick<CommitFiles, 'ready' | 'place' | 'committed' | 'takeBack'> | null;
  readonly during?: During | undefined;
  onCommitted(committed: Committed): void;
  /** A target transaction of several source transactions was refused: they follow one by one. */
  onRefused?(error: SyncError): void;
}

interface Options extends TransactionWriterOptions {
  checkpointAt(position: RecordPosition, event: RowEvent | null): Checkpoint;
}

export class TransactionWriter {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** In one target transaction, or in several, as its files are there. */
  write(transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    return this.#files && hasFiles(transaction) ? this.#asReady(transaction, checkpoint) : this.#whole(transaction, checkpoint);
  }

  /** Of a transaction that names no file, or whose files are all there. */
  async #whole(transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const { statements, changes, safe, buffered } = transaction;
    try {
      await this.#write({ statements, first: changes.first, buffered, checkpoint }, safe);
    } catch (error) {
      return this.#refused(error, transaction, checkpoint);
    }
    this.#options.onCommitted(committedOf(transaction));
  }

  /** Each source transaction in a target transaction of its own; the statements are not used. */
  async apart(transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    for (const i of transaction.buffered.keys()) await this.#part(transaction, checkpoint, { from: i, to: i + 1 });
  }

  /** In their order, as their files are there: what is ready is committed, and what is not waits with all behind it. */
  async #asReady(transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const { buffered } = transaction;
    for (let from = 0; from < buffered.length;) {
      const rest = buffered.slice(from);
      const to = from + (await this.ready(rest, checkpoint.seq).catch((error: unknown) => Promise.reject(lacking(error, rest))));
      if (to - from === buffered.length) return this.#whole(transaction, checkpoint);
      await this.#part(transaction, checkpoint, { from, to });
      from = to;
    }
  }

  /** Some of its source transactions, in a target transaction of their own; if that is refused, each in its own. */
  async #part(transaction: TargetTransaction, checkpoint: Checkpoint, { from, to }: Part): Promise<void> {
    const { detector } = this.#options;
    const { buffered, safe } = transaction;
    const part = buffered.slice(from, to);
    const last = part.at(-1);
    if (!last) return;
    const isLast = to === buffered.length;
    // Transactions without a row of this pipeline may lie between, and behind.
    const upTo = isLast ? transaction : last;
    const { position, event } = upTo;
    const statements = new Statements({ exact: detector !== null && !safe });
    const at = isLast ? checkpoint : this.#options.checkpointAt(position, event);
    const ops = part.reduce((all, one) => sum(all, one.ops), {});
    const counted = isLast ? transaction.transactions - from : part.length;
    const write = async (): Promise<void> => {
      for (const { changes } of part) for (const change of changes) statements.add(change, safe);
      await this.#write({ statements: statements.take(), first: 0, buffered: part, checkpoint: at }, safe);
    };
    try {
      await write();
    } catch (error) {
      const one = { ...transaction, position, event, ops, transactions: counted, buffered: part, changes: statements.takeChanges() };
      if (part.length === 1) throw nameAlone(error, one.changes, last);
      return this.#refused(error, one, at);
    }
    this.#options.onCommitted(committedOf({ position, event, ops, transactions: counted }));
  }

  /** Of several source transactions each follows alone. */
  async #refused(error: unknown, transaction: TargetTransaction, checkpoint: Checkpoint): Promise<void> {
    const refused = named(error, transaction);
    // A conflict detector names what it has told apart; not what it refused before it wrote anything (a session).
    const isTold = refused.refused.transaction !== undefined || refused.code === 'TABLE_SUSPENDED';
    const isApart = this.#options.detector !== null && !transaction.safe && isTold;
    // What is placed may be committed: only the next take-over can tell.
    const isUnsure = this.#files !== null && isUnknown(refused);
    if (refused.outcome !== 'stop' || transaction.buffered.length < 2 || isApart || isUnsure) throw refused;
    this.#options.onRefused?.(refused);
    await this.apart(transaction, checkpoint);
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

  #plain({ statements, checkpoint, buffered }: Omit<ToWrite, 'first'>, safe: boolean): Promise<void> {
    if (!this.#files) return this.#sent({ statements, checkpoint, buffered }, safe, null);
    return this.withPlaced(buffered, (behind) => this.#sent({ statements, checkpoint, buffered }, safe, behind));
  }

  /** `behind`: what is said of files. */
  async #sent({ statements, checkpoint, buffered }: Omit<ToWrite, 'first'>, safe: boolean, behind: SqlText | null): Promise<void> {
    const { writer, missing } = this.#options;
    try {
      await writer.commit(behind ? joined([statements, behind]) : statements, checkpoint, safe);
    } catch (thrown) {
      const error = toSyncError(thrown);
      const [only, second] = buffered;
      if (!missing || safe || !only || second || error.code !== 'ROW_CONFLICT') throw thrown;
      await missing.commit(only.changes, { checkpoint, behind }, error);
    }
  }

  get #files(): TransactionWriterOptions['files'] {
    return this.#options.files ?? null;
  }

  /** How many of them, from the first on, have their files. */
  ready(transactions: readonly WithFiles[], seq: number): Promise<number> {
    const { files, during } = this.#options;
    if (!files) return Promise.resolve(transactions.length);
    const wait = (): Promise<number> => files.ready(transactions);
    return during ? during(filesWait(seq), wait) : wait();
  }

  /** `work` with what it is to write of files that are placed, and are taken back if it fails. */
  withPlaced(transactions: readonly WithFiles[], work: (behind: SqlText) => Promise<void>): Promise<void> {
    const { files } = this.#options;
    const named = files ? joinedFiles(transactions) : undefined;
    return files && named ? withPlaced(files, named, (sql) => work(joined(sql))) : work(nothing);
  }

  /** With the checkpoint of a transaction that is committed alone. */
  #resolvable({ changes, position, event, files }: SourceTransaction): BufferedTransaction {
    return { changes, position, event, checkpoint: this.#options.checkpointAt(position, event), ...(files && { files }) };
  }

  /** Files whose rows are here, in a transaction that moves no position. Some may have to be staged anew first. */
  async aside(named: TransactionFiles, checkpoint: Checkpoint): Promise<void> {
    const { files, writer } = this.#options;
    const placing = await files?.place(named);
    if (!files || !placing || placing === 'again') return;
    await placedWith(files, placing, () => writer.aside(joined(placing.sql), checkpoint));
  }
}

/** What a loader waits for that writes. */
export function targetWait(seq: number): string {
  return `the target to take seq ${seq} (if that lasts, somebody holds a lock on one of its rows: see the target's process list)`;
}

/** What a loader waits for that has the rows. */
export function filesWait(seq: number): string {
  return `files that rows up to seq ${seq} name (the status has the first of them)`;
}

const nothing: SqlText = { sql: '', marks: [] };

/** Of a file that ends the run: its transaction can be skipped. */
function lacking(error: unknown, [first]: readonly SourceTransaction[]): unknown {
  return first && toSyncError(error).outcome === 'stop' ? nameAlone(error, { first: 0, list: [] }, first) : error;
}

function hasFiles({ buffered }: TargetTransaction): boolean {
  return buffered.some(({ files }) => files !== undefined);
}

function named(error: unknown, { position, event, changes, transactions, buffered }: TargetTransaction): SyncError {
  const [only, second] = buffered;
  return nameAlone(error, changes, only && !second ? only : { position, event: transactions === 1 ? event : null });
}

function nameAlone(error: unknown, changes: NumberedChanges, of: Parameters<typeof nameFailure>[1]): SyncError {
  if (error instanceof SyncError && error.refused.transaction) return error; // named already
  return nameFailure(error, of, { changes });
}
