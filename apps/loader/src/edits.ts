/**
 * Edits of the configuration that a running loader takes: routes, policies, rules of conflicts. The lease, the fence and the subscription
 * go on; the stages behind the reader are made anew, between two transactions, when all before is committed.
 *
 * 1. Other routes come into force at the `routes` record that names them. At the time of the edit, or amid a transaction, rows that were
 *    published by the old ones would go by the new ones: a table that is renamed would be written in part under either name.
 * 2. All else comes into force at once, between two transactions.
 * 3. A record may have named them before they were offered. Then no other one may come: capture was told of two edits at once, the second
 *    of which undid the first. So the position backup of the log is asked what it holds.
 *
 * The index of recent changes is built anew from what the next transaction has seen: an index that goes on lacks changes that tables of the
 * new routes had before. docs/decisions/0029.
 */
import { replicationFingerprint } from '@lutra/model';
import type { ControlRecord } from '@lutra/model';
import type { PositionBackup } from '@lutra/registry';
import { offerWithin } from '@lutra/runtime';
import type { LiveWork } from '@lutra/runtime';
import type { LoaderWork } from './assignments.js';
import type { LoaderRun, Owned } from './loader-run.js';
import type { RecordPosition } from './read/log-reader.js';
import { checkedRoutes, stagesFor } from './stages.js';
import type { Stages } from './stages.js';

const lookBackMs = 2_000;
/** For the answer: rows wait for it. */
const lookMs = 300;

export class Edits {
  readonly #run: LoaderRun;
  readonly #live: LiveWork<LoaderWork>;
  readonly #writer: Owned['writer'];
  /** Of our pipeline, as the log has said it last; null: nothing so far. */
  #announced: string | null = null;
  /** Where it has said so. */
  #announcedSeq = -1;
  #lookedAt = 0;
  /** Of the newest. */
  #known: { readonly work: LoaderWork; readonly fingerprint: string };

  constructor(run: LoaderRun, writer: Owned['writer']) {
    this.#run = run;
    this.#live = run.live;
    this.#writer = writer;
    this.#known = { work: run.work, fingerprint: fingerprintOf(run.work) };
  }

  /** What is offered comes into force between the transactions that come next. */
  isDue({ routes }: Pick<Stages, 'routes'>): boolean {
    return !this.#live.isTaken && (this.#offered === routes.fingerprint || this.#offered === this.#announced);
  }

  /** What is offered routes otherwise. */
  reroutes({ routes }: Pick<Stages, 'routes'>): boolean {
    return !this.#live.isTaken && this.#offered !== routes.fingerprint;
  }

  /** A record of the log was read. */
  follow(control: ControlRecord, { seq }: Pick<RecordPosition, 'seq'>): void {
    if (control.kind !== 'routes') return;
    this.#announced = control.pipelines[this.#run.work.uid] ?? null;
    this.#announcedSeq = seq;
  }

  /** Does the log hold what is offered, though no record said so in this run? Asked now and then. */
  async lookBack(stages: Stages, at: RecordPosition): Promise<void> {
    if (!this.reroutes(stages) || Date.now() - this.#lookedAt < lookBackMs) return;
    const { work } = this.#run;
    const backup = await this.#backup();
    this.#lookedAt = Date.now();
    if (!backup?.routes || backup.log !== at.log || backup.seq > at.seq || backup.seq < this.#announcedSeq) return;
    this.#announced = backup.routes.pipelines[work.uid] ?? null;
  }

  /** Null: without ZooKeeper the old routes go on. */
  async #backup(): Promise<PositionBackup | null> {
    const { deps, work, signal } = this.#run;
    let backup: PositionBackup | null = null;
    const read = deps.registry.logs.read(work.source.name).then(
      (found) => void (backup = found?.document ?? null),
      () => undefined,
    );
    await offerWithin(read, lookMs, signal);
    return backup;
  }

  /**
   * Between two transactions. Resolves to the stages that go on: those of before where another one was offered meanwhile, which may have to
   * wait for its record. Whoever calls looks again.
   * @throws SyncError CONFIG_BEHIND where ZooKeeper has another configuration than the one that is offered; as prepare()
   */
  async take(stages: Stages): Promise<Stages> {
    const run = this.#run;
    const { newest } = this.#live;
    const isRerouted = this.reroutes(stages);
    const before = await stages.applier.settled(stages.routes.isProven);
    if (this.#live.newest !== newest) return stages;
    const { routes, applied } = isRerouted
      ? await checkedRoutes(run, { work: newest, checkpoint: before, begins: !stages.routes.isProven })
      : { routes: stages.routes, applied: before.routes ?? null };
    if (this.#live.newest !== newest) return stages;
    // Before anything else is waited for: what is offered then is not what was looked at.
    run.follow(this.#live.take());
    await stages.detection?.close();
    stages.progress.handedOver(stages.applier);
    const owned = { checkpoint: { ...before, routes: applied }, writer: this.#writer };
    const next = await stagesFor(run, owned, { ...stages, routes });
    run.deps.status.update({ routes: routes.fingerprints });
    run.deps.logger.info({ seq: before.seq, rerouted: isRerouted }, 'goes on with another configuration');
    return next;
  }

  get #offered(): string {
    const { newest } = this.#live;
    if (this.#known.work !== newest) this.#known = { work: newest, fingerprint: fingerprintOf(newest) };
    return this.#known.fingerprint;
  }
}

function fingerprintOf({ routes, forwards }: LoaderWork): string {
  return replicationFingerprint({ routes: [...routes], forwards });
}
