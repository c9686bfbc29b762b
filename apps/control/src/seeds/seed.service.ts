/**
 * Orders of seeding: checked at the servers, then one node in ZooKeeper, which the source's capture carries out. An order changes no
 * document; it is written under the revision that it was checked against, so that no order is left of a pipeline that is gone.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { maxVerifiedTables, SyncError } from '@lutra/model';
import type { PipelineUid, SeedActivity, SeedOrder, SeedProgress, TableName } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { found } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { heldProblems } from '../ddl/held-pipelines.js';
import { orderedBy, requireLevel, stateAfter } from '../orders/order-rules.js';
import type { OrderAction } from '../orders/orders.schemas.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { FollowUpService } from '../verifications/follow-up.service.js';
import { patternOfName } from './added-tables.js';
import { amounts } from './seed-amounts.js';
import { SeedLookService } from './seed-look.service.js';
import type { StoredSubject } from './seed-look.service.js';
import { defaultOnExisting } from './seed-direction.js';
import { resyncEntries } from './resync-entries.js';
import { activityOf, hasEnded } from './seed-states.js';
import { handledRows, tableStates } from './seed-progress.js';
import { seedDefaults } from './seed.schemas.js';
import type { SeedAnswer, SeedFound, SeedWrite } from './seed.schemas.js';

/** Of the answer to a schema change. */
export interface AnswerSeed {
  readonly answers: NonNullable<SeedOrder['answers']>;
  /** At the source: all of them, or none. */
  readonly tables: readonly TableName[];
  readonly reason: string;
}

interface OrderOptions {
  readonly dryRun: boolean;
  /** What the target has of these tables is put aside before they are seeded. */
  readonly enters?: readonly TableName[];
  /** Id of an order whose tables it has too. */
  readonly takesIn?: string | undefined;
}

interface Written extends Pick<OrderOptions, 'takesIn'> {
  readonly channel: string;
  /** Of the pipeline. */
  readonly name: string;
  readonly order: SeedOrder;
  readonly verify: boolean;
}

@Injectable()
export class SeedService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(SeedLookService) private readonly look: SeedLookService,
    @Inject(FollowUpService) private readonly followUps: FollowUpService,
  ) {}

  /** @throws RefusedError CONFIG_CONFLICT with the whole list; SyncError CONFIG_*, SOURCE_*, TARGET_* */
  async order(
    channel: string,
    name: string,
    write: SeedWrite & Pick<SeedOrder, 'answers'>,
    { dryRun, enters, takesIn }: OrderOptions,
  ): Promise<SeedAnswer> {
    requireLevel(this.level.current);
    const subject = await this.look.subject(channel, name);
    if (write.keys) return this.#sendAgain(channel, name, { ...write, keys: write.keys }, dryRun);
    const draft = orderOf(write, defaultOnExisting(subject.channel, subject.pipeline, subject.regions));
    const look = await this.look.at(subject, draft, enters);
    const { order } = look;
    const underWay = await this.#underWay(subject.pipeline.uid, subject.id, takesIn);
    const verify = write.verify && look.tables.length <= maxVerifiedTables;
    const unverified = write.verify ? await this.#notVerified(subject, look.tables.length) : [];
    const held = heldProblems(subject.channel, await this.registry.status.list(), [subject.pipeline.name]);
    const problems = [...underWay, ...look.problems, ...held, ...unverified];
    const answer = { ...amounts(look), order, dryRun, entries: 0, problems: [...problems] };
    if (dryRun) return { ...answer, verification: null };
    if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', `pipeline ${subject.id} cannot be seeded`, problems);
    const verification = await this.#write({ channel, name, order, verify, takesIn });
    const { reason } = write;
    this.logger.info({ pipeline: subject.id, order: order.id, tables: look.tables.length, verification, reason }, 'a seed was ordered');
    return { ...answer, verification };
  }

  /**
   * Before the answer itself is written: a control that ends in between leaves an order whose tables begin behind the schema change, where
   * the pipeline holds still. What was ordered so before counts.
   * @throws as order()
   */
  async orderFor(channel: string, name: string, { answers, tables, reason }: AnswerSeed): Promise<void> {
    const { pipeline } = await this.look.subject(channel, name);
    const known = (await this.registry.seeds.read(pipeline.uid))?.document;
    const before = known?.answers && !(await this.#hasEnded(pipeline.uid, known)) ? known : null;
    if (before && isDeepStrictEqual(before.answers, answers)) return;
    // Counter-example for two orders: the pipeline holds at the second table before the first one is done, and neither goes on.
    const names = [...new Set([...tables.map(patternOfName), ...(before?.tables ?? [])])];
    const write = { ...seedDefaults, rowsPerSecond: null, tables: names, createTables: true, verify: true, reason, answers };
    await this.order(channel, name, write, { dryRun: false, enters: tables, takesIn: before?.id });
  }

  /** The schema change got another answer. */
  async withdraw(uid: PipelineUid, answers: AnswerSeed['answers']): Promise<void> {
    for (;;) {
      const known = await this.registry.seeds.read(uid);
      if (!known || known.document.state === 'cancelled' || !isDeepStrictEqual(known.document.answers, answers)) return;
      if (await this.registry.seeds.replace(uid, { ...known.document, state: 'cancelled' }, known.version)) return;
    }
  }

  async find(channel: string, name: string): Promise<SeedFound> {
    const { pipeline } = await this.look.subject(channel, name);
    const order = (await this.registry.seeds.read(pipeline.uid))?.document ?? null;
    const progress = order && (await this.#progress(pipeline.uid, order.id));
    const statuses = await this.registry.status.list();
    const captures = statuses.filter(({ app, name: endpoint }) => app === 'capture' && endpoint === pipeline.source);
    const capture = captures.find(({ state }) => state !== 'standby') ?? captures[0];
    return {
      order: order && { ...order, tables: [...order.tables], after: [...order.after] },
      progress: progress && { ...progress, tables: progress.tables.map((table) => ({ ...table })) },
      rows: handledRows(progress),
      tables: tableStates(progress),
      activity: order && shownActivity(activityOf(statuses, pipeline.uid, order)),
      capture: capture ? { instance: capture.instance, state: capture.state, waitingFor: capture.waitingFor, lagMs: capture.lagMs } : null,
    };
  }

  /** Idempotent. @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT: it has ended */
  async act(channel: string, name: string, action: OrderAction): Promise<SeedFound> {
    const { id, pipeline } = await this.look.subject(channel, name);
    for (;;) {
      const known = await this.registry.seeds.read(pipeline.uid);
      if (!known) throw new SyncError('CONFIG_MISSING', `pipeline ${id} has no seed`);
      const { document: order, version } = known;
      const state = stateAfter(action, order.state, `the seed of pipeline ${id}`);
      if (state === order.state || (await this.registry.seeds.replace(pipeline.uid, { ...order, state }, version))) break;
    }
    this.logger.info({ pipeline: id, action }, 'the order of a seed was changed');
    return this.find(channel, name);
  }

  /** @throws SyncError CONFIG_MISSING, CONFIG_CONFLICT: it is under way */
  async remove(channel: string, name: string): Promise<void> {
    const { id, pipeline } = await this.look.subject(channel, name);
    const known = await this.registry.seeds.read(pipeline.uid);
    if (!known) throw new SyncError('CONFIG_MISSING', `pipeline ${id} has no seed`);
    if (!(await this.#hasEnded(pipeline.uid, known.document)))
      throw new SyncError('CONFIG_CONFLICT', `the seed of pipeline ${id} is ${known.document.state}; cancel it first`);
    await this.registry.seeds.remove(pipeline.uid);
    await this.registry.seedProgress.remove(pipeline.uid);
  }

  async #hasEnded(uid: PipelineUid, order: SeedOrder): Promise<boolean> {
    return hasEnded(order, activityOf(await this.registry.status.list(), uid, order));
  }

  async #progress(uid: PipelineUid, request: string): Promise<SeedProgress | null> {
    const progress = (await this.registry.seedProgress.read(uid))?.document ?? null;
    return progress?.request === request ? progress : null;
  }

  async #underWay(uid: PipelineUid, id: string, takesIn: string | undefined) {
    const known = await this.registry.seeds.read(uid);
    if (!known || known.document.id === takesIn || (await this.#hasEnded(uid, known.document))) return [];
    const what = `pipeline ${id} has an order of seeding already, which is ${known.document.state} (${known.document.id})`;
    return [{ id: 'seed-under-way', severity: 'error', what, fix: 'wait until it is done, or POST …/seed/cancel first' } as const];
  }

  async #notVerified({ channel, pipeline }: StoredSubject, tables: number): Promise<readonly Problem[]> {
    if (tables <= maxVerifiedTables) return this.followUps.inTheWay(channel.name, [pipeline.uid]);
    const what = `${tables} tables; one verification compares at most ${maxVerifiedTables}, so none follows this seed`;
    return [{ id: 'verification-too-many-tables', severity: 'warning', what, fix: 'verify them in parts (POST …/verify)' }];
  }

  /** With the verification that follows. @returns its id; null: none does */
  #write({ channel, name, order, verify, takesIn }: Written): Promise<string | null> {
    return this.configuration.write(async (snapshot) => {
      const pipeline = found(snapshot, 'channel', channel).document.pipelines.find((candidate) => candidate.name === name);
      if (!pipeline) throw new SyncError('CONFIG_MISSING', `channel ${channel} has no pipeline ${name}`);
      const known = await this.registry.seeds.read(pipeline.uid);
      if (known && known.document.id !== takesIn && !(await this.#hasEnded(pipeline.uid, known.document)))
        throw new SyncError('CONFIG_CONFLICT', `somebody else has ordered a seed of pipeline ${channel}.${name} meanwhile`);
      const { tables, where } = order;
      const following = verify
        ? await this.followUps.afterSeeds(channel, { tables, where, pipelines: [name], seeds: [pipeline.uid] })
        : { id: null, operations: [] };
      const operations = [this.registry.seeds.replacing(pipeline.uid, order, known?.version ?? null), ...following.operations];
      return { answer: following.id, operations };
    });
  }

  async #sendAgain(
    channel: string,
    name: string,
    { keys, reason }: { readonly keys: NonNullable<SeedWrite['keys']>; readonly reason?: string | undefined },
    dryRun: boolean,
  ): Promise<SeedAnswer> {
    const subject = await this.look.subject(channel, name);
    const { tables, entries, problems } = await this.look.withSource(subject, (source, carried) =>
      resyncEntries(source, { pipeline: subject.pipeline, keys, tables: carried, send: !dryRun }),
    );
    if (!dryRun) this.logger.info({ pipeline: subject.id, entries, reason }, 'rows were asked for again');
    const shown = amounts({ tables, atTarget: () => null, createTables: false });
    return { ...shown, order: null, dryRun, verification: null, entries, problems: [...problems] };
  }
}

function shownActivity(activity: SeedActivity | null): SeedFound['activity'] {
  return activity && { ...activity, refused: activity.refused.map((table) => ({ ...table })) };
}

function orderOf(write: SeedWrite & Pick<SeedOrder, 'answers'>, onExisting: string): SeedOrder {
  const { keys: _, verify: __, reason, tables = [], ...rest } = write;
  return {
    ...rest,
    id: randomUUID(),
    tables,
    onExisting: write.onExisting ?? onExisting,
    state: 'running',
    after: [],
    by: orderedBy(reason),
    at: Date.now(),
  };
}
