/**
 * One connection that runs transactions and counts what they changed. It outlives the loss of its connection: a transaction that was cut
 * off before COMMIT has not happened; one whose COMMIT got no answer is counted apart, because nobody knows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type ConnectionOptions, type ResultSetHeader, type RowDataPacket } from 'mysql2/promise';

export interface RowCounts {
  c: number;
  u: number;
  d: number;
}
/** Table → rows changed. */
export type Tally = Record<string, RowCounts>;

export interface Totals {
  /** Transactions whose COMMIT was answered, and that changed something. */
  transactions: number;
  rows: number;
  readonly tables: Tally;
  /** ROLLBACK on purpose. */
  rolledBack: number;
  /** Refused by the server (deadlock, lock wait, duplicate key): rolled back. */
  refused: number;
  reconnects: number;
  /** COMMIT was sent, no answer came: committed or not. */
  readonly unknown: Tally[];
}

export function emptyTotals(): Totals {
  return { transactions: 0, rows: 0, tables: {}, rolledBack: 0, refused: 0, reconnects: 0, unknown: [] };
}

/** Deadlock, lock wait, duplicate key, read-only server (three ways), server shutting down, killed connection, too many connections. */
const refusals = new Set([1213, 1205, 1062, 1290, 1836, 1792, 1053, 1927, 1040, 3024, 1317]);

interface DriverError extends Error {
  readonly errno?: number;
  readonly sqlState?: string;
  readonly code?: string;
}

/** What one transaction does. Throwing `Rollback` undoes it on purpose. */
export type Work = (transaction: Transaction) => Promise<void>;
export class Rollback extends Error {}

export class Transaction {
  readonly tally: Tally = {};
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** INSERT: rows that were there and were changed instead (ON DUPLICATE KEY UPDATE) must not be mixed with new ones in one statement. */
  async insert(table: string, sql: string, values: unknown[]): Promise<number> {
    const result = await this.#run(sql, values);
    const upserted = /ON DUPLICATE KEY/.test(sql);
    if (upserted) this.#count(table, result.affectedRows === 2 ? 'u' : 'c', result.affectedRows === 0 ? 0 : 1);
    else this.#count(table, 'c', result.affectedRows);
    return result.insertId;
  }

  /** Only rows that really changed leave a row event. */
  async update(table: string, sql: string, values: unknown[]): Promise<number> {
    const { changedRows } = await this.#run(sql, values);
    this.#count(table, 'u', changedRows);
    return changedRows;
  }

  async delete(table: string, sql: string, values: unknown[]): Promise<number> {
    const { affectedRows } = await this.#run(sql, values);
    this.#count(table, 'd', affectedRows);
    return affectedRows;
  }

  async read(sql: string, values: unknown[]): Promise<readonly RowDataPacket[]> {
    const [rows] = await this.#connection.query<RowDataPacket[]>({ sql, values });
    return rows;
  }

  get rows(): number {
    return Object.values(this.tally).reduce((sum, { c, u, d }) => sum + c + u + d, 0);
  }

  async #run(sql: string, values: unknown[]): Promise<ResultSetHeader> {
    const [result] = await this.#connection.query<ResultSetHeader>({ sql, values });
    return result;
  }

  #count(table: string, op: keyof RowCounts, rows: number): void {
    (this.tally[table] ??= { c: 0, u: 0, d: 0 })[op] += rows;
  }
}

export function addTally(to: Tally, from: Tally): void {
  for (const [table, { c, u, d }] of Object.entries(from)) {
    const counts = (to[table] ??= { c: 0, u: 0, d: 0 });
    counts.c += c;
    counts.u += u;
    counts.d += d;
  }
}

export function sumTotals(parts: readonly Totals[]): Totals {
  const all = emptyTotals();
  for (const part of parts) {
    for (const key of ['transactions', 'rows', 'rolledBack', 'refused', 'reconnects'] as const) all[key] += part[key];
    addTally(all.tables, part.tables);
    all.unknown.push(...part.unknown);
  }
  return all;
}

export class Writer {
  readonly #options: ConnectionOptions;
  readonly #totals: Totals;
  readonly #refusals: ReadonlySet<number>;
  #connection: Connection | undefined;

  /** `alsoRefused`: MySQL's numbers of more errors that undo a transaction and are no mistake. */
  constructor(options: ConnectionOptions, totals: Totals, alsoRefused: readonly number[] = []) {
    this.#options = options;
    this.#totals = totals;
    this.#refusals = new Set([...refusals, ...alsoRefused]);
  }

  /** Resolves to what became of it; rejects on an error that is a mistake of ours. */
  async transact(work: Work): Promise<'committed' | 'rolled back' | 'refused' | 'lost' | 'unknown'> {
    let sent = false;
    let transaction: Transaction | undefined;
    try {
      const connection = await this.#open();
      transaction = new Transaction(connection);
      await connection.query('BEGIN');
      await work(transaction);
      sent = true;
      await connection.query('COMMIT');
    } catch (error) {
      return await this.#failed(error as DriverError, sent ? transaction : undefined);
    }
    if (transaction.rows > 0) {
      this.#totals.transactions += 1;
      this.#totals.rows += transaction.rows;
      addTally(this.#totals.tables, transaction.tally);
    }
    return 'committed';
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    connection?.destroy();
  }

  async #failed(thrown: DriverError, committing: Transaction | undefined): Promise<'rolled back' | 'refused' | 'lost' | 'unknown'> {
    const bySelf = thrown instanceof Rollback;
    const byServer = thrown.errno !== undefined && thrown.sqlState !== undefined;
    if (bySelf || (byServer && this.#refusals.has(thrown.errno) && committing === undefined)) {
      if (bySelf) this.#totals.rolledBack += 1;
      else this.#totals.refused += 1;
      const undone = await this.#connection?.query('ROLLBACK').catch(() => undefined);
      if (!undone) await this.close();
      return bySelf ? 'rolled back' : 'refused';
    }
    await this.close();
    if (byServer && !this.#refusals.has(thrown.errno)) throw thrown;
    this.#totals.reconnects += 1;
    if (committing !== undefined) {
      this.#totals.unknown.push(committing.tally);
      return 'unknown';
    }
    await sleep(100); // the server may be down for a while
    return 'lost';
  }

  async #open(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const connection = await createConnection({ connectTimeout: 5000, charset: 'utf8mb4', ...this.#options });
    connection.on('error', () => undefined); // the next statement meets it
    await connection.query("SET SESSION transaction_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = 5, time_zone = '+00:00'");
    this.#connection = connection;
    return connection;
  }
}
