/** What a seed does with one table on a real server: rows that move, tables that come later, parts. */
import type { Row, SeedOrder } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { select, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { prepareEndpoint } from '../../../../test/harness/index.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import { MemoryCapture, orderOf } from './memory-capture.fixture.js';
import { applied, digits } from './seeding.fixture.js';

const server = mysqlServer({ version: '9.7', serverId: 1 });
let connection: Connection;
let capture: MemoryCapture;
let databases = 0;
let db = '';

beforeAll(async () => {
  await server.start();
  await prepareEndpoint(server);
  connection = await writer(server);
});
afterAll(async () => {
  connection?.destroy();
  await server.stop();
});
afterEach(async () => {
  await capture.kill();
  expect(capture.failure).toBeNull();
});

async function open(definition: string): Promise<void> {
  db = `tables${++databases}`;
  await connection.query(`CREATE DATABASE ${db} CHARACTER SET utf8mb4; USE ${db}; ${definition}`);
  capture = new MemoryCapture(server, [{ schema: db, table: '*' }] as never, 200 + databases);
}

const thousand = `SELECT a.n * 100 + b.n * 10 + c.n AS n FROM ${digits('a')}, ${digits('b')}, ${digits('c')}`;

function order(part: Partial<SeedOrder>): SeedOrder {
  const made = orderOf({ tables: [`${db}.*`], ...part });
  capture.order = made;
  return made;
}

async function seeded({ id }: SeedOrder): Promise<void> {
  const state = (): string | undefined => capture.seeds.find(({ request }) => request === id)?.state;
  await vi.waitFor(() => expect(state(), JSON.stringify(capture.warnings)).toBe('done'), { timeout: 60_000, interval: 20 });
}

async function rowsThere(of: SeedOrder, table = 't'): Promise<readonly Row[]> {
  return [
    ...(applied(await capture.entries(), of, { strict: false })
      .get(`${db}.${table}`)
      ?.values() ?? []),
  ];
}

async function chunksOf(table = 't'): Promise<number> {
  return (await capture.entries()).filter((entry) => entry.kind === 'chunk' && entry.chunk.table === table).length;
}

it('brings rows that transactions which are in no log move behind what was read', async () => {
  await open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s`);
  capture.start();
  const one = order({ chunkRows: 20, rowsPerSecond: 1_000 });
  await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(2), { timeout: 20_000, interval: 5 });
  for (let id = 999; id > 300; id -= 7)
    await connection.query(
      `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${db}.t SET id = -${id} WHERE id = ${id}; UPDATE ${db}.t SET id = -${id} - 5000 WHERE id = -${id}; COMMIT`,
    );
  await seeded(one);
  const values = (rows: readonly Readonly<Record<string, unknown>>[]): readonly number[] =>
    rows.map((row) => Number(row['v'])).toSorted((a, b) => a - b);
  const there = new Set(values(await rowsThere(one)));
  const here = values(await select(connection, `SELECT v FROM ${db}.t`));
  expect(here.filter((value) => !there.has(value))).toEqual([]);
});

it('seeds no table that came when the others had begun, and tells which of the first ones cannot be read', async () => {
  await open('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3); CREATE TABLE nokey (id INT)');
  capture.start();
  const one = order({});
  await seeded(one);
  await capture.kill();
  await connection.query(`CREATE TABLE ${db}.later (id INT PRIMARY KEY); INSERT INTO ${db}.later VALUES (1)`);
  capture.seeds = [];
  capture.start();
  await seeded(one);
  expect(capture.seeds[0]).toMatchObject({ tables: 2, tablesDone: 1, refused: [{ table: 'nokey' }] });
  const begun = (await capture.entries()).flatMap((entry) => (entry.kind === 'seed' ? [entry.record.table] : []));
  expect(begun).not.toContain('later');
  // Another order means it.
  await seeded(order({}));
  expect(await rowsThere(capture.order as SeedOrder, 'later')).toEqual([{ id: 1 }]);
});

it('takes the list anew when it was killed before anything was ticked off', async () => {
  await open('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  capture.appliesUpTo = 0;
  capture.start();
  const one = order({});
  await vi.waitFor(async () => expect(await chunksOf()).toBe(1), { timeout: 20_000, interval: 5 });
  await capture.kill();
  await connection.query(`CREATE TABLE ${db}.u (id INT PRIMARY KEY)`);
  capture.appliesUpTo = Infinity;
  capture.start();
  await seeded(one);
  expect(await rowsThere(one)).toEqual([{ id: 1 }]);
});

it('begins when the target says that what comes first is done, though the capture of that is away', async () => {
  await open('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const first = orderOf({ id: 'first' });
  const counts = { inserted: 0, equal: 0, replaced: 0, kept: 0, yielded: 0, clashes: 0, endedAt: null };
  const table = { database: 'x', table: 'a', cursors: [null], ends: [null], whole: [true], ...counts };
  const said = (...states: readonly ('seeding' | 'done')[]) => states.map((state) => ({ ...table, state }));
  const uid = uidOf('ab.back');
  capture.other = { uid, order: first, progress: { request: 'first', tables: said('done', 'seeding'), at: 1 } };
  capture.start();
  const one = order({ after: [uid] });
  await vi.waitFor(() => expect(capture.seeds[0]?.waitingFor).toContain(uid), { timeout: 20_000, interval: 20 });
  expect(await chunksOf()).toBe(0);
  capture.other.progress = { request: 'first', tables: said('done', 'done'), at: 2 };
  await seeded(one);
});

it('reads a large table in parts, and each part goes on where it was when capture is killed', async () => {
  await open(`CREATE TABLE t (id BIGINT PRIMARY KEY, v INT); SET SESSION cte_max_recursion_depth = 1000000`);
  await connection.query(
    `INSERT INTO t WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 160000) SELECT n * 3, 0 FROM s`,
  );
  await connection.query('ANALYZE TABLE t');
  capture.start();
  const one = order({ chunkRows: 2_000 });
  const done = (): number => capture.seeds[0]?.tablesDone ?? 0;
  for (let kills = 0; kills < 2 && done() === 0; kills++) {
    const before = await chunksOf();
    await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(before + 12), { timeout: 30_000, interval: 10 });
    await capture.kill();
    await connection.query(
      `UPDATE t SET v = v + 1 WHERE id % 700 = ${kills}; DELETE FROM t WHERE id % 701 = ${kills}; INSERT INTO t VALUES (${kills * 240_000 + 1}, 5)`,
    );
    capture.start();
  }
  await seeded(one);
  const here = await select(connection, 'SELECT id, v FROM t ORDER BY id');
  await vi.waitFor(
    async () => {
      const there = (await rowsThere(one)).toSorted((a, b) => Number(a['id']) - Number(b['id']));
      expect(there.map(({ id, v }) => [Number(id), Number(v)])).toEqual(here.map(({ id, v }) => [Number(id), Number(v)]));
    },
    { timeout: 20_000, interval: 500 },
  );
  const chunks = (await capture.entries()).flatMap((entry) => (entry.kind === 'chunk' ? [entry] : []));
  expect(new Set(chunks.map(({ chunk }) => chunk.part?.part))).toEqual(new Set([0, 1, 2]));
  expect(chunks.reduce((sum, { rows }) => sum + rows.length, 0)).toBeLessThan(230_000); // not from the beginning
});
