/** Looks at the sum of all balances over and over: a reader that sees half of a transaction sees a wrong sum. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import { shopDatabase, totalBalance } from './shop.js';

const pauseMs = 20;
const stopBoundMs = 30_000;

export interface TransferReport {
  readonly reads: number;
  /** Sums that were not the total, at most 100 of them. */
  readonly wrong: readonly string[];
}

export class TransferReader {
  readonly #at: ConnectionOptions;
  readonly #sql: string;
  readonly #loop: Promise<void>;
  readonly #wrong: string[] = [];
  #reads = 0;
  #stopping = false;
  #connection: Connection | undefined;

  constructor(connection: ConnectionOptions, database = shopDatabase) {
    this.#at = connection;
    this.#sql = `SELECT CAST(SUM(balance) AS CHAR) total FROM ${database}.accounts`;
    this.#loop = this.#read();
  }

  get report(): TransferReport {
    return { reads: this.#reads, wrong: [...this.#wrong] };
  }

  async stop(): Promise<TransferReport> {
    this.#stopping = true;
    const bound = setTimeout(() => this.#connection?.destroy(), stopBoundMs);
    await this.#loop;
    clearTimeout(bound);
    return this.report;
  }

  async #read(): Promise<void> {
    while (!this.#stopping) {
      try {
        this.#connection ??= await this.#open();
        const [[row]] = await this.#connection.query<RowDataPacket[]>(this.#sql);
        this.#reads += 1;
        if (row?.['total'] !== totalBalance && this.#wrong.length < 100) this.#wrong.push(String(row?.['total']));
      } catch {
        this.#connection?.destroy(); // the server is down for a while
        this.#connection = undefined;
      }
      await sleep(pauseMs);
    }
    this.#connection?.destroy();
  }

  async #open(): Promise<Connection> {
    const connection = await createConnection({ connectTimeout: 5000, ...this.#at });
    connection.on('error', () => undefined);
    return connection;
  }
}
