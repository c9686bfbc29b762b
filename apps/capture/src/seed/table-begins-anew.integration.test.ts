/** What a seed does on a real server when what it has read is no beginning of the table any more, or the table is no more its own. */
import type { SeedOrder } from '@lutra/model';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { select } from '../../../../libs/binlog/src/reading.fixture.js';
import { digits } from './seeding.fixture.js';
import { TableRoom, thousand } from './table-room.fixture.js';

const room = new TableRoom('anew', 300);
beforeAll(() => room.start());
afterAll(() => room.stop());
afterEach(() => room.kill());

async function expectValues(of: SeedOrder): Promise<void> {
  const values = (rows: readonly Readonly<Record<string, unknown>>[]): readonly number[] =>
    rows.map((row) => Number(row['v'])).toSorted((a, b) => a - b);
  const there = new Set(values(await room.rowsThere(of)));
  const here = values(await select(room.connection, `SELECT v FROM ${room.db}.t`));
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
  await room.open(
    `CREATE TABLE t (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci, v INT, back INT, PRIMARY KEY (name, back)); INSERT INTO t SELECT name, n, -n FROM (${letters}) AS l`,
  );
  room.capture.start();
  const one = room.order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(5), { timeout: 20_000, interval: 5 });
  await room.connection.query(statement);
  await room.seeded(one);
  await expectValues(one);
});

it('loses no row of a table whose key is changed while its order is paused, and capture away', async () => {
  await room.open(
    `CREATE TABLE t (name VARCHAR(20) COLLATE utf8mb4_0900_ai_ci PRIMARY KEY, v INT); INSERT INTO t SELECT name, n FROM (${letters}) AS l`,
  );
  room.capture.start();
  const one = room.order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(5), { timeout: 20_000, interval: 5 });
  room.capture.order = { ...one, state: 'paused' };
  await vi.waitFor(() => expect(room.capture.seeds[0]?.state).toBe('paused'), { timeout: 20_000, interval: 20 });
  await room.capture.kill();
  await room.connection.query('ALTER TABLE t MODIFY name VARCHAR(20) COLLATE utf8mb4_bin');
  room.capture.start();
  room.capture.order = one;
  await room.seeded(one);
  await expectValues(one);
});

it('loses no row that is moved unseen while the order is paused, when capture began anew meanwhile', async () => {
  await room.open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s`);
  room.capture.start();
  const one = room.order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(2), { timeout: 20_000, interval: 5 });
  room.capture.order = { ...one, state: 'paused' };
  await vi.waitFor(() => expect(room.capture.seeds[0]?.state).toBe('paused'), { timeout: 20_000, interval: 20 });
  await room.capture.kill();
  room.capture.seeds = [];
  room.capture.start();
  await vi.waitFor(() => expect(room.capture.seeds[0]?.state).toBe('paused'), { timeout: 20_000, interval: 20 });
  await room.connection.query(
    `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${room.db}.t SET id = -id WHERE id > 900; COMMIT; INSERT INTO ${room.db}.t VALUES (5000, 5000)`,
  );
  await vi.waitFor(async () => expect((await room.capture.entries()).some(({ kind }) => kind === 'change')).toBe(true), {
    timeout: 20_000,
  });
  room.capture.order = one;
  await room.seeded(one);
  await expectValues(one);
});

it('reads a table anew of which too many rows were moved unseen', async () => {
  const many = `SELECT s.n * 10 + d.n AS n FROM (${thousand}) AS s, ${digits('d')}`;
  await room.open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${many}) AS m`);
  room.capture.start();
  const one = room.order({ chunkRows: 50, rowsPerSecond: 4_000 });
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(5), { timeout: 20_000, interval: 5 });
  await room.connection.query(
    `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${room.db}.t SET id = -id WHERE id > 3000; COMMIT`,
  );
  await room.seeded(one);
  await expectValues(one);
  expect(room.capture.seeds[0]).toMatchObject({ tablesDone: 1, refused: [] });
});

it('sends a table that is suspended at the target once more when it is back, and one that has left the pipeline never', async () => {
  await room.open(
    `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s; CREATE TABLE u (id INT PRIMARY KEY)`,
  );
  room.capture.suspended = [`${room.db}.t`];
  room.capture.start();
  const one = room.order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(() => expect(room.capture.seeds[0]?.waitingFor).toContain(`${room.db}.t is suspended`), {
    timeout: 20_000,
    interval: 20,
  });
  expect(await room.chunksOf()).toBe(0);
  room.capture.suspended = [];
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(3), { timeout: 20_000, interval: 5 });
  room.capture.carry([{ schema: room.db, table: 'u' }] as never);
  await room.seeded(one);
  expect(room.capture.seeds[0]).toMatchObject({ tablesDone: 1, refused: [{ table: 't', code: 'SEED_REFUSED' }] });
  const told = (await room.capture.entries()).flatMap((entry) =>
    entry.kind === 'seed' && entry.record.table === 't' ? [entry.record.phase] : [],
  );
  expect(told.at(-1)).toBe('cancel');
  expect(await room.chunksOf()).toBeLessThan(50);
});

it('ends a table that left the pipeline, or is gone, while capture was away', async () => {
  await room.open(
    `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s; CREATE TABLE u (id INT PRIMARY KEY); CREATE TABLE w LIKE t; INSERT INTO w SELECT * FROM t`,
  );
  room.capture.start();
  const one = room.order({ chunkRows: 20, rowsPerSecond: 300 });
  await vi.waitFor(async () => expect(Math.min(await room.chunksOf('t'), await room.chunksOf('w'))).toBeGreaterThan(1), {
    timeout: 20_000,
    interval: 5,
  });
  await room.capture.kill();
  room.capture.seeds = [];
  await room.connection.query(`DROP TABLE ${room.db}.w`);
  room.capture.carry(['u', 'w'].map((table) => ({ schema: room.db, table })));
  room.capture.start();
  await room.seeded(one);
  const phases = async (table: string): Promise<readonly string[]> =>
    (await room.capture.entries()).flatMap((entry) => (entry.kind === 'seed' && entry.record.table === table ? [entry.record.phase] : []));
  await vi.waitFor(
    async () =>
      expect([await phases('t'), await phases('u'), await phases('w')].map((of) => of.at(-1))).toEqual(['cancel', 'end', 'cancel']),
    { timeout: 20_000, interval: 50 },
  );
});
