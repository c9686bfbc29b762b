/**
 * One chunk on its way from the source's tables to a place of the log: read between watermarks, held against what the binlog reader meets
 * meanwhile, read again where the log does not bring what was touched, published.
 *
 * plain   a consistent read behind *low*; what is touched from the window's opening on counts
 * shared  rows are locked until the end of the binlog was read: they are as read at that end, and what was touched before it is in them.
 *         Without GTIDs, on MariaDB, and where rows are touched again and again
 * held    rows are locked until their place: for rows that a foreign key changes without a word in the binlog
 */
import { isBefore } from '@lutra/binlog';
import { SyncError, tableName } from '@lutra/model';
import type { FilePosition, Position, Row } from '@lutra/model';
import { askFor, chunkRow, primaryConflictKey, rangeQuery, chunkRowsQuery, sizesQuery } from '@lutra/mysql';
import type { ChunkRange } from '@lutra/mysql';
import { orAborted } from '@lutra/runtime';
import { chunkBytes, ChunkDiscarded, fitting, heldMs, nearEnough, within } from './chunk-limits.js';
import type { ChunkTable } from './chunk-table.js';
import type { ChunkMoves } from './moved.js';
import type { Place, Places } from './places.js';
import type { SeedSession, SeedSessions } from './seed-session.js';
import { Held } from './held.js';
import type { Candidate, Fate, TouchWindow } from './touches.js';
import type { Windows } from './windows.js';

export interface ChunkDeps {
  readonly places: Places;
  readonly windows: Windows;
  readonly sessions: SeedSessions;
  /** Of capture, behind the source; null: not known. */
  lagMs(): number | null;
  readonly signal: AbortSignal;
}

export type Reading = 'plain' | 'shared' | 'held';

/** Of a statement by keys. */
const keysPerQuery = 200;
/** Readings of one chunk from which on rows are locked. */
const sharedFrom = 3;
const heldFrom = 5;

interface Read {
  readonly asked: readonly Row[] | null;
  readonly since: number;
  readonly high: FilePosition;
  readonly exactFrom: FilePosition | null;
}

export interface Publishing {
  /** Whether a row that the log brings is left out; else it is read again until it is quiet. */
  readonly drops: boolean;
  readonly where: string | null;
  /** Of a table that is seeded. */
  readonly moves: ChunkMoves | null;
  /** Rows that stay, and keys that have none, at a place; `left`: keys that did not become quiet. */
  publish(place: Place, found: readonly Candidate[], left: readonly Row[]): Promise<void>;
}

export class Chunk {
  readonly #deps: ChunkDeps;
  readonly #table: ChunkTable;
  readonly #window: TouchWindow;
  #passed: Position;
  #candidates: readonly Held[] = [];
  #high: FilePosition | null = null;
  #lock: SeedSession | null = null;
  #readings = 0;
  /** Number of the first touch behind #passed. */
  #mark = 0;
  #isClosed = false;
  /** When it was read last, ms since 1970. */
  readAt = 0;

  private constructor(deps: ChunkDeps, table: ChunkTable, opened: { window: TouchWindow; passed: Position }) {
    this.#deps = deps;
    this.#table = table;
    this.#window = opened.window;
    this.#passed = opened.passed;
  }

  /** Keeps what is touched from the next place on. */
  static async open(deps: ChunkDeps, table: ChunkTable): Promise<Chunk> {
    const { places, windows, signal } = deps;
    const opened = places.at(null, ({ end: passed }) => ({ window: windows.open(table.name, table.keyColumns), passed }));
    return new Chunk(deps, table, await orAborted(opened, signal));
  }

  /** Resolves to whether no rows follow. @throws SyncError SEED_WAITS, SOURCE_*; ChunkDiscarded */
  async readRange(range: Omit<ChunkRange, 'locks'>): Promise<{ rows: readonly Row[]; isLast: boolean }> {
    const { plan } = this.#table;
    let limit = range.limit;
    const rows = await this.#read(null, async (session, locks) => {
      if (plan.maxRowBytes * range.limit > 4 * chunkBytes)
        limit = await fitting(session, sizesQuery(plan, { ...range, locks: false }), range.limit);
      return session.query(rangeQuery(plan, { ...range, limit, locks }));
    });
    return { rows, isLast: rows.length < limit };
  }

  async readKeys(keys: readonly Row[], where: string | null): Promise<void> {
    await this.#read(keys, async (session, locks) => {
      const found = [];
      for (let at = 0; at < keys.length; at += keysPerQuery) {
        const part = keys.slice(at, at + keysPerQuery);
        found.push(...(await session.query(chunkRowsQuery(this.#table.plan, part, { where, locks }))));
      }
      return found;
    });
  }

  /** Publishes it at a place behind `before`. @throws ChunkDiscarded; SyncError SEED_WAITS, SOURCE_*, ABORTED */
  async settle(before: Promise<unknown>, publishing: Publishing): Promise<void> {
    const { places, signal } = this.#deps;
    try {
      await before;
      for (;;) {
        await this.#prepare();
        const settled = places.at(this.#high, (place) => this.#at(place, publishing));
        const again = await (this.#lock ? within(settled, heldMs, signal) : orAborted(settled, signal));
        await this.#release();
        if (again === null) return;
        await this.readKeys(again, publishing.where);
      }
    } finally {
      this.close();
    }
  }

  /** A visit of a place that is still to come does nothing. */
  close(): void {
    this.#isClosed = true;
    this.#deps.windows.close(this.#table.name, this.#window);
    this.#lock?.destroy();
    this.#lock = null;
  }

  /** Null: it is published. Else the keys to read again. */
  async #at(place: Place, { drops, moves, publish }: Publishing): Promise<readonly Row[] | null> {
    if (this.#isClosed) throw new SyncError('ABORTED', 'the chunk is no longer wanted');
    this.#requireKept();
    await this.#prepare();
    const candidates = this.#candidates.map((held) => held.at(this.#window));
    const fates = this.#window.fates(this.#table.keys, candidates);
    const of = (...wanted: readonly Fate[]): readonly Candidate[] => candidates.filter((_, i) => wanted.includes(fates[i] ?? 'stays'));
    const gaveUp = this.#readings >= 10;
    const touched = (drops ? of('read again') : of('read again', 'dropped')).map(({ key }) => key);
    const again = [...touched, ...(moves?.take(candidates) ?? [])];
    if (again.length === 0 || (gaveUp && !drops)) {
      await publish(place, of('stays'), touched);
      return null;
    }
    const left = new Set<Candidate>(of('stays'));
    this.#candidates = this.#candidates.filter((_, i) => left.has(candidates[i] as Candidate));
    this.#passed = place.end;
    this.#mark = this.#window.mark;
    return again;
  }

  /** @param asked keys of which each has an answer, with a row or without; null: rows alone count */
  async #read(
    asked: readonly Row[] | null,
    ask: (session: SeedSession, locks: boolean) => Promise<readonly Parameters<typeof chunkRow>[1][]>,
  ): Promise<readonly Row[]> {
    const since = this.#mark;
    const session = await this.#deps.sessions.take();
    try {
      const reading = this.#reading(session);
      if (reading === 'plain') await session.low(this.#passed, this.#deps.signal);
      else await this.#begin(session, reading);
      const rows: Row[] = [];
      for (const found of await ask(session, reading !== 'plain')) {
        const row = chunkRow(this.#table.plan, found);
        rows.push(row instanceof Promise ? await row : row);
      }
      const high = await session.high();
      if (reading === 'shared') await session.query('COMMIT');
      if (reading === 'held') this.#lock = session;
      else this.#deps.sessions.give(session);
      await this.#keep(rows, { asked, since, high, exactFrom: reading === 'plain' ? null : high });
      return rows;
    } catch (error) {
      session.destroy();
      throw error;
    }
  }

  #reading(session: SeedSession): Reading {
    this.#readings += 1;
    if (this.#table.changesUnseen || this.#readings >= heldFrom) return 'held';
    // A reader that began at a place of a file may not know which transactions it has passed.
    const isKnown = this.#passed.gtidSet !== null;
    return isKnown && session.readsPlainly && this.#readings < sharedFrom ? 'plain' : 'shared';
  }

  async #begin(session: SeedSession, reading: Reading): Promise<void> {
    const { lagMs, signal } = this.#deps;
    if (reading === 'held') await nearEnough(lagMs, signal);
    await session.query('BEGIN');
  }

  async #keep(rows: readonly Row[], how: Read): Promise<void> {
    const { asked, since, high, exactFrom } = how;
    const { plan } = this.#table;
    const found = rows.map((row) => new Held(plan, { row, since, exactFrom }));
    // Nothing locks what is not there, so what was touched before the end counts too.
    const absent = (await this.#absent(asked ?? [], rows)).map((row) => new Held(plan, { row, isAbsent: true, since, exactFrom: null }));
    this.#candidates = [...this.#candidates, ...found, ...absent];
    if (this.#high === null || isBefore(this.#high, high)) this.#high = high;
    this.readAt = Date.now();
  }

  async #absent(asked: readonly Row[], rows: readonly Row[]): Promise<readonly Row[]> {
    const { keys } = this.#table;
    if (asked.length === 0) return [];
    await askFor([...asked, ...rows].map((row) => [keys, row] as const));
    const there = new Set(rows.map((row) => primaryConflictKey(keys, row)));
    return asked.filter((key) => !there.has(primaryConflictKey(keys, key)));
  }

  async #prepare(): Promise<void> {
    await this.#window.prepare(this.#table.keys, this.#candidates);
  }

  async #release(): Promise<void> {
    const lock = this.#lock;
    this.#lock = null;
    if (!lock) return;
    await lock.query('COMMIT');
    this.#deps.sessions.give(lock);
  }

  #requireKept(): void {
    const { discarded, isTooLarge } = this.#window;
    const why = discarded ?? (this.#table.watch.isStale ? 'a statement changed the table' : null);
    if (why !== null) throw new ChunkDiscarded(`${tableName(this.#table.name)}: ${why}`, isTooLarge);
  }
}
