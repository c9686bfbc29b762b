/**
 * A channel with `"seed": true`: when it starts, each pipeline that has not begun yet is ordered to copy all its tables. The orders come
 * first, then positions, then the state that is wanted: whatever crashes between, the next start does the rest. The naive way takes
 * positions first. Counter-example: a crash behind that leaves a pipeline that has begun, and nobody copies what was there before.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { Inject, Injectable } from '@nestjs/common';
import { isNamed, pipelineName, pipelineRoutes } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineDocument, PipelineUid, SeedOrder } from '@lutra/model';
import type { Operation, Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { currentAuthor } from '../configuration/author.js';
import { found, listDocuments } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { FollowUpService } from '../verifications/follow-up.service.js';
import { PipelineEndService } from '../pipelines/pipeline-end.service.js';
import { LOGGER, REGISTRY } from '../tokens.js';
import { restOnHome, seedPlan } from './seed-direction.js';
import type { PlannedSeed } from './seed-direction.js';
import { SeedLookService } from './seed-look.service.js';
import { orderProblems } from './seed.rules.js';
import { activityOf, hasEnded } from './seed-states.js';
import { seedDefaults } from './seed.schemas.js';

/** What a start will seed. */
export interface Seeding {
  readonly plan: readonly PlannedSeed[];
  /** Of the channel: the pipelines that have not begun. */
  readonly beginning: readonly PipelineDocument[];
  /** Tables may be missing at the targets: a seed that is under way, or will be, creates them. */
  readonly creates: boolean;
}

const everything = ['*.*'];
const fix = 'wait until the seed is done, or cancel it (POST …/pipelines/<pipeline>/seed/cancel)';

@Injectable()
export class ChannelSeedService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(SeedLookService) private readonly look: SeedLookService,
    @Inject(PipelineEndService) private readonly ends: PipelineEndService,
    @Inject(FollowUpService) private readonly followUps: FollowUpService,
  ) {}

  async pending(channel: ChannelDocument): Promise<Seeding> {
    const creates = await this.#isCreating(channel);
    if (channel.seed !== true) return { plan: [], beginning: [], creates };
    const beginning: PipelineDocument[] = [];
    for (const pipeline of channel.pipelines)
      if ((await this.registry.uids.read(pipeline.uid))?.begunAt === undefined) beginning.push(pipeline);
    const endpoints = await listDocuments(this.registry, 'endpoint');
    const regions = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint.region]));
    const plan = seedPlan(channel, regions).filter(({ pipeline }) => beginning.some(({ uid }) => uid === pipeline.uid));
    const own = new Set(plan.map(({ pipeline }) => pipeline.uid));
    return {
      beginning,
      creates: creates || plan.length > 0,
      plan: plan.map((seed) => ({ ...seed, after: seed.after.filter((uid) => own.has(uid)) })),
    };
  }

  /** Counter-example without: a channel is stopped before its seed has created the tables, and cannot be started for want of them. */
  async #isCreating({ pipelines }: ChannelDocument): Promise<boolean> {
    const statuses = await this.registry.status.list();
    for (const { uid } of pipelines) {
      const order = (await this.registry.seeds.read(uid))?.document;
      if (order?.createTables === true && !hasEnded(order, activityOf(statuses, uid, order))) return true;
    }
    return false;
  }

  /** What the servers have against it. A source without tables is no error: the other side may have them all. */
  async problems(channel: ChannelDocument, seeding: Seeding): Promise<readonly Problem[]> {
    const problems: Problem[] = [...notCovered(channel, seeding), ...(await this.followUps.inTheWay(channel.name, seedsOf(seeding.plan)))];
    for (const seed of seeding.plan) {
      const subject = await this.look.subject(channel.name, seed.pipeline.name);
      const look = await this.look.at(subject, orderOf(seed));
      problems.push(...look.problems.map((found) => (found.id === 'seed-no-tables' ? { ...found, severity: 'warning' as const } : found)));
    }
    return problems;
  }

  /**
   * Idempotent: an order that is there stays, unless it was cancelled or made for another channel than this is now. False: the channel is
   * not what it was.
   * @throws SyncError LOG_EMPTIED, TARGET_*, KAFKA_*
   */
  async begin(channel: ChannelDocument, version: number, seeding: Seeding): Promise<boolean> {
    const { plan } = seeding;
    if (plan.length === 0) return true;
    const orders = new Map<PlannedSeed, SeedOrder>();
    for (const seed of plan) orders.set(seed, await this.#ordered(channel, seed));
    const written = await this.configuration.write<readonly string[] | null>(async (snapshot) => {
      if (found(snapshot, 'channel', channel.name).version !== version) return { answer: null };
      const operations: Operation[] = [];
      const ordered: string[] = [];
      for (const seed of plan) {
        const known = await this.registry.seeds.read(seed.pipeline.uid);
        if (known && isPlanned(known.document, seed)) continue;
        operations.push(this.registry.seeds.replacing(seed.pipeline.uid, orders.get(seed) ?? orderOf(seed), known?.version ?? null));
        ordered.push(seed.pipeline.name);
      }
      if (ordered.length > 0) operations.push(...(await this.#verification(channel.name, plan)));
      return { answer: ordered, operations };
    });
    if (!written) return false;
    if (written.length > 0) this.logger.info({ channel: channel.name, pipelines: written }, 'the first start orders seeds');
    for (const pipeline of seeding.beginning) await this.#position(channel, pipeline);
    return true;
  }

  /** With the tables without a key that are copied whole. A start that is forced does not wait for servers: they are left out then. */
  async #ordered(channel: ChannelDocument, seed: PlannedSeed): Promise<SeedOrder> {
    const order = orderOf(seed);
    try {
      return (await this.look.at(await this.look.subject(channel.name, seed.pipeline.name), order)).order;
    } catch (error) {
      this.logger.warn(
        { channel: channel.name, pipeline: seed.pipeline.name, reason: String(error) },
        'tables without a key are not seeded',
      );
      return order;
    }
  }

  /** Also of pipelines that rest on home: what home brings to both ends makes them equal. */
  async #verification(channel: string, plan: readonly PlannedSeed[]): Promise<readonly Operation[]> {
    return (await this.followUps.afterSeeds(channel, { tables: everything, seeds: seedsOf(plan) })).operations;
  }

  /**
   * While a seed is under way, its pipeline stays one way or both ways: `source` both ways swaps what differs (seed-direction.ts).
   * @throws RefusedError CONFIG_CONFLICT with the whole list
   */
  async require(before: ChannelDocument, after: ChannelInput): Promise<void> {
    const endpoints = await listDocuments(this.registry, 'endpoint');
    const regions = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint.region]));
    const statuses = await this.registry.status.list();
    const problems: Problem[] = [];
    for (const pipeline of after.pipelines) {
      const known = before.pipelines.find(({ name }) => name === pipeline.name);
      const order = known && (await this.registry.seeds.read(known.uid))?.document;
      if (!known || !order || hasEnded(order, activityOf(statuses, known.uid, order))) continue;
      const found = orderProblems({ channel: after, pipeline, id: pipelineName(after.name, pipeline.name), regions }, order);
      problems.push(...found.map(({ what }): Problem => ({ id: 'seed-under-way', severity: 'error', what: `its seed has ${what}`, fix })));
    }
    if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `channel ${after.name} cannot be changed so yet`, problems);
  }

  /** On a topic that was begun for others a pipeline has no position: with a seed its end is one, for the rows before it are copied. */
  async #position(channel: ChannelDocument, pipeline: PipelineDocument): Promise<void> {
    const backup = (await this.registry.logs.read(pipeline.source))?.document;
    if (!backup || (backup.routes && isNamed(backup.routes, pipeline.uid))) return;
    await this.ends.beginAtEnd(channel.name, pipeline);
  }
}

function seedsOf(plan: readonly PlannedSeed[]): readonly PipelineUid[] {
  return plan.map(({ pipeline }) => pipeline.uid);
}

/** The pipeline has not begun, so nothing of the order was carried out. */
function isPlanned({ state, onExisting, after }: SeedOrder, planned: PlannedSeed): boolean {
  return state !== 'cancelled' && onExisting === planned.onExisting && isDeepStrictEqual(after, planned.after);
}

/** Between two regions that are equally far from home nothing is seeded: home must bring the same tables to both. */
function notCovered(channel: ChannelDocument, { plan, beginning }: Seeding): readonly Problem[] {
  const routesOf = (pipeline: PipelineDocument): string => JSON.stringify(pipelineRoutes(pipeline));
  const planned = beginning.filter(({ uid }) => plan.some(({ pipeline }) => pipeline.uid === uid));
  return restOnHome(channel, plan).flatMap(({ uid }) => {
    const pipeline = beginning.find((candidate) => candidate.uid === uid);
    if (!pipeline || planned.some((other) => other.target === pipeline.target && routesOf(other) === routesOf(pipeline))) return [];
    const what = `pipeline ${channel.name}.${pipeline.name}: no pipeline from nearer home brings the same tables to ${pipeline.target}`;
    const fix = 'give it the routes of the one that does; or start with ?force=true and order its seed (POST …/seed)';
    return [{ id: 'seed-not-covered', severity: 'error', what, fix } as const];
  });
}

function orderOf({ onExisting, after }: PlannedSeed): SeedOrder {
  const { by } = currentAuthor();
  return {
    ...seedDefaults,
    id: randomUUID(),
    tables: everything,
    rowsPerSecond: null,
    onExisting,
    createTables: true,
    state: 'running',
    after,
    by: `${by}: first start of the channel`,
    at: Date.now(),
  };
}
