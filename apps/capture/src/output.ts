/** What capture makes of the source's items, in the order of the log. */
import type { FilePosition, Position, RowEvent, Seen, TableSchema } from '@lutra/model';
import type { SignalRecord } from './signals.js';

export type Output =
  | { readonly kind: 'row'; readonly table: TableSchema; readonly event: RowEvent; readonly bytes: number }
  | { readonly kind: 'ddl'; readonly database: string; readonly sql: string; readonly end: Position }
  /** Behind the last row of its transaction. */
  | { readonly kind: 'signal'; readonly record: SignalRecord }
  /** Asked for and not done: a remedy outside a loader's transaction; a transaction that was not to be published, said behind its first row. */
  | { readonly kind: 'ignored'; readonly what: 'remedy' | 'skip'; readonly at: FilePosition }
  | Boundary;

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
  readonly rowsUntil: string | null;
}
