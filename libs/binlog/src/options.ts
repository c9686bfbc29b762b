/** What a caller says to read a source: where it is, from where on, which tables. */
import type { FilePosition, Position, ServerLogin } from '@lutra/model';
import type { Logger } from '@lutra/telemetry';
import type { PreparedTransaction } from './xa.js';

export interface SourceConnection extends ServerLogin {
  readonly user: string;
  readonly password: string;
}

export interface BinlogOptions extends SourceConnection {
  /** Unique among all replicas of the source, or the other one's connection is cut (SERVER_ID_TAKEN). */
  readonly serverId: number;
  readonly start: { readonly gtidSet: string } | FilePosition | 'now';
  /** Not after `start`: the source must still have the history that was read up to there. */
  readonly known?: KnownPosition | undefined;
  /** Decides whether the rows of a table are wanted. Called once per table version; its answer is kept until `filter` is another number. */
  wants(table: { readonly database: string; readonly name: string }): boolean;
  /** Counts the changes of what is wanted, which come between two transactions. Absent: there are none. */
  filter?(): number;
  /** Told of each rows event of a table that is not wanted; it is passed over unread, so nobody knows how many rows it holds. */
  onFiltered?(): void;
  /** What becomes of XA transactions that were prepared before `start`, or are large: read again from the binlog (default), or left out. */
  readonly xa?: 'carried' | 'passed over' | undefined;
  /** Told of the XA transactions that were prepared since reading began, and have no outcome yet, when they change. */
  onPrepared?(prepared: readonly PreparedTransaction[]): void;
  /** Bytes of events that may wait unread before the connection is paused. Default 16 MiB. */
  readonly bufferBytes?: number | undefined;
  /** ms between the server's heartbeats while it has nothing to send. Default 1000. */
  readonly heartbeatMs?: number | undefined;
  /** ms between two looks at the source over an ordinary connection (source-watch.ts). Default 3000. */
  readonly lookMs?: number | undefined;
  /** Told where the source's binlog ends, at each look. */
  onSourceEnd?(end: SourceEnd): void;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Where the source's binlog ended, as it said itself. */
export interface SourceEnd extends FilePosition {
  /** ms since 1970 by our clock: it was asked then, or later. */
  readonly at: number;
}

/** A position between two transactions, as it was read from a server before. */
export interface KnownPosition extends Position {
  readonly serverUuid: string;
}

/** What the source is, and where its binlog ends now. */
export interface SourceState {
  readonly flavor: 'mysql' | 'mariadb';
  readonly version: string;
  /** Null on MariaDB, which has none. */
  readonly serverUuid: string | null;
  readonly serverId: number;
  /** True where every transaction has a GTID: gtid_mode=ON, and always on MariaDB. */
  readonly gtidMode: boolean;
  /** gtid_executed (MariaDB: gtid_current_pos); null without GTIDs. */
  readonly executed: string | null;
  /** gtid_purged; null without GTIDs and on MariaDB. */
  readonly purged: string | null;
  readonly file: string;
  readonly pos: number;
  /** 0: names have a case; 1: they are kept in lower case; 2: as written, and compared without case. */
  readonly lowerCaseTableNames: number;
  /** binlog-do-db: if there are any, the only databases in the binlog. */
  readonly onlyDatabases: readonly string[];
  /** binlog-ignore-db: databases that are not in it. */
  readonly neverDatabases: readonly string[];
}
