/**
 * Every character set of a server, some of each: as values, in keys, in ENUM and SET, large, changed, deleted, and to the byte. All of
 * each: charsets.long.test.ts.
 */
import { supportedCharsets, textCodec } from '@lutra/model';
import type { ColumnSchema, TableName } from '@lutra/model';
import { ApplyConnection, keyOfRow, loadTable, planRows, readRowQuery, sameKey, sameRows, toRow } from '@lutra/mysql';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { collectToEnd, connectionOf, executed, writer } from '../../libs/binlog/src/reading.fixture.js';
import { checkSourceTables } from '../../libs/mysql/src/check-source-tables.js';
import { anySessionForm } from '../../libs/mysql/src/any-session.js';
import { literalOf, ownForm } from '../../libs/mysql/src/literal.js';
import { readServer } from '../../libs/mysql/src/server-facts.js';
import { mysqlServer } from '../servers/index.js';
import type { MysqlVersion } from '../servers/index.js';
import { apply, characters, fillSequences, lost, unequal, write } from './round-trip.js';
import type { Rows, Site } from './round-trip.js';

/** Sets whose keys are tried: of one byte, of two with and without escapes, sjis's backslash, swe7's brackets, and Unicode's. */
const keyed = ['cp1251', 'gbk', 'cp932', 'sjis', 'swe7', 'ascii', 'ucs2', 'utf32', 'utf16'];
const perRow = 8;

export function replicatesText(version: MysqlVersion): void {
  const server = mysqlServer({ version, serverId: 1, extra: ['--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0'] });
  let site: Site;
  const characterSets = new Map<string, readonly string[]>();

  beforeAll(async () => {
    await server.start();
    const connection = await writer(server);
    await connection.query('CREATE DATABASE charsets; CREATE DATABASE there; USE charsets');
    site = { server, connection, target: await ApplyConnection.open(connectionOf(server)) };
    await fillSequences(site, 101);
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME <> 'binary' ORDER BY 1",
    );
    for (const { name } of rows) characterSets.set(String(name), await characters(site, String(name)));
  });
  afterAll(async () => {
    await site?.target.close();
    site?.connection.destroy();
    await server.stop();
  });

  /** A row has a text of each set. */
  function wideRows(): readonly string[] {
    const chunks = [...characterSets.values()].map((all) =>
      Array.from({ length: Math.ceil(all.length / perRow) }, (_, i) => all.slice(i * perRow, (i + 1) * perRow).join('')),
    );
    const length = Math.max(...chunks.map((rows) => rows.length));
    return Array.from({ length }, (_, i) => `(${i}, ${chunks.map((rows) => `x'${rows[i] ?? ''}'`).join()})`);
  }

  test('are all known', () => {
    expect(characterSets.size).toBeGreaterThan(37);
    expect([...characterSets.keys()].filter((charset) => !supportedCharsets.includes(charset))).toEqual([]);
    expect(Object.fromEntries([...characterSets].filter(([, all]) => all.length < 11))).toEqual({});
  });

  test.each(['id INT PRIMARY KEY', 'id INT'])('are replicated as values of a table with %s', async (id) => {
    const charsets = [...characterSets.keys()];
    const name = id.includes('KEY') ? 'wide' : 'keyless';
    const columns = charsets.map((charset, i) => `v${i} ${i % 3 === 2 ? 'TEXT' : 'VARCHAR(20)'} CHARACTER SET ${charset}`);
    const rows = name === 'wide' ? wideRows() : wideRows().filter((_, i) => i % 8 === 0);
    const set = charsets.map((_, i) => `a.v${i} = b.v${i}`).join();
    const change = `UPDATE ${name} a JOIN (SELECT * FROM ${name}) b ON a.id = b.id - ${name === 'wide' ? 1 : 8} SET ${set}; DELETE FROM ${name} WHERE id % 16 = 0`;
    const items = await write(site, [{ name, definition: `(${id}, ${columns.join()})`, rows }], () => change);
    for (const [i, charset] of charsets.entries()) expect({ charset, lost: lost(items, charset, `v${i}`) }).toEqual({ charset, lost: [] });
    await apply(site, items);
    expect(
      await unequal(
        site,
        name,
        charsets.map((_, i) => `v${i}`),
      ),
    ).toEqual([]);
  });

  test('are replicated in keys', async () => {
    // A key takes blanks at the end for none.
    const isBlank = /^(?:00)*(?:20|00)$/;
    const tables = keyed.map((charset) => {
      const all = (characterSets.get(charset) ?? []).filter((one) => !isBlank.test(one));
      const definition = `(v VARCHAR(9) CHARACTER SET ${charset} COLLATE ${charset}_bin PRIMARY KEY, id INT)`;
      return { name: `key_${charset}`, definition, rows: all.map((text, i) => `(x'${text}', ${i})`) };
    });
    const items = await write(site, tables, (table) => `UPDATE ${table} SET id = id + 1; DELETE FROM ${table} WHERE id % 3 = 0`);
    await apply(site, items);
    for (const { name } of tables) expect({ name, unequal: await unequal(site, name) }).toEqual({ name, unequal: [] });
    for (const { name } of tables) expect({ name, odd: await readAgain(name, items) }).toEqual({ name, odd: [] });
  });

  /** As a conflict reads a row, by its key: those that are not the source's last image. */
  async function readAgain(name: string, items: readonly Rows[]): Promise<readonly unknown[]> {
    const updates = items.filter(({ table, op }) => table.name === name && op === 'u').slice(-1);
    const gone = new Set(
      items.filter(({ table, op }) => table.name === name && op === 'd').flatMap(({ rows }) => rows.map(({ before }) => before?.['v'])),
    );
    const odd: unknown[] = [];
    for (const { table, rows } of updates) {
      const plan = planRows(table, await loadTable(site.target, 'there', name));
      for (const { after } of rows.filter(({ after }) => after && !gone.has(after['v'])).slice(-40)) {
        const [found] = await site.target.query(readRowQuery(plan, keyOfRow(plan, after!), false));
        if (!found || !sameRows(plan, toRow(plan, found), after!) || !sameKey(plan, toRow(plan, found), after!)) odd.push(after);
      }
    }
    return odd;
  }

  test('are replicated as texts that are too large for a statement, found whole where there is no key', async () => {
    const sets = ['gbk', 'sjis', 'gb18030', 'ascii', 'ucs2'].filter((charset) => characterSets.has(charset));
    const tables = sets.flatMap((charset) => {
      const all = (characterSets.get(charset) ?? []).join('');
      const text = `REPEAT(x'${all}', CEIL(700000 / ${all.length / 2}))`;
      const definition = (key: string): string => `(id INT ${key}, v LONGTEXT CHARACTER SET ${charset})`;
      return [
        { name: `large_${charset}`, definition: definition('PRIMARY KEY'), rows: [`(1, ${text})`, `(2, ${text})`] },
        { name: `large_keyless_${charset}`, definition: definition(''), rows: [`(1, ${text})`, `(2, ${text})`] },
      ];
    });
    const items = await write(
      site,
      tables,
      (table) => `UPDATE ${table} SET v = CONCAT(v, 'x') WHERE id = 1; DELETE FROM ${table} WHERE id = 2`,
    );
    await apply(site, items);
    for (const { name } of tables) expect({ name, unequal: (await unequal(site, name)).length }).toEqual({ name, unequal: 0 });
  });

  test('are replicated in ENUM and SET, of bytes too', async () => {
    const members = (charset: string): string => (/^(?:ascii|swe7)$/.test(charset) ? 'a' : charset === 'binary' ? 'ä' : "'");
    const charsets = [...characterSets.keys(), 'binary'];
    const own = new Map(await Promise.all(charsets.map(async (charset) => [charset, await letterOf(charset, members(charset))] as const)));
    const columns = charsets.flatMap((charset, i) => {
      const values = `(${own.get(charset)}, 'b', 'c') CHARACTER SET ${charset}`;
      return [`e${i} ENUM${values}`, `s${i} SET${values}`];
    });
    const rows = [1, 2, 3].map((n) => `(${n}, ${charsets.map(() => `${n}, ${n + 4}`).join()})`);
    const change = `UPDATE choices SET ${charsets.map((_, i) => `e${i} = 4 - e${i}, s${i} = 8 - s${i}`).join()} WHERE id < 3; DELETE FROM choices WHERE id = 2`;
    const items = await write(site, [{ name: 'choices', definition: `(id INT PRIMARY KEY, ${columns.join()})`, rows }], () => change);
    await apply(site, items);
    expect(
      await unequal(
        site,
        'choices',
        charsets.flatMap((_, i) => [`e${i}`, `s${i}`]),
      ),
    ).toEqual([]);
  });

  test('are replicated in ENUM and SET where the server shows other values than it has', async () => {
    const definition = `(id INT PRIMARY KEY, e ENUM('?', '😀', 'b') CHARACTER SET utf8mb4, s SET('a', '😂 (*)', '?') CHARACTER SET utf8mb4, n ENUM(x'fa5c', x'ed40', 'b') CHARACTER SET cp932)`;
    const rows = [1, 2, 3].map((n) => `(${n}, ${n}, ${n + 4}, ${n})`);
    const change = 'UPDATE shown SET e = 4 - e, s = 8 - s, n = 4 - n WHERE id < 3; DELETE FROM shown WHERE id = 2';
    const items = await write(site, [{ name: 'shown', definition, rows }], () => change);
    await apply(site, items);
    expect(await unequal(site, 'shown', ['e', 's', 'n'])).toEqual([]);
  });

  /** A letter beyond ASCII that the set and the basic plane have, quoted. */
  async function letterOf(charset: string, otherwise: string): Promise<string> {
    const [rows] = await site.connection.query<RowDataPacket[]>(
      `SELECT c FROM (VALUES_OF) AS letters WHERE CONVERT(CONVERT(c USING ${charset}) USING utf8mb4) = c COLLATE utf8mb4_bin LIMIT 1`.replace(
        'VALUES_OF',
        Array.from('éжש漢ըაกä', (letter) => `SELECT _utf8mb4'${letter}' AS c`).join(' UNION ALL '),
      ),
    );
    return `'${charset === 'binary' ? 'ä' : String(rows[0]?.['c'] ?? otherwise).replace("'", "''")}'`;
  }

  test('are refused where the target has another set that lacks a value, and nothing is written', async () => {
    const { connection, target } = site;
    const write = async (value: string): Promise<readonly Rows[]> => {
      const start = await executed(server);
      await connection.query(`INSERT INTO other VALUES (${value})`);
      return (await collectToEnd(server, start)).filter((item): item is Rows => item.kind === 'rows');
    };
    await connection.query(`CREATE TABLE other (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET cp932, e ENUM('b','纊') CHARACTER SET cp932);
      CREATE TABLE there.other (id INT PRIMARY KEY, v VARCHAR(9) CHARACTER SET utf8mb4, e ENUM('纊','b') CHARACTER SET utf8mb4)`);
    await apply(site, await write("1, x'fa5c8141', 2"));
    await expect(async () => apply(site, await write("2, x'61ed40', 1"))).rejects.toMatchObject({
      code: 'VALUE_UNSUPPORTED',
      message: expect.stringContaining('there.other.v'),
    });
    expect(await target.query('SELECT * FROM there.other')).toEqual([{ id: 1, v: '纊、', e: '纊' }]);
  });

  test("are refused by the target where they are not well-formed, in a source's session too", async () => {
    const sets = {
      gbk: '4181',
      sjis: '61fd',
      ujis: '8f41',
      ...(version === '9.7' && { ascii: '6180', utf32: '0000d800', utf8mb4: '61eda080' }),
    };
    for (const [charset, hex] of Object.entries(sets)) {
      await site.target.query(`DROP TABLE IF EXISTS there.broken`);
      await site.target.query(`CREATE TABLE there.broken (v VARCHAR(9) CHARACTER SET ${charset})`);
      const schema: ColumnSchema = { name: 'v', type: 'varchar', charset };
      const value = textCodec(charset)?.decode(Buffer.from(hex, 'hex')) ?? '';
      for (const [mode, form] of [['STRICT_ALL_TABLES', ownForm] as const, ['', anySessionForm(true)] as const]) {
        await site.connection.query(`SET sql_mode = '${mode}'`);
        const insert = async (): Promise<unknown> =>
          site.connection.query(`INSERT INTO there.broken VALUES (${literalOf(schema, 'broken.v', form)(value)})`);
        await expect(insert).rejects.toThrow(/Invalid|Incorrect|cannot be stored/);
      }
      expect(await site.target.query('SELECT * FROM there.broken')).toEqual([]);
    }
  });

  test('pass the check', async () => {
    const helpers = ['probe', 'sequences', 'unicode'];
    const isRouted = ({ database, name }: TableName): boolean => database === 'charsets' && !helpers.includes(name);
    const problems = await checkSourceTables(site.target, await readServer(site.target), { routes: [], isRouted });
    expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
}
