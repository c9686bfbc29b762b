/**
 * Applications of two sides that write one table all the time, by the columns that it has at the moment. What a server refuses because the
 * table is just altered, they try no more. Each side has keys of its own, and counts in rows of both (column n).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RowDataPacket } from 'mysql2/promise';
import { Random, type Side, sides, type Stack } from '../harness/index.js';
import { Client } from './storm.js';

/** Rows whose key is a multiple of it may be deleted. */
export const goes = 7;

export interface WritersOptions {
  readonly stack: Stack;
  readonly database: string;
  readonly table: string;
  readonly seed: number;
  /** Values of a new row with that key, by column; a column that the table lacks is left out. */
  values(id: number): Readonly<Record<string, string>>;
}

export class TwoWriters {
  /** Keys of rows that were inserted, by side. */
  readonly inserted: Record<Side, number[]> = { a: [], b: [] };
  readonly #options: WritersOptions;
  readonly #working: Promise<unknown>;
  #goesOn = true;
  #isPaused = false;
  #underWay = 0;

  constructor(options: WritersOptions) {
    this.#options = options;
    this.#working = Promise.all(sides.map((side) => this.#write(side)));
  }

  /** Nobody writes; what is under way has ended. */
  async pause(): Promise<void> {
    this.#isPaused = true;
    while (this.#underWay > 0) await sleep(5);
  }

  resume(): void {
    this.#isPaused = false;
  }

  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#working;
  }

  async #write(side: Side): Promise<void> {
    const { stack, database, table, seed } = this.#options;
    const client = new Client({ ...stack.connection(side), database, multipleStatements: true });
    const random = new Random(seed * 2 + (side === 'a' ? 0 : 1));
    let n = 0;
    while (this.#goesOn) {
      await sleep(random.int(5, 25));
      if (this.#isPaused) continue;
      n += 1;
      this.#underWay += 1;
      await this.#one(client, { side, n, random, table }).finally(() => (this.#underWay -= 1));
    }
    client.close();
  }

  async #one(client: Client, { side, n, random, table }: { side: Side; n: number; random: Random; table: string }): Promise<void> {
    const id = n * 2 + (side === 'a' ? 1 : 0);
    const names = await columnsOf(client, this.#options).catch((): readonly string[] => []);
    const values = Object.entries({ id: String(id), ...this.#options.values(id) }).filter(([name]) => names.includes(name));
    if (values.length === 0) return client.close();
    const insert = `INSERT INTO ${table} (${values.map(([name]) => name).join()}) VALUES (${values.map(([, value]) => value).join()})`;
    if ((await client.run(insert)) === 'ran') this.inserted[side].push(id);
    const other = random.int(1, n) * 2 + random.int(0, 1);
    if (random.chance(0.5)) await client.run(`UPDATE ${table} SET n = n + 1 WHERE id = ${other}`);
    if (random.chance(0.1)) await client.run(`DELETE FROM ${table} WHERE id = ${other} AND id % ${goes} = 0`);
  }
}

async function columnsOf(client: Client, { database, table }: Pick<WritersOptions, 'database' | 'table'>): Promise<readonly string[]> {
  const connection = await client.open();
  const [rows] = await connection.query<RowDataPacket[]>(
    'SELECT column_name AS name FROM information_schema.columns WHERE table_schema = ? AND table_name = ?',
    [database, table],
  );
  return rows.map(({ name }) => String(name));
}
