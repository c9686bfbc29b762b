/**
 * Random small runs of a verification on two real servers: a table of a random shape, writes on their way, and some rows damaged behind
 * the binlog's back that nobody writes. What is found must be exactly the damaged rows.
 */
import { randomUUID } from 'node:crypto';
import { rowToJson } from '@lutra/model';
import type { TableName } from '@lutra/model';
import { Session } from '@lutra/mysql';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { Random } from '../../../../test/harness/random.js';
import type { MysqlVersion } from '../../../../test/servers/index.js';
import { digestPlanOf, everyTurn, Log, Prober, Turns, verificationOf } from './queue-log.fixture.js';
import type { Both } from './queue-log.fixture.js';
import type { TablePair } from './table-pair.js';
import { verifyTable } from './verify-table.js';

/** All but the number `n`; `v` is a version, of which a few make the same value. */
interface Shape {
  readonly ddl: string;
  readonly values: (n: number, v: number) => string;
}

const letters = ['a', 'Ä', 'b', 'ß', 'O'];
const shapes: readonly Shape[] = [
  {
    ddl: 'k INT, v VARCHAR(40) NULL, f FLOAT NULL, PRIMARY KEY (k)',
    values: (n, v) => `${n - 50}, ${v % 5 === 0 ? 'NULL' : `'${v % 3}'`}, ${n} / 7e0 + ${v % 2}`,
  },
  {
    ddl: 'k VARCHAR(20) COLLATE utf8mb4_general_ci, j JSON NULL, d DECIMAL(12,4) NULL, PRIMARY KEY (k)',
    values: (n, v) => `'${letters[n % 5]}${n}', '{"n": ${n}, "v": [${v % 2}, null]}', ${v % 4 === 0 ? 'NULL' : `${n}.${v % 2}`}`,
  },
  {
    ddl: "k ENUM('z','y','x'), l BINARY(3), b BLOB NULL, t DATETIME(3) NULL, PRIMARY KEY (k, l)",
    values: (n, v) =>
      `'${'zyx'[n % 3]}', X'${n.toString(16).padStart(6, '0')}', REPEAT(X'${v % 2 === 0 ? '00' : 'ff'}', ${1 + (n % 9)}), '2024-01-0${1 + (v % 3)} 00:00:00.125'`,
  },
];

export class MutationServers {
  private constructor(
    readonly servers: Both<TestServer>,
    readonly sessions: Both<Session>,
    readonly turns: Both<Turns>,
    readonly database: string,
  ) {}

  static async open([from, to]: Both<MysqlVersion>): Promise<MutationServers> {
    const servers = [await TestServer.shared(from), await TestServer.shared(to)] as const;
    const open = async (): Promise<Both<Session>> => [
      await Session.open(servers[0].options, 'source'),
      await Session.open(servers[1].options, 'target'),
    ];
    const [one, other] = await open();
    const database = `m${randomUUID().slice(0, 8)}`;
    for (const server of servers) await server.run(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
    return new MutationServers(servers, await open(), [new Turns(one), new Turns(other)], database);
  }

  async close(): Promise<void> {
    for (const server of this.servers) await server.run(`DROP DATABASE ${this.database}`);
    for (const session of [...this.sessions, ...this.turns.map((turns) => turns.session)]) await session.close();
    for (const server of this.servers) await server.stop();
  }
}

export interface MutationRun {
  /** `n outcome`, in order. */
  readonly damaged: readonly string[];
  readonly found: readonly string[];
  readonly verdict: string | null;
  readonly notes: readonly string[];
}

export async function mutationRun(at: MutationServers, seed: number): Promise<MutationRun> {
  const table = new MutatedTable(at, seed);
  await table.create();
  const log = new Log();
  const ended = new AbortController();
  const running = log.run(ended.signal);
  const plan = await digestPlanOf(at.servers, at.sessions, table.name);
  const [request, prober] = [randomUUID(), new Prober(at.turns, plan)];
  const writing = everyTurn(() => table.inTurn(() => table.write(log)), 1);
  const probing = everyTurn(() => table.inTurn(() => prober.answer(log, table.name)), 5);
  try {
    const damaged = await table.damage();
    const of = verificationOf(at.sessions, { plan, request, log, sieve: table.sieve, table: table.name });
    const { verdict, notes } = await verifyTable(of);
    const rows = await at.turns[1].query(`SELECT row_key AS k, outcome FROM lutra.difference WHERE request = '${request}'`);
    const numbers = await numbersOf(of.pair);
    const found = rows.map(({ k, outcome }) => `${numbers.get(String(k)) ?? `? ${String(k)}`} ${String(outcome)}`);
    return { damaged, found: found.toSorted(), verdict, notes };
  } finally {
    ended.abort();
    await Promise.all([writing.end(), probing.end()]);
    await running;
    await table.drop();
  }
}

/** Text of the key → number. Rows that nobody writes are on one side at least. */
async function numbersOf(pair: TablePair): Promise<ReadonlyMap<string, number>> {
  const all = { from: null, to: null };
  const rows = [...(await pair.rows('source', all, 10_000)), ...(await pair.rows('target', all, 10_000))];
  return new Map(rows.map((row) => [rowToJson(pair.keyOf(row)), Number(row['n'])]));
}

const damages = ['missing-here', 'missing-there', 'different', 'only here'] as const;

/** Its rows have the numbers from 1. Those of odd numbers are written, those of even ones are damaged. */
class MutatedTable {
  readonly name: TableName;
  readonly sieve;
  readonly #at: MutationServers;
  readonly #random: Random;
  readonly #shape: Shape;
  readonly #rows: number;
  #gate: Promise<unknown> = Promise.resolve();

  constructor(at: MutationServers, seed: number) {
    const random = new Random(seed);
    this.#at = at;
    this.#random = random;
    this.#shape = random.pick(shapes);
    this.#rows = random.int(20, 300);
    this.sieve = { rangeRows: random.int(5, 60), between: async (): Promise<void> => undefined };
    this.name = { database: at.database, name: `t${seed}` };
  }

  async create(): Promise<void> {
    const rows = Array.from({ length: this.#rows }, (_, i) => `(${i + 1}, ${this.#shape.values(i + 1, 0)})`).join(', ');
    for (const turns of this.#at.turns) {
      await turns.query(`CREATE TABLE ${this.#text} (n INT NOT NULL, ${this.#shape.ddl})`);
      await turns.query(`INSERT INTO ${this.#text} VALUES ${rows}`);
    }
  }

  async drop(): Promise<void> {
    for (const turns of this.#at.turns) await turns.query(`DROP TABLE ${this.#text}`);
  }

  /** A write and a probe of the source are one after the other, as they are in its log. */
  inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#gate.then(work);
    this.#gate = mine.catch(() => undefined); // its caller has it
    return mine;
  }

  async write(log: Log): Promise<void> {
    const n = 1 + 2 * this.#random.int(0, Math.floor((this.#rows - 1) / 2));
    const values = this.#shape.values(n, this.#random.int(0, 5));
    const sql = this.#random.chance(0.3)
      ? `DELETE FROM ${this.#text} WHERE n = ${n}`
      : `REPLACE INTO ${this.#text} VALUES (${n}, ${values})`;
    const delayMs = this.#random.chance(0.1) ? this.#random.int(1, 30) : 0;
    await this.#at.turns[0].query(sql);
    log.add(async () => {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      await this.#at.turns[1].query(sql);
    });
  }

  /** None in some runs. */
  async damage(): Promise<readonly string[]> {
    const done = new Map<number, string>();
    for (let left = this.#random.int(0, 6); left > 0; left--) {
      const how = this.#random.pick(damages);
      const n = 2 * this.#random.int(1, Math.floor(this.#rows / 2)) + (how === 'only here' ? 1_000 : 0);
      if (done.has(n)) continue;
      const values = `(${n}, ${this.#shape.values(n, 7)})`;
      const [source, target] = this.#at.servers;
      if (how === 'missing-here') await this.#behind(target, `DELETE FROM ${this.#text} WHERE n = ${n}`);
      else if (how === 'missing-there') await this.#behind(source, `DELETE FROM ${this.#text} WHERE n = ${n}`);
      else await this.#behind(this.#random.pick([source, target]), `REPLACE INTO ${this.#text} VALUES ${values}`);
      done.set(n, how);
    }
    const made = await this.#at.turns[0].query(`SELECT n FROM ${this.#text} WHERE n > 1000`);
    const atSource = new Set(made.map(({ n }) => Number(n)));
    const outcome = (n: number, how: string): string => (how === 'only here' ? (atSource.has(n) ? 'missing-here' : 'missing-there') : how);
    return [...done].map(([n, how]) => `${n} ${outcome(n, how)}`).toSorted();
  }

  get #text(): string {
    return `${this.name.database}.${this.name.name}`;
  }

  async #behind(server: TestServer, sql: string): Promise<void> {
    await server.alone(`SET sql_log_bin = 0; ${sql}; SET sql_log_bin = 1`);
  }
}
