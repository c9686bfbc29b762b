/**
 * Source transactions → target transactions. Whole and in source order, always. While there is a backlog, consecutive transactions of
 * one origin and path share a target transaction; one that is too large to hold is written while it arrives, and committed by its last row.
 *
 * After a rewind, what was applied before comes again and is applied in safe mode. A transaction is replayed as a whole if its first record
 * is: the border is the seq of an old checkpoint, which is the end of a transaction, so its first and last record lie on the same side; and
 * if that were not so, safe mode would still be right, for it gives the right end for rows that are new as well. So a huge transaction,
 * whose last seq is not known when it begins, needs no other rule. The two modes never share a target transaction: their sessions differ.
 *
 * Here is what the reader of the log sees, and what must come before what; nothing is written here:
 *
 *   row → source-transactions.ts (held, huge or skipped) → backlog.ts (whole ones, waiting)
 *   → target-transactions.ts (checkpoint, commit under way)
 *   remedy → pending-remedies.ts ──────────────────────────────────────────────────────────↗
 */
import { sameSession } from '@lutra/model';
import type { RowEvent, Seen, SourceSession, TableSchema } from '@lutra/model';
import type { Change, TargetTable, Under } from '@lutra/mysql';
import { Backlog } from './backlog.js';
import type { Guard } from './conflict/guard.js';
import type { Remedy } from './conflict/remedy.js';
import { nameFailure, nameRow } from './failure.js';
import type { Place } from './log-reader.js';
import { isForUs } from './origin.js';
import type { Direction } from './origin.js';
import { OwnSession } from './own-session.js';
import { PendingRemedies } from './pending-remedies.js';
import { SourceTransactions } from './source-transactions.js';
import type { SourceTransactionsOptions } from './source-transactions.js';
import { Statements } from './statements.js';
import type { TableMatcher } from './table-matcher.js';
import { TargetTransactions } from './target-transactions.js';
import type { TargetTransactionsOptions } from './target-transactions.js';

export interface ApplierOptions extends SourceTransactionsOptions, TargetTransactionsOptions, Direction {
  readonly tables: Pick<TableMatcher, 'targetOf'>;
  readonly writer: SourceTransactionsOptions['writer'] & TargetTransactionsOptions['writer'];
  /** Another pipeline forwards what this one writes. */
  readonly carriedOn: boolean;
  /** Where the target takes writes of its own. Null: what is not as it must be stops the pipeline. */
  readonly guard: (Pick<Guard, 'commit' | 'remedies' | 'follow'> & SourceTransactionsOptions['guard']) | null;
}

export class Applier {
  readonly #options: ApplierOptions;
  /** Of what waits. */
  readonly #statements: Statements;
  readonly #target: TargetTransactions;
  readonly #backlog: Backlog;
  readonly #source: SourceTransactions;
  /** That came behind everything else. Null: without a guard there are none. */
  readonly #remedies: PendingRemedies | null;
  /** Behind the last record that lies between two transactions; null: none was read. */
  #behind: Place | null = null;
  readonly #ownSession: OwnSession | null;
  #unrouted = 0;
  /** Of the open transaction. */
  #session: SourceSession | null = null;
  #under: Under = { session: null, flags: 0 };

  constructor(options: ApplierOptions) {
    const { guard, sourceRegion, carriedOn } = options;
    this.#options = options;
    this.#ownSession = carriedOn ? new OwnSession('what is forwarded from here is written without it') : null;
    const statements = new Statements({ exact: guard !== null });
    const transactions = new TargetTransactions(options);
    const backlog = new Backlog({ statements, transactions });
    this.#statements = statements;
    this.#target = transactions;
    this.#backlog = backlog;
    this.#source = new SourceTransactions(options, { statements, backlog, transactions });
    this.#remedies = guard && new PendingRemedies({ guard, transactions, sourceRegion });
  }

  async row(table: TableSchema, event: RowEvent, place: Place): Promise<void> {
    if (this.#source.between) {
      await this.#remedies?.flush();
      await this.#follow(event.transaction.seen);
    }
    this.#source.begin(place);
    this.#enter(event);
    const change = await this.#changeOf(table, event, place);
    if (change) await this.#source.add(change, event, place);
    else this.#unrouted += 1;
    if (!event.transaction.last) return;
    await this.#source.end(event, place);
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
  forget(): Promise<void> {
    return this.#source.forget();
  }

  /** Commits what is complete; the commit goes on while the caller reads on. */
  async flush(): Promise<void> {
    await this.#remedies?.flush();
    await this.#backlog.flush();
  }

  /** Waits for the transaction that is under way. */
  settled(): Promise<void> {
    return this.#target.settled();
  }

  /** Writes the progress alone: the position moved for a long time without a row. `place` must lie between two transactions. */
  async saveProgress(place: Place): Promise<void> {
    await this.flush();
    if (!this.#source.rows) await this.#target.saveProgress(place);
  }

  /** Rows that this pipeline did not take so far. */
  get unrouted(): number {
    return this.#unrouted;
  }

  /** A huge transaction is written while it arrives. */
  get streaming(): boolean {
    return this.#source.streaming;
  }

  /** Of SQL that is put together and not handed to the target yet, roughly. */
  get waitingBytes(): number {
    return this.#source.bytes + this.#statements.bytes;
  }

  /** The same object as long as the session is the same: texts of statements are kept by it. */
  #enter({ source: { flags }, transaction: { totalOrder, session } }: RowEvent): void {
    if (totalOrder === 1 && !(session && this.#session && sameSession(session, this.#session))) this.#session = session;
    if (this.#under.flags !== flags || this.#under.session !== this.#session) this.#under = { session: this.#session, flags };
  }

  /** Null: the row is not this pipeline's. What fails names its transaction by its first record: the last one has not come. */
  async #changeOf(table: TableSchema, event: RowEvent, place: Place): Promise<Change | null> {
    try {
      const target = isForUs(this.#options, { table, event, place }) ? await this.#options.tables.targetOf(table) : null;
      if (!target) return null;
      const change = changeOf(event, { source: table, target, under: this.#under });
      this.#ownSession?.require(change);
      return change;
    } catch (error) {
      // What came before it takes effect.
      await this.flush();
      await this.settled();
      const named = nameRow(error, { source: table, target: table, before: event.before, after: event.after });
      throw nameFailure(named, { changes: { first: 0, list: [] }, log: place.log, seq: this.#source.firstSeq ?? place.seq, event });
    }
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
}

function changeOf({ op, before, after }: RowEvent, at: { source: TableSchema; target: TargetTable; under: Under }): Change {
  return { op: op === 'r' ? 'c' : op, before, after, ...at };
}
