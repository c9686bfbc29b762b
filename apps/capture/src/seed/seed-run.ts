/**
 * One order for one pipeline: tells the targets which tables begin, seeds them, sends again what did not arrive, and tells them which are
 * done. What is done is what stands as ticked off at the target; nothing else is remembered anywhere.
 */
import { hasAllBegun, toSyncError } from '@lutra/model';
import type { SeedActivity, SeededTable, SeedOrder, SeedProgress, SeedRecord, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import { sleep, throwIfAborted } from '@lutra/runtime';
import type { Log, LogFacts } from './chunk-records.js';
import type { ChunkDeps } from './chunk.js';
import { Pace } from './pace.js';
import type { Obstacle } from './pace.js';
import type { ChunkTable } from './chunk-table.js';
import type { Moved } from './moved.js';
import { chunksOf, definitionOf, endsOf, sideBySide } from './read-table.js';
import type { Beginning, ReadDeps } from './read-table.js';
import type { ListedTable } from './table-list.js';
import { activityOf, entryOf, nextOf, partsOf, tablesOf, withParents } from './seed-entry.js';
import type { Entry } from './seed-entry.js';
import { TableSeed } from './table-seed.js';

export interface SeedRunDeps extends ChunkDeps, ReadDeps {
  readonly log: Log;
  readonly facts: LogFacts;
  readonly waits: SeedWaits;
  /** @throws SyncError SEED_REFUSED, SOURCE_* */
  list(order: SeedOrder): Promise<readonly ListedTable[]>;
  /** What holds up the next chunk of this pipeline. */
  obstacle(order: SeedOrder): Obstacle;
  /** Up to where the pipeline's loader has applied this log; −1: it does not say. */
  appliedSeq(): number;
  rowsRead(rows: number): void;
  warn(about: object, message: string): void;
}

export interface SeedWaits {
  /** Orders and progress are looked for. */
  readonly pollMs: number;
  /** After the loader has passed the last chunk: for its progress to be told. */
  readonly resendAfterMs: number;
  /** After a read has failed. */
  readonly retryMs: number;
}

export const seedWaits: SeedWaits = { pollMs: 1_000, resendAfterMs: 5_000, retryMs: 1_000 };
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
    const of = { uid: this.#uid, order, isDone, isListed: this.#isListed, rows: this.#rows, seconds: (Date.now() - this.#since) / 1000 };
    return activityOf(this.#entries, { ...of, waitingFor: this.#trouble ?? this.#pace.waitingFor });
  }

  /**
   * Lists the tables, and says of each that it begins, before a change of it that comes later is read. The list does not grow: a table that
   * came when all of them had begun is none of the order.
   * @throws SyncError SOURCE_*, SEED_REFUSED
   */
  async begin(progress: SeedProgress | null): Promise<void> {
    if (this.#isListed) return;
    const listed = await this.#deps.list(this.order);
    const known = tablesOf(progress);
    const isBound = progress !== null && hasAllBegun(progress, this.order.id);
    const read = await sideBySide(listed, this.order.parallel, (one) => {
      const from = known.get(quoteTable(one.table)) ?? null;
      return this.#beginning(entryOf(one, from), isBound && from === null);
    });
    const entries = read.filter(({ isOfOrder }) => isOfOrder).map(({ entry }) => entry);
    const beginning = read.filter(({ begins }) => begins);
    await this.#deps.places.at(null, async () => {
      for (const { entry, definition, isReadable } of beginning) {
        if (isReadable) this.#moved(entry);
        await this.#tell(entry, { phase: 'begin', definition });
        if (!isReadable) await this.#tell(entry, { phase: 'cancel' });
      }
    });
    withParents(entries);
    this.#entries = entries;
    this.#isListed = true;
  }

  async #beginning(entry: Entry, isLater: boolean): Promise<Beginning> {
    const isReadable = entry.state !== 'done' && (await this.#isReadable(entry));
    // One that cannot be read may be created all the same: its changes are replicated.
    const isCreated = entry.state !== 'done' && entry.from === null && this.order.createTables;
    const begins = !isLater && (isReadable || isCreated);
    const isOfOrder = !isLater || !isReadable;
    if (!begins) return { entry, isReadable, isOfOrder, begins, definition: null };
    if (isReadable && entry.from === null) entry.ends = await endsOf(this.#deps, entry, this.order.parallel);
    const definition = this.order.createTables ? await definitionOf(this.#deps, entry.name) : null;
    return { entry, isReadable, isOfOrder, begins, definition };
  }

  async #isReadable(entry: Entry): Promise<boolean> {
    try {
      await chunksOf(this.#deps, entry);
      return true;
    } catch (error) {
      if (this.#refuses(entry, error)) return false;
      throw error;
    }
  }

  #moved({ name }: Entry): Moved {
    return this.#deps.windows.follow(this.order.id, name);
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
        entry.notBefore = Date.now() + this.#deps.waits.retryMs;
      }
    }
  }

  async #seed(entry: Entry): Promise<void> {
    const turn = (): Promise<() => void> => this.#pace.turn();
    const counted = (rows: number): void => {
      this.#rows += rows;
      this.#pace.published(rows);
      this.#deps.rowsRead(rows);
    };
    const define = (): Promise<ChunkTable> => chunksOf(this.#deps, entry);
    const deps = { ...this.#deps, order: this.order, pipelines: [this.#uid], moved: this.#moved(entry), turn, counted, define };
    // After a failure the same ones go on behind what they have published.
    const seeds = (entry.seeds ??= partsOf(entry).map((part) => new TableSeed(deps, entry.name, part)));
    const ended = await Promise.allSettled(seeds.map((seed) => seed.run()));
    const failed = ended.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    entry.lastSeq = Math.max(-1, ...seeds.map(({ lastSeq }) => lastSeq));
    entry.passedAt = null;
    entry.state = 'sent';
  }

  /** What the target has by now. What is to be said about it is said at the next place. */
  ticked(progress: SeedProgress | null): void {
    this.#pace.look();
    const known = tablesOf(progress);
    for (const entry of this.#entries) {
      if (entry.state !== 'sent' && entry.state !== 'ended') continue;
      const at = known.get(quoteTable(entry.name)) ?? null;
      if (at?.state === 'done') this.#done(entry);
      else if (at?.whole.every(Boolean) && entry.state === 'sent') this.#end(entry);
      else if (this.#isLost(entry)) this.#again(entry, at);
    }
  }

  #done(entry: Entry): void {
    entry.state = 'done';
    this.#deps.windows.leave(this.order.id, entry.name);
  }

  #end(entry: Entry): void {
    entry.state = 'ended';
    entry.lastSeq = Infinity;
    entry.passedAt = null;
    this.#later(async () => void (entry.lastSeq = await this.#tell(entry, { phase: 'end' })));
  }

  /** The loader has passed all of it, and some of it is not ticked off. */
  #isLost(entry: Entry): boolean {
    if (this.#deps.appliedSeq() < entry.lastSeq) return false;
    entry.passedAt ??= Date.now();
    return Date.now() - entry.passedAt > this.#deps.waits.resendAfterMs;
  }

  #again(entry: Entry, at: SeededTable | null): void {
    this.#deps.warn({ ...entry.name, request: this.order.id }, 'a table was passed and not ticked off: it is sent again from there');
    entry.from = at?.state === 'seeding' ? at : null;
    entry.ends = [];
    entry.seeds = null;
    this.#moved(entry).resend();
    entry.lastSeq = Infinity;
    this.#later(async () => {
      await this.#tell(entry, { phase: 'begin' });
      entry.state = 'waits';
    });
  }

  /** Of tables that are not done. */
  cancel(progress: SeedProgress | null): void {
    for (const { database, table: name, state } of progress?.tables ?? [])
      if (state === 'seeding')
        this.#later(async () => void (await this.#tell({ name: { database, name }, ends: [] }, { phase: 'cancel' })));
  }

  /** A log that cannot be written ends the leadership, which says why. */
  #later(work: () => Promise<void>): void {
    this.#deps.places.at(null, work).catch(() => undefined); // the leadership ends, and says why
  }

  async #tell(
    { name: { database, name: table }, ends }: Pick<Entry, 'name' | 'ends'>,
    { phase, definition = null }: Pick<SeedRecord, 'phase'> & Partial<Pick<SeedRecord, 'definition'>>,
  ): Promise<number> {
    const { log, facts } = this.#deps;
    const { id: request, onExisting } = this.order;
    const of = { endpoint: facts.endpoint, pipelines: [this.#uid], request, database, table };
    await log.control({ kind: 'seed', ...of, phase, definition, ends: phase === 'begin' ? ends : [], onExisting, tsMs: Date.now() });
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
