/**
 * Does the log hold what this pipeline carries, and do we go by the newest routes? The naive way passes every row that its routes do not
 * take. Counter-examples:
 *
 * 1. A table was added, capture has learnt of it and publishes its rows; a loader that has not yet passes them, saves its position behind
 *    them, and is told a moment later. So a run asks ZooKeeper twice for the document as it is now, not as the watch last said: once it is
 *    the owner, because the owner before it may have gone by newer routes than it knows; and at each record in the log that names other
 *    routes than its own.
 * 2. ZooKeeper was restored from an older copy, in which the table is not there. The revision of the configuration tells, which only grows:
 *    a record of the log that names a greater one is newer than the tree, and so is a checkpoint that was moved under a greater one. A
 *    record that does not name the pipeline says that it was removed: in an older tree it would come alive, and apply again what the one
 *    that took its place has applied.
 * 3. The pipeline was removed and comes back by an import. Its tables have left the topic meanwhile: a `routes` record between says so.
 * 4. The pipeline is new and the topic is not. To begin at its start would apply what the target was seeded with. So a pipeline that was
 *    given no position begins only in a log that was begun for it: its first `routes` record names it.
 */
import { replicationFingerprint, isReplicated, isNamed, isOutdated, SyncError, toSyncError } from '@lutra/model';
import type { Announced, ChannelDocument, ControlRecord, Revision, RouteFingerprints } from '@lutra/model';
import type { AppliedRoutes } from '@lutra/marker';
import type { DocumentStore, RevisionStore } from '@lutra/registry';
import { orAborted } from '@lutra/runtime';
import type { LoaderWork } from '../assignments.js';

export interface RouteCheckOptions {
  readonly channels: Pick<DocumentStore<ChannelDocument>, 'latest'>;
  readonly revision: Pick<RevisionStore, 'latest'>;
  readonly work: Pick<LoaderWork, 'id' | 'uid' | 'channel' | 'routes' | 'forwards'>;
  /** It was given no position in the log yet: it begins where the log begins. */
  readonly begins: boolean;
  readonly signal: AbortSignal;
}

/** Of the pipeline; without a fingerprint: it was not there. */
interface Known {
  readonly revision: number;
  readonly fingerprint: string | undefined;
}

export class RouteCheck {
  readonly #options: RouteCheckOptions;
  readonly #fingerprint: string;
  /** Before the log has said that it holds what the pipeline carries. */
  #unproven: boolean;

  constructor(options: RouteCheckOptions) {
    this.#options = options;
    const { routes, forwards } = options.work;
    this.#fingerprint = replicationFingerprint({ routes: [...routes], forwards });
    this.#unproven = options.begins;
  }

  /** What the run works with, for its status. */
  get fingerprints(): RouteFingerprints {
    return { [this.#options.work.uid]: this.#fingerprint };
  }

  /** Does the record name other routes, or none? Capture may not know the pipeline yet, or the pipeline may be gone. */
  differs(control: ControlRecord): control is Extract<ControlRecord, { kind: 'routes' }> {
    if (control.kind !== 'routes') return false;
    const same = control.pipelines[this.#options.work.uid] === this.#fingerprint;
    if (same) this.#unproven = false;
    return !same;
  }

  /** The log has said that it holds what the pipeline carries: before, its position is not worth saving. */
  get isProven(): boolean {
    return !this.#unproven;
  }

  /** A row comes. @throws SyncError LOG_START_UNKNOWN */
  requireProven(): void {
    if (this.#unproven) throw this.#unknown('the log does not begin with the routes of any pipeline');
  }

  /**
   * At the start of a run. Resolves to the routes under which it applies.
   * @param applied those under which it was applied last
   * @throws SyncError CONFIG_BEHIND, which the watch fixes; CONFIG_OUTDATED; ZOOKEEPER_UNAVAILABLE: nobody can say, so nothing may be
   * passed
   */
  async requireNewest(applied: AppliedRoutes | null): Promise<AppliedRoutes> {
    const revision = await this.#revision();
    if (!applied) return { revision: revision.revision, fingerprint: this.#fingerprint };
    this.#requireNotOutdated(applied, revision, 'the checkpoint');
    return { revision: Math.max(revision.revision, applied.revision), fingerprint: this.#fingerprint };
  }

  /**
   * At a record that differs, when all before it is applied: may what follows be passed?
   * @throws SyncError as requireNewest; LOG_START_UNKNOWN, LOG_LACKS_TABLES
   */
  async requireReplicated(announced: Announced): Promise<void> {
    const revision = await this.#revision();
    const { id, uid, routes, forwards } = this.#options.work;
    const named = isNamed(announced, uid);
    const fingerprint = announced.pipelines[uid];
    this.#requireNotOutdated({ revision: announced.revision, fingerprint }, revision, 'the log');
    if (this.#unproven && !named) throw this.#unknown(`the log begins for ${this.#othersIn(announced)}`);
    this.#unproven = false;
    if (isReplicated(announced, { uid, routes: [...routes], forwards })) return;
    const what = `pipeline ${id}: from here on the topic does not hold all of its tables, only ${announced.tables.join(', ') || 'none'}`;
    throw new SyncError('LOG_LACKS_TABLES', what, { details: { pipeline: id } });
  }

  /** Of a tree in which the routes are ours. */
  async #revision(): Promise<Revision> {
    const { revision, signal } = this.#options;
    const { id, uid } = this.#options.work;
    const newest = await orAborted(this.#newest(), signal);
    if (newest === null) throw this.#behind(`there is no pipeline ${id} with uid ${uid} any more`);
    if (newest !== this.#fingerprint) throw this.#behind(`the routes of pipeline ${id} were changed`);
    return orAborted(revision.latest(), signal);
  }

  #requireNotOutdated({ revision: before, fingerprint }: Known, revision: Revision, who: string): void {
    const { id, uid } = this.#options.work;
    const names = { [uid]: id };
    const known = { revision: before, pipelines: fingerprint === undefined ? {} : { [uid]: fingerprint }, names };
    if (!isOutdated(known, { revision, pipelines: this.fingerprints, names })) return;
    const has =
      fingerprint === undefined
        ? `has no such pipeline in revision ${before}: it was removed, and an older ZooKeeper (${revision.revision}) brings it back; remove it again`
        : `has its routes of revision ${before}, ZooKeeper others, of ${revision.revision}`;
    const what = `pipeline ${id}: ${who} ${has}`;
    throw new SyncError('CONFIG_OUTDATED', what, { details: { pipeline: id, known: before, revision: revision.revision } });
  }

  async #newest(): Promise<string | null> {
    const { channels } = this.#options;
    const { uid, channel } = this.#options.work;
    const found = await channels.latest(channel).catch((error: unknown) => {
      if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
      throw this.#behind(`the document of channel ${channel} cannot be read, so it may have other routes now`);
    });
    const pipeline = found?.document.pipelines.find((candidate) => candidate.uid === uid);
    return pipeline ? replicationFingerprint(pipeline) : null;
  }

  #behind(why: string): SyncError {
    return new SyncError('CONFIG_BEHIND', `${why}; this process has not been told yet`, { details: { pipeline: this.#options.work.id } });
  }

  /** One of the same name is another pipeline: it was removed, and this one was created after it. */
  #othersIn({ pipelines, names }: Announced): string {
    const { id } = this.#options.work;
    const others = Object.keys(pipelines).map((uid) =>
      names[uid] === id ? `an earlier pipeline ${id} (uid ${uid})` : (names[uid] ?? uid),
    );
    return others.join(', ') || 'no pipeline';
  }

  #unknown(why: string): SyncError {
    const { id } = this.#options.work;
    return new SyncError('LOG_START_UNKNOWN', `pipeline ${id} has no position in the log: ${why}`, { details: { pipeline: id } });
  }
}
