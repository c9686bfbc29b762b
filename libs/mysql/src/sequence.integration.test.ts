import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { histories } from './changes.fixture.js';
import { TestServer, versions } from './mysql.fixture.js';
import { StatementBuilder } from './statement-builder.js';
import type { SqlText } from './sql-text.js';

describe.each(versions)('sequences of changes on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    connection = await ApplyConnection.open(server.options);
    database = await server.database();
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  const whole = ({ sql, marks }: SqlText): SqlText => ({
    sql: ['BEGIN', ...(sql === '' ? [] : [sql]), 'COMMIT'].join(';\n'),
    marks: [{ does: 'begin' }, ...marks, { does: 'commit' }],
  });

  test.each([
    ['keyed', 'id int primary key, u int unique, v int', true],
    ['keyed by text and number', 'id int, u int unique, v int, primary key (id)', true],
    ['keyless', 'id int, u int, v int', false],
  ])('any legal history gives the same rows: %s', async (name, columns, keyed) => {
    const table = name.replaceAll(' ', '_');
    await server.run(`CREATE TABLE ${database}.${table} (${columns})`);
    const { source, target } = await server.load(database, table);
    await fc.assert(
      fc.asyncProperty(histories({ keyed }), async ({ steps, rows }) => {
        const builder = new StatementBuilder();
        for (const step of steps) builder.add({ ...step, source, target });
        await connection.run(whole(builder.take()));
        const order = (list: readonly object[]): readonly string[] => list.map((row) => JSON.stringify(row)).sort();
        expect(order(await server.rows(source))).toEqual(order(rows.map(({ id, u, v }) => ({ id, u, v }))));
        await server.run(`DELETE FROM ${database}.${table}`);
      }),
      { numRuns: 60 },
    );
  });

  test('parents, children and a tree are changed in the order of the source', async () => {
    await server.run(`CREATE TABLE ${database}.p (id int primary key, v int);
      CREATE TABLE ${database}.k (id int primary key, p int, foreign key (p) references ${database}.p (id) on delete cascade);
      CREATE TABLE ${database}.tree (id int primary key, up int, foreign key (up) references ${database}.tree (id))`);
    const builder = new StatementBuilder();
    const [p, k, tree] = [await server.load(database, 'p'), await server.load(database, 'k'), await server.load(database, 'tree')];
    expect([p.target, k.target, tree.target].map((table) => [table.foreignKeys.length, table.referenced])).toEqual([
      [0, true],
      [1, false],
      [1, true],
    ]);
    const c = (after: Record<string, number | null>, at: typeof p): void => builder.add({ op: 'c', before: null, after, ...at });
    const d = (before: Record<string, number | null>, at: typeof p): void => builder.add({ op: 'd', before, after: null, ...at });
    for (const id of [1, 2]) c({ id, v: 0 }, p);
    for (const id of [1, 2, 3]) c({ id, p: id === 3 ? 2 : 1 }, k);
    // children have the smaller numbers: an index order would delete parents first, or the other way round
    c({ id: 9, up: null }, tree);
    c({ id: 5, up: 9 }, tree);
    c({ id: 7, up: 5 }, tree);
    await connection.run(whole(builder.take()));
    // 8.0 and MariaDB log the parent alone, 9.7 the children before it: both end alike
    d({ id: 1, v: 0 }, p);
    d({ id: 3, p: 2 }, k);
    d({ id: 2, v: 0 }, p);
    for (const [id, up] of [
      [7, 5],
      [5, 9],
      [9, null],
    ] as const)
      d({ id, up }, tree);
    await connection.run(whole(builder.take()));
    for (const table of ['p', 'k', 'tree']) expect(await server.query(`SELECT * FROM ${database}.${table}`)).toEqual([]);
  });

  test('triggers that count something else do not disturb the counts', async () => {
    await server.run(`CREATE TABLE ${database}.w (id int primary key, v int); CREATE TABLE ${database}.log (n int)`);
    await server.run(
      `CREATE TRIGGER ${database}.w1 AFTER UPDATE ON ${database}.w FOR EACH ROW INSERT INTO ${database}.log VALUES (1), (2), (3)`,
    );
    await server.run(
      `CREATE TRIGGER ${database}.w2 AFTER DELETE ON ${database}.w FOR EACH ROW INSERT INTO ${database}.log SELECT 1 FROM DUAL WHERE @lutra_apply IS NULL`,
    );
    const w = await server.load(database, 'w');
    expect(w.target.triggers).toBe(2);
    const builder = new StatementBuilder();
    builder.add({ op: 'c', before: null, after: { id: 1, v: 1 }, ...w });
    builder.add({ op: 'u', before: { id: 1, v: 1 }, after: { id: 1, v: 2 }, ...w });
    builder.add({ op: 'd', before: { id: 1, v: 2 }, after: null, ...w });
    await connection.run(whole(builder.take()));
    expect(await server.query(`SELECT COUNT(*) AS n FROM ${database}.log`)).toEqual([{ n: '3' }]);
  });
});
