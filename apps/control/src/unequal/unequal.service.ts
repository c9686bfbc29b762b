/**
 * Tables that are not known to be equal, as lutra.unequal at the targets says. A status is asked for often and must not wait for a target,
 * so every control process asks the targets from time to time, and the status shows what was found last.
 */
import { Inject, Injectable } from '@nestjs/common';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { createRouter, pipelineRoutes, sourceTable, tableName, toSyncError } from '@lutra/model';
import type { ChannelDocument, PipelineDocument, Router, TableName } from '@lutra/model';
import type { Session } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import type { Logger, Metrics } from '@lutra/telemetry';
import { listDocuments } from '../configuration/configuration.js';
import { TargetQueryService } from '../pipelines/target-query.service.js';
import { LEVEL, LOGGER, METRICS, REGISTRY } from '../tokens.js';
import { holesQuery, lastingQuery, raiseStatements, toLasting, unequalStatus, withdrawStatement } from './unequal-queries.js';
import type { Hole, Lasting, RoutedTable } from './unequal-queries.js';
import type { UnequalStatus } from './unequal.schema.js';

const refreshMs = 30_000;
const none: UnequalStatus = { count: 0, tables: [], unasked: [] };

@Injectable()
export class UnequalService implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #known: ReadonlyMap<string, UnequalStatus> = new Map();

  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(METRICS) private readonly metrics: Metrics,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(TargetQueryService) private readonly servers: TargetQueryService,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.refresh(), refreshMs).unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.#timer);
  }

  /** As it was found last. null: not asked yet. */
  known(channel: string): UnequalStatus | null {
    return this.#known.get(channel) ?? null;
  }

  /** As it is now. Never throws for a target: one that does not answer is named. */
  async ask(channel: ChannelDocument): Promise<UnequalStatus> {
    if (this.level.current < 2) return none;
    const status = statusOf(channel, await this.#lasting([channel]));
    this.#known = new Map([...this.#known, [channel.name, status]]);
    return status;
  }

  /** Never throws: what is not known keeps the value that it had. */
  async refresh(): Promise<void> {
    try {
      if (!this.registry.connected || this.level.current < 2) return;
      const channels = await listDocuments(this.registry, 'channel');
      const lasting = await this.#lasting(channels);
      const statuses = channels.map((channel) => [channel.name, statusOf(channel, lasting)] as const);
      this.#known = new Map(statuses);
      this.metrics.unequalTables.reset();
      for (const [name, { count }] of statuses) this.metrics.unequalTables.set({ name }, count);
    } catch (thrown) {
      this.logger.debug({ code: toSyncError(thrown).code }, 'cannot read which tables are not known to be equal');
    }
  }

  /**
   * Before a log gets a hole: from here on a row at the target that differs becomes what its pipeline brings.
   * @param only in the names of the source; left out: all that it carries
   * @throws SyncError TARGET_*, CONFIG_CONFLICT: nothing may begin then
   */
  async raise(pipeline: PipelineDocument, hole: Hole, only?: readonly TableName[]): Promise<void> {
    await this.at(pipeline, async (session) => {
      const routed = await routedTables(session, pipeline);
      const names = only && new Set(only.map(tableName));
      const tables = routed.filter(({ source }) => names?.has(tableName(source)) ?? true);
      for (const statement of raiseStatements(tables, hole)) await session.execute(statement);
    });
  }

  /** @throws SyncError TARGET_*, CONFIG_CONFLICT: entries cannot be there */
  async reach(pipeline: PipelineDocument): Promise<void> {
    await this.servers.ask(pipeline.target, { table: 'unequal', sql: lastingQuery([pipeline.uid]) });
  }

  at<T>({ target }: PipelineDocument, work: (session: Session) => Promise<T>): Promise<T> {
    return this.servers.through(target, 'unequal', work);
  }

  /** @throws SyncError TARGET_*, CONFIG_CONFLICT */
  async withdraw(target: string, pipelines: readonly string[], request: string): Promise<void> {
    await this.servers.ask(target, { table: 'unequal', sql: withdrawStatement(pipelines, request) });
  }

  /** Of these pipelines into one target those with a hole that lasts. @throws SyncError TARGET_*, CONFIG_CONFLICT */
  async holes(pipelines: readonly PipelineDocument[], besides?: string): Promise<readonly PipelineDocument[]> {
    const [first] = pipelines;
    if (!first) return [];
    const uids = pipelines.map(({ uid }) => uid);
    const rows = await this.servers.ask(first.target, { table: 'unequal', sql: holesQuery(uids, besides) });
    const found = new Set(rows.map((row) => row['pipeline']?.toString()));
    return pipelines.filter(({ uid }) => found.has(uid));
  }

  /** One question a target, for all channels. */
  async #lasting(channels: readonly ChannelDocument[]): Promise<LastingAt> {
    const pipelines = channels.flatMap((channel) => channel.pipelines);
    const targets = [...Map.groupBy(pipelines, ({ target }) => target)];
    const answers = await Promise.all(
      targets.map(async ([target, own]) => {
        const sql = lastingQuery(own.map(({ uid }) => uid));
        const rows = await this.servers.ask(target, { table: 'unequal', sql }).catch(() => null); // the status says so
        return [target, rows && rows.map(toLasting)] as const;
      }),
    );
    return new Map(answers);
  }
}

/** By target. null: it did not answer. */
type LastingAt = ReadonlyMap<string, readonly Lasting[] | null>;

function statusOf({ pipelines }: ChannelDocument, lasting: LastingAt): UnequalStatus {
  const targets = [...new Set(pipelines.map(({ target }) => target))].toSorted();
  const routers = new Map<string, { readonly name: string; readonly router: Router }>(
    pipelines.map((one) => [one.uid, { name: one.name, router: createRouter(pipelineRoutes(one)) }]),
  );
  const carried = ({ uid, table }: Lasting): string | null => {
    const known = routers.get(uid);
    return known && known.router(table) !== null ? known.name : null;
  };
  const found = targets.flatMap((target) => lasting.get(target) ?? []);
  return unequalStatus(
    found,
    carried,
    targets.filter((target) => (lasting.get(target) ?? null) === null),
  );
}

/** By the target alone, for the source may be gone: a table that the target lacks has no row that differs. */
async function routedTables(session: Session, pipeline: PipelineDocument): Promise<readonly RoutedTable[]> {
  const routes = pipelineRoutes(pipeline);
  const router = createRouter(routes);
  const rows = await session.query(
    "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2",
  );
  return rows.flatMap((row) => {
    const target = { database: row['db']?.toString() ?? '', name: row['name']?.toString() ?? '' };
    const source = sourceTable(target, routes, router);
    return source ? [{ pipeline: pipeline.uid, source, target }] : [];
  });
}
