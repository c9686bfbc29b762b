/** How many tables leave the routes of what runs. Tables behind a pattern are asked of the source, for a short time. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { createRouter, pipelineRoutes, tableName } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, PipelineInput, TableName } from '@lutra/model';
import { Session } from '@lutra/mysql';
import type { Configuration } from '../configuration/configuration.js';
import { isPattern } from '../channels/table-set.js';
import { limited } from '../endpoints/server-checks.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import type { ChannelStep } from './steps.js';

export interface Dropped {
  /** By channel. */
  readonly tables: ReadonlyMap<string, number>;
  /** Patterns of which nobody can say how many tables they stood for. */
  readonly unknown: ReadonlyMap<string, number>;
  /** Tables that are routed now, as far as they are known: at least so many. */
  readonly of: number;
}

const askMs = 3_000;
/** Tables times pipelines that are looked at one by one. */
const mostLooks = 2_000_000;
const nothing: Dropped = { tables: new Map(), unknown: new Map(), of: 0 };

type Pipeline = Pick<PipelineInput, 'source' | 'target' | 'routes' | 'exclude'>;

@Injectable()
export class DroppedTablesService {
  constructor(@Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService) {}

  async of(steps: readonly ChannelStep[], before: Configuration, after: Configuration): Promise<Dropped> {
    const changed = steps.flatMap((step) => (step.channel && step.channel.state !== 'stopped' ? losing(step, step.channel) : []));
    if (changed.length === 0) return nothing;
    const running = before.channels.filter(({ state }) => state !== 'stopped').flatMap(({ pipelines }) => pipelines);
    const named = Map.groupBy(running.flatMap(namedBy), ({ source }) => source);
    const asked = new Map<string, readonly TableName[] | null>();
    for (const source of new Set(changed.filter(({ pipeline }) => hasPattern(pipeline)).map(({ pipeline }) => pipeline.source)))
      asked.set(source, changed.length > mostLooks / 1000 ? null : await this.#ask(source, before));
    const tablesOf = (source: string): readonly TableName[] => [
      ...new Map(
        [...(named.get(source) ?? []).map(({ table }) => table), ...(asked.get(source) ?? [])].map((table) => [tableName(table), table]),
      ).values(),
    ];
    const [tables, unknown] = [new Map<string, number>(), new Map<string, number>()];
    const add = (counts: Map<string, number>, channel: string, count: number): void => {
      if (count > 0) counts.set(channel, (counts.get(channel) ?? 0) + count);
    };
    const later = Map.groupBy(
      after.channels.flatMap(({ pipelines }) => pipelines),
      ({ source, target }) => `${source}\0${target}`,
    );
    for (const { channel, pipeline } of changed) {
      await nextTurn();
      const was = createRouter(pipelineRoutes(pipeline));
      const are = (later.get(`${pipeline.source}\0${pipeline.target}`) ?? []).map((one) => createRouter(pipelineRoutes(one)));
      const isLost = (table: TableName): boolean => was(table) !== null && !are.some((router) => router(table) !== null);
      add(tables, channel, tablesOf(pipeline.source).filter(isLost).length);
      if (hasPattern(pipeline) && !asked.get(pipeline.source))
        add(unknown, channel, pipeline.routes.filter(({ schema, table }) => isPattern(schema) || isPattern(table)).length);
    }
    const routed = running.reduce((sum, pipeline) => {
      const found = asked.get(pipeline.source);
      if (!found) return sum + namedBy(pipeline).length;
      const router = createRouter(pipelineRoutes(pipeline));
      return sum + found.filter((table) => router(table) !== null).length;
    }, 0);
    return { tables, unknown, of: routed };
  }

  /** null: it does not answer in time. */
  async #ask(source: string, { endpoints }: Configuration): Promise<readonly TableName[] | null> {
    const endpoint = endpoints.find(({ name }) => name === source);
    if (!endpoint) return null;
    const look = this.#tables(endpoint).catch(() => null);
    const { promise, resolve } = Promise.withResolvers<null>();
    const timer = setTimeout(() => resolve(null), askMs);
    return Promise.race([look, promise]).finally(() => clearTimeout(timer));
  }

  async #tables(endpoint: EndpointDocument): Promise<readonly TableName[]> {
    const login = limited(this.pipelines.connectionTo(endpoint));
    const session = await Session.open({ ...login, connectTimeoutMs: askMs, answerTimeoutMs: askMs }, 'source');
    try {
      const rows = await session.query(
        "SELECT TABLE_SCHEMA AS db, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'",
      );
      return rows.map((row) => ({ database: row['db']?.toString() ?? '', name: row['name']?.toString() ?? '' }));
    } finally {
      await session.close();
    }
  }
}

/** Pipelines that go, or carry something else. */
function losing(
  { name, after }: ChannelStep,
  before: ChannelDocument,
): readonly { readonly channel: string; readonly pipeline: Pipeline }[] {
  const routesOf = (pipeline: Pipeline): string => JSON.stringify([pipeline.source, pipeline.target, pipelineRoutes(pipeline)]);
  return before.pipelines
    .filter((old) => !after?.pipelines.some((one) => one.name === old.name && routesOf(one) === routesOf(old)))
    .map((pipeline) => ({ channel: name, pipeline }));
}

function namedBy({ source, routes }: Pipeline): readonly { readonly source: string; readonly table: TableName }[] {
  return routes
    .filter(({ schema, table }) => !isPattern(schema) && !isPattern(table))
    .map(({ schema, table }) => ({ source, table: { database: schema, name: table } }));
}

function hasPattern({ routes }: Pipeline): boolean {
  return routes.some(({ schema, table }) => isPattern(schema) || isPattern(table));
}
