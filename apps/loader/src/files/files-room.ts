/** The files of one owner of a pipeline, put together. What a run does for them beside its transactions runs here until it ends. */
import type { WorkDeps } from '@lutra/host';
import { createRouter, SyncError, tableName, toSyncError } from '@lutra/model';
import type { FileRule, PipelineUid, Route, TableName } from '@lutra/model';
import type { ConnectionOptions } from '@lutra/mysql';
import type { LiveWork } from '@lutra/runtime';
import type { Bell } from '../read/batches.js';
import type { LoaderWork } from '../assignments.js';
import type { CommitFiles, Placing, RowFile, TransactionFiles, WithFiles } from './commit-files.js';
import { FileRows } from './file-rows.js';
import type { FilesIo } from './files-io.js';
import { FilesReport } from './files-report.js';
import { missingEvent } from './missing-event.js';
import { LeavingFiles } from './leaving-files.js';
import { MissingFiles } from './missing-files.js';
import { NamingRows } from './naming-rows.js';
import { PipelineFiles } from './pipeline-files.js';
import { Staging } from './staging.js';
import type { FileWish } from './wanted.js';
import { takeOverRemoved } from './removed-pipelines.js';
import { takeOverFiles } from './take-over-files.js';

const tellMs = 1_000;
/** What is on its way when a rule is edited mostly arrives sooner. */
const editedMs = 2_000;
/** By which a row names its files. */
const namingFields = ['root', 'path', 'strip', 'split', 'json', 'hash'] as const;

/** What it takes of a LoaderRun. */
export interface FilesRun {
  readonly bell: Pick<Bell, 'ring'>;
  readonly deps: WorkDeps;
  readonly work: LoaderWork;
  readonly live: Pick<LiveWork<LoaderWork>, 'newest' | 'isTaken'>;
  readonly target: ConnectionOptions;
  readonly signal: AbortSignal;
  end(error: unknown): void;
}

/** What a stage knows of files. */
export class StageFiles extends FileRows implements CommitFiles {
  readonly #room: FilesRoom;

  constructor(room: FilesRoom, { source, routes }: Pick<LoaderWork, 'source' | 'routes'>) {
    super({ staging: room.staging, endpoint: source.name, rulesOf: createRouter(routes).filesOf });
    this.#room = room;
  }

  ready(transactions: readonly WithFiles[]): Promise<number> {
    return this.#room.commit.ready(transactions);
  }

  place(...asked: Parameters<CommitFiles['place']>): ReturnType<CommitFiles['place']> {
    return this.#room.commit.place(...asked);
  }

  committed(placing: Placing): void {
    this.#room.commit.committed(placing);
  }

  takeBack(placing: Placing): Promise<void> {
    return this.#room.commit.takeBack(placing);
  }

  get hasLate(): boolean {
    return this.#room.missing.hasFound;
  }

  /** That came behind their rows; of this moment. */
  late(): readonly RowFile[] {
    return this.#room.missing.take();
  }

  /** Resolves when there is room to read ahead. */
  hasRoom(): Promise<void> | null {
    return this.#room.staging.hasRoom ? null : this.#room.staging.untilRoom();
  }
}

export class FilesRoom {
  readonly staging: Staging;
  readonly commit: PipelineFiles;
  readonly missing: MissingFiles;
  readonly #run: FilesRun;
  readonly #epoch: number;
  readonly #io: FilesIo;
  readonly #service: ReturnType<FilesIo['service']>;
  readonly #leaving: LeavingFiles;
  readonly #report: FilesReport;
  /** Whose files this run places. */
  readonly #roots = new Set<string>();
  #rules: { readonly work: LoaderWork; readonly of: (table: TableName) => readonly FileRule[] } | null = null;
  #telling: NodeJS.Timeout | undefined;

  constructor(run: FilesRun, epoch: number, io: FilesIo) {
    const { deps, work, target, signal } = run;
    this.#run = run;
    this.#epoch = epoch;
    this.#report = new FilesReport(deps, work.id);
    this.#io = io;
    this.#service = io.service(deps, work.target.region);
    const warn = (error: SyncError): void => deps.logger.warn({ code: error.code }, error.message);
    const of = { files: this.#service, pipeline: work.uid, sourceRegion: work.source.region, signal };
    const rulesOf = (table: TableName): readonly FileRule[] => this.#rulesNow(table);
    this.staging = new Staging({
      ...of,
      ruleNow: (wish) => this.#inForce(wish),
      onWithout: (wish, why) => this.#without(wish, why),
    });
    const store = { store: io.store, target };
    const onFound = (): void => run.bell.ring();
    this.missing = new MissingFiles({ ...of, ...store, endpoint: work.source.name, rulesOf, onFound, warn });
    const routes = (): readonly Route[] => [...run.live.newest.routes, ...(run.live.newest.ddl?.others ?? []).flat()];
    const naming = new NamingRows({ store: io.store, routes, lacksColumns: (root) => this.#lacksColumns(root) });
    this.#leaving = new LeavingFiles({
      ...of,
      ...store,
      epoch,
      naming: (queries) => naming.of(queries),
      onHeld: (held) => this.#report.held(held),
      onGone: (outcome) => void (outcome === 'deleted' && deps.metrics.rowFiles.inc({ name: work.id, outcome: 'deleted' })),
      onFenced: (error) => run.end(error),
      warn,
    });
    this.commit = new PipelineFiles({
      ...of,
      staging: this.staging,
      epoch,
      hasMissing: () => this.missing.some,
      onCommitted: (files) => this.#committed(files),
      observe: (seconds) => deps.metrics.hopSeconds.observe({ name: work.id, hop: 'files' }, seconds),
      warn,
    });
  }

  /** Nobody else places files of the pipeline in these roots from here on. What this run has placed there before stays. */
  async takeOver(roots: readonly string[]): Promise<void> {
    const { deps, work, target } = this.#run;
    const { store } = this.#io;
    const more = roots.filter((root) => !this.#roots.has(root));
    if (more.length > 0) await store.beginPlacing(target, work.uid, more);
    const committed = await store.readPlacing(target, work.uid);
    const of = { files: this.#service, pipeline: work.uid, epoch: this.#epoch, committed };
    this.commit.from(await takeOverFiles(of, more));
    for (const root of more) this.#roots.add(root);
    for (const root of more) await this.#inherit(root);
    for (const root of committed.keys()) if (!this.#roots.has(root)) await this.#leave(of, root);
    if (more.length > 0) deps.logger.info({ roots: [...this.#roots] }, 'places files of rows');
    if (this.#telling) return;
    this.#telling = setInterval(() => this.#tell(), tellMs).unref();
    void this.#leaving.run();
    void this.missing.run();
  }

  /** What removed pipelines have left there. */
  async #inherit(root: string): Promise<void> {
    const { deps, work, target } = this.#run;
    const { uid: pipeline } = work;
    const readUid = (uid: PipelineUid): ReturnType<typeof deps.registry.uids.read> => deps.registry.uids.read(uid);
    const of = { files: this.#service, store: this.#io.store, target, endpoint: work.target.name, pipeline, readUid };
    try {
      const removed = await takeOverRemoved(of, root);
      if (removed.length > 0) deps.logger.info({ root, removed: [...removed] }, 'took over what removed pipelines have placed');
    } catch (thrown) {
      const { code, message } = toSyncError(thrown);
      deps.logger.warn({ root, code }, `what removed pipelines have placed is not taken over: ${message}; the next take-over tries again`);
    }
  }

  /** A root that no rule names any more: what a loader before has left there is taken back, if its files app lives. */
  async #leave(of: Parameters<typeof takeOverFiles>[0], root: string): Promise<void> {
    try {
      this.commit.from(await takeOverFiles(of, [root]));
    } catch (thrown) {
      const { code, message } = toSyncError(thrown);
      if (code === 'FENCED') throw thrown;
      this.#run.deps.logger.warn({ code, root }, `cannot take over a root that no rule names any more: ${message}`);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#telling);
    this.#tell();
    await this.commit.close();
  }

  #committed({ comes, leaves }: TransactionFiles): void {
    this.missing.passed(comes);
    this.missing.passed(leaves);
    const placed = comes.filter(({ staged }) => staged).length;
    const { deps, work } = this.#run;
    if (placed > 0) deps.metrics.rowFiles.inc({ name: work.id, outcome: 'placed' }, placed);
    if (leaves.length > 0) this.#leaving.wake();
    if (comes.some(({ missing }) => missing !== null)) this.missing.noted();
  }

  /** Rows of a suspended table name files by columns that no rule knows. */
  #lacksColumns(root: string): boolean {
    const { status } = this.#run.deps.status;
    return (status.suspended ?? []).some(
      ({ database, name, code }) => code === 'FILE_PATH_INVALID' && this.#rulesNow({ database, name }).some((rule) => rule.root === root),
    );
  }

  /** The rule that names the file the same way. */
  #inForce({ table, rule }: FileWish): FileRule | null {
    return this.#rulesNow(table).find((one) => namingFields.every((field) => one[field] === rule[field])) ?? null;
  }

  /**
   * An edit is taken between two transactions, and all before it is applied first: that waits for a file that nobody wants any more. So the
   * rows are read again from the checkpoint, by the rules of now.
   */
  #endIfEdited(): void {
    const { live, signal } = this.#run;
    if (live.isTaken || signal.aborted || !this.staging.hasWaitedBy((wish) => this.#inForce(wish) === null, editedMs)) return;
    const what = 'a file is waited for by a rule that was edited: its row is read again, and named by the rules of now';
    this.#run.end(new SyncError('CONFIG_BEHIND', what));
  }

  #tell(): void {
    this.#endIfEdited();
    if (this.#run.signal.aborted) this.#report.end();
    else this.#report.tell(this.staging.activity, this.commit.trouble);
  }

  #without(wish: FileWish, why: 'superseded' | 'skipped'): void {
    const { deps, work } = this.#run;
    deps.metrics.rowFiles.inc({ name: work.id, outcome: why === 'skipped' ? 'missing' : why });
    if (why !== 'skipped') return;
    const { root, path } = wish;
    const said = 'a row goes without its file, which its source region does not have';
    deps.logger.warn({ table: tableName(wish.table), root }, `${said}; lutra.file_missing has its path`);
    deps.logger.debug({ root, path, key: wish.rowName }, said);
    const tell = work.targetRegion && deps.events.of(work.targetRegion, work.target);
    tell?.(missingEvent(wish, work));
  }

  /** Of the configuration as it is now: a file may be waited for longer than a rule lasts. */
  #rulesNow(table: TableName): readonly FileRule[] {
    const work = this.#run.live.newest;
    if (this.#rules?.work !== work) this.#rules = { work, of: createRouter(work.routes).filesOf };
    return this.#rules.of(table);
  }
}
