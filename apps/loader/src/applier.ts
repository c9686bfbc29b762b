/**
 * Source transactions → target transactions. Whole and in source order, always. While there is a backlog, consecutive transactions of
 * one origin and path share a target transaction; one that is too large to hold is written while it arrives, and committed by its last row.
 *
 * After a rewind, what was applied before comes again and is applied in safe mode. A transaction is replayed as a whole if its first record is: the
 * border is the seq of an old checkpoint, which is the end of a transaction, so its first and last record lie on the same side; and if that were not so,
 * safe mode would still be right, for it gives the right end for rows that are new as well. So a huge transaction, whose last seq is not
 * known when it begins, needs no other rule. The two modes never share a target transaction: their sessions differ.
 *
 * One target transaction is under way at a time; the next one is put together meanwhile. After any error the run ends: what
 * was not committed is read again from the checkpoint, which says exactly what was.
 */
import type { Checkpoint } from '@lutra/marker';
import { SyncError, tableName } from '@lutra/model';
import type { RowEvent, TableSchema } from '@lutra/model';
import { StatementBuilder } from '@lutra/mysql';
import type { Change, SqlText } from '@lutra/mysql';
import type { Guard, Member } from './conflict/guard.js';
import type { Remedy } from './conflict/remedy.js';
import type { GuardedStream } from './conflict/guarded-stream.js';
import { nameFailure } from './failure.js';
import type { Attempt, NumberedChanges } from './failure.js';
import type { Place } from './log-reader.js';
import { OpenTransaction, sum, total } from './open-transaction.js';
import type { Ops } from './open-transaction.js';
import { SkippedRows } from './skip.js';
import type { Skip } from './skip.js';
import type { TableMatcher } from './table-matcher.js';
import type { Committed, TargetWriter } from './target-writer.js';

export interface ApplierOptions {
  readonly checkpoint: Checkpoint;
  readonly sourceRegion: string;
  readonly targetRegion: string;
  /** The pipeline carries on what loaders wrote at the source. */
  readonly forwards: boolean;
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
  onCommitted(committed: Committed): void;
  /** The skip was carried out and committed. */
  onSkipped(skip: Skip): Promise<void>;
  /** A commit failed while nobody may be waiting for it: the log can be silent for long. */
  onFailed?(error: unknown): void;
}

/** A source transaction that has been read whole, waiting to be committed with its neighbours. */
interface Complete {
  readonly place: Place;
  readonly event: RowEvent | null;
  readonly safe: boolean;
  /** What is recorded instead of its rows. */
  readonly skipped?: SqlText;
}

/** In one target transaction. */
const maxRemedies = 100;

export class Applier {
  readonly #options: ApplierOptions;
  readonly #builder: StatementBuilder;
  readonly #open = new OpenTransaction();
  /** What the builder holds, to name what failed. */
  #changes: Change[] = [];
  #streaming = false;
  /** Behind the last record that lies between two transactions; null: none was read. */
  #behind: Place | null = null;
  /** The open transaction, if it is skipped from its first row on. */
  #skipped: SkippedRows | null = null;
  #complete: Complete | null = null;
  /** The complete transactions one by one; only where there is a guard. */
  #members: Member[] = [];
  /** That came behind everything else. */
  #remedies: { readonly remedy: Remedy; readonly place: Place }[] = [];
  /** Of the complete transactions that wait. */
  #ops: Ops = {};
  #transactions = 0;
  #unrouted = 0;
  #last: Checkpoint;
  /** Offset up to which the target's row says that it has applied; more may have passed without a write. */
  #saved: number;
  #underWay: Promise<void> = Promise.resolve();
  #failure: unknown;

  constructor(options: ApplierOptions) {
    this.#options = options;
    this.#builder = new StatementBuilder({ exact: options.guard !== null });
    this.#last = options.checkpoint;
    this.#saved = options.checkpoint.nextOffset;
  }

  async row(table: TableSchema, event: RowEvent, place: Place): Promise<void> {
    if (this.#open.firstSeq === null) {
      await this.#flushRemedies();
      await this.#options.guard?.follow(event.transaction.seen, () => this.#makeWay());
      if (this.#isSkip(place)) this.#skipped = new SkippedRows();
    }
    this.#open.begin(place.seq);
    const target = this.#isForUs(table, event, place) ? await this.#options.tables.targetOf(table) : null;
    if (target)
      await this.#add(
        { op: event.op === 'r' ? 'c' : event.op, before: event.before, after: event.after, source: table, target },
        event,
        place,
      );
    else this.#unrouted += 1;
    if (!event.transaction.last) return;
    await this.#end(event, place);
    this.#behind = place;
  }

  /** All that came before the transaction that waits takes effect, and is saved. */
  async #makeWay(): Promise<void> {
    await this.flush();
    await this.settled();
    if (this.#behind) await this.saveProgress(this.#behind);
    await this.settled();
  }

  /**
   * What was forwarded stands in the topic for pipelines that forward; the others get it from its origin. Through a hub it comes back to where it was, too,
   * and is passed there. What comes to the region that it names as its only one was published as new by a capture that did not know it for a copy.
   */
  #isForUs(table: TableSchema, { source: { path } }: RowEvent, place: Place): boolean {
    const { targetRegion, forwards } = this.#options;
    if (path.length > 1) return forwards && !path.includes(targetRegion);
    if (path[0] !== targetRegion) return true;
    throw new SyncError(
      'LOOP_DETECTED',
      `a transaction of ${tableName(table)} that was first committed in ${targetRegion} came there again`,
      {
        details: { seq: place.seq },
      },
    );
  }

  /** The open transaction is void: nothing of it may stay. */
  async forget(): Promise<void> {
    if (this.#streaming) {
      await this.#options.writer.rollback();
      this.#options.guard?.stream.forget();
      this.#streaming = false;
      this.#builder.take();
      this.#changes = [];
    }
    this.#open.close();
    this.#skipped = null;
  }

  /** Rows that this pipeline did not take so far. */
  get unrouted(): number {
    return this.#unrouted;
  }

  /** A huge transaction is written while it arrives. */
  get streaming(): boolean {
    return this.#streaming;
  }

  /** Of SQL that is put together and not handed to the target yet, roughly. */
  get waitingBytes(): number {
    return this.#open.bytes + this.#builder.bytes;
  }

  /** A record without a row: progress that needs no write of its own. */
  passed(place: Place): void {
    this.#behind = place;
    if (this.#complete) this.#complete = { ...this.#complete, place };
  }

  /** What home made of a row. Those that follow one another share a target transaction. `place` lies between two transactions. */
  async remedy(remedy: Remedy, place: Place): Promise<void> {
    if (this.#options.guard === null || place.seq <= this.#options.checkpoint.replayUntil) return this.passed(place);
    if (this.#remedies.length === 0) await this.flush();
    await this.#options.guard.follow(remedy.seen, () => this.#makeWay());
    this.#remedies.push({ remedy, place });
    this.#behind = place;
    if (this.#remedies.length >= maxRemedies) await this.#flushRemedies();
  }

  async #flushRemedies(): Promise<void> {
    const { guard, sourceRegion } = this.#options;
    const place = this.#remedies.at(-1)?.place;
    if (guard === null || !place) return;
    const remedies = this.#remedies.map(({ remedy }) => remedy);
    this.#remedies = [];
    await this.settled();
    this.#saved = place.nextOffset;
    await guard.remedies(remedies, { ...this.#checkpointAt(place, null), origin: sourceRegion, path: [sourceRegion] });
    this.#options.onCommitted(this.#take(place, null));
  }

  /** Commits what is complete; the commit goes on while the caller reads on. */
  async flush(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    await this.#flushRemedies();
    if (!this.#complete || this.#streaming) return;
    const complete = this.#complete;
    const { place, event } = complete;
    this.#complete = null;
    // Rows that this pipeline does not route are no reason to write: their progress is saved with the next row that it does.
    if (total(this.#ops) === 0 && !complete.skipped) return this.#options.onCommitted(this.#take(place, event));
    await this.#commit(complete);
  }

  async #commit({ place, event, safe, skipped }: Complete): Promise<void> {
    const statements = skipped ?? this.#builder.take();
    const changes = this.#takeChanges();
    const members = this.#members;
    this.#members = [];
    const checkpoint = this.#checkpointAt(place, event);
    const committed = this.#take(place, event);
    this.#saved = place.nextOffset;
    await this.settled();
    const { guard, writer } = this.#options;
    const guarded = guard !== null && !safe && members.length > 0;
    const work = guarded
      ? guard.commit({ statements, first: changes.first, members, checkpoint })
      : writer.commit(statements, checkpoint, safe);
    this.#underWay = work.then(
      () => this.#options.onCommitted(committed),
      (error: unknown) => {
        if (error instanceof SyncError && error.details['transaction'] !== undefined) throw error; // named already
        throw nameFailure(error, { changes, log: place.log, seq: place.seq, event, alone: committed.transactions === 1 });
      },
    );
    this.#underWay.catch((error: unknown) => {
      this.#failure ??= error;
      this.#options.onFailed?.(error);
    });
  }

  /** The changes in the builder since the last call, and the number of the first. */
  #takeChanges(): NumberedChanges {
    const changes = { first: this.#builder.changes - this.#changes.length, list: this.#changes };
    this.#changes = [];
    return changes;
  }

  #build(change: Change): void {
    if (this.#safe) this.#builder.addSafe(change);
    else this.#builder.add(change);
    this.#changes.push(change);
  }

  /** The open transaction was applied before. */
  get #safe(): boolean {
    return (this.#open.firstSeq ?? Infinity) <= this.#options.checkpoint.replayUntil;
  }

  #isSkip(place: Place): boolean {
    return this.#options.skip?.seq === place.seq && this.#options.skip.log === place.log;
  }

  /** Waits for the transaction that is under way. */
  async settled(): Promise<void> {
    await this.#underWay;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Writes the progress alone: the position moved for a long time without a row. `place` must lie between two transactions. */
  async saveProgress(place: Place): Promise<void> {
    await this.flush();
    // Writing the same place twice would fail at our own fence.
    if (place.nextOffset <= this.#saved) return;
    if (!this.#open.holds && !this.#streaming) await this.#commit({ place, event: null, safe: false });
  }

  async #add(change: Change, event: RowEvent, place: Place): Promise<void> {
    if (this.#skipped) return this.#skipped.add(change);
    this.#open.count(event.op);
    if (this.#streaming) return this.#named({ event, place }, () => this.#stream([change]));
    this.#open.hold(change);
    if (this.#open.bytes >= this.#options.batchBytes && !event.transaction.last) await this.#beginStreaming(event, place);
  }

  /** Too large to hold: commit what came before it, then send its rows as they arrive, in one open target transaction. */
  async #beginStreaming(event: RowEvent, place: Place): Promise<void> {
    await this.flush();
    await this.settled();
    await this.#named({ event, place }, async () => {
      const { guard, writer, settled } = this.#options;
      if (guard && !this.#safe) await guard.stream.open({ event, settled: settled !== null && settled === this.#open.firstSeq });
      else await writer.open({ origin: event.source.origin, path: event.source.path }, this.#safe);
      this.#streaming = true;
      await this.#stream(this.#open.takeChanges());
    });
  }

  async #stream(changes: readonly Change[]): Promise<void> {
    for (const change of changes) {
      this.#build(change);
      if (this.#builder.bytes < this.#options.batchBytes) continue;
      const rows = this.#builder.take();
      const { guard, writer } = this.#options;
      if (guard && !this.#safe) await guard.stream.chunk(rows, this.#changes);
      else await writer.chunk(rows);
      this.#changes = [];
    }
  }

  /** What fails while a huge transaction is written belongs to it: its end is not known, so its first seq names it. */
  async #named(at: { event: RowEvent; place: Place }, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw nameFailure(error, this.#attempt(at, { seq: this.#open.firstSeq ?? at.place.seq, alone: true }));
    }
  }

  #attempt({ event, place }: { event: RowEvent; place: Place }, of: Pick<Attempt, 'seq' | 'alone'>): Attempt {
    return { changes: this.#takeChanges(), log: place.log, event, ...of };
  }

  async #end(event: RowEvent, place: Place): Promise<void> {
    if (this.#streaming) return this.#endStreaming(event, place);
    // Only transactions of one origin and path may share a target transaction: the marker has room for one.
    if (this.#complete?.event && !sameOrigin(this.#complete.event, event)) await this.flush();
    const safe = this.#safe;
    if (this.#complete && this.#complete.safe !== safe) await this.flush();
    if (this.#options.skip && (this.#skipped || this.#isSkip(place))) return this.#skip(this.#options.skip, event, place);
    this.#buildOpen(event, place);
    this.#countOpen();
    this.#complete = { place, event, safe };
    if (!this.#options.merge || this.#builder.bytes >= this.#options.batchBytes) await this.flush();
    if (!this.#options.merge) await this.settled();
  }

  /** What cannot be written at all names its transaction, too, unless others wait with it: those are applied first, one by one. */
  #buildOpen(event: RowEvent, place: Place): void {
    const alone = this.#complete === null;
    const changes = this.#open.takeChanges();
    if (this.#options.guard && !this.#safe && changes.length > 0)
      this.#members.push({ changes, event, place, checkpoint: this.#checkpointAt(place, event) });
    try {
      for (const change of changes) this.#build(change);
    } catch (error) {
      throw nameFailure(error, this.#attempt({ event, place }, { seq: place.seq, alone }));
    }
  }

  /** Its rows are recorded instead of applied, committed together with the place after them. */
  async #skip(skip: Skip, event: RowEvent, place: Place): Promise<void> {
    await this.flush();
    const { pipeline } = this.#options.checkpoint;
    const rows = this.#skipped ?? new SkippedRows();
    for (const change of this.#open.takeChanges()) rows.add(change);
    this.#complete = { place, event, safe: false, skipped: rows.text({ pipeline, place, event, reason: skip.reason }) };
    this.#open.close();
    this.#skipped = null;
    await this.flush();
    await this.settled();
    await this.#options.onSkipped(skip);
  }

  async #endStreaming(event: RowEvent, place: Place): Promise<void> {
    const { guard, writer } = this.#options;
    const checkpoint = this.#checkpointAt(place, event);
    const statements = this.#builder.take();
    await this.#named({ event, place }, () =>
      guard && !this.#safe
        ? guard.stream.close({ statements, changes: this.#changes, event, place, checkpoint })
        : writer.close(statements, checkpoint),
    );
    this.#changes = [];
    this.#countOpen();
    this.#streaming = false;
    this.#saved = place.nextOffset;
    this.#options.onCommitted(this.#take(place, event));
  }

  #countOpen(): void {
    this.#ops = sum(this.#ops, this.#open.close());
    this.#transactions += 1;
  }

  /** Progress without a transaction keeps what the last one said about its origin: the marker must not name another. */
  #checkpointAt(place: Place, event: RowEvent | null): Checkpoint {
    const at = { logId: place.log, logEpoch: place.logEpoch, seq: place.seq, nextOffset: place.nextOffset };
    if (!event) {
      // A marker without an origin would not say what was seen here of the source's log.
      const origin = this.#last.origin === '' ? { origin: this.#options.sourceRegion, path: [this.#options.sourceRegion] } : {};
      return { ...this.#last, ...at, ...origin };
    }
    const { source } = event;
    return { ...this.#last, ...at, gtid: source.gtid, sourceUs: source.tsUs, origin: source.origin, path: source.path };
  }

  #take(place: Place, event: RowEvent | null): Committed {
    const committed: Committed = { place, sourceUs: event?.source.tsUs ?? null, ops: this.#ops, transactions: this.#transactions };
    this.#last = this.#checkpointAt(place, event);
    this.#ops = {};
    this.#transactions = 0;
    return committed;
  }
}

function sameOrigin(a: RowEvent, b: RowEvent): boolean {
  return a.source.origin === b.source.origin && a.source.path.join() === b.source.path.join();
}
