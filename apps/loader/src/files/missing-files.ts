/**
 * Files that rows came without ("missing": "skip"), as lutra.file_missing has them: asked for again and again, slowly. Those that their
 * source has by now are placed at the next transaction boundary of the log, which knows that nothing else is placed meanwhile.
 */
import type { FilesService, StageAnswer, StagedFile, WantedFile } from '@lutra/files';
import { toSyncError } from '@lutra/model';
import type { FileName, FileRule, PipelineUid, SyncError, TableName } from '@lutra/model';
import type { ConnectionOptions, MissingFileRow } from '@lutra/mysql';
import { sleep } from '@lutra/runtime';
import type { RowFile } from './commit-files.js';
import type { FileStore } from './files-io.js';

export interface MissingFilesOptions {
  readonly files: Pick<FilesService, 'stage'>;
  readonly store: Pick<FileStore, 'readMissing'>;
  readonly target: ConnectionOptions;
  readonly pipeline: PipelineUid;
  readonly sourceRegion: string;
  /** Of the source. */
  readonly endpoint: string;
  readonly signal: AbortSignal;
  /** Of a table of the source, as they are now. */
  rulesOf(table: TableName): readonly FileRule[];
  warn(error: SyncError): void;
}

const limit = 500;
/** Between two looks. It grows from when rows were last committed without their files: most files are only late. */
const [firstPauseMs, lastPauseMs] = [2_000, 30_000];

export class MissingFiles {
  readonly #options: MissingFilesOptions;
  /** Entries may exist. */
  #some = true;
  #pauseMs = firstPauseMs;
  #found: RowFile[] = [];

  constructor(options: MissingFilesOptions) {
    this.#options = options;
  }

  get some(): boolean {
    return this.#some;
  }

  /** Rows were committed without their files. */
  noted(): void {
    this.#some = true;
    this.#pauseMs = firstPauseMs;
  }

  /** What was found since the last call, or is not wanted any more (staged: null): their entries are to go. */
  take(): readonly RowFile[] {
    const found = this.#found;
    this.#found = [];
    return found;
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { signal, warn } = this.#options;
    while (!signal.aborted) {
      if (this.#some && this.#found.length === 0) await this.#look().catch((error: unknown) => signal.aborted || warn(toSyncError(error)));
      await sleep(this.#pauseMs, signal).catch(() => undefined); // it has ended then
      this.#pauseMs = Math.min(this.#pauseMs * 2, lastPauseMs);
    }
  }

  async #look(): Promise<void> {
    const { store, target, pipeline, signal } = this.#options;
    this.#some = false;
    try {
      for (let after = '0'; !signal.aborted && this.#found.length < limit;) {
        const entries = await store.readMissing(target, pipeline, { limit, after });
        if (entries.length > 0) this.#some = true;
        await this.#ask(entries);
        after = entries.at(-1)?.id ?? after;
        if (entries.length < limit) return;
      }
    } catch (error) {
      this.#some = true;
      throw error;
    }
  }

  async #ask(entries: readonly MissingFileRow[]): Promise<void> {
    const { files, pipeline, sourceRegion, signal } = this.#options;
    const wanted = entries.map((entry, id) => this.#wanted(entry, id));
    for (const [i, entry] of entries.entries()) if (!wanted[i]) this.#found.push(answered(entry, null));
    const request = { pipeline, sourceRegion, files: wanted.flatMap((file) => file ?? []) };
    if (request.files.length === 0) return;
    for await (const answer of files.stage(request, signal)) {
      const entry = entries[answer.id];
      if (entry && answer.kind === 'staged') this.#found.push(answered(entry, stagedOf(entry, answer)));
      if (entry && answer.kind === 'superseded') this.#found.push(answered(entry, null));
    }
  }

  /** Null: no rule is about it any more. */
  #wanted({ root, path, sha256, table, key }: MissingFileRow, id: number): WantedFile | null {
    const rule = this.#options.rulesOf(table).find((one) => one.root === root);
    if (!rule) return null;
    const of = { endpoint: this.#options.endpoint, database: table.database, table: table.name };
    return { id, root, path, hash: sha256, row: { ...of, key: JSON.parse(key) as Readonly<Record<string, string>>, rule } };
  }
}

function stagedOf({ root, path }: FileName, { sha256, size, mtimeNs }: Extract<StageAnswer, { kind: 'staged' }>): StagedFile {
  return { root, path, sha256, size, mtimeNs };
}

function answered({ root, path, sha256 }: MissingFileRow, staged: StagedFile | null): RowFile {
  return { root, path, hash: sha256, staged, missing: null };
}
