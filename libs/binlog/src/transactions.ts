/**
 * Where a transaction begins and ends, and what stands between transactions. Its begin is given out with the first thing that belongs to
 * it, once; its commit only for what the server says is committed.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition, Position, SourceItem, SourceSession } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { readGtidEvent } from './gtid-event.js';
import type { GtidEvent } from './gtid-event.js';
import type { Place } from './place.js';
import { sessionOf } from './session.js';
import type { SessionDefaults } from './session.js';
import { classify, readQueryEvent } from './statement.js';
import type { QueryEvent, Statement } from './statement.js';

/** A transaction between its GTID (or BEGIN) and its end. */
interface Transaction extends GtidEvent {
  readonly at: FilePosition;
  readonly serverId: number;
  session: SourceSession;
  /** gtid: only its GTID was read · begun: its BEGIN too · open: its begin was given out */
  state: 'gtid' | 'begun' | 'open';
  hasRows: boolean;
}

export class Transactions {
  readonly #place: Place;
  readonly #flavor: 'mysql' | 'mariadb';
  readonly #defaults: SessionDefaults;
  #now: Transaction | null = null;

  constructor(place: Place, flavor: 'mysql' | 'mariadb', defaults: SessionDefaults) {
    this.#place = place;
    this.#flavor = flavor;
    this.#defaults = defaults;
  }

  /** True from a GTID (or BEGIN) on to the end. */
  get isOpen(): boolean {
    return this.#now !== null;
  }

  /** Of the transaction that is open; null between two, and without GTIDs. */
  get gtidNow(): string | null {
    return this.#now?.gtid ?? null;
  }

  /** @throws SyncError BINLOG_DECODE */
  requireNone(): void {
    if (this.#now !== null) throw new SyncError('BINLOG_DECODE', 'a transaction has no end');
  }

  gtid(event: BinlogEvent, at: FilePosition): void {
    this.requireNone();
    const gtid = readGtidEvent(event);
    this.#now = {
      ...gtid,
      at,
      serverId: event.serverId,
      session: this.#defaults.session,
      state: gtid.begins ? 'begun' : 'gtid',
      hasRows: false,
    };
  }

  /** @throws SyncError BINLOG_UNSUPPORTED for a statement that may change rows */
  query(event: BinlogEvent, at: FilePosition): readonly SourceItem[] {
    const query = readQueryEvent(event, this.#flavor);
    const statement = classify(query.sql);
    const transaction = this.#now;
    if (transaction !== null && transaction.state !== 'gtid') return this.#within(transaction, query, statement);
    switch (statement.kind) {
      case 'begin':
        return this.#begin(event, at, query);
      case 'temporary':
        return [...this.#begin(event, at, query), ...this.commit()];
      case 'other':
        return this.#ddl(query, at);
      default:
        throw unsupported(statement);
    }
  }

  #within(transaction: Transaction, query: QueryEvent, statement: Statement): readonly SourceItem[] {
    switch (statement.kind) {
      case 'commit':
        return this.commit();
      case 'rollback':
        return this.#rollback(transaction);
      case 'savepoint':
      case 'temporary':
        return [];
      case 'create-select':
        return this.#createSelect(query, transaction);
      case 'other':
        // MariaDB's CREATE TABLE … SELECT has no mark at its end
        if (statement.keyword === 'CREATE' && this.#flavor === 'mariadb') return this.#createSelect(query, transaction);
    }
    throw unsupported(statement);
  }

  #begin(event: BinlogEvent, at: FilePosition, { status }: QueryEvent): readonly SourceItem[] {
    const { timestamp, serverId } = event;
    const session = sessionOf(status, this.#defaults);
    this.#now ??= { gtid: null, commitTimeUs: timestamp * 1e6, begins: true, at, serverId, session, state: 'gtid', hasRows: false };
    this.#now.session = session;
    this.#now.state = 'begun';
    return [];
  }

  /** Something of a transaction is here: its begin, unless it was given out. @throws SyncError BINLOG_DECODE */
  within(what: 'table' | 'rows' | 'commit'): SourceItem[] {
    const transaction = this.#now;
    if (transaction === null || transaction.state === 'gtid') {
      throw new SyncError('BINLOG_DECODE', `a ${what} event outside a transaction`);
    }
    if (what === 'rows') transaction.hasRows = true;
    if (transaction.state === 'open') return [];
    transaction.state = 'open';
    const { gtid, at, commitTimeUs, serverId, session } = transaction;
    return [{ kind: 'begin', gtid, at, commitTimeUs, serverId, session }];
  }

  commit(): readonly SourceItem[] {
    const items = this.within('commit');
    this.#close();
    return [...items, { kind: 'commit', end: this.#place.end }];
  }

  /** Written when a transaction was rolled back that had also changed what cannot be: which of its rows are in force is not said. */
  #rollback(transaction: Transaction): readonly SourceItem[] {
    if (!transaction.hasRows) return this.commit();
    const message = 'a transaction with rows ends in ROLLBACK: it changed a table whose engine has no transactions';
    throw new SyncError('BINLOG_UNSUPPORTED', message);
  }

  #ddl({ database, sql }: QueryEvent, at: FilePosition): readonly SourceItem[] {
    const gtid = this.#now?.gtid ?? null;
    const start = this.#now?.at ?? at;
    this.#close();
    return [{ kind: 'ddl', gtid, database, sql, at: start, end: this.#place.end }];
  }

  /**
   * CREATE TABLE … SELECT is one transaction: the CREATE, then rows. The ddl item comes before its begin; it has no GTID, and its end is
   * where the transaction starts, because its rows are still to come.
   */
  #createSelect({ database, sql }: QueryEvent, { at, state }: Transaction): readonly SourceItem[] {
    if (state !== 'begun') throw new SyncError('BINLOG_UNSUPPORTED', 'a CREATE TABLE amid a transaction');
    const end: Position = { ...at, gtidSet: this.#place.end.gtidSet };
    return [{ kind: 'ddl', gtid: null, database, sql, at, end }, ...this.within('table')];
  }

  #close(): void {
    this.#place.read(this.#now?.gtid ?? null);
    this.#now = null;
  }
}

function unsupported({ keyword }: Statement): SyncError {
  const what = keyword === 'XA' ? 'an XA transaction' : `a ${keyword === '' ? 'statement' : `${keyword} statement`} that may change rows`;
  return new SyncError('BINLOG_UNSUPPORTED', `the binlog holds ${what} (statement-based or unknown)`);
}
