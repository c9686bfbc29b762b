/** What capture makes of the source's items, in the order of the log. */
import type { SuspendedRow } from '@lutra/marker';
import type { DdlRecord, FilePosition, ImageBytes, Position, RowEvent, RowImage, Seen, TableName, TableSchema } from '@lutra/model';
import type { SignalRecord } from './signals.js';

export type Output =
  | { readonly kind: 'row'; readonly table: TableSchema; readonly event: RowEvent }
  | UnreadRows
  | SchemaChange
  /** Behind the last row of its transaction. */
  | { readonly kind: 'signal'; readonly record: SignalRecord }
  /**
   * Asked for and not done: a resolution outside a loader's transaction; a transaction that was not to be published, said behind its first
   * row.
   */
  | { readonly kind: 'ignored'; readonly what: 'resolution' | 'skip'; readonly at: FilePosition }
  /** A loader has suspended tables here; said before the last row and the end of its transaction. */
  | { readonly kind: 'suspended'; readonly rows: readonly SuspendedRow[]; readonly at: FilePosition }
  | Boundary;

/** Rows of one event as they stand in it. */
export interface UnreadRows {
  readonly kind: 'rows';
  readonly table: TableSchema;
  /** Of the first one, without images. */
  readonly event: RowEvent;
  readonly images: ImageBytes;
  /** @throws SyncError what they cannot be read for */
  readonly read: () => readonly RowImage[];
}

/** A statement that concerns routed tables. */
export interface SchemaChange {
  readonly kind: 'ddl';
  /** Null: a loader ran it here, and it goes to nobody. */
  readonly record: DdlRecord | null;
  /** That it may change, by their names here; none: nobody knows which. `*` is each one of a database. */
  readonly tables: readonly TableName[];
  /** The record has no collation of it yet: the source is to be asked. */
  readonly open: TableName | null;
}

/** Between two transactions: everything up to `end` has been handed over. */
export interface Boundary {
  readonly kind: 'boundary';
  readonly end: Position;
  readonly seen: Seen;
  /** Null: there was no transaction. */
  readonly commitTimeUs: number | null;
  /** A loader wrote it. */
  readonly marked: boolean;
  /** An application did not want it published. */
  readonly skipped: boolean;
  readonly rows: number;
  /** Behind `end`, up to this transaction, the log has the rows already; null: it has none. */
  readonly publishedThrough: string | null;
}
