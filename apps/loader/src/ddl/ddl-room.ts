/** Where a run of the loader meets schema changes: barrier, orders, status, events, omissions, and the stages behind one. */
import { rowsTopic, SyncError, toSyncError } from '@lutra/model';
import type { DdlRecord, TableName } from '@lutra/model';
import { kafkaClient } from '@lutra/registry';
import type { NewOmission } from '@lutra/registry';
import { errorReport, sleep } from '@lutra/runtime';
import { isForUs } from '../assemble/own-path.js';
import { Watermark } from '../conflict/detect/watermark.js';
import type { LoaderRun, Owned } from '../loader-run.js';
import { omit } from '../observe/omit.js';
import type { RecordPosition } from '../read/log-reader.js';
import { isGoneBy } from '../seed/gone.js';
import { stagesAnew } from '../stages.js';
import type { Stages } from '../stages.js';
import { isRefusal } from './carry-out.js';
import type { DdlAt, DdlDecision } from './carry-out.js';
import { concernOf } from './concern.js';
import type { Concern } from './concern.js';
import { ddlEvent } from './ddl-event.js';
import { DdlStage } from './ddl-stage.js';
import type { Came, DdlPorts, Outcome, Phase } from './ddl-stage.js';
import { rootsLeft } from './files-left.js';
import { holdOf, namesOf, titleOf } from './hold.js';
import type { Held } from './hold.js';
import { crosses, ownStatements, seenOfTarget } from './own-statements.js';
import { ruleOf } from './rule.js';
import type { DdlRule } from './rule.js';

export interface DdlRoomOptions {
  readonly run: LoaderRun;
  readonly owned: Owned;
  /** Of now. */
  stages(): Stages;
  onStages(stages: Stages): void;
  /** An edit that is due comes into force. */
  edited(): Promise<void>;
}

export class DdlRoom {
  readonly #options: DdlRoomOptions;
  /** ms since 1970; null: it does not hold. */
  #heldSince: number | null = null;
  #reason: Held['reason'] | null = null;
  /** Orders could not be read when they were read last. */
  #isBlind = false;

  constructor(options: DdlRoomOptions) {
    this.#options = options;
  }

  async come(record: DdlRecord, position: RecordPosition): Promise<void> {
    const { run, owned, stages } = this.#options;
    const { applier, routes, progress, skip, seeding, seeds } = stages();
    // What a rewind brings again came before the table that waits.
    const isNew = position.seq > owned.checkpoint.replayUntil;
    const gone = isNew ? seeds.waiting.filter((table) => isGoneBy(record, table)) : [];
    if (gone.length > 0) {
      await applier.barrier(record.seen);
      await seeding.waitNoMore(gone);
    }
    if (!this.#isOurs(record, position)) return applier.passed(position);
    routes.requireProven();
    progress.resolution(record, position);
    await applier.barrier(record.seen);
    const stage = new DdlStage(this.#ports(), run.deps.ddl.times);
    const isNamed = skip?.log === position.log && skip.seq === position.seq;
    try {
      const outcome = await stage.come({ record, position }, isNamed ? await this.#order(position) : null);
      await this.#goOn({ record, position }, outcome);
      if (this.#heldSince !== null) run.deps.status.update({ state: 'running', waitingFor: null, hold: undefined, lastError: null });
    } finally {
      if (this.#heldSince !== null) run.deps.status.update({ hold: undefined });
      this.#heldSince = null;
      this.#reason = null;
    }
  }

  /** What a rewind brings again was carried out, or was decided about. */
  #isOurs(record: DdlRecord, { seq }: RecordPosition): boolean {
    const { run, owned } = this.#options;
    if (seq <= owned.checkpoint.replayUntil || this.#concernOf(record) === 'none') return false;
    const { target, forwards } = run.work;
    return isForUs({ what: titleOf(record), path: record.path, origin: record.origin, seq }, { targetRegion: target.region, forwards });
  }

  readonly #concernOf = (record: DdlRecord): Concern => {
    const { router, isLeftOut } = this.#options.stages();
    return concernOf(record, { router, isSuspended: isLeftOut });
  };

  async #goOn({ record, position }: Came, outcome: Outcome): Promise<void> {
    const { run, owned, stages, onStages } = this.#options;
    if (outcome === 'behind' || this.#heldSince !== null) {
      const { log: logId, logEpoch, seq, nextOffset } = position;
      const before = await stages().applier.settled(false);
      const checkpoint = outcome === 'behind' ? { ...before, logId, logEpoch, seq, nextOffset } : before;
      onStages(await stagesAnew(run, { ...owned, checkpoint }, stages()));
    }
    const { applier, progress } = stages();
    if (outcome === 'behind') return progress.committed({ position, sourceUs: record.tsMs * 1_000, ops: {}, transactions: 1 });
    await applier.saveProgress(position);
    await applier.drained();
  }

  #ports(): DdlPorts {
    const { run, stages, edited } = this.#options;
    return {
      target: () => stages().ddl,
      concernOf: this.#concernOf,
      ruleOf: (record) => this.#ruleOf(record),
      ownOf: (record) => this.#ownOf(record),
      order: (at) => this.#order(at),
      removeOrder: (at) => this.#removeOrder(at),
      omitted: (came, kind) => this.#omitted(came, kind),
      tell: (came, phase) => this.#tell(came, phase),
      holds: (came, held) => this.#holds(came, held),
      edited: async () => {
        const before = stages();
        await edited();
        return stages() !== before;
      },
      wait: (ms) => offerOr(sleep(ms, run.signal), run),
    };
  }

  #ruleOf(record: DdlRecord): DdlRule {
    const { run, stages } = this.#options;
    const { work, live } = run;
    return ruleOf(record, { now: work, newest: live.newest, router: stages().router, routes: work.routes });
  }

  /** Its path stays, so that who has it passes it; but for one that home's own statements have crossed. */
  async #ownOf(record: DdlRecord): Promise<NonNullable<DdlAt['own']>> {
    const { run, stages } = this.#options;
    const { region } = run.work.target;
    const plan = await stages().ddl.plan(record);
    const tables = plan === 'nothing' || plan === 'shadows' || isRefusal(plan) ? [] : plan.tables;
    return { origin: region, path: (await this.#isCrossed(record, tables)) ? [] : record.path };
  }

  async #isCrossed(record: DdlRecord, tables: readonly TableName[]): Promise<boolean> {
    const { deps, work, target, signal } = this.#options.run;
    if (!work.detector) return false;
    const { back, targetRegion } = work.detector;
    const watermark = new Watermark(target, { pipeline: work.uid, epoch: this.#options.owned.checkpoint.epoch });
    const bus = { ...kafkaClient(deps.secretKey, targetRegion), clientId: `lutra-loader-${work.id}-own-statements`, logger: deps.logger };
    const of = { deps, bus, topic: rowsTopic(work.target.name), pipeline: work.uid, watermark: () => watermark.write(), signal };
    try {
      const statements = await ownStatements(of, seenOfTarget(record.seen, back));
      return crosses({ record, region: work.source.region, tables, back }, statements);
    } finally {
      await watermark.close();
    }
  }

  async #order({ log, seq }: RecordPosition): Promise<DdlDecision | null> {
    const { deps, work } = this.#options.run;
    try {
      const order = await deps.registry.skips.read(work.uid);
      this.#isBlind = false;
      // An order in a tree that has regressed may be an old one.
      if (order?.log !== log || order.seq !== seq || (await deps.tree.look()) !== null) return null;
      const { answer = 'skip', by = 'an operator', reason } = order;
      return { answer, by, reason };
    } catch (error) {
      const { code } = toSyncError(error);
      if (!this.#isBlind) deps.logger.warn({ code }, 'cannot read what a person says about the schema change; it holds');
      this.#isBlind = true;
      return null;
    }
  }

  /** Another one may have taken its place. */
  async #removeOrder({ log, seq }: RecordPosition): Promise<void> {
    const { deps, work } = this.#options.run;
    const order = await deps.registry.skips.read(work.uid);
    if (order?.log === log && order.seq === seq) await deps.registry.skips.remove(work.uid);
  }

  /** Before anything is passed: a run that ended instead could not begin anew while ZooKeeper is away. */
  async #omitted({ record, position: { log, seq } }: Came, kind: 'ddl' | 'skip'): Promise<void> {
    const { deps, work, during, signal } = this.#options.run;
    const tables = namesOf(record).map(({ database, name }) => `${database}.${name}`);
    const what = record.statement || 'DDL';
    const omission: NewOmission = { kind, what, tables, where: `seq ${seq}`, at: Date.now(), record: { log, seq } };
    const { omissions } = deps.registry;
    await omit({ omissions, uid: work.uid, during, signal }, omission, 'a schema change is left out');
    if (kind === 'ddl') deps.metrics.ddlIgnored.inc({ name: work.id, statement: what });
  }

  #tell(came: Came, phase: Phase | 'held', reason: Held['reason'] | null = null): void {
    const { deps, work } = this.#options.run;
    const { statement, id: record } = came.record;
    if (phase !== 'held') deps.logger.info({ seq: came.position.seq, statement, record }, `a schema change: ${phase}`);
    if (phase === 'applied' || phase === 'done') this.#tellLeft(came);
    const tell = work.targetRegion && deps.events.of(work.targetRegion, work.target);
    tell?.(ddlEvent(came, { work, phase, reason }));
  }

  #tellLeft({ record, position: { seq } }: Came): void {
    const { deps, work } = this.#options.run;
    const roots = rootsLeft(record, work.routes);
    const what = 'its rows have gone without a change of each, so their files stay (docs/11-files.md, Deletes)';
    if (roots.length > 0) deps.logger.warn({ seq, statement: record.statement, roots: [...roots] }, what);
  }

  /** Nobody reads on in the logs of others: their index would grow for as long as it holds. */
  async #holds(came: Came, held: Held): Promise<void> {
    const { run, stages } = this.#options;
    const { deps, work } = run;
    const { seq } = came.position;
    const title = titleOf(came.record);
    const { reason } = held;
    if (this.#heldSince === null) {
      await stages().detection?.close();
      deps.metrics.countError(work.id, 'DDL_HELD');
    }
    this.#heldSince ??= Date.now();
    const details = { pipeline: work.id, log: came.position.log, seq, reason, statement: came.record.statement };
    const error = new SyncError('DDL_HELD', `pipeline ${work.id} holds at ${title} (${reason}): ${held.message}`, { details });
    const hold = holdOf(came, held, this.#heldSince);
    const waitingFor = `an answer: ${title} is not carried out by itself (${reason})`;
    deps.status.update({ state: 'held', hold, waitingFor, lastError: errorReport(error) });
    if (reason === this.#reason) return;
    this.#reason = reason;
    deps.logger.warn({ ...details, message: held.message }, 'holds at a schema change; what is behind it waits');
    this.#tell(came, 'held', reason);
  }
}

/** Nothing is left behind at a promise that may last for days. */
async function offerOr(over: Promise<void>, { live }: Pick<LoaderRun, 'live'>): Promise<void> {
  const { promise: offered, resolve } = Promise.withResolvers<void>();
  const end = live.onOffer(resolve);
  await Promise.race([over, offered]).finally(end);
}
