/**
 * One order for one pipeline: tells the targets which tables begin, seeds them, sends again what did not arrive, and tells them which are
 * done. What is done is what stands as ticked off at the target; nothing else is remembered anywhere.
 */
import { rowFromJson, toSyncError } from '@lutra/model';
import type { SeedActivity, SeededTable, SeedOrder, SeedPhase, SeedProgress, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import { sleep, throwIfAborted } from '@lutra/runtime';
import type { Log, LogFacts } from './chunk-records.js';
import { chunkTable, exactly } from './chunk-table.js';
import type { ChunkTable } from './chunk-table.js';
import type { ChunkDeps } from './chunk.js';
import { Pace } from './pace.js';
import type { Obstacle } from './pace.js';
import type { ListedTable } from './table-list.js';
import { activityOf, entryOf, nextOf, withParents } from './seed-entry.js';
import type { Entry } from './seed-entry.js';
import { TableSeed } from './table-seed.js';

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

/** After the loader has passed the last chunk: for its progress to be told. */
const resendAfterMs = 5_000;
const retryMs = 1_000;
const idleMs = 100;

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
    const { isDone, order } = this;
    const waitingFor = this.#trouble ?? this.#pace.waitingFor;
    const of = { uid: this.#uid, order, isDone, isListed: this.#isListed, rows: this.#rows, seconds: (Date.now() - this.#since) / 1000 };
    return activityOf(this.#entries, { ...of, waitingFor });
  }

  /**
   * Lists the tables, and says of each that it begins, before a change of it that comes later is read.
   * @throws SyncError SOURCE_*, SEED_REFUSED
   */
  async begin(progress: SeedProgress | null): Promise<void> {
    if (this.#isListed) return;
    const listed = await this.#deps.list(this.order);
    const known = new Map((progress?.tables ?? []).map((table) => [quoteTable({ ...table, name: table.table }), table]));
    const entries = listed.map((one) => entryOf(one, known.get(quoteTable(one.table)) ?? null));
    const beginning: { entry: Entry; definition: string | null; isReadable: boolean }[] = [];
    for (const entry of entries) {
      const isReadable = entry.state !== 'done' && (await this.#isReadable(entry));
      // One that cannot be read may be created all the same: its changes are replicated.
      if (!isReadable && (entry.state === 'done' || entry.from !== null || !this.order.createTables)) continue;
      beginning.push({ entry, definition: await this.#definition(entry.name), isReadable });
    }
    await this.#deps.places.at(null, async () => {
      for (const { entry, definition, isReadable } of beginning) {
        await this.#tell(entry, 'begin', definition);
        if (!isReadable) await this.#tell(entry, 'cancel');
      }
    });
    withParents(entries);
    this.#entries = entries;
    this.#isListed = true;
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
      const entry = nextOf(this.#entries);
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

  async #seed(entry: Entry): Promise<void> {
    const from = entry.from?.cursors[0] ?? null;
    const turn = (): Promise<() => void> => this.#pace.turn();
    const counted = (rows: number): void => {
      this.#rows += rows;
      this.#pace.published(rows);
      this.#deps.rowsRead(rows);
    };
    const deps = { ...this.#deps, order: this.order, pipelines: [this.#uid], turn, counted, define: () => this.#chunks(entry) };
    // After a failure the same one goes on behind what it has published.
    const seed = (entry.seed ??= new TableSeed(deps, entry.name, from === null ? null : rowFromJson(from)));
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
    const logsCascades = await sessions.logsCascades();
    entry.chunks ??= await sessions.use(async (session) => {
      const of = { table: entry.table, watch: entry.watch, collations: exactly, logsCascades };
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
    entry.seed = null;
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
    this.#deps.places.at(null, work).catch(() => undefined); // the leadership ends, and says why
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
