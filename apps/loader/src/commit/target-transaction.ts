/** A target transaction, before it is written: source transactions, up to where all is applied with it, and what of it is counted. */
import type { RowEvent } from '@lutra/model';
import type { ExactText, SqlText } from '@lutra/mysql';
import type { Ops, SourceTransaction } from '../assemble/source-transaction.js';
import type { TransactionFiles } from '../files/commit-files.js';
import type { RecordPosition } from '../read/log-reader.js';
import type { NumberedChanges } from './failure.js';
import type { Committed } from './target-writer.js';

/** Up to where all is applied with it, and what of it this pipeline counts. */
export interface Applied {
  readonly position: RecordPosition;
  /** The last row of its last source transaction; null: it has none. */
  readonly event: RowEvent | null;
  readonly ops: Ops;
  readonly transactions: number;
}

/** Rows that were read at the source. */
export interface AppliedBy extends Applied {
  readonly tsMs: number;
  readonly files?: TransactionFiles | undefined;
  /** Which of them are placed is decided while the rows are written, by whoever writes them. */
  readonly isDecided?: boolean;
}

export interface TargetTransaction extends Applied {
  readonly safe: boolean;
  readonly statements: ExactText;
  readonly changes: NumberedChanges;
  /** Its source transactions one by one, those with rows of this pipeline. */
  readonly buffered: readonly SourceTransaction[];
}

/** Carries no row of the source: progress alone, or a record of what was skipped. */
export function withoutRows(at: Pick<Applied, 'position' | 'event'>, statements: SqlText = { sql: '', marks: [] }): TargetTransaction {
  return {
    ...at,
    safe: false,
    statements: { ...statements, expected: null },
    changes: { first: 0, list: [] },
    buffered: [],
    ops: {},
    transactions: 0,
  };
}

export function committedOf({ position, event, ops, transactions }: Applied): Committed {
  return { position, sourceUs: event?.source.tsUs ?? null, ops, transactions };
}
