/** Asks the two servers of a pipeline what a seed would read and meet. Writes nothing. */
import { Inject, Injectable } from '@nestjs/common';
import type { ClusterLevel } from '@lutra/host';
import { suspendedByPerson, suspendedOf, tableName, toSyncError, without } from '@lutra/model';
import type { ChannelDocument, EndpointDocument, PipelineDocument, SeedOrder, TableName } from '@lutra/model';
import { readGrants, readSuspended, Session } from '@lutra/mysql';
import type { Registry } from '@lutra/registry';
import { findDocument, listDocuments } from '../configuration/configuration.js';
import { errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';
import { limited } from '../endpoints/server-checks.js';
import { PipelineAccessService } from '../pipelines/pipeline-access.service.js';
import { LEVEL, REGISTRY } from '../tokens.js';
import { entriesAtQuery } from '../unequal/unequal-queries.js';
import { copiedWhole, filledAt, keylessTables } from './keyless-tables.js';
import { orderProblems, tableProblems } from './seed.rules.js';
import type { SeedSubject } from './seed.rules.js';
import { requireWhere, tablesAtTarget, tablesOf } from './seed-tables.js';
import type { AtTarget, FoundTable } from './seed-tables.js';

export interface SeedLook {
  readonly tables: readonly FoundTable[];
  readonly atTarget: AtTarget;
  readonly createTables: boolean;
  /** The order, with the tables that are copied whole. */
  readonly order: SeedOrder;
  readonly problems: readonly Problem[];
}

/** A pipeline as it stands in its channel. */
export interface StoredSubject extends SeedSubject {
  readonly channel: ChannelDocument;
  readonly pipeline: PipelineDocument;
}

const everything = ['*.*'];

@Injectable()
export class SeedLookService {
  constructor(
    @Inject(REGISTRY) private readonly registry: Registry,
    @Inject(LEVEL) private readonly level: Pick<ClusterLevel, 'current'>,
    @Inject(PipelineAccessService) private readonly pipelines: PipelineAccessService,
  ) {}

  /** @throws SyncError CONFIG_MISSING */
  async subject(channelName: string, name: string): Promise<StoredSubject> {
    const { channel, pipeline, id } = await this.pipelines.find(channelName, name);
    const endpoints = await listDocuments(this.registry, 'endpoint');
    return { channel, pipeline, id, regions: new Map(endpoints.map((endpoint) => [endpoint.name, endpoint.region])) };
  }

  /**
   * @param enters what the target has of these tables is put aside before they are seeded
   * @throws SyncError SOURCE_*, TARGET_*, CONFIG_INVALID (where)
   */
  async at(subject: StoredSubject, order: SeedOrder, enters: readonly TableName[] = []): Promise<SeedLook> {
    const problems = orderProblems(subject, order);
    const [tables, unequal, locks] = await this.atSource(subject, async (session) => {
      const found = await tablesOf(session, subject.pipeline, order.tables);
      if (order.where !== undefined && errorsOf(problems).length === 0) await requireWhere(session, order.where, found);
      return [found, await unequalHere(session, subject), await mayLock(session, found)] as const;
    });
    const target = limited(this.pipelines.connectionTo(await this.#endpoint(subject.pipeline.target)));
    const atTarget = await tablesAtTarget(target, tables);
    const staying = tables.filter(({ source }) => !enters.some((table) => tableName(table) === tableName(source)));
    const keyless = keylessTables(subject, {
      level: this.level.current,
      order,
      tables,
      filled: await filledAt(target, staying, atTarget),
      channels: await listDocuments(this.registry, 'channel'),
    });
    const suspended = await this.#suspended(subject, target, order.resumes ?? []);
    const facts = { tables, atTarget, suspended, unequal, keyless, mayLock: locks };
    const whole = { ...order, ...copiedWhole(tables, keyless) };
    return {
      tables,
      atTarget,
      createTables: order.createTables,
      order: whole,
      problems: [...problems, ...tableProblems(subject, order, facts)],
    };
  }

  /** With all tables that the pipeline carries. */
  withSource<T>(subject: StoredSubject, work: (source: Session, carried: readonly FoundTable[]) => Promise<T>): Promise<T> {
    return this.atSource(subject, async (session) => work(session, await tablesOf(session, subject.pipeline, everything)));
  }

  async atSource<T>({ pipeline }: StoredSubject, work: (session: Session) => Promise<T>): Promise<T> {
    const session = await Session.open(limited(this.pipelines.connectionTo(await this.#endpoint(pipeline.source))), 'source');
    try {
      return await work(session);
    } finally {
      await session.close();
    }
  }

  /**
   * By the target, by the log, whose position the loader may not have reached, and by a person.
   * @param resumed those that a person had suspended, and that the order brings back
   */
  async #suspended(
    { channel, pipeline }: StoredSubject,
    target: Parameters<typeof readSuspended>[0],
    resumed: readonly TableName[],
  ): Promise<readonly TableName[]> {
    const suspended = (await this.registry.logs.read(pipeline.source))?.document.routes?.suspended ?? [];
    const there = await readSuspended(target, pipeline.uid);
    const byOthers = there.filter(({ code }) => code !== 'TABLE_SUSPENDED_BY_PERSON');
    const byPersons = there.filter(({ code }) => code === 'TABLE_SUSPENDED_BY_PERSON');
    const wanted = [...byPersons, ...suspendedByPerson(channel, pipeline.uid)];
    return [...suspendedOf({ suspended }, pipeline), ...byOthers, ...without(wanted, resumed)];
  }

  async #endpoint(name: string): Promise<EndpointDocument> {
    return (await findDocument(this.registry, 'endpoint', name)).document;
  }
}

/** As it is granted; where nothing is copied whole it is not asked. */
async function mayLock(session: Session, tables: readonly FoundTable[]): Promise<(table: TableName) => boolean> {
  if (tables.every(({ key }) => key.length > 0)) return () => true;
  const grants = await readGrants(session);
  return (table) => grants.has('LOCK TABLES', table);
}

/** Tables of the source to which the other side sends its rows. None where lutra.unequal is not there: nobody can have raised any. */
async function unequalHere(session: Session, { channel, pipeline }: StoredSubject): Promise<readonly TableName[]> {
  const back = channel.pipelines.filter(({ source, target }) => source === pipeline.target && target === pipeline.source);
  if (back.length === 0) return [];
  try {
    const rows = await session.query(entriesAtQuery(back.map(({ uid }) => uid)));
    return rows.map((row) => ({ database: row['db']?.toString() ?? '', name: row['name']?.toString() ?? '' }));
  } catch (error) {
    if (toSyncError(error).code === 'TABLE_MISSING') return [];
    throw error;
  }
}
