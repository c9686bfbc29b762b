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

  it.each(['STATEMENT', 'MIXED', 'ROW'])('of a temporary table: nobody takes it for the table of that name (%s)', async (format) => {
    const shadowed = 'CREATE TEMPORARY TABLE t (id INT PRIMARY KEY, v INT, w INT)';
    const statements = ['ALTER TABLE t DROP COLUMN v', 'CREATE INDEX i ON t (w)', 'TRUNCATE TABLE t', 'ALTER TABLE t RENAME TO u'];
    const all = [`SET SESSION binlog_format = ${format}`, shadowed, ...statements, 'DROP TABLE u', 'SET SESSION binlog_format = ROW'];
    const items = await ranBy(all.join(';'));
    expect(items).toHaveLength(format === 'STATEMENT' ? 4 : 0);
    expect(items.filter(({ sessionDoubt }) => sessionDoubt === null)).toEqual([]);
    expect((await ranBy('TRUNCATE TABLE t')).map(({ sessionDoubt }) => sessionDoubt)).toEqual([null]);
  });
});
