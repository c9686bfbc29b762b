/** What a source commits, as the binlog gives it (SourceItem) and as the topic carries it (RowEvent). */
import type { DdlSession } from './ddl.js';
import type { FilePosition, Position } from './position.js';
import type { SourceSession } from './session.js';
import type { TableName } from './route.js';
import type { ColumnSchema, Row, TableSchema } from './table.js';

/** Debezium's letters: create, update, delete, read (copied by a backfill). */
export type Op = 'c' | 'u' | 'd' | 'r';

export interface RowImage {
  readonly before: Row | null;
  readonly after: Row | null;
}

/** Rows as they stand in the binlog, of which is known where each begins and ends: nobody has looked at their values. */
export interface ImageBytes {
  /** The same object for all events of one table version. */
  readonly columns: readonly ImageColumn[];
  readonly source: Buffer;
  /** Of `source`. */
  readonly view: DataView;
  readonly from: number;
  readonly end: number;
  readonly rows: number;
  /** Where the last row begins. */
  readonly last: number;
}

export interface ImageColumn {
  readonly schema: ColumnSchema;
  /** Bytes of the length before a value, or of the value itself, where its type says no more. */
  readonly raw: { readonly prefix?: number };
}

/**
 * The binlog as a stream, in commit order: begin (rows)* commit, with ddl, heartbeat between transactions. A transaction is
 * never held whole. `commitTimeUs` is the source's commit time in µs since 1970 (whole seconds where the server gives no more).
 */
export type SourceItem =
  | {
      readonly kind: 'begin';
      readonly gtid: string | null;
      readonly at: FilePosition;
      readonly commitTimeUs: number;
      readonly serverId: number;
      readonly session: SourceSession;
    }
  | {
      readonly kind: 'rows';
      readonly table: TableSchema;
      readonly op: 'c' | 'u' | 'd';
      /** Made when they are first asked for, where `images` are there. @throws SyncError what the values cannot be read for */
      readonly rows: readonly RowImage[];
      readonly images?: ImageBytes | null;
      /** Bits of rowsFlags. */
      readonly flags: number;
      readonly at: FilePosition;
      readonly bytes: number;
    }
  | { readonly kind: 'commit'; readonly end: Position }
  | {
      readonly kind: 'ddl';
      readonly gtid: string | null;
      /** The session's default database; '' if it had none. */
      readonly database: string;
      /** For people. */
      readonly sql: string;
      /** As the server may have read it; never none. One of them is right, unless `doubt` says why none may be. */
      readonly readings: readonly StatementReading[];
      readonly doubt: string | null;
      readonly session: DdlSession;
      /** Why the session may not be all that decided what it did; null: it is. */
      readonly sessionDoubt: string | null;
      /** A CREATE TABLE … SELECT: its rows follow as the transaction `gtid`, and `end` is where that begins. */
      readonly rowsFollow: boolean;
      readonly at: FilePosition;
      readonly end: Position;
    }
  /** A change that is told as a statement instead of as rows: what it changed at the source, nobody can tell. Also amid a transaction. */
  | {
      readonly kind: 'statement';
      /** Like 'INSERT'; never more of the text, which may hold values. */
      readonly keyword: string;
      /**
       * All that it may have changed, by whatever trigger, view or function; `*` is each table of a database. null: the server does not
       * say.
       */
      readonly tables: readonly TableName[] | null;
      readonly gtid: string | null;
      readonly at: FilePosition;
    }
  | { readonly kind: 'heartbeat'; readonly end: Position };

/** A statement's text, and how it is cut into tokens. */
export interface StatementReading {
  readonly text: string;
  /** "…" is a name. */
  readonly ansiQuotes: boolean;
  readonly noBackslashEscapes: boolean;
  /** The client's character set has one byte a character: U+00A0 separates words there. */
  readonly singleByte: boolean;
  readonly flavor: 'mysql' | 'mariadb';
}

/** Where a record stands in a log: `log` is the log id. */
export interface LogPosition {
  readonly log: string;
  readonly seq: number;
}

/**
 * The causal context, a version vector by pipeline: its uid → the last transaction of its source that it had applied here before this one
 * was committed. By region it would be too much: of two pipelines from one region the one that is ahead says nothing about the tables of
 * the other.
 */
export type Seen = Readonly<Record<string, LogPosition>>;

/** Where a transaction was first committed, and the regions it has passed since (the origin included). */
export interface Origin {
  readonly origin: string;
  readonly path: readonly string[];
}

export interface RowSource extends Origin {
  readonly version: string;
  readonly connector: 'mysql' | 'mariadb';
  /** The endpoint's name. */
  readonly name: string;
  readonly db: string;
  readonly table: string;
  /** Commit time at the source: ms, and µs where the server gives them. */
  readonly tsMs: number;
  readonly tsUs: number;
  readonly serverId: number;
  readonly gtid: string | null;
  readonly file: string;
  readonly pos: number;
  /** Event number in the transaction (its rows events, from 0). */
  readonly event: number;
  /** Bits of rowsFlags: how the statement ran. */
  readonly flags: number;
  /** Row number in the event, from 0. */
  readonly row: number;
}

export interface TransactionBlock {
  /** The GTID, or `file:pos` of its begin where there is none. */
  readonly id: string;
  /** Number of the row event in the transaction as published, from 1. */
  readonly totalOrder: number;
  /** True on the transaction's last published row event, and only there. */
  readonly last: boolean;
  readonly seen: Seen;
  /**
   * On the first row event: the session that the transaction ran in. Null on the others, and in topics that were written before it was
   * there.
   */
  readonly session: SourceSession | null;
  /** On the last row event: where the transaction ends in the binlog. Null before. */
  readonly end: FilePosition | null;
}

/** Images of a row event as they stand in its record, checked: nobody has looked at their values. */
export interface LoggedImages {
  /** Whose columns they have: the same object for all rows of one table version. */
  readonly table: TableSchema;
  readonly source: Buffer;
  /** Of `source`. */
  readonly view: DataView;
  /** Where they begin; −1: there is none. */
  readonly before: number;
  readonly after: number;
  /** Of both. */
  readonly bytes: number;
  /** Made when they are first asked for; null: there is none. */
  readonly beforeRow: Row | null;
  readonly afterRow: Row | null;
  /** What it is a part of is large: it is held for longer than that, so only what is needed is kept. */
  keep(): void;
}

/** One change of one row, as the topic carries it: Debezium's envelope. */
export interface RowEvent {
  readonly op: Op;
  readonly before: Row | null;
  readonly after: Row | null;
  readonly source: RowSource;
  readonly transaction: TransactionBlock;
  /** When capture published it, ms since 1970. */
  readonly tsMs: number;
  /** `before` and `after` are made of them when they are first asked for. */
  readonly images?: LoggedImages;
}
