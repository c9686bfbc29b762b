/** Places in a source's binlog. Positions of different servers have no order: membership in a GTID set decides, never `<`. */

export interface FilePosition {
  readonly file: string;
  /** Bytes from the file's start. */
  readonly pos: number;
}

/** The end of a transaction: everything before it was read. `gtidSet` is null where the server runs without GTIDs. */
export interface Position extends FilePosition {
  /** MySQL: `uuid:1-5,…`; MariaDB: `domain-server-seq,…` */
  readonly gtidSet: string | null;
}

/** Where an endpoint's topic begins, used only while that topic is new. */
export type StartPosition =
  | { readonly from: 'now' }
  | { readonly from: 'gtid'; readonly gtidSet: string }
  | { readonly from: 'position'; readonly file: string; readonly pos: number };
