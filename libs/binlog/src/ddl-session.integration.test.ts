/** The session of a schema change as servers write it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceItem } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { collectToEnd, stateOf, writer } from './reading.fixture.js';

type Ddl = Extract<SourceItem, { kind: 'ddl' }>;

describe.each(['9.7', '8.0'] as const)('%s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query('CREATE DATABASE flow; USE flow; CREATE TABLE t (id INT PRIMARY KEY, v INT)');
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  async function ranBy(sql: string): Promise<readonly Ddl[]> {
    const { file, pos } = await stateOf(server);
    await connection.query(sql);
    return (await collectToEnd(server, { file, pos })).filter((item) => item.kind === 'ddl');
  }

  it('has the offset of the server in the place of SYSTEM', async () => {
    const items = await ranBy("SET time_zone = 'SYSTEM'; ALTER TABLE t ADD COLUMN made DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP");
    expect(items.map(({ session }) => session.timeZone)).toEqual(['+00:00']);
  });

  it.each(['ROW', 'STATEMENT'])('is sure of other tables, in a session with temporary ones too (%s)', async (format) => {
    await connection.query(`SET SESSION binlog_format = ${format}; CREATE TEMPORARY TABLE other (id INT)`);
    const statements = [
      'CREATE TABLE a (id INT PRIMARY KEY, v INT)',
      'CREATE INDEX i ON a (v)',
      'ALTER TABLE a ADD w INT',
      'TRUNCATE TABLE a',
    ];
    const more = [
      'DROP INDEX i ON a',
      'RENAME TABLE a TO b',
      'CREATE TABLE c LIKE b',
      'DROP TABLE b, c',
      'CREATE DATABASE d',
      'DROP DATABASE d',
    ];
    const items = await ranBy([...statements, ...more].join(';'));
    await connection.query('DROP TEMPORARY TABLE other; SET SESSION binlog_format = ROW');
    expect(items.map(({ sql, sessionDoubt }) => [sql, sessionDoubt])).toEqual(items.map(({ sql }) => [sql, null]));
    expect(items).toHaveLength(10);
  });

  it('says where the same text may do something else: bytes of its client, names by its locale', async () => {
    const doubtOf = async (sql: string): Promise<unknown> => (await ranBy(sql)).map(({ sessionDoubt }) => sessionDoubt);
    await connection.query("SET NAMES latin1, lc_time_names = 'en_GB'");
    expect(await doubtOf("ALTER TABLE t ALTER v SET DEFAULT 7, COMMENT 'é'")).toEqual([null]);
    expect(await doubtOf("ALTER TABLE t ADD COLUMN a VARCHAR(9) DEFAULT _latin1 'é'")).toEqual([expect.stringContaining('character set')]);
    expect(await doubtOf('ALTER TABLE t ADD COLUMN b VARCHAR(9) AS (DAYNAME(made)) STORED')).toEqual([
      expect.stringContaining('lc_time_names'),
    ]);
    await connection.query("SET NAMES utf8mb4, lc_time_names = 'en_US'");
    expect(await doubtOf("ALTER TABLE t ADD COLUMN c VARCHAR(9) DEFAULT _latin1 'é'")).toEqual([null]);
  });

  it.each(['STATEMENT', 'MIXED', 'ROW'])('of a temporary table: nobody takes it for the table of that name (%s)', async (format) => {
    const shadowed = 'CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, v INT, w INT)';
    const statements = ['ALTER TABLE t DROP COLUMN v', 'CREATE INDEX i ON t (w)', 'TRUNCATE TABLE t', 'ALTER TABLE t RENAME TO u'];
    const all = [`SET SESSION binlog_format = ${format}`, shadowed, ...statements, 'DROP TABLE u', 'SET SESSION binlog_format = ROW'];
    const items = await ranBy(all.join(';'));
    expect(items).toHaveLength(format === 'STATEMENT' ? 4 : 0);
    expect(items.filter(({ sessionDoubt }) => sessionDoubt === null)).toEqual([]);
  });
});
