/** What a seed does on a real server when what it has read is no beginning of the table any more, or the table is no more its own. */
import type { Row, SeedOrder } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { select, writer } from '../../../../libs/binlog/src/reading.fixture.js';
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
  db = `anew${++databases}`;
  await connection.query(`CREATE DATABASE ${db} CHARACTER SET utf8mb4; USE ${db}; ${definition}`);
  capture = new MemoryCapture(server, [{ schema: db, table: '*' }] as never, 300 + databases);
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

async function expectValues(of: SeedOrder): Promise<void> {
  const values = (rows: readonly Readonly<Record<string, unknown>>[]): readonly number[] =>
    rows.map((row) => Number(row['v'])).toSorted((a, b) => a - b);
  const there = new Set(values(await rowsThere(of)));
  const here = values(await select(connection, `SELECT v FROM ${db}.t`));
  expect(here.filter((value) => !there.has(value))).toEqual([]);
}

const letters = `SELECT n, CONCAT(IF(n % 2, 'k', 'K'), LPAD(n, 4, '0')) AS name FROM (${thousand}) AS s`;
const changes = [
  ['another collation of its text', 'ALTER TABLE t MODIFY name VARCHAR(20) COLLATE utf8mb4_bin'],
  ['another order of its columns', 'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (back, name)'],
  ['another column', 'ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (v)'],
  ['another name of its column', 'ALTER TABLE t RENAME COLUMN name TO title'],
] as const;

it.each(changes)('loses no row of a table whose key gets %s', async (_, statement) => {
  await open(
    `CREATE TABLE t (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, v INT, back INT, PRIMARY KEY (name, back)); INSERT INTO t SELECT name, n, -n FROM (${letters}) AS l`,
  );
  capture.start();
  const one = order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(5), { timeout: 20_000, interval: 5 });
  await connection.query(statement);
  await seeded(one);
  await expectValues(one);
});

it('loses no row of a table whose key is changed while its order is paused, and capture away', async () => {
  await open(
    `CREATE TABLE t (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, v INT); INSERT INTO t SELECT name, n FROM (${letters}) AS l`,
  );
  capture.start();
  const one = order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(5), { timeout: 20_000, interval: 5 });
  capture.order = { ...one, state: 'paused' };
  await vi.waitFor(() => expect(capture.seeds[0]?.state).toBe('paused'), { timeout: 20_000, interval: 20 });
  await capture.kill();
  await connection.query('ALTER TABLE t MODIFY name VARCHAR(20) COLLATE utf8mb4_bin');
  capture.start();
  capture.order = one;
  await seeded(one);
  await expectValues(one);
});

it('loses no row that is moved unseen while the order is paused, when capture began anew meanwhile', async () => {
  await open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s`);
  capture.start();
  const one = order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(2), { timeout: 20_000, interval: 5 });
  capture.order = { ...one, state: 'paused' };
  await vi.waitFor(() => expect(capture.seeds[0]?.state).toBe('paused'), { timeout: 20_000, interval: 20 });
  await capture.kill();
  capture.seeds = [];
  capture.start();
  await vi.waitFor(() => expect(capture.seeds[0]?.state).toBe('paused'), { timeout: 20_000, interval: 20 });
  await connection.query(
    `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${db}.t SET id = -id WHERE id > 900; COMMIT; INSERT INTO ${db}.t VALUES (5000, 5000)`,
  );
  await vi.waitFor(async () => expect((await capture.entries()).some(({ kind }) => kind === 'change')).toBe(true), { timeout: 20_000 });
  capture.order = one;
  await seeded(one);
  await expectValues(one);
});

it('reads a table anew of which too many rows were moved unseen', async () => {
  const many = `SELECT s.n * 10 + d.n AS n FROM (${thousand}) AS s, ${digits('d')}`;
  await open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${many}) AS m`);
  capture.start();
  const one = order({ chunkRows: 50, rowsPerSecond: 4_000 });
  await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(5), { timeout: 20_000, interval: 5 });
  await connection.query(`BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${db}.t SET id = -id WHERE id > 3000; COMMIT`);
  await seeded(one);
  await expectValues(one);
  expect(capture.seeds[0]).toMatchObject({ tablesDone: 1, refused: [] });
});

it('sends a table that is suspended at the target once more when it is back, and one that has left the pipeline never', async () => {
  await open(
    `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s; CREATE TABLE u (id INT PRIMARY KEY)`,
  );
  capture.suspended = [`${db}.t`];
  capture.start();
  const one = order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(() => expect(capture.seeds[0]?.waitingFor).toContain(`${db}.t is suspended`), { timeout: 20_000, interval: 20 });
  expect(await chunksOf()).toBe(0);
  capture.suspended = [];
  await vi.waitFor(async () => expect(await chunksOf()).toBeGreaterThan(3), { timeout: 20_000, interval: 5 });
  capture.carry([{ schema: db, table: 'u' }] as never);
  await seeded(one);
  expect(capture.seeds[0]).toMatchObject({ tablesDone: 1, refused: [{ table: 't', code: 'SEED_REFUSED' }] });
  const told = (await capture.entries()).flatMap((entry) =>
    entry.kind === 'seed' && entry.record.table === 't' ? [entry.record.phase] : [],
  );
  expect(told.at(-1)).toBe('cancel');
  expect(await chunksOf()).toBeLessThan(50);
});

it('ends a table that left the pipeline, or is gone, while capture was away', async () => {
  await open(
    `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s; CREATE TABLE u (id INT PRIMARY KEY); CREATE TABLE w LIKE t; INSERT INTO w SELECT * FROM t`,
  );
  capture.start();
  const one = order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(Math.min(await chunksOf('t'), await chunksOf('w'))).toBeGreaterThan(1), {
    timeout: 20_000,
    interval: 5,
  });
  await capture.kill();
  capture.seeds = [];
  await connection.query(`DROP TABLE ${db}.w`);
  capture.carry(['u', 'w'].map((table) => ({ schema: db, table })));
  capture.start();
  await seeded(one);
  const phases = async (table: string): Promise<readonly string[]> =>
    (await capture.entries()).flatMap((entry) => (entry.kind === 'seed' && entry.record.table === table ? [entry.record.phase] : []));
  await vi.waitFor(
    async () =>
      expect([await phases('t'), await phases('u'), await phases('w')].map((of) => of.at(-1))).toEqual(['cancel', 'end', 'cancel']),
    { timeout: 20_000, interval: 50 },
  );
});
