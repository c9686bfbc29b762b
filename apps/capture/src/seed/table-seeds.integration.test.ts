/** What a seed does with one table on a real server: rows that move, tables that come later, parts. */
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
  const values = (rows: readonly Row[]): readonly number[] => rows.map((row) => Number(row['v'])).toSorted((a, b) => a - b);
  const there = new Set(values(await rowsThere(one)));
  const here = values((await select(connection, `SELECT v FROM ${db}.t`)) as unknown as readonly Row[]);
  expect(here.filter((value) => !there.has(value))).toEqual([]);
});
