/** Schema changes of one pipeline: what it does with them, the one at which it holds, and a person's answer to that. */
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { comesBack, createHomeFinder, createRouter, followedRoutes, pipelineRoutes, SyncError, tableName, toSyncError } from '@lutra/model';
import type { ChannelDocument, DdlHold, PipelineDocument, Router, TableName, WorkStatus } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { ResultRow, Side } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import type { Logger } from '@lutra/telemetry';
import { currentAuthor } from '../configuration/author.js';
import { findDocument } from '../configuration/configuration.js';
import { limited } from '../endpoints/server-checks.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import { TargetQueryService } from '../pipelines/target-query.service.js';
import type { TableQuestion } from '../pipelines/target-query.service.js';
import { SeedService } from '../seeds/seed.service.js';
import { LEVEL, LOGGER, REGISTRY } from '../tokens.js';
import { lookAt, sidesOf } from './both-sides.js';
import type { SideLook } from './both-sides.js';
import { recentQuery, toRecent, toWaiting, waitingQuery } from './ddl-queries.js';
import { holdOf, loaderOf, statementOf } from './held-pipelines.js';
import { effectiveDdl } from './ddl.rules.js';
import type { DdlAnswerWrite, PipelineDdl, TableSides } from './ddl.schemas.js';

interface Subject {
  readonly channel: ChannelDocument;
  readonly pipeline: PipelineDocument;
  readonly id: string;
}

@Injectable()
export class DdlService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
    @Inject(TargetQueryService) private readonly servers: TargetQueryService,
    @Inject(SeedService) private readonly seeds: SeedService,
  ) {}

  /** A server that does not answer is named: the hold is shown all the same. @throws SyncError CONFIG_MISSING */
  async find(channelName: string, name: string): Promise<PipelineDdl> {
    const subject = await this.pipelines.find(channelName, name);
    const { channel, pipeline, id } = subject;
    const { uid, target } = pipeline;
    const worker = await this.#worker(pipeline);
    const hold = holdOf(worker);
    const bothWays = comesBack(pipeline, channel.pipelines);
    const unreachable: PipelineDdl['unreachable'] = [];
    const tables = hold ? await this.#sides(subject, hold, unreachable) : [];
    return {
      pipeline: id,
      uid,
      settings: { ...effectiveDdl(pipeline.ddl, bothWays), bothWays, homes: bothWays ? homesOf(subject, hold?.tables ?? []) : [] },
      hold,
      running: worker?.ddl ?? null,
      tables,
      recent: (await this.#rows(target, { table: 'ddl', sql: recentQuery(uid) }, unreachable)).map(toRecent),
      waiting: (await this.#rows(target, { table: 'seed', sql: waitingQuery(uid) }, unreachable)).map(toWaiting),
      unreachable,
    };
  }

  /**
   * The loader asks for it each second.
   * @throws SyncError CONFIG_CONFLICT: level; the pipeline does not hold there; the answer would not be taken, or its tables cannot be
   * seeded. CONFIG_MISSING, SOURCE_*, TARGET_*
   */
  async answer(channelName: string, name: string, write: DdlAnswerWrite): Promise<PipelineDdl> {
    requireDdlLevel(this.level.current);
    const { pipeline, id } = await this.pipelines.find(channelName, name);
    const { log, seq, answer, by = currentAuthor().by, reason } = write;
    const { enters: tables = [] } = requireAnswerable(id, holdOf(await this.#worker(pipeline)), write);
    const answers = { log, seq };
    if (answer === 'seed') await this.seeds.orderFor(channelName, name, { answers, tables, reason });
    else await this.seeds.withdraw(pipeline.uid, answers);
    await this.registry.skips.order(pipeline.uid, { log, seq, answer, by, reason, at: Date.now() });
    this.logger.warn({ pipeline: id, uid: pipeline.uid, log, seq, answer, by, reason }, 'a schema change was answered');
    return this.find(channelName, name);
  }

  async #worker(pipeline: PipelineDocument): Promise<WorkStatus | null> {
    return loaderOf(pipeline, await this.registry.status.list());
  }

  async #rows(target: string, question: TableQuestion, unreachable: PipelineDdl['unreachable']): Promise<readonly ResultRow[]> {
    return (await this.servers.ask(target, question).catch((error: unknown) => told(unreachable, target, error))) ?? [];
  }

  async #sides({ channel, pipeline }: Subject, { tables }: DdlHold, unreachable: PipelineDdl['unreachable']): Promise<TableSides[]> {
    const bothWays = comesBack(pipeline, channel.pipelines);
    const router = createRouter(followedRoutes(pipelineRoutes(pipeline), { uid: pipeline.uid, bothWays }));
    const pairs = carried(router, tables);
    if (pairs.length === 0) return [];
    const look = (side: Side): Promise<readonly SideLook[] | null> => {
      const endpoint = pipeline[side];
      const names = pairs.map((pair) => pair[side]);
      return this.#look({ endpoint, side }, names).catch((error: unknown) => told(unreachable, endpoint, error));
    };
    const [there, here] = await Promise.all([look('source'), look('target')]);
    return pairs.map((pair, i) => sidesOf({ ...pair, from: there?.[i] ?? null, to: here?.[i] ?? null }, channel, router));
  }

  async #look({ endpoint, side }: { endpoint: string; side: Side }, tables: readonly TableName[]): Promise<readonly SideLook[]> {
    const { document } = await findDocument(this.registry, 'endpoint', endpoint);
    const session = await Session.open(limited(this.pipelines.connectionTo(document)), side);
    try {
      return await lookAt(session, tables);
    } finally {
      await session.close();
    }
  }
}

/** Those of a statement that the pipeline carries. */
function carried(router: Router, tables: readonly TableName[]): readonly { readonly source: TableName; readonly target: TableName }[] {
  return tables.flatMap((source) => {
    const target = source.name === '*' ? null : router(source);
    return target ? [{ source, target }] : [];
  });
}

function homesOf({ channel, pipeline }: Subject, tables: readonly TableName[]): PipelineDdl['settings']['homes'] {
  const homeOf = createHomeFinder(channel.schemaHomes ?? [], channel.conflicts.home);
  const found = carried(createRouter(pipelineRoutes(pipeline)), tables);
  return found.map(({ target }) => ({ table: tableName(target), home: homeOf(target) }));
}

function told(unreachable: PipelineDdl['unreachable'], endpoint: string, error: unknown): null {
  const { code, message } = toSyncError(error);
  if (!unreachable.some((one) => one.endpoint === endpoint)) unreachable.push({ endpoint, code, message });
  return null;
}

function requireDdlLevel(current: number): void {
  if (current >= 3) return;
  const what = `the cluster is at level ${current}, and schema changes that follow the data are of level 3`;
  throw new SyncError('CONFIG_CONFLICT', `${what}: raise it first (POST /api/v1/level; docs/02-setup.md, Upgrading)`);
}

/** Shown for a statement that a person has just looked at: another one may have come meanwhile. */
function requireAnswerable(id: string, hold: DdlHold | null, { log, seq, answer }: DdlAnswerWrite): DdlHold {
  if (!hold) throw new SyncError('CONFIG_CONFLICT', `pipeline ${id} does not hold at a schema change; GET …/ddl shows what it does`);
  const details = { log: hold.log, seq: hold.seq };
  const at = statementOf(hold);
  if (hold.log !== log || hold.seq !== seq)
    throw new SyncError(
      'CONFIG_CONFLICT',
      `pipeline ${id} does not hold at seq ${seq} of log ${log}, but at ${at} (seq ${hold.seq}): look at it first`,
      {
        details,
      },
    );
  if (hold.ways.includes(answer)) return hold;
  const what = `pipeline ${id} holds at ${at} (${hold.reason}): "${answer}" is no way out of it; ${hold.ways.join(' and ') || 'nothing'} would be taken`;
  throw new SyncError('CONFIG_CONFLICT', `${what}. ${hold.message}`, { details });
}
