/**
 * Writes target transactions: fence and marker first, then the rows, one COMMIT. It keeps the connection; retries, on the spot, what
 * the server rolled back because of others (deadlock, lock wait); and leaves every other failure to the run, which begins anew from the
 * checkpoint.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { checkpointFence, checkpointStatement, openingStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { SyncError, toSyncError } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { closingText, openingText, TableDefinitions, transactionText } from '@lutra/mysql';
import type { ApplyConnection, ConnectionOptions, SqlText, TargetTable } from '@lutra/mysql';
import type { TargetPort } from '../io.js';
import type { RecordPosition } from '../read/log-reader.js';

/** A target transaction that was committed, or progress that needed none. */
export interface Committed {
  readonly position: RecordPosition;
  /** Commit time of its last source transaction. */
  readonly sourceUs: number | null;
  /** Rows by op. */
  readonly ops: Readonly<Record<string, number>>;
  readonly transactions: number;
}

export type CheckpointKey = Pick<Checkpoint, 'pipeline' | 'part' | 'lane' | 'epoch'>;

/** The session's wait_timeout closes an idle connection; before that it is replaced without a word. */
const maxIdleMs = 4_000;
/** Of the one that reads definitions. */
const maxReadingIdleMs = 1_000;
/** What a session keeps of the server (settings, global privileges) is no older. */
const maxAgeMs = 60_000;
const busyTries = 5;

export interface TargetWriterOptions {
  readonly target: ConnectionOptions;
  readonly port: Pick<TargetPort, 'connect' | 'loadTable'>;
  readonly key: CheckpointKey;
  /** Of a target transaction, from its beginning to its COMMIT. */
  observe(seconds: number): void;
}

interface Reader {
  readonly connection: ApplyConnection;
  readonly openedAt: number;
}

export class TargetWriter {
  readonly #options: TargetWriterOptions;
  #connection: ApplyConnection | null = null;
  /** The connection's session is one for safe mode. */
  #safe = false;
  #usedAt = 0;
  #openedAt = 0;
  /** Of all tables that were asked for. */
  #definitions = new TableDefinitions();
  /** Reads table definitions while a large transaction occupies the other connection. */
  #reading: ApplyConnection | null = null;
  /** One that has read: many tables are mostly asked for one after the other. */
  #idle: Reader | null = null;
  #idleTimer: NodeJS.Timeout | undefined;
  #disposed = false;

  constructor(options: TargetWriterOptions) {
    this.#options = options;
  }

  /** @throws SyncError as ApplyConnection.run; nothing was committed unless the code is TARGET_UNAVAILABLE */
  commit(rows: SqlText, checkpoint: Checkpoint, safe = false): Promise<void> {
    return this.#whole(transactionText(checkpointStatement(checkpoint), rows), safe);
  }

  /** What moves no position. @throws as commit */
  aside(text: SqlText, key: CheckpointKey): Promise<void> {
    return this.#whole(transactionText(checkpointFence(key), text), this.#safe);
  }

  async #whole(text: SqlText, safe: boolean): Promise<void> {
    const startedAt = performance.now();
    for (let attempt = 1; ; attempt += 1) {
      try {
        await (await this.ready(safe)).run(text);
        this.used();
        return this.observe(startedAt);
      } catch (error) {
        if (!isTransient(error) || attempt === busyTries || this.#disposed) throw error;
        await delay(10 * 2 ** attempt * Math.random());
      }
    }
  }

  /** Begins a transaction that is written while it arrives. */
  async open(origin: Pick<Checkpoint, 'origin' | 'path'>, safe = false): Promise<void> {
    await (await this.ready(safe)).run(openingText(openingStatement({ ...this.#options.key, ...origin })));
  }

  async chunk(rows: SqlText): Promise<void> {
    await this.opened().run(rows);
  }

  /** Its last rows, its position, COMMIT. */
  async close(rows: SqlText, checkpoint: Checkpoint): Promise<void> {
    await this.opened().run(closingText(rows, checkpointStatement(checkpoint)));
    this.used();
  }

  /** The connection was of use just now. */
  used(): void {
    this.#usedAt = performance.now();
  }

  /** A target transaction that began then was committed. */
  observe(startedAt: number): void {
    this.#options.observe((performance.now() - startedAt) / 1000);
  }

  /** Gives the connection up: the server rolls back, and the next one has settings that nobody has touched. */
  async drop(): Promise<void> {
    const current = this.#connection;
    this.#connection = null;
    await current?.close();
  }

  async rollback(): Promise<void> {
    await this.#connection?.rollback();
  }

  /** From then on each transaction that meets it sees that it is still the same. @throws SyncError TARGET_CHANGED, and as loadForApply */
  async loadTable(database: string, name: string): Promise<TargetTable> {
    const tables = await this.#read([{ database, name }]);
    for (const table of tables) this.#definitions.remember(table);
    return tables[0] as TargetTable;
  }

  /** A schema change of the log may have changed any of them: that is no refusal. */
  async forget(): Promise<void> {
    this.#definitions = new TableDefinitions();
    await this.drop();
  }

  /**
   * What a refusal is worth that rests on definitions which were read before.
   * @throws SyncError TARGET_CHANGED if one of them is not what it was
   */
  async requireSameTables(): Promise<void> {
    const known = this.#definitions.tables;
    if (known.length === 0) return;
    const read = await this.#read(known).catch((error: unknown) => {
      // Each could be read before.
      if (toSyncError(error).outcome !== 'stop') throw error;
      throw new SyncError('TARGET_CHANGED', `since its definition was read: ${toSyncError(error).message}`, { cause: error });
    });
    for (const table of read) this.#definitions.requireSame(table);
  }

  async #read(tables: readonly TableName[]): Promise<readonly TargetTable[]> {
    const { port } = this.#options;
    const reader = await this.#reader();
    const { connection } = reader;
    this.#reading = connection;
    let hasRead = false;
    try {
      const read: TargetTable[] = [];
      for (const { database, name } of tables) read.push(await port.loadTable(connection, database, name));
      hasRead = true;
      return read;
    } finally {
      this.#reading = null;
      if (hasRead && !this.#idle && !this.#disposed) this.#keep(reader);
      else await connection.close();
    }
  }

  async #reader(): Promise<Reader> {
    const { port, target } = this.#options;
    const idle = this.#idle;
    this.#idle = null;
    clearTimeout(this.#idleTimer);
    const now = performance.now();
    if (idle && !idle.connection.broken && now - idle.openedAt < maxAgeMs) return idle;
    await idle?.connection.close();
    return { connection: await port.connect(target), openedAt: now };
  }

  #keep(reader: Reader): void {
    this.#idle = reader;
    this.#idleTimer = setTimeout(() => {
      this.#idle = null;
      void reader.connection.close();
    }, maxReadingIdleMs).unref();
  }

  /** Cuts off what is under way; the server rolls it back. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    clearTimeout(this.#idleTimer);
    await Promise.allSettled([this.#connection?.close(), this.#reading?.close(), this.#idle?.connection.close()]);
  }

  /** Of the transaction that is written while it arrives. */
  opened(): ApplyConnection {
    if (this.#connection) return this.#connection;
    throw new SyncError('INTERNAL', 'rows of a transaction that was not opened');
  }

  /** Between transactions. A session of the other mode is replaced: that happens once, where a replay ends. */
  async ready(safe = false): Promise<ApplyConnection> {
    if (this.#disposed) throw new SyncError('ABORTED', 'the loader is ending');
    const current = this.#connection;
    const now = performance.now();
    if (current && !current.broken && this.#safe === safe && now - this.#usedAt < maxIdleMs && now - this.#openedAt < maxAgeMs)
      return current;
    this.#connection = null;
    await current?.close();
    const remembered = { definitions: this.#definitions, read: (tables: readonly TableName[]) => this.#read(tables) };
    const { port, target } = this.#options;
    const fresh = await port.connect({ ...target, foreignKeyChecks: !safe }, remembered);
    this.#connection = fresh;
    this.#safe = safe;
    this.#usedAt = this.#openedAt = performance.now();
    if (!this.#disposed) return fresh;
    // dispose() came while it was opened and knew nothing of it.
    await fresh.close();
    throw new SyncError('ABORTED', 'the loader is ending');
  }
}

/** Rolled back because of others; or a table may not be what it was, which a connection that reads it anew will tell. */
export function isTransient(error: unknown): boolean {
  const { code, refused } = toSyncError(error);
  return code === 'TARGET_BUSY' || refused.suspected === true;
}
