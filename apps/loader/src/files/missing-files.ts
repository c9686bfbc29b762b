/**
 * Files that rows came without ("missing": "skip"), as lutra.file_missing has them: asked for again and again, slowly. Those that their
 * source has by now are placed at the next transaction boundary of the log, which knows that nothing else is placed meanwhile.
 */
import type { FilesService, StageAnswer, StagedFile, WantedFile } from '@lutra/files';
import { toSyncError } from '@lutra/model';
import type { FileName, FileRule, PipelineUid, SyncError, TableName } from '@lutra/model';
import { mayName } from '@lutra/mysql';
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
  /** take() has some. */
  onFound(): void;
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
  /** By name. */
  #found = new Map<string, RowFile>();
  /** Names that are asked for, and those that transactions were about while entries are read. */
  readonly #asked = new Set<string>();
  #passed: Set<string> | null = null;

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

  /**
   * A transaction that came, or left, with these is committed: what was asked for before is not placed behind it. Counter-example: the file
   * appears, is asked for, is written again, and a row brings its new bytes; then the old ones would be placed over them.
   */
  passed(files: readonly FileName[]): void {
    if (!this.#some) return;
    for (const file of files) {
      const name = nameOf(file);
      this.#found.delete(name);
      this.#asked.delete(name);
      this.#passed?.add(name);
    }
  }

  get hasFound(): boolean {
    return this.#found.size > 0;
  }

  /** What was found since the last call, or is not wanted any more (staged: null): their entries are to go. */
  take(): readonly RowFile[] {
    const found = [...this.#found.values()];
    this.#found.clear();
    return found;
  }

  /** Until the signal aborts. */
  async run(): Promise<void> {
    const { signal, warn, onFound } = this.#options;
    while (!signal.aborted) {
      // Repairs write entries too, and tell nobody.
      if (this.#found.size === 0) await this.#look().catch((error: unknown) => signal.aborted || warn(toSyncError(error)));
      if (this.#found.size > 0) onFound();
      await sleep(this.#pauseMs, signal).catch(() => undefined); // it has ended then
      this.#pauseMs = Math.min(this.#pauseMs * 2, lastPauseMs);
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#options;
    // Counter-example for what is known: a repair writes entries, their files are placed, and nothing takes the entries away.
    this.#some = true;
    let after = '0';
    for (let isEnd = false; !isEnd && !signal.aborted && this.#found.size < limit;) {
      const { entries, isNone, last } = await this.#read(after);
      if (isNone) return void (this.#some = false);
      await this.#ask(entries);
      isEnd = last === null;
      after = last ?? after;
    }
  }

  async #read(after: string): Promise<Entries> {
    const { store, target, pipeline } = this.#options;
    const passed = (this.#passed = new Set());
    try {
      const entries = await store.readMissing(target, pipeline, { limit, after });
      const isNone = after === '0' && entries.length === 0 && passed.size === 0;
      const last = entries.length < limit ? null : (entries.at(-1)?.id ?? null);
      return { entries: entries.filter((entry) => !passed.has(nameOf(entry))), isNone, last };
    } finally {
      this.#passed = null;
    }
  }

  async #ask(entries: readonly MissingFileRow[]): Promise<void> {
    for (const entry of entries) this.#asked.add(nameOf(entry));
    try {
      let open = entries.map((entry) => ({ entry, rules: this.#rulesFor(entry) }));
      while (open.length > 0) {
        // The row does not name it by the first of them, and may by the next one.
        const left = await this.#askBy(open.filter(({ rules }) => rules.length > 0));
        for (const { entry, rules } of open) if (rules.length === 0) this.#ends(entry, null);
        open = left.map(({ entry, rules }) => ({ entry, rules: rules.slice(1) }));
      }
    } finally {
      this.#asked.clear();
    }
  }

  /** By the first rule of each. Resolves to those whose row does not name the file by it. */
  async #askBy(asked: readonly AskedEntry[]): Promise<readonly AskedEntry[]> {
    const { files: service, pipeline, sourceRegion, signal } = this.#options;
    const files = asked.flatMap(({ entry, rules: [rule] }, id) => (rule ? this.#wanted(entry, rule, id) : []));
    if (files.length === 0) return [];
    const superseded: AskedEntry[] = [];
    for await (const answer of service.stage({ pipeline, sourceRegion, files }, signal)) {
      const one = asked[answer.id];
      if (one && answer.kind === 'staged') this.#ends(one.entry, stagedOf(one.entry, answer));
      if (one && answer.kind === 'superseded') superseded.push(one);
    }
    return superseded;
  }

  #ends(entry: MissingFileRow, staged: StagedFile | null): void {
    const { root, path, sha256 } = entry;
    if (this.#asked.delete(nameOf(entry))) this.#found.set(nameOf(entry), { root, path, hash: sha256, staged, missing: null });
  }

  /** None: no rule is about it any more. */
  #rulesFor({ root, path, table }: MissingFileRow): readonly FileRule[] {
    return this.#options.rulesOf(table).filter((rule) => rule.root === root && mayName(rule, path));
  }

  #wanted({ root, path, sha256, table, key }: MissingFileRow, rule: FileRule, id: number): WantedFile {
    const of = { endpoint: this.#options.endpoint, database: table.database, table: table.name };
    return { id, root, path, hash: sha256, row: { ...of, key: JSON.parse(key) as Readonly<Record<string, string>>, rule } };
  }
}

function stagedOf({ root, path }: FileName, { sha256, size, mtimeNs }: Extract<StageAnswer, { kind: 'staged' }>): StagedFile {
  return { root, path, sha256, size, mtimeNs };
}

function nameOf({ root, path }: FileName): string {
  return `${root}\0${path}`;
}

interface AskedEntry {
  readonly entry: MissingFileRow;
  /** By which its row may name it. */
  readonly rules: readonly FileRule[];
}

interface Entries {
  readonly entries: readonly MissingFileRow[];
  /** The pipeline has none at all. */
  readonly isNone: boolean;
  /** Null: these are the last ones. */
  readonly last: string | null;
}
