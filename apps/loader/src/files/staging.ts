/**
 * Files that rows name, asked of the files app of the own region until each is staged or answered otherwise. Many are asked for in one
 * request, some requests are under way at once, and answers come in any order; what is missing, is written to, or could not be asked for is
 * asked for again, with a pause that grows. A files app that is away, of this region or of the source's, ends nothing: its files wait.
 *
 * Nothing here knows of transactions. Who wants a file looks at its Wanted, and waits for what changes.
 */
import type { FilesService, StageAnswer } from '@lutra/files';
import { errorTable, SyncError, toSyncError } from '@lutra/model';
import type { ErrorCode, FileRule, FilesActivity, PipelineUid, WaitingFile } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import { about, failed, lacked, missingRow, shown, Wanted, wantedFile } from './wanted.js';
import type { FileWish } from './wanted.js';

export interface StagingOptions {
  readonly files: Pick<FilesService, 'stage'>;
  readonly pipeline: PipelineUid;
  readonly sourceRegion: string;
  readonly signal: AbortSignal;
  /** The rule as the configuration has it now, of a file that its source lacks; null: it is in force no more, and the run is to end. */
  ruleNow(wish: FileWish): Pick<FileRule, 'missing' | 'waitSeconds'> | null;
  /** A row goes without its file. */
  onWithout(wish: FileWish, why: 'superseded' | 'skipped'): void;
}

/** Of one request, and how many are under way. */
const maxFiles = 500;
const maxRequests = 8;
/** More are not read ahead. */
const maxWaiting = 20_000;
const [firstPauseMs, lastPauseMs] = [1_000, 30_000];
const shownFiles = 20;

export class Staging {
  readonly #options: StagingOptions;
  /** Asked for and not answered, in the order of the log. */
  readonly #waiting = new Set<Wanted>();
  #queue: Wanted[] = [];
  #requests = 0;
  #changed = Promise.withResolvers<void>();
  #isAskingSoon = false;
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(options: StagingOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#close(), { once: true });
  }

  /** It is asked for before the event loop turns, with what else the batch brought. */
  want(wish: FileWish): Wanted {
    const wanted = new Wanted(wish);
    this.#waiting.add(wanted);
    this.#ask([wanted]);
    return wanted;
  }

  /** They were staged, and are not any more. */
  again(files: readonly Wanted[]): void {
    for (const file of files) {
      file.staged = undefined;
      this.#waiting.add(file);
    }
    this.#ask(files);
  }

  /** Resolves when something has changed: an answer, or trouble. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** @throws SyncError ABORTED */
  throwIfEnded(): void {
    throwIfAborted(this.#options.signal);
  }

  /** There is room to read ahead. */
  get hasRoom(): boolean {
    return this.#waiting.size < maxWaiting;
  }

  /** @throws SyncError ABORTED */
  async untilRoom(): Promise<void> {
    for (let { changed } = this; !this.hasRoom; { changed } = this) {
      this.throwIfEnded();
      await changed;
    }
  }

  /** Some file has waited for so long by a rule of which `isOver` says so. */
  hasWaitedBy(isOver: (wish: FileWish) => boolean, ms: number): boolean {
    const before = Date.now() - ms;
    for (const { since, wish } of this.#waiting) if (since <= before && isOver(wish)) return true;
    return false;
  }

  get activity(): FilesActivity | undefined {
    if (this.#waiting.size === 0) return undefined;
    const rows = new Set<unknown>();
    const waiting: WaitingFile[] = [];
    let trouble: FilesActivity['trouble'];
    for (const file of this.#waiting) {
      rows.add(file.wish.key);
      trouble ??= file.trouble ?? undefined;
      if (waiting.length < shownFiles) waiting.push(shown(file));
    }
    return { rows: rows.size, files: this.#waiting.size, waiting, ...(trouble && { trouble }) };
  }

  #ask(files: readonly Wanted[]): void {
    for (const file of files) this.#queue.push(file);
    if (this.#isAskingSoon) return;
    this.#isAskingSoon = true;
    setImmediate(() => {
      this.#isAskingSoon = false;
      this.#send();
    });
  }

  #send(): void {
    if (this.#options.signal.aborted) return;
    while (this.#queue.length > 0 && this.#requests < maxRequests) {
      const files = this.#queue.splice(0, maxFiles);
      this.#requests += 1;
      void this.#request(files).finally(() => {
        this.#requests -= 1;
        this.#send();
      });
    }
  }

  async #request(files: readonly Wanted[]): Promise<void> {
    const open = new Map(files.map((file, id) => [id, file]));
    const { files: service, pipeline, sourceRegion, signal } = this.#options;
    const request = { pipeline, sourceRegion, files: files.map(wantedFile) };
    try {
      for await (const answer of service.stage(request, signal)) {
        const file = open.get(answer.id);
        if (!file) continue;
        if (answer.kind === 'progress') {
          file.progress = answer;
          if (answer.phase !== 'asked') file.trouble = null;
        } else {
          open.delete(answer.id);
          this.#answered(file, answer);
        }
      }
      if (open.size > 0) throw new SyncError('FILES_UNAVAILABLE', 'the files app ended its answer early');
    } catch (thrown) {
      if (!signal.aborted) this.#failed([...open.values()], toSyncError(thrown));
    }
  }

  #answered(file: Wanted, answer: StageAnswer): void {
    switch (answer.kind) {
      case 'staged': {
        const { root, path } = file;
        const { sha256, size, mtimeNs } = answer;
        return this.#ends(file, { staged: { root, path, sha256, size, mtimeNs } });
      }
      case 'superseded':
        this.#options.onWithout(file.wish, 'superseded');
        return this.#ends(file, { staged: null });
      case 'refused': {
        if (this.#isTrouble(file, answer.code)) return this.#troubled([file], answer);
        const failure = failed(file, answer);
        // The application has written the file, and its row is a moment behind.
        return answer.code === 'FILE_HASH_MISMATCH' ? this.#lacking(file, 'missing', failure) : this.#ends(file, { failure });
      }
      case 'missing':
      case 'unstable':
        return this.#lacking(file, answer.kind, null);
    }
  }

  /** Its source region does not have it, or not at rest. `failure`: what it ends with instead of that. */
  #lacking(file: Wanted, kind: 'missing' | 'unstable', failure: SyncError | null): void {
    const { wish } = file;
    file.lacksSince ??= Date.now();
    file.trouble = null;
    file.progress = { ...file.progress, phase: kind };
    const rule = this.#options.ruleNow(wish);
    if (!rule) return this.#later([file], lastPauseMs);
    const leftMs = file.lacksSince + rule.waitSeconds * 1000 - Date.now();
    const waits = rule.missing === 'wait' && kind === 'missing';
    if (leftMs > 0 || waits) return this.#later([file], waits ? lastPauseMs : Math.min(leftMs, lastPauseMs));
    if (kind === 'missing' && rule.missing === 'skip') {
      this.#options.onWithout(wish, 'skipped');
      return this.#ends(file, { staged: null, missing: missingRow(wish) });
    }
    this.#ends(file, { failure: failure ?? lacked(wish, kind, rule.waitSeconds) });
  }

  #ends(file: Wanted, how: Partial<Pick<Wanted, 'staged' | 'missing' | 'failure'>>): void {
    Object.assign(file, how);
    file.trouble = null;
    this.#waiting.delete(file);
    this.#tell();
  }

  /** The request did not come about, for these. */
  #failed(files: readonly Wanted[], error: SyncError): void {
    const { troubled = [], ended = [] } = Object.groupBy(files, (file) => (this.#isTrouble(file, error.code) ? 'troubled' : 'ended'));
    for (const file of ended) this.#ends(file, { failure: error.again(error.message, { details: about(file.wish) }) });
    this.#troubled(troubled, error);
  }

  /** It passes. A root that nobody has may be one whose only files app begins anew, beside others that live. */
  #isTrouble({ trouble, wish }: Wanted, code: ErrorCode): boolean {
    if (code !== 'FILE_ROOT_UNKNOWN') return errorTable[code].outcome === 'retry';
    return Date.now() < (trouble?.since ?? Date.now()) + wish.rule.waitSeconds * 1000;
  }

  #troubled(files: readonly Wanted[], { code, message }: Pick<SyncError, 'code' | 'message'>): void {
    for (const file of files) file.trouble = { code, message, since: file.trouble?.since ?? Date.now() };
    this.#later(files, lastPauseMs);
  }

  #later(files: readonly Wanted[], mostMs: number): void {
    const [first] = files;
    if (!first) return;
    const pauseMs = Math.max(0, Math.min(firstPauseMs * 2 ** Math.min(first.tries, 5), mostMs));
    for (const file of files) file.tries += 1;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#ask(files);
      this.#tell();
    }, pauseMs).unref();
    this.#timers.add(timer);
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#tell();
  }
}
