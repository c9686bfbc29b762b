/**
 * One order for one pipeline: tells the targets which tables begin, seeds them, sends again what did not arrive, and tells them which are
 * done. What is done is what stands as ticked off at the target; nothing else is remembered anywhere.
 */
import { hasAllBegun, toSyncError } from '@lutra/model';
import type { SeedActivity, SeededTable, SeedOrder, SeedProgress, TableName } from '@lutra/model';
import { quoteTable } from '@lutra/mysql';
import { sleep, throwIfAborted } from '@lutra/runtime';
import { BeginsAnew } from './begins-anew.js';
import { writeSeed } from './seed-records.js';
import type { SeedLog, Told } from './seed-records.js';
import type { ChunkDeps } from './chunk.js';
import { Pace } from './pace.js';
import type { Obstacle } from './pace.js';
import type { ChunkTable } from './chunk-table.js';
import type { Moved } from './moved.js';
import { beginningOf, chunksOf, readingsOf, sideBySide } from './read-table.js';
import type { ReadDeps } from './read-table.js';
import type { ListedTable } from './table-list.js';
import { activityOf, entryOf, isLost, requireCarried, nextOf, tablesOf, withParents } from './seed-entry.js';
import type { Entry, Standing } from './seed-entry.js';
import { allOf } from './table-seed.js';

export interface SeedRunDeps extends ChunkDeps, ReadDeps, SeedLog {
  readonly waits: SeedWaits;
  /** @throws SyncError SEED_REFUSED, SOURCE_* */
  list(order: SeedOrder): Promise<readonly ListedTable[]>;
  /** What the pipeline does with its changes. */
  standing(table: TableName): Standing;
  /** What holds up the next chunk of this pipeline. */
  obstacle(order: SeedOrder): Obstacle;
  /** Up to where the pipeline's loader has applied this log; −1: it does not say. */
  appliedSeq(): number;
  rowsRead(rows: number): void;
  /** Ends the leadership. */
  ends(error: unknown): void;
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
    this.#pace = new Pace(order, {
      obstacle: () => deps.obstacle(order),
      isNear: () => deps.obstacle({ ...order, maxLagMs: order.maxLagMs / 2 }) !== null,
    });
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
    const read = await sideBySide(listed, this.order.parallel, async (one) => {
      const from = known.get(quoteTable(one.table)) ?? null;
      const entry = entryOf(one, this.order, from);
      const isReadable = entry.state !== 'done' && (await this.#isReadable(entry));
      return beginningOf(this.#deps, entry, { order: this.order, isLater: isBound && from === null, isReadable });
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
    const names = new Set(listed.map((one) => quoteTable(one.table)));
    this.cancel(progress, (table) => !names.has(quoteTable(table)) && this.#deps.standing(table) !== 'suspended');
    withParents(entries);
    this.#entries = entries;
    this.#isListed = true;
  }

  async #isReadable(entry: Entry): Promise<boolean> {
    const error: unknown = await chunksOf(this.#deps, entry).then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error !== null && !this.#refuses(entry, error)) throw error;
    return error === null;
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
        this.#requireCarried(entry);
        await this.#seed(entry);
        this.#trouble = null;
      } catch (error) {
        throwIfAborted(signal);
        if (this.#isAnew(entry, error) || this.#refuses(entry, error)) continue;
        this.#told(error, entry.name);
        entry.state = 'waits';
        entry.notBefore = Date.now() + this.#deps.waits.retryMs;
      }
    }
  }

  async #seed(entry: Entry): Promise<void> {
    const turn = async (): Promise<() => void> => {
      this.#requireCarried(entry);
      return this.#pace.turn();
    };
    const counted = (rows: number): void => {
      this.#rows += rows;
      this.#pace.published(rows);
      this.#deps.rowsRead(rows);
    };
    const define = (): Promise<ChunkTable> => chunksOf(this.#deps, entry);
    const deps = { ...this.#deps, order: this.order, pipelines: [this.#uid], moved: this.#moved(entry), turn, counted, define };
    // After a failure the same ones go on behind what they have published.
    const seeds = (entry.seeds ??= readingsOf(deps, entry, await define()));
    entry.lastSeq = await allOf(seeds);
    entry.passedAt = null;
    entry.state = 'sent';
  }

  /** @throws SyncError SEED_WAITS; SEED_REFUSED; ABORTED */
  #requireCarried(entry: Entry): void {
    throwIfAborted(this.#deps.signal);
    const standing = this.#deps.standing(entry.name);
    if (standing === 'left') this.#later(async () => void (await this.#tell(entry, { phase: 'cancel' })));
    requireCarried(entry.name, standing);
  }

  /** What the target has by now. What is to be said about it is said at the next place. */
  ticked(progress: SeedProgress | null): void {
    this.#pace.look();
    const known = tablesOf(progress);
    for (const entry of this.#entries) {
      if (entry.state !== 'sent' && entry.state !== 'ended') continue;
      const at = known.get(quoteTable(entry.name)) ?? null;
      if (at?.state === 'done') {
        entry.state = 'done';
        this.#deps.windows.leave(this.order.id, entry.name);
      } else if (at?.whole.every(Boolean) && entry.state === 'sent') this.#end(entry);
      else if (isLost(entry, this.#deps.appliedSeq(), this.#deps.waits.resendAfterMs)) this.#again(entry, at);
    }
  }

  #end(entry: Entry): void {
    entry.state = 'ended';
    entry.lastSeq = Infinity;
    entry.passedAt = null;
    this.#later(async () => void (entry.lastSeq = await this.#tell(entry, { phase: 'end' })));
  }

  #again(entry: Entry, at: SeededTable | null): void {
    this.#deps.warn({ ...entry.name, request: this.order.id }, 'a table was passed and not ticked off: it is sent again from there');
    entry.from = at?.state === 'seeding' ? at : null;
    this.#moved(entry).resend();
    this.#begin(entry);
  }

  /** What is cancelled and begins is ticked off from its beginning. */
  #isAnew(entry: Entry, error: unknown): boolean {
    if (!(error instanceof BeginsAnew)) return false;
    this.#deps.warn({ ...entry.name, request: this.order.id, reason: error.message }, 'a table is seeded from its beginning again');
    entry.from = null;
    this.#begin(entry, async () => {
      this.#moved(entry).forget();
      await this.#tell(entry, { phase: 'cancel' });
    });
    return true;
  }

  #begin(entry: Entry, before?: () => Promise<void>): void {
    entry.ends = [];
    entry.seeds = null;
    entry.lastSeq = Infinity;
    this.#later(async () => {
      await before?.();
      await this.#tell(entry, { phase: 'begin' });
      entry.state = 'waits';
    });
  }

  /** Of tables that are not done. */
  cancel(progress: SeedProgress | null, isMeant: (table: TableName) => boolean = () => true): void {
    const names = (progress?.tables ?? []).flatMap(({ database, table: name, state }) => (state === 'seeding' ? [{ database, name }] : []));
    for (const name of names.filter(isMeant)) this.#later(async () => void (await this.#tell({ name, ends: [] }, { phase: 'cancel' })));
  }

  #later(work: () => Promise<void>): void {
    this.#deps.places.at(null, work).catch(() => undefined); // a log that cannot be written ends the leadership, which says why
  }

  #tell({ name, ends }: Pick<Entry, 'name' | 'ends'>, told: Told): Promise<number> {
    const { id: request, onExisting } = this.order;
    return writeSeed(this.#deps, { name, ends, request, onExisting, pipelines: [this.#uid] }, told);
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
