/** The steps' view of the real world: one short session for each question, ZooKeeper, the services that write the configuration. */
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { createRouter, pipelineName, pipelineRoutes, SyncError, tableName, toSyncError } from '@lutra/model';
import type { ChannelDocument, PipelineDocument } from '@lutra/model';
import {
  accountOf,
  preparedTransactions,
  quoteTable,
  readBinlogEnd,
  readCheckpoint,
  readGrants,
  readOnlyState,
  Session,
  setReadOnly,
} from '@lutra/mysql';
import type { ConnectionOptions, Queries } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import { ChannelService } from '../channels/channel.service.js';
import { findDocument } from '../configuration/configuration.js';
import { ConfigurationService } from '../configuration/configuration.service.js';
import { limited } from '../endpoints/server-checks.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import { tablesOf } from '../seeds/seed-tables.js';
import { LEVEL, REGISTRY } from '../tokens.js';
import type { Counted, OperationIo, ServerLook } from './operation-io.js';

const countMs = 60_000;

@Injectable()
export class OperationIoService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(ConfigurationService) private readonly configuration: ConfigurationService,
    @Inject(ChannelService) private readonly channels: ChannelService,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  of(name: string): OperationIo {
    const { barriers } = this.registry;
    return {
      channel: async () => (await findDocument(this.registry, 'channel', name)).document,
      regionOf: async (endpoint) => (await findDocument(this.registry, 'endpoint', endpoint)).document.region,
      statuses: () => this.registry.status.list(),
      level: () => this.level.current,
      look: (endpoint) => this.through(endpoint, look),
      prepared: (endpoint) => this.through(endpoint, preparedTransactions),
      end: (endpoint) => this.through(endpoint, readBinlogEnd),
      setReadOnly: (endpoint, isClosed) => this.#setReadOnly(endpoint, isClosed),
      barrier: async (id) => (await barriers.read(id))?.document ?? null,
      order: async (id, order) => void (await barriers.replace(id, order, null)),
      withdraw: (id) => barriers.remove(id),
      checkpoint: (pipeline) => this.#checkpoint(pipeline),
      count: (pipeline) => this.#count(name, pipeline),
      setHome: (home) => this.#setHome(name, home),
      setPaused: (uids, isPaused) => this.#setPaused(name, uids, isPaused),
      now: Date.now,
    };
  }

  /** With Lutra's own user, or with a login that is used once and kept nowhere. */
  async through<T>(
    endpoint: string,
    ask: (session: Session) => Promise<T>,
    login?: Pick<ConnectionOptions, 'user' | 'password'>,
  ): Promise<T> {
    const { document } = await findDocument(this.registry, 'endpoint', endpoint);
    const session = await Session.open(limited({ ...this.pipelines.connectionTo(document), ...login }), 'target');
    try {
      return await ask(session);
    } finally {
      await session.close();
    }
  }

  async #setReadOnly(endpoint: string, isClosed: boolean): Promise<boolean> {
    try {
      await this.through(endpoint, (session) => closeServer(session, isClosed));
      return true;
    } catch (error) {
      if (toSyncError(error).code !== 'TARGET_DENIED') throw error;
      return false;
    }
  }

  async #checkpoint({ target, uid }: PipelineDocument): ReturnType<OperationIo['checkpoint']> {
    const { document } = await findDocument(this.registry, 'endpoint', target);
    const checkpoint = await readCheckpoint(this.pipelines.connectionTo(document), uid, 0);
    return checkpoint && { log: checkpoint.logId, seq: checkpoint.seq };
  }

  async #count(channel: string, pipeline: PipelineDocument): Promise<readonly Counted[]> {
    const tables = await this.through(pipeline.source, (session) => tablesOf(session, pipeline, ['*.*']));
    const until = Date.now() + countMs;
    const router = createRouter(pipelineRoutes(pipeline));
    const counted: Counted[] = [];
    for (const { source } of tables) {
      const target = router(source);
      if (!target) continue;
      const leftMs = until - Date.now();
      const rows = (endpoint: string, table: typeof source): Promise<number | null> =>
        leftMs > 0 ? this.through(endpoint, (session) => rowsOf(session, quoteTable(table), leftMs)) : Promise.resolve(null);
      const [atSource, atTarget] = await Promise.all([rows(pipeline.source, source), rows(pipeline.target, target)]);
      const of = { pipeline: pipelineName(channel, pipeline.name), source: tableName(source), target: tableName(target) };
      counted.push({ ...of, atSource, atTarget });
    }
    return counted;
  }

  /** Nothing is on its way in either direction: that is why the home may move while the channel runs. */
  async #setHome(name: string, home: string | undefined): Promise<void> {
    const { document, version } = await findDocument(this.registry, 'channel', name);
    const { home: _, ...conflicts } = document.conflicts;
    const moved = { ...document, conflicts: home === undefined ? conflicts : { ...conflicts, home } };
    await this.channels.replace(moved, { ifMatch: version, force: false, seed: false, isQuiet: true });
  }

  async #setPaused(name: string, uids: readonly string[], isPaused: boolean): Promise<void> {
    await this.configuration.write((snapshot, author) => {
      const found = snapshot.desired.get(name);
      const desired = found?.document;
      if (!desired) throw new SyncError('CONFIG_CONFLICT', `nobody has said what is wanted of channel ${name}: start it`);
      const kept = Object.entries(desired.pipelines ?? {}).filter(([uid]) => !uids.includes(uid));
      const pipelines = Object.fromEntries([...kept, ...(isPaused ? uids.map((uid) => [uid, 'paused'] as const) : [])]);
      if (JSON.stringify(pipelines) === JSON.stringify(desired.pipelines ?? {})) return { answer: undefined };
      const after = { ...desired, pipelines, by: author.by, at: Date.now() };
      return { answer: undefined, operations: [this.registry.configuration.desiredOperation(name, found.version, after)] };
    });
  }
}

async function flavorOf(queries: Queries): Promise<'mysql' | 'mariadb'> {
  const [row] = await queries.query('SELECT VERSION() AS version');
  return /mariadb/i.test(String(row?.['version'])) ? 'mariadb' : 'mysql';
}

async function look(queries: Queries): Promise<ServerLook> {
  const grants = await readGrants(queries);
  const isExempt = ['CONNECTION_ADMIN', 'SUPER', 'READ_ONLY ADMIN'].some((privilege) => grants.hasGlobal(privilege));
  return { ...(await readOnlyState(queries)), flavor: await flavorOf(queries), isExempt, account: await accountOf(queries) };
}

/** @throws SyncError TARGET_DENIED, TARGET_* */
export async function closeServer(queries: Queries, isClosed: boolean): Promise<void> {
  await setReadOnly(queries, isClosed, await flavorOf(queries));
}

/** Null: it takes longer. */
async function rowsOf(queries: Queries, table: string, withinMs: number): Promise<number | null> {
  const hint = `/*+ MAX_EXECUTION_TIME(${Math.ceil(withinMs)}) */`;
  try {
    const [row] = await queries.query(`SELECT ${hint} COUNT(*) AS n FROM ${table}`);
    return Number(row?.['n']);
  } catch {
    return null;
  }
}

export type { ChannelDocument };
