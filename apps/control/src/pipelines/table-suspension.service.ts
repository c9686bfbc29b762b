/**
 * A table that a person suspends in a pipeline, and how it comes back: what is wanted changes in the write that orders its seed, and the
 * loader ends the suspension where that seed begins in the log. Rows that the source has deleted meanwhile are still at the target then, so
 * the table stands in lutra.unequal until a verification has found it equal, or repaired it.
 */
import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { createRouter, pipelineRoutes, suspendedByPerson, SyncError, tableName, without } from '@lutra/model';
import type { ChannelDocument, SeedOrder, SuspendedByPerson, TableName, VerificationOrder } from '@lutra/model';
import { readSuspended } from '@lutra/mysql';
import type { Operation, Registry, Snapshot } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { ChannelOperationsService } from '../channels/channel-operations.service.js';
import { pipelineOf, requireLifeLevel, withWishes } from '../channels/wanted.js';
import { currentAuthor } from '../configuration/author.js';
import { findDocument, found } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { errorsOf, RefusedError } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { limited } from '../endpoints/server-checks.js';
import { orderedBy } from '../orders/order-rules.js';
import { patternOfName } from '../seeds/added-tables.js';
import { SeedLookService } from '../seeds/seed-look.service.js';
import type { StoredSubject } from '../seeds/seed-look.service.js';
import { activityOf, hasEnded } from '../seeds/seed-states.js';
import { seedDefaults } from '../seeds/seed.schemas.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { UnequalService } from '../unequal/unequal.service.js';
import { FollowUpService, shareOfFollowUp } from '../verifications/follow-up.service.js';
import { PipelineAccessService } from './pipeline-access.service.js';
import { byPersonCode, namesOf, requireCarried, returning, suspendProblems, withSuspended } from './suspended-tables.js';
import type { ResumeWrite, SuspendWrite, TableSuspension } from './table-suspension.schemas.js';

interface Orders {
  readonly seed: SeedOrder;
  readonly verification: VerificationOrder;
}

@Injectable()
export class TableSuspensionService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(ChannelOperationsService) private readonly operations: ChannelOperationsService,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
    @Inject(SeedLookService) private readonly look: SeedLookService,
    @Inject(UnequalService) private readonly unequal: UnequalService,
    @Inject(FollowUpService) private readonly followUps: FollowUpService,
  ) {}

  /** Idempotent. @throws RefusedError CONFIG_CONFLICT with the whole list; SyncError CONFIG_INVALID, CONFIG_MISSING */
  async suspend(channel: string, name: string, { tables, reason }: SuspendWrite): Promise<TableSuspension> {
    requireLifeLevel(this.level.current);
    const { id } = await this.pipelines.find(channel, name);
    const suspended = await this.configuration.write(async (snapshot, author) => {
      const { document } = found(snapshot, 'channel', channel);
      const pipeline = pipelineOf(document, name);
      requireCarried(id, pipeline, namesOf(tables));
      const problems = [...suspendProblems(document, pipeline, id), ...(await this.#seedUnderWay(pipeline.uid, id))];
      if (problems.length > 0) throw new RefusedError('CONFIG_CONFLICT', `tables of pipeline ${id} cannot be suspended`, problems);
      const how = { tables: namesOf(tables), by: author.by, reason, at: Date.now() };
      const wanted = withSuspended(document, pipeline, how);
      const isSame = wanted.length === suspendedByPerson(document, pipeline.uid).length;
      return { answer: wanted, operations: isSame ? [] : [this.#wanting(document, name, wanted, { snapshot, author })] };
    });
    this.logger.warn({ pipeline: id, tables, reason }, 'tables are to be suspended');
    return { pipeline: id, suspended: [...suspended], seed: null, verification: null, problems: [] };
  }

  /** Idempotent. @throws RefusedError CONFIG_CONFLICT with the whole list; SyncError CONFIG_MISSING, TARGET_*, SOURCE_* */
  async resume(channel: string, name: string, { tables, reason }: ResumeWrite): Promise<TableSuspension> {
    requireLifeLevel(this.level.current);
    const subject = await this.look.subject(channel, name);
    const { id, pipeline } = subject;
    const asked = namesOf(tables);
    const left = without(suspendedByPerson(subject.channel, pipeline.uid), asked);
    const { orders, problems } = await this.#orders(subject, { asked, left, reason });
    if (errorsOf(problems).length > 0) throw new RefusedError('CONFIG_CONFLICT', `tables of pipeline ${id} cannot come back`, problems);
    if (orders) await this.unequal.raise(pipeline, holeOf(orders), orders.seed.resumes);
    await this.configuration.write(async (snapshot, author) => {
      const { document } = found(snapshot, 'channel', channel);
      const now = without(suspendedByPerson(document, pipelineOf(document, name).uid), asked);
      const underWay = orders ? await this.#seedUnderWay(pipeline.uid, id) : [];
      if (underWay.length > 0 || now.length !== left.length)
        throw new SyncError('CONFIG_CONFLICT', `somebody else has changed what is wanted of pipeline ${id} meanwhile; try again`);
      const ordered = orders ? await this.#ordering(subject, orders) : [];
      return { answer: null, operations: [this.#wanting(document, name, now, { snapshot, author }), ...ordered] };
    });
    this.logger.warn({ pipeline: id, tables, seed: orders?.seed.id ?? null, reason }, 'tables that were suspended are to come back');
    const seed = orders?.seed.id ?? null;
    return { pipeline: id, suspended: [...left], seed, verification: orders?.verification.id ?? null, problems: [...problems] };
  }

  /** Null: nothing is to be copied. */
  async #orders(
    subject: StoredSubject,
    { asked, left, reason }: { readonly asked: readonly TableName[]; readonly left: readonly TableName[]; readonly reason: string },
  ): Promise<{ readonly orders: Orders | null; readonly problems: readonly Problem[] }> {
    const { channel, pipeline, id } = subject;
    const { document: endpoint } = await findDocument(this.registry, 'endpoint', pipeline.target);
    const there = await readSuspended(limited(this.pipelines.connectionTo(endpoint)), pipeline.uid);
    const wanted = [...suspendedByPerson(channel, pipeline.uid), ...there.filter(({ code }) => code === byPersonCode)];
    const router = createRouter(pipelineRoutes(pipeline));
    const others = there.filter(({ code }) => code !== byPersonCode);
    const concerned = asked.filter((table) => wanted.some((one) => tableName(one) === tableName(table)));
    const coming = without(concerned, others).filter((table) => router(table) !== null);
    if (coming.length === 0) return { orders: null, problems: notComing(asked, id) };
    const { tables, problems } = returning(coming, left, there);
    const { by, at } = { by: orderedBy(reason), at: Date.now() };
    const draft: SeedOrder = {
      ...seedDefaults,
      id: randomUUID(),
      tables: tables.map(patternOfName),
      rowsPerSecond: null,
      onExisting: 'source',
      createTables: false,
      state: 'running',
      after: [],
      resumes: tables,
      by,
      at,
    };
    const look = await this.look.at(subject, draft);
    const repair = { id: randomUUID(), tables: draft.tables, winner: 'source', extra: [], untilEqual: true, by, at };
    const order = {
      id: randomUUID(),
      tables: draft.tables,
      pipelines: [pipeline.name],
      repair,
      repeat: 'once',
      state: 'running',
      by,
      at,
    } as const;
    const verification = { ...order, after: { seeds: [pipeline.uid], restarts: [] }, share: shareOfFollowUp };
    const busy = (await this.followUps.inTheWay(channel.name, [pipeline.uid])).map((one) => ({ ...one, severity: 'error' as const }));
    const underWay = await this.#seedUnderWay(pipeline.uid, id);
    return { orders: { seed: look.order, verification }, problems: [...problems, ...look.problems, ...busy, ...underWay] };
  }

  async #ordering({ channel, pipeline }: StoredSubject, { seed, verification }: Orders): Promise<readonly Operation[]> {
    const known = await this.registry.seeds.read(pipeline.uid);
    const before = await this.registry.verifications.read(channel.name);
    return [
      this.registry.seeds.replacing(pipeline.uid, seed, known?.version ?? null),
      this.registry.verifications.replacing(channel.name, verification, before?.version ?? null),
    ];
  }

  #wanting(
    channel: ChannelDocument,
    name: string,
    tables: readonly SuspendedByPerson[],
    writing: { readonly snapshot: Snapshot; readonly author: ReturnType<typeof currentAuthor> },
  ): Operation {
    const { [pipelineOf(channel, name).uid]: _, ...others } = channel.wishes?.suspended ?? {};
    const suspended = tables.length === 0 ? others : { ...others, [pipelineOf(channel, name).uid]: [...tables] };
    const { wishes = {} } = withWishes(channel, { ...channel.wishes, suspended });
    return this.operations.wanting(channel.name, channel, { ...writing, wishes });
  }

  async #seedUnderWay(uid: SeedOrder['after'][number], id: string): Promise<readonly Problem[]> {
    const order = (await this.registry.seeds.read(uid))?.document;
    if (!order || hasEnded(order, activityOf(await this.registry.status.list(), uid, order))) return [];
    const what = `pipeline ${id} has an order of seeding, which is ${order.state} (${order.id})`;
    return [{ id: 'seed-under-way', severity: 'error', what, fix: 'wait until it is done, or POST …/seed/cancel first' }];
  }
}

function holeOf({ seed, verification }: Orders): { readonly request: string; readonly reason: string } {
  return { request: verification.repair?.id ?? '', reason: seed.by };
}

/** What persons want is taken back all the same. */
function notComing(asked: readonly TableName[], id: string): readonly Problem[] {
  const what = `nothing is seeded: pipeline ${id} does not carry ${asked.map(tableName).join(', ')}, or no person has suspended it, or it is suspended for another cause`;
  return [{ id: 'resume-nothing', severity: 'warning', what, fix: 'docs/02-setup.md, A table that is suspended' }];
}
