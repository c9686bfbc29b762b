/**
 * Does the log hold what this pipeline carries, and do we go by the newest routes? The naive way passes every row that its routes do not
 * take. Counter-examples:
 *
 * 1. A table was added, capture has learnt of it and publishes its rows; a loader that has not yet passes them, saves its position behind
 *    them, and is told a moment later. So a run asks ZooKeeper twice for the document as it is now, not as the watch last said: once it is
 *    the owner, because the owner before it may have gone by newer routes than it knows; and at each record in the log that names other
 *    routes than its own.
 * 2. ZooKeeper was restored from an older copy, in which the table is not there. The revision of the configuration tells: the tree does not
 *    continue the one that a record of the log, or the checkpoint, names. While it has regressed, a run goes by the documents of its
 *    process. Nobody can say whether they are the newest of their revision, so what names other routes must be of an older one. A record
 *    that does not name the pipeline says that it was removed: in an older tree it would come alive, and apply again what the one that took
 *    its place has applied.
 * 3. The pipeline was removed and comes back by an import. Its tables have left the topic meanwhile: a `routes` record between says so.
 * 4. The pipeline is new and the topic is not. To begin at its start would apply what the target was seeded with. So a pipeline that was
 *    given no position begins only in a log that was begun for it: its first `routes` record names it.
 */
import { continues, isNamed, isReplicated, regressionError, replicationFingerprint, SyncError, toSyncError } from '@lutra/model';
import type { Announced, ControlRecord, Regression, RevisionMark, RouteFingerprints, StoredChannel } from '@lutra/model';
import type { AppliedRoutes } from '@lutra/marker';
import type { Current, TreeFollower } from '@lutra/registry';
import { orAborted } from '@lutra/runtime';
import type { LoaderWork } from '../assignments.js';

export interface RouteCheckOptions {
  readonly tree: Pick<TreeFollower, 'channel'>;
  readonly work: Pick<LoaderWork, 'id' | 'uid' | 'channel' | 'routes' | 'forwards'>;
  /** It was given no position in the log yet: it begins where the log begins. */
  readonly begins: boolean;
  readonly signal: AbortSignal;
}

/** Who names a revision, and with which routes of ours; undefined: with none. */
interface Knowing {
  readonly who: string;
  readonly fingerprint: string | undefined;
}

export class RouteCheck {
  readonly #options: RouteCheckOptions;
  readonly #fingerprint: string;
  /** Before the log has said that it holds what the pipeline carries. */
  #unproven: boolean;
  #isRegressed = false;

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

  /** Of the routes. */
  get fingerprint(): string {
    return this.#fingerprint;
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

  /** The tree in ZooKeeper was not followed when this was asked last: orders in it may be old ones. */
  get isRegressed(): boolean {
    return this.#isRegressed;
  }

  /**
   * At the start of a run. Resolves to the routes under which it applies.
   * @param applied those under which it was applied last, and when (ms since 1970)
   * @throws SyncError CONFIG_REGRESSED; CONFIG_BEHIND, which the watch fixes; ZOOKEEPER_UNAVAILABLE: nobody can say, so nothing may be
   * passed
   */
  async requireNewest(applied: (AppliedRoutes & { readonly at?: number }) | null): Promise<AppliedRoutes> {
    const known = applied && { revision: applied.revision, write: applied.write, at: applied.at };
    const who = { who: 'the checkpoint', fingerprint: applied?.fingerprint };
    return { ...(await this.#configuration(known, who)), fingerprint: this.#fingerprint };
  }

  /**
   * At a record that differs, when all before it is applied: may what follows be passed?
   * @throws SyncError as requireNewest; LOG_START_UNKNOWN, LOG_LACKS_TABLES
   */
  async requireReplicated(announced: Announced & { readonly tsMs?: number }): Promise<void> {
    const { id, uid, routes, forwards } = this.#options.work;
    const known = { revision: announced.revision, write: announced.write, at: announced.tsMs };
    await this.#configuration(known, { who: 'the log', fingerprint: announced.pipelines[uid] });
    if (this.#unproven && !isNamed(announced, uid)) throw this.#unknown(`the log begins for ${this.#othersIn(announced)}`);
    this.#unproven = false;
    if (isReplicated(announced, { uid, routes: [...routes], forwards })) return;
    const what = `pipeline ${id}: from here on the topic does not hold all of its tables, only ${announced.tables.join(', ') || 'none'}`;
    throw new SyncError('LOG_LACKS_TABLES', what, { details: { pipeline: id } });
  }

  /** Of documents in which the routes are ours, and that continue those of `known`. */
  async #configuration(known: Regression['known'], { who, fingerprint }: Knowing): Promise<RevisionMark> {
    const { tree, signal } = this.#options;
    const { id, channel } = this.#options.work;
    const current = await orAborted(tree.channel(channel).catch(this.#asBehind), signal);
    const { revision, regression } = current;
    this.#isRegressed = regression !== null;
    const regressed = (): SyncError =>
      regressionError(`pipeline ${id}: ${who}`, { known, tree: regression ? regression.tree : revision }, { pipeline: id });
    if (!revision || (known && !continues(revision, known))) throw regressed();
    // Of those that are in force here already, this run is told in a moment.
    this.#requireSame(current);
    if (regression && known && known.revision >= revision.revision && fingerprint !== this.#fingerprint) throw regressed();
    return { revision: revision.revision, write: revision.write };
  }

  #requireSame({ found }: Current<StoredChannel | null>): void {
    const { id, uid } = this.#options.work;
    const pipeline = found?.pipelines.find((candidate) => candidate.uid === uid);
    if (!pipeline) throw this.#behind(`there is no pipeline ${id} with uid ${uid} any more`);
    if (replicationFingerprint(pipeline) !== this.#fingerprint) throw this.#behind(`the routes of pipeline ${id} were changed`);
  }

  readonly #asBehind = (error: unknown): never => {
    if (toSyncError(error).code !== 'CONFIG_INVALID') throw error;
    throw this.#behind(`the document of the channel of pipeline ${this.#options.work.id} cannot be read, so it may have other routes now`);
  };

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
