import type { Row, TableSchema, Value } from '@lutra/model';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { TestServer, versions } from './mysql.fixture.js';
import { StatementBuilder } from './statement-builder.js';
import type { Change } from './statement-builder.js';
import type { TargetTable } from './target-definition.js';
import { types, typesOf } from './values.fixture.js';

type Op = Change['op'];
interface Side {
  readonly source: TableSchema;
  readonly target: TargetTable;
}

describe.each(versions)('values on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let tables = 0;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    connection = await opened();
    database = await server.database();
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  afterEach(async () => {
    await server.run(`DROP TABLE IF EXISTS ${database}.s${tables}, ${database}.t${tables}`);
  });

  /** On a busy machine a test may be silent for longer than a loader is. */
  async function opened(): Promise<ApplyConnection> {
    const opening = await ApplyConnection.open(server.options);
    const marks = [{ does: 'begin' }, { does: 'session' }, { does: 'commit' }] as const;
    await opening.run({ sql: 'BEGIN; SET SESSION wait_timeout = 600; COMMIT', marks });
    return opening;
  }

  /** Two tables alike. */
  async function pair(columns: string): Promise<{ from: Side; to: Side }> {
    const n = ++tables;
    await server.run(`CREATE TABLE ${database}.s${n} (${columns}); CREATE TABLE ${database}.t${n} (${columns})`);
    return { from: await server.load(database, `s${n}`), to: await server.load(database, `t${n}`) };
  }

  async function apply(changes: readonly { op: Op; before?: Row; after?: Row }[], side: Side): Promise<void> {
    const builder = new StatementBuilder();
    for (const { op, before = null, after = null } of changes) builder.add({ op, before, after, ...side });
    const text = builder.take();
    if (text.marks.length === 0) return;
    if (connection.broken) connection = await opened();
    await connection.run({ ...text, sql: `BEGIN;\n${text.sql};\nCOMMIT`, marks: [{ does: 'begin' }, ...text.marks, { does: 'commit' }] });
  }

  const sides = ({ from, to }: { from: Side; to: Side }): Side => ({ source: from.source, target: to.target });

  test.each(typesOf(version))('%s: inserted, updated from and to every other, deleted', async (type, values) => {
    const both = await pair(`id int primary key, v ${type}`);
    const { from } = both;
    await server.run(
      `INSERT INTO ${database}.${from.source.name} VALUES (0, NULL), ${values.map((value, i) => `(${i + 1}, ${value})`).join(', ')}`,
    );
    const rows = await server.rows(from.source, 'ORDER BY id + 0');
    const side = sides(both);
    const content = await server.content(from.source);
    await apply(
      rows.map((after) => ({ op: 'c' as const, after })),
      side,
    );
    expect(await server.content(both.to.source)).toEqual(content);
    const shifted = rows.map((row, i) => ({ ...row, v: rows[(i + 1) % rows.length]?.['v'] as Value }));
    await apply(
      shifted.map((after, i) => ({ op: 'u' as const, before: rows[i] as Row, after })),
      side,
    );
    await apply(
      shifted.map((before, i) => ({ op: 'u' as const, before, after: rows[i] as Row })),
      side,
    );
    expect(await server.content(both.to.source)).toEqual(content);
    const [checksums] = await server.run(`CHECKSUM TABLE ${database}.${from.source.name}, ${database}.${both.to.source.name}`);
    expect(new Set(checksums?.map((row) => String(row['Checksum']))).size).toBe(1);
  });

  test.each(typesOf(version))('%s in a table without key: each row is found exactly, equal rows one at a time', async (type, values) => {
    const both = await pair(`n int, v ${type}`);
    const { from } = both;
    const side = sides(both);
    await server.run(`INSERT INTO ${database}.${from.source.name} VALUES (0, NULL), ${values.map((value) => `(0, ${value})`).join(', ')}`);
    const rows = await server.rows(from.source);
    const doubled = [...rows, ...rows];
    await apply(
      doubled.map((after) => ({ op: 'c' as const, after })),
      side,
    );
    // one of each pair becomes n = position, the other one goes
    await apply(
      rows.map((before, i) => ({ op: 'u' as const, before, after: { ...before, n: i + 1 } })),
      side,
    );
    await apply(
      rows.map((before) => ({ op: 'd' as const, before })),
      side,
    );
    const left = rows.map((row, i) => ({ ...row, n: i + 1 }));
    const seen = await server.rows(both.to.source, 'ORDER BY n + 0');
    expect(seen).toEqual(left);
    await apply(
      left.map((before) => ({ op: 'd' as const, before })),
      side,
    );
    expect(await server.rows(both.to.source)).toEqual([]);
  });

  const keys = types.filter(([type]) => !/json|text|blob/.test(type));
  test.each(keys)('%s as primary key: rows are found, moved and deleted together', async (type, values) => {
    // equal in most collations, or as numbers
    const alike = ["'A'", "'a '", "' '", "_utf8mb4 x'0001021f7f'", "_utf8mb4 x'efbfbd'"];
    const distinct = values.filter((value) => !alike.includes(value) && !(value === '0' && values.includes('-0e0')));
    const both = await pair(`v ${type.replace(' null', '')} not null, w int, primary key (v)`);
    const { from } = both;
    const side = sides(both);
    await server.run(`INSERT INTO ${database}.${from.source.name} VALUES ${distinct.map((value, i) => `(${value}, ${i})`).join(', ')}`);
    const rows = await server.rows(from.source);
    await apply(
      rows.map((after) => ({ op: 'c' as const, after })),
      side,
    );
    await apply(
      rows.map((before) => ({ op: 'u' as const, before, after: { ...before, w: 100 + Number(before['w']) } })),
      side,
    );
    expect(await server.rows(both.to.source, 'ORDER BY w + 0')).toEqual(
      rows.toSorted((a, b) => Number(a['w']) - Number(b['w'])).map((row) => ({ ...row, w: 100 + Number(row['w']) })),
    );
    const [first, second] = rows;
    if (first && second)
      await apply(
        [
          { op: 'd', before: first },
          { op: 'u', before: second, after: { ...second, v: first['v'] as Value } },
          { op: 'd', before: { ...second, v: first['v'] as Value } },
        ],
        side,
      );
    await apply(
      rows.slice(2).map((before) => ({ op: 'd' as const, before })),
      side,
    );
    if (!second && first) await apply([{ op: 'd', before: first }], side);
    expect(await server.rows(both.to.source)).toEqual([]);
  });

  test('a composite key of text and time is found by its index and deleted in one statement', async () => {
    const both = await pair('a varchar(20), b datetime(3), c int, primary key (a, b)');
    const side = sides(both);
    const rows = Array.from({ length: 5000 }, (_, i) => ({
      a: `it's ${i % 7}`,
      b: `2024-01-01 00:00:0${Math.floor(i / 1000)}.${String(i % 1000).padStart(3, '0')}`,
      c: i,
    }));
    await apply(
      rows.map((after) => ({ op: 'c' as const, after })),
      side,
    );
    await server.run(`ANALYZE TABLE ${database}.${both.to.source.name}`);
    if (version === '9.7') await server.run("SET explain_format = 'TRADITIONAL'");
    const builder = new StatementBuilder();
    for (const before of rows) builder.add({ op: 'd', before, after: null, ...side });
    const { sql, marks } = builder.take();
    expect(marks.filter((mark) => mark.does === 'delete')).toHaveLength(25);
    const explained = await server.query(`EXPLAIN ${sql.split(';\n')[0]}`);
    expect(explained[0]?.['type']).toBe('range');
    await apply(
      rows.map((before) => ({ op: 'd' as const, before })),
      side,
    );
    expect(await server.rows(both.to.source)).toEqual([]);
  });

  test('ON UPDATE CURRENT_TIMESTAMP keeps the time of the source', async () => {
    const both = await pair(
      'id int primary key, v int, at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6), d datetime null on update current_timestamp',
    );
    const side = sides(both);
    const row = { id: 1, v: 1, at: '2001-01-01 00:00:00.000001', d: null };
    await apply(
      [
        { op: 'c', after: row },
        { op: 'u', before: row, after: { ...row, v: 2 } },
      ],
      side,
    );
    expect(await server.rows(both.to.source)).toEqual([{ ...row, v: 2 }]);
    // an update that changes nothing: the row must be there, and stays what it is
    await apply([{ op: 'u', before: { ...row, v: 2 }, after: { ...row, v: 2 } }], side);
    expect(await server.rows(both.to.source)).toEqual([{ ...row, v: 2 }]);
  });

  test('generated columns are computed, invisible ones written', async () => {
    const invisible = version === '8.0' ? '' : 'invisible'; // 8.0.15 has no such columns
    const both = await pair(`id int primary key, v int ${invisible}, g int as (v + 1) virtual, h int as (v + 2) stored, w int`);
    const row = { id: 1, v: 5, g: 6, h: 7, w: 1 };
    const changes = [
      { op: 'c' as const, after: row },
      { op: 'u' as const, before: row, after: { ...row, v: 6, g: 7, h: 8 } },
    ];
    await apply(changes, sides(both));
    expect(await server.rows(both.to.source)).toEqual([{ id: 1, v: 6, g: 7, h: 8, w: 1 }]);
  });

  test('the order of columns and their letter case may differ', async () => {
    await server.run(
      `CREATE TABLE ${database}.o1 (id int primary key, a int, b int); CREATE TABLE ${database}.o2 (B int, Id int primary key, extra int default 9, A int)`,
    );
    const side = { source: (await server.load(database, 'o1')).source, target: (await server.load(database, 'o2')).target };
    await apply(
      [
        { op: 'c', after: { id: 1, a: 2, b: 3 } },
        { op: 'u', before: { id: 1, a: 2, b: 3 }, after: { id: 1, a: 4, b: 3 } },
      ],
      side,
    );
    expect(await server.query(`SELECT Id, A, B, extra FROM ${database}.o2`)).toEqual([{ Id: 1, A: 4, B: 3, extra: 9 }]);
  });

  const large = 600_000;
  const sets = ['utf8mb4', 'utf16', 'ucs2', 'utf32', 'gbk', 'swe7', ...(version === 'mariadb-11.4' ? [] : ['gb18030'])];
  test.each(sets)('a large text in %s is found by all its bytes in a table without key', async (charset) => {
    const { from, to } = await pair(`n int, v longtext character set ${charset}`);
    for (const letter of ['a', charset === 'swe7' ? 'å' : '表']) {
      const row = { n: 1, v: letter.repeat(large) };
      await apply(
        [
          { op: 'c', after: row },
          { op: 'u', before: row, after: { ...row, n: 2 } },
        ],
        sides({ from, to }),
      );
      const [found] = await server.query(
        `SELECT n, CHAR_LENGTH(v) AS length, CONVERT(LEFT(v, 1) USING utf8mb4) AS v FROM ${database}.${to.source.name}`,
      );
      expect({ ...found, length: Number(found?.['length']) }).toEqual({ n: 2, length: large, v: letter });
      await apply([{ op: 'd', before: { ...row, n: 2 } }], sides({ from, to }));
    }
    expect(await server.rows(to.source)).toEqual([]);
  });

  test.each(['gbk', 'sjis', 'ujis', 'utf8mb4'])('a large text of bytes that are no %s here is refused', async (charset) => {
    const { from, to } = await pair(`id int primary key, v longtext character set ${charset}`);
    const escape = charset === 'utf8mb4' ? '\u{10ffff}\u{10d800}' : '\u{1000ff}';
    const after = { id: 1, v: `${'a'.repeat(large)}${escape}b` };
    const applied = apply([{ op: 'c', after }], sides({ from, to })).then(
      () => 'applied',
      (error: { code: string }) => error.code,
    );
    // MariaDB takes halves of a pair.
    const isTaken = charset === 'utf8mb4' && version === 'mariadb-11.4';
    expect(await applied).toBe(isTaken ? 'applied' : version === 'mariadb-11.4' ? 'APPLY_REFUSED' : 'VALUE_UNSUPPORTED');
    if (!isTaken) await connection.rollback();
    expect(await server.query(`SELECT RIGHT(v, 1) AS v FROM ${database}.${to.source.name}`)).toEqual(isTaken ? [{ v: 'b' }] : []);
  });

  test('what stands beside a large value, bytes of each kind, is found in a table without key', async () => {
    const vector = version === '9.7' ? ', w vector(500)' : '';
    const { from, to } = await pair(`n int, b longblob, g geometry${vector}`);
    const points = Buffer.concat(Array.from({ length: 200 }, (_, i) => Buffer.concat([Buffer.from(new Float64Array([i, -i]).buffer)])));
    const line = Buffer.concat([Buffer.from('000000000102000000c8000000', 'hex'), points]);
    const row = { n: 1, b: Buffer.alloc(large, 0x27), g: line, ...(vector && { w: Buffer.from(new Float32Array(400).fill(1.5).buffer) }) };
    await apply(
      [
        { op: 'c', after: row },
        { op: 'u', before: row, after: { ...row, n: 2 } },
      ],
      sides({ from, to }),
    );
    expect(await server.rows(to.source)).toEqual([{ ...row, n: 2 }]);
    await apply([{ op: 'd', before: { ...row, n: 2 } }], sides({ from, to }));
    expect(await server.rows(to.source)).toEqual([]);
  });
});
