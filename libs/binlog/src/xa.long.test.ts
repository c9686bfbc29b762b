/**
 * Random XA transactions, many prepared at once, and a reader that begins anew at random: what it gives out makes the rows that the server
 * has.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { Random } from '../../../test/harness/random.js';
import { readBinlog } from './index.js';
import type { BinlogOptions } from './index.js';
import { readerOptions, select, stateOf, writer } from './reading.fixture.js';

const seed = Number(process.env['LUTRA_SEED'] ?? Date.now() % 1_000_000);
const steps = 400;
const keys = 30;
const mostPrepared = 5;
const unknownXid = 1397;

/** Which keys it has locked, by its number. */
type Prepared = Map<number, readonly number[]>;

class Writer {
  readonly #connection: () => Promise<Connection>;
  readonly #random: Random;
  readonly #prepared: Prepared = new Map();

  constructor(connection: () => Promise<Connection>, random: Random) {
    this.#connection = connection;
    this.#random = random;
  }

  async step(): Promise<void> {
    const random = this.#random;
    if (random.chance(0.02)) return this.#run('FLUSH BINARY LOGS');
    if (this.#prepared.size > 0 && random.chance(0.3)) return this.decide(random.pick([...this.#prepared.keys()]));
    const free = Array.from({ length: keys }, (_, key) => key).filter((key) => ![...this.#prepared.values()].flat().includes(key));
    const mine = free.filter(() => random.chance(0.15));
    if (mine.length === 0) return;
    const changes = mine.map((key) => this.#change(key)).join('; ');
    if (random.chance(0.3)) return this.#run(`BEGIN; ${changes}; COMMIT`);
    const xid = Array.from({ length: mostPrepared }, (_, i) => i).find((i) => !this.#prepared.has(i));
    if (xid === undefined) return;
    const head = `XA START 'x${xid}'; ${changes}; XA END 'x${xid}'`;
    if (random.chance(0.2)) return this.#run(`${head}; XA COMMIT 'x${xid}' ONE PHASE`);
    await this.#run(`${head}; XA PREPARE 'x${xid}'`);
    this.#prepared.set(xid, mine);
  }

  async decide(xid: number): Promise<void> {
    await this.#run(`XA ${this.#random.chance(0.7) ? 'COMMIT' : 'ROLLBACK'} 'x${xid}'`);
    this.#prepared.delete(xid);
  }

  async end(): Promise<void> {
    for (const xid of this.#prepared.keys()) await this.decide(xid);
  }

  #change(key: number): string {
    const value = this.#random.chance(0.05) ? "REPEAT('y', 900000)" : `'${this.#random.pick(['a', 'b', 'c'])}${key}'`;
    return this.#random.pick([
      `REPLACE INTO random.t VALUES (${key}, ${value}, RAND())`,
      `UPDATE random.t SET v = ${value}, n = RAND() WHERE id = ${key}`,
      `DELETE FROM random.t WHERE id = ${key}`,
    ]);
  }

  /** What was prepared is decided by another session: its own has gone by then. */
  async #run(sql: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      const session = await this.#connection();
      try {
        await session.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
        await session.query(sql);
        return;
      } catch (error) {
        // its session has not quite gone yet; or, on MariaDB, it had changed nothing and is gone with it
        if ((error as { errno?: number }).errno === unknownXid && tries > 50) return;
        if (!/^XA (COMMIT|ROLLBACK)/.test(sql) || tries > 500) throw error;
      } finally {
        await session.end();
      }
    }
  }
}

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('%s', (version) => {
  const server = mysqlServer({ version, serverId: 1, extra: ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0'] });
  beforeAll(() => server.start());
  afterAll(() => server.stop());

  it('gives out what the server has, wherever the reader begins anew', { timeout: 300_000 }, async () => {
    const random = new Random(seed);
    const admin = await writer(server);
    await admin.query('CREATE DATABASE random; CREATE TABLE random.t (id INT PRIMARY KEY, v MEDIUMTEXT, n DOUBLE)');
    const { executed } = await stateOf(server);
    const source = new Writer(() => writer(server), random);
    for (let i = 0; i < steps; i++) await source.step();
    await source.end();
    const end = await stateOf(server);
    const rows = new Map<unknown, string>();
    let start: BinlogOptions['start'] = { gtidSet: executed! };
    let restarts = 0;
    for (let isDone = false; !isDone; restarts += 1) {
      for await (const item of readBinlog(readerOptions(server, { start }))) {
        if (item.kind === 'rows') {
          for (const { before, after } of item.rows) {
            if (before) rows.delete(before['id']);
            if (after) rows.set(after['id'], `${String(after['v'])} ${Number(after['n'])}`);
          }
        }
        if (!('end' in item)) continue;
        isDone = item.end.file === end.file && item.end.pos >= end.pos;
        if (item.end.gtidSet !== null) start = { gtidSet: item.end.gtidSet };
        if (isDone || random.chance(0.05)) break;
      }
    }
    const stored = await select(admin, 'SELECT * FROM random.t ORDER BY id');
    await admin.end();
    console.log(`seed ${seed}: ${restarts} restarts`);
    expect({ seed, rows: [...rows].sort(([a], [b]) => Number(a) - Number(b)) }).toEqual({
      seed,
      rows: stored.map(({ id, v, n }) => [Number(id), `${String(v)} ${Number(n)}`]),
    });
  });
});
