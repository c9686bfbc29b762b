import type { Row, Value } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { TestServer, versions } from './mysql.fixture.js';
import { printedJson, typesSql as jsonTypesSql } from '@lutra/rows';
import { identicalRows, keyOfRow, planRows, sameValue, sameKey, sameRows, toRow } from './row-plan.js';
import type { RowPlan } from './row-plan.js';
import { deleteRow, holdersQueries, insertRow, readRowQuery, updateRow } from './row-statements.js';
import type { SqlText } from './sql-text.js';
import { bare, types, typesOf } from './values.fixture.js';

type Loaded = Awaited<ReturnType<TestServer['load']>>;

const begin: SqlText = { sql: 'BEGIN', marks: [{ does: 'begin' }] };

describe.each(versions)('whole rows on %s', (version) => {
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

  async function run(...texts: readonly SqlText[]): Promise<void> {
    await connection.run(begin);
    for (const text of texts) await connection.run(text);
    await connection.commit();
  }

  async function read(plan: RowPlan, key: Row): Promise<Row | null> {
    const [found, ...more] = await connection.query(readRowQuery(plan, key, false));
    expect(more).toEqual([]);
    return found ? toRow(plan, found) : null;
  }

  async function holders(plan: RowPlan, row: Row): Promise<readonly Row[]> {
    const sql = holdersQueries(plan, row);
    if (sql.length === 0) return [];
    await connection.run(begin);
    const found = await connection.within(sql.join(';\n'));
    await connection.commit();
    return found.flat().map((each) => toRow(plan, each));
  }

  test.each(typesOf(version))(
    '%s: written, read back as a row event has it, told apart from every other, deleted',
    async (type, values) => {
      const at = await table(`id int primary key, v ${type}`);
      await server.run(
        `INSERT INTO ${database}.${at.target.name} VALUES (0, NULL), ${values.map((value, i) => `(${i + 1}, ${value})`).join(', ')}`,
      );
      const rows = await server.rows(at.source, 'ORDER BY id + 0');
      await server.run(`DELETE FROM ${database}.${at.target.name}`);
      const plan = planRows(at.source, at.target);
      await run(...rows.map((row) => insertRow(plan, row)));
      for (const row of rows) {
        const found = await read(plan, keyOfRow(plan, row));
        expect(found).toEqual(row);
        const same = rows.filter((other) => sameRows(plan, { ...other, id: row['id'] as Value }, found as Row));
        expect(same).toEqual(rows.filter(({ v }) => bare(v) === bare(row['v'])));
        expect(sameValue(plan, 'v', found?.['v'], row['v'])).toBe(true);
      }
      const moved = rows.map((row, i) => ({ id: 100 + Number(row['id']), v: rows[(i + 1) % rows.length]?.['v'] as Value }));
      await run(...rows.map((row, i) => updateRow(plan, keyOfRow(plan, row), moved[i] as Row)));
      for (const row of moved) expect(await read(plan, row)).toEqual(row);
      await run(...moved.map((row) => deleteRow(plan, row)));
      expect(await server.rows(at.source)).toEqual([]);
    },
  );

  test('a document that was read is written back with its types', async () => {
    if (version === 'mariadb-11.4') return; // its JSON is a text
    const at = await table('id int primary key, t1 json, v json');
    const plan = planRows(at.source, at.target);
    const typed =
      "JSON_ARRAY(1.50, DATE '2024-01-01', JSON_OBJECT('v', x'ff', 'u', CAST(7 AS UNSIGNED)), NOW(6), TIME '10:00:00', 'text', 1.5e0)";
    await server.run(`INSERT INTO ${database}.${at.target.name} VALUES (1, ${typed}, NULL)`);
    const stored = (): Promise<readonly unknown[]> =>
      server.query(
        `SELECT CAST(t1 AS CHAR) AS c, ${jsonTypesSql('t1')} AS t, JSON_STORAGE_SIZE(t1) AS s FROM ${database}.${at.target.name}`,
      );
    const before = await stored();
    const row = (await read(plan, { id: 1 })) as Row;
    expect(printedJson(String(row['t1']))).not.toBe(row['t1']);
    await run(updateRow(plan, row, { ...row, t1: '[]' }), updateRow(plan, row, row));
    expect(await stored()).toEqual(before);
    const plain = { ...row, t1: printedJson(String(row['t1'])) };
    expect([sameRows(plan, row, plain), await identicalRows(plan, row, plain), await identicalRows(plan, row, { ...row })]).toEqual([
      true,
      false,
      true,
    ]);
    await run(deleteRow(plan, row), insertRow(plan, { ...row, v: row['t1'] as Value }));
    expect(await read(plan, row)).toEqual({ ...row, v: row['t1'] });
  });

  const keys = types.filter(([type]) => !/json|text|blob/.test(type));
  test.each(keys)('%s in keys: a row is found by its key, and who holds its unique value, both by their index', async (type, values) => {
    const at = await table(`k ${type.replace(' null', '')} not null, u ${type}, n int, primary key (k), unique (u)`);
    const plan = planRows(at.source, at.target);
    const [first = '', second = ''] = values.filter((value) => value !== '-0e0'); // equals 0 to a key
    await server.run(
      `INSERT INTO ${database}.${at.target.name} VALUES (${first}, NULL, 0)${second === '' ? '' : `, (${second}, ${first}, 1)`}`,
    );
    const rows = await server.rows(at.source, 'ORDER BY n + 0');
    for (const row of rows) {
      expect(await read(plan, row)).toEqual(row);
      expect(await holders(plan, row)).toEqual([]);
      const [explained] = await server.query(`EXPLAIN ${readRowQuery(plan, row, true)}`);
      expect(explained).toMatchObject({ type: 'const', key: 'PRIMARY' });
    }
    const [one, two] = rows as [Row, Row | undefined];
    if (!two) return;
    expect(await holders(plan, { ...one, u: one['k'] as Value })).toEqual([two]);
    const [explained] = await server.query(`EXPLAIN ${holdersQueries(plan, { ...one, u: one['k'] as Value })[0]}`);
    expect(explained).toMatchObject({ type: 'const', key: 'u' });
  });

  test('who holds a unique value: for each key, in its collation, nobody for NULL', async () => {
    const at = await table(
      'id int primary key, a varchar(9) collate utf8mb4_general_ci unique, b int, c int, unique (b, c), g int as (b + 1) stored',
    );
    const plan = planRows(at.source, at.target);
    const row = (id: number, a: string | null, b: number | null, c: number | null): Row => ({ id, a, b, c });
    const rows = [row(1, 'a', 1, 1), row(2, 'b', 1, 2), row(3, null, null, 1), row(4, 'd', 1, null)];
    await run(...rows.map((each) => insertRow(plan, each)));
    expect(await holders(plan, row(9, 'A ', 1, 2))).toEqual([rows[0], rows[1]]);
    expect(await holders(plan, row(1, 'A', 1, 2))).toEqual([rows[1]]);
    expect(await holders(plan, row(9, 'b', 1, 2))).toEqual([rows[1], rows[1]]);
    expect(await holders(plan, row(9, null, null, 1))).toEqual([]);
    expect(await holders(plan, row(9, 'x', 1, null))).toEqual([]);
    expect(holdersQueries(plan, row(9, null, 1, null))).toEqual([]);
  });

  test('the row of a key that is the same to its collation is this row; its key is written too', async () => {
    const at = await table('k varchar(20) collate utf8mb4_general_ci primary key, v int');
    const plan = planRows(at.source, at.target);
    await run(insertRow(plan, { k: 'A', v: 1 }));
    expect(await read(plan, { k: 'a' })).toEqual({ k: 'A', v: 1 });
    expect(sameKey(plan, { k: 'A' }, { k: 'a' })).toBe(false);
    await run(updateRow(plan, { k: 'a' }, { k: 'a', v: 2 }));
    expect(await read(plan, { k: 'A' })).toEqual({ k: 'a', v: 2 });
    await run(deleteRow(plan, { k: 'A' }));
    expect(await read(plan, { k: 'a' })).toBeNull();
  });

  test('a row to update or delete that is not there is a conflict', async () => {
    const plan = await table('id int primary key, v int').then(({ source, target }) => planRows(source, target));
    const missing = { code: 'ROW_CONFLICT', details: { does: 'count rows', table: plan.table.target.name } };
    await expect(run(updateRow(plan, { id: 1 }, { id: 1, v: 1 }))).rejects.toMatchObject(missing);
    await expect(run(deleteRow(plan, { id: 1 }))).rejects.toMatchObject(missing);
  });

  test('a wider target reads as the source prints it, and equals what row events leave out', async () => {
    const from = await table(
      "id int primary key, d decimal(6,2), at datetime(3), t time, i int, b bit(9), s set('a','b','c'), z binary(4), f int(8) zerofill, m decimal(9,2) zerofill",
    );
    const to = await table(
      "ID bigint primary key, d decimal(12,6), at datetime(6), t time(2), i bigint, b bit(40), s set('c','b','x','a'), z binary(4), f bigint zerofill, m decimal(9,2) zerofill, mine int default 3",
    );
    const plan = planRows(from.source, to.target);
    const [z, b] = [Buffer.from('61000000', 'hex'), Buffer.from('0101', 'hex')];
    const row = { id: 1, d: '-0.50', at: '2024-01-02 03:04:05.600', t: '-00:00:01', i: -5, b, s: 'a,c', z, f: 42, m: '12.50' };
    await run(insertRow(plan, row));
    const found = (await read(plan, row)) as Row;
    expect(found).toEqual(row);
    expect(sameRows(plan, found, { ...row, d: '-0.5', at: '2024-01-02 03:04:05.6', z: Buffer.from('a'), s: 'c,a' })).toBe(true);
    const name = `${database}.${to.target.name}`;
    await server.run(
      `UPDATE ${name} SET d = 1.000001, at = '2024-01-02 03:04:05.600001', i = 9007199254740993, b = x'ff00000001', s = 'x,a'`,
    );
    const wider = (await read(plan, row)) as Row;
    expect(wider).toMatchObject({
      d: '1.000001',
      at: '2024-01-02 03:04:05.600001',
      i: 9007199254740993n,
      b: Buffer.from('ff00000001', 'hex'),
    });
    expect(['d', 'at', 'i', 'b', 's'].filter((column) => sameValue(plan, column, wider[column], row[column as 'd']))).toEqual([]);
  });

  test('a table whose rows do not hold the values of all its keys is refused by name', async () => {
    const refusal = async (columns: string): Promise<unknown> => {
      const { source, target } = await table(columns);
      try {
        return planRows(source, target);
      } catch (error) {
        expect(error).toMatchObject({ code: 'APPLY_REFUSED', details: { database, table: target.name } });
        return (error as Error).message;
      }
    };
    expect(await refusal('id int')).toMatch(/no primary key/);
    expect(await refusal('id int primary key, t varchar(99), unique prefix (t(5))')).toMatch(/prefix .*beginning/);
    expect(await refusal('id int primary key, g int as (id + 1) stored, unique made (g)')).toMatch(/made .*generated/);
  });

  test('ENUM and SET as the server prints them: members are read and written back that it cannot print, of bytes too', async () => {
    const columns = ['ENUM', 'SET'].flatMap((type) => [
      `${type}('a','😀','b') CHARACTER SET utf8mb4`,
      `${type}('a','é') CHARACTER SET binary`,
    ]);
    const at = await table(`id int primary key, ${columns.map((column, i) => `c${i} ${column}`).join(', ')}`);
    await server.run(`INSERT INTO ${database}.${at.target.name} VALUES (1, 2, 2, 7, 3), (2, 3, 1, 2, 2)`);
    const plan = planRows(at.source, at.target);
    const bytes = `SELECT id, ${columns.map((_, i) => `c${i} + 0 AS c${i}`).join(', ')} FROM ${database}.${at.target.name} ORDER BY id`;
    const stored = await server.query(bytes);
    const rows = [await read(plan, { id: 1 }), await read(plan, { id: 2 })];
    expect(rows[0]).toMatchObject({ c0: '😀', c1: 'é' });
    await run(...[1, 2].map((id) => deleteRow(plan, { id })), ...rows.map((row) => insertRow(plan, row as Row)));
    expect(await server.query(bytes)).toEqual(stored);
    await run(...rows.map((row) => updateRow(plan, { id: row?.['id'] as Value }, row as Row)));
    expect(await server.query(bytes)).toEqual(stored);
  });
});
