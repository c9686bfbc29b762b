/**
 * What the commit of a target transaction does with the files of its rows: nothing is committed before they are staged, they are placed
 * right before the commit, and taken back if that does not come about. docs/decisions/0035-files.md.
 */
import type { StagedFile } from '@lutra/files';
import type { FileName } from '@lutra/model';

/** Of one source transaction: what its rows name. */
export interface TransactionFiles {
  /** Files that rows come to name, as they are asked for. */
  readonly comes: readonly RowFile[];
  /** Files that rows no longer name, and how they go. Those that another row of the transaction comes to name are not among them. */
  readonly leaves: readonly LeavingFile[];
}

/** A file that a row comes to name. */
export interface RowFile extends FileName {
  /** undefined: it is not answered yet · null: the row goes without it (superseded, skipped) */
  readonly staged: StagedFile | null | undefined;
}

export interface LeavingFile extends FileName {
  readonly way: 'trash' | 'remove';
}

export interface Placing {
  readonly n: number;
  /** Of the target transaction: to be run before its COMMIT (lutra.file, lutra.file_place, lutra.file_missing). */
  readonly sql: readonly string[];
}

export interface CommitFiles {
  /**
   * Waits, holding nothing, until the files of the first of these are staged, or answered otherwise. Resolves to how many of them, from the
   * first on, are. @throws SyncError FILE_*, FILES_*
   */
  ready(transactions: readonly { readonly files?: TransactionFiles | undefined }[]): Promise<number>;
  /**
   * Null: there is nothing to do. Rows that do not take effect bring no files: the caller leaves them out.
   * @throws SyncError as FilesService.place
   */
  place(files: TransactionFiles): Promise<Placing | null>;
  /** Its transaction is committed. Does not wait. */
  committed(placing: Placing): void;
  /** Its transaction was rolled back, for certain. What is not known is taken back by the next take-over, which asks the target. */
  takeBack(placing: Placing): Promise<void>;
}
