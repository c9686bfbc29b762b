/**
 * Applies source transactions where the target takes writes of its own. The naive way compares before images; counter-example: A writes v0
 * → a → v0 while B writes v0 → b. At A the row is what B says it was, so A takes b; at B home wins, B ends with v0.
 *
 * So: write, but do not commit; the locks are held now. Ask the target's capture to publish all that was committed before (watermark), and
 * read it. Whatever anyone did to these rows and unique values before is known then, and what comes later waits for our locks. No conflict:
 * COMMIT. Else ROLLBACK, and each source transaction comes alone; the one that meets the conflict is resolved row by row (row-resolver.ts).
 * docs/decisions/0008-conflicts.md has the whole protocol.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { checkpointStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { homeWins, toSyncError } from '@lutra/model';
import type { Seen } from '@lutra/model';
import { differing, openingText, StatementBuilder, uncommittedText, askFor } from '@lutra/mysql';
import type { ApplyConnection, Change, Result } from '@lutra/mysql';
import { nameFailure } from '../../commit/failure.js';
import { isTransient } from '../../commit/target-writer.js';
import type { TransactionFiles, WithFiles } from '../../files/commit-files.js';
import { commitPlaced } from '../files/commit-placed.js';
import { FilesWanted } from '../files/conflict-files.js';
import type { DecidedFiles } from '../files/decided-files.js';
import { isConflict, requireTold } from './concurrency.js';
import { endingAt, endOfGroup, transactionsOf } from './buffered-transactions.js';
import type { Batch, BufferedTransaction } from './buffered-transactions.js';
import type { DetectorOptions } from './detector-options.js';
import { StreamDetector } from './stream-detector.js';
import { applyResolutions } from '../resolve/resolution.js';
import type { Resolution } from '../resolve/resolution.js';
import { TransactionResolver } from '../resolve/transaction-resolver.js';
import type { Decided } from '../resolve/transaction-resolver.js';

/** Of a target transaction that the server rolled back because of others. */
const busyTries = 8;
const noneSuspected: ReadonlySet<BufferedTransaction> = new Set();

export class ConflictDetector {
  /** For transactions that are too large to hold. */
  readonly stream: StreamDetector;
  readonly #options: DetectorOptions;
  /** What was dropped before the connection began to watch its tables is known. */
  #dropsKnown: { readonly connection: ApplyConnection | null; readonly armed: number } = { connection: null, armed: 0 };

  constructor(options: DetectorOptions) {
    this.#options = options;
    this.stream = new StreamDetector(options);
  }

  /**
   * Commits source transactions whose statements are given, in one target transaction; where some met a conflict, those alone and the
   * others together.
   * @throws SyncError TABLE_SUSPENDED, ROW_CONFLICT (policy stop), CAPTURE_BEHIND, CONFLICT_HISTORY_LOST, SESSION_UNSUPPORTED, and as
   * TargetWriter.commit
   */
  async commit(given: Batch): Promise<void> {
    const batch = { ...given, transactions: endingAt(given.transactions, given.checkpoint) };
    const { tables } = this.#options;
    for (const { changes } of batch.transactions) for (const change of changes) tables.requireSession(change);
    await askFor(batch.transactions.flatMap(({ changes }) => changes.flatMap((change) => tables.images(change))));
    await this.#options.peers.open(batch.transactions.map(({ event }) => event.transaction.seen));
    await this.#apart(batch.transactions, await this.#tried(batch));
    this.#seen(batch.transactions);
  }

  /** See Peers.follow. */
  follow(seen: Seen, makeWay: () => Promise<void>): Promise<void> {
    return this.#options.peers.follow(seen, makeWay);
  }

  /** What home made of rows, in one target transaction. */
  async resolutions(resolutions: readonly Resolution[], checkpoint: Checkpoint): Promise<void> {
    const { peers, collations, resolutionTables: tables, leave, files } = this.#options;
    await this.transaction({ checkpoint, seen: resolutions.map(({ seen }) => seen) }, async (connection, decided) => {
      const at = { connection, peers, collations, tables, files, decided };
      await applyResolutions({ ...at, leave: (left, resolution) => leave(left, { resolution, checkpoint }) }, resolutions);
      return true;
    });
  }

  /**
   * A target transaction that decides for itself: `work` locks what it touches, then completes the index of recent changes, then decides.
   * It may be called again. Where it resolves to false, all is rolled back. `decided`: to be told which rows it writes; null: no table has
   * file rules.
   */
  async transaction(
    { checkpoint, seen, files }: WithFiles & { readonly checkpoint: Checkpoint; readonly seen: readonly Seen[] },
    work: (connection: ApplyConnection, decided: DecidedFiles | null) => Promise<boolean>,
  ): Promise<boolean> {
    await this.#options.peers.open(seen);
    return this.#retried([{ files }], async () => {
      const startedAt = performance.now();
      const connection = await this.#begin(checkpoint);
      const decided = this.#options.files?.decided() ?? null;
      const isDone = await work(connection, decided);
      if (isDone) await this.#commit(connection, startedAt, this.#taken(decided, [{ files }]));
      else await connection.rollback();
      return isDone;
    });
  }

  /** Where a conflict is known already nothing is tried. */
  async #tried(batch: Batch): Promise<ReadonlySet<BufferedTransaction>> {
    const known = this.#clashing(batch.transactions);
    return known.size > 0 ? known : this.#retried(batch.transactions, () => this.#together(batch));
  }

  #clashing(transactions: readonly BufferedTransaction[]): ReadonlySet<BufferedTransaction> {
    if (this.#options.peers.quiet) return noneSuspected;
    return new Set(
      transactions.filter(({ changes, event }) => changes.some((change) => isConflict(change, event.transaction.seen, this.#options))),
    );
  }

  /** Committed, or rolled back because of these transactions: somebody else's change is in their way. */
  async #together({ statements, first, transactions, checkpoint }: Batch): Promise<ReadonlySet<BufferedTransaction>> {
    const startedAt = performance.now();
    const connection = await this.#options.writer.ready();
    let results: readonly Result[];
    try {
      results = await connection.run(uncommittedText(checkpointStatement(checkpoint), statements));
    } catch (error) {
      const { code, outcome, refused } = toSyncError(error);
      // Another refusal is one transaction's, too: each is resolved, and the bad one is named.
      if (code !== 'ROW_CONFLICT' && outcome === 'stop' && transactions.length > 1) return new Set(transactions);
      if (code !== 'ROW_CONFLICT') throw error;
      return transactionsOf(transactions, [(refused.changes?.first ?? NaN) - first]);
    }
    const completed = this.#complete(connection, transactions);
    const [differ] = await Promise.all([differing(statements, results), completed]); // while the watermark is on its way
    for (const { changes, event } of transactions) requireTold(changes, event.transaction.seen, this.#options.peers);
    const unlike = differ.map((change) => change - first);
    const suspected = new Set([...transactionsOf(transactions, unlike), ...this.#clashing(transactions)]);
    if (suspected.size > 0) {
      await connection.rollback();
      return suspected;
    }
    await this.#commit(connection, startedAt, this.#options.files?.of(transactions) ?? null);
    return noneSuspected;
  }

  /** In their order: suspected ones are resolved, some of them in one target transaction; what lies between is tried together once more. */
  async #apart(transactions: readonly BufferedTransaction[], suspected: ReadonlySet<BufferedTransaction>): Promise<void> {
    if (suspected.size === 0) return;
    for (let from = 0; from < transactions.length;) {
      const found = transactions.findIndex((transaction, i) => i >= from && suspected.has(transaction));
      const suspectedAt = found < 0 ? transactions.length : found;
      await this.#again(transactions.slice(from, suspectedAt));
      const end = endOfGroup(transactions, suspectedAt, suspected);
      await this.#resolve(transactions.slice(suspectedAt, end));
      from = end;
    }
  }

  async #again(transactions: readonly BufferedTransaction[]): Promise<void> {
    const last = transactions.at(-1);
    if (!last) return;
    const builder = new StatementBuilder({ exact: true });
    for (const { changes } of transactions) for (const change of changes) builder.add(change);
    const batch = { statements: builder.take(), first: 0, transactions, checkpoint: last.checkpoint };
    await this.#apart(transactions, await this.#tried(batch));
  }

  /** What is refused in a group is tried alone: those before it take effect, and it is named. */
  async #resolve(group: readonly BufferedTransaction[]): Promise<void> {
    const [first] = group;
    if (!first) return;
    try {
      for (const { conflicts, transaction } of await this.#retried(group, () => this.#resolveTogether(group)))
        this.#options.onConflicts(conflicts, transaction);
    } catch (error) {
      const { code, outcome } = toSyncError(error);
      if (group.length > 1 && outcome === 'stop' && code !== 'TABLE_SUSPENDED') {
        for (const transaction of group) await this.#resolve([transaction]);
        return;
      }
      if (group.length > 1) throw error;
      throw nameFailure(error, first);
    }
  }

  async #resolveTogether(group: readonly BufferedTransaction[]): Promise<readonly Decided[]> {
    const startedAt = performance.now();
    const last = group.at(-1);
    if (!last) return [];
    const connection = await this.#begin(last.checkpoint);
    const resolver = new TransactionResolver(connection, this.#options);
    await resolver.lock(group.flatMap(({ changes }) => changes));
    const decided: Decided[] = [];
    for (const transaction of group) {
      await resolver.resolve(transaction.changes, transaction.event.transaction.seen);
      decided.push(resolver.record(transaction));
    }
    await resolver.write();
    await this.#commit(connection, startedAt, this.#taken(resolver.files, group));
    return decided;
  }

  /**
   * The locks are held. Where home wins, what it sends is taken in any case, so nothing must be known but what was dropped here: once for
   * each connection and table, which sees it itself when a table is altered behind that.
   */
  async #complete(connection: ApplyConnection, transactions: readonly BufferedTransaction[]): Promise<void> {
    const { rules, tables, peers } = this.#options;
    const taken = (change: Change): boolean => {
      const table = tables.of(change);
      return !table || (rules.sourceIsHome && homeWins(table.rule));
    };
    try {
      const { armed } = connection;
      const isNew = this.#dropsKnown.connection !== connection || this.#dropsKnown.armed !== armed;
      const isTold = isNew && transactions.some(({ changes }) => changes.some(({ target }) => tables.flowsBack(target)));
      await peers.complete(isTold || !transactions.every(({ changes }) => changes.every(taken)));
      this.#dropsKnown = { connection, armed };
    } catch (error) {
      await connection.rollback();
      throw error;
    }
  }

  #seen(transactions: readonly BufferedTransaction[]): void {
    const last = transactions.at(-1);
    if (last) this.#options.peers.discard(last.event.transaction.seen);
  }

  /** What is missing stays missing until it ends. */
  async #begin(checkpoint: Checkpoint): Promise<ApplyConnection> {
    const connection = await this.#options.writer.ready();
    await connection.run(openingText(checkpointStatement(checkpoint), { repeatable: true }));
    return connection;
  }

  #taken(decided: DecidedFiles | null, transactions: readonly WithFiles[]): TransactionFiles | null {
    return (decided && this.#options.files?.taken(decided, transactions)) ?? null;
  }

  async #commit(connection: ApplyConnection, startedAt: number, brought: TransactionFiles | null): Promise<void> {
    await commitPlaced({ connection, files: this.#options.files, brought });
    this.#options.writer.used();
    this.#options.writer.observe(startedAt);
  }

  /** Tried again on the spot, on a connection whose settings nobody has touched. `of`: the transactions that it is about. */
  async #retried<T>(of: readonly WithFiles[], work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        if (error instanceof FilesWanted) {
          await this.#options.writer.rollback();
          await this.#options.files?.fetch(error, of);
          continue;
        }
        await this.#options.writer.drop();
        const { code } = toSyncError(error);
        if (code === 'CAPTURE_BEHIND') await this.#options.peers.caughtUp();
        else if (isTransient(error) && attempt < busyTries) await delay(10 * 2 ** attempt * Math.random());
        else throw error;
      }
    }
  }
}
