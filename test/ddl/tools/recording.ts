/** One change by a tool on a server alone: what it leaves in the binlog, and what an application that writes meanwhile finds. */
import type { RowDataPacket } from 'mysql2/promise';
import { withAdministrator } from '../../harness/index.js';
import type { MysqlServer } from '../../servers/index.js';
import { Application, wrongRows } from './application.js';
import { endOfBinlog, sequenceSince } from './binlog-sequence.js';
import { changeOnline, type OnlineTool, type Variant } from './online-tool.js';

const database = 'recorded';
const table = 't';
const alter = 'ADD COLUMN c INT NULL';

/** With a few writes of others while it waits with its cut-over. */
export async function record(tool: OnlineTool, server: MysqlServer, variant: Variant): Promise<readonly string[]> {
  return withAdministrator(server, async (connection) => {
    await connection.query(`DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database}; USE ${database}`);
    await connection.query(`CREATE TABLE ${table} (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NULL)`);
    await connection.query(`INSERT INTO ${table} VALUES ${Array.from({ length: 120 }, (_, i) => `(${i + 1}, ${i})`).join()}`);
    const change = { server, database, table, alter };
    if (variant === 'revert') await changeOnline(tool, { ...change, variant: 'revertible' });
    const place = await endOfBinlog(connection);
    const running = await tool.begin({ ...change, variant });
    try {
      await connection.query(`INSERT INTO ${table} (id, v) VALUES (500, 500)`);
      await connection.query(`UPDATE ${table} SET v = 1 WHERE id = 5; DELETE FROM ${table} WHERE id = 6`);
      await running.finish();
    } finally {
      await running.end();
    }
    return sequenceSince(connection, place, `_${table}_ghc`);
  });
}

/** In words; none: the table is changed, and each row is as the application committed it last. */
export async function wrongUnderWrites(tool: OnlineTool, server: MysqlServer): Promise<readonly string[]> {
  return withAdministrator(server, async (connection) => {
    await connection.query(`DROP DATABASE IF EXISTS ${database}; CREATE DATABASE ${database}; USE ${database}`);
    await connection.query(`CREATE TABLE ${table} (id BIGINT NOT NULL PRIMARY KEY, v INT NULL)`);
    const { host, port, user, password } = server;
    const application = new Application({ side: 'a', connection: { host, port, user, password }, database, table });
    try {
      await application.goesOn(200);
      const running = await tool.begin({ server, database, table, alter });
      await application.goesOn(100);
      await running.finish().finally(() => running.end());
      await application.goesOn(100);
    } finally {
      await application.stop();
    }
    const [rows] = await connection.query<RowDataPacket[]>(`SELECT id, v FROM ${table} WHERE c IS NULL`);
    const found = new Map(rows.map((row) => [Number(row['id']), Number(row['v'])]));
    return wrongRows(server.name, found, [application.rows]);
  });
}
