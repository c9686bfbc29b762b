/** What a seed does with one table on a real server: rows that move, tables that come later, parts. */
import type { SeedOrder } from '@lutra/model';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { select } from '../../../../libs/binlog/src/reading.fixture.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { orderOf } from './memory-capture.fixture.js';
import { TableRoom, thousand } from './table-room.fixture.js';

const room = new TableRoom('tables', 200);
beforeAll(() => room.start());
afterAll(() => room.stop());
afterEach(() => room.kill());

it('brings rows that transactions which are in no log move behind what was read', async () => {
  await room.open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n, n FROM (${thousand}) AS s`);
  room.capture.start();
  const one = room.order({ chunkRows: 20, rowsPerSecond: 1_000 });
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(2), { timeout: 20_000, interval: 5 });
  for (let id = 999; id > 300; id -= 7)
    await room.connection.query(
      `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${room.db}.t SET id = -${id} WHERE id = ${id}; UPDATE ${room.db}.t SET id = -${id} - 5000 WHERE id = -${id}; COMMIT`,
    );
  await room.seeded(one);
  const values = (rows: readonly Readonly<Record<string, unknown>>[]): readonly number[] =>
    rows.map((row) => Number(row['v'])).toSorted((a, b) => a - b);
  const there = new Set(values(await room.rowsThere(one)));
  const here = values(await select(room.connection, `SELECT v FROM ${room.db}.t`));
  expect(here.filter((value) => !there.has(value))).toEqual([]);
});

it('sends no more ahead than the loader applies as long as somebody writes', async () => {
  await room.open(`CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t SELECT n FROM (${thousand}) AS s`);
  const { capture } = room;
  capture.saysUpTo = 0;
  capture.start();
  const published = (most: number) => vi.waitFor(() => expect(capture.published).toBeGreaterThan(most), { timeout: 20_000, interval: 20 });
  await published(2);
  await room.connection.query('INSERT INTO t VALUES (-1)');
  await published(3);
  // From then on the loader says which log it applies.
  expect(await room.chunksOf()).toBe(0);
  const one = room.order({ chunkRows: 20, parallel: 2 });
  const waitingFor = (): string | null | undefined => capture.seeds[0]?.waitingFor;
  await vi.waitFor(() => expect(waitingFor()).toMatch(/applies what was sent before/), { timeout: 20_000, interval: 20 });
  expect(await room.chunksOf()).toBeLessThan(5);
  capture.saysUpTo = Infinity;
  await room.seeded(one);
  expect(await room.rowsThere(one)).toHaveLength(1_001);
});

it('reads a table without a primary key by the unique key that stands for it, whatever is written meanwhile', async () => {
  await room.open('CREATE TABLE t (n INT NULL UNIQUE, u VARCHAR(20) NOT NULL, v INT NOT NULL, UNIQUE KEY `the key` (u, v))');
  await room.connection.query(`INSERT INTO t SELECT NULL, CONCAT('u', n), n FROM (${thousand}) AS s`);
  room.capture.start();
  const one = room.order({ chunkRows: 30, rowsPerSecond: 2_000 });
  await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(2), { timeout: 20_000, interval: 5 });
  for (let v = 3; v < 1_000; v += 9)
    await room.connection.query(
      `UPDATE t SET n = v WHERE v = ${v}; DELETE FROM t WHERE v = ${v + 1}; UPDATE t SET u = CONCAT('a', u) WHERE v = ${v + 2}; INSERT INTO t VALUES (NULL, 'zz', ${v})`,
    );
  await room.seeded(one);
  const there = async (): Promise<readonly string[]> =>
    (await room.rowsThere(one)).map(({ n, u, v }) => `${String(n)} ${String(u)} ${String(v)}`).toSorted();
  const here = (await select(room.connection, 'SELECT n, u, v FROM t')).map(({ n, u, v }) => `${String(n)} ${String(u)} ${String(v)}`);
  await vi.waitFor(async () => expect(await there()).toEqual(here.toSorted()), { timeout: 20_000, interval: 200 });
});

it('seeds no table that came when the others had begun, and tells which of the first ones cannot be read', async () => {
  await room.open('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3); CREATE TABLE nokey (id INT)');
  room.capture.start();
  const one = room.order({});
  await room.seeded(one);
  await room.capture.kill();
  await room.connection.query(`CREATE TABLE ${room.db}.later (id INT PRIMARY KEY); INSERT INTO ${room.db}.later VALUES (1)`);
  room.capture.seeds = [];
  room.capture.start();
  await room.seeded(one);
  expect(room.capture.seeds[0]).toMatchObject({ tables: 2, tablesDone: 1, refused: [{ table: 'nokey' }] });
  const begun = (await room.capture.entries()).flatMap((entry) => (entry.kind === 'seed' ? [entry.record.table] : []));
  expect(begun).not.toContain('later');
  // Another order means it.
  await room.seeded(room.order({}));
  expect(await room.rowsThere(room.capture.order as SeedOrder, 'later')).toEqual([{ id: 1 }]);
});

it('takes the list anew when it was killed before anything was ticked off', async () => {
  await room.open('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  room.capture.appliesUpTo = 0;
  room.capture.start();
  const one = room.order({});
  await vi.waitFor(async () => expect(await room.chunksOf()).toBe(1), { timeout: 20_000, interval: 5 });
  await room.capture.kill();
  await room.connection.query(`CREATE TABLE ${room.db}.u (id INT PRIMARY KEY)`);
  room.capture.appliesUpTo = Infinity;
  room.capture.start();
  await room.seeded(one);
  expect(await room.rowsThere(one)).toEqual([{ id: 1 }]);
});

it('begins when the target says that what comes first is done, though the capture of that is away', async () => {
  await room.open('CREATE TABLE t (id INT PRIMARY KEY); INSERT INTO t VALUES (1)');
  const first = orderOf({ id: 'first' });
  const counts = { inserted: 0, equal: 0, replaced: 0, kept: 0, yielded: 0, clashes: 0, endedAt: null };
  const table = { database: 'x', table: 'a', cursors: [null], ends: [null], whole: [true], ...counts };
  const said = (...states: readonly ('seeding' | 'done')[]) => states.map((state) => ({ ...table, state }));
  const uid = uidOf('ab.back');
  room.capture.other = { uid, order: first, progress: { request: 'first', tables: said('done', 'seeding'), at: 1 } };
  room.capture.start();
  const one = room.order({ after: [uid] });
  await vi.waitFor(() => expect(room.capture.seeds[0]?.waitingFor).toContain(uid), { timeout: 20_000, interval: 20 });
  expect(await room.chunksOf()).toBe(0);
  room.capture.other.progress = { request: 'first', tables: said('done', 'done'), at: 2 };
  await room.seeded(one);
});

it('reads a large table in parts, and each part goes on where it was when capture is killed', async () => {
  await room.open(`CREATE TABLE t (id BIGINT PRIMARY KEY, v INT); SET SESSION cte_max_recursion_depth = 1000000`);
  await room.connection.query(
    `INSERT INTO t WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 160000) SELECT n * 3, 0 FROM s`,
  );
  await room.connection.query('ANALYZE TABLE t');
  room.capture.start();
  const one = room.order({ chunkRows: 2_000 });
  const done = (): number => room.capture.seeds[0]?.tablesDone ?? 0;
  for (let kills = 0; kills < 2 && done() === 0; kills++) {
    const before = await room.chunksOf();
    await vi.waitFor(async () => expect(await room.chunksOf()).toBeGreaterThan(before + 12), { timeout: 30_000, interval: 10 });
    await room.capture.kill();
    await room.connection.query(
      `UPDATE t SET v = v + 1 WHERE id % 700 = ${kills}; DELETE FROM t WHERE id % 701 = ${kills}; INSERT INTO t VALUES (${kills * 240_000 + 1}, 5)`,
    );
    room.capture.start();
  }
  await room.seeded(one);
  const here = await select(room.connection, 'SELECT id, v FROM t ORDER BY id');
  await vi.waitFor(
    async () => {
      const there = (await room.rowsThere(one)).toSorted((a, b) => Number(a['id']) - Number(b['id']));
      expect(there.map(({ id, v }) => [Number(id), Number(v)])).toEqual(here.map(({ id, v }) => [Number(id), Number(v)]));
    },
    { timeout: 20_000, interval: 500 },
  );
  const chunks = (await room.capture.entries()).flatMap((entry) => (entry.kind === 'chunk' ? [entry] : []));
  expect(new Set(chunks.map(({ chunk }) => chunk.part?.part))).toEqual(new Set([0, 1, 2]));
  expect(chunks.reduce((sum, { rows }) => sum + rows.length, 0)).toBeLessThan(230_000); // not from the beginning
});
