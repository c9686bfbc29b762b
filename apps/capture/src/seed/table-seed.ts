/**
 * One part of a table on its way to the targets of one order: chunks in key order from a cursor to the end. Several are under way at once;
 * they are published in their order, because a chunk is ticked off only behind the one before it.
 */
import type { Row, SeedOrder, TableName } from '@lutra/model';
import { orAborted, throwIfAborted } from '@lutra/runtime';
import { BeginsAnew, boundAt, requireOrder } from './begins-anew.js';
import { ChunkDiscarded } from './chunk-limits.js';
import { Chunk } from './chunk.js';
import type { ChunkDeps } from './chunk.js';
import { ChunkMoves } from './moved.js';
import type { Moved } from './moved.js';
import { writeChunk } from './chunk-records.js';
import type { Log, LogFacts } from './chunk-records.js';
import type { ChunkTable } from './chunk-table.js';
import type { Place } from './places.js';
import type { Candidate } from './touches.js';

export interface TableSeedDeps extends ChunkDeps {
  readonly log: Log;
  readonly facts: LogFacts;
  readonly order: Pick<SeedOrder, 'id' | 'where' | 'chunkRows'>;
  readonly pipelines: readonly string[];
  readonly moved: Moved;
  /** Resolves when a chunk may begin, to what is to be called when it has ended. */
  turn(): Promise<() => void>;
  /** Read anew when a statement has changed the table. @throws SyncError SEED_REFUSED, SOURCE_* */
  define(name: TableName): Promise<ChunkTable>;
  /** Of rows that were published. */
  counted(rows: number): void;
  /** Ends the leadership: what is in the log amid a transaction is void then. */
  ends(error: unknown): void;
}

/** What reads a table, or a part of it. */
export interface TableReading {
  readonly lastSeq: number;
  run(): Promise<void>;
}

export interface TablePart {
  /** Its number. */
  readonly part: number;
  /** The key after which to begin, and its last key; null: no bound. */
  readonly from: Row | null;
  readonly end: Row | null;
}

interface Started {
  readonly chunk: Chunk;
  readonly from: Row | null;
  /** As in the chunk record. */
  readonly to: Row | null;
  readonly isLast: boolean;
  readonly done: () => void;
}

/** Chunks that are read and not published yet. */
interface Ahead {
  settled: Promise<unknown>;
  failed: boolean;
}

export class TableSeed {
  readonly name: TableName;
  readonly #deps: TableSeedDeps;
  readonly #part: TablePart;
  #limit: number;
  /** The last key that was published. */
  #cursor: Row | null;
  #isDone = false;
  /** Seq of the last record of it. */
  lastSeq = -1;

  constructor(deps: TableSeedDeps, name: TableName, part: TablePart) {
    this.#deps = deps;
    this.#limit = deps.order.chunkRows;
    this.name = name;
    this.#part = part;
    this.#cursor = part.from;
  }

  /** Until all is published. @throws BeginsAnew; SyncError SEED_REFUSED, SEED_WAITS, SOURCE_*, ABORTED */
  async run(): Promise<void> {
    while (!this.#isDone && !(await this.#round())) throwIfAborted(this.#deps.signal);
    this.#isDone = true;
  }

  /** False: a chunk was thrown away, and reading goes on behind the last one that was published. */
  async #round(): Promise<boolean> {
    const table = await this.#deps.define(this.name);
    if (table.plan.key.length === 0) throw new BeginsAnew('it has no key any more');
    requireOrder(table.plan, this.#cursor, this.#part.end);
    const ahead: Ahead = { settled: Promise.resolve(), failed: false };
    try {
      await this.#readAll(table, ahead);
      await ahead.settled;
      return true;
    } catch (thrown) {
      // What was read ahead fails with the chunk before it; nothing of it is published later. That one says why.
      const error: unknown = await ahead.settled.then(
        () => thrown,
        (first: unknown) => first,
      );
      if (!(error instanceof ChunkDiscarded)) throw error;
      if (error.isTooLarge) this.#limit = Math.max(1, Math.floor(this.#limit / 2));
      return false;
    }
  }

  async #readAll(table: ChunkTable, ahead: Ahead): Promise<void> {
    for (let from = this.#cursor; !ahead.failed;) {
      // Rows that stay locked until their place are not read ahead.
      if (table.changesUnseen) await ahead.settled;
      const started = await this.#start(table, from);
      ahead.settled = this.#settle(table, started, ahead.settled);
      ahead.settled.catch(() => (ahead.failed = true)); // thrown where it is awaited
      if (started.isLast) return;
      from = started.to;
    }
  }

  async #start(table: ChunkTable, from: Row | null): Promise<Started> {
    const { signal, order, turn } = this.#deps;
    const done = await orAborted(turn(), signal);
    let chunk: Chunk | null = null;
    try {
      chunk = await Chunk.open(this.#deps, table);
      const { end } = this.#part;
      const { rows, isLast } = await chunk.readRange({ from, to: end, where: order.where ?? null, limit: this.#limit });
      const last = rows.at(-1);
      return { chunk, from, to: isLast || !last ? end : boundAt(table.plan, last), isLast: isLast || !last, done };
    } catch (error) {
      chunk?.close();
      done();
      throw error;
    }
  }

  async #settle(table: ChunkTable, { chunk, from, to, isLast, done }: Started, before: Promise<unknown>): Promise<void> {
    const { order, pipelines, log, facts, counted } = this.#deps;
    const moves = new ChunkMoves(this.#deps.moved, table.keys);
    const publish = async (place: Place, found: readonly Candidate[]): Promise<void> => {
      const rows = found.flatMap(({ row }) => (row === null ? [] : [row]));
      const part = { part: this.#part.part, from, to };
      const of = { schema: table.plan.schema, pipelines, purpose: 'seed', request: order.id, part, keys: [] } as const;
      this.lastSeq = await writeChunk(log, facts, { place, content: { ...of, rows, readAt: chunk.readAt } });
      moves.published();
      if (!isLast) this.#cursor = to;
      this.#limit = Math.min(order.chunkRows, 2 * this.#limit);
      counted(rows.length);
    };
    try {
      await chunk.settle(before, { drops: true, where: order.where ?? null, moves, publish });
    } finally {
      done();
    }
  }
}

/** Of the parts of one table the seq of the last record, when none is under way any more. @throws as TableSeed.run */
export async function allOf(seeds: readonly TableReading[]): Promise<number> {
  const ended = await Promise.allSettled(seeds.map((seed) => seed.run()));
  const failed = ended.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
  if (failed.length > 0) throw failed.find((error) => error instanceof BeginsAnew) ?? failed[0];
  return Math.max(-1, ...seeds.map(({ lastSeq }) => lastSeq));
}
