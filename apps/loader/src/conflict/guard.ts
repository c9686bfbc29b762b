/**
 * Applies source transactions where the target takes writes of its own. The naive way compares before images; counter-example: A writes v0 → a → v0 while B writes v0 → b. At A
 * the row is what B says it was, so A takes b; at B home wins, B ends with v0.
 *
 * So: write, but do not commit; the locks are held now. Ask the target's capture to publish all that was committed before (watermark), and read it. Whatever anyone did
 * to these rows and unique values before is known then, and what comes later waits for our locks. No conflict: COMMIT. Else ROLLBACK, and each
 * source transaction comes alone; the one that meets the conflict is settled row by row (settlement.ts). docs/decisions/0008-conflicts.md has the whole protocol.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { checkpointStatement, openingStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import type { ControlRecord, RowEvent } from '@lutra/model';
import { closingText, openingText, StatementBuilder, uncommittedText } from '@lutra/mysql';
import type { ApplyConnection, Change, SqlText } from '@lutra/mysql';
import { nameFailure } from '../failure.js';
import type { Place } from '../log-reader.js';
import type { CheckpointKey, TargetWriter } from '../target-writer.js';
import { conflictText } from './conflict-record.js';
import type { Conflict } from './conflict-record.js';
import type { Peers } from './peers.js';
import { applyRemedy } from './remedy.js';
import type { RemedyTables } from './remedy.js';
import { resourcesOf } from './resources.js';
import type { RuleBook } from './rules.js';
import { Settlement } from './settlement.js';
import type { Concurrent } from './settlement.js';
import type { GuardedTable, TableBook } from './table-book.js';

/** One source transaction, whole. */
export interface Member {
  readonly changes: readonly Change[];
  /** Its last row. */
  readonly event: RowEvent;
  readonly place: Place;
  /** With which it is committed if it is committed alone. */
  readonly checkpoint: Checkpoint;
}

export interface GuardOptions {
  readonly writer: Pick<TargetWriter, 'ready' | 'used' | 'drop'>;
  readonly key: CheckpointKey;
  readonly rules: RuleBook;
  readonly tables: TableBook;
  readonly remedyTables: RemedyTables;
  readonly peers: Peers;
  /** Committed. */
  onConflicts(conflicts: readonly Conflict[]): void;
}

type Remedy = Extract<ControlRecord, { kind: 'remedy' }>;
type Connection = ApplyConnection;

/** A huge transaction, written while it arrives. */
interface Streamed {
  readonly connection: Connection;
  readonly settlement: Settlement | null;
  readonly resources: Map<string, { table: GuardedTable; primary: boolean }>;
  seen: RowEvent['transaction']['seen'];
}

const busyTries = 8;

export class Guard {
  readonly #options: GuardOptions;
  #streamed: Streamed | null = null;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /**
   * Commits source transactions whose statements are given, in one target transaction; or one by one, where some met a conflict.
   * @throws SyncError ROW_CONFLICT (policy stop), CAPTURE_BEHIND, CONFLICT_WINDOW_LOST, and as TargetWriter.commit
   */
  async commit(batch: {
    readonly statements: SqlText;
    readonly members: readonly Member[];
    readonly checkpoint: Checkpoint;
  }): Promise<void> {
    const { members, checkpoint } = batch;
    await this.#options.peers.open(members.map(({ event }) => event.transaction.seen));
    if (await this.#retried(() => this.#together(batch))) return this.#seen(members);
    if (members.length > 1) {
      for (const member of members) await this.#alone(member);
    } else if (members[0]) await this.#settleAlone({ ...members[0], checkpoint });
    this.#seen(members);
  }

  /** What home made of a row. */
  async remedy(remedy: Remedy, checkpoint: Checkpoint): Promise<void> {
    const { peers, remedyTables } = this.#options;
    await peers.open([remedy.seen]);
    await this.#retried(async () => {
      const connection = await this.#begin(checkpoint);
      await applyRemedy({ connection, peers, tables: remedyTables }, remedy);
      await this.#commit(connection);
    });
  }

  /** Begins a transaction that is written while it arrives. `settled`: row by row, because it met a conflict before. */
  async open(of: { readonly event: RowEvent; readonly settled: boolean }): Promise<void> {
    const { origin, path } = of.event.source;
    await this.#options.peers.open([of.event.transaction.seen]);
    const connection = await this.#options.writer.ready();
    await connection.run(openingText(openingStatement({ ...this.#options.key, origin, path }), { repeatable: of.settled }));
    const settlement = of.settled ? this.#settlement(connection, of.event.transaction.seen) : null;
    this.#streamed = { connection, settlement, resources: new Map(), seen: of.event.transaction.seen };
  }

  async chunk(rows: SqlText, changes: readonly Change[]): Promise<void> {
    const { connection, settlement, resources } = this.#stream();
    if (settlement) return this.#settleChanges(settlement, changes);
    for (const change of changes) {
      const table = this.#options.tables.of(change);
      if (!table) continue;
      for (const { resource, primary } of resourcesOf(table.keys, change)) resources.set(resource, { table, primary });
    }
    try {
      await connection.run(rows);
    } catch (error) {
      throw toSyncError(error).code === 'ROW_CONFLICT' ? await unsettled(connection) : error;
    }
  }

  async close(last: Member & { readonly statements: SqlText }): Promise<void> {
    await this.chunk(last.statements, last.changes);
    const { connection, settlement, resources, seen } = this.#stream();
    if (!settlement) {
      await this.#options.peers.complete(true);
      const clash = [...resources].some(
        ([resource, { primary }]) =>
          (primary || this.#options.rules.targetIsHome) && this.#options.peers.changedAfter(resource, seen) !== null,
      );
      if (clash) throw await unsettled(connection);
    }
    const conflicts = settlement ? await this.#finish(connection, settlement, last) : [];
    await connection.run(closingText({ sql: '', marks: [] }, checkpointStatement(last.checkpoint)));
    this.#options.writer.used();
    this.#streamed = null;
    this.#options.onConflicts(conflicts);
    this.#seen([last]);
  }

  /** The huge transaction is void or failed. */
  forget(): void {
    this.#streamed = null;
  }

  /** True when committed; false: somebody else's change is in the way. */
  async #together({
    statements,
    members,
    checkpoint,
  }: {
    statements: SqlText;
    members: readonly Member[];
    checkpoint: Checkpoint;
  }): Promise<boolean> {
    const connection = await this.#options.writer.ready();
    try {
      await connection.run(uncommittedText(checkpointStatement(checkpoint), statements));
    } catch (error) {
      if (toSyncError(error).code === 'ROW_CONFLICT') return false;
      throw error;
    }
    await this.#complete(connection, members);
    if (members.some((member) => this.#clashes(member))) {
      await connection.rollback();
      return false;
    }
    await this.#commit(connection);
    return true;
  }

  async #alone(member: Member): Promise<void> {
    const builder = new StatementBuilder({ exact: true });
    for (const change of member.changes) builder.add(change);
    const { checkpoint } = member;
    if (await this.#retried(() => this.#together({ statements: builder.take(), members: [member], checkpoint }))) return;
    await this.#settleAlone(member);
  }

  async #settleAlone(member: Member): Promise<void> {
    try {
      this.#options.onConflicts(await this.#retried(() => this.#settle(member)));
    } catch (error) {
      const { event, place } = member;
      throw nameFailure(error, { changes: { first: 0, list: [] }, log: place.log, seq: place.seq, event, alone: true });
    }
  }

  async #settle(member: Member): Promise<readonly Conflict[]> {
    const connection = await this.#begin(member.checkpoint);
    const settlement = this.#settlement(connection, member.event.transaction.seen);
    await this.#settleChanges(settlement, member.changes);
    const conflicts = await this.#finish(connection, settlement, member);
    await this.#commit(connection);
    return conflicts;
  }

  async #settleChanges(settlement: Settlement, changes: readonly Change[]): Promise<void> {
    await settlement.lock(changes);
    await this.#options.peers.complete(true);
    for (const change of changes) await settlement.settle(change);
  }

  /** Writes down what was decided. */
  async #finish(connection: Connection, settlement: Settlement, { event, place }: Member): Promise<readonly Conflict[]> {
    const conflicts = settlement.takeConflicts();
    const of = { pipeline: this.#options.key.pipeline, place, event, final: this.#options.rules.targetIsHome || this.#options.peers.none };
    for (const conflict of conflicts) await connection.run(conflictText([conflict], of));
    await settlement.writeRemedies();
    return conflicts;
  }

  #settlement(connection: Connection, seen: RowEvent['transaction']['seen']): Settlement {
    const { rules, tables, key } = this.#options;
    return new Settlement({
      connection,
      rules,
      tables,
      pipeline: key.pipeline,
      concurrent: (change, table) => this.#concurrent(change, table, seen),
    });
  }

  #clashes({ changes, event }: Member): boolean {
    return changes.some((change) => {
      const table = this.#options.tables.of(change);
      if (!table) return false;
      const { primary, unique } = this.#concurrent(change, table, event.transaction.seen);
      return primary !== null || (unique !== null && this.#options.rules.targetIsHome);
    });
  }

  #concurrent(change: Change, { keys }: GuardedTable, seen: RowEvent['transaction']['seen']): Concurrent {
    let primary: number | null = null;
    let unique: number | null = null;
    for (const found of resourcesOf(keys, change)) {
      const seq = this.#options.peers.changedAfter(found.resource, seen);
      if (seq === null) continue;
      if (found.primary) primary = Math.max(primary ?? -1, seq);
      else unique = Math.max(unique ?? -1, seq);
    }
    return { primary, unique };
  }

  /** The locks are held. What home sends to a table with policy `home` is taken in any case, so nothing must be known. */
  async #complete(connection: Connection, members: readonly Member[]): Promise<void> {
    const { rules, tables, peers } = this.#options;
    const taken = (change: Change): boolean => {
      const table = tables.of(change);
      return !table || (rules.sourceIsHome && table.rule.policy === 'home');
    };
    try {
      await peers.complete(!members.every(({ changes }) => changes.every(taken)));
    } catch (error) {
      await connection.rollback();
      throw error;
    }
  }

  async #begin(checkpoint: Checkpoint): Promise<Connection> {
    const connection = await this.#options.writer.ready();
    await connection.run(openingText(checkpointStatement(checkpoint), { repeatable: true }));
    return connection;
  }

  async #commit(connection: Connection): Promise<void> {
    await connection.commit();
    this.#options.writer.used();
  }

  /** What the server rolled back because of others is tried again on the spot, on a connection whose settings nobody has touched. */
  async #retried<T>(work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        await this.#options.writer.drop();
        if (toSyncError(error).code !== 'TARGET_BUSY' || attempt === busyTries) throw error;
        await delay(10 * 2 ** attempt * Math.random());
      }
    }
  }

  #seen(members: readonly Member[]): void {
    const last = members.at(-1);
    if (last) this.#options.peers.forget(last.event.transaction.seen);
  }

  #stream(): Streamed {
    if (this.#streamed) return this.#streamed;
    throw new SyncError('INTERNAL', 'rows of a transaction that was not opened');
  }
}

async function unsettled(connection: Connection): Promise<SyncError> {
  await connection.rollback();
  return new SyncError('ROW_CONFLICT', 'rows of a huge transaction were changed on both sides', { details: { unsettled: true } });
}
