/** Clients of an application that writes at one side, and is told to write at the other. What was acknowledged to them must be there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { asAdministrator, withAdministrator } from '../harness/endpoint-setup.js';
import { type Side, sides, type Stack } from '../harness/index.js';

const user = 'app';
const password = 'a client';

export class Clients {
  readonly #stack: Stack;
  /** Ids that were acknowledged. */
  readonly written: number[] = [];
  /** Answers that were an error, by the server's number. */
  readonly refused = new Map<number, number>();
  #side: Side;
  #next = 1;
  #stopped = false;
  #running: Promise<void> | undefined;
  /** COMMITs without an answer: nobody knows. */
  #unknown = 0;

  constructor(stack: Stack, side: Side) {
    this.#stack = stack;
    this.#side = side;
  }

  static async prepare(stack: Stack): Promise<void> {
    for (const side of sides)
      await withAdministrator(stack.mysql[side], (connection) =>
        connection.query(`CREATE DATABASE IF NOT EXISTS shop; CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, side CHAR(1)); CREATE TABLE shop.hot (id INT PRIMARY KEY, n BIGINT);
          CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}'; GRANT SELECT, INSERT, UPDATE, DELETE ON shop.* TO '${user}'@'%'`),
      );
  }

  begin(): void {
    this.#running = this.#run();
  }

  /** From now on they write there. */
  move(side: Side): void {
    this.#side = side;
  }

  /** Resolves when they have written so many rows more. */
  async more(rows: number): Promise<void> {
    const until = Date.now() + 60_000;
    for (const to = this.written.length + rows; this.written.length < to; await sleep(20))
      if (Date.now() > until) throw new Error(`clients at ${this.#side} do not get on: ${JSON.stringify([...this.refused])}`);
  }

  async end(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /** What is wrong on this side. Each write inserts a row and counts in one row that all share: an early one counts from an old number. */
  async missing(side: Side): Promise<readonly string[]> {
    return withAdministrator(this.#stack.mysql[side], async (connection) => {
      const [rows] = await connection.query<RowDataPacket[]>('SELECT id FROM shop.orders');
      const [[hot]] = await connection.query<RowDataPacket[]>('SELECT n FROM shop.hot WHERE id = 1');
      const there = new Set(rows.map((row) => Number(row['id'])));
      const lost = this.written.filter((id) => !there.has(id)).map((id) => `row ${id} is lost at ${side}`);
      const n = Number(hot?.['n'] ?? 0);
      const isWrong = n !== there.size || there.size < this.written.length || there.size > this.written.length + this.#unknown;
      return isWrong ? [...lost, `${side}: ${there.size} rows, counted ${n}, acknowledged ${this.written.length}`] : lost;
    });
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const side = this.#side;
      const { host, port } = asAdministrator(this.#stack.mysql[side]);
      const connection = await createConnection({ host: host!, port: port!, user, password }).catch(() => null);
      if (!connection) await sleep(100);
      while (connection && !this.#stopped && this.#side === side && (await this.#write(connection, side))) await sleep(2);
      connection?.destroy();
    }
  }

  /** False: the connection is of no use any more. */
  async #write(connection: Connection, side: Side): Promise<boolean> {
    const id = this.#next++;
    let isCommitting = false;
    try {
      await connection.beginTransaction();
      await connection.query('INSERT INTO shop.orders VALUES (?, ?)', [id, side]);
      await connection.query('INSERT INTO shop.hot VALUES (1, 1) ON DUPLICATE KEY UPDATE n = n + 1');
      isCommitting = true;
      await connection.commit();
      this.written.push(id);
      return true;
    } catch (error) {
      const { errno = 0 } = error as { errno?: number };
      this.refused.set(errno, (this.refused.get(errno) ?? 0) + 1);
      if (isCommitting && errno === 0) this.#unknown += 1;
      await sleep(50);
      return connection.rollback().then(
        () => true,
        () => false,
      );
    }
  }
}
