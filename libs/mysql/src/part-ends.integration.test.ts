import type { Row } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planChunks } from './chunk-plan.js';
import type { ChunkPlan } from './chunk-plan.js';
import { rangeConditions } from './key-order.js';
import { TestServer, versions } from './mysql.fixture.js';
import { partEnds } from './part-ends.js';
import { Session } from './session.js';
import { loadTable } from './target-table.js';

const rows = 6_000;
const numbers = `WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < ${rows}) SELECT`;

describe.each(versions)('ends of parts on %s', (version) => {
  let server: TestServer;
  let session: Session;
  let db = '';
  beforeAll(async () => {
    server = await TestServer.shared(version);
    session = await Session.open(server.options, 'source');
    await session.query(version.startsWith('mariadb') ? 'SET max_recursive_iterations = 100000' : 'SET cte_max_recursion_depth = 100000');
    db = await server.database();
  });
  afterAll(async () => {
    await session?.close();
    await server.stop();
  });

  async function counts(plan: ChunkPlan, ends: readonly Row[]): Promise<readonly number[]> {
    const found: number[] = [];
    for (let i = 0; i <= ends.length; i++) {
      const where = rangeConditions(plan.key, { from: ends[i - 1] ?? null, to: ends[i] ?? null }).map((one) => `(${one})`);
      const [row] = await session.query(`SELECT COUNT(*) AS n FROM ${db}.t WHERE ${where.join(' AND ') || 'TRUE'}`);
      found.push(Number(row?.['n']));
    }
    return found;
  }

  it.each([
    ['numbers with one far away', 'id BIGINT', 'IF(n = 1, 9000000000000000000, n)', 'PRIMARY KEY (id)'],
    ['random texts', 'id CHAR(32)', 'LEFT(SHA2(n, 256), 32)', 'PRIMARY KEY (id)'],
    ['random bytes', 'id BINARY(16)', 'LEFT(UNHEX(SHA2(n, 256)), 16)', 'PRIMARY KEY (id)'],
    ['a first column that is one value', 'id INT, tenant INT DEFAULT 7', 'n', 'PRIMARY KEY (tenant, id DESC)'],
    ['numbers that descend', 'id INT', '-n', 'PRIMARY KEY (id DESC)'],
  ])('%s: parts of about the same size, which are all rows', async (_, column, value, key) => {
    await session.query(`DROP TABLE IF EXISTS ${db}.t`);
    await session.query(`CREATE TABLE ${db}.t (${column}, pad VARCHAR(200), ${key})`);
    await session.query(`INSERT INTO ${db}.t (id, pad) ${numbers} ${value}, REPEAT('x', 200) FROM s`);
    await session.query(`ANALYZE TABLE ${db}.t`);
    const plan = await planChunks(session, await loadTable(session, db, 't'));
    const found = await counts(plan, await partEnds(session, plan, { most: 4, leastRows: 1_000 }));
    expect(found.reduce((sum, count) => sum + count, 0)).toBe(rows);
    expect(found).toHaveLength(4);
    for (const count of found) expect(count).toBeGreaterThan(rows / 16);
    expect(await partEnds(session, plan, { most: 1, leastRows: 1 })).toEqual([]);
    expect(await partEnds(session, plan, { most: 9 })).toEqual([]);
  });

  it.each([
    ["e ENUM('z', 'a')", "IF(n % 2, 'z', 'a')", 'PRIMARY KEY (e, id)'],
    ['e VARCHAR(9)', "IF(n % 2, 'ä', 'ö')", 'PRIMARY KEY (e, id)'],
  ])('a key that begins with %s is one part', async (column, value, key) => {
    await session.query(`DROP TABLE IF EXISTS ${db}.t`);
    await session.query(`CREATE TABLE ${db}.t (id INT, ${column}, ${key})`);
    await session.query(`INSERT INTO ${db}.t (id, e) ${numbers} n, ${value} FROM s`);
    await session.query(`ANALYZE TABLE ${db}.t`);
    const plan = await planChunks(session, await loadTable(session, db, 't'));
    expect(await partEnds(session, plan, { most: 4, leastRows: 1_000 })).toEqual([]);
  });
});
