/** A plain client that plays a tool: what both have in common. Tables have a primary key `id`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { OnlineChange } from './online-tool.js';

/** Of a player: what it does up to its cut-over, and from there on. */
export interface Steps {
  begin(): Promise<void>;
  finish(): Promise<void>;
}

const chunkRows = 50;
const transient = new Set([1205, 1213]);

export class Player {
  readonly change: OnlineChange;
  readonly table: string;
  readonly #connection: Connection;

  constructor(change: OnlineChange, connection: Connection) {
    this.change = change;
    this.#connection = connection;
    this.table = change.table;
  }

  /** In full, as the tools quote it. */
  full(table = this.table): string {
    return `\`${this.change.database}\`.\`${table}\``;
  }

  /** Again, where it was refused for a lock. */
  async run(sql: string): Promise<readonly RowDataPacket[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        const [rows] = await this.#connection.query<RowDataPacket[]>(sql);
        return rows;
      } catch (error) {
        if (tries === 20 || !transient.has((error as { errno?: number }).errno ?? 0)) throw error;
        await sleep(50);
      }
    }
  }

  /** Those that both tables have, in an order of their own. */
  async sharedColumns(other: string): Promise<readonly string[]> {
    const rows = await this.run(
      `SELECT column_name AS name FROM information_schema.columns AS c WHERE table_schema = '${this.change.database}' AND table_name = '${this.table}'
          AND EXISTS (SELECT 1 FROM information_schema.columns AS o WHERE o.table_schema = c.table_schema AND o.table_name = '${other}' AND o.column_name = c.column_name)
        ORDER BY ordinal_position`,
    );
    return rows.map(({ name }) => `\`${String(name)}\``);
  }

  /** Rows that are there already stay: somebody else has written them. */
  async copyInto(shadow: string): Promise<void> {
    const columns = (await this.sharedColumns(shadow)).join(', ');
    const [bounds] = await this.run(`SELECT MIN(id) AS least, MAX(id) AS most FROM ${this.full()}`);
    for (let from = Number(bounds?.['least']); from <= Number(bounds?.['most']); from += chunkRows)
      await this.run(
        `INSERT IGNORE INTO ${this.full(shadow)} (${columns}) SELECT ${columns} FROM ${this.full()} WHERE id BETWEEN ${from} AND ${from + chunkRows - 1} LOCK IN SHARE MODE`,
      );
  }
}
