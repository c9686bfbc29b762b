/**
 * Every character set of every server: each character that it stores arrives by its bytes, as a value and in a key, changed and deleted.
 */
import { ApplyConnection } from '@lutra/mysql';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectionOf, writer } from '../../libs/binlog/src/reading.fixture.js';
import { mysqlServer } from '../servers/index.js';
import { replicatesText } from './charsets.fixture.js';
import { apply, characters, fillSequences, lost, unequal, write } from './round-trip.js';
import type { Site, Tables } from './round-trip.js';

/** Characters of one row; a value of each length from 0 on too. */
const perRow = 12;

function tablesOf(charset: string, all: readonly string[]): readonly Tables[] {
  const column = `CHARACTER SET ${charset} COLLATE ${charset}_bin`;
  const rows = Array.from({ length: Math.ceil(all.length / perRow) }, (_, i) => all.slice(i * perRow, (i + 1) * perRow).join(''));
  const values = [...all.slice(0, perRow).map((_, i) => all.slice(-i - 1, -1).join('')), ...rows];
  // Two that are one to a key but for blanks at the end, which CHAR has not.
  const blank = /^(?:(?:00)*20|2000)$/;
  const few = all
    .filter((one, i) => !blank.test(one) && (i < 300 || i % Math.ceil(all.length / 500) === 0))
    .filter((one) => !/^0+$/.test(one));
  const numbered = (texts: readonly string[]): readonly string[] => texts.map((text, i) => `(${i}, x'${text}')`);
  return [
    { name: `${charset}_v`, definition: `(id INT PRIMARY KEY, v VARCHAR(40) ${column})`, rows: numbered(values) },
    { name: `${charset}_t`, definition: `(id INT PRIMARY KEY, v TEXT ${column})`, rows: numbered([values.slice(0, 100).join(''), '']) },
    { name: `${charset}_c`, definition: `(id INT PRIMARY KEY, v CHAR(5) ${column})`, rows: numbered(few) },
    { name: `${charset}_k`, definition: `(v VARCHAR(9) ${column} PRIMARY KEY, id INT)`, rows: few.map((text, i) => `(x'${text}', ${i})`) },
    { name: `${charset}_n`, definition: `(id INT, v VARCHAR(9) ${column})`, rows: numbered(few.filter((_, i) => i % 10 === 0)) },
  ];
}

/** Each row gets another's value, some go. */
function changes(table: string): string {
  if (table.endsWith('_k')) return `UPDATE ${table} SET id = id + 1; DELETE FROM ${table} WHERE id % 3 = 0`;
  if (table.endsWith('_n')) return `UPDATE ${table} SET id = id + 1000; DELETE FROM ${table} WHERE id % 3 = 0`;
  return `UPDATE ${table} a JOIN (SELECT id - 1 AS id, v FROM ${table}) b ON a.id = b.id SET a.v = b.v; DELETE FROM ${table} WHERE id % 3 = 0`;
}

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('the character sets of %s', (version) => {
  const server = mysqlServer({
    version,
    serverId: 1,
    extra: ['--max-allowed-packet=64M', '--innodb-flush-log-at-trx-commit=0', '--sync-binlog=0'],
  });
  let site: Site;
  let charsets: readonly string[];

  beforeAll(async () => {
    await server.start();
    const connection = await writer(server);
    await connection.query('CREATE DATABASE charsets; CREATE DATABASE there; USE charsets');
    site = { server, connection, target: await ApplyConnection.open(connectionOf(server)) };
    await fillSequences(site);
    const [rows] = await connection.query<RowDataPacket[]>(
      "SELECT CHARACTER_SET_NAME AS name FROM information_schema.CHARACTER_SETS WHERE CHARACTER_SET_NAME <> 'binary' ORDER BY 1",
    );
    charsets = rows.map(({ name }) => String(name));
  });
  afterAll(async () => {
    await site?.target.close();
    site?.connection.destroy();
    await server.stop();
  });

  test('carry each character that they store', { timeout: 600_000 }, async () => {
    for (const charset of charsets) {
      const all = await characters(site, charset);
      expect({ charset, some: all.length > 10 }).toEqual({ charset, some: true });
      const tables = tablesOf(charset, all);
      const items = await write(site, tables, changes);
      expect({ charset, lost: lost(items, charset) }).toEqual({ charset, lost: [] });
      await apply(site, items);
      for (const { name } of tables) expect({ name, unequal: await unequal(site, name) }).toEqual({ name, unequal: [] });
    }
  });
});

describe.each(['8.0', 'mariadb-11.4'] as const)('the character sets of %s, some of each', (version) => {
  replicatesText(version);
});
