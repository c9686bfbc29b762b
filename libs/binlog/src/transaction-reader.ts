/**
 * From events to items: begin (rows)* commit, ddl, heartbeat. Holds what must be known between events: the position, the open transaction
 * and its tables. Never passes over an event that could carry rows; after it has thrown it is not used again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ByteReader } from '@lutra/bytes';
import { replicatedRowsFlags, largeValueBytes, ofTable, SyncError } from '@lutra/model';
import type { FilePosition, Position, RowImage, SourceItem } from '@lutra/model';
import type { ServerFacts } from './column-facts.js';
import { EventFraming, readServerVersion } from './event.js';
import type { BinlogEvent } from './event.js';
import { eventType, harmlessTypes, rowsTypes, unsupportedReason } from './event-types.js';
import type { RowsType } from './event-types.js';
import { parseGtids } from './gtid.js';
import { fileStart, PositionTracker } from './position-tracker.js';
import { readPreviousGtids } from './previous-gtids.js';
import { flagsOf, tableIdOf } from './rows-event.js';
import type { RowsDecoder } from './rows-event.js';
import type { SessionDefaults } from './session.js';
import { StartSearch } from './start-search.js';
import { TableVersions } from './table-versions.js';
import type { Table } from './table-versions.js';
import { Transactions } from './transactions.js';
import type { ReadItem } from './transactions.js';
import { UnreadRows } from './unread-rows.js';
import type { PreparedTransaction } from './xa.js';

export interface ReaderOptions {
  readonly facts: Omit<ServerFacts, 'yearSign'>;
  readonly start: { readonly gtidSet: string } | FilePosition;
  /** Where the binlog ended when reading began, or later: transactions of the start's GTID set stand before it. */
  readonly end: FilePosition;
  /** False: `gtidSet` of positions is null. */
  readonly gtidMode: boolean;
  readonly session: SessionDefaults;
  wants(table: { readonly database: string; readonly name: string }): boolean;
  /** As BinlogOptions.filter. */
  filter?(): number;
  onFiltered?(): void;
  /** Reads the rows of this XA transaction again, which begins at `start`. */
  readonly rereads?: string;
  /** Told of the XA transactions that were prepared since reading began, and have no outcome yet, when they change. */
  onPrepared?(prepared: readonly PreparedTransaction[]): void;
}

export class TransactionReader {
  readonly #isMariadb: boolean;
  readonly #onFiltered: () => void;
  readonly #filterNow: () => number;
  #filter: number;
  readonly #framing = new EventFraming();
  readonly #tracker: PositionTracker;
  readonly #transactions: Transactions;
  readonly #versions: TableVersions;
  /** By table id; of the open transaction only. */
  readonly #tables = new Map<number, Table>();
  #search: StartSearch | null = null;
  /** Where the event begins that is being read. */
  #before: FilePosition;
  /** Rows of the last event, whose large values are not made yet. */
  #unfinished: { readonly table: RowsDecoder; readonly rows: readonly RowImage[] } | null = null;

  constructor(options: ReaderOptions) {
    const { start, end, gtidMode, facts } = options;
    this.#isMariadb = facts.flavor === 'mariadb';
    this.#onFiltered = () => options.onFiltered?.();
    this.#filterNow = () => options.filter?.() ?? 0;
    this.#filter = this.#filterNow();
    const executed = 'gtidSet' in start && gtidMode ? parseGtids(start.gtidSet, this.#isMariadb ? '0-0-0' : '') : null;
    this.#tracker = new PositionTracker({ gtidMode, executed, jumpsUntil: 'gtidSet' in start ? end : null });
    this.#before = this.#tracker.now;
    this.#transactions = new Transactions({
      tracker: this.#tracker,
      facts,
      defaults: options.session,
      rereads: options.rereads ?? null,
      onPrepared: (prepared) => options.onPrepared?.(prepared),
    });
    this.#versions = new TableVersions(facts, (table) => options.wants(table));
    if ('pos' in start && gtidMode && start.pos > fileStart) this.#search = new StartSearch(this.#tracker, start);
  }

  /** Up to where was read, also amid a transaction; its GTID set is of the transactions before. */
  get position(): Position {
    return this.#tracker.end;
  }

  /**
   * @param bytes one event. A promise where it is large: then nothing else may be read before it has resolved.
   * @throws SyncError BINLOG_DECODE, BINLOG_UNSUPPORTED, SOURCE_SETTINGS, SOURCE_UNAVAILABLE, COLUMN_UNSUPPORTED, VALUE_UNSUPPORTED
   */
  read(bytes: Buffer): readonly ReadItem[] | Promise<readonly ReadItem[]> {
    return bytes.length < largeValueBytes ? this.#readEvent(bytes) : this.#readLarge(bytes);
  }

  /** Making large values is work of its own, and each has a turn of the event loop. */
  async #readLarge(bytes: Buffer): Promise<readonly ReadItem[]> {
    await nextTurn();
    const before = this.#tracker.now;
    const gtid = this.#transactions.gtidNow;
    const items = this.#readEvent(bytes);
    const unfinished = this.#unfinished;
    this.#unfinished = null;
    try {
      await unfinished?.table.finish(unfinished.rows);
    } catch (error) {
      throw locate(error, before, gtid);
    }
    return items;
  }

  #readEvent(bytes: Buffer): readonly ReadItem[] {
    const before = this.#tracker.now;
    this.#before = before;
    if (this.#filterNow() !== this.#filter) this.#refilter();
    try {
      const items = this.#read(this.#framing.read(bytes));
      if (!this.#transactions.isOpen) this.#tables.clear();
      return items;
    } catch (error) {
      throw locate(error, before, this.#transactions.gtidNow);
    }
  }

  /** What is wanted has changed. Prepared XA transactions are read again at their end: what they hold is not all that is wanted. */
  #refilter(): void {
    this.#filter = this.#filterNow();
    this.#versions.discard();
    this.#transactions.discardHeld();
  }

  #read(event: BinlogEvent): readonly ReadItem[] {
    switch (event.type) {
      case eventType.rotate:
        return this.#rotate(event);
      case eventType.heartbeat:
        return this.#heartbeat(event);
      case eventType.format:
        return this.#format(event);
    }
    if (this.#search) {
      this.#search.pass(event);
      return this.#positionOnly();
    }
    return this.#readInFile(event, this.#tracker.pass(event, this.#transactions.isOpen));
  }

  #readInFile(event: BinlogEvent, at: FilePosition): readonly ReadItem[] {
    const rows = rowsTypes.get(event.type);
    if (rows) return this.#rows(event, rows, at);
    switch (event.type) {
      case eventType.tableMap:
        return this.#tableMap(event);
      case eventType.query:
      case eventType.executeLoadQuery:
        return this.#transactions.query(event, at);
      case eventType.xid:
        return this.#transactions.commit();
      case eventType.xaPrepare:
        return this.#transactions.prepare(event);
      case eventType.gtid:
      case eventType.gtidTagged:
      case eventType.anonymousGtid:
      case eventType.mariadbGtid:
        this.#transactions.gtid(event, at);
        return [];
      case eventType.previousGtids:
      case eventType.mariadbGtidList:
        this.#tracker.learn(() => readPreviousGtids(event));
        return [];
      case eventType.stop:
        this.#transactions.requireNone();
        return [];
    }
    if (harmlessTypes.has(event.type)) return [];
    throw new SyncError('BINLOG_UNSUPPORTED', `the binlog holds ${unsupportedReason(event.type)}`);
  }

  #rotate(event: BinlogEvent): readonly SourceItem[] {
    this.#transactions.requireNone();
    this.#tracker.pass(event, false);
    // the start may be the end of a file
    if (this.#search?.isOver() === true) this.#search = null;
    const reader = new ByteReader(event.body);
    const pos = Number(reader.u64());
    this.#tracker.open(reader.utf8(reader.left), pos);
    return this.#positionOnly();
  }

  #heartbeat(event: BinlogEvent): readonly SourceItem[] {
    const reader = new ByteReader(event.body);
    // MariaDB: beyond 4 GiB the position stands before the file's name
    const position = this.#isMariadb && event.nextPosition === 0 ? Number(reader.u64()) : event.nextPosition;
    this.#tracker.heartbeat(reader.utf8(reader.left), position % 2 ** 32, this.#transactions.isOpen);
    return this.#positionOnly();
  }

  #format(event: BinlogEvent): readonly SourceItem[] {
    this.#transactions.requireNone();
    this.#tracker.pass(event, false);
    this.#versions.writtenBy(readServerVersion(event.body));
    return [];
  }

  /** Nothing happened but that we are here; said between transactions only, and not before the start is found. */
  #positionOnly(): readonly SourceItem[] {
    if (this.#search?.isOver() === true) this.#search = null;
    return this.#transactions.isOpen || this.#search ? [] : [{ kind: 'heartbeat', end: this.#tracker.end }];
  }

  #tableMap(event: BinlogEvent): readonly SourceItem[] {
    const items = this.#transactions.within('table');
    const { tableId, table } = this.#versions.read(event.body);
    this.#tables.set(tableId, table);
    return items;
  }

  #rows(event: BinlogEvent, type: RowsType, at: FilePosition): readonly SourceItem[] {
    const table = this.#tables.get(tableIdOf(event.body));
    if (table === undefined) throw new SyncError('BINLOG_DECODE', 'rows without a table map');
    if (table === 'filtered') {
      this.#onFiltered();
      return this.#transactions.within('rows');
    }
    const isLarge = event.size >= largeValueBytes;
    const flags = flagsOf(event.body) & replicatedRowsFlags;
    const images = isLarge ? null : table.images(event.body, type);
    const of = { table: table.schema, op: type.op, flags, at, bytes: event.size };
    if (images) return this.#transactions.rows(new UnreadRows(of, images, this.#decodeLater(table, event.body, type)));
    const rows = decodeRows(table, event.body, type);
    if (isLarge) this.#unfinished = { table, rows };
    return this.#transactions.rows({ kind: 'rows', ...of, rows });
  }

  /** What is wrong with them is told as it would be now. */
  #decodeLater(table: RowsDecoder, body: Buffer, type: RowsType): () => readonly RowImage[] {
    const [before, gtid] = [this.#before, this.#transactions.gtidNow];
    return () => {
      try {
        return decodeRows(table, body, type);
      } catch (error) {
        throw locate(error, before, gtid);
      }
    };
  }
}

function decodeRows(table: RowsDecoder, body: Buffer, type: RowsType): RowImage[] {
  try {
    return table.decode(body, type);
  } catch (error) {
    throw ofTable(error, table.schema);
  }
}

/** Every error says where; what is not ours came from bytes that do not fit. */
function locate(error: unknown, { file, pos }: FilePosition, gtid: string | null): SyncError {
  const where = gtid === null ? `${file}:${pos}` : `${file}:${pos}, in ${gtid}`;
  const position = gtid === null ? { file, pos } : { file, pos, gtid };
  if (!(error instanceof SyncError)) {
    return new SyncError('BINLOG_DECODE', `an event after ${where} cannot be decoded`, { cause: error, details: position });
  }
  return error.again(`${error.message} (${where})`, { details: { ...position, ...error.details } });
}
