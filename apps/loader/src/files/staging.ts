/**
 * Files that rows name, asked of the files app of the own region until each is staged or answered otherwise. Many are asked for in one
 * request, some requests are under way at once, and answers come in any order; what is missing, is written to, or could not be asked for is
 * asked for again, with a pause that grows.
 *
 * Nothing here knows of transactions. Who wants a file looks at its Wanted, and waits for what changes.
 */
import type { FilesService, StageAnswer } from '@lutra/files';
import { SyncError, toSyncError } from '@lutra/model';
import type { FileRule, FilesActivity, PipelineUid, WaitingFile } from '@lutra/model';
import { throwIfAborted } from '@lutra/runtime';
import { about, missingRow, named, shown, Wanted, wantedFile } from './wanted.js';
import type { FileWish } from './wanted.js';

export interface StagingOptions {
  readonly files: Pick<FilesService, 'stage'>;
  readonly pipeline: PipelineUid;
  readonly sourceRegion: string;
  readonly signal: AbortSignal;
  /** The rule as the configuration has it now, of a file that its source lacks; null: it is in force no more. */
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
/** Whoever waits is told of trouble that lasts so long. */
const troubleMs = 10_000;
const shownFiles = 20;

export class Staging {
  readonly #options: StagingOptions;
  /** Asked for and not answered, in the order of the log. */
  readonly #waiting = new Set<Wanted>();
  #queue: Wanted[] = [];
  #requests = 0;
  #changed = Promise.withResolvers<void>();
  /** Of the requests; null: the last one went well. */
  #trouble: { readonly error: SyncError; readonly since: number; pauseMs: number } | null = null;
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

  /** @throws SyncError what keeps files from being asked for, if it lasts */
  throwIfTroubled(): void {
    const { signal } = this.#options;
    throwIfAborted(signal);
    const trouble = this.#trouble;
    if (trouble && Date.now() - trouble.since >= troubleMs) throw trouble.error;
  }

  /** There is room to read ahead. */
  get hasRoom(): boolean {
    return this.#waiting.size < maxWaiting;
  }

  /** @throws SyncError as throwIfTroubled */
  async untilRoom(): Promise<void> {
    for (let { changed } = this; !this.hasRoom; { changed } = this) {
      this.throwIfTroubled();
      await changed;
    }
  }

  get activity(): FilesActivity | undefined {
    if (this.#waiting.size === 0) return undefined;
    const rows = new Set<unknown>();
    const waiting: WaitingFile[] = [];
    for (const file of this.#waiting) {
      rows.add(file.wish.key);
      if (waiting.length < shownFiles) waiting.push(shown(file));
    }
    return { rows: rows.size, files: this.#waiting.size, waiting };
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
        if (answer.kind === 'progress') file.progress = answer;
        else {
          open.delete(answer.id);
          this.#answered(file, answer);
        }
      }
      if (open.size > 0) throw new SyncError('FILES_UNAVAILABLE', 'the files app ended its answer early');
      this.#trouble = null;
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
        const { database, name } = file.wish.table;
        const details = { ...(answer.details as SyncError['details']), ...about(file.wish), database, table: name };
        const failure = new SyncError(answer.code, `${named(file.wish)}: ${answer.message}`, { details });
        return failure.code === 'FILE_HASH_MISMATCH' ? this.#mismatch(file, failure) : this.#ends(file, { failure });
      }
      case 'missing':
      case 'unstable':
        return this.#lacking(file, answer.kind);
    }
  }

  /** An application that writes a path again writes the file, and its row a moment later: in between the row there names the old one. */
  #mismatch(file: Wanted, failure: SyncError): void {
    const rule = this.#lacks(file, 'unstable');
    if (rule) this.#ends(file, { failure });
  }

  /** Its source region does not have it, or not at rest. */
  #lacking(file: Wanted, kind: 'missing' | 'unstable'): void {
    const { wish } = file;
    const rule = this.#lacks(file, kind);
    if (!rule) return;
    if (kind === 'missing' && rule.missing === 'skip') {
      this.#options.onWithout(wish, 'skipped');
      return this.#ends(file, { staged: null, missing: missingRow(wish) });
    }
    const [code, what] =
      kind === 'missing'
        ? (['FILE_MISSING', 'its source region does not have it'] as const)
        : (['FILE_UNSTABLE', 'it is written to whenever it is read'] as const);
    const details = { ...about(wish), database: wish.table.database, table: wish.table.name };
    this.#ends(file, { failure: new SyncError(code, `${named(wish)}: ${what}, for ${rule.waitSeconds} s`, { details }) });
  }

  /** It is asked for again; else the rule by which it has been waited for long enough. */
  #lacks(file: Wanted, kind: 'missing' | 'unstable'): Pick<FileRule, 'missing' | 'waitSeconds'> | null {
    file.lacksSince ??= Date.now();
    file.progress = { ...file.progress, phase: kind };
    const rule = this.#options.ruleNow(file.wish);
    const leftMs = file.lacksSince + (rule?.waitSeconds ?? 0) * 1000 - Date.now();
    const waits = rule?.missing === 'wait' && kind === 'missing';
    if (!rule) this.#ends(file, { staged: null });
    else if (leftMs > 0 || waits) this.#later([file], waits ? lastPauseMs : Math.min(leftMs, lastPauseMs));
    else return rule;
    return null;
  }

  #ends(file: Wanted, how: Partial<Pick<Wanted, 'staged' | 'missing' | 'failure'>>): void {
    Object.assign(file, how);
    this.#waiting.delete(file);
    this.#tell();
  }

  /** The request did not come about, for these. */
  #failed(files: readonly Wanted[], error: SyncError): void {
    if (error.outcome !== 'retry') {
      for (const file of files) this.#ends(file, { failure: error.again(error.message, { details: about(file.wish) }) });
      return;
    }
    const pauseMs = Math.min((this.#trouble?.pauseMs ?? firstPauseMs / 2) * 2, lastPauseMs);
    this.#trouble = { error, since: this.#trouble?.since ?? Date.now(), pauseMs };
    this.#later(files, pauseMs);
    this.#tell();
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
