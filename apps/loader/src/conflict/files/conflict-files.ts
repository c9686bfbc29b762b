/**
 * The files of rows that are decided about under locks. No lock is held while bytes travel: a decision that takes a row whose file is not
 * staged throws FilesWanted; whoever holds the locks rolls back, fetch() waits, and it is decided again.
 *
 * That ends: what a decision takes is a row of the transaction, or the one that is here, whose files are here. So each round stages files
 * of the transaction's rows that no round before did. Only a files app that loses what it staged could go on for ever: `maxRounds`.
 */
import { SyncError } from '@lutra/model';
import type { FileName } from '@lutra/model';
import { joinedFiles } from '../../files/commit-files.js';
import type { CommitFiles, Placing, RowFile, TransactionFiles, WithFiles } from '../../files/commit-files.js';
import type { FileRows } from '../../files/file-rows.js';
import { DecidedFiles, textOf } from './decided-files.js';
import type { WantedOfRow } from './decided-files.js';

/** Of the pipeline. */
type PipelineFiles = CommitFiles & Pick<FileRows, 'namedBy' | 'filesOf'>;

const maxRounds = 16;

/** Does not leave the room. */
export class FilesWanted extends Error {
  /** None: what was staged is not any more. */
  constructor(readonly wanted: readonly WantedOfRow[]) {
    super(`${wanted.length} files are not staged`);
  }
}

export class ConflictFiles {
  readonly #files: PipelineFiles;
  /** Beside those that transactions came with. */
  readonly #fetched = new Map<string, RowFile>();
  #rounds = 0;

  constructor(files: PipelineFiles) {
    this.#files = files;
  }

  /** For one open target transaction. */
  decided(): DecidedFiles {
    return new DecidedFiles(this.#files);
  }

  /** What transactions that take effect as they are bring. */
  of(transactions: readonly WithFiles[]): TransactionFiles | null {
    return joinedFiles(transactions) ?? null;
  }

  /** What the rows that were written, or are to be, bring. @throws FilesWanted */
  taken({ wanted, leaves }: DecidedFiles, transactions: readonly WithFiles[]): TransactionFiles | null {
    const brought = Map.groupBy(
      transactions.flatMap(({ files }) => files?.comes ?? []),
      textOf,
    );
    const comes: RowFile[] = [];
    const lacking: WantedOfRow[] = [];
    for (const each of wanted) {
      const found = this.#fetched.get(wantedText(each.file)) ?? brought.get(textOf(each.file))?.findLast((file) => isWanted(file, each));
      if (found) comes.push(found);
      else lacking.push(each);
    }
    if (lacking.length > 0) throw new FilesWanted(lacking);
    return comes.length + leaves.length > 0 ? { comes, leaves } : null;
  }

  /** Right before the COMMIT. @throws FilesWanted; SyncError as CommitFiles.place */
  async place(files: TransactionFiles): Promise<Placing | null> {
    const placing = await this.#files.place(files, { isLocked: true });
    if (placing === 'again') throw new FilesWanted([]);
    return placing;
  }

  /** `placing`: null: none was needed. */
  committed(placing: Placing | null): void {
    this.#fetched.clear();
    this.#rounds = 0;
    if (placing) this.#files.committed(placing);
  }

  takeBack(placing: Placing): Promise<void> {
    return this.#files.takeBack(placing);
  }

  /** Nothing is held. @throws SyncError FILE_*, FILES_* */
  async fetch({ wanted }: FilesWanted, transactions: readonly WithFiles[]): Promise<void> {
    this.#rounds += 1;
    if (this.#rounds > maxRounds)
      throw new SyncError('FILES_UNAVAILABLE', `the files app does not keep what it staged: ${maxRounds} times in one transaction`);
    if (wanted.length === 0) this.#fetched.clear();
    const asked = [...new Map(wanted.map((each) => [each.row, each])).values()].map(({ source, row }) => ({
      files: this.#files.filesOf(source, { before: null, after: row }),
    }));
    const all = [...transactions, ...asked];
    for (let from = 0; from < all.length;) from += await this.#files.ready(all.slice(from));
    for (const file of asked.flatMap(({ files }) => files?.comes ?? [])) this.#fetched.set(wantedText(file), file);
  }
}

function wantedText(file: FileName & { readonly hash: string | null }): string {
  return `${textOf(file)}\0${file.hash ?? ''}`;
}

/** Another row of the transaction may have come with other bytes for the same path. */
function isWanted({ staged }: RowFile, { file: { hash } }: WantedOfRow): boolean {
  return staged === null || (staged !== undefined && (hash === null || staged.sha256 === hash));
}
