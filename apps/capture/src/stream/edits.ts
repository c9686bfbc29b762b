/**
 * Edits of the configuration that a running capture takes at a transaction boundary: what it routes, and what it does with what it cannot
 * replicate. The dump goes on. Before, ZooKeeper is asked as at a start whether they are the newest; while it is away the old ones stay.
 *
 * The log says first a position with its whole GTID set, then the routes. Without the position a later start goes wrong. Counter-example: a
 * transaction of a table without a route is passed, the table is routed, the next change of the same row is published. A capture that
 * starts behind that asks the source for each GTID that the rows do not name, and publishes the passed one behind the newer one.
 *
 * What is read again up to `publishedThrough` is not published, so a table that is new would lack rows there: the edit waits until then.
 */
import { SyncError, toSyncError } from '@lutra/model';
import type { RevisionMark, Suspension } from '@lutra/model';
import { offerWithin, orAborted } from '@lutra/runtime';
import type { LiveWork } from '@lutra/runtime';
import type { CaptureWork } from '../assignments.js';
import type { CaptureRun } from '../capture-run.js';
import { requireCurrentRoutes } from '../claim/routes-check.js';
import { requireNameCase } from '../verify/name-case.js';
import type { Verified } from '../verify/verify.js';
import { routesFor } from './routing.js';
import type { Routes, Routing } from './routing.js';
import { suspendedHere, TablesSuspended } from './suspended-here.js';
import { stillSuspended, suspensionsOf } from './unreadable.js';

/** Ends a run between two transactions: the next one begins under the same lease by what the configuration says now. */
export class BeginAnew extends SyncError {
  constructor() {
    super('ABORTED', 'the configuration needs what only a beginning looks at');
  }
}

interface Checked {
  readonly work: CaptureWork;
  /** Under which its routes may be announced. */
  readonly revision: RevisionMark;
}

const retryMs = 1_000;

export class Edits {
  readonly #run: CaptureRun;
  readonly #verified: Verified;
  readonly #routing: Routing;
  readonly #live: LiveWork<CaptureWork>;
  #checked: Checked | null = null;

  constructor(run: CaptureRun, verified: Verified, routing: Routing) {
    this.#run = run;
    this.#verified = verified;
    this.#routing = routing;
    this.#live = run.live;
  }

  /** One waits for the next boundary. */
  get isReady(): boolean {
    return this.#checked !== null && this.#checked.work === this.#live.newest;
  }

  /** Checks what is offered, beside the stream, until the signal aborts. @throws SyncError CONFIG_REGRESSED, SOURCE_SETTINGS, TOPIC_* */
  async watch(): Promise<void> {
    const { signal } = this.#run;
    for (;;) {
      const { next } = this.#live;
      const isDone = this.#live.isTaken || (await this.#check(this.#live.newest));
      await (isDone ? orAborted(next, signal) : offerWithin(next, retryMs, signal));
    }
  }

  /** False: it cannot be said yet, or not of this one. */
  async #check(work: CaptureWork): Promise<boolean> {
    const { deps, topic, admin, endpoint, during, kafkaName } = this.#run;
    try {
      requireNameCase(endpoint.name, this.#verified.state, work.routes);
      const { topic: settings } = work.endpoint;
      if (JSON.stringify(settings) !== JSON.stringify(endpoint.topic)) await during(kafkaName, () => admin.ensureTopic(topic, settings));
      const said = { announced: this.#routing.now.announced, announcedAt: null };
      const { revision } = await requireCurrentRoutes(deps.tree, work, said);
      this.#checked = { work, revision };
      return true;
    } catch (error) {
      if (toSyncError(error).outcome === 'stop') throw error;
      return false;
    }
  }

  /** Between two transactions. Resolves to the routes that the log is to announce from here on; null: it announces them already. */
  async take(where: string): Promise<Routes | null> {
    const checked = this.#checked;
    if (!checked) return null;
    const { work, revision } = checked;
    // Markers must be seen to come back before anything is written here, and that look would cut off the dump.
    if (work.isTarget && !this.#run.work.isTarget) throw new BeginAnew();
    const { now } = this.#routing;
    const same = isAnnounced(work, this.#run.work);
    const suspended = same ? (now.announced.suspended ?? []) : await this.#suspended(checked, where);
    // Offered meanwhile: that one is checked first.
    if (!this.isReady) return null;
    this.#checked = null;
    this.#run.follow(this.#live.take());
    this.#run.deps.logger.info({ where, rerouted: !same }, 'goes on with another configuration');
    if (same) return null;
    const next = routesFor(work, { revision, suspended, foldsNames: now.here.foldsNames });
    this.#routing.follow(next);
    return next;
  }

  /** What is left out still, and what loaders had suspended here that were not known as such before. @throws as suspensionsOf */
  async #suspended({ work, revision }: Checked, where: string): Promise<readonly Suspension[]> {
    const { deps, source, during, sourceName } = this.#run;
    const { now } = this.#routing;
    const before = stillSuspended(now.announced.suspended ?? [], [], work.routes);
    const { here } = routesFor(work, { revision, suspended: before, foldsNames: now.here.foldsNames });
    if (work.writers.length === 0) return before;
    const standing = await during(sourceName, () => deps.io.source.suspended(source, work.writers));
    const found = suspendedHere(standing, here, { where, at: Date.now() });
    if (found.length > 0) suspensionsOf(new TablesSuspended(found), work, Date.now());
    return stillSuspended(before, found, work.routes);
  }
}

/** Does the log announce it as the other one? */
function isAnnounced(one: CaptureWork, other: CaptureWork): boolean {
  const said = ({ routes, forwarded, pipelines, writers }: CaptureWork): string => JSON.stringify([routes, forwarded, pipelines, writers]);
  return said(one) === said(other);
}
