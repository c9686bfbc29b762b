/**
 * Statements run on equal rows on real servers, at other times, in other sessions, on rows stored in another order: what is said of them
 * must be so.
 */
import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mysqlServer } from '../../../../test/servers/index.js';
import type { MysqlServer, MysqlVersion } from '../../../../test/servers/index.js';
import { differs, same, unknown } from './effect.fixture.js';

const versions: readonly MysqlVersion[] = ['8.0', '9.7', 'mariadb-11.4'];
const sessions = [
  "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', timestamp = 1700000000, auto_increment_increment = 1",
  "SET time_zone = '+08:00', sql_mode = 'PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES', timestamp = 1700005555, auto_increment_increment = 3",
];
const servers: MysqlServer[] = versions.map((version) =>
  mysqlServer({ version, serverId: 1, extra: ['--sync-binlog=0', '--innodb-flush-log-at-trx-commit=0'] }),
);
const connections = new Map<string, Connection>();

beforeAll(async () => {
  await Promise.all(servers.map((server) => server.start()));
  for (const { version, host, port, user } of servers)
    connections.set(
      version,
      await createConnection({
        host,
        port,
        user,
        multipleStatements: true,
        charset: 'utf8mb4',
        typeCast: (field) => field.buffer()?.toString('utf8') ?? null,
      }),
    );
}, 180_000);
afterAll(async () => {
  for (const connection of connections.values()) connection.destroy();
  await Promise.all(servers.map((server) => server.stop()));
});

/** Its rows afterwards, or the number of its error. */
async function outcome(version: string, sql: string, session: number): Promise<string> {
  const connection = connections.get(version);
  if (!connection) throw new Error(`no server ${version}`);
  const rows = ["(1, '漢äbc', 5, '2020-01-01 00:00:00.5')", "(2, '1\\\\2', 7, '2020-06-01 23:59:59.999999')", '(3, NULL, NULL, NULL)'];
  const keyless = ['(1)', '(2)', '(3)', '(NULL)'];
  const inOrder = (values: readonly string[]): string => (session === 0 ? values : values.toReversed()).join(', ');
  await connection.query(`SET timestamp = DEFAULT, time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES'; DROP DATABASE IF EXISTS s; CREATE DATABASE s CHARACTER SET utf8mb4;
    CREATE TABLE s.t (id INT PRIMARY KEY, v VARCHAR(20), n INT, d DATETIME(6), KEY k (n)); CREATE TABLE s.w (v INT);
    INSERT INTO s.t VALUES ${inOrder(rows)}; INSERT INTO s.w VALUES ${inOrder(keyless)}`);
  try {
    await connection.query(sessions[session] ?? '');
    await connection.query(sql);
  } catch (error) {
    return `error ${(error as { errno: number }).errno}`;
  } finally {
    await connection.query("SET timestamp = DEFAULT, time_zone = '+00:00', sql_mode = ''");
  }
  const [found] = await connection.query<RowDataPacket[]>('SELECT * FROM s.t ORDER BY id; SELECT * FROM s.w ORDER BY v');
  return JSON.stringify(found);
}

describe('run on both sides', () => {
  it.each(same)('same: $sql', async ({ sql }) => {
    const outcomes = new Set<string>();
    for (const version of versions) for (const session of sessions.keys()) outcomes.add(await outcome(version, sql, session));
    expect([...outcomes]).toHaveLength(1);
    expect([...outcomes][0]).not.toContain('error');
  });

  it.each(differs)('differs: $sql', async ({ sql, only = versions }) => {
    for (const version of only) {
      const [here, there] = [await outcome(version, sql, 0), await outcome(version, sql, 1)];
      expect(here).not.toContain('error');
      expect(there).not.toBe(here);
    }
  });

  it.each(unknown)('unknown: $sql', async ({ sql }) => {
    const outcomes = new Set<string>();
    for (const version of versions) for (const session of sessions.keys()) outcomes.add(await outcome(version, sql, session));
    expect(outcomes.size).toBeGreaterThan(1);
  });
});
