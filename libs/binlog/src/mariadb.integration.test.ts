/** MariaDB, as far as it is read: the types that its binlog tells apart, its GTIDs, its CREATE TABLE … SELECT; the rest stops. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { checkStart, restartPosition } from './index.js';
import { answer, oracleOf, typeCases } from './allowlist.fixture.js';
import { collectToEnd, collectToError, connectionOf, executed, readerOptions, rowsOf, select, writer } from './reading.fixture.js';
import { carriesXa } from './xa.fixture.js';

/** Binary columns are refused; a JSON column is a text of at most 32 levels; some values are written in MySQL's words. */
const cases = typeCases
  .filter(({ definition }) => !/^(BINARY|VARBINARY)/.test(definition))
  .map(({ definition, values }) => ({
    definition,
    values: values.filter((value) => !/CAST\(.* AS (JSON|UNSIGNED|SIGNED)\)|\[{33}/.test(value)),
  }));

describe('MariaDB 11.4', () => {
  const server = mysqlServer({ version: 'mariadb-11.4', serverId: 1, extra: ['--max-allowed-packet=64M'] });
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query('CREATE DATABASE flow CHARACTER SET utf8mb4; USE flow; CREATE TABLE t (id INT PRIMARY KEY)');
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  it('logs in elsewhere without TLS by challenge and response, which needs no key', async () => {
    await connection.query(
      "CREATE USER plain IDENTIFIED BY 'p'; GRANT REPLICATION SLAVE, BINLOG MONITOR, REPLICATION MASTER ADMIN, SLAVE MONITOR ON *.* TO plain",
    );
    const as = { host: '0.0.0.0', tls: { mode: 'off' } as const, user: 'plain' }; // no loopback address, though it leads there
    expect((await collectToEnd(server, 'now', { ...as, password: 'p' })).at(-1)?.kind).toBe('heartbeat');
    const { error } = await collectToError(readerOptions(server, { start: 'now', ...as, password: 'wrong' }));
    expect(error).toMatchObject({ code: 'SOURCE_DENIED' });
  });

  it('delivers every type that it can be trusted with as the server stores it', async () => {
    const start = await executed(server);
    for (const [i, { definition, values }] of cases.entries()) {
      await connection.query(`CREATE TABLE t${i} (id INT PRIMARY KEY, v ${definition})`);
      await connection.query(`INSERT INTO t${i} VALUES ${['NULL', ...values].map((value, id) => `(${id}, ${value})`).join(', ')}`);
    }
    const rows = rowsOf(await collectToEnd(server, start));
    for (const [i, { definition }] of cases.entries()) {
      const events = rows.filter(({ table }) => table.name === `t${i}`);
      const column = events[0]!.table.columns[1]!;
      const oracle = oracleOf(column);
      const stored = await select(connection, `SELECT ${oracle.expression('v')} AS v FROM t${i} ORDER BY t${i}.id`);
      const expected = stored.map(({ v }) => (v === null ? null : answer(column, String(v))));
      const read = events.flatMap((event) => event.rows.map(({ after }) => after!['v']!));
      expect({ definition, values: read.map((value) => (value === null ? null : oracle.text(value))) }).toEqual({
        definition,
        values: expected,
      });
    }
  });

  it('tells the columns of each family apart', async () => {
    await connection.query(`CREATE TABLE families (id INT PRIMARY KEY, a BIGINT UNSIGNED, g POINT, y YEAR, c TINYINT UNSIGNED, t TEXT CHARACTER SET latin1, k BLOB, m MULTIPOLYGON,
      e ENUM('é') CHARACTER SET latin1, u VARCHAR(9) CHARACTER SET utf8mb4, l LINESTRING, s SET('ö'), w TEXT CHARACTER SET utf8mb3)`);
    const start = await executed(server);
    await connection.query("INSERT INTO families (id, a, c, t, e, u, s, w) VALUES (1, 18446744073709551615, 255, 'é', 'é', 'é', 'ö', 'ß')");
    const [event] = rowsOf(await collectToEnd(server, start));
    expect(event!.rows[0]!.after).toMatchObject({ a: 18446744073709551615n, c: 255, t: 'é', e: 'é', u: 'é', s: 'ö', w: 'ß' });
    expect(event!.table.columns.flatMap(({ geometry }) => geometry ?? [])).toEqual(['point', 'multipolygon', 'linestring']);
  });

  it('is asked whether it can be read from a position on', async () => {
    const log = { file: '', pos: 4, gtidSet: (await executed(server)).gtidSet };
    await connection.query('CREATE TABLE more (id INT PRIMARY KEY); INSERT INTO more VALUES (1)');
    const [last] = await select(connection, 'SELECT @@gtid_current_pos AS gtid');
    const position = await checkStart(connectionOf(server), (state) => restartPosition({ from: 'now' }, log, state).position);
    expect(position.gtidSet).toBe(String(last?.['gtid']));
    const back = checkStart(
      connectionOf(server),
      (state) => restartPosition({ from: 'gtid', gtidSet: log.gtidSet }, position, state).position,
    );
    await expect(back).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('2 transactions') });
    const beyond = checkStart(connectionOf(server), (state) => restartPosition({ from: 'after', gtid: '0-1-9999' }, log, state).position);
    await expect(beyond).rejects.toMatchObject({ code: 'SOURCE_BEHIND' });
  });

  it('goes on after any transaction, from its GTID or from its file and position, with exactly what follows', async () => {
    const start = await executed(server);
    await connection.query(
      'INSERT INTO t VALUES (1); BEGIN; INSERT INTO t VALUES (2); SAVEPOINT s; INSERT INTO t VALUES (3); ROLLBACK TO s; COMMIT',
    );
    await connection.query(
      'FLUSH BINARY LOGS; CREATE TABLE copy SELECT * FROM t; UPDATE t SET id = 4 WHERE id = 2; INSERT INTO t VALUES (5)',
    );
    const items = await collectToEnd(server, start);
    const commits = items.filter((item) => item.kind === 'commit');
    expect(rowsOf(items).map((item) => item.rows.map(({ after }) => after!['id']))).toEqual([[1], [2], [1, 2], [4], [5]]);
    expect(items.filter((item) => item.kind === 'ddl')).toMatchObject([
      { rowsFollow: true, sql: expect.stringMatching(/^CREATE TABLE `copy`/) },
    ]);
    expect(commits.at(-1)!.end.gtidSet).toBe((await executed(server)).gtidSet);
    for (const [i, { end }] of commits.entries()) {
      const rest = commits.slice(i + 1);
      const byGtid = await collectToEnd(server, { gtidSet: end.gtidSet! });
      const byFile = await collectToEnd(server, { file: end.file, pos: end.pos });
      expect(byGtid.filter((item) => item.kind === 'commit')).toEqual(rest);
      expect(byFile.filter((item) => item.kind === 'commit')).toEqual(rest);
    }
  });

  carriesXa(server);

  it('says that a statement stands in the place of rows, and not what it may have changed: the server does not tell', async () => {
    await connection.query('DROP TABLE IF EXISTS bad; CREATE TABLE bad (id INT AUTO_INCREMENT PRIMARY KEY, v DOUBLE)');
    const start = await executed(server);
    await connection.query(
      'SET SESSION binlog_format = STATEMENT; INSERT INTO bad (v) VALUES (RAND()); SET SESSION binlog_format = ROW; INSERT INTO t VALUES (200)',
    );
    const items = await collectToEnd(server, start);
    expect(items.filter(({ kind }) => kind === 'statement')).toMatchObject([{ keyword: 'INSERT', tables: null }]);
    expect(rowsOf(items)).toHaveLength(1);
  });

  it.each([
    ['CREATE TABLE bad (v UUID); INSERT INTO bad VALUES (UUID())', 'COLUMN_UNSUPPORTED'],
    ["CREATE TABLE bad (v INET6); INSERT INTO bad VALUES ('::1')", 'COLUMN_UNSUPPORTED'],
    ["CREATE TABLE bad (v BINARY(16)); INSERT INTO bad VALUES ('x')", 'COLUMN_UNSUPPORTED'],
    ["CREATE TABLE bad (v TEXT COMPRESSED); INSERT INTO bad VALUES ('x')", 'COLUMN_UNSUPPORTED'],
    ["CREATE TABLE bad (v VARCHAR(9) COMPRESSED); INSERT INTO bad VALUES ('x')", 'COLUMN_UNSUPPORTED'],
    [
      'CREATE TABLE bad (v DATETIME(3)); SET GLOBAL mysql56_temporal_format = OFF; ALTER TABLE bad FORCE; SET GLOBAL mysql56_temporal_format = ON; INSERT INTO bad VALUES (NOW(3))',
      'COLUMN_UNSUPPORTED',
    ],
    [
      "SET GLOBAL log_bin_compress = ON; CREATE TABLE bad (v TEXT); INSERT INTO bad VALUES (REPEAT('x', 2000)); SET GLOBAL log_bin_compress = OFF",
      'BINLOG_UNSUPPORTED',
    ],
    [
      'SET GLOBAL binlog_row_metadata = MINIMAL; CREATE TABLE bad (v INT); INSERT INTO bad VALUES (1); SET GLOBAL binlog_row_metadata = FULL',
      'SOURCE_SETTINGS',
    ],
  ])('stops at %s', async (sql, code) => {
    await connection.query('DROP TABLE IF EXISTS bad');
    const start = await executed(server);
    await connection.query(`${sql}; INSERT INTO t VALUES (100); DELETE FROM t WHERE id = 100`);
    const { items, error } = await collectToError(readerOptions(server, { start }));
    expect(error).toMatchObject({ code });
    expect(rowsOf(items)).toEqual([]);
  });
});
