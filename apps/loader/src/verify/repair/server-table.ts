/** A pair of tables that is repaired, on its servers. */
import { repairRowStatement } from '@lutra/marker';
import { pipelineName, tableName, toSyncError } from '@lutra/model';
import type { RepairOrder, Row, TableName } from '@lutra/model';
import { askFor, asSource, Collations, keyed, keysOf, loadTable, primaryConflictKey } from '@lutra/mysql';
import type { ApplyConnection, DigestedSide, Queries, Session, TargetTable } from '@lutra/mysql';
import { ServerProbes } from '../probes.js';
import type { ListedPair } from '../table-list.js';
import { ServerAwayRows } from './away-rows.js';
import { FoundRows } from './found-rows.js';
import type { DifferingOutcome, FoundRow, Scope } from './found-rows.js';
import { HomeRows } from './home-rows.js';
import type { RowRepair, RowRepairs } from './home-rows.js';
import { other } from './method.js';
import type { AtHome, RepairMethod } from './method.js';
import type { Probed, RepairTable } from './repair-round.js';
import { ResyncedRows } from './resynced-rows.js';
import { sidePlans } from './side-plans.js';
import type { SparedTable } from './spared.js';
import type { SidePlans } from './side-plans.js';
import { endEntry, isRaisedAt, raiseRepair } from './unequal.js';
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
  readonly isSent: boolean;
  readonly mayBeExtra: boolean;
  readonly pair: ListedPair;
  readonly method: RepairMethod | null;
  #refused: string | null;
  readonly #options: ServerTableOptions;
  readonly #to: TargetTable;
  readonly #resynced: ResyncedRows | null;
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
    const { pair, request, scope, source, target, method } = options;
    const of = { pipeline: pair.pipeline.uid, request, table: pair.source };
    const plans = plansOf(method, tables);
    const refused = [method, plans].find((why) => typeof why === 'string') ?? null;
    this.#options = options;
    this.#to = keyed(asSource(tables.from), tables.to);
    this.pair = pair;
    this.mayBeExtra = pair.mayBeExtra;
    this.rows = new FoundRows(target, of, scope);
    this.#probes = new ServerProbes(of, { source, target });
    this.method = typeof method === 'string' ? null : method;
    this.isSent = this.method?.kind === 'rows';
    this.#resynced = resyncedOf(options);
    this.#home = plans === null || typeof plans === 'string' ? null : homeRows(options, plans);
    this.#refused = refused;
    const isFromTarget = this.method?.winner === 'target';
    const gone = isFromTarget ? 'missing-here' : 'missing-there';
    this.deletes = scope.outcomes.filter((outcome) => outcome === gone);
    this.writes = scope.outcomes.filter((outcome) => outcome !== gone);
    const written = isFromTarget ? tables.from : tables.to;
    this.related = { name: written, parents: written.foreignKeys.flatMap(({ parent, self }) => (self ? [] : [parent])) };
  }

  get refused(): string | null {
    return this.#refused;
  }

  /** Endpoint and table of either side, as text. */
  at(side: 'winner' | 'loser'): string {
    const { name, table } = this.#sideOf(side);
    return `${name}: ${tableName(table)}`;
  }

  /** Capture there does not send rows of a table that is repaired itself: they would cross what comes. */
  async refuseHeld(repaired: ReadonlySet<string>): Promise<void> {
    if (!this.isSent || this.#refused !== null) return;
    const { queries, table } = this.#sideOf('winner');
    if (!repaired.has(this.at('winner')) && !(await isRaisedAt(queries, table))) return;
    this.#refused = `${this.at('winner')} is not known to be equal to its own source (lutra.unequal): repair that one first`;
  }

  isOf({ pipeline, database, table }: Parameters<RepairTable['isOf']>[0]): boolean {
    const { pair } = this.#options;
    return pipeline === pair.pipeline.name && database === pair.source.database && table === pair.source.name;
  }

  async raise(): Promise<void> {
    const { channel, repair } = this.#options;
    if (this.method?.kind === 'at home') await this.#sideOf('winner').queries.query(repairRowStatement(channel));
    const entry = this.#entry();
    if (entry) await raiseRepair(this.#sideOf('loser').queries, entry, { request: repair.id, reason: repair.by });
  }

  async lower(): Promise<void> {
    const entry = this.#entry();
    if (entry) await endEntry(this.#sideOf('loser').queries, { ...entry, request: this.#options.repair.id, cause: 'repair' });
  }

  async write(rows: readonly FoundRow[]): Promise<RowRepairs> {
    if (this.#home) return this.#home.repair(rows);
    await this.#resynced?.ask(rows.map(({ key }) => key));
    return new Map(rows.map(({ hash }): [string, RowRepair] => [hash, 'written']));
  }

  async unsent(): Promise<ReadonlyMap<string, string>> {
    return (await this.#resynced?.refused()) ?? new Map();
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

  /** Rows that the winner has not sent yet. */
  async waiting(): Promise<number> {
    return (await this.#resynced?.waiting()) ?? 0;
  }

  probe(keys: readonly Row[]): Promise<Probed> {
    return this.#options.probe(this.#probes, keys);
  }

  /** In lutra.unequal at the loser. */
  #entry(): UnequalTable | null {
    if (!this.method) return null;
    return { pipeline: this.method.by.uid, table: this.#sideOf('winner').table, target: this.#sideOf('loser').table };
  }

  #sideOf(which: 'winner' | 'loser'): Side {
    const winner = this.method?.winner ?? 'source';
    return sideOf(this.#options, which === 'winner' ? winner : other(winner));
  }
}

interface Side {
  /** Of the endpoint. */
  readonly name: string;
  readonly table: TableName;
  readonly queries: Queries;
}

function sideOf({ pair, source, target }: ServerTableOptions, side: DigestedSide): Side {
  const { pipeline } = pair;
  if (side === 'source') return { name: pipeline.source.name, table: pair.source, queries: source };
  return { name: pipeline.target.name, table: pair.target, queries: target };
}

function resyncedOf(options: ServerTableOptions): ResyncedRows | null {
  const { method, repair } = options;
  if (typeof method === 'string' || method.kind !== 'rows') return null;
  const { queries, table } = sideOf(options, method.winner);
  return new ResyncedRows(queries, { pipeline: method.by.uid, request: repair.id, table });
}

/** A text: its rows cannot be written one by one. */
function plansOf(method: RepairMethod | string, { from, to }: Tables): Plans {
  if (typeof method === 'string' || method.kind === 'rows') return null;
  try {
    return { ...sidePlans({ from, to, home: method.winner }), method };
  } catch (error) {
    const { code, message, outcome } = toSyncError(error);
    if (outcome !== 'stop') throw error;
    return `${code}: ${message}`;
  }
}

function homeRows(options: ServerTableOptions, { method, ...plans }: SidePlans & { readonly method: AtHome }): HomeRows {
  const { pair, repair, channel, source, target, writing } = options;
  const [home, away] = method.winner === 'source' ? [pair.pipeline.source, target] : [pair.pipeline.target, source];
  return new HomeRows({
    connect: () => writing(home.name),
    channel,
    method,
    plans,
    away: new ServerAwayRows(away, plans.away),
    by: {
      pipeline: pipelineName(channel, method.back.name),
      uid: method.back.uid,
      origin: method.back.source.region,
      request: repair.id,
      reason: repair.by,
    },
  });
}
