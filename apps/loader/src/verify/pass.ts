/** One pass over the tables of a channel: connections, the list of pairs, each pair in turn. It goes on behind the tables that are done. */
import { createRuleFinder, pipelineName, policyTraits, SyncError, tableName } from '@lutra/model';
import type { TableName, VerificationOrder, VerifiedTable } from '@lutra/model';
import { loadTable, planDigest, Session } from '@lutra/mysql';
import type { ConnectionOptions, DigestPlan } from '@lutra/mysql';
import type { VerifyWork } from './assignments.js';
import { untilCrossed } from './crossing.js';
import type { CrossingIo, Way } from './crossing.js';
import { notesOn } from './notes.js';
import { removeDifferences, ServerProbes } from './probes.js';
import { baseTables, readEnd } from './server-facts.js';
import { listPairs, requireFew } from './table-list.js';
import type { ListedPair } from './table-list.js';
import { ServerPair } from './table-pair.js';
import { verifyTable } from './verify-table.js';
import type { TableResult } from './verify-table.js';

export interface PassOptions {
  readonly work: VerifyWork;
  readonly order: VerificationOrder;
  /** Of an endpoint, by its name. */
  readonly login: (endpoint: string) => ConnectionOptions;
  readonly crossing: Omit<CrossingIo, 'end'>;
  /** From 1. */
  readonly pass: number;
  /** What this pass and those before it have said of tables. Those of this pass are not compared again. */
  readonly known: readonly VerifiedTable[];
  /** Before each range, and between tables. Ends the pass by throwing. */
  between(progress: Progress): Promise<void>;
  /** All that are known, each time that one is done. */
  tables(tables: readonly VerifiedTable[]): Promise<void>;
  readonly signal: AbortSignal;
}

export interface Progress {
  /** Of the table that is compared. */
  readonly rows: number;
  readonly table: string;
}

const zero = { rows: 0, missingHere: 0, missingThere: 0, different: 0, extra: 0, ranges: 0 };
const unknown = { ...zero, verdict: null, pass: 0, notes: [], asOf: null, log: '', seq: -1 };

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

/** One connection a server and side: a digest takes long, and a server answers one text at a time. */
class Servers {
  readonly #login: PassOptions['login'];
  readonly #sessions = new Map<string, Session>();

  constructor(login: PassOptions['login']) {
    this.#login = login;
  }

  async of(endpoint: string, side: 'source' | 'target'): Promise<Session> {
    const key = `${side} ${endpoint}`;
    const known = this.#sessions.get(key);
    if (known) return known;
    const session = await Session.open(this.#login(endpoint), side);
    this.#sessions.set(key, session);
    return session;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#sessions.values()].map((session) => session.close()));
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
    const pairs = await this.#list();
    const known = new Map(this.#options.known.map((table) => [keyOf(table), table]));
    let results = pairs.map((pair) => known.get(keyOf(namesOf(pair))) ?? { ...namesOf(pair), ...unknown });
    await tables(results);
    for (const pair of pairs) {
      const key = keyOf(namesOf(pair));
      if (results.some((table) => keyOf(table) === key && table.pass === pass)) continue;
      const result = { ...namesOf(pair), ...unknown, ...(await this.#verify(pair)), pass };
      results = results.map((table) => (keyOf(table) === key ? result : table));
      await tables(results);
    }
    return results;
  }

  async #list(): Promise<readonly ListedPair[]> {
    const { pipelines, rules } = this.#options.work;
    const names = new Map<string, readonly TableName[]>();
    for (const { source, target } of pipelines)
      for (const { name } of [source, target])
        if (!names.has(name)) names.set(name, await baseTables(await this.#servers.of(name, name === source.name ? 'source' : 'target')));
    const listed = listPairs({
      pipelines,
      patterns: this.#options.order.tables,
      tablesOf: (endpoint) => names.get(endpoint) ?? [],
      keepsRows: keeper(rules),
    });
    requireFew(listed);
    return listed;
  }

  /** A table that cannot be compared does not keep the others from it; a server that cannot be reached does. */
  async #verify(pair: ListedPair): Promise<Partial<VerifiedTable>> {
    if (pair.missingAt !== null) return refused(`the table is missing at the ${pair.missingAt}`);
    try {
      return await this.#compare(pair);
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.outcome !== 'stop' || this.#options.signal.aborted) throw thrown;
      return refused(`${thrown.code}: ${thrown.message}`);
    }
  }

  async #compare(pair: ListedPair): Promise<Partial<VerifiedTable>> {
    const { pipeline } = pair;
    const source = await this.#servers.of(pipeline.source.name, 'source');
    const target = await this.#servers.of(pipeline.target.name, 'target');
    const at = await this.#options.crossing.loader(wayOf(this.#options.work, pipeline));
    const asOf = Date.now();
    const from = await loadTable(source, pair.source.database, pair.source.name);
    const to = await loadTable(target, pair.target.database, pair.target.name);
    const plan = await planDigest(source, { from, to });
    if (typeof plan === 'string') return refused(plan);
    const notes = await notesOn({ source, target, from, to, twoWay: pair.twoWay });
    const result = await this.#result(pair, { plan, source, target });
    return { ...result, notes: [...result.notes, ...notes], asOf, log: at?.log ?? '', seq: at?.seq ?? -1 };
  }

  #result(pair: ListedPair, { plan, source, target }: Compared): Promise<TableResult> {
    const { order, signal } = this.#options;
    const table = tableName(pair.source);
    const between = (rows: number): Promise<void> => this.#options.between({ rows, table });
    const of = { pipeline: pair.pipeline.uid, request: order.id, table: pair.source };
    return verifyTable({
      pair: new ServerPair({ plan, source, target, where: order.where ?? null }),
      crossed: () => this.#crossed(pair),
      probes: new ServerProbes(of, { source, target }),
      sieve: { between },
      probing: { signal },
      mayBeExtra: pair.mayBeExtra,
    });
  }

  async #crossed({ pipeline, twoWay }: ListedPair): Promise<string | null> {
    const { work, crossing, signal } = this.#options;
    const back = work.pipelines.filter(
      ({ source, target }) => source.name === pipeline.target.name && target.name === pipeline.source.name,
    );
    const ways = [pipeline, ...(twoWay ? back : [])].map((each) => wayOf(work, each));
    const sideOf = (endpoint: string): 'source' | 'target' => (endpoint === pipeline.source.name ? 'source' : 'target');
    const end: CrossingIo['end'] = async (endpoint) => readEnd(await this.#servers.of(endpoint, sideOf(endpoint)));
    return untilCrossed({ ...crossing, end }, { ways, twoWay, signal });
  }
}

interface Compared {
  readonly plan: DigestPlan;
  readonly source: Session;
  readonly target: Session;
}

/** Where one side always wins, rows of the target's own may stay. */
function keeper(rules: VerifyWork['rules']): (target: TableName) => boolean {
  const find = createRuleFinder(rules);
  return (target) => policyTraits[find(target).policy].winner === 'one side';
}

function wayOf({ channel }: VerifyWork, { name, uid, source, target }: VerifyWork['pipelines'][number]): Way {
  return { name: pipelineName(channel, name), uid, source: source.name, target: target.name };
}

function refused(why: string): Partial<VerifiedTable> {
  return { verdict: 'refused', notes: [why] };
}

function namesOf({ pipeline, source }: ListedPair): Pick<VerifiedTable, 'pipeline' | 'database' | 'table'> {
  return { pipeline: pipeline.name, database: source.database, table: source.name };
}

function keyOf({ pipeline, database, table }: Pick<VerifiedTable, 'pipeline' | 'database' | 'table'>): string {
  return `${pipeline}\0${database}\0${table}`;
}
