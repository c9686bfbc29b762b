/**
 * A storm: schema changes one after another, writers beside them, and kills; then quiet, and what both sides and the log must be. What
 * became of a statement is known or, where its server died, not.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type Connection, type ConnectionOptions } from 'mysql2/promise';
import { type Log, Random } from '../harness/index.js';
import { type Change, type Deck, drawChange, readShape, type TableShape, type WalkOptions } from './walk.js';

export interface Counts {
  /** The server answered: they ran. */
  readonly ran: Record<string, number>;
  /** Statements that ran. */
  statements: number;
  /** The connection was lost: they ran or not. */
  unknown: number;
  refused: number;
}

interface ServerError extends Error {
  readonly errno?: number;
  readonly sqlState?: string;
}

/** A server that goes away says so in these numbers, too. */
const goingAway = new Set([1053, 1927, 3169]);

/** A connection that comes back. */
export class Client {
  readonly #options: ConnectionOptions;
  #connection: Connection | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** What became of the statement. lost: it was not sent; unknown: it was sent, and nobody answered. */
  async run(sql: string): Promise<'ran' | 'lost' | 'unknown' | { readonly message: string }> {
    let sent = false;
    try {
      const connection = await this.open();
      sent = true;
      await connection.query(sql);
      return 'ran';
    } catch (error) {
      const { errno, sqlState, message } = error as ServerError;
      if (errno !== undefined && sqlState !== undefined && !goingAway.has(errno)) return { message };
      this.close();
      await sleep(100);
      return sent ? 'unknown' : 'lost';
    }
  }

  async open(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const connection = await createConnection({ connectTimeout: 5_000, ...this.#options });
    connection.on('error', () => undefined); // the next statement meets it
    await connection.query('SET SESSION lock_wait_timeout = 5, innodb_lock_wait_timeout = 5');
    return (this.#connection = connection);
  }

  close(): void {
    this.#connection?.destroy();
    this.#connection = undefined;
  }
}

type Became = Awaited<ReturnType<Client['run']>>;

function isLost(became: Became): boolean {
  return became === 'lost' || became === 'unknown';
}

export interface StormOptions extends WalkOptions {
  readonly source: ConnectionOptions;
  readonly seed: number;
  readonly log: Log;
}

/** Ends with `stop`. */
export class Storm {
  readonly counts: Counts = { ran: {}, statements: 0, unknown: 0, refused: 0 };
  readonly #options: StormOptions;
  readonly #random: Random;
  readonly #work: Promise<void>[];
  readonly #deck: Deck = [];
  #goesOn = true;

  /** The databases are there. */
  constructor(options: StormOptions, writers = 2) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const writing = Array.from({ length: writers }, (_, i) => this.#write(new Random(options.seed * 8 + i + 1)));
    this.#work = [this.#change(), ...writing];
  }

  async stop(): Promise<void> {
    this.#goesOn = false;
    await Promise.all(this.#work);
  }

  async #change(): Promise<void> {
    const { source, database, log } = this.#options;
    const client = new Client({ ...source, database });
    while (this.#goesOn) {
      const tables = await this.#shape(client);
      if (!tables) continue;
      const change = drawChange(this.#random, tables, { ...this.#options, deck: this.#deck });
      await this.#carryOut(client, change, log);
      await sleep(this.#random.int(0, 150));
    }
    client.close();
  }

  async #carryOut(client: Client, { kind, sql }: Change, log: Log): Promise<void> {
    for (const statement of sql) {
      let became = await client.run(statement);
      // The first of several must not keep what the others would undo.
      while (isLost(became) && sql.length > 1) {
        this.#count(statement, became, kind);
        became = await client.run(statement);
      }
      this.#count(statement, became, kind);
      if (typeof became === 'object' && sql.length === 1) return log(`refused (${kind}): ${statement}: ${became.message}`);
    }
  }

  #count(statement: string, became: Became, kind: string): void {
    if (statement.startsWith('INSERT')) return;
    if (became === 'ran') {
      this.counts.statements += 1;
      this.counts.ran[kind] = (this.counts.ran[kind] ?? 0) + 1;
    } else if (became === 'unknown') this.counts.unknown += 1;
    else if (became !== 'lost') this.counts.refused += 1;
  }

  /** Rows come, change and go in all tables; a server may refuse any of it, since the tables change. */
  async #write(random: Random): Promise<void> {
    const { source, database } = this.#options;
    const client = new Client({ ...source, database });
    while (this.#goesOn) {
      const tables = await this.#shape(client);
      for (let i = 0; tables && tables.length > 0 && i < 20 && this.#goesOn; i += 1) {
        const statements = Array.from({ length: random.int(1, 3) }, () => drawRow(random, random.pick(tables)));
        const all = statements.length === 1 ? statements : ['BEGIN', ...statements, 'COMMIT'];
        for (const sql of all) if (isLost(await client.run(sql))) break;
        await sleep(random.int(0, 20));
      }
    }
    client.close();
  }

  async #shape(client: Client): Promise<readonly TableShape[] | undefined> {
    try {
      return await readShape(await client.open(), this.#options.database);
    } catch {
      client.close();
      await sleep(100); // the server is away
      return undefined;
    }
  }
}

/** Values that most types take. */
function drawRow(random: Random, { name, columns }: TableShape): string {
  const id = random.int(1, 280);
  const value = random.pick(['5', '7', "'7'", "'2020-02-02'", 'NULL', 'DEFAULT']);
  switch (random.int(0, 4)) {
    case 0:
      return `DELETE FROM ${name} WHERE id = ${id}`;
    case 1:
    case 2:
      return columns.length === 0
        ? `DELETE FROM ${name} WHERE id = ${id}`
        : `UPDATE ${name} SET ${random.pick(columns)} = ${value} WHERE id BETWEEN ${id} AND ${id + 3}`;
    default:
      return `INSERT INTO ${name} (id) VALUES (${id}), (${id + 1})`;
  }
}

export interface Victim {
  readonly name: string;
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/** kill -9 of one after another, each up again before the next, until the signal. @returns how often each was killed */
export async function kills(
  victims: readonly Victim[],
  { random, signal, log }: { random: Random; signal: AbortSignal; log: Log },
): Promise<number> {
  const pause = (least: number, most: number): Promise<unknown> =>
    sleep(random.int(least, most), undefined, { signal }).catch(() => undefined);
  let killed = 0;
  for (let left: Victim[] = []; ;) {
    await pause(500, 4_000);
    if (signal.aborted) return killed;
    if (left.length === 0) left = [...victims];
    const [victim] = left.splice(random.int(0, left.length - 1), 1);
    if (!victim) continue;
    log(`kill -9 of ${victim.name}`);
    await victim.kill();
    await pause(50, 1_500);
    await victim.restart();
    killed += 1;
  }
}
