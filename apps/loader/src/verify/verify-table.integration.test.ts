/**
 * The sieve, the second look and the questions on real servers: rows are damaged behind the binlog's back while writers run. A queue stands
 * in for capture, Kafka and loader; it answers probes in its order, as they do.
 */
import { createHash, randomUUID } from 'node:crypto';
import { rowFromJson, rowToJson } from '@lutra/model';
import type { Row } from '@lutra/model';
import { planDigest, rowsByKeyQuery, sameRowsBeside, Session, toRowBeside } from '@lutra/mysql';
import type { DigestPlan, DigestedSide, ResultRow } from '@lutra/mysql';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { removeDifferences, ServerProbes } from './probes.js';
import type { ProbeOutcome } from './probes.js';
import { ServerPair } from './table-pair.js';
import { verifyTable } from './verify-table.js';
import type { TableVerification } from './verify-table.js';

const between = async (): Promise<void> => undefined;
const { signal } = new AbortController();

/** What is on its way from the source to the target, in order. */
class Log {
  readonly #waiting: (() => Promise<void>)[] = [];
  #running = false;

  add(entry: () => Promise<void>): void {
    this.#waiting.push(entry);
  }

  /** Entries come late, as after a distance. */
  async run(ended: AbortSignal): Promise<void> {
    this.#running = true;
    while (!ended.aborted || this.#waiting.length > 0) {
      const entry = this.#waiting.shift();
      if (entry) await entry();
      else await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.#running = false;
  }

  /** Everything that is in it now has arrived. */
  async passed(): Promise<string | null> {
    if (!this.#running) return 'the log does not run';
    await new Promise<void>((resolve) => this.add(async () => resolve()));
    return null;
  }
}

/** Again and again, until it is ended. */
function everyTurn(work: () => Promise<void>): { end(): Promise<void> } {
  let isEnded = false;
  const done = (async () => {
    while (!isEnded) {
      await work();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    end: () => {
      isEnded = true;
      return done;
    },
  };
}

/** One statement after the other on a connection of its own, whoever asks. */
class Turns {
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly session: Session) {}

  query(sql: string): Promise<readonly ResultRow[]> {
    const next = this.#last.then(() => this.session.query(sql));
    this.#last = next.catch(() => undefined);
    return next;
  }
}

describe.each([
  ['8.0', '9.7'],
  ['9.7', 'mariadb-11.4'],
] as const)('%s and %s', (from, to) => {
  let servers: readonly [TestServer, TestServer];
  let sessions: readonly [Session, Session];
  let turns: readonly [Turns, Turns];
  let database: string;

  beforeAll(async () => {
    servers = [await TestServer.shared(from), await TestServer.shared(to)];
    sessions = [await Session.open(servers[0].options, 'source'), await Session.open(servers[1].options, 'target')];
    turns = [new Turns(await Session.open(servers[0].options, 'source')), new Turns(await Session.open(servers[1].options, 'target'))];
  });
  afterAll(async () => {
    for (const session of [...sessions, ...turns.map((each) => each.session)]) await session.close();
    for (const server of servers) await server.stop();
  });
  beforeEach(async () => {
    database = `v${randomUUID().slice(0, 8)}`;
    for (const each of turns) await each.query(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`);
  });

  const both = async (sql: string): Promise<void> => void (await Promise.all(turns.map((each) => each.query(sql))));
  const damage = async (server: TestServer, sql: string): Promise<void> => server.alone(`SET sql_log_bin = 0; ${sql}; SET sql_log_bin = 1`);

  async function planOf(table: string): Promise<DigestPlan> {
    const [source, target] = [await servers[0].load(database, table), await servers[1].load(database, table)];
    const plan = await planDigest(sessions[0], { from: source.target, to: target.target });
    if (typeof plan === 'string') throw new Error(plan);
    return plan;
  }

  /** As a loader does: the source's row of the probe's place against the target's of now. */
  async function answer(plan: DigestPlan, key: Row, there: Row | undefined): Promise<ProbeOutcome> {
    const here = await rowOf(plan, 'target', key);
    if (!there || !here) return there ? 'missing-here' : here ? 'missing-there' : 'equal';
    return (await sameRowsBeside(plan.target.rows, there, here)) ? 'equal' : 'different';
  }

  async function rowOf(plan: DigestPlan, side: DigestedSide, key: Row): Promise<Row | undefined> {
    const [row] = await turns[side === 'source' ? 0 : 1].query(rowsByKeyQuery(plan[side], [key]));
    return row && (await toRowBeside(plan[side].rows, row));
  }

  /** Takes the entries of lutra.resync, reads the rows, and answers where they pass in the log. */
  async function answerProbes(plan: DigestPlan, log: Log): Promise<void> {
    const entries = await turns[0].query(`SELECT id, row_key AS k, request FROM lutra.resync WHERE schema_name = '${database}'`);
    for (const { id, k, request } of entries) {
      const key = rowFromJson(String(k));
      await turns[0].query(`DELETE FROM lutra.resync WHERE id = ${String(id)}`);
      // Publishing is one at a time: no write of the source stands between the read and its place.
      const there = await rowOf(plan, 'source', key);
      log.add(async () => {
        const outcome = await answer(plan, key, there);
        const hash = `X'${createHash('sha256').update(rowToJson(key)).digest('hex')}'`;
        await turns[1].query(
          `UPDATE lutra.difference SET outcome = '${outcome}', log_id = 'l', seq = 1 WHERE request = '${String(request)}' AND key_hash = ${hash}`,
        );
      });
    }
  }

  const verification = (plan: DigestPlan, request: string, log: Log): TableVerification => {
    const [source, target] = sessions;
    const of = { pipeline: 'abcdefghijkl', request, table: { database, name: 't' } };
    return {
      pair: new ServerPair({ plan, source, target, where: null }),
      crossed: () => log.passed(),
      probes: new ServerProbes(of, { source, target }),
      sieve: { rangeRows: 500, between },
      probing: { signal, pollMs: 20 },
      mayBeExtra: false,
    };
  };

  test('damaged rows are found while writers run, and no row in flight is reported', async () => {
    await both(`CREATE TABLE ${database}.t (id INT PRIMARY KEY, v VARCHAR(40) NOT NULL, d DECIMAL(12,4), f FLOAT)`);
    const count = 4_000;
    const values = Array.from({ length: count }, (_, id) => `(${id}, 'row ${id}', ${id}.5, ${id} / 3e0)`).join(', ');
    await both(`INSERT INTO ${database}.t VALUES ${values}`);
    const log = new Log();
    const ended = new AbortController();
    const running = log.run(ended.signal);
    let n = 0;
    // Rows of even numbers are written; those of odd ones are damaged.
    let gate = Promise.resolve();
    const inTurn = async (work: () => Promise<void>): Promise<void> => {
      const mine = gate.then(work);
      gate = mine.catch(() => undefined);
      await mine;
    };
    const writer = (async () => {
      const write = (sql: string): Promise<void> =>
        inTurn(async () => {
          await turns[0].query(sql);
          log.add(async () => void (await turns[1].query(sql)));
        });
      while (!ended.signal.aborted) {
        const id = 2 * Math.floor(Math.random() * (count / 2));
        const which = n++ % 4;
        if (which === 0) await write(`DELETE FROM ${database}.t WHERE id = ${id}`);
        else if (which === 1) await write(`REPLACE INTO ${database}.t VALUES (${id}, 'again ${n}', ${n}.25, ${n} / 7e0)`);
        else await write(`UPDATE ${database}.t SET v = 'now ${n % 3}', f = ${n} / 9e0 WHERE id = ${id}`);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    await damage(servers[1], `DELETE FROM ${database}.t WHERE id IN (101, 1103, 3999)`);
    await damage(servers[0], `DELETE FROM ${database}.t WHERE id IN (7, 2001)`);
    await damage(servers[1], `UPDATE ${database}.t SET f = f * (1 + 2e-7) + 1e-6 WHERE id IN (5, 3333)`);
    await damage(servers[1], `UPDATE ${database}.t SET d = d + 0.0001 WHERE id = 1501`);
    await damage(servers[1], `INSERT INTO ${database}.t VALUES (100001, 'only here', NULL, NULL)`);
    const plan = await planOf('t');
    const request = randomUUID();
    const probing = everyTurn(() => inTurn(() => answerProbes(plan, log)));
    try {
      const result = await verifyTable(verification(plan, request, log));
      expect(n).toBeGreaterThan(20);
      expect(result).toMatchObject({ verdict: 'different', missingHere: 3, missingThere: 3, different: 3, extra: 0, ranges: 0, notes: [] });
      const rows = await turns[1].query(`SELECT row_key AS k, outcome FROM lutra.difference WHERE request = '${request}'`);
      const found = rows.map(({ k, outcome }) => `${String(rowFromJson(String(k))['id'])} ${String(outcome)}`).toSorted();
      expect(found).toEqual(
        [
          '101 missing-here',
          '1103 missing-here',
          '3999 missing-here',
          '7 missing-there',
          '2001 missing-there',
          '100001 missing-there',
          '5 different',
          '3333 different',
          '1501 different',
        ].toSorted(),
      );
      await damage(servers[1], `DELETE FROM ${database}.t WHERE id IN (7, 2001, 100001, 5, 3333, 1501)`);
      await damage(servers[0], `DELETE FROM ${database}.t WHERE id IN (101, 1103, 3999, 5, 3333, 1501)`);
      expect(await verifyTable(verification(plan, request, log))).toMatchObject({ verdict: 'equal', notes: [] });
      expect(await turns[1].query(`SELECT 1 FROM lutra.difference WHERE request = '${request}'`)).toEqual([]);
    } finally {
      ended.abort();
      await writer;
      await probing.end();
      await running;
    }
  });

  test('a document or a key that is written otherwise and is the same value is equal; a key that differs in case is one row', async () => {
    const isText = to === 'mariadb-11.4';
    await turns[0].query(`CREATE TABLE ${database}.t (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, j JSON)`);
    await turns[1].query(
      `CREATE TABLE ${database}.t (k VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, j ${isText ? 'LONGTEXT CHARACTER SET utf8mb4' : 'JSON'})`,
    );
    await turns[0].query(`INSERT INTO ${database}.t VALUES ('a', JSON_ARRAY(1.10)), ('b', '{"x": 1}')`);
    await turns[1].query(`INSERT INTO ${database}.t VALUES ('a', '[1.1]'), ('B', '{"x": 1}')`);
    const plan = await planOf('t');
    const log = new Log();
    const ended = new AbortController();
    const running = log.run(ended.signal);
    const request = randomUUID();
    const probing = everyTurn(() => answerProbes(plan, log));
    try {
      const result = await verifyTable(verification(plan, request, log));
      expect(result).toMatchObject({ verdict: 'different', different: 1, missingHere: 0, missingThere: 0 });
      const rows = await turns[1].query(`SELECT row_key AS k FROM lutra.difference WHERE request = '${request}'`);
      expect(rows.map(({ k }) => String(k))).toEqual(['{"k":"b"}']);
    } finally {
      ended.abort();
      await probing.end();
      await running;
    }
  });

  test('without answers, or where nothing arrives, it says so and reports no row', async () => {
    await both(`CREATE TABLE ${database}.t (id INT PRIMARY KEY)`);
    await turns[0].query(`INSERT INTO ${database}.t VALUES (1), (2)`);
    const plan = await planOf('t');
    const request = randomUUID();
    const of = verification(plan, request, new Log());
    expect(await verifyTable(of)).toMatchObject({
      verdict: 'unsettled',
      notes: ['2 rows differ, and the log does not run'],
      missingHere: 0,
    });
    const arrived = { ...of, crossed: async () => null, probing: { signal, pollMs: 5, patienceMs: 50 } };
    expect(await verifyTable(arrived)).toMatchObject({ verdict: 'unsettled', notes: ['2 probes have no answer'], missingHere: 0 });
    await turns[0].query(`DELETE FROM lutra.resync WHERE schema_name = '${database}'`);
    const refusing = everyTurn(
      async () => void (await turns[0].query(`UPDATE lutra.resync SET problem = 'no such table' WHERE schema_name = '${database}'`)),
    );
    const refused = await verifyTable({ ...of, crossed: async () => null, probing: { signal, pollMs: 20 } });
    await refusing.end();
    expect(refused.notes).toEqual(['probes cannot be sent: no such table']);
    // Fixed meanwhile: the next pass of the same order is not told of it again.
    const next = { ...of, crossed: async () => null, probing: { signal, pollMs: 5, patienceMs: 50 } };
    expect((await verifyTable(next)).notes).toEqual(['2 probes have no answer']);
  });

  test('what an order found is removed, and nothing of others', async () => {
    const insert = (request: string, key: number): string =>
      `('uid', '${request}', 'd', 't', UNHEX(SHA2('${key}', 256)), '${key}', 'different', '', 1)`;
    const columns = 'pipeline, request, database_name, table_name, key_hash, row_key, outcome, log_id, seq';
    const [old, kept] = [randomUUID(), randomUUID()];
    const rows = [insert(old, 1), insert(old, 2), insert(kept, 1)].join(', ');
    await turns[1].query(`INSERT INTO lutra.difference (${columns}) VALUES ${rows}`);
    await removeDifferences(turns[1], { uid: 'uid', request: old });
    const left = await turns[1].query(`SELECT request FROM lutra.difference WHERE request IN ('${old}', '${kept}')`);
    expect(left.map(({ request }) => String(request))).toEqual([kept]);
  });
});
