/**
 * Where a transaction begins and ends, and what stands between transactions. Its begin is given out with the first thing that belongs to
 * it, once; its commit only for what the server says is committed.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition, Position, SourceItem, SourceSession, TableName } from '@lutra/model';
import type { BinlogEvent } from './event.js';
import { readGtidEvent } from './gtid-event.js';
import type { GtidEvent } from './gtid-event.js';
import type { PositionTracker } from './position-tracker.js';
import { ddlSession } from './ddl-session.js';
import { sessionOf } from './session.js';
import type { SessionDefaults } from './session.js';
import { classify, emptiedTable, readQueryEvent } from './statement.js';
import type { QueryEvent, Statement } from './statement.js';
import { statementText } from './statement-text.js';
import type { StatementText, TextFacts } from './statement-text.js';
import { PreparedTransactions, readXaPrepare } from './xa.js';
import type { HeldRows, PreparedTransaction } from './xa.js';

type Rows = Extract<SourceItem, { kind: 'rows' }>;
type Ddl = Extract<SourceItem, { kind: 'ddl' }>;
type StatementItem = Extract<SourceItem, { kind: 'statement' }>;

/** A DDL statement whose character set the source must be asked for; `finish` takes its text, null where the bytes are none. */
export interface Undecoded {
  readonly kind: 'undecoded';
  readonly charset: string;
  readonly bytes: Buffer;
  readonly finish: (text: string | null) => Ddl;
}

/** What an XA COMMIT puts in force and is not here: the begin and the rows that come before its commit. */
export interface Elsewhere {
  readonly kind: 'elsewhere';
  readonly xid: string;
  /** Where it was prepared; null: before we read. */
  readonly start: FilePosition | null;
  /** Of the XA COMMIT. */
  readonly begin: Omit<Extract<SourceItem, { kind: 'begin' }>, 'session'>;
}

export type ReadItem = SourceItem | Undecoded | Elsewhere;

interface Prepared {
  readonly session: SourceSession;
  readonly rows: HeldRows;
  readonly start: FilePosition;
}

/** A transaction between its GTID (or BEGIN) and its end. */
interface Transaction extends GtidEvent {
  readonly at: FilePosition;
  readonly serverId: number;
  session: SourceSession;
  /** gtid: only its GTID was read · begun: its BEGIN too · open: its begin was given out */
  state: 'gtid' | 'begun' | 'open';
  /** Some that are wanted. */
  hasRows: boolean;
  /** An XA transaction: its rows are not in force yet. */
  isXa: boolean;
  /**
   * A statement that a restarted server may have written to empty a MEMORY table: then a COMMIT that is no event of InnoDB follows, and
   * nothing else.
   */
  emptied: { readonly item: StatementItem; readonly table: TableName } | null;
}

export interface TransactionsOptions {
  readonly tracker: PositionTracker;
  readonly facts: TextFacts;
  readonly defaults: SessionDefaults;
  /** Null: an XA transaction's rows are held until it is committed. An xid: those of this one are given out, whatever comes of it. */
  readonly rereads: string | null;
  onPrepared(prepared: readonly PreparedTransaction[]): void;
}

export class Transactions {
  readonly #tracker: PositionTracker;
  readonly #facts: TextFacts;
  readonly #defaults: SessionDefaults;
  readonly #rereads: string | null;
  readonly #prepared: PreparedTransactions;
  #now: Transaction | null = null;

  constructor({ tracker, facts, defaults, rereads, onPrepared }: TransactionsOptions) {
    this.#tracker = tracker;
    this.#facts = facts;
    this.#defaults = defaults;
    this.#rereads = rereads;
    this.#prepared = new PreparedTransactions(onPrepared);
  }

  /** True from a GTID (or BEGIN) on to the end. */
  get isOpen(): boolean {
    return this.#now !== null;
  }

  /** Of the transaction that is open; null between two, and without GTIDs. */
  get gtidNow(): string | null {
    return this.#now?.gtid ?? null;
  }

  /** Rows of prepared XA transactions: they stand in the binlog. */
  discardHeld(): void {
    this.#prepared.discardRows();
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
      isXa: gtid.prepares,
      emptied: null,
    };
  }

  /** @throws SyncError BINLOG_UNSUPPORTED for a statement that may change rows */
  query(event: BinlogEvent, at: FilePosition): readonly ReadItem[] {
    const query = readQueryEvent(event, this.#facts.flavor);
    const statement = classify(query.bytes.toString('latin1'), this.#facts.flavor);
    const transaction = this.#now;
    if (transaction !== null && transaction.state !== 'gtid') return this.#within(transaction, { query, at }, statement);
    switch (statement.kind) {
      case 'begin':
        return this.#begin(event, at, query);
      case 'xa-start':
        this.#begin(event, at, query);
        this.#now!.isXa = true;
        return [];
      case 'xa-commit':
      case 'xa-rollback':
        return this.#decide(event, at, statement);
      case 'temporary':
        return [...this.#begin(event, at, query), ...this.commit()];
      case 'rows': {
        const item = this.#statement(query, statement, at);
        return [item, ...this.#nothing()];
      }
      case 'create-table':
      case 'other':
        return this.#ddl(query, at);
      case 'commit':
      case 'rollback':
      case 'savepoint':
      case 'xa-end':
      case 'change':
        throw unsupported(statement);
    }
  }

  #within(transaction: Transaction, { query, at }: { query: QueryEvent; at: FilePosition }, statement: Statement): readonly ReadItem[] {
    const { emptied } = transaction;
    transaction.emptied = null;
    if (emptied && statement.kind === 'commit') return [{ ...emptied.item, tables: [emptied.table] }, ...this.commit()];
    return [...(emptied ? [emptied.item] : []), ...this.#next(transaction, { query, at }, statement)];
  }

  #next(transaction: Transaction, { query, at }: { query: QueryEvent; at: FilePosition }, statement: Statement): readonly ReadItem[] {
    switch (statement.kind) {
      case 'rows': {
        const item = this.#statement(query, statement, at);
        const table = emptiedTable(query);
        if (table === null) return [item];
        transaction.emptied = { item, table };
        return [];
      }
      case 'commit':
        return this.commit();
      case 'rollback':
        return this.#rollback(transaction);
      case 'xa-rollback':
        if (transaction.hasRows) return this.#rollback(transaction);
        this.#prepared.takeOpen(transaction.session);
        return this.#nothing();
      case 'xa-end':
      case 'savepoint':
      case 'temporary':
        return [];
      case 'create-table':
        return this.#createSelect(query, transaction);
      case 'begin':
      case 'xa-start':
      case 'xa-commit':
      case 'change':
      case 'other':
        // without rows that are wanted, none are taken back
        if (statement.keyword === 'ROLLBACK TO' && !transaction.hasRows) return [];
        throw unsupported(statement);
    }
  }

  #statement({ status }: QueryEvent, { keyword }: Statement, at: FilePosition): StatementItem {
    const { databases } = status;
    const tables = databases?.length ? databases.map((database) => ({ database, name: '*' })) : null;
    return { kind: 'statement', keyword, tables, gtid: this.gtidNow, at };
  }

  #begin(event: BinlogEvent, at: FilePosition, { status }: QueryEvent): readonly SourceItem[] {
    const { timestamp, serverId } = event;
    const session = sessionOf(status, this.#defaults);
    this.#now ??= {
      gtid: null,
      commitTimeUs: timestamp * 1e6,
      begins: true,
      prepares: false,
      at,
      serverId,
      session,
      state: 'gtid',
      hasRows: false,
      isXa: false,
      emptied: null,
    };
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
    const before = transaction.emptied ? [transaction.emptied.item] : [];
    transaction.emptied = null;
    if (transaction.state === 'open') return before;
    transaction.state = 'open';
    if (transaction.isXa && this.#rereads === null) return before;
    const { gtid, at, commitTimeUs, serverId, session } = transaction;
    return [...before, { kind: 'begin', gtid, at, commitTimeUs, serverId, session }];
  }

  /** Rows of the open transaction, where they are in force. */
  rows(rows: Rows): readonly SourceItem[] {
    const transaction = this.#now;
    const items = this.within('rows');
    if (transaction) transaction.hasRows = true;
    if (transaction?.isXa !== true) return [...items, rows];
    // What cannot be read is told here, not when they are asked for.
    const read = { ...rowsFacts(rows), rows: rows.rows };
    if (this.#rereads !== null) return [...items, read];
    this.#prepared.hold(read);
    return [];
  }

  /** XA PREPARE, or XA COMMIT … ONE PHASE: only here a transaction says which one it is. @throws SyncError BINLOG_DECODE */
  prepare(event: BinlogEvent): readonly ReadItem[] {
    const transaction = this.#now;
    if (transaction?.isXa !== true || transaction.state === 'gtid')
      throw new SyncError('BINLOG_DECODE', 'an XA PREPARE outside an XA transaction');
    const { xid, onePhase } = readXaPrepare(event.body);
    if (this.#rereads !== null) {
      if (xid !== this.#rereads) throw new SyncError('BINLOG_DECODE', `XA transaction ${xid} where ${this.#rereads} was prepared`);
      return this.commit();
    }
    const { session, gtid, at, commitTimeUs, serverId } = transaction;
    const held = this.#prepared.takeOpen(session);
    if (onePhase) return this.#inForce({ kind: 'begin', gtid, at, commitTimeUs, serverId }, xid, { ...held, start: at });
    this.#prepared.add({ xid, gtid, ...at, sinceMs: Math.floor(commitTimeUs / 1000) }, held);
    return this.#nothing();
  }

  #decide(event: BinlogEvent, at: FilePosition, { kind, xid = '' }: Statement): readonly ReadItem[] {
    const { gtid = null, commitTimeUs = event.timestamp * 1e6, at: start = at, serverId = event.serverId } = this.#now ?? {};
    const prepared = this.#prepared.take(xid);
    if (kind === 'xa-rollback') return this.#nothing();
    return this.#inForce({ kind: 'begin', gtid, at: start, commitTimeUs, serverId }, xid, prepared);
  }

  #inForce(begin: Elsewhere['begin'], xid: string, prepared: Prepared | undefined): readonly ReadItem[] {
    this.#close();
    const commit = { kind: 'commit', end: this.#tracker.end } as const;
    if (prepared?.rows) return [{ ...begin, session: prepared.session }, ...prepared.rows, commit];
    return [{ kind: 'elsewhere', xid, start: prepared?.start ?? null, begin }, commit];
  }

  /** What was read changed nothing so far. */
  #nothing(): readonly SourceItem[] {
    this.#close();
    return [{ kind: 'heartbeat', end: this.#tracker.end }];
  }

  commit(): readonly SourceItem[] {
    if (this.#now?.isXa === true && this.#rereads === null)
      throw new SyncError('BINLOG_DECODE', 'an XA transaction ends in a plain COMMIT');
    const items = this.within('commit');
    this.#close();
    return [...items, { kind: 'commit', end: this.#tracker.end }];
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
    return [this.#ddlItem(query, { gtid, at: start, end: this.#tracker.end, rowsFollow: false })];
  }

  /**
   * CREATE TABLE … SELECT is one transaction: the CREATE, then rows. The ddl item comes before its begin, and its end is where the
   * transaction starts, because its rows are still to come.
   */
  #createSelect(query: QueryEvent, { at, gtid, state }: Transaction): readonly ReadItem[] {
    if (state !== 'begun') throw new SyncError('BINLOG_UNSUPPORTED', 'a CREATE TABLE amid a transaction');
    const end: Position = { ...at, gtidSet: this.#tracker.end.gtidSet };
    return [this.#ddlItem(query, { gtid, at, end, rowsFollow: true }), ...this.within('table')];
  }

  #ddlItem(query: QueryEvent, where: Pick<Ddl, 'gtid' | 'at' | 'end' | 'rowsFollow'>): ReadItem {
    const item = (text: StatementText): Ddl => ({
      kind: 'ddl',
      database: query.database,
      ...text,
      ...ddlSession(query, text, { ...this.#defaults, ...this.#facts }),
      ...where,
    });
    const text = statementText(query, this.#facts);
    if (!('charset' in text)) return item(text);
    const { charset, bytes, finish } = text;
    return { kind: 'undecoded', charset, bytes, finish: (found) => item(finish(found)) };
  }

  #close(): void {
    this.#tracker.read(this.#now?.gtid ?? null);
    this.#now = null;
  }
}

function rowsFacts({ kind, table, op, flags, at, bytes }: Rows): Omit<Rows, 'rows' | 'images'> {
  return { kind, table, op, flags, at, bytes };
}

function unsupported({ keyword }: Statement): SyncError {
  const what = keyword === 'XA' ? 'an XA transaction' : `a ${keyword === '' ? 'statement' : `${keyword} statement`} that may change rows`;
  return new SyncError('BINLOG_UNSUPPORTED', `the binlog holds ${what} (statement-based or unknown)`);
}
