import type { Row, Value } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { TestServer, versions } from './fixture.js';
import { StatementBuilder } from './statement-builder.js';
import type { Change } from './statement-builder.js';
import type { SqlText } from './sql-text.js';
import { bare, typesOf } from './values-fixture.js';

type Loaded = Awaited<ReturnType<TestServer['load']>>;
const begin: SqlText = { sql: 'BEGIN', marks: [{ does: 'begin' }] };

type Step = Pick<Change, 'op' | 'before' | 'after'>;

describe.each(versions)('exact statements on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let tables = 0;

  beforeAll(async () => {
    server = await TestServer.start(version);
    connection = await ApplyConnection.open(server.options);
    database = await server.database();
    if (version === '9.7') await server.run("SET explain_format = 'TRADITIONAL'");
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  async function table(columns: string): Promise<Loaded> {
    const name = `t${++tables}`;
    await server.run(`CREATE TABLE ${database}.${name} (${columns})`);
    return server.load(database, name);
  }

  function statements(at: Loaded, steps: readonly Step[]): SqlText {
    const builder = new StatementBuilder({ exact: true });
    for (const step of steps) builder.add({ ...step, ...at });
    return builder.take();
  }

  /** In a transaction of its own. */
  async function apply(at: Loaded, steps: readonly Step[]): Promise<void> {
    await connection.run(begin);
    await connection.run(statements(at, steps));
    await connection.commit();
  }

  const u = (before: Row, after: Row): Step => ({ op: 'u', before, after });
  const d = (before: Row): Step => ({ op: 'd', before, after: null });
  const missing = expect.objectContaining({ code: 'ROW_CONFLICT', details: expect.objectContaining({ does: 'count rows' }) });

  test.each(typesOf(version))('%s: the row is found by its before image, and by that of no other value', async (type, values) => {
    const at = await table(`id int primary key, v ${type}`);
    await server.run(
      `INSERT INTO ${database}.${at.target.name} VALUES (0, NULL), ${values.map((value, i) => `(${i + 1}, ${value})`).join(', ')}`,
    );
    // as row events have them, and then as we write them
    const rows = await server.rows(at.source, 'ORDER BY id + 0');
    await apply(at, [...rows.map(d), ...rows.map((after): Step => ({ op: 'c', before: null, after }))]);
    await connection.run(begin);
    for (const row of rows) {
      for (const other of rows.filter(({ v }) => bare(v) !== bare(row['v']))) {
        const before = { ...row, v: other['v'] as Value };
        expect(await connection.attempt(statements(at, [d(before)]))).toEqual(missing);
        expect(await connection.attempt(statements(at, [u(before, row)]))).toEqual(missing);
      }
    }
    await connection.commit();
    const moved = rows.map((row, i) => ({ id: 100 + Number(row['id']), v: rows[(i + 1) % rows.length]?.['v'] as Value }));
    await apply(
      at,
      rows.map((row, i) => u(row, moved[i] as Row)),
    );
    expect(await server.rows(at.source, 'ORDER BY id + 0')).toEqual(moved);
    await apply(at, moved.map(d));
    expect(await server.rows(at.source)).toEqual([]);
  });

  test('a key that is the same to its collation and another text is another row', async () => {
    const at = await table('k varchar(20) collate utf8mb4_general_ci primary key, v int');
    await apply(at, [{ op: 'c', before: null, after: { k: 'A', v: 1 } }]);
    await connection.run(begin);
    expect(await connection.attempt(statements(at, [d({ k: 'a', v: 1 })]))).toEqual(missing);
    expect(await connection.attempt(statements(at, [u({ k: 'a ', v: 1 }, { k: 'b', v: 1 })]))).toEqual(missing);
    expect(await connection.attempt(statements(at, [d({ k: 'A', v: 1 })]))).toBeNull();
    await connection.rollback();
  });

  test('a number that a DECIMAL made in a document is what it is where the document was carried to', async () => {
    const at = await table('id int primary key, j json');
    const document = `JSON_OBJECT('p', CAST(1.10 AS DECIMAL(10,2)), 'q', JSON_ARRAY(CAST(7.00 AS DECIMAL(10,2)), 1))`;
    await server.run(`INSERT INTO ${database}.${at.target.name} VALUES (1, ${document})`);
    const [row] = (await server.rows(at.source)) as [Row];
    if (version !== 'mariadb-11.4') {
      await connection.run(begin);
      expect(await connection.attempt(statements(at, [d({ ...row, j: '{"p": 1.1, "q": [7, 1]}' })]))).toEqual(missing);
      expect(await connection.attempt(statements(at, [d({ ...row, j: '{"p": 1.1, "q": [7.0, 1.0]}' })]))).toEqual(missing);
      expect(await connection.attempt(statements(at, [d({ ...row, j: '{"p": 1.1, "q": [7.0, 1]}' })]))).toBeNull();
      await connection.rollback();
    }
    await apply(at, [d(row)]);
  });

  test('of rows that are deleted together each must be what it was', async () => {
    const at = await table('id int primary key, a int, b varchar(9)');
    const row = (id: number, a: number | null, b: string | null): Row => ({ id, a, b });
    await apply(
      at,
      [row(1, 1, 'x'), row(2, null, null), row(3, 3, 'z')].map((after) => ({ op: 'c', before: null, after })),
    );
    const refusal = (steps: readonly Step[]): Promise<unknown> => apply(at, steps).catch((error: unknown) => error);
    expect(await refusal([d(row(1, 1, 'x')), d(row(2, null, '')), d(row(3, 3, 'z'))])).toEqual(missing);
    expect(await refusal([d(row(1, 1, 'x')), d(row(2, null, null)), d(row(3, 3, 'Z'))])).toEqual(missing);
    expect(await server.rows(at.source)).toHaveLength(3);
    await apply(at, [d(row(1, 1, 'x')), d(row(2, null, null)), d(row(3, 3, 'z'))]);
    expect(await server.rows(at.source)).toEqual([]);
  });

  test('columns that are generated, or that the source does not have, do not count', async () => {
    const at = await table('id int primary key, v int, g int as (v + 1) stored, extra int default 7');
    const { source } = at;
    const fewer = { target: at.target, source: { ...source, columns: source.columns.filter(({ name }) => name !== 'extra') } };
    const row = { id: 1, v: 1, g: 99 };
    await apply(fewer, [{ op: 'c', before: null, after: row }]);
    await server.run(`UPDATE ${database}.${at.target.name} SET extra = 8`);
    await apply(fewer, [u(row, { ...row, v: 2 }), d({ ...row, v: 2 })]);
    expect(await server.rows(source)).toEqual([]);
  });

  test.each([
    ['one column', 'PRIMARY KEY (id)'],
    ['two columns', 'PRIMARY KEY (s, id)'],
  ])('rows are found by the primary key of %s, whatever other indexes there are', async (_, key) => {
    const at = await table(
      `id int, s varchar(20), u int unique, few int, v varchar(40), ${key}, KEY (few), KEY (v), KEY (few, u), UNIQUE (s, u, v)`,
    );
    const rows = Array.from({ length: 5000 }, (_empty, i) => ({
      id: i,
      s: `it's ${i}`,
      u: i,
      few: i % 3,
      v: i % 2 === 0 ? `v ${i}` : null,
    }));
    await apply(
      at,
      rows.map((after) => ({ op: 'c', before: null, after })),
    );
    await server.run(`ANALYZE TABLE ${database}.${at.target.name}`);
    const steps = rows.slice(0, 400).map(d);
    const { sql, marks } = statements(at, steps);
    expect(marks.filter((mark) => mark.does === 'delete')).toHaveLength(2);
    const [one] = statements(at, [u(rows[7]!, { ...rows[7]!, few: 2 })]).sql.split(';\n');
    for (const statement of [sql.split(';\n')[0], one]) {
      const explained = await server.query(`EXPLAIN ${statement}`);
      expect(explained).toMatchObject([{ type: 'range', key: 'PRIMARY' }]);
    }
    await apply(at, steps);
    expect(await server.query(`SELECT COUNT(*) AS n FROM ${database}.${at.target.name}`)).toEqual([{ n: '4600' }]);
  });
});
