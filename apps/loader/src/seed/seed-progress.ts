/**
 * What stands in lutra.seed, as capture reads it in ZooKeeper: at most once a second, and at once where a table ends. A failure to say it
 * never stops the run: the next one says more.
 */
import { maxSeedTables, toSyncError } from '@lutra/model';
import type { SeededTable, SeedProgress } from '@lutra/model';
import type { SeedPart } from '@lutra/mysql';
import type { Logger } from '@lutra/telemetry';

export interface SeedProgressOptions {
  read(): Promise<readonly SeedPart[]>;
  write(progress: SeedProgress): Promise<void>;
  /** False: the tree in ZooKeeper has regressed, and nothing is written into it. */
  isFollowed(): Promise<boolean>;
  /** Nobody carries the order out: it was cancelled, or is not there. */
  isOver(request: string): Promise<boolean>;
  /** Ends what of it is still being seeded. */
  end(request: string): Promise<void>;
  readonly logger: Pick<Logger, 'debug'>;
}

const everyMs = 1_000;
/** Of the time that it takes to tell, so long at least until the next time: tables that end by the thousand cost no more than others. */
const pauses = 9;

export class SeedProgressWriter {
  readonly #options: SeedProgressOptions;
  #timer: NodeJS.Timeout | null = null;
  #toldAt = 0;
  #tookMs = 0;
  #busy = false;
  #isAgain = false;
  #isClosed = false;

  constructor(options: SeedProgressOptions) {
    this.#options = options;
  }

  /** Something was committed. */
  changed(atOnce: boolean): void {
    if (this.#isClosed) return;
    if (this.#busy) {
      this.#isAgain = true;
      return;
    }
    const pauseMs = atOnce ? Math.min(everyMs, pauses * this.#tookMs) : everyMs;
    const waitMs = Math.max(0, this.#toldAt + pauseMs - Date.now());
    if (this.#timer && waitMs > 0) return;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#tell(), waitMs);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
  }

  async #tell(): Promise<void> {
    const { read, isFollowed, logger } = this.#options;
    this.#timer = null;
    this.#busy = true;
    const begunAt = Date.now();
    try {
      const progress = progressOf(await read(), Date.now());
      if (progress && !this.#isClosed && (await isFollowed())) await this.#say(progress);
    } catch (error) {
      this.#isAgain = true;
      logger.debug({ code: toSyncError(error).code }, 'cannot say how far the seed is; capture waits for it');
    }
    this.#toldAt = Date.now();
    this.#tookMs = this.#toldAt - begunAt;
    this.#busy = false;
    if (!this.#isAgain) return;
    this.#isAgain = false;
    this.changed(false);
  }

  /**
   * Capture ends what it has read here. Counter-example without the look behind it: the order is cancelled before anything was said, and
   * its tables would be seeded for ever. Said first, looked then: an order that capture has found cancelled before is found so here.
   */
  async #say(progress: SeedProgress): Promise<void> {
    const { write, isOver, end } = this.#options;
    await write(progress);
    const { request, tables } = progress;
    if (!tables.some(({ state }) => state === 'seeding') || !(await isOver(request))) return;
    await end(request);
    this.#isAgain = true;
  }
}

/** Of the order that has begun last; null: there was none. */
export function progressOf(parts: readonly SeedPart[], at: number): SeedProgress | null {
  const begun = parts.filter(hasBegun);
  const newest = begun.reduce<SeedPart | null>((best, part) => (best && best.begunAt >= part.begunAt ? best : part), null);
  if (!newest) return null;
  const { request } = newest;
  const tables = Map.groupBy(
    begun.filter((part) => part.request === request),
    ({ table }) => `${table.database}\0${table.name}`,
  );
  return { request, tables: [...tables.values()].slice(0, maxSeedTables).map(tableOf), at };
}

type BegunPart = SeedPart & Pick<SeededTable, 'state'>;

function hasBegun(part: SeedPart): part is BegunPart {
  return part.state !== 'waiting';
}

function tableOf(parts: readonly BegunPart[]): SeededTable {
  const [first] = parts as readonly [BegunPart];
  const sum = (name: keyof SeedPart['counts']): number => parts.reduce((all, { counts }) => all + counts[name], 0);
  const length = Math.max(...parts.map(({ part }) => part)) + 1;
  // Of one that is done nobody asks how far each part is.
  const of = first.state === 'done' ? [] : Array.from({ length }, (_, i) => parts.find(({ part }) => part === i));
  return {
    database: first.table.database,
    table: first.table.name,
    state: first.state,
    cursors: of.map((part) => part?.cursor ?? null),
    ends: of.map((part) => part?.end ?? null),
    whole: of.map((part) => part?.isWhole ?? false),
    inserted: sum('inserted'),
    equal: sum('equal'),
    replaced: sum('replaced'),
    kept: sum('kept'),
    yielded: sum('yielded'),
    clashes: sum('clashes'),
    endedAt: first.endedAt,
  };
}
