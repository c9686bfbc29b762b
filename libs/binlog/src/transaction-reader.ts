/**
 * From events to items: begin (rows)* commit, ddl, heartbeat. Holds what must be known between events: the place, the open transaction, the
 * tables of its statement, the set of transactions read. Never passes over an event that could carry rows; after it has thrown it is not used again.
 */
import { SyncError } from '@lutra/model';
import type { FilePosition, Position, SourceItem } from '@lutra/model';
import { ByteReader } from './byte-reader.js';
import type { ServerFacts } from './columns.js';
import { EventFraming, readServerVersion } from './event.js';
import type { BinlogEvent } from './event.js';
import { eventType, harmlessTypes, rowsTypes, unsupportedReason } from './event-types.js';
import type { RowsType } from './event-types.js';
import { readGtidEvent } from './gtid-event.js';
import type { GtidEvent } from './gtid-event.js';
import { parseGtids } from './gtid.js';
import type { ExecutedSet } from './gtid.js';
import { fileStart, Place } from './place.js';
import { readPreviousGtids } from './previous-gtids.js';
import { tableIdOf } from './rows-event.js';
import { classify, readQueryEvent } from './statement.js';
import type { QueryEvent } from './statement.js';
import { TableVersions } from './table-versions.js';
import type { Table } from './table-versions.js';

export interface ReaderOptions {
  readonly facts: Omit<ServerFacts, 'yearSign'>;
  readonly start: { readonly gtidSet: string } | FilePosition;
  /** False: `gtidSet` of positions is null. */
  readonly gtidMode: boolean;
  wants(table: { readonly database: string; readonly name: string }): boolean;
}

/** A transaction between its GTID (or BEGIN) and its end. */
interface Transaction extends GtidEvent {
  readonly at: FilePosition;
  readonly serverId: number;
  /** gtid: only its GTID was read · begun: its BEGIN too · open: its begin was given out */
  state: 'gtid' | 'begun' | 'open';
  hasRows: boolean;
}

export class TransactionReader {
  readonly #options: ReaderOptions;
  readonly #framing = new EventFraming();
  readonly #place: Place;
  readonly #versions: TableVersions;
  readonly #tables = new Map<number, Table>();
  #executed: ExecutedSet | null = null;
  #transaction: Transaction | null = null;
  /** The file's start is read only to learn its GTIDs; items are given out from this position on. */
  #skipTo: FilePosition | null = null;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#versions = new TableVersions(options.facts, (table) => options.wants(table));
    const { start, gtidMode, facts } = options;
    const fromGtids = 'gtidSet' in start;
    this.#place = new Place(fromGtids || facts.flavor === 'mariadb');
    if (fromGtids) this.#executed = parseGtids(start.gtidSet, facts.flavor === 'mariadb' ? '0-0-0' : '');
    else if (gtidMode && start.pos > fileStart) this.#skipTo = start;
  }

  /** @param bytes one event. @throws SyncError BINLOG_DECODE, BINLOG_UNSUPPORTED, SOURCE_SETTINGS, COLUMN_UNSUPPORTED, VALUE_UNSUPPORTED */
  read(bytes: Buffer): readonly SourceItem[] {
    const before = this.#place.now;
    try {
      const event = this.#framing.read(bytes);
      return this.#skipTo === null ? this.#read(event) : this.#skip(event, this.#skipTo);
    } catch (error) {
      throw locate(error, before);
    }
  }

  #read(event: BinlogEvent): readonly SourceItem[] {
    switch (event.type) {
      case eventType.rotate:
        return this.#rotate(event);
      case eventType.heartbeat:
        return this.#heartbeat(event);
    }
    const at = this.#place.pass(event, this.#transaction !== null);
    const rows = rowsTypes.get(event.type);
    if (rows) return this.#rows(event, rows, at);
    switch (event.type) {
      case eventType.tableMap:
        return this.#tableMap(event);
      case eventType.query:
        return this.#query(event, at);
      case eventType.xid:
        return this.#commit();
      case eventType.gtid:
      case eventType.gtidTagged:
      case eventType.anonymousGtid:
      case eventType.mariadbGtid:
        return this.#gtid(event, at);
      case eventType.previousGtids:
      case eventType.mariadbGtidList:
        return this.#previousGtids(event);
      case eventType.format:
        this.#versions.writtenBy(readServerVersion(event.body));
        return this.#requireNoTransaction();
      case eventType.stop:
        return this.#requireNoTransaction();
    }
    if (harmlessTypes.has(event.type)) return [];
    throw new SyncError('BINLOG_UNSUPPORTED', `the binlog holds ${unsupportedReason(event.type)}`);
  }

  #rotate(event: BinlogEvent): readonly SourceItem[] {
    this.#requireNoTransaction();
    this.#place.pass(event, false);
    if (this.#skipTo !== null) this.#endSkip(this.#skipTo);
    const reader = new ByteReader(event.body);
    const pos = Number(reader.u64());
    this.#place.open(reader.utf8(reader.left), pos);
    return this.#skipTo === null ? [{ kind: 'heartbeat', end: this.#end() }] : [];
  }

  #heartbeat(event: BinlogEvent): readonly SourceItem[] {
    const reader = new ByteReader(event.body);
    // MariaDB: beyond 4 GiB the position stands before the file's name
    const position = this.#options.facts.flavor === 'mariadb' && event.nextPosition === 0 ? Number(reader.u64()) : event.nextPosition;
    this.#place.heartbeat(reader.utf8(reader.left), position % 2 ** 32, this.#transaction !== null);
    return this.#transaction === null ? [{ kind: 'heartbeat', end: this.#end() }] : [];
  }

  #previousGtids(event: BinlogEvent): readonly SourceItem[] {
    if (this.#options.gtidMode && this.#executed === null) this.#executed = readPreviousGtids(event);
    return [];
  }

  #requireNoTransaction(): readonly SourceItem[] {
    if (this.#transaction === null) return [];
    throw new SyncError('BINLOG_DECODE', 'a transaction has no end');
  }

  #gtid(event: BinlogEvent, at: FilePosition): readonly SourceItem[] {
    this.#requireNoTransaction();
    const gtid = readGtidEvent(event);
    const { serverId } = event;
    this.#transaction = { ...gtid, at, serverId, state: gtid.begins ? 'begun' : 'gtid', hasRows: false };
    return [];
  }

  #query(event: BinlogEvent, at: FilePosition): readonly SourceItem[] {
    const query = readQueryEvent(event);
    const { kind, keyword } = classify(query.sql);
    const transaction = this.#transaction;
    if (transaction === null || transaction.state === 'gtid') {
      switch (kind) {
        case 'begin':
          return this.#begin(event, at);
        case 'temporary':
          return [...this.#begin(event, at), ...this.#commit()];
        case 'other':
          return this.#ddl(query, at);
        default:
          throw unsupportedStatement(keyword);
      }
    }
    switch (kind) {
      case 'commit':
        return this.#commit();
      case 'rollback':
        return this.#rollback(transaction);
      case 'savepoint':
      case 'temporary':
        return [];
      case 'create-select':
        return this.#createSelect(query, transaction);
      case 'other':
        // MariaDB's CREATE TABLE … SELECT has no mark at its end
        if (keyword === 'CREATE' && this.#options.facts.flavor === 'mariadb') return this.#createSelect(query, transaction);
    }
    throw unsupportedStatement(keyword);
  }

  #begin(event: BinlogEvent, at: FilePosition): readonly SourceItem[] {
    const { timestamp, serverId } = event;
    this.#transaction ??= { gtid: null, commitTimeUs: timestamp * 1e6, begins: true, at, serverId, state: 'gtid', hasRows: false };
    this.#transaction.state = 'begun';
    return [];
  }

  /** Gives out the begin of the open transaction, once; before it, nothing of the transaction. */
  #opened(): SourceItem[] {
    const transaction = this.#transaction;
    if (transaction === null || transaction.state === 'gtid')
      throw new SyncError('BINLOG_DECODE', 'rows or their end outside a transaction');
    if (transaction.state === 'open') return [];
    transaction.state = 'open';
    const { gtid, at, commitTimeUs, serverId } = transaction;
    return [{ kind: 'begin', gtid, at, commitTimeUs, serverId }];
  }

  #commit(): readonly SourceItem[] {
    const items = this.#opened();
    this.#close();
    return [...items, { kind: 'commit', end: this.#end() }];
  }

  /** Written when a transaction was rolled back that had also changed what cannot be: which of its rows are in force is not said. */
  #rollback(transaction: Transaction): readonly SourceItem[] {
    if (!transaction.hasRows) return this.#commit();
    throw new SyncError(
      'BINLOG_UNSUPPORTED',
      'a transaction with rows ends in ROLLBACK: it changed a table whose engine has no transactions',
    );
  }

  #ddl({ database, sql }: QueryEvent, at: FilePosition): readonly SourceItem[] {
    const gtid = this.#transaction?.gtid ?? null;
    const start = this.#transaction?.at ?? at;
    this.#close();
    return [{ kind: 'ddl', gtid, database, sql, at: start, end: this.#end() }];
  }

  /**
   * CREATE TABLE … SELECT is one transaction: the CREATE, then rows. The ddl item comes before its begin; it has no GTID, and its end is
   * where the transaction starts, because its rows are still to come.
   */
  #createSelect({ database, sql }: QueryEvent, { at, state }: Transaction): readonly SourceItem[] {
    if (state !== 'begun') throw new SyncError('BINLOG_UNSUPPORTED', 'a CREATE TABLE amid a transaction');
    const end: Position = { ...at, gtidSet: this.#end().gtidSet };
    return [{ kind: 'ddl', gtid: null, database, sql, at, end }, ...this.#opened()];
  }

  /** The transaction is read. One without a GTID leaves the set behind: it no longer says where we are. */
  #close(): void {
    const gtid = this.#transaction?.gtid ?? null;
    if (gtid === null) this.#executed = null;
    else this.#executed?.add(gtid);
    this.#transaction = null;
    this.#tables.clear();
  }

  #end(): Position {
    const { file, pos } = this.#place.now;
    return { gtidSet: this.#options.gtidMode && this.#executed !== null ? this.#executed.toString() : null, file, pos };
  }

  #tableMap(event: BinlogEvent): readonly SourceItem[] {
    const { tableId, table } = this.#versions.read(event.body);
    this.#tables.set(tableId, table);
    return this.#opened();
  }

  #rows(event: BinlogEvent, type: RowsType, at: FilePosition): readonly SourceItem[] {
    const table = this.#tables.get(tableIdOf(event.body));
    if (table === undefined) throw new SyncError('BINLOG_DECODE', 'rows without a table map');
    const items = this.#opened();
    this.#transaction!.hasRows = true;
    if (table === 'unwanted') return items;
    const rows = table.decode(event.body, type);
    items.push({ kind: 'rows', table: table.schema, op: type.op, rows, at, bytes: event.size });
    return items;
  }

  /** Before the start position only GTIDs matter; what else the events hold is not ours to judge. */
  #skip(event: BinlogEvent, to: FilePosition): readonly SourceItem[] {
    if (event.type === eventType.rotate) return this.#rotate(event);
    if (event.type === eventType.heartbeat) this.#heartbeat(event);
    else this.#skipEvent(event);
    this.#endSkip(to);
    return this.#skipTo === null ? [{ kind: 'heartbeat', end: this.#end() }] : [];
  }

  #endSkip(to: FilePosition): void {
    const { file, pos } = this.#place.now;
    if (file === '' || (file === to.file && pos < to.pos)) return;
    if (file !== to.file || pos > to.pos) throw new SyncError('BINLOG_DECODE', `${to.file}:${to.pos} is not the start of an event`);
    this.#skipTo = null;
  }

  #skipEvent(event: BinlogEvent): void {
    this.#place.pass(event, false);
    switch (event.type) {
      case eventType.format:
        this.#versions.writtenBy(readServerVersion(event.body));
        break;
      case eventType.previousGtids:
      case eventType.mariadbGtidList:
        this.#previousGtids(event);
        break;
      case eventType.gtid:
      case eventType.gtidTagged:
      case eventType.mariadbGtid:
        this.#executed?.add(readGtidEvent(event).gtid!);
        break;
      case eventType.anonymousGtid:
        this.#executed = null;
        break;
    }
  }
}

function unsupportedStatement(keyword: string): SyncError {
  const what = keyword === 'XA' ? 'an XA transaction' : `a ${keyword === '' ? 'statement' : `${keyword} statement`} that may change rows`;
  return new SyncError('BINLOG_UNSUPPORTED', `the binlog holds ${what} (statement-based or unknown)`);
}

/** Every error says where; what is not ours came from bytes that do not fit. */
function locate(error: unknown, { file, pos }: FilePosition): SyncError {
  const where = `${file}:${pos}`;
  if (!(error instanceof SyncError)) {
    return new SyncError('BINLOG_DECODE', `an event after ${where} cannot be decoded`, { cause: error, details: { file, pos } });
  }
  const details = { file, pos, ...error.details };
  return new SyncError(error.code, `${error.message} (${where})`, { cause: error.cause, details });
}
