/** A pair of tables that is repaired, on its servers. */
import { repairRowStatement } from '@lutra/marker';
import { pipelineName, toSyncError } from '@lutra/model';
import type { RepairOrder, Row } from '@lutra/model';
import { askFor, asSource, Collations, keysOf, loadTable, primaryConflictKey } from '@lutra/mysql';
import type { ApplyConnection, Queries, Session, TargetTable } from '@lutra/mysql';
import type { VerifiedPipeline } from '../assignments.js';
import { ServerProbes } from '../probes.js';
import type { ListedPair } from '../table-list.js';
import { ServerAwayRows } from './away-rows.js';
import { FoundRows } from './found-rows.js';
import type { DifferingOutcome, FoundRow, Scope } from './found-rows.js';
import { HomeRows } from './home-rows.js';
import type { RowRepair, RowRepairs } from './home-rows.js';
import { other, winnerOf } from './method.js';
import type { AtHome, RepairMethod } from './method.js';
import type { Probed, RepairTable } from './repair-round.js';
import { ResyncedRows } from './resynced-rows.js';
import { sidePlans } from './side-plans.js';
import type { SparedTable } from './spared.js';
import type { SidePlans } from './side-plans.js';
import { endEntry, raiseRepair } from './unequal.js';
import type { UnequalTable } from './unequal.js';

export interface ServerTableOptions {
  readonly pair: ListedPair;
  readonly method: RepairMethod | string;
  readonly channel: string;
  /** Of the verification. */
  readonly request: string;
  readonly repair: RepairOrder;
  readonly scope: Scope;
  readonly source: Session;
  readonly target: Session;
  /** Connects to the home region's endpoint. */
  readonly writing: (endpoint: string) => Promise<ApplyConnection>;
  readonly probe: (store: ServerProbes, keys: readonly Row[]) => Promise<Probed>;
}

interface Tables {
  readonly from: TargetTable;
  readonly to: TargetTable;
}

type Plans = (SidePlans & { readonly method: AtHome }) | string | null;

export class ServerTable implements RepairTable {
  readonly rows: FoundRows;
  readonly related: RepairTable['related'];
  readonly writes: readonly DifferingOutcome[];
  readonly deletes: readonly DifferingOutcome[];
  readonly refused: string | null;
  readonly mayBeExtra: boolean;
  readonly pair: ListedPair;
  readonly #options: ServerTableOptions;
  readonly #to: TargetTable;
  readonly #resynced: ResyncedRows;
  readonly #home: HomeRows | null;
  readonly #probes: ServerProbes;

  /** @throws SyncError as loadTable() */
  static async of(options: ServerTableOptions): Promise<ServerTable> {
    const { pair, source, target } = options;
    const from = await loadTable(source, pair.source.database, pair.source.name);
    const to = await loadTable(target, pair.target.database, pair.target.name);
    return new ServerTable(options, { from, to });
  }

  private constructor(options: ServerTableOptions, tables: Tables) {
    const { pair, request, repair, scope, source, target, method } = options;
    const of = { pipeline: pair.pipeline.uid, request, table: pair.source };
    const plans = plansOf(method, tables);
    this.#options = options;
    this.#to = tables.to;
    this.pair = pair;
    this.mayBeExtra = pair.mayBeExtra;
    this.rows = new FoundRows(target, of, scope);
    this.#probes = new ServerProbes(of, { source, target });
    this.#resynced = new ResyncedRows(source, { ...of, request: repair.id });
    this.#home = plans === null || typeof plans === 'string' ? null : homeRows(options, plans);
    this.refused = typeof method === 'string' ? method : typeof plans === 'string' ? plans : null;
    const gone = typeof method !== 'string' && winnerOf(method) === 'target' ? 'missing-here' : 'missing-there';
    this.deletes = scope.outcomes.filter((outcome) => outcome === gone);
    this.writes = scope.outcomes.filter((outcome) => outcome !== gone);
    // Foreign keys are checked where rows are written: at the target, or at home.
    const written = plans === null || typeof plans === 'string' ? tables.to : plans.homeTable;
    this.related = { name: written, parents: written.foreignKeys.flatMap(({ parent, self }) => (self ? [] : [parent])) };
  }

  isOf({ pipeline, database, table }: Parameters<RepairTable['isOf']>[0]): boolean {
    const { pair } = this.#options;
    return pipeline === pair.pipeline.name && database === pair.source.database && table === pair.source.name;
  }

  async raise(): Promise<void> {
    const { method, channel, source, target } = this.#options;
    const { id: request, by: reason } = this.#options.repair;
    if (typeof method !== 'string' && method.kind === 'at home')
      await (method.home === 'source' ? source : target).query(repairRowStatement(channel));
    for (const [queries, of] of this.#unequal()) await raiseRepair(queries, of, { request, reason });
  }

  async lower(): Promise<void> {
    const { id: request } = this.#options.repair;
    for (const [queries, of] of this.#unequal()) await endEntry(queries, { ...of, request, cause: 'repair' });
  }

  async write(rows: readonly FoundRow[]): Promise<RowRepairs> {
    if (this.#home) return this.#home.repair(rows);
    await this.#resynced.ask(rows.map(({ key }) => key));
    return new Map(rows.map(({ hash }): [string, RowRepair] => [hash, 'written']));
  }

  exchange(rows: readonly FoundRow[]): Promise<boolean> {
    return this.#home ? this.#home.exchange(rows) : Promise.resolve(false);
  }

  unsent(): Promise<ReadonlyMap<string, string>> {
    return this.#resynced.refused();
  }

  /** For the log of the target. */
  sparedOf(keys: ReadonlyMap<string, Row>): SparedTable {
    const { pair, target } = this.#options;
    const ofTable = keysOf(asSource(this.#to), this.#to, new Collations((sql) => target.query(sql)));
    const named = (key: Row): Row => {
      const values = new Map(Object.entries(key).map(([name, value]) => [name.toLowerCase(), value]));
      return Object.fromEntries(this.#to.primaryKey.map((name) => [name, values.get(name.toLowerCase()) ?? null]));
    };
    return {
      target: pair.target,
      sourceRegion: pair.pipeline.source.region,
      keys: new Map([...keys].map(([hash, key]) => [hash, named(key)])),
      conflictKey: async (row) => {
        await askFor([[ofTable, row]]);
        return primaryConflictKey(ofTable, row);
      },
    };
  }

  /** Rows that the source has not sent yet. */
  waiting(): Promise<number> {
    return this.#resynced.waiting();
  }

  probe(keys: readonly Row[]): Promise<Probed> {
    return this.#options.probe(this.#probes, keys);
  }

  /** Where the other end wins, home's change comes back to it, and meets the row that home has just taken. */
  #unequal(): readonly (readonly [Queries, UnequalTable])[] {
    const { pair, method, source, target } = this.#options;
    if (typeof method === 'string') return [];
    const at = (side: 'source' | 'target', by: VerifiedPipeline): readonly [Queries, UnequalTable] => {
      const [from, to] = side === 'target' ? [pair.source, pair.target] : [pair.target, pair.source];
      return [side === 'target' ? target : source, { pipeline: by.uid, table: from, target: to }];
    };
    if (method.kind === 'one way') return [at('target', pair.pipeline)];
    const away = at(other(method.home), method.from);
    return method.winner === 'home' ? [away] : [at(method.home, method.into), away];
  }
}

/** A text: its rows cannot be written one by one. */
function plansOf(method: RepairMethod | string, { from, to }: Tables): Plans {
  if (typeof method === 'string' || method.kind === 'one way') return null;
  try {
    return { ...sidePlans({ from, to, home: method.home }), method };
  } catch (error) {
    const { code, message, outcome } = toSyncError(error);
    if (outcome !== 'stop') throw error;
    return `${code}: ${message}`;
  }
}

function homeRows(options: ServerTableOptions, { method, ...plans }: SidePlans & { readonly method: AtHome }): HomeRows {
  const { pair, repair, channel, source, target, writing } = options;
  const [home, away] = method.home === 'source' ? [pair.pipeline.source, target] : [pair.pipeline.target, source];
  return new HomeRows({
    connect: () => writing(home.name),
    channel,
    method,
    plans,
    away: new ServerAwayRows(away, plans.away),
    by: {
      pipeline: pipelineName(channel, method.into.name),
      uid: method.into.uid,
      origin: method.into.source.region,
      request: repair.id,
      reason: repair.by,
    },
  });
}
