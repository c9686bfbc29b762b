/**
 * A row of the log → the change of its row at the target: whether it is this pipeline's, which table it is written to, and what is left out
 * of it. In the open transaction of its source.
 */
import { sameSession, tableName } from '@lutra/model';
import type { RowEvent, SourceSession, TableSchema } from '@lutra/model';
import type { Change, TargetTable, Under } from '@lutra/mysql';
import { nameRow } from '../commit/failure.js';
import type { LeftOutRows } from '../plan/left-out-rows.js';
import { OwnSession } from '../plan/own-session.js';
import { rowWithout } from '../plan/rows-by-name.js';
import type { LeftOut } from '../plan/rows-by-name.js';
import { refusedFor } from '../plan/table-matcher.js';
import type { Matched, TableMatcher } from '../plan/table-matcher.js';
import type { Seeding } from '../seed/seeding.js';
import { changeOf, replacing } from './changes.js';
import type { Images } from './changes.js';
import { isForUs } from './own-path.js';
import type { OwnPath } from './own-path.js';
import type { SourceTransaction } from './source-transaction.js';
import type { SourceTransactions } from './source-transactions.js';

export interface RowChangesOptions extends OwnPath {
  readonly tables: Pick<TableMatcher, 'targetOf'>;
  /** Another pipeline forwards what this one writes. */
  readonly forwarded: boolean;
  /** Null: nothing comes back from the target, so nothing is left out. */
  readonly leftOut: Pick<LeftOutRows, 'note'> | null;
  readonly seeding: Pick<Seeding, 'replaces' | 'hasClashed' | 'isInRows'>;
}

interface Around {
  readonly source: Pick<SourceTransactions, 'streaming' | 'skips' | 'refused'>;
  /** What chunks have left out is known when it resolves. */
  chunksWritten(): Promise<void>;
}

/** Null: the row is not this pipeline's. gone: nothing of it is written, or it is skipped with its transaction. */
export type RowChange = Change | 'gone' | null;

export class RowChanges {
  readonly #options: RowChangesOptions;
  readonly #around: Around;
  readonly #ownSession: OwnSession | null;
  /** Of the open transaction. */
  #session: SourceSession | null = null;
  #under: Under = { session: null, flags: 0 };

  constructor(options: RowChangesOptions, around: Around) {
    this.#options = options;
    this.#around = around;
    this.#ownSession = options.forwarded ? new OwnSession('what is forwarded from here is written without it') : null;
  }

  /** Of the row that came last. A promise only where something is waited for. @throws SyncError that names the row */
  of(table: TableSchema, open: SourceTransaction): RowChange | Promise<RowChange> {
    this.#enter(open.event);
    const { seeding, tables } = this.#options;
    try {
      if (seeding.isInRows(table, open.position) || !this.#isForUs(table, open)) return null;
      const matched = tables.targetOf(table, { seen: open.event.transaction.seen, isOpen: this.#around.source.streaming });
      if (matched === null) return null;
      if (matched instanceof Promise || matched.target === null || matched.left || matched.refused || seeding.replaces(table))
        return this.#later(matched, table, open);
      return this.#checked(changeOf(open.event, this.#at(matched)));
    } catch (error) {
      return this.#refused(error, table, open);
    }
  }

  /** Where the table is not known yet, something is left out of its rows, or rows of it may not have come. */
  async #later(matching: ReturnType<TableMatcher['targetOf']>, table: TableSchema, open: SourceTransaction): Promise<RowChange> {
    const { event } = open;
    try {
      const matched = await matching;
      if (!matched) return null;
      const images = matched.left ? await this.#kept(matched.left, open) : event;
      if (matched.target === null) return 'gone';
      const { target, refused } = matched;
      if (refused && event.op !== 'u' && event.op !== 'd') throw refusedFor(refused, table);
      const at = this.#at(matched);
      const isReplaced = target.primaryKey.length > 0 && this.#options.seeding.replaces(table);
      return this.#checked(isReplaced ? replacing(images, { ...at, isBlind: await this.#isBlind(table, target) }) : changeOf(images, at));
    } catch (error) {
      return this.#refused(error, table, open);
    }
  }

  #at({ source, target }: Matched): { readonly source: TableSchema; readonly target: TargetTable; readonly under: Under } {
    return { source, target, under: this.#under };
  }

  #checked(change: Change): Change {
    this.#ownSession?.require(change);
    return change;
  }

  /** The same object as long as the session is the same: texts of statements are kept by it. */
  #enter({ source: { flags }, transaction: { totalOrder, session } }: RowEvent): void {
    if (totalOrder === 1 && !(session && this.#session && sameSession(session, this.#session))) this.#session = session;
    if (this.#under.flags !== flags || this.#under.session !== this.#session) this.#under = { session: this.#session, flags };
  }

  /** @throws SyncError that names the row, unless it is skipped with its transaction */
  async #refused(error: unknown, table: TableSchema, open: SourceTransaction): Promise<'gone'> {
    const { op, before, after } = open.event;
    const named = nameRow(error, { source: table, target: table, before, after });
    if (named.outcome === 'stop' && this.#around.source.skips({ op: op === 'r' ? 'c' : op, before, after, target: table })) return 'gone';
    throw await this.#around.source.refused(named, open);
  }

  /** The row without what is left out of it. */
  async #kept(left: LeftOut, { event, position }: SourceTransaction): Promise<Images> {
    await this.#options.leftOut?.note(left, { event, position });
    const { op, before, after } = event;
    const names = left.columns ?? [];
    return { op, before: rowWithout(before, names), after: rowWithout(after, names) };
  }

  /**
   * Nobody needs to look at the row first. Counter-example for any table: a row is listed because another one holds its unique value; a
   * change brings it, and it stays listed. Without unique values nothing is left out.
   */
  async #isBlind(table: TableSchema, { uniqueKeys }: TargetTable): Promise<boolean> {
    if (uniqueKeys.length === 0) return true;
    await this.#around.chunksWritten();
    return !this.#options.seeding.hasClashed(table);
  }

  #isForUs(table: TableSchema, { event, position: { seq } }: SourceTransaction): boolean {
    return isForUs({ what: `a transaction of ${tableName(table)}`, path: event.source.path, seq }, this.#options);
  }
}
