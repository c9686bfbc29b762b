import * as fc from 'fast-check';
import type { Row, Value } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { histories } from './changes.fixture.js';
import { TestServer, versions } from './mysql.fixture.js';
import { printedJson, typesSql as jsonTypesSql, withTypes } from '@lutra/rows';
import { differing, StatementBuilder } from './statement-builder.js';
import type { Change } from './statement-builder.js';
import type { ExactText } from './expected-rows.js';
import type { SqlText } from './sql-text.js';
import { bare, typesOf } from './values.fixture.js';

type Loaded = Awaited<ReturnType<TestServer['load']>>;
const begin: SqlText = { sql: 'BEGIN', marks: [{ does: 'begin' }] };

type Step = Pick<Change, 'op' | 'before' | 'after'>;

describe.each(versions)('exact statements on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let tables = 0;

  beforeAll(async () => {
    server = await TestServer.shared(version);
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

  function statements(at: Loaded, steps: readonly Step[]): ExactText {
    const builder = new StatementBuilder({ exact: true });
    for (const step of steps) builder.add({ ...step, ...at });
    return builder.take();
  }

  /**
   * In a transaction of its own. Resolves to the numbers of the changes that did not find their row as it was; then nothing has happened.
   */
  async function unlike(at: Loaded, steps: readonly Step[]): Promise<readonly number[]> {
    const text = statements(at, steps);
    await connection.run(begin);
    const found = await differing(text, await connection.run(text));
    if (found.length > 0) await connection.rollback();
    else await connection.commit();
    return found;
  }

  async function apply(at: Loaded, steps: readonly Step[]): Promise<void> {
    expect(await unlike(at, steps)).toEqual([]);
  }

  const u = (before: Row, after: Row): Step => ({ op: 'u', before, after });
  const d = (before: Row): Step => ({ op: 'd', before, after: null });

  test.each(typesOf(version))('%s: the row is found by its before image, and by that of no other value', async (type, values) => {
    const at = await table(`id int primary key, v ${type}`);
    await server.run(
      `INSERT INTO ${database}.${at.target.name} VALUES (0, NULL), ${values.map((value, i) => `(${i + 1}, ${value})`).join(', ')}`,
    );
    // as row events have them, and then as we write them
    const rows = await server.rows(at.source, 'ORDER BY id + 0');
    await apply(at, [...rows.map(d), ...rows.map((after): Step => ({ op: 'c', before: null, after }))]);
    const others = rows.map((row) => rows.filter(({ v }) => bare(v) !== bare(row['v'])));
    for (let turn = 0; turn < rows.length; turn += 1) {
      const wrong = rows.flatMap((row, i) => {
        const other = others[i]?.[turn];
        return other ? [u({ ...row, v: other['v'] as Value }, row)] : [];
      });
      expect(await unlike(at, wrong)).toEqual(wrong.map((_, i) => i));
    }
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
    expect(await unlike(at, [d({ k: 'a', v: 1 })])).toEqual([0]);
    expect(await unlike(at, [u({ k: 'a ', v: 1 }, { k: 'b', v: 1 })])).toEqual([0]);
    await apply(at, [u({ k: 'A', v: 1 }, { k: 'a', v: 1 }), u({ k: 'a', v: 1 }, { k: 'a', v: 2 }), d({ k: 'a', v: 2 })]);
  });

  test('a document is what its text makes of it where a dump has brought it, and no other', async () => {
    const { source, target } = await table('id int primary key, j json');
    // Of MySQL, where the target is MariaDB.
    const at = { source: { ...source, columns: [source.columns[0]!, { name: 'j', type: 'json' as const }] }, target };
    const j = '{"d": \t "2024-01-01 00:00:00.000000", "p": \t       1.50, "q": [\t"10:00:00.000000", \t7.00, 1]}';
    const row = { id: 1, j };
    const dumped = { ...row, j: '{"d": "2024-01-01 00:00:00.000000", "p": 1.5, "q": ["10:00:00.000000", 7.0, 1]}' };
    await apply(at, [{ op: 'c', before: null, after: row }]);
    if (version === 'mariadb-11.4') expect(await server.rows(source)).toEqual([{ id: 1, j: printedJson(j) }]);
    for (const there of [row, dumped]) {
      await server.run(`UPDATE ${database}.${target.name} SET j = '${printedJson(there.j)}'`);
      expect(await unlike(at, [d({ ...row, j: j.replace('1.50', '1.51') })])).toEqual([0]);
      expect(await unlike(at, [d({ ...row, j: j.replace('10:', '11:') })])).toEqual([0]);
      expect(await unlike(at, [d({ ...dumped, j: dumped.j.replace('7.0', '7') })])).toEqual([0]);
      await apply(at, [u(row, dumped), u(dumped, row), u(row, { ...row, j: '[1]' }), u({ ...row, j: '[1]' }, row)]);
      await apply(at, [u(dumped, dumped)]);
    }
    await apply(at, [d(row)]);
  });

  test('in a table without key a document of the same types goes before one that prints alike', async () => {
    if (version === 'mariadb-11.4') return;
    const at = await table('j json');
    const name = `${database}.${at.target.name}`;
    const documents = ['[\t1.5]', '[1.5]', '[\t"10:00:00.000000"]', '["10:00:00.000000"]', '[\n7]', '[7]', '{"a": \t5}', '{"a": 5}'];
    for (const gone of documents) {
      await apply(
        at,
        documents.map((j) => ({ op: 'c', before: null, after: { j } })),
      );
      await apply(at, [d({ j: gone })]);
      const found = await server.run(`SELECT CAST(j AS CHAR) AS j, ${jsonTypesSql('j')} AS t FROM ${name}`);
      const left = found[0]?.map((row) => withTypes(String(row['j']), String(row['t'])));
      expect(left?.toSorted()).toEqual(documents.filter((document) => document !== gone).toSorted());
      await server.run(`DELETE FROM ${name}`);
    }
    await server.run(`INSERT INTO ${name} VALUES ('[1.10]'), ('["10:00:00.000000"]')`);
    expect(await unlike(at, [d({ j: '[\t1.11]' })])).toEqual([0]);
    await apply(at, [d({ j: '[\t1.10]' }), d({ j: '[\t"10:00:00.000000"]' })]);
  });

  test('of rows that are deleted together each must be what it was', async () => {
    const at = await table('id int primary key, a int, b varchar(9)');
    const row = (id: number, a: number | null, b: string | null): Row => ({ id, a, b });
    await apply(
      at,
      [row(1, 1, 'x'), row(2, null, null), row(3, 3, 'z')].map((after) => ({ op: 'c', before: null, after })),
    );
    expect(await unlike(at, [d(row(1, 1, 'x')), d(row(2, null, '')), d(row(3, 3, 'z'))])).toEqual([1]);
    expect(await unlike(at, [d(row(1, 1, 'x')), d(row(2, null, null)), d(row(3, 3, 'Z')), d(row(4, 4, 'w'))])).toEqual([2, 3]);
    expect(await server.rows(at.source)).toHaveLength(3);
    await apply(at, [d(row(1, 1, 'x')), d(row(2, null, null)), d(row(3, 3, 'z'))]);
    expect(await server.rows(at.source)).toEqual([]);
  });

  test('a row that the changes touch twice must be, the second time, what they have made of it', async () => {
    const at = await table('id int primary key, v int');
    const c = (id: number, v: number): Step => ({ op: 'c', before: null, after: { id, v } });
    expect(await unlike(at, [c(1, 1), u({ id: 1, v: 2 }, { id: 1, v: 3 })])).toEqual([1]);
    expect(await unlike(at, [c(1, 1), d({ id: 1, v: 1 }), u({ id: 1, v: 1 }, { id: 1, v: 3 })])).toEqual([2]);
    expect(await unlike(at, [c(1, 1), u({ id: 1, v: 1 }, { id: 2, v: 1 }), d({ id: 1, v: 1 })])).toEqual([2]);
    await apply(at, [c(1, 1), u({ id: 1, v: 1 }, { id: 2, v: 1 }), c(1, 5), u({ id: 2, v: 1 }, { id: 2, v: 2 }), d({ id: 1, v: 5 })]);
    expect(await server.rows(at.source)).toEqual([{ id: 2, v: 2 }]);
  });

  test('of any history, the first change of a row that somebody else has written is told, and no change of another row', async () => {
    const at = await table('id int primary key, u int unique, v int');
    const name = `${database}.${at.target.name}`;
    const halves = fc.record({ history: histories({ keyed: true }), share: fc.nat(99), strange: fc.nat(5) });
    await fc.assert(
      fc.asyncProperty(halves, async ({ history: { steps }, share, strange }) => {
        await server.run(`DELETE FROM ${name}`);
        const half = Math.floor((steps.length * share) / 100);
        await apply(at, steps.slice(0, half));
        await server.run(`UPDATE ${name} SET v = 1000 WHERE id = ${strange}`);
        const [hit] = await server.query(`SELECT id FROM ${name} WHERE v = 1000`);
        const rest = steps.slice(half);
        const first = rest.findIndex(({ before }) => hit !== undefined && before?.['id'] === strange);
        // Once it is inserted again, it is what we have made of it.
        expect(await unlike(at, rest)).toEqual(first < 0 ? [] : [first]);
      }),
      { numRuns: 40 },
    );
  });

  test('a row that the target itself takes away in between is missed', async () => {
    const at = await table('id int primary key, v int');
    const { target } = at;
    await server.run(`CREATE TABLE ${database}.${target.name}_child (id int primary key, parent int,
      FOREIGN KEY (parent) REFERENCES ${target.name} (id) ON DELETE CASCADE)`);
    const child = await server.load(database, `${target.name}_child`);
    await server.run(`INSERT INTO ${database}.${target.name} VALUES (1, 1); INSERT INTO ${database}.${child.target.name} VALUES (7, 1)`);
    const builder = new StatementBuilder({ exact: true });
    builder.add({ ...d({ id: 1, v: 1 }), ...at });
    builder.add({ ...u({ id: 7, parent: 1 }, { id: 7, parent: null }), ...child });
    const text = builder.take();
    await connection.run(begin);
    expect(await differing(text, await connection.run(text))).toEqual([1]);
    await connection.rollback();
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
    const all = rows.map((row) => u(row, { ...row, few: 2 }));
    for (const some of [steps, all.slice(0, 1), all.slice(0, 2), all]) {
      const [statement] = statements(at, some).sql.split(';\n');
      const explained = await server.query(`EXPLAIN ${statement}`);
      expect(explained).toMatchObject([{ type: expect.stringMatching('^(const|range)$'), key: 'PRIMARY' }]);
    }
    await apply(at, steps);
    expect(await server.query(`SELECT COUNT(*) AS n FROM ${database}.${at.target.name}`)).toEqual([{ n: '4600' }]);
  });
});
