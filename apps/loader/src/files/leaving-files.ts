/**
 * Files that rows no longer name go behind the COMMIT of these rows: to the trash, or for good. Works off what an owner before has left as
 * well, for the rows of lutra.file are committed with the rows that left.
 *
 * A file stays where any row names it, where it is not the one that was placed, and as long as somebody is about to place it (busy). It is
 * marked before the database is asked, and whoever places it behind that, if only by finding it there, makes the mark void. Counter-example
 * for a lock in the database instead: the server ends the session that holds it; a row that names the file comes, which is there already;
 * then the deletion arrives.
 */
import type { DeleteAnswer, FilesService } from '@lutra/files';
import { toSyncError } from '@lutra/model';
import type { PipelineUid, SyncError } from '@lutra/model';
import type { ConnectionOptions, LeavingFile, Naming, Queries } from '@lutra/mysql';
import { offerWithin } from '@lutra/runtime';
import type { FileStore } from './files-io.js';

export interface LeavingFilesOptions {
  readonly files: Pick<FilesService, 'delete'>;
  readonly store: Pick<FileStore, 'readLeaving' | 'letGo'>;
  readonly target: ConnectionOptions;
  readonly pipeline: PipelineUid;
  readonly epoch: number;
  readonly signal: AbortSignal;
  naming(queries: Queries): (file: LeavingFile) => Promise<Naming>;
  /** By root, how many of the files that are to go are kept, since nobody can tell which rows name them; told after each look. */
  onHeld(held: ReadonlyMap<string, number>): void;
  onGone(outcome: 'deleted' | 'gone' | 'changed'): void;
  /** What ends the run: it is not the owner any more. */
  onFenced(error: SyncError): void;
  warn(error: SyncError): void;
}

/** Of one look. */
const limit = 100;
/** busy · trouble · nothing was left to do: a repair may give us some */
const [soonMs, troubleMs, laterMs] = [2_000, 15_000, 30_000];

export class LeavingFiles {
  readonly #options: LeavingFilesOptions;
  #left = Promise.withResolvers<void>();

  constructor(options: LeavingFilesOptions) {
    this.#options = options;
  }

  /** Rows were committed that left files. */
  wake(): void {
    this.#left.resolve();
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { signal, warn, onFenced } = this.#options;
    while (!signal.aborted) {
      this.#left = Promise.withResolvers();
      const pauseMs = await this.#workOff().then(
        (isDone) => (isDone ? laterMs : soonMs),
        (thrown: unknown) => {
          const error = toSyncError(thrown);
          if (error.code === 'FENCED') onFenced(error);
          else if (!signal.aborted) warn(error);
          return troubleMs;
        },
      );
      await offerWithin(this.#left.promise, pauseMs, signal).catch(() => undefined); // it has ended then
    }
  }

  /** False: something is left that nobody tells us of. */
  async #workOff(): Promise<boolean> {
    const { store, target, pipeline, signal, naming, onHeld } = this.#options;
    let isDone = true;
    const held = new Map<string, number>();
    const hold = ({ root }: LeavingFile): unknown => held.set(root, (held.get(root) ?? 0) + 1);
    for (let after: LeavingFile | null = null; !signal.aborted;) {
      const files: readonly LeavingFile[] = await store.readLeaving(target, pipeline, { after, limit });
      await store.letGo(target, files, {
        mark: async (file) => (signal.aborted ? null : this.#mark(file)),
        naming,
        remove: (file, mark) => this.#remove(file, mark),
        onLater: (file, why) => void (why === 'unknown' ? hold(file) : (isDone = false)),
      });
      after = files.at(-1) ?? null;
      if (files.length < limit) {
        onHeld(held);
        return isDone;
      }
    }
    return false;
  }

  async #mark(file: LeavingFile): Promise<string | null> {
    const answer = await this.#delete(file, null);
    return answer.outcome === 'marked' ? answer.mark : null;
  }

  async #remove(file: LeavingFile, mark: string): Promise<boolean> {
    const { outcome } = await this.#delete(file, mark);
    if (outcome === 'busy' || outcome === 'marked') return false;
    this.#options.onGone(outcome);
    return true;
  }

  #delete({ root, path, way, size, mtimeNs, dev, ino }: LeavingFile, mark: string | null): Promise<DeleteAnswer> {
    const { files, pipeline, epoch } = this.#options;
    return files.delete({ pipeline, epoch, root, path, way, placed: { size, mtimeNs, dev, ino }, mark });
  }
}
