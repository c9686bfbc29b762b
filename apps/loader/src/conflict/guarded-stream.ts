/**
 * A huge source transaction, written while it arrives: what it fights for is kept until its end, and held against the window before COMMIT. If something was changed on both
 * sides it is rolled back and comes once more from its first row, settled row by row. It opens, gets its rows in pieces, closes.
 */
import { checkpointStatement, openingStatement } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import type { RowEvent } from '@lutra/model';
import { closingText, openingText } from '@lutra/mysql';
import type { ApplyConnection, Change, SqlText } from '@lutra/mysql';
import type { GuardOptions, Member } from './guard.js';
import { resourcesOf } from './resources.js';
import type { Settlement } from './settlement.js';
import { settleAll, settlementIn, writeDecisions } from './settling.js';

interface Open {
  readonly connection: ApplyConnection;
  readonly event: RowEvent;
  /** Null: its statements are given. */
  readonly settlement: Settlement | null;
  readonly resources: Set<string>;
}

export class GuardedStream {
  readonly #options: GuardOptions;
  #open: Open | null = null;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** `settled`: row by row, because it met a conflict before. */
  async open({ event, settled }: { readonly event: RowEvent; readonly settled: boolean }): Promise<void> {
    const { peers, writer, key } = this.#options;
    const { origin, path } = event.source;
    await peers.open([event.transaction.seen]);
    const connection = await writer.ready();
    await connection.run(openingText(openingStatement({ ...key, origin, path }), { repeatable: settled }));
    const settlement = settled ? settlementIn(connection, this.#options, event) : null;
    this.#open = { connection, event, settlement, resources: new Set() };
  }

  async chunk(rows: SqlText, changes: readonly Change[]): Promise<void> {
    const { connection, settlement, resources } = this.#stream;
    if (settlement) return settleAll(settlement, this.#options, changes);
    for (const change of changes) this.#keep(change, resources);
    try {
      await connection.run(rows);
    } catch (error) {
      throw toSyncError(error).code === 'ROW_CONFLICT' ? await unsettled(connection) : error;
    }
  }

  /** Its last rows, its position, COMMIT. @throws SyncError ROW_CONFLICT with `unsettled`, and as Guard.commit */
  async close(last: Member & { readonly statements: SqlText }): Promise<void> {
    await this.chunk(last.statements, last.changes);
    const { connection, settlement, resources, event } = this.#stream;
    const { peers, writer, onConflicts } = this.#options;
    if (!settlement) {
      await peers.complete(true);
      for (const resource of resources)
        if (peers.changedAfter(resource, event.transaction.seen) !== null) throw await unsettled(connection);
    }
    const conflicts = settlement ? await writeDecisions(settlement, this.#options, { ...last, connection }) : [];
    await connection.run(closingText({ sql: '', marks: [] }, checkpointStatement(last.checkpoint)));
    writer.used();
    this.#open = null;
    onConflicts(conflicts);
    peers.forget(last.event.transaction.seen);
  }

  /** It is void, or failed. */
  forget(): void {
    this.#open = null;
  }

  #keep(change: Change, resources: Set<string>): void {
    const { tables, rules } = this.#options;
    const table = tables.of(change);
    if (!table) return;
    for (const { resource, primary } of resourcesOf(table.keys, change)) if (primary || rules.targetIsHome) resources.add(resource);
  }

  get #stream(): Open {
    if (this.#open) return this.#open;
    throw new SyncError('INTERNAL', 'rows of a transaction that was not opened');
  }
}

async function unsettled(connection: ApplyConnection): Promise<SyncError> {
  await connection.rollback();
  return new SyncError('ROW_CONFLICT', 'rows of a huge transaction were changed on both sides', { details: { unsettled: true } });
}
