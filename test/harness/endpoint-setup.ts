/** What an administrator does on a database server before it becomes an endpoint: our table, and a user that may no more than it must. */
import { readFile } from 'node:fs/promises';
import { createConnection, type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import type { MysqlServer } from '../servers/index.js';
import { nameText } from './row-text.js';
import { letters } from './sides.js';

export const lutraUser = 'lutra';
export const lutraPassword = 'otters hold hands';

/** A database of the scenarios' own, carried by every channel: see drain.ts. */
export const probeDatabase = 'lutra_probe';

export function asAdministrator({ host, port, user, password }: MysqlServer): ConnectionOptions {
  return { host, port, user, password, supportBigNumbers: true, bigNumberStrings: true, dateStrings: true };
}

export async function withAdministrator<T>(server: MysqlServer, work: (connection: Connection) => Promise<T>): Promise<T> {
  const connection = await createConnection({ ...asAdministrator(server), multipleStatements: true, connectTimeout: 10_000 });
  try {
    return await work(connection);
  } finally {
    connection.destroy();
  }
}

export async function prepareEndpoint(server: MysqlServer): Promise<void> {
  const schema = await readFile(new URL('../../schemas/lutra.sql', import.meta.url), 'utf8');
  await withAdministrator(server, async (connection) => {
    await connection.query(schema);
    await connection.query(`CREATE USER IF NOT EXISTS '${lutraUser}'@'%' IDENTIFIED BY '${lutraPassword}'`);
    await connection.query(`GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '${lutraUser}'@'%'`);
    await connection.query(`GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO '${lutraUser}'@'%'`);
    for (const table of ['conflict', 'difference', 'file', 'file_missing'])
      await connection.query(`GRANT DELETE ON lutra.${table} TO '${lutraUser}'@'%'`);
    await connection.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON lutra.resync TO '${lutraUser}'@'%'`);
    await mayTrySchemaChanges(connection, lutraUser);
    await connection.query(`CREATE DATABASE IF NOT EXISTS ${probeDatabase}`);
    await connection.query(`CREATE TABLE IF NOT EXISTS ${probeDatabase}.probes (side CHAR(1) NOT NULL PRIMARY KEY, n BIGINT NOT NULL)`);
    for (const letter of letters) await connection.query(`INSERT IGNORE INTO ${probeDatabase}.probes VALUES ('${letter}', 0)`);
  });
}

/** A statement is looked at in the session of its source, also where it is to hold. MariaDB does not know the right. */
export async function mayTrySchemaChanges(connection: Connection, user: string): Promise<void> {
  const [rows] = await connection.query<RowDataPacket[]>('SELECT VERSION() AS version');
  if (/mariadb/i.test(String(rows[0]?.['version']))) return;
  await connection.query(`GRANT SESSION_VARIABLES_ADMIN ON *.* TO '${user}'@'%'`);
}

/** Of a server that may be elsewhere, where nobody logs in without TLS or its key. MariaDB has none, and needs none. */
export async function publicKeyOf(server: MysqlServer): Promise<string | undefined> {
  if (!server.external) return undefined;
  return withAdministrator(server, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'");
    return rows[0]?.['Value'] as string | undefined;
  });
}

/** For the databases that a channel carries. */
export async function grantDatabase(server: MysqlServer, database: string, { create = false, ddl = true } = {}): Promise<void> {
  const more = ddl ? ', CREATE, ALTER, DROP, INDEX, REFERENCES' : create ? ', CREATE, REFERENCES' : '';
  await withAdministrator(server, async (connection) => {
    await connection.query(
      `GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER, LOCK TABLES${more} ON ${nameText(database)}.* TO '${lutraUser}'@'%'`,
    );
  });
}
