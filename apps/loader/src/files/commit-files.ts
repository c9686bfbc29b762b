/**
 * What the commit of a target transaction does with the files of its rows: nothing is committed before they are staged, they are placed
 * right before the commit, and taken back if that does not come about. docs/decisions/0035-files.md.
 *
 *   for (;;) {
 *     n = await ready(transactions)          // holds nothing
 *     placing = await place(joinedFiles(…))  // of those whose rows take effect; 'again': from the beginning
 *     rows, each of placing.sql, COMMIT      // one transaction
 *     committed(placing), or takeBack(placing) where it was rolled back for certain
 *   }
 */
import type { StagedFile } from '@lutra/files';
import type { FileName } from '@lutra/model';
import type { MissingFileRow, SqlText } from '@lutra/mysql';

/** Of one source transaction: what its rows name. */
export interface TransactionFiles {
  /** Files that rows come to name, as they are asked for, in the order of the rows. */
  readonly comes: readonly RowFile[];
  /**
   * Files that the last row that was about them no longer names, and how they go. Another row may name one of them: who deletes it asks the
   * table. A file may come and leave in one transaction; it is placed then, and leaves behind it.
   */
  readonly leaves: readonly LeavingFile[];
}

/** A file that a row comes to name. */
export interface RowFile extends FileName {
  /** That the row carries; null: it carries none. */
  readonly hash: string | null;
  /** undefined: it is not answered yet · null: the row goes without it (superseded, skipped) */
  readonly staged: StagedFile | null | undefined;
  /** The row goes without it, and it is fetched later. */
  readonly missing: MissingFileRow | null;
}

export interface LeavingFile extends FileName {
  readonly way: 'trash' | 'remove';
}

export interface Placing {
  readonly n: number;
  /** Of the target transaction: to be run before its COMMIT (lutra.file, lutra.file_place, lutra.file_missing). */
  readonly sql: readonly SqlText[];
}

export interface WithFiles {
  readonly files?: TransactionFiles | undefined;
}

export interface CommitFiles {
  /**
   * Waits, holding nothing, until the files of the first of these are staged, or answered otherwise. Resolves to how many of them, from the
   * first on, are. @throws SyncError FILE_*, FILES_*
   */
  ready(transactions: readonly WithFiles[]): Promise<number>;
  /**
   * Null: there is nothing to do. again: a file is not staged any more, or rows are locked and the files app is away: ready() waits, with
   * nothing held. Waits for a files app that is away where nothing is. Rows that do not take effect bring no files: the caller leaves them
   * out. One placing at a time: before the next one this one is committed or taken back.
   * @throws SyncError as FilesService.place
   */
  place(files: TransactionFiles, held?: { readonly isLocked: boolean }): Promise<Placing | 'again' | null>;
  /** Its transaction is committed. Does not wait. */
  committed(placing: Placing): void;
  /**
   * Its transaction was rolled back, for certain. What is not known is taken back by the next take-over, which asks the target. Waits for a
   * files app that is away.
   */
  takeBack(placing: Placing): Promise<void>;
}

const nameOf = ({ root, path }: FileName): string => `${root}\0${path}`;

/** What several transactions, in their order, do together. Undefined: they are about no files. */
export function joinedFiles(transactions: readonly WithFiles[]): TransactionFiles | undefined {
  const all = transactions.flatMap(({ files }) => files ?? []);
  if (all.length < 2) return all[0];
  const leaves = new Map<string, LeavingFile>();
  for (const files of all) {
    for (const file of files.comes) leaves.delete(nameOf(file));
    for (const file of files.leaves) leaves.set(nameOf(file), file);
  }
  return { comes: all.flatMap(({ comes }) => comes), leaves: [...leaves.values()] };
}

/** The files of a source transaction, as its rows come. */
export class OpenFiles implements TransactionFiles {
  readonly comes: RowFile[] = [];
  readonly #leaves = new Map<string, LeavingFile>();

  get leaves(): readonly LeavingFile[] {
    return [...this.#leaves.values()];
  }

  add({ comes, leaves }: TransactionFiles): void {
    for (const file of leaves) this.#leaves.set(nameOf(file), file);
    for (const file of comes) {
      this.comes.push(file);
      this.#leaves.delete(nameOf(file));
    }
  }
}
