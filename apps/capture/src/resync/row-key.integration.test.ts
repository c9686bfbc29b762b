/** Keys in JSON against real servers: by the key that is made of it the server finds the row, for each type that a primary key may have. */
import { rowToJson, SyncError } from '@lutra/model';
import type { Row, Value } from '@lutra/model';
import { keyOfRow, planRows, readRowQuery, toRow } from '@lutra/mysql';
import type { TargetTable } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer, versions } from '../../../../libs/mysql/src/mysql.fixture.js';
import { types } from '../../../../libs/mysql/src/values.fixture.js';
import { keyColumns, rowKeyOf } from './row-key.js';

/** Equal to a neighbour in most collations, or as numbers. */
const alike = ["'A'", "'a '", "' '", "_utf8mb4 x'0001021f7f'", "_utf8mb4 x'efbfbd'"];
const keys = types
  .filter(([type]) => !/json|text|blob|float/.test(type))
  .map(([type, values]) => {
    const distinct = values.filter((value) => !alike.includes(value) && !(value === '0' && values.includes('-0e0')));
    return [type.replace(' null', ''), distinct] as const;
  });

/** As a person or a program writes it that knows nothing of us; bytes have one form only. */
function plain(value: Value): unknown {
  if (typeof value === 'bigint') return String(value);
  return Buffer.isBuffer(value) ? ['b', value.toString('base64')] : Object.is(value, -0) ? ['f', '-0'] : value;
}

const refusal = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(SyncError);
    return (error as SyncError).message;
  }
  throw new Error('nothing was refused');
};

describe.each(versions)('keys on %s', (version) => {
  let server: TestServer;
  let database: string;
  let tables = 0;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    database = await server.database();
  });
  afterAll(() => server.stop());

  async function table(columns: string): Promise<TargetTable> {
    const name = `k${++tables}`;
    await server.run(`CREATE TABLE ${database}.${name} (${columns})`);
    return (await server.load(database, name)).target;
  }

  async function found(target: TargetTable, key: Row): Promise<readonly Row[]> {
    const plan = planRows((await server.load(database, target.name)).source, target);
    const rows = await server.admin.query(readRowQuery(plan, key, false));
    return rows.map((row) => keyOfRow(plan, toRow(plan, row)));
  }

  it.each(keys)('%s: the row is found by its key, however that was written', async (type, values) => {
    const target = await table(`v ${type} NOT NULL PRIMARY KEY, w INT`);
    await server.run(`INSERT INTO ${database}.${target.name} VALUES ${values.map((value) => `(${value}, 1)`).join(', ')}`);
    const { source } = await server.load(database, target.name);
    const of = keyColumns(target);
    const rows = await server.rows(source);
    expect(rows.length).toBe(values.length);
    for (const { v = null } of rows) {
      const key = { v };
      for (const text of [rowToJson(key), JSON.stringify({ v: plain(v) }), JSON.stringify([plain(v)])])
        expect([text, rowKeyOf(of, text)]).toEqual([text, key]);
      if (typeof v === 'bigint') expect(rowKeyOf(of, `{"v": ${v}}`)).toEqual(key);
      expect(await found(target, key)).toEqual([key]);
    }
  });

  /**
   * What it prints is another value of a TIME beyond 31 hours (MySQL 8.0), of texts in UTF-16 and UTF-32, of a SET with a member '', and on
   * MariaDB of bytes and of the year 0.
   */
  const misprinted = version === 'mariadb-11.4' ? /utf16|utf32|^time\b|set\('a',''|binary|bit|year/ : /utf16|utf32|^time\b|set\('a',''/;
  const printed = keys.filter(([type]) => !misprinted.test(type));
  it.each(printed)('%s: JSON_OBJECT of the server names the row', async (type, values) => {
    const target = await table(`v ${type} NOT NULL PRIMARY KEY, w INT`);
    await server.run(`INSERT INTO ${database}.${target.name} VALUES ${values.map((value) => `(${value}, 1)`).join(', ')}`);
    const { source } = await server.load(database, target.name);
    const asked = await server.admin.query(`SELECT CONVERT(JSON_OBJECT('v', v) USING utf8mb4) AS k FROM ${database}.${target.name}`);
    const made = asked.map((row) => rowKeyOf(keyColumns(target), String(row['k'])));
    // It prints '' for the error value too.
    const isSpecial = (value: Value | undefined): boolean => type.startsWith('enum') && /^\0*$/.test(String(value));
    const shown = (of: readonly Row[]): readonly string[] =>
      of
        .filter(({ v }) => !isSpecial(v))
        .map(rowToJson)
        .toSorted();
    expect(shown(made)).toEqual(shown((await server.rows(source)).map(({ v = null }) => ({ v }))));
  });

  it('a key of several columns is named by column, or by place', async () => {
    const target = await table('a INT, b VARCHAR(9) NOT NULL, c DECIMAL(5,2) NOT NULL, PRIMARY KEY (c, a)');
    const of = keyColumns(target);
    const key = { c: '-1.50', a: 7 };
    for (const text of ['{"a": 7, "c": -1.5}', '{"c": "-1.500", "a": "7"}', '["-01.5", "7"]']) expect(rowKeyOf(of, text)).toEqual(key);
    for (const text of ['{"a": 7}', '{"a": 7, "c": 1, "b": "x"}', '["7"]', '{"A": 7, "c": 1}'])
      expect(refusal(() => rowKeyOf(of, text))).toContain('row_key does not name the columns of the primary key: write c, a');
    for (const text of ['', 'x', '7', 'null', '"a"', '{"a": true, "c": 1}', '{"a": null, "c": 1}', '{"a": {"b": 1}, "c": 1}'])
      expect(refusal(() => rowKeyOf(of, text))).toContain('row_key is not JSON of a key: write {"c": value, "a": value}');
  });

  it('what is not surely a value of the column is refused, and the message has none', async () => {
    const wrong: readonly (readonly [type: string, given: readonly unknown[]])[] = [
      ['TINYINT', [128, 'secret', 1.5, '', ['b', 'AA==']]],
      ['BIGINT UNSIGNED', [-1, '18446744073709551616', '1e3']],
      ['DECIMAL(4,2)', ['100.00', '1.001', 'secret']],
      ['DOUBLE', ['secret', '1e999']],
      ['BIT(9)', [512, 'secret', ['b', 'AAAA']]],
      ['VARCHAR(9)', [5, ['b', 'AA==']]],
      ['BINARY(2)', ['secret', ['b', 'AAAA'], ['b', '?']]],
      ["ENUM('a','b')", ['c', 1]],
      ["SET('a','b')", ['a,c', 1]],
      ['DATE', ['20240101', '2024-01-01 00:00:00', 5]],
      ['TIME(1)', ['1:00', '12:00:00.12', 'secret']],
      ['DATETIME', ['2024-01-01', '2024-01-01 00:00:00.5', 'secret']],
      ['TIMESTAMP', ['2024-01-01T00:00:00Z']],
    ];
    for (const [type, given] of wrong) {
      const of = keyColumns(await table(`v ${type} NOT NULL PRIMARY KEY`));
      for (const value of given) {
        const message = refusal(() => rowKeyOf(of, JSON.stringify({ v: value })));
        expect([type, value, message]).toEqual([type, value, expect.stringContaining('row_key')]);
        expect(message).not.toContain('secret');
      }
    }
  });

  it('a number keeps its digits, which JSON.parse would not', async () => {
    const of = keyColumns(await table('v BIGINT NOT NULL PRIMARY KEY'));
    const text = '{"v": 9007199254740993}';
    expect((JSON.parse(text) as { v: number }).v).toBe(9007199254740992);
    expect(rowKeyOf(of, text)).toEqual({ v: 9007199254740993n });
  });

  it('a table whose rows no key names is refused', async () => {
    const without = await table('v INT');
    expect(refusal(() => keyColumns(without))).toContain('has no primary key');
    const float = await table('v FLOAT NOT NULL PRIMARY KEY');
    expect(refusal(() => keyColumns(float))).toContain('column v of the primary key is float');
  });
});
