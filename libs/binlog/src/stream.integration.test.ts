/** The stream of a source: commit order, positions one can resume from, heartbeats, events of any size, back-pressure. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SourceItem } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { gtidContains, gtidSubset, readBinlog } from './index.js';
import { collect, collectToEnd, collectToError, executed, readerOptions, rowsOf, select, stateOf, writer } from './reading.fixture.js';
import type { Begin, Commit } from './reading.fixture.js';

const versions = ['8.0', '9.7'] as const;

/** The ids of the rows of each transaction. */
function transactions(items: readonly SourceItem[]): number[][] {
  const all: number[][] = [];
  for (const item of items) {
    if (item.kind === 'begin') all.push([]);
    if (item.kind === 'rows') all.at(-1)!.push(...item.rows.map(({ before, after }) => Number((after ?? before)!['id'])));
  }
  return all;
}

function commits(items: readonly SourceItem[]): Commit[] {
  return items.filter((item) => item.kind === 'commit');
}

describe.each(versions)('MySQL %s', (version) => {
  // a dump that we do not read would be cut after a second, were our own setting not in force
  const server = mysqlServer({ version, serverId: 1, extra: ['--max-allowed-packet=64M', '--net-write-timeout=1'] });
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query(
      'CREATE DATABASE flow CHARACTER SET utf8mb4; USE flow; CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT, b LONGBLOB)',
    );
    await connection.query('CREATE TABLE other (id INT PRIMARY KEY, g GEOMETRY)');
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  /** Transactions of several kinds over three binlog files. */
  async function writeSome(): Promise<void> {
    await connection.query('DELETE FROM t');
    await connection.query("INSERT INTO t (id, v) VALUES (1, 'a'), (2, 'b')");
    await connection.query("BEGIN; INSERT INTO t (id) VALUES (3); UPDATE t SET v = 'c' WHERE id = 3; DELETE FROM t WHERE id = 1; COMMIT");
    await connection.query('FLUSH BINARY LOGS');
    await connection.query('BEGIN; INSERT INTO t (id) VALUES (4); SAVEPOINT s; INSERT INTO t (id) VALUES (5); ROLLBACK TO s; COMMIT');
    await connection.query("BEGIN; INSERT INTO t (id) VALUES (6); INSERT INTO other VALUES (1, ST_GeomFromText('POINT(1 1)')); COMMIT");
    await connection.query('DELETE FROM other; INSERT INTO t (id) VALUES (7); FLUSH BINARY LOGS; INSERT INTO t (id) VALUES (8)');
    await connection.query('INSERT INTO t (id) VALUES (9); ROLLBACK; UPDATE t SET id = 10 WHERE id = 9');
  }

  const wants = ({ name }: { name: string }): boolean => name === 't';

  it('delivers whole transactions in commit order, those without wanted rows included', async () => {
    const start = await executed(server);
    await writeSome();
    const items = await collectToEnd(server, start, { wants });
    expect(transactions(items).slice(-9)).toEqual([[1, 2], [3, 3, 1], [4], [6], [], [7], [8], [9], [10]]);
    const kinds = items.map(({ kind }) => kind).filter((kind) => kind !== 'heartbeat');
    expect(kinds.join(' ')).toMatch(/^(begin (rows )*commit ?)+$/);
  });

  it('gives each transaction its GTID, its commit time and the set of all transactions up to it', async () => {
    const start = await executed(server);
    const [before] = await select(connection, 'SELECT UNIX_TIMESTAMP(NOW(6)) * 1000000 AS us');
    await writeSome();
    const items = await collectToEnd(server, start, { wants });
    const [after] = await select(connection, 'SELECT UNIX_TIMESTAMP(NOW(6)) * 1000000 AS us');
    const begins = items.filter((item): item is Begin => item.kind === 'begin');
    for (const [i, { gtid, commitTimeUs, serverId }] of begins.entries()) {
      expect(gtidContains(commits(items)[i]!.end.gtidSet!, gtid!)).toBe(true);
      expect(gtidContains(commits(items)[i - 1]?.end.gtidSet ?? '', gtid!)).toBe(false);
      expect(commitTimeUs).toBeGreaterThanOrEqual(Number(before!['us']));
      expect(commitTimeUs).toBeLessThanOrEqual(Number(after!['us']));
      expect(serverId).toBe(1);
    }
    expect(commits(items).at(-1)!.end.gtidSet).toBe((await executed(server)).gtidSet);
  });

  it('goes on after any transaction, from its GTID set or from its file and position, with exactly what follows', async () => {
    const start = await executed(server);
    await writeSome();
    const items = await collectToEnd(server, start, { wants });
    for (const [i, { end }] of commits(items).entries()) {
      const rest = transactions(items).slice(i + 1);
      const byGtid = await collectToEnd(server, { gtidSet: end.gtidSet! }, { wants });
      const byFile = await collectToEnd(server, { file: end.file, pos: end.pos }, { wants });
      expect(transactions(byGtid)).toEqual(rest);
      expect(transactions(byFile)).toEqual(rest);
      expect(commits(byFile)).toEqual(commits(items).slice(i + 1));
      expect(commits(byGtid)).toEqual(commits(items).slice(i + 1));
    }
  });

  it('reports positions while idle and after a change of files, never within a transaction', async () => {
    const start = await executed(server);
    await writeSome();
    const state = await stateOf(server);
    let idle = 0;
    const isIdle = (item: SourceItem): boolean => item.kind === 'heartbeat' && item.end.file === state.file && item.end.pos === state.pos;
    const items = await collect(readerOptions(server, { start, wants, heartbeatMs: 100 }), (item) => isIdle(item) && ++idle === 3);
    expect(items.at(-1)).toEqual({
      kind: 'heartbeat',
      end: { gtidSet: state.executed, file: state.file, pos: state.pos, fileCreated: expect.any(Number) },
    });
    const kinds = items.map(({ kind }) => kind).join(' ');
    expect(kinds).toMatch(/^(heartbeat ?|begin (rows )*commit ?)+$/);
  });

  it('starts with what is committed after "now"', async () => {
    await connection.query('REPLACE INTO t (id) VALUES (100)');
    const started = collect(readerOptions(server, { start: 'now', heartbeatMs: 100 }), (item) => {
      if (item.kind === 'heartbeat') connection.query('REPLACE INTO t (id) VALUES (101)').catch(() => undefined); // without it no row comes, which fails
      return item.kind === 'commit';
    });
    expect(transactions(await started)).toEqual([[101]]);
  });

  it('reports DDL between transactions, with its position and GTID', async () => {
    const start = await executed(server);
    await connection.query(
      '/* note */ CREATE TABLE d (id INT PRIMARY KEY); ALTER TABLE d ADD COLUMN v INT; INSERT INTO d VALUES (1, 1); DROP TABLE d',
    );
    await connection.query(
      "CREATE TEMPORARY TABLE tmp (id INT); INSERT INTO tmp VALUES (1); DROP TEMPORARY TABLE tmp; CREATE USER u IDENTIFIED BY 'p'; DROP USER u",
    );
    const items = await collectToEnd(server, start);
    const ddl = items.filter((item) => item.kind === 'ddl');
    expect(ddl.map(({ sql }) => sql.slice(0, 24))).toEqual([
      '/* note */ CREATE TABLE ',
      'ALTER TABLE d ADD COLUMN',
      'DROP TABLE `d` /* genera',
      expect.stringMatching(/^CREATE USER/),
      'DROP USER u',
    ]);
    for (const { gtid, end, database } of ddl) {
      expect(gtidContains(end.gtidSet!, gtid!)).toBe(true);
      expect(database).toBe('flow');
    }
    expect(transactions(items).filter((ids) => ids.length > 0)).toEqual([[1]]);
  });

  it('follows a table from version to version', async () => {
    const start = await executed(server);
    await connection.query('CREATE TABLE v (id INT PRIMARY KEY, `1` INT, `0` INT, `__proto__` INT); INSERT INTO v VALUES (1, 11, 10, 9)');
    await connection.query(
      "INSERT INTO v VALUES (2, 1, 0, 3); ALTER TABLE v ADD COLUMN `constructor` VARCHAR(9) FIRST, DROP PRIMARY KEY; INSERT INTO v VALUES ('x', 3, 1, 0, 5)",
    );
    const rows = rowsOf(await collectToEnd(server, start));
    expect(rows[0]!.table).toBe(rows[1]!.table);
    expect(rows[0]!.table.primaryKey).toEqual(['id']);
    expect(rows[2]!.table.primaryKey).toEqual([]);
    expect(rows.map(({ table }) => table.columns.map(({ name }) => name))).toEqual([
      ['id', '1', '0', '__proto__'],
      ['id', '1', '0', '__proto__'],
      ['constructor', 'id', '1', '0', '__proto__'],
    ]);
    const values = rows.map(({ table, rows: [row] }) => table.columns.map(({ name }) => row!.after![name]));
    expect(values).toEqual([
      [1, 11, 10, 9],
      [2, 1, 0, 3],
      ['x', 3, 1, 0, 5],
    ]);
  });

  it('reads generated and invisible columns as columns', async () => {
    const start = await executed(server);
    await connection.query(
      'CREATE TABLE g (id INT PRIMARY KEY, a INT, s INT AS (a + 1) STORED, w VARCHAR(9) AS (CONCAT(a, "!")) VIRTUAL, z INT)',
    );
    await connection.query('INSERT INTO g (id, a, z) VALUES (1, 5, 7); UPDATE g SET a = 6; DELETE FROM g');
    const images = rowsOf(await collectToEnd(server, start)).map(({ rows: [row] }) =>
      [row!.before, row!.after].map((image) => image && { ...image }),
    );
    const [five, six] = [5, 6].map((a) => ({ id: 1, a, s: a + 1, w: `${a}!`, z: 7 }));
    expect(images).toEqual([
      [null, five],
      [five, six],
      [six, null],
    ]);
  });

  it('reads a row of 40 MB, which comes in several packets', async () => {
    const start = await executed(server);
    await connection.query("REPLACE INTO t (id, v, b) VALUES (200, REPEAT('x', 20000000), REPEAT(0xff, 20000001))");
    const [event] = rowsOf(await collectToEnd(server, start));
    const row = event!.rows[0]!.after!;
    expect(event!.bytes).toBeGreaterThan(40_000_000);
    expect((row['v'] as string).length).toBe(20_000_000);
    expect((row['b'] as Buffer).equals(Buffer.alloc(20_000_001, 0xff))).toBe(true);
    await connection.query('DELETE FROM t');
  });

  it('holds little in memory and loses nothing while its reader stands still', async () => {
    const rows = 120;
    const start = await executed(server);
    const iterator = readBinlog(readerOptions(server, { start, bufferBytes: 1024 * 1024 }))[Symbol.asyncIterator]();
    await iterator.next();
    const before = process.memoryUsage().rss;
    for (let id = 0; id < rows; id++) await connection.query(`INSERT INTO t (id, b) VALUES (${id}, REPEAT(CHAR(${id % 256}), 1000000))`);
    // beyond the server's own time limit for a client that does not read
    const blocked =
      "SELECT COUNT(*) AS n, SLEEP(0.1) FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%' AND STATE LIKE 'Sending%'";
    let polls = 0;
    const isBlocked = async (): Promise<number> => ((await select(connection, blocked))[0]!['n'] === '1' ? ++polls : (polls = 0));
    await expect.poll(isBlocked, { timeout: 60_000, interval: 0 }).toBeGreaterThan(30);
    expect(process.memoryUsage().rss - before).toBeLessThan(60 * 1024 * 1024);
    const items: SourceItem[] = [];
    while (commits(items).length < rows) items.push((await iterator.next()).value as SourceItem);
    await iterator.return?.(undefined);
    expect(transactions(items)).toEqual(Array.from({ length: rows }, (_, id) => [id]));
    const contents = rowsOf(items).map((item) => item.rows[0]!.after!['b'] as Buffer);
    for (const [id, content] of contents.entries()) expect(content.equals(Buffer.alloc(1_000_000, id % 256))).toBe(true);
  });
});

describe.each(versions)('MySQL %s without GTIDs', (version) => {
  const server = mysqlServer({ version, serverId: 1, extra: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] });
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

  it('goes on after any transaction by file and position', async () => {
    const { file, pos, executed: set } = await stateOf(server);
    expect(set).toBeNull();
    await connection.query(
      'INSERT INTO t VALUES (1); INSERT INTO t VALUES (2), (3); FLUSH BINARY LOGS; DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (4)',
    );
    const items = await collectToEnd(server, { file, pos });
    expect(transactions(items)).toEqual([[1], [2, 3], [2], [4]]);
    for (const [i, { end }] of commits(items).entries()) {
      expect(end.gtidSet).toBeNull();
      const rest = await collectToEnd(server, { file: end.file, pos: end.pos });
      expect(transactions(rest)).toEqual(transactions(items).slice(i + 1));
    }
  });

  it('learns the GTID set of a file position once GTIDs are on', async () => {
    const anonymous = await stateOf(server);
    await connection.query('INSERT INTO t VALUES (50)');
    await connection.query(
      "SET GLOBAL enforce_gtid_consistency = 'ON'; SET GLOBAL gtid_mode = OFF_PERMISSIVE; SET GLOBAL gtid_mode = ON_PERMISSIVE",
    );
    await connection.query('INSERT INTO t VALUES (51)');
    const items = await collectToEnd(server, { file: anonymous.file, pos: anonymous.pos });
    expect(transactions(items)).toEqual([[50], [51]]);
    await connection.query('SET GLOBAL gtid_mode = ON');
    const { file } = await stateOf(server);
    await connection.query('INSERT INTO t VALUES (52); INSERT INTO t VALUES (53)');
    const withGtids = await collectToEnd(server, { file, pos: 4 });
    expect(transactions(withGtids)).toEqual([[52], [53]]);
    const [middle, last] = commits(withGtids).map(({ end }) => end);
    expect(last!.gtidSet).toBe((await executed(server)).gtidSet);
    expect(gtidSubset(middle!.gtidSet!, last!.gtidSet!)).toBe(true);
    expect(commits(await collectToEnd(server, { file, pos: middle!.pos })).map(({ end }) => end)).toEqual([last]);
    expect(commits(await collectToEnd(server, { gtidSet: middle!.gtidSet! })).map(({ end }) => end)).toEqual([last]);
    // the server itself refuses to send transactions without GTIDs now
    const { error } = await collectToError(readerOptions(server, { start: { file: anonymous.file, pos: anonymous.pos } }));
    expect(error).toMatchObject({ code: 'SOURCE_SETTINGS' });
  });

  it('reads files written with and without checksums', async () => {
    const { file, pos } = await stateOf(server);
    await connection.query("INSERT INTO t VALUES (60); SET GLOBAL binlog_checksum = 'NONE'; INSERT INTO t VALUES (61)");
    await connection.query("SET GLOBAL binlog_checksum = 'CRC32'; INSERT INTO t VALUES (62)");
    expect(transactions(await collectToEnd(server, { file, pos }))).toEqual([[60], [61], [62]]);
    await connection.query("SET GLOBAL binlog_checksum = 'NONE'");
    expect(transactions(await collectToEnd(server, { file, pos }))).toEqual([[60], [61], [62]]);
  });
});
