/**
 * A table without a key on its way to the targets of one order: all of its rows, at one place of the log, as one transaction.
 *
 *   lock      LOCK TABLES … READ: open transactions of the table end first, and nobody writes it from here on
 *   high      the end of the binlog file: what the table has is in the file
 *   place     where the binlog reader has passed it: no change behind that place is in the rows, and none before it is missing
 *   snapshot  a consistent read in another session; the lock goes, and writers go on
 *   rows      are read and published, while the binlog reader waits at the place
 *
 * Counter-example without the lock: the read has no place, and rows are published behind changes that undo them (test/model/keyless.ts).
 * Tried against LOCK IN SHARE MODE of all rows, on MySQL 9.7 and MariaDB 11.4 with a million rows and four writers: that holds the writers
 * for 1 to 3 s, and costs 5 to 14 of their transactions a deadlock; a lock of the table holds them for the lag of capture, and costs none.
 */
import { SyncError, tableName, toSyncError } from '@lutra/model';
import type { FilePosition, TableName } from '@lutra/model';
import { allRowsQuery, amountQuery, chunkRow, quoteName, quoteTable } from '@lutra/mysql';
import { orAborted, throwIfAborted } from '@lutra/runtime';
import { BeginsAnew } from './begins-anew.js';
import { ChunkDiscarded, heldMs, nearEnough, within } from './chunk-limits.js';
import { writeTable } from './chunk-records.js';
import type { ChunkTable } from './chunk-table.js';
import type { Place } from './places.js';
import type { SeedSession } from './seed-session.js';
import type { TableSeedDeps } from './table-seed.js';
import type { TouchWindow } from './touches.js';

/** The source's log waits for as long as they are read: a million rows of 240 bytes took 20 s on two busy cores, in 30 MB of memory. */
export const wholeTableLimits = { rows: 1_000_000, bytes: 256 * 1024 * 1024, ms: 10_000 } as const;

interface Locked {
  readonly table: ChunkTable;
  readonly lock: SeedSession;
  readonly reader: SeedSession;
  readonly high: FilePosition;
  readonly window: TouchWindow;
}

export class WholeTable {
  readonly name: TableName;
  readonly #deps: TableSeedDeps;
  #isDone = false;
  /** Seq of the last record of it. */
  lastSeq = -1;

  constructor(deps: TableSeedDeps, name: TableName) {
    this.#deps = deps;
    this.name = name;
  }

  /** Until all is published. @throws BeginsAnew; SyncError SEED_REFUSED, SEED_WAITS, SOURCE_*, ABORTED */
  async run(): Promise<void> {
    while (!this.#isDone && !(await this.#round())) throwIfAborted(this.#deps.signal);
    this.#isDone = true;
  }

  /** False: it is to be read again. */
  async #round(): Promise<boolean> {
    const { define, turn, signal, sessions, lagMs } = this.#deps;
    const table = await define(this.name);
    if (table.plan.key.length > 0) throw new BeginsAnew('it has a key now');
    const done = await orAborted(turn(), signal);
    try {
      await sessions.use((session) => this.#requireSmall(session, table));
      await nearEnough(lagMs, signal);
      await this.#send(table);
      return true;
    } catch (error) {
      if (error instanceof ChunkDiscarded) return false;
      throw error;
    } finally {
      done();
    }
  }

  /** Before anything is locked. @throws SyncError SEED_REFUSED */
  async #requireSmall(session: SeedSession, { plan }: ChunkTable): Promise<void> {
    const startedAt = performance.now();
    const amount = await amountOf(session, amountQuery(plan));
    const ms = performance.now() - startedAt;
    const { rows, bytes, ms: longest } = wholeTableLimits;
    if (amount.rows > rows) throw this.#refused(`it has ${amount.rows} rows, and without a key at most ${rows} are copied`);
    if (amount.bytes > bytes) throw this.#refused(`it has ${amount.bytes} bytes, and without a key at most ${bytes} are copied`);
    if (ms > longest) throw this.#refused(`reading it takes ${Math.round(ms / 1000)} s, and without a key at most ${longest / 1000} s`);
  }

  async #send(table: ChunkTable): Promise<void> {
    const { sessions, windows } = this.#deps;
    const lock = await sessions.take();
    let reader: SeedSession | null = null;
    let window: TouchWindow | null = null;
    try {
      reader = await sessions.take();
      await this.#lock(lock);
      const high = await lock.high();
      window = windows.open(table.name, []);
      await this.#publishAt({ table, lock, reader, high, window });
      sessions.give(lock);
      sessions.give(reader);
    } catch (error) {
      // The server gives the lock up with its connection.
      lock.destroy();
      reader?.destroy();
      throw error;
    } finally {
      if (window) windows.close(table.name, window);
    }
  }

  /** @throws SyncError SEED_REFUSED where the user may not; SOURCE_UNAVAILABLE where others hold it for long */
  async #lock(session: SeedSession): Promise<void> {
    try {
      await session.query(`LOCK TABLES ${quoteTable(this.name)} READ`);
    } catch (thrown) {
      const error = toSyncError(thrown);
      if (error.code !== 'SOURCE_DENIED') throw error;
      const grant = `GRANT LOCK TABLES ON ${quoteName(this.name.database)}.*`;
      throw this.#refused(`it has no key, and the user of the endpoint may not lock it (${error.message}): ${grant}`);
    }
  }

  async #publishAt(locked: Locked): Promise<void> {
    const { places, signal } = this.#deps;
    const { promise: begun, resolve: begins } = Promise.withResolvers<void>();
    let isWanted = true;
    const visit = places.at(locked.high, async (place) => {
      if (!isWanted) throw new SyncError('ABORTED', 'the table is no longer wanted');
      begins();
      this.#requireKept(locked);
      await this.#publish(locked, place);
    });
    try {
      await within(Promise.race([begun, visit]), heldMs, signal);
    } catch (error) {
      isWanted = false;
      visit.catch(() => undefined); // it does nothing then
      throw error;
    }
    // What is published is not left amid.
    await visit;
  }

  /** A change under the lock is one that nothing of this holds for. */
  #requireKept({ table, window, high }: Locked): void {
    const touched = window.firstFrom(high) < window.mark ? 'it was changed while it was locked' : null;
    const why = window.discarded ?? touched ?? (table.watch.isStale ? 'a statement changed the table' : null);
    if (why !== null) throw new ChunkDiscarded(`${tableName(this.name)}: ${why}`, false);
  }

  async #publish({ table, lock, reader }: Locked, place: Place): Promise<void> {
    const { log, facts, order, pipelines, counted, ends } = this.#deps;
    const { plan } = table;
    await reader.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
    await reader.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
    // From here on no statement changes its definition.
    await reader.query(`SELECT 1 FROM ${quoteTable(this.name)} LIMIT 1`);
    // It was held until now, or this fails.
    await lock.query('UNLOCK TABLES');
    const { rows } = await amountOf(reader, amountQuery(plan));
    const content = { schema: plan.schema, pipelines, request: order.id, count: rows, readAt: Date.now() };
    const found = async function* () {
      for await (const row of reader.stream(allRowsQuery(plan))) yield await chunkRow(plan, row);
    };
    try {
      this.lastSeq = await writeTable(log, facts, { place, content, rows: found() });
    } catch (error) {
      // A part of it is in the log. It is void when the next leader begins.
      ends(error);
      throw error;
    }
    await reader.query('COMMIT');
    counted(rows);
  }

  #refused(why: string): SyncError {
    const { database, name } = this.name;
    const help = 'give it a key on both sides, or load it from a dump (docs/02-setup.md, Seeding the second database)';
    return new SyncError('SEED_REFUSED', `${tableName(this.name)} cannot be copied: ${why}; ${help}`, {
      details: { database, table: name },
    });
  }
}

async function amountOf(session: SeedSession, sql: string): Promise<{ readonly rows: number; readonly bytes: number }> {
  const [found] = await session.query(sql);
  return { rows: Number(found?.['n']), bytes: Number(found?.['bytes']) };
}
