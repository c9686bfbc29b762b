/** The text of DDL in each character set that a client can speak, against what the server itself understood. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { foldedName } from '@lutra/model';
import type { SourceItem } from '@lutra/model';
import { createConnection } from 'mysql2/promise';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { collectToEnd, connectionOf, select, stateOf, writer } from './reading.fixture.js';
import { manyBytes, notAscii } from './statement-text.js';

describe.each(['9.7', 'mariadb-11.4'] as const)('%s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  let connection: Connection;
  let session: Connection;
  let charsets: readonly string[];

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query('CREATE DATABASE flow; USE flow');
    // what the driver does not know of it cannot translate
    session = await createConnection({ ...connectionOf(server), charset: 'BINARY', flags: ['-SESSION_TRACK'], database: 'flow' });
    const rows = await select(connection, 'SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS');
    charsets = rows.map(({ name }) => String(name)).filter((name) => !/^(?:ucs2|utf16|utf16le|utf32)$/.test(name));
  });
  afterAll(async () => {
    session?.destroy();
    connection?.destroy();
    await server.stop();
  });

  it('has ASCII below 0x80 in all of them but one, and one byte a character in those that are not listed', async () => {
    const ascii = Buffer.from(Array.from({ length: 128 }, (_, byte) => byte)).toString('hex');
    for (const charset of charsets) {
      const [row] = await select(
        connection,
        `SELECT HEX(CONVERT(_${charset} x'${ascii}' USING utf8mb4)) AS text, MAXLEN AS most FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME = '${charset}'`,
      );
      expect([charset, String(row!['text']).toLowerCase() === ascii]).toEqual([charset, charset !== notAscii]);
      expect([charset, Number(row!['most']) > 1 || charset === 'binary']).toEqual([charset, manyBytes.has(charset)]);
    }
  });

  it('is read as the server did: the comment of a column has letters of each set', async () => {
    const start = await stateOf(server);
    const expected: string[] = [];
    for (const charset of charsets.filter((name) => !['binary', 'ascii', notAscii].includes(name))) {
      const text = await lettersOf(charset);
      await session.query(`SET NAMES ${charset}`);
      expected.push(charset);
      await session.query(`CREATE TABLE flow.t_${charset} (id INT COMMENT '${text}')`);
    }
    const items = (await collectToEnd(server, { file: start.file, pos: start.pos })).filter((item) => item.kind === 'ddl');
    const creates = items.filter(({ sql }) => sql.startsWith('CREATE TABLE'));
    expect(creates).toHaveLength(expected.length);
    for (const item of creates) {
      const name = /flow\.(t_\w+)/.exec(item.sql)![1]!;
      const [row] = await select(connection, `SELECT COLUMN_COMMENT AS text FROM information_schema.COLUMNS WHERE TABLE_NAME = '${name}'`);
      expect([name, item.doubt, item.readings[0]!.text]).toEqual([
        name,
        null,
        `CREATE TABLE flow.${name} (id INT COMMENT '${String(row!['text'])}')`,
      ]);
    }
  });

  it('is not made out where the bytes are no text', async () => {
    const start = await stateOf(server);
    await session.query('SET NAMES swe7');
    await session.query('CREATE TABLE swe (id INT)');
    await session.query("SET NAMES utf8mb4, sql_mode = 'NO_BACKSLASH_ESCAPES'");
    await session.query("ALTER TABLE swe COMMENT '\\'");
    const items = (await collectToEnd(server, { file: start.file, pos: start.pos })).filter((item) => item.kind === 'ddl');
    const shown = ({ doubt, readings }: Extract<SourceItem, { kind: 'ddl' }>): unknown => [
      doubt,
      readings.map((one) => one.noBackslashEscapes),
    ];
    expect(items.map(shown)).toEqual([
      ['it cannot be read in its character set swe7', [false]],
      [null, [true, false]],
    ]);
  });

  it('folds a name at least as far as the server does, whatever its characters are', async () => {
    const wrong: string[] = [];
    const all = Array.from({ length: 0xffff }, (_, i) => i + 1).filter((code) => code < 0xd800 || code > 0xdfff);
    for (let from = 0; from < all.length; from += 4000) {
      const some = all.slice(from, from + 4000).map((code) => String.fromCharCode(code));
      const hex = Buffer.from(some.join('')).toString('hex');
      const [row] = await select(connection, `SELECT HEX(LOWER(CONVERT(x'${hex}' USING utf8mb3) COLLATE utf8mb3_general_ci)) AS hex`);
      const folded = [...Buffer.from(String(row!['hex']), 'hex').toString('utf8')];
      wrong.push(...some.filter((character, i) => folded[i] !== character && folded[i] !== foldedName(character)));
    }
    expect(wrong).toEqual([]);
  });

  /** Up to 40 letters of the upper half of a character set, as bytes of it that come back from Unicode. */
  async function lettersOf(charset: string): Promise<string> {
    const candidates = 'éßöñłčžőαλωЖдאבتثกขทრაՀ乗乣ソ表가힣あ漢字';
    let bytes = '';
    for (const letter of candidates) {
      const hex = Buffer.from(letter).toString('hex');
      const to = `CONVERT(_utf8mb4 x'${hex}' USING ${charset})`;
      const [row] = await select(connection, `SELECT HEX(${to}) AS there, HEX(CONVERT(${to} USING utf8mb4)) AS back`);
      if (String(row!['back']).toLowerCase() === hex) bytes += Buffer.from(String(row!['there']), 'hex').toString('latin1');
    }
    return bytes;
  }
});
