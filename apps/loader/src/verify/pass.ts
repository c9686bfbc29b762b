/** One pass over the tables of a channel: connections, the list of pairs, each pair in turn. It goes on behind the tables that are done. */
import { pipelineName, SyncError, tableName } from '@lutra/model';
import type { VerificationOrder, VerifiedTable } from '@lutra/model';
import { loadTable, planDigest, readBinlogEnd } from '@lutra/mysql';
import type { DigestPlan, Session } from '@lutra/mysql';
import type { VerifyWork } from './assignments.js';
import { standstill, untilCrossed } from './crossing.js';
import type { CrossingIo, Way } from './crossing.js';
import { notesOn } from './notes.js';
import { removeDifferences, ServerProbes } from './probes.js';
import { heldOf } from './held.js';
import { Holes } from './holes.js';
import { listTables } from './listed-tables.js';
import { Servers } from './servers.js';
import type { Login } from './servers.js';
import type { ListedPair } from './table-list.js';
import { ServerPair } from './table-pair.js';
import { verifyTable } from './verify-table.js';
import type { TableResult } from './verify-table.js';
import type { ComparedFiles } from './files/compare-files.js';
import { verifyFiles, withFiles } from './files/verify-files.js';
import type { FilesOf, FilesOfPair } from './files/verify-files.js';

export interface PassOptions {
  readonly work: VerifyWork;
  readonly order: VerificationOrder;
  readonly login: Login;
  readonly crossing: Omit<CrossingIo, 'end'>;
  readonly files: FilesOf;
  /** From 1. */
  readonly pass: number;
  /** What this pass and those before it have said of tables. Those of this pass are not compared again. */
  readonly known: readonly VerifiedTable[];
  /** Before each range, and between tables. Ends the pass by throwing. */
  between(progress: Progress): Promise<void>;
  /** While something is waited for. Ends the pass by throwing. `isNow`: however short ago the last one was. */
  look(isNow?: boolean): Promise<void>;
  /** An order to begin anew elsewhere waits at the endpoint. */
  isRestarting(endpoint: string): Promise<boolean>;
  /** All that are known, each time that one is done. */
  tables(tables: readonly VerifiedTable[]): Promise<void>;
  /** Between two looks at what is waited for. */
  readonly pollMs?: number;
  readonly signal: AbortSignal;
}

export interface Progress {
  /** Of the table that is compared. */
  readonly rows: number;
  readonly table: string;
}

type Unknown = Omit<VerifiedTable, 'pipeline' | 'database' | 'table'>;
const zero = { rows: 0, missingHere: 0, missingThere: 0, different: 0, extra: 0, ranges: 0 };
const unknown: Unknown = { ...zero, verdict: null, pass: 0, notes: [], asOf: null, log: '', seq: -1 };

export async function runPass(options: PassOptions): Promise<readonly VerifiedTable[]> {
  const servers = new Servers(options.login);
  try {
    return await new Pass(options, servers).run();
  } finally {
    await servers.close();
  }
}

/** What an order found, at all targets. */
export async function forgetDifferences({ work, login, request }: Pick<PassOptions, 'work' | 'login'> & { readonly request: string }) {
  const servers = new Servers(login);
  try {
    for (const { uid, target } of work.pipelines) await removeDifferences(await servers.of(target.name, 'target'), { uid, request });
  } finally {
    await servers.close();
  }
}

class Pass {
  readonly #options: PassOptions;
  readonly #servers: Servers;

  constructor(options: PassOptions, servers: Servers) {
    this.#options = options;
    this.#servers = servers;
  }

  async run(): Promise<readonly VerifiedTable[]> {
    const { pass, tables } = this.#options;
    const pairs = await listTables(this.#options, this.#servers);
    const known = new Map(this.#options.known.map((table) => [keyOf(table), table]));
    const holes = await Holes.read({ ...this.#options, servers: this.#servers });
    let results = pairs.map((pair) => known.get(keyOf(namesOf(pair))) ?? { ...namesOf(pair), ...unknown });
    await tables(results);
    for (const pair of pairs) {
      const key = keyOf(namesOf(pair));
      if (results.some((table) => keyOf(table) === key && this.#isDone(table))) continue;
      const { files, ...verified } = await this.#verify(pair);
      const rows = { ...unknown, ...(holes.has(pair) ? await this.#arrived(pair, verified) : verified) };
      if (rows.verdict === 'equal') await holes.end(pair);
      const result = { ...namesOf(pair), ...withFiles(rows, files ?? null), pass };
      results = results.map((table) => (keyOf(table) === key ? result : table));
      await tables(results);
    }
    return results;
  }

  /**
   * After a hole rows may be equal by chance: a row was inserted in the hole, and its deletion is on its way. It meets a table that must
   * still be known as unequal.
   */
  async #arrived(pair: ListedPair, verified: Partial<VerifiedTable>): Promise<Partial<VerifiedTable>> {
    const missing = verified.verdict === 'equal' ? await this.#crossed(pair) : null;
    if (missing === null) return verified;
    return { ...verified, verdict: 'unsettled', notes: [`its rows are equal, and ${missing}`, ...(verified.notes ?? [])] };
  }

  /** A repair that goes on until all is equal leaves equal tables alone. */
  #isDone({ pass, verdict }: VerifiedTable): boolean {
    return pass === this.#options.pass || (this.#options.order.repair?.untilEqual === true && verdict === 'equal');
  }

  /** A table that cannot be compared does not keep the others from it; a server that cannot be reached does. */
  async #verify(pair: ListedPair): Promise<Verified> {
    if (pair.missingAt !== null) return refused(`the table is missing at the ${pair.missingAt}`);
    try {
      return await this.#compare(pair);
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.outcome !== 'stop' || this.#options.signal.aborted) throw thrown;
      return refused(`${thrown.code}: ${thrown.message}`);
    }
  }

  async #compare(pair: ListedPair): Promise<Verified> {
    const { pipeline } = pair;
    const source = await this.#servers.of(pipeline.source.name, 'source');
    const target = await this.#servers.of(pipeline.target.name, 'target');
    const at = await this.#options.crossing.loader(wayOf(this.#options.work, pipeline));
    const asOf = Date.now();
    const [from, to] = await Promise.all([
      loadTable(source, pair.source.database, pair.source.name),
      loadTable(target, pair.target.database, pair.target.name),
    ]);
    const plan = await planDigest(source, { from, to });
    const notes = await notesOn({ source, target, from, to, twoWay: pair.twoWay });
    if (typeof plan === 'string') return refused(plan, notes);
    const place = { log: at?.log ?? '', seq: at?.seq ?? -1 };
    const result = await this.#result(pair, { plan, source, target });
    const files = await verifyFiles(this.#filesOf({ pair, from, plan, source, target, ...place }, result.rows));
    return { ...result, notes: [...result.notes, ...notes], asOf, ...place, files };
  }

  #result(pair: ListedPair, { plan, source, target }: Compared): Promise<TableResult> {
    const { order, work, crossing, look, pollMs, signal } = this.#options;
    const table = tableName(pair.source);
    const between = (rows: number): Promise<void> => this.#options.between({ rows, table });
    const of = { pipeline: pair.pipeline.uid, request: order.id, table: pair.source };
    return verifyTable({
      pair: new ServerPair({ plan, source, target, where: order.where ?? null }),
      crossed: () => this.#crossed(pair),
      stands: () => standstill(this.#options.crossing, this.#waysOf(pair)),
      probes: new ServerProbes(of, { source, target }),
      sieve: { between },
      probing: { signal, look, held: () => heldOf([wayOf(work, pair.pipeline)], crossing), ...(pollMs !== undefined && { pollMs }) },
      mayBeExtra: pair.mayBeExtra,
    });
  }

  /** `rows` that were compared before. */
  #filesOf(of: Pick<FilesOfPair, 'pair' | 'from' | 'plan' | 'source' | 'target' | 'log' | 'seq'>, rows: number): FilesOfPair {
    const { order, files, between } = this.#options;
    const table = tableName(of.pair.source);
    return {
      ...of,
      files,
      request: order.id,
      where: order.where ?? null,
      crossed: () => this.#crossed(of.pair),
      between: () => between({ rows, table }),
    };
  }

  #waysOf({ pipeline, twoWay }: ListedPair): readonly Way[] {
    const { work } = this.#options;
    const back = work.pipelines.filter(
      ({ source, target }) => source.name === pipeline.target.name && target.name === pipeline.source.name,
    );
    return [pipeline, ...(twoWay ? back : [])].map((each) => wayOf(work, each));
  }

  async #crossed(pair: ListedPair): Promise<string | null> {
    const { crossing, look, signal } = this.#options;
    const { pipeline, twoWay } = pair;
    const ways = this.#waysOf(pair);
    const sideOf = (endpoint: string): 'source' | 'target' => (endpoint === pipeline.source.name ? 'source' : 'target');
    const end: CrossingIo['end'] = async (endpoint) => readBinlogEnd(await this.#servers.of(endpoint, sideOf(endpoint)));
    return untilCrossed({ ...crossing, end }, { ways, twoWay, look, signal });
  }
}

/** Its rows, and the files that they name. */
type Verified = Partial<Omit<VerifiedTable, 'files'>> & { readonly files?: ComparedFiles | null };

interface Compared {
  readonly plan: DigestPlan;
  readonly source: Session;
  readonly target: Session;
}

export function wayOf({ channel }: VerifyWork, { name, uid, source, target }: VerifyWork['pipelines'][number]): Way {
  return { name: pipelineName(channel, name), uid, source: source.name, target: target.name };
}

function refused(why: string, notes: readonly string[] = []): Verified {
  return { verdict: 'refused', notes: [why, ...notes] };
}

export function namesOf({ pipeline, source }: ListedPair): Pick<VerifiedTable, 'pipeline' | 'database' | 'table'> {
  return { pipeline: pipeline.name, database: source.database, table: source.name };
}

export function keyOf({ pipeline, database, table }: Pick<VerifiedTable, 'pipeline' | 'database' | 'table'>): string {
  return `${pipeline}\0${database}\0${table}`;
}
