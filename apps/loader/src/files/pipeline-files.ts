/**
 * The files of one owner of a pipeline: it stages, places and settles them, and takes back what a transaction that did not come about had
 * placed. docs/decisions/0035-files.md.
 *
 * A placing has a number, which the transaction of its rows commits (lutra.file_place). So whoever takes over knows by the target alone
 * which placings count. It follows that there is one placing at a time: were the second one committed before the first, the first would
 * count too.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { FilesService, PlacedFile, PlaceRequest, StagedFile } from '@lutra/files';
import { SyncError, toSyncError } from '@lutra/model';
import type { FileName, FilesActivity, PipelineUid } from '@lutra/model';
import { filesTexts } from '@lutra/mysql';
import type { FilesWritten } from '@lutra/mysql';
import type { CommitFiles, Placing, RowFile, TransactionFiles, WithFiles } from './commit-files.js';
import { Patience } from './patience.js';
import type { Staging } from './staging.js';
import { isWanted, oldestMs, UpTo } from './up-to.js';

export interface PipelineFilesOptions {
  readonly files: Pick<FilesService, 'place' | 'unplace' | 'settle'>;
  readonly staging: Pick<Staging, 'changed' | 'throwIfEnded' | 'again'>;
  readonly pipeline: PipelineUid;
  readonly epoch: number;
  readonly signal: AbortSignal;
  /** Entries of lutra.file_missing may exist: they go with the file that comes. */
  hasMissing(): boolean;
  /** Rows that leave files, or lack them, were committed. */
  onCommitted(files: TransactionFiles): void;
  /** Files that their transaction has waited for, in seconds from their ask on. */
  observe(seconds: number): void;
  warn(error: SyncError): void;
}

interface Open extends Placing {
  readonly files: TransactionFiles;
  /** In the order in which they were placed. */
  readonly parts: Pick<PlaceRequest, 'root' | 'n'>[];
}

interface TextsOf extends Pick<FilesWritten, 'n' | 'places' | 'placed' | 'missing'> {
  readonly files: TransactionFiles;
}

/** Of one request. */
const maxFiles = 1_000;
const [settleMs, retryMs, closeMs] = [1_000, 5_000, 3_000];
/** So long a files app may be away while rows are locked. */
const lockedMs = 5_000;

export class PipelineFiles implements CommitFiles {
  readonly #options: PipelineFilesOptions;
  #nextN = 1;
  /** Placed, and neither committed nor taken back. */
  #open: Open | null = null;
  /** It is to be taken back before anything else: no files app has answered in time. */
  #void: Open | null = null;
  /** By root: up to where all is committed, or taken back, and not settled. */
  #toSettle = new Map<string, number>();
  #settling: NodeJS.Timeout | null = null;
  #isClosed = false;
  readonly #patience: Patience;

  constructor(options: PipelineFilesOptions) {
    this.#options = options;
    this.#patience = new Patience(options.signal);
  }

  /** A files app that is to place, or to take back, is away. */
  get trouble(): FilesActivity['trouble'] {
    return this.#patience.trouble ?? undefined;
  }

  /** No placing has this number, or a greater one. */
  from(n: number): void {
    this.#nextN = Math.max(this.#nextN, n);
  }

  async ready(transactions: readonly WithFiles[]): Promise<number> {
    const { staging, observe } = this.#options;
    if (this.#void) await this.takeBack(this.#void);
    const upTo = new UpTo(transactions);
    for (let hasWaited = false; ; hasWaited = true) {
      const { changed } = staging;
      const n = upTo.advance();
      if (n > 0 || transactions.length === 0) {
        if (hasWaited) observe(oldestMs(transactions.slice(0, n)) / 1000);
        return n;
      }
      staging.throwIfEnded();
      await changed;
    }
  }

  async place(files: TransactionFiles, { isLocked = false } = {}): Promise<Placing | 'again' | null> {
    if (this.#void && isLocked) return 'again';
    if (this.#void) await this.takeBack(this.#void);
    if (this.#open)
      throw new SyncError('TARGET_UNAVAILABLE', 'nobody knows whether the transaction before, whose files are placed, took effect');
    const staged = lastOf(files.comes.flatMap(({ staged: file }) => file ?? []));
    const missing = lastOf(files.comes.flatMap((file) => file.missing ?? []));
    const isSettled = !this.#options.hasMissing() || files.comes.length === 0;
    if (staged.length === 0 && missing.length === 0 && files.leaves.length === 0 && isSettled) return null;
    const open: Open = { n: this.#nextN, sql: [], files, parts: [] };
    this.#open = open;
    try {
      const placed = await this.#placed(staged, open, isLocked ? lockedMs : Infinity);
      if (!placed) return 'again';
      if (open.parts.length === 0) this.#nextN += 1;
      const n = this.#nextN - 1;
      this.#open = { ...open, n, sql: this.#texts({ n, places: lastParts(open.parts), placed, missing, files }) };
      return this.#open;
    } catch (error) {
      // Locks are given up first. It may have happened though nobody has answered.
      if (isLocked && this.#patience.isAway(error)) {
        this.#void = this.#open;
        return 'again';
      }
      // What cannot be taken back ends the run: nothing is placed behind it.
      await this.takeBack(this.#open);
      throw error;
    }
  }

  /** Null: some are not staged any more. */
  async #placed(staged: readonly StagedFile[], open: Open, mostMs: number): Promise<readonly PlacedFile[] | null> {
    const placed: PlacedFile[] = [];
    for (const [root, all] of Map.groupBy(staged, (file) => file.root)) {
      for (let from = 0; from < all.length; from += maxFiles) {
        const part = { root, n: this.#nextN++ };
        open.parts.push(part);
        const request = { ...this.#of(part), files: all.slice(from, from + maxFiles) };
        // The same request, with the same number: it may have happened though the answer is lost.
        const answer = await this.#patience.answered(() => this.#options.files.place(request), mostMs);
        if (answer.notStaged.length > 0) {
          await this.#again(open, { root, paths: answer.notStaged });
          return null;
        }
        placed.push(...answer.placed);
      }
    }
    return placed;
  }

  committed(placing: Placing): void {
    const open = this.#taken(placing);
    if (!open) return;
    this.#settleLater(open);
    this.#options.onCommitted(open.files);
  }

  /** Newest first: two parts never name one path, but the rule is the same as at a take-over. Waits for a files app that is away. */
  async takeBack(placing: Placing): Promise<void> {
    const open = this.#open;
    if (open?.n !== placing.n) return;
    for (const part of open.parts.toReversed()) await this.#patience.answered(() => this.#options.files.unplace(this.#of(part)));
    // Whoever has asked for it twice must not end what was placed since.
    if (this.#open === open) this.#open = null;
    if (this.#void === open) this.#void = null;
  }

  /**
   * At the end of the run. What is committed is settled, if a files app answers soon: the pipeline may be one that nobody takes over any
   * more, and what is open keeps what it has replaced. What is left the next take-over settles.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#settling) clearTimeout(this.#settling);
    await Promise.race([this.#settle(), delay(closeMs, undefined, { ref: false })]);
  }

  async #again(open: Open, { root, paths }: { readonly root: string; readonly paths: readonly string[] }): Promise<void> {
    await this.takeBack(open);
    const lost = new Set(paths);
    const isLost = (file: RowFile): boolean => !!file.staged && file.root === root && lost.has(file.path);
    this.#options.staging.again(open.files.comes.filter(isWanted).filter(isLost));
  }

  #taken({ n }: Placing): Open | null {
    const open = this.#open;
    if (open?.n !== n) return null;
    this.#open = null;
    return open;
  }

  #texts({ files: { comes, leaves }, ...of }: TextsOf): Placing['sql'] {
    const lacks = new Set(of.missing.map(nameOf));
    const found = this.#options.hasMissing() ? lastOf<FileName>([...comes, ...leaves]).filter((file) => !lacks.has(nameOf(file))) : [];
    return filesTexts({ pipeline: this.#options.pipeline, ...of, leaves, found });
  }

  #settleLater({ parts }: Open): void {
    for (const { root, n } of parts) this.#toSettle.set(root, n);
    this.#settleSoon();
  }

  #settleSoon(ms = settleMs): void {
    if (this.#toSettle.size > 0 && !this.#isClosed) this.#settling ??= setTimeout(() => void this.#settle(), ms).unref();
  }

  async #settle(): Promise<void> {
    const settled = this.#toSettle;
    this.#toSettle = new Map();
    this.#settling = null;
    for (const [root, n] of settled) {
      try {
        await this.#options.files.settle(this.#of({ root, n }));
      } catch (error) {
        this.#options.warn(toSyncError(error));
        // Until it is answered: a path in an open placing is not deleted.
        if (!this.#toSettle.has(root)) this.#toSettle.set(root, n);
        this.#settleSoon(retryMs);
      }
    }
  }

  #of(part: Pick<PlaceRequest, 'root' | 'n'>): Pick<PlaceRequest, 'pipeline' | 'epoch' | 'root' | 'n'> {
    const { pipeline, epoch } = this.#options;
    return { pipeline, epoch, ...part };
  }
}

const nameOf = ({ root, path }: FileName): string => `${root}\0${path}`;

/** Of each root. */
function lastParts(parts: Open['parts']): FilesWritten['places'] {
  return [...new Map(parts.map((part) => [part.root, part])).values()];
}

/** Of one path the last one counts. */
function lastOf<T extends FileName>(files: readonly T[]): readonly T[] {
  return files.length < 2 ? files : [...new Map(files.map((file) => [nameOf(file), file])).values()];
}
