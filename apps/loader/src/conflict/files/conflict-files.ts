/**
 * The files of rows that are decided about under locks. No lock is held while bytes travel: a decision that takes a row whose file is not
 * staged throws FilesWanted; whoever holds the locks rolls back, fetch() waits, and it is decided again.
 *
 * That ends: what a decision takes is a row of the transaction, or the one that is here, whose files are here. So each round stages files
 * of the transaction's rows that no round before did. Only a files app that loses what it staged could go on for ever: `maxRounds`.
 */
import { SyncError } from '@lutra/model';
import { joinedFiles } from '../../files/commit-files.js';
import type { CommitFiles, Placing, RowFile, TransactionFiles, WithFiles } from '../../files/commit-files.js';
import { DecidedFiles, textOf } from './decided-files.js';
import type { NamedBy, WantedOfRow } from './decided-files.js';

export interface ConflictFilesOptions {
  readonly commit: CommitFiles;
  readonly namedBy: NamedBy;
  /** Asks for a file that no transaction came with. */
  want(wanted: WantedOfRow): RowFile;
}

const maxRounds = 16;

/** Does not leave the room. */
export class FilesWanted extends Error {
  /** None: what was staged is not any more. */
  constructor(readonly wanted: readonly WantedOfRow[]) {
    super(`${wanted.length} files are not staged`);
  }
}

export class ConflictFiles {
  readonly #options: ConflictFilesOptions;
  /** Beside those that transactions came with. */
  readonly #fetched = new Map<string, RowFile>();
  #rounds = 0;

  constructor(options: ConflictFilesOptions) {
    this.#options = options;
  }

  /** For one open target transaction. */
  decided(): DecidedFiles {
    return new DecidedFiles(this.#options.namedBy);
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
      const found = this.#fetched.get(wantedText(each)) ?? brought.get(textOf(each.file))?.findLast((file) => isWanted(file, each));
      if (found) comes.push(found);
      else lacking.push(each);
    }
    if (lacking.length > 0) throw new FilesWanted(lacking);
    return comes.length + leaves.length > 0 ? { comes, leaves } : null;
  }

  /** Right before the COMMIT. @throws FilesWanted; SyncError as CommitFiles.place */
  async place(files: TransactionFiles): Promise<Placing | null> {
    const placing = await this.#options.commit.place(files);
    if (placing === 'again') throw new FilesWanted([]);
    return placing;
  }

  /** `placing`: null: none was needed. */
  committed(placing: Placing | null): void {
    this.#fetched.clear();
    this.#rounds = 0;
    if (placing) this.#options.commit.committed(placing);
  }

  takeBack(placing: Placing): Promise<void> {
    return this.#options.commit.takeBack(placing);
  }

  /** Nothing is held. @throws SyncError FILE_*, FILES_* */
  async fetch({ wanted }: FilesWanted, transactions: readonly WithFiles[]): Promise<void> {
    this.#rounds += 1;
    if (this.#rounds > maxRounds)
      throw new SyncError('FILES_UNAVAILABLE', `the files app does not keep what it staged: ${maxRounds} times in one transaction`);
    if (wanted.length === 0) this.#fetched.clear();
    const asked = wanted.map((each) => [wantedText(each), this.#options.want(each)] as const);
    const all = [...transactions, { files: { comes: asked.map(([, file]) => file), leaves: [] } }];
    for (let from = 0; from < all.length;) from += await this.#options.commit.ready(all.slice(from));
    for (const [text, file] of asked) this.#fetched.set(text, file);
  }
}

function wantedText({ file }: WantedOfRow): string {
  return `${textOf(file)}\0${file.hash ?? ''}`;
}

/** Another row of the transaction may have come with other bytes for the same path. */
function isWanted({ staged }: RowFile, { file: { hash } }: WantedOfRow): boolean {
  return staged === null || (staged !== undefined && (hash === null || staged.sha256 === hash));
}
