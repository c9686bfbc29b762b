/**
 * Source transactions → target transactions, as the reader of the log sees it. Whole and in source order, always. While there is a backlog, consecutive transactions of
 * one origin and path share a target transaction; one that is too large to hold is written while it arrives, and committed by its last row.
 *
 * After a rewind, what was applied before comes again and is applied in safe mode. A transaction is replayed as a whole if its first record is: the
 * border is the seq of an old checkpoint, which is the end of a transaction, so its first and last record lie on the same side; and if that were not so,
 * safe mode would still be right, for it gives the right end for rows that are new as well. So a huge transaction, whose last seq is not
 * known when it begins, needs no other rule. The two modes never share a target transaction: their sessions differ.
 *
 * It decides what goes where and when, and writes nothing itself. What was not committed when a run ends is read again from the checkpoint (target-transactions.ts).
 */
import type { RowEvent, Seen, TableSchema } from '@lutra/model';
import type { Change, TargetTable } from '@lutra/mysql';
import { Backlog } from './backlog.js';
import type { Guard } from './conflict/guard.js';
import type { GuardedStream } from './conflict/guarded-stream.js';
import type { Remedy } from './conflict/remedy.js';
import { HugeTransaction } from './huge-transaction.js';
import { guarded, plainly } from './huge-writer.js';
import type { Place } from './log-reader.js';
import { OpenTransaction, total } from './open-transaction.js';
import { isForUs } from './origin.js';
import type { Direction } from './origin.js';
import { PendingRemedies } from './pending-remedies.js';
import { Skipping } from './skip.js';
import type { Skip } from './skip.js';
import { Statements } from './statements.js';
import type { TableMatcher } from './table-matcher.js';
import { TargetTransactions, withoutRows } from './target-transactions.js';
import type { TargetTransactionsOptions } from './target-transactions.js';
import type { TargetWriter } from './target-writer.js';

export interface ApplierOptions extends TargetTransactionsOptions, Direction {
  readonly tables: Pick<TableMatcher, 'targetOf'>;
  readonly writer: Pick<TargetWriter, 'commit' | 'open' | 'chunk' | 'close' | 'rollback'>;
  /** Where the target takes writes of its own. Null: what is not as it must be stops the pipeline. */
  readonly guard:
    | (Pick<Guard, 'commit' | 'remedies' | 'follow'> & { readonly stream: Pick<GuardedStream, 'open' | 'chunk' | 'close' | 'forget'> })
    | null;
  /** First seq of a huge transaction that met a conflict before. */
  readonly settled: number | null;
  /** False: each source transaction in a target transaction of its own, so that a failure names it. */
  readonly merge: boolean;
  /** A transaction that a person decided to skip. */
  readonly skip: Skip | null;
  /** Bytes of SQL after which a target transaction is closed, or a large source transaction begins to be streamed. */
  readonly batchBytes: number;
  /** The skip was carried out and committed. */
  onSkipped(skip: Skip): Promise<void>;
}

export class Applier {
  readonly #options: ApplierOptions;
  readonly #open: OpenTransaction;
  readonly #skipping: Skipping;
  /** Of the backlog, or of the huge transaction: never of both. */
  readonly #statements: Statements;
  readonly #backlog: Backlog;
  readonly #transactions: TargetTransactions;
  /** That came behind everything else. Null: without a guard there are none. */
  readonly #remedies: PendingRemedies | null;
  /** The open transaction, if it is written while it arrives. */
  #huge: HugeTransaction | null = null;
  /** Behind the last record that lies between two transactions; null: none was read. */
  #behind: Place | null = null;
  #unrouted = 0;

  constructor(options: ApplierOptions) {
    const { guard, sourceRegion, checkpoint } = options;
    this.#options = options;
    this.#open = new OpenTransaction(checkpoint.replayUntil);
    this.#skipping = new Skipping(options.skip, checkpoint.pipeline);
    this.#statements = new Statements({ exact: guard !== null });
    this.#backlog = new Backlog(this.#statements, { guarded: guard !== null });
    this.#transactions = new TargetTransactions(options);
    this.#remedies = guard && new PendingRemedies({ guard, transactions: this.#transactions, sourceRegion });
  }

  async row(table: TableSchema, event: RowEvent, place: Place): Promise<void> {
    if (this.#open.firstSeq === null) {
      await this.#remedies?.flush();
      await this.#follow(event.transaction.seen);
      this.#skipping.begin(place);
    }
    this.#open.begin(place.seq);
    const target = isForUs(this.#options, { table, event, place }) ? await this.#options.tables.targetOf(table) : null;
    if (target) await this.#add(changeOf(event, table, target), event, place);
    else this.#unrouted += 1;
    if (!event.transaction.last) return;
    await this.#end(event, place);
    this.#behind = place;
  }

  /** A record without a row: progress that needs no write of its own. */
  passed(place: Place): void {
    this.#behind = place;
    this.#backlog.passed(place);
  }

  /** What home made of a row. Those that follow one another share a target transaction. `place` lies between two transactions. */
  async remedy(remedy: Remedy, place: Place): Promise<void> {
    const remedies = this.#remedies;
    if (remedies === null || place.seq <= this.#options.checkpoint.replayUntil) return this.passed(place);
    if (remedies.none) await this.flush();
    await this.#follow(remedy.seen);
    remedies.add(remedy, place);
    this.#behind = place;
    if (remedies.full) await remedies.flush();
  }

  /** The open transaction is void: nothing of it may stay. */
  async forget(): Promise<void> {
    await this.#huge?.forget();
    this.#huge = null;
    this.#open.close();
    this.#skipping.forget();
  }

  /** Commits what is complete; the commit goes on while the caller reads on. */
  async flush(): Promise<void> {
    this.#transactions.throwIfFailed();
    await this.#remedies?.flush();
    const waiting = this.#backlog.take();
    if (!waiting) return;
    // Rows that this pipeline does not route are no reason to write: their progress is saved with the next row that it does.
    if (total(waiting.ops) === 0) this.#transactions.passed(waiting);
    else await this.#transactions.commit(waiting);
  }

  /** Waits for the transaction that is under way. */
  settled(): Promise<void> {
    return this.#transactions.settled();
  }

  /** Writes the progress alone: the position moved for a long time without a row. `place` must lie between two transactions. */
  async saveProgress(place: Place): Promise<void> {
    await this.flush();
    if (!this.#open.holds && !this.#huge) await this.#transactions.saveProgress(place);
  }

  /** Rows that this pipeline did not take so far. */
  get unrouted(): number {
    return this.#unrouted;
  }

  /** A huge transaction is written while it arrives. */
  get streaming(): boolean {
    return this.#huge !== null;
  }

  /** Of SQL that is put together and not handed to the target yet, roughly. */
  get waitingBytes(): number {
    return this.#open.bytes + this.#statements.bytes;
  }

  async #follow(seen: Seen): Promise<void> {
    await this.#options.guard?.follow(seen, () => this.#makeWay());
  }

  /** All that came before the transaction that waits takes effect, and is saved. */
  async #makeWay(): Promise<void> {
    await this.flush();
    await this.settled();
    if (this.#behind) await this.saveProgress(this.#behind);
    await this.settled();
  }

  async #add(change: Change, event: RowEvent, place: Place): Promise<void> {
    if (this.#skipping.rows) return this.#skipping.rows.add(change);
    this.#open.count(event.op);
    if (this.#huge) return this.#huge.add([change], { event, place });
    this.#open.hold(change);
    if (this.#open.bytes >= this.#options.batchBytes && !event.transaction.last) await this.#beginHuge(event, place);
  }

  /** Too large to hold: commit what came before it, then send its rows as they arrive, in one open target transaction. */
  async #beginHuge(event: RowEvent, place: Place): Promise<void> {
    await this.flush();
    await this.settled();
    const { guard, writer, settled, batchBytes } = this.#options;
    const { safe } = this.#open;
    const seq = this.#open.firstSeq ?? place.seq;
    const how = guard && !safe ? guarded({ stream: guard.stream, writer, settled: settled === seq }) : plainly(writer, safe);
    const huge = new HugeTransaction({ writer: how, statements: this.#statements, seq, safe, pieceBytes: batchBytes });
    await huge.open({ event, place });
    this.#huge = huge;
    await huge.add(this.#open.takeChanges(), { event, place });
  }

  async #endHuge(huge: HugeTransaction, event: RowEvent, place: Place): Promise<void> {
    await huge.close({ event, place }, this.#transactions.checkpointAt(place, event));
    this.#huge = null;
    this.#transactions.written({ place, event, ops: this.#open.close(), transactions: 1 });
  }

  async #end(event: RowEvent, place: Place): Promise<void> {
    if (this.#huge) return this.#endHuge(this.#huge, event, place);
    const { safe } = this.#open;
    if (!this.#backlog.suits(event, safe)) await this.flush();
    const order = this.#skipping.orderFor(place);
    if (order) return this.#skip(order, event, place);
    const { merge, batchBytes } = this.#options;
    const changes = this.#open.takeChanges();
    const checkpoint = this.#transactions.checkpointAt(place, event);
    this.#backlog.add({ changes, ops: this.#open.close(), event, place, safe, checkpoint });
    if (!merge || this.#statements.bytes >= batchBytes) await this.flush();
    if (!merge) await this.settled();
  }

  /** Its rows are recorded instead of applied, committed together with the place after them. */
  async #skip(order: Skip, event: RowEvent, place: Place): Promise<void> {
    await this.flush();
    const record = this.#skipping.record(this.#open.takeChanges(), order, { place, event });
    this.#open.close();
    await this.#transactions.commit(withoutRows({ place, event }, record));
    await this.settled();
    await this.#options.onSkipped(order);
  }
}

function changeOf({ op, before, after }: RowEvent, source: TableSchema, target: TargetTable): Change {
  return { op: op === 'r' ? 'c' : op, before, after, source, target };
}
