/**
 * `PUT …/channels/{c}?seed=true`: tables that a change takes in are ordered to be seeded in the same write, so that capture meets the
 * order with the routes. The naive way orders it afterwards. Counter-example: capture lets the tables into its log before the target knows
 * that they are being seeded, and an update of a row that is not there yet is a conflict.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { pipelineName, SyncError, tableName } from '@lutra/model';
import type { ChannelDocument, ChannelInput, PipelineDocument, SeedOrder } from '@lutra/model';
import type { Operation, Registry } from '@lutra/registry';
import { listDocuments } from '../configuration/configuration.js';
import type { Problem } from '../configuration/problem.js';
import { orderedBy, requireLevel } from '../orders/order-rules.js';
import { LEVEL, REGISTRY } from '../tokens.js';
import { FollowUpService } from '../verifications/follow-up.service.js';
import { addedTables, patternsOf } from './added-tables.js';
import { seedPlan } from './seed-direction.js';
import type { PlannedSeed, Regions } from './seed-direction.js';
import { SeedLookService } from './seed-look.service.js';
import type { SeedLook } from './seed-look.service.js';
import { activityOf, hasEnded } from './seed-states.js';
import { seedDefaults } from './seed.schemas.js';
import type { FoundTable } from './seed-tables.js';

export interface AddedSeed {
  readonly pipeline: PipelineDocument;
  readonly order: SeedOrder;
  readonly look: SeedLook;
}

export interface AddedSeeds {
  readonly seeds: readonly AddedSeed[];
  readonly problems: readonly Problem[];
}

/** A pipeline that is there before and after. */
interface Kept {
  readonly id: string;
  readonly before: PipelineDocument;
  readonly after: PipelineDocument;
}

interface Added extends Kept {
  readonly tables: readonly FoundTable[];
  readonly patterns: readonly string[];
}

export const nothingAdded: AddedSeeds = { seeds: [], problems: [] };

@Injectable()
export class AddedSeedService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(SeedLookService) private readonly look: SeedLookService,
    @Inject(FollowUpService) private readonly followUps: FollowUpService,
  ) {}

  /** @throws SyncError CONFIG_CONFLICT (level), SOURCE_*, TARGET_* */
  async of(before: ChannelDocument, input: ChannelInput): Promise<AddedSeeds> {
    requireLevel(this.level.current);
    const problems: Problem[] = [...newPipelines(before, input)];
    const kept = keptOf(before, input);
    const channel: ChannelDocument = { ...before, ...input, state: before.state, pipelines: kept.map(({ after }) => after) };
    const endpoints = await listDocuments(this.registry, 'endpoint');
    const regions: Regions = new Map(endpoints.map((endpoint) => [endpoint.name, endpoint.region]));
    const added = await this.#added(kept, channel, regions);
    const plan = seedPlan(channel, regions).filter(({ pipeline }) => added.some(({ after }) => after.uid === pipeline.uid));
    problems.push(...(await this.#standing(added, channel)), ...notCovered(added, plan));
    if (added.length === 0) problems.push(warning('seed-nothing-added', 'the change takes in no table that a source has', null));
    const seeds: AddedSeed[] = [];
    for (const seed of plan) {
      const one = added.find(({ after }) => after.uid === seed.pipeline.uid)!;
      const subject = { channel, pipeline: one.after, id: one.id, regions };
      const look = await this.look.at(subject, orderOf(seed, one.patterns, plan));
      problems.push(...look.problems);
      seeds.push({ pipeline: one.after, order: look.order, look });
    }
    const uids = seeds.map(({ pipeline }) => pipeline.uid);
    if (uids.length > 0) problems.push(...(await this.followUps.inTheWay(before.name, uids)));
    return { seeds, problems };
  }

  /** To be written with the change. @throws SyncError CONFIG_CONFLICT */
  async operations(channel: string, { seeds }: AddedSeeds): Promise<readonly Operation[]> {
    if (seeds.length === 0) return [];
    const operations: Operation[] = [];
    const statuses = await this.registry.status.list();
    for (const { pipeline, order } of seeds) {
      const known = await this.registry.seeds.read(pipeline.uid);
      if (known && !hasEnded(known.document, activityOf(statuses, pipeline.uid, known.document)))
        throw new SyncError('CONFIG_CONFLICT', `somebody else has ordered a seed of pipeline ${channel}.${pipeline.name} meanwhile`);
      operations.push(this.registry.seeds.replacing(pipeline.uid, order, known?.version ?? null));
    }
    const tables = [...new Set(seeds.flatMap(({ order }) => order.tables))];
    const pipelines = seeds.map(({ pipeline }) => pipeline.name);
    const following = await this.followUps.afterSeeds(channel, { tables, pipelines, seeds: seeds.map(({ pipeline }) => pipeline.uid) });
    return [...operations, ...following.operations];
  }

  async #added(kept: readonly Kept[], channel: ChannelDocument, regions: Regions): Promise<readonly Added[]> {
    const added: Added[] = [];
    for (const one of kept) {
      const subject = { channel, pipeline: one.after, id: one.id, regions };
      const [carried, tables] = await this.look.withSource(subject, async (_, all) => [all, addedTables(one.before, all)] as const);
      if (tables.length > 0) added.push({ ...one, tables, patterns: patternsOf(one.after, carried, tables) });
    }
    return added;
  }

  /** Of the pipelines: an order that is under way, or that they have not begun. */
  async #standing(added: readonly Added[], channel: ChannelDocument): Promise<readonly Problem[]> {
    const statuses = await this.registry.status.list();
    const problems: Problem[] = [];
    for (const { id, after } of added) {
      const order = (await this.registry.seeds.read(after.uid))?.document;
      if (order && !hasEnded(order, activityOf(statuses, after.uid, order))) {
        const what = `pipeline ${id} has an order of seeding already, which is ${order.state} (${order.id})`;
        problems.push(error('seed-under-way', what, 'wait until it is done, or POST …/seed/cancel first'));
      } else if ((await this.registry.uids.read(after.uid))?.begunAt === undefined) {
        const what = `pipeline ${id} has not begun, so its first start seeds all its tables`;
        const fix = channel.seed === true ? 'leave ?seed=true out' : 'leave ?seed=true out, and say "seed": true in the channel';
        problems.push(error('seed-not-begun', what, fix));
      }
    }
    return problems;
  }
}

function keptOf(before: ChannelDocument, input: ChannelInput): readonly Kept[] {
  return input.pipelines.flatMap((now) => {
    const old = before.pipelines.find(({ name }) => name === now.name);
    if (!old || old.source !== now.source || old.target !== now.target) return [];
    const { adopt: _, ...after } = now;
    return [{ id: pipelineName(before.name, now.name), before: old, after: { ...after, uid: old.uid } }];
  });
}

function newPipelines(before: ChannelDocument, input: ChannelInput): readonly Problem[] {
  const kept = new Set(keptOf(before, input).map(({ after }) => after.name));
  return input.pipelines
    .filter(({ name }) => !kept.has(name))
    .map(({ name }) => {
      const what = `pipeline ${name} is new: its first start seeds it where the channel says "seed": true`;
      return error('seed-added-pipeline', what, 'add the pipeline first, and the tables by another change');
    });
}

/** Between two regions that are equally far from home nothing is seeded: home must bring the same tables to both. */
function notCovered(added: readonly Added[], plan: readonly PlannedSeed[]): readonly Problem[] {
  const planned = new Set(plan.map(({ pipeline }) => pipeline.uid));
  const namesOf = ({ tables }: Added): string => JSON.stringify(tables.map(({ target }) => tableName(target)).toSorted());
  return added
    .filter(({ after }) => !planned.has(after.uid))
    .filter(
      (one) =>
        !added.some((other) => planned.has(other.after.uid) && other.after.target === one.after.target && namesOf(other) === namesOf(one)),
    )
    .map(({ id, after }) => {
      const what = `pipeline ${id}: no pipeline from nearer home brings the same tables to ${after.target}`;
      return error('seed-not-covered', what, 'give it the routes of the one that does');
    });
}

function orderOf({ onExisting, after }: PlannedSeed, tables: readonly string[], plan: readonly PlannedSeed[]): SeedOrder {
  const own = new Set(plan.map(({ pipeline }) => pipeline.uid));
  return {
    ...seedDefaults,
    id: randomUUID(),
    tables,
    rowsPerSecond: null,
    onExisting,
    createTables: true,
    state: 'running',
    after: after.filter((uid) => own.has(uid)),
    by: orderedBy('tables came into the channel'),
    at: Date.now(),
  };
}

function error(id: string, what: string, fix: string | null): Problem {
  return { id, severity: 'error', what, fix };
}

function warning(id: string, what: string, fix: string | null): Problem {
  return { id, severity: 'warning', what, fix };
}
