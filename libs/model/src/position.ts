/** Positions in a source's binlog. Positions of different servers have no order: membership in a GTID set decides, never `<`. */

export interface FilePosition {
  readonly file: string;
  /** Bytes from the file's start. */
  readonly pos: number;
}

/** binlog.000042 → 42, the order of a server's files; NaN where the name has no number. */
export function fileNumber(file: string): number {
  return Number.parseInt(file.slice(file.lastIndexOf('.') + 1), 10);
}

/** The end of a transaction: everything before it was read. `gtidSet` is null where the server runs without GTIDs. */
export interface Position extends FilePosition {
  /** MySQL: `uuid:1-5,…`; MariaDB: `domain-server-seq,…` */
  readonly gtidSet: string | null;
  /** When the server made the file, in s since 1970: after a reset its files have the same names again. Absent: not known. */
  readonly fileCreated?: number | undefined;
}
