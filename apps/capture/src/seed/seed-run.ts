/**
 * One order for one pipeline: tells the targets which tables begin, seeds them, sends again what did not arrive, and tells them which are
 * done. What is done is what stands as ticked off at the target; nothing else is remembered anywhere.
 */
import { rowFromJson, SyncError, tableName, toSyncError } from '@lutra/model';
import type { SeedActivity, SeededTable, SeedOrder, SeedPhase, SeedProgress, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import { sleep, throwIfAborted } from '@lutra/runtime';
import type { Log, LogFacts } from './chunk-records.js';
import { chunkTable, exactly, logsCascades } from './chunk-table.js';
import type { ChunkTable } from './chunk-table.js';
import type { ChunkDeps } from './chunk.js';
import { Pace } from './pace.js';
import type { Obstacle } from './pace.js';
import type { ListedTable } from './table-list.js';
import { TableSeed } from './table-seed.js';
import type { Watch } from './windows.js';

export interface SeedRunDeps extends ChunkDeps {
  readonly log: Log;
  readonly facts: LogFacts;
  /** @throws SyncError SEED_REFUSED, SOURCE_* */
  list(order: SeedOrder): Promise<readonly ListedTable[]>;
  /** One table as it is now. @throws SyncError SEED_REFUSED, SOURCE_* */
  load(name: TableName): Promise<TargetTable>;
  /** What holds up the next chunk of this pipeline. */
  obstacle(order: SeedOrder): Obstacle;
  /** Up to where the pipeline's loader has applied this log; −1: it does not say. */
  appliedSeq(): number;
  rowsRead(rows: number): void;
  warn(about: object, message: string): void;
}

type State = 'waits' | 'reads' | 'sent' | 'ended' | 'done' | 'refused';

interface Entry {
  readonly name: TableName;
  readonly rowsEstimated: number;
  table: TargetTable;
  watch: Watch;
  chunks: ChunkTable | null;
  state: State;
  /** Where to begin. */
  from: SeededTable | null;
  /** Of what was sent last; the loader had passed it at this time (ms since 1970). */
  lastSeq: number;
  passedAt: number | null;
  refusal: SyncError | null;
  /** Tables before it that its foreign keys point to: their rows come first, as targets may check. */
  parents: readonly Entry[];
  /** After a failure, ms since 1970. */
  notBefore: number;
}

/** After the loader has passed the last chunk: for its progress to be told. */
const resendAfterMs = 5_000;
const retryMs = 1_000;
const idleMs = 100;
/** That a status has room for. */
const mostRefusals = 50;

export class SeedRun {
  readonly order: SeedOrder;
  readonly #uid: string;
  readonly #deps: SeedRunDeps;
  readonly #pace: Pace;
  #entries: readonly Entry[] = [];
  #isListed = false;
  #rows = 0;
  readonly #since = Date.now();
  #trouble: string | null = null;

  constructor(deps: SeedRunDeps, { uid, order }: { uid: string; order: SeedOrder }) {
    this.order = order;
    this.#uid = uid;
    this.#deps = deps;
    this.#pace = new Pace(order, () => deps.obstacle(order));
  }

  get isDone(): boolean {
    return this.#isListed && this.#entries.every(({ state }) => state === 'done' || state === 'refused');
  }

  activity(): SeedActivity {
    const { id: request, state } = this.order;
    const count = (...states: State[]): number => this.#entries.filter((entry) => states.includes(entry.state)).length;
    const rowsEstimated = this.#entries.reduce((sum, entry) => sum + entry.rowsEstimated, 0);
    const seconds = (Date.now() - this.#since) / 1000;
    const rowsPerSecond = Math.round(this.#rows / Math.max(1, seconds));
    const left = Math.max(0, rowsEstimated - this.#rows);
    return {
      uid: this.#uid,
      request,
      state: this.isDone ? 'done' : state,
      tables: this.#entries.length,
      tablesDone: count('done'),
      rows: this.#rows,
      rowsEstimated: this.#isListed ? rowsEstimated : null,
      rowsPerSecond,
      etaMs: rowsPerSecond > 0 && this.#isListed ? Math.round((1000 * left) / rowsPerSecond) : null,
      refused: this.#refused().slice(0, mostRefusals),
      waitingFor: this.isDone ? null : (this.#trouble ?? this.#pace.waitingFor),
    };
  }

  #refused(): SeedActivity['refused'] {
    return this.#entries.flatMap(({ name, refusal }) =>
      refusal ? [{ database: name.database, table: name.name, code: refusal.code, message: refusal.message }] : [],
    );
  }

  /**
   * Lists the tables, and says of each that it begins, before a change of it that comes later is read.
   * @throws SyncError SOURCE_*, SEED_REFUSED
   */
  async begin(progress: SeedProgress | null): Promise<void> {
    if (this.#isListed) return;
    const listed = await this.#deps.list(this.order);
    const known = new Map((progress?.tables ?? []).map((table) => [`${table.database}.${table.table}`, table]));
    const entries = listed.map((one) => this.#entry(one, known.get(tableName(one.table)) ?? null));
    const beginning: { entry: Entry; definition: string | null }[] = [];
    for (const entry of entries) {
      if (entry.state === 'done' || !(await this.#isReadable(entry))) continue;
      beginning.push({ entry, definition: await this.#definition(entry.name) });
    }
    await this.#deps.places.at(null, async () => {
      for (const { entry, definition } of beginning) await this.#tell(entry, 'begin', definition);
    });
    for (const [i, entry] of entries.entries()) {
      const named = new Set(entry.table.foreignKeys.map(({ parent }) => tableName(parent)));
      entry.parents = entries.slice(0, i).filter(({ name }) => named.has(tableName(name)));
    }
    this.#entries = entries;
    this.#isListed = true;
  }

  #entry({ table, rowsEstimated, watch }: ListedTable, from: SeededTable | null): Entry {
    const name = { database: table.database, name: table.name };
    const state = from?.state === 'done' ? 'done' : 'waits';
    const fresh = { chunks: null, lastSeq: -1, passedAt: null, refusal: null, parents: [], notBefore: 0 };
    return { name, rowsEstimated, table, watch, state, from: from?.state === 'seeding' ? from : null, ...fresh };
  }

  async #isReadable(entry: Entry): Promise<boolean> {
    try {
      await this.#chunks(entry);
      return true;
    } catch (error) {
      if (this.#refuses(entry, error)) return false;
      throw error;
    }
  }

  async #definition(name: TableName): Promise<string | null> {
    if (!this.order.createTables) return null;
    const [row] = await this.#deps.sessions.use((session) => session.query(`SHOW CREATE TABLE ${quoteTable(name)}`));
    const text = row?.['Create Table'];
    return text === undefined || text === null ? null : text.toString();
  }

  /** Until every table is done or refused. @throws SyncError ABORTED */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.order.parallel }, () => this.#work()));
  }

  async #work(): Promise<void> {
    const { signal } = this.#deps;
    while (!this.isDone) {
      const entry = this.#next();
      if (!entry) {
        await sleep(idleMs, signal);
        continue;
      }
      entry.state = 'reads';
      try {
        await this.#seed(entry);
        this.#trouble = null;
      } catch (error) {
        throwIfAborted(signal);
        if (this.#refuses(entry, error)) continue;
        this.#told(error, entry.name);
        entry.state = 'waits';
        entry.notBefore = Date.now() + retryMs;
      }
    }
  }

  #next(): Entry | undefined {
    const now = Date.now();
    const isSent = ({ state }: Entry): boolean => state !== 'waits' && state !== 'reads';
    return this.#entries.find(({ state, notBefore, parents }) => state === 'waits' && notBefore <= now && parents.every(isSent));
  }

  async #seed(entry: Entry): Promise<void> {
    const { pipelines, from } = { pipelines: [this.#uid], from: entry.from?.cursors[0] ?? null };
    const turn = (): Promise<() => void> => this.#pace.turn();
    const counted = (rows: number): void => {
      this.#rows += rows;
      this.#pace.published(rows);
      this.#deps.rowsRead(rows);
    };
    const deps = { ...this.#deps, order: this.order, pipelines, turn, counted, define: () => this.#chunks(entry) };
    const seed = new TableSeed(deps, entry.name, from === null ? null : rowFromJson(from));
    if (!entry.from?.whole[0]) await seed.run();
    entry.lastSeq = seed.lastSeq;
    entry.passedAt = null;
    entry.state = 'sent';
  }

  /** Anew where a statement has changed it. */
  async #chunks(entry: Entry): Promise<ChunkTable> {
    const { sessions, windows } = this.#deps;
    if (entry.watch.isStale) {
      entry.watch = windows.watch(entry.name);
      entry.table = await this.#deps.load(entry.name);
      entry.chunks = null;
    }
    entry.chunks ??= await sessions.use(async (session) => {
      if (entry.table.engine.toLowerCase() !== 'innodb')
        throw new SyncError('SEED_REFUSED', `${tableName(entry.name)} is ${entry.table.engine}, not InnoDB`, {
          details: { database: entry.name.database, table: entry.name.name },
        });
      const of = { table: entry.table, watch: entry.watch, collations: exactly, logsCascades: await logsCascades(session) };
      return chunkTable(session, of);
    });
    return entry.chunks;
  }

  /** What the target has by now. What is to be said about it is said at the next place. */
  ticked(progress: SeedProgress | null): void {
    this.#pace.look();
    for (const entry of this.#entries) {
      if (entry.state !== 'sent' && entry.state !== 'ended') continue;
      const { database, name } = entry.name;
      const at = progress?.tables.find((table) => table.database === database && table.table === name) ?? null;
      if (at?.state === 'done') entry.state = 'done';
      else if (at?.whole.every(Boolean) && entry.state === 'sent') this.#end(entry);
      else if (this.#isLost(entry)) this.#again(entry, at);
    }
  }

  #end(entry: Entry): void {
    entry.state = 'ended';
    entry.lastSeq = Infinity;
    entry.passedAt = null;
    this.#later(async () => void (entry.lastSeq = await this.#tell(entry, 'end')));
  }

  /** The loader has passed all of it, and some of it is not ticked off. */
  #isLost(entry: Entry): boolean {
    if (this.#deps.appliedSeq() < entry.lastSeq) return false;
    entry.passedAt ??= Date.now();
    return Date.now() - entry.passedAt > resendAfterMs;
  }

  #again(entry: Entry, at: SeededTable | null): void {
    this.#deps.warn({ ...entry.name, request: this.order.id }, 'a table was passed and not ticked off: it is sent again from there');
    entry.from = at?.state === 'seeding' ? at : null;
    entry.lastSeq = Infinity;
    this.#later(async () => {
      await this.#tell(entry, 'begin');
      entry.state = 'waits';
    });
  }

  /** Of tables that are not done. */
  cancel(progress: SeedProgress | null): void {
    for (const { database, table: name, state } of progress?.tables ?? [])
      if (state === 'seeding') this.#later(async () => void (await this.#tell({ name: { database, name } }, 'cancel')));
  }

  /** A log that cannot be written ends the leadership, which says why. */
  #later(work: () => Promise<void>): void {
    this.#deps.places.at(null, work).catch(() => undefined);
  }

  async #tell(
    { name: { database, name: table } }: Pick<Entry, 'name'>,
    phase: SeedPhase,
    definition: string | null = null,
  ): Promise<number> {
    const { log, facts } = this.#deps;
    const { id: request, onExisting } = this.order;
    const of = { endpoint: facts.endpoint, pipelines: [this.#uid], request, database, table };
    await log.control({ kind: 'seed', ...of, phase, definition, onExisting, tsMs: Date.now() });
    return log.lastSeq;
  }

  #refuses(entry: Entry, thrown: unknown): boolean {
    const error = toSyncError(thrown);
    if (error.code !== 'SEED_REFUSED' && error.code !== 'TABLE_MISSING') return false;
    entry.state = 'refused';
    entry.refusal = error;
    this.#told(error, entry.name);
    return true;
  }

  #told(thrown: unknown, name: TableName): void {
    const { code, message } = toSyncError(thrown);
    if (this.#trouble !== message) this.#deps.warn({ ...name, code, reason: message }, 'a table cannot be seeded now');
    this.#trouble = message;
  }
}
