/** Carries a repair out once: connections, the tables, what is waited for. */
import { createRouter, differingFiles } from '@lutra/model';
import type { RepairOrder, VerificationOrder, VerifiedTable } from '@lutra/model';
import { asSource, loadTable, ownKeyed, readBinlogEnd } from '@lutra/mysql';
import { sleep } from '@lutra/runtime';
import { untilCrossed } from '../crossing.js';
import type { CrossingIo } from '../crossing.js';
import type { VerifiedPipeline } from '../assignments.js';
import { heldOf } from '../held.js';
import { Holes } from '../holes.js';
import { listTables } from '../listed-tables.js';
import { keyOf, namesOf, wayOf } from '../pass.js';
import type { PassOptions } from '../pass.js';
import { probe } from '../probes.js';
import type { ServerProbes } from '../probes.js';
import { Servers } from '../servers.js';
import { patternRoute } from '../table-list.js';
import type { ListedPair } from '../table-list.js';
import { foundFilesOf, hasEqualRows } from '../files/verify-files.js';
import { FileRepairs } from './file-repairs.js';
import type { FileTable, RepairSaid } from './file-repairs.js';
import { keysNamed } from './found-rows.js';
import type { Scope } from './found-rows.js';
import { methodOf } from './method.js';
import { trashOrphans } from './orphan-repairs.js';
import { RepairRound } from './repair-round.js';
import type { AskedTable, Probed, RepairTable, RoundOptions } from './repair-round.js';
import { ServerTable } from './server-table.js';
import { sparedRows } from './spared.js';
import type { TargetLog } from './target-log.js';
import { endRepairs } from './unequal.js';

type Shared = Pick<PassOptions, 'work' | 'login' | 'crossing' | 'files' | 'isRestarting' | 'signal'>;

export interface RepairOptions extends Shared, Omit<RoundOptions, 'raised' | 'arrived' | 'spared'> {
  readonly order: VerificationOrder & { readonly repair: RepairOrder };
  /** Of a target that captures read. */
  logOf(pipeline: VerifiedPipeline): TargetLog;
  readonly pollMs?: number;
}

/** Rows and files that were repaired, or went. @throws SyncError SOURCE_*, TARGET_*, TABLE_MISSING (lutra.unequal), FILES_* */
export async function runRepair(options: RepairOptions): Promise<number> {
  const servers = new Servers(options.login);
  try {
    return await new Repair(options, servers).run();
  } finally {
    await servers.close();
  }
}

/** Whatever repairs of the channel have left behind in lutra.unequal, at all targets. */
export async function endAllRepairs({ work, login }: Pick<PassOptions, 'work' | 'login'>, except: string | null): Promise<void> {
  const servers = new Servers(login);
  try {
    for (const { uid, target } of work.pipelines) await endRepairs(await servers.of(target.name, 'target'), uid, except);
  } finally {
    await servers.close();
  }
}

class Repair {
  readonly #options: RepairOptions;
  readonly #servers: Servers;
  readonly #pollMs: number;

  constructor(options: RepairOptions, servers: Servers) {
    this.#options = options;
    this.#servers = servers;
    this.#pollMs = options.pollMs ?? 1_000;
  }

  async run(): Promise<number> {
    const { order, before } = this.#options;
    const holes = await Holes.read({ ...this.#options, servers: this.#servers });
    let said: RepairSaid | null = null;
    const tables: ServerTable[] = [];
    for (const pair of await this.#pairs(hasRows)) {
      await this.#options.look();
      tables.push(await this.#table(pair, holes));
    }
    const repaired = new Set(tables.filter(({ refused }) => refused === null).map((table) => table.at('loser')));
    for (const table of tables) await table.refuseHeld(repaired);
    const round = new RepairRound({
      ...this.#options,
      told: async (now) => {
        for (const { pair } of tables.filter((table) => now.tables.some((one) => table.isOf(one) && hasEqualRows(one))))
          await holes.end(pair);
        said = { ...now, ...(before.files && { files: before.files }), ...(before.orphans && { orphans: before.orphans }) };
        await this.#options.told(said);
      },
      spared: (asked) => this.#spared(tables, asked),
      raised: (waiting) => this.#raised(tables, waiting),
      arrived: (waiting) => this.#arrived(tables, waiting),
    });
    const rows = await round.run(tables);
    if (order.repair.keys !== undefined || said === null) return rows;
    return rows + (await this.#files(said, holes));
  }

  /** Files of rows that are repaired come with their rows; here those of rows that are equal. */
  async #files(said: RepairSaid, holes: Holes): Promise<number> {
    const { look, files, signal } = this.#options;
    const pairs = await this.#pairs(({ files: found }) => found !== undefined && differingFiles(found) > 0);
    const repairs = new FileRepairs({ said, look, told: this.#options.told, files, signal, pollMs: this.#pollMs });
    for (const pair of pairs) await repairs.repair(await this.#fileTable(pair, holes));
    return repairs.repaired + (await this.#orphans(repairs.said));
  }

  async #orphans(said: RepairSaid): Promise<number> {
    const { order, told, before } = this.#options;
    if (order.repair.orphans === undefined) return 0;
    return trashOrphans({
      ...this.#options,
      request: order.id,
      servers: this.#servers,
      before: before.orphans,
      told: (orphans, waitingFor) => told({ ...said, orphans, waitingFor }),
      pollMs: this.#pollMs,
    });
  }

  async #fileTable(pair: ListedPair, holes: Holes): Promise<FileTable> {
    const { work, order } = this.#options;
    const { pipeline, source, target } = pair;
    const [there, here] = [await this.#servers.of(pipeline.source.name, 'source'), await this.#servers.of(pipeline.target.name, 'target')];
    return {
      pair,
      method: methodOf(pair, work, { winner: order.repair.winner, isHole: holes.has(pair) }),
      found: foundFilesOf({ pair, request: order.id, target: here }),
      source: { queries: there, schema: asSource(ownKeyed(await loadTable(there, source.database, source.name))) },
      target: { queries: here, schema: asSource(ownKeyed(await loadTable(here, target.database, target.name))) },
    };
  }

  /** Of the order, with what was found. */
  async #pairs(has: (table: VerifiedTable) => boolean): Promise<readonly ListedPair[]> {
    const { order, tables } = this.#options;
    const wanted = createRouter(order.repair.tables.map(patternRoute));
    const found = new Set(tables.filter(has).map(keyOf));
    const pairs = await listTables(this.#options, this.#servers);
    return pairs.filter((pair) => pair.missingAt === null && wanted(pair.source) !== null && found.has(keyOf(namesOf(pair))));
  }

  async #table(pair: ListedPair, holes: Holes): Promise<ServerTable> {
    const { work, order } = this.#options;
    const { pipeline } = pair;
    return ServerTable.of({
      pair,
      method: methodOf(pair, work, { winner: order.repair.winner, isHole: holes.has(pair) }),
      channel: work.channel,
      request: order.id,
      repair: order.repair,
      scope: scopeOf(pair, order.repair),
      source: await this.#servers.of(pipeline.source.name, 'source'),
      target: await this.#servers.of(pipeline.target.name, 'target'),
      writing: (endpoint) => this.#servers.writing(endpoint),
      probe: (store, keys) => this.#probe(pair, store, keys),
    });
  }

  async #probe(pair: ListedPair, store: ServerProbes, keys: Parameters<RepairTable['probe']>[0]): Promise<Probed> {
    const { work, crossing, look, signal } = this.#options;
    const at = await crossing.loader(wayOf(work, pair.pipeline));
    const asOf = Date.now();
    const moved = async (): Promise<void> => void (await this.#applied(this.#backOf(pair), false));
    const held = (): Promise<string | null> => heldOf([wayOf(work, pair.pipeline)], crossing);
    const { unanswered } = await probe(store, keys, { kept: 'rows', pollMs: this.#pollMs, look, moved, held, signal });
    return { unanswered, asOf, log: at?.log ?? '', seq: at?.seq ?? -1 };
  }

  /** Only where the target has a log; each is read once. */
  async #spared(tables: readonly ServerTable[], asked: readonly AskedTable[]): ReturnType<RoundOptions['spared']> {
    const { order, crossing, logOf, signal } = this.#options;
    const since = order.repair.spareChangedSince;
    const spared = new Map<RepairTable, ReadonlyMap<string, string>>();
    if (since === undefined) return spared;
    const byTarget = Map.groupBy(tables, ({ pair }) => pair.pipeline.target.name);
    for (const [target, all] of byTarget) {
      const [first] = all;
      if (!first || (await crossing.published(target)) === null) continue;
      const of = new Map(
        asked.flatMap(({ table, keys }) => all.filter((one) => one === table).map((one) => [one.sparedOf(keys), table] as const)),
      );
      const found = await sparedRows(logOf(first.pair.pipeline), { tables: [...of.keys()], since, signal });
      for (const [one, rows] of found) spared.set(of.get(one)!, rows);
    }
    return spared;
  }

  /** Waits as long as it takes: a person sees what for, and may cancel it. */
  async #arrived(tables: readonly ServerTable[], waiting: (what: string) => Promise<void>): Promise<void> {
    const { look, signal } = this.#options;
    for (const table of tables) {
      for (let left = await table.waiting(); left > 0; left = await table.waiting()) {
        await look();
        await waiting(`capture of endpoint ${table.method?.by.source.name ?? ''}, which has ${left} rows to send`);
        await sleep(this.#pollMs, signal);
      }
    }
    const bothWays = new Map(tables.filter(({ pair }) => pair.twoWay).map(({ pair }) => [pair.pipeline.uid, pair]));
    for (const pair of bothWays.values()) {
      await this.#until(() => this.#crossed(pair), waiting);
    }
  }

  /**
   * Rows that a loser had sent before its table was raised have arrived at the winner; its capture holds others. Counter-example without
   * (0032, 37): such a row crosses what is sent, the two sides swap, and are said to be equal.
   */
  async #raised(tables: readonly ServerTable[], waiting: (what: string) => Promise<void>): Promise<void> {
    const sent = tables.filter(({ refused, isSent }) => refused === null && isSent);
    const back = new Map(sent.flatMap(({ method }) => (method?.back ? [[method.back.uid, method.back] as const] : [])));
    for (const pipeline of back.values()) await this.#until(() => this.#applied([pipeline], false), waiting);
  }

  async #until(reached: () => Promise<string | null>, waiting: (what: string) => Promise<void>): Promise<void> {
    const { look, signal } = this.#options;
    for (let reason = await reached(); reason !== null; reason = await reached()) {
      await look();
      await waiting(reason);
      await sleep(this.#pollMs, signal);
    }
  }

  #crossed(pair: ListedPair): Promise<string | null> {
    return this.#applied([pair.pipeline, ...this.#backOf(pair)], true);
  }

  #backOf({ pipeline }: ListedPair): readonly VerifiedPipeline[] {
    return this.#options.work.pipelines.filter(
      ({ source, target }) => source.name === pipeline.target.name && target.name === pipeline.source.name,
    );
  }

  #applied(pipelines: readonly VerifiedPipeline[], twoWay: boolean): Promise<string | null> {
    const { work, crossing, look, signal } = this.#options;
    const targets = new Set(work.pipelines.map(({ target }) => target.name));
    const end: CrossingIo['end'] = async (endpoint) =>
      readBinlogEnd(await this.#servers.of(endpoint, targets.has(endpoint) ? 'target' : 'source'));
    const ways = pipelines.map((each) => wayOf(work, each));
    return untilCrossed({ ...crossing, end }, { ways, twoWay, pollMs: this.#pollMs, look, signal });
  }
}

function hasRows({ missingHere, missingThere, different, extra }: VerifiedTable): boolean {
  return missingHere + missingThere + different + extra > 0;
}

/** Rows at the target alone that may be of others only where the table is named, and nobody else writes it. */
function scopeOf({ pipeline, source, mayBeExtra, isFedByOthers }: ListedPair, repair: RepairOrder): Scope {
  const { database, name: table } = source;
  const isNamed = repair.extra.includes(`${database}.${table}`) && !isFedByOthers;
  const outcomes = ['different', 'missing-here', ...(mayBeExtra && !isNamed ? [] : (['missing-there'] as const))] as const;
  return { outcomes, keys: keysNamed(repair, { pipeline: pipeline.name, database, table }) };
}
