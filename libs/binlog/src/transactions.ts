/**
 * Where a transaction begins and ends, and what stands between transactions. Its begin is given out with the first thing that belongs to
 * it, once; its commit only for what the server says is committed.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition, Position, SourceItem } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { readGtidEvent } from './gtid-event.js';
import type { GtidEvent } from './gtid-event.js';
import type { Place } from './place.js';
import { classify, readQueryEvent } from './statement.js';
import type { QueryEvent, Statement } from './statement.js';
import { statementText } from './statement-text.js';
import type { StatementText, TextFacts } from './statement-text.js';

type Ddl = Extract<SourceItem, { kind: 'ddl' }>;

/** A DDL statement whose character set the source must be asked for; `finish` takes its text, null where the bytes are none. */
export interface Undecoded {
  readonly kind: 'undecoded';
  readonly charset: string;
  readonly bytes: Buffer;
  readonly finish: (text: string | null) => Ddl;
}

export type ReadItem = SourceItem | Undecoded;

/** A transaction between its GTID (or BEGIN) and its end. */
interface Transaction extends GtidEvent {
  readonly at: FilePosition;
  readonly serverId: number;
  /** gtid: only its GTID was read · begun: its BEGIN too · open: its begin was given out */
  state: 'gtid' | 'begun' | 'open';
  hasRows: boolean;
}

export class Transactions {
  readonly #place: Place;
  readonly #facts: TextFacts;
  #now: Transaction | null = null;

  constructor(place: Place, facts: TextFacts) {
    this.#place = place;
    this.#facts = facts;
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
    this.#now = { ...gtid, at, serverId: event.serverId, state: gtid.begins ? 'begun' : 'gtid', hasRows: false };
  }

  /** @throws SyncError BINLOG_UNSUPPORTED for a statement that may change rows */
  query(event: BinlogEvent, at: FilePosition): readonly ReadItem[] {
    const query = readQueryEvent(event, this.#facts.flavor);
    const statement = classify(query.bytes.toString('latin1'), this.#facts.flavor);
    const transaction = this.#now;
    if (transaction !== null && transaction.state !== 'gtid') return this.#within(transaction, query, statement);
    switch (statement.kind) {
      case 'begin':
        return this.#begin(event, at);
      case 'temporary':
        return [...this.#begin(event, at), ...this.commit()];
      case 'create-table':
      case 'other':
        return this.#ddl(query, at);
      default:
        throw unsupported(statement);
    }
  }

  #within(transaction: Transaction, query: QueryEvent, statement: Statement): readonly ReadItem[] {
    switch (statement.kind) {
      case 'commit':
        return this.commit();
      case 'rollback':
        return this.#rollback(transaction);
      case 'savepoint':
      case 'temporary':
        return [];
      case 'create-table':
        return this.#createSelect(query, transaction);
    }
    throw unsupported(statement);
  }

  #begin(event: BinlogEvent, at: FilePosition): readonly SourceItem[] {
    const { timestamp, serverId } = event;
    this.#now ??= { gtid: null, commitTimeUs: timestamp * 1e6, begins: true, at, serverId, state: 'gtid', hasRows: false };
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
    const { gtid, at, commitTimeUs, serverId } = transaction;
    return [{ kind: 'begin', gtid, at, commitTimeUs, serverId }];
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

  #ddl(query: QueryEvent, at: FilePosition): readonly ReadItem[] {
    const gtid = this.#now?.gtid ?? null;
    const start = this.#now?.at ?? at;
    this.#close();
    return [this.#ddlItem(query, { gtid, at: start, end: this.#place.end })];
  }

  /**
   * CREATE TABLE … SELECT is one transaction: the CREATE, then rows. The ddl item comes before its begin; it has no GTID, and its end is
   * where the transaction starts, because its rows are still to come.
   */
  #createSelect(query: QueryEvent, { at, state }: Transaction): readonly ReadItem[] {
    if (state !== 'begun') throw new SyncError('BINLOG_UNSUPPORTED', 'a CREATE TABLE amid a transaction');
    const end: Position = { ...at, gtidSet: this.#place.end.gtidSet };
    return [this.#ddlItem(query, { gtid: null, at, end }), ...this.within('table')];
  }

  #ddlItem(query: QueryEvent, place: Pick<Ddl, 'gtid' | 'at' | 'end'>): ReadItem {
    const item = (text: StatementText): Ddl => ({ kind: 'ddl', database: query.database, ...text, ...place });
    const text = statementText(query, this.#facts);
    if (!('charset' in text)) return item(text);
    const { charset, bytes, finish } = text;
    return { kind: 'undecoded', charset, bytes, finish: (found) => item(finish(found)) };
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
