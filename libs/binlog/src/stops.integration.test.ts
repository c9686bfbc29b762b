/** What cannot be read faithfully stops the reader with its name: everything before it was delivered, nothing after it is. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ErrorCode, SyncError } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { collectToEnd, collectToError, executed, readerOptions, rowsOf, select, stateOf, writer } from './reading.fixture.js';
import { carriesXa } from './xa.fixture.js';

interface Stop {
  readonly what: string;
  /** What is written. The table `bad` does not exist before. */
  readonly sql: string;
  readonly code: ErrorCode;
  readonly message: RegExp;
  /** Rows of `bad` that come before. */
  readonly before?: number;
  readonly only?: '8.0' | '9.7';
}

const plain = 'CREATE TABLE bad (id INT PRIMARY KEY, v VARCHAR(200), j JSON); INSERT INTO bad VALUES (1, "x", NULL);';

const stops: readonly Stop[] = [
  {
    what: 'a partial JSON update',
    sql: `${plain} UPDATE bad SET j = CONCAT('{"a": "', REPEAT('x', 500), '", "b": 1}'); SET SESSION binlog_row_value_options = PARTIAL_JSON;
      UPDATE bad SET j = JSON_SET(j, '$.b', 2); SET SESSION binlog_row_value_options = ''`,
    code: 'BINLOG_UNSUPPORTED',
    message: /partial JSON/,
    before: 2,
  },
  {
    what: 'a compressed transaction',
    sql: `${plain} SET SESSION binlog_transaction_compression = ON; UPDATE bad SET v = REPEAT('z', 200); SET SESSION binlog_transaction_compression = OFF`,
    code: 'BINLOG_UNSUPPORTED',
    message: /binlog_transaction_compression/,
    before: 1,
    only: '9.7',
  },
  ...(['MINIMAL', 'NOBLOB'] as const).map((image): Stop => ({
    what: `a row image ${image}`,
    sql: `CREATE TABLE bad (id INT PRIMARY KEY, v INT, b BLOB); INSERT INTO bad VALUES (1, 1, 'x'); SET SESSION binlog_row_image = ${image}; UPDATE bad SET v = 2; SET SESSION binlog_row_image = FULL`,
    code: 'BINLOG_UNSUPPORTED',
    message: /flow\.bad.*binlog_row_image=FULL/,
    before: 1,
  })),
  {
    what: 'row metadata MINIMAL',
    sql: `SET GLOBAL binlog_row_metadata = MINIMAL; ${plain} SET GLOBAL binlog_row_metadata = FULL`,
    code: 'SOURCE_SETTINGS',
    message: /flow\.bad.*binlog_row_metadata=FULL/,
  },
];

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query('CREATE DATABASE flow CHARACTER SET utf8mb4; USE flow; CREATE TABLE good (id INT PRIMARY KEY)');
    connection.destroy();
  });
  afterAll(() => server.stop());
  // what a test sets in its session ends with it
  beforeEach(async () => {
    connection = await writer(server);
    await connection.query('USE flow');
  });
  afterEach(() => connection.destroy());

  it.each(stops.filter(({ only }) => only === undefined || only === version))(
    'stops at $what',
    async ({ sql, code, message, before = 0 }) => {
      await connection.query('DROP TABLE IF EXISTS bad');
      const start = await executed(server);
      await connection.query(`REPLACE INTO good VALUES (1); ${sql}; REPLACE INTO good VALUES (2); DELETE FROM good`);
      const { items, error } = await collectToError(readerOptions(server, { start }));
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
      expect(error).toMatchObject({
        message: expect.stringMatching(/\(binlog\.\d+:\d+(, in [\da-f-]{36}:\d+)?\)$/),
        details: { file: expect.stringMatching(/^binlog/) },
      });
      expect((error as Error).message).not.toContain('secret');
      const rows = rowsOf(items);
      expect(rows.filter(({ table }) => table.name === 'good')).toHaveLength(1);
      expect(rows.filter(({ table }) => table.name === 'bad')).toHaveLength(before);
    },
  );

  it('does not look into tables that are not wanted', async () => {
    const start = await executed(server);
    const tables = stops.filter(({ code, only }) => /^(COLUMN|VALUE)_UNSUPPORTED$/.test(code) && (only === undefined || only === version));
    for (const { sql } of tables) await connection.query(`DROP TABLE IF EXISTS bad; ${sql}; UPDATE bad SET id = 7; DELETE FROM bad`);
    await connection.query('INSERT INTO good VALUES (3)');
    const asked: string[] = [];
    const wants = ({ name }: { name: string }): boolean => asked.push(name) > 0 && name === 'good';
    const items = await collectToEnd(server, start, { wants });
    expect(rowsOf(items).map(({ rows: [row] }) => row!.after!['id'])).toEqual([3]);
    expect(items.filter(({ kind }) => kind === 'commit')).toHaveLength(3 * tables.length + 1);
    expect(asked.filter((name) => name === 'good')).toHaveLength(1);
  });

  carriesXa(server);

  it('says of a statement in the place of rows which databases it may have changed, and nothing else of it', async () => {
    await connection.query(`DROP DATABASE IF EXISTS other; CREATE DATABASE other; CREATE TABLE other.beat (id INT PRIMARY KEY AUTO_INCREMENT, v DOUBLE);
      CREATE TABLE other.parent (id INT PRIMARY KEY); INSERT INTO other.parent VALUES (1);
      CREATE TABLE flow.child (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES other.parent (id) ON DELETE CASCADE);
      CREATE TABLE other.fires (id INT PRIMARY KEY); CREATE TRIGGER other.fire AFTER INSERT ON other.fires FOR EACH ROW REPLACE INTO flow.good VALUES (NEW.id);
      CREATE VIEW other.looks AS SELECT * FROM flow.good;
      CREATE FUNCTION other.writes() RETURNS INT DETERMINISTIC BEGIN REPLACE INTO flow.good VALUES (77); RETURN 1; END`);
    const start = await executed(server);
    const cases = [
      ['INSERT INTO beat (v) VALUES (1), (RAND())', ['other']],
      ['SET @secret = 5; UPDATE beat SET v = @secret', ['other']],
      ['REPLACE INTO beat SELECT id, 2 FROM flow.good', ['flow', 'other']],
      ['INSERT INTO fires VALUES (5)', ['flow', 'other']],
      ['UPDATE looks SET id = 6 WHERE id = 5', ['flow']],
      ['SELECT writes()', ['flow']],
      ['DELETE beat FROM beat JOIN flow.good', ['flow', 'other']],
      ['DELETE FROM `other`.`parent`', null],
    ] as const;
    await connection.query('USE other; SET SESSION binlog_format = STATEMENT');
    for (const [sql] of cases) await connection.query(sql);
    const items = await collectToEnd(server, start);
    const statements = items.filter((item) => item.kind === 'statement');
    expect(
      statements.map(({ keyword, tables }) => [keyword, tables?.map(({ database, name }) => `${database}.${name}`).sort() ?? null]),
    ).toEqual(cases.map(([sql, databases]) => [/[A-Z]+(?= (?!@))/.exec(sql)![0], databases?.map((name) => `${name}.*`) ?? null]));
    expect(statements.every(({ gtid, at }) => gtid !== null && at.pos > 0)).toBe(true);
    expect(JSON.stringify(items)).not.toContain('secret');
    await connection.query('DROP TABLE flow.child; DROP DATABASE other');
  });

  it.runIf(version === '8.0')(
    'names the table also of an XA transaction that was prepared before, so that it can be suspended',
    async () => {
      await connection.query('DROP TABLE IF EXISTS bad; CREATE TABLE bad (id INT PRIMARY KEY, v VARCHAR(20), KEY ((LOWER(v))))');
      await connection.query("XA START 'bad'; INSERT INTO bad VALUES (1, 'x'); XA END 'bad'; XA PREPARE 'bad'");
      const start = await executed(server);
      await connection.query("XA COMMIT 'bad'");
      const { error } = await collectToError(readerOptions(server, { start }));
      const refused = { table: { database: 'flow', name: 'bad', code: 'COLUMN_UNSUPPORTED' } };
      expect(error).toMatchObject({ code: 'COLUMN_UNSUPPORTED', message: expect.stringContaining('in force since XA COMMIT'), refused });
    },
  );

  it('goes on over a crash of the server: an XA transaction that was prepared, a MEMORY table that is empty now', async () => {
    await connection.query('DELETE FROM good; CREATE TABLE flow.memo (id INT) ENGINE = MEMORY; INSERT INTO flow.memo VALUES (1)');
    await connection.query("XA START 'crash'; INSERT INTO good VALUES (55); XA END 'crash'; XA PREPARE 'crash'");
    const start = await executed(server);
    await server.kill();
    await server.restart();
    connection = await writer(server);
    await connection.query('USE flow; SELECT * FROM flow.memo');
    // a crash may take what was prepared away, on 8.0 always
    await connection.query("XA COMMIT 'crash'").catch(() => undefined); // then there is none to commit
    const left = (await select(connection, 'SELECT id FROM good')).map(({ id }) => Number(id));
    expect(rowsOf(await collectToEnd(server, start)).flatMap(({ rows }) => rows.map(({ after }) => after!['id']))).toEqual(left);
    const items = (await collectToEnd(server, start)).filter(({ kind }) => kind === 'statement' || kind === 'ddl');
    const memo = { database: 'flow', name: 'memo' };
    if (version === '8.0') expect(items).toMatchObject([{ kind: 'statement', keyword: 'DELETE', tables: [memo] }]);
    else expect(items).toMatchObject([{ kind: 'ddl', sql: expect.stringMatching(/^TRUNCATE TABLE `flow`\.`memo`/) }]);
    await connection.query('DROP TABLE flow.memo');
  });

  it('takes savepoints for what they are', async () => {
    const start = await executed(server);
    await connection.query('DELETE FROM good');
    await connection.query(
      'BEGIN; INSERT INTO good VALUES (1); SAVEPOINT a; INSERT INTO good VALUES (2); ROLLBACK TO a; RELEASE SAVEPOINT a; COMMIT',
    );
    const rows = rowsOf(await collectToEnd(server, start)).filter(({ op }) => op === 'c');
    expect(rows.map(({ rows: [row] }) => row!.after!['id'])).toEqual([1]);
  });
});

describe.each(['8.0', '9.7'] as const)('MySQL %s without GTIDs', (version) => {
  const server = mysqlServer({ version, serverId: 1, extra: ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'] });
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query(
      'CREATE DATABASE flow; USE flow; CREATE TABLE good (id INT PRIMARY KEY); CREATE TABLE m (id INT) ENGINE = MyISAM',
    );
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  carriesXa(server);

  it('keeps what a rolled back transaction left in a table without transactions, and nothing else', async () => {
    const { file, pos } = await stateOf(server);
    await connection.query('BEGIN; INSERT INTO good VALUES (5); INSERT INTO m VALUES (1); ROLLBACK; INSERT INTO good VALUES (6)');
    const rows = rowsOf(await collectToEnd(server, { file, pos }));
    expect(rows.map(({ table, rows: [row] }) => `${table.name} ${row!.after!['id'] as number}`)).toEqual(['m 1', 'good 6']);
  });

  it.each([
    'BEGIN; INSERT INTO good VALUES (7); INSERT INTO m SELECT id FROM good; ROLLBACK',
    'BEGIN; SAVEPOINT s; INSERT INTO good VALUES (8); INSERT INTO m SELECT id FROM good; ROLLBACK TO s; COMMIT',
    'BEGIN; INSERT INTO good VALUES (9); CREATE TEMPORARY TABLE tmp (id INT); ROLLBACK; DROP TEMPORARY TABLE tmp',
    'BEGIN; INSERT INTO good VALUES (10); SAVEPOINT s; INSERT INTO good VALUES (11); CREATE TEMPORARY TABLE tmp (id INT); ROLLBACK TO s; COMMIT',
    'SET binlog_format = MIXED; BEGIN; INSERT INTO good VALUES (UUID_SHORT() % 900); CREATE TEMPORARY TABLE tmp (id INT); INSERT INTO m VALUES (RAND()); ROLLBACK',
    'SET binlog_format = MIXED; BEGIN; SAVEPOINT s; INSERT INTO good VALUES (UUID_SHORT() % 900); CREATE TEMPORARY TABLE tmp (id INT); ROLLBACK TO s; INSERT INTO good VALUES (901); COMMIT',
    'SET binlog_format = MIXED; BEGIN; SAVEPOINT s; INSERT INTO good SELECT 13; INSERT INTO m SELECT id FROM good; ROLLBACK TO s; INSERT INTO good VALUES (14); COMMIT',
  ])('delivers no row that was rolled back: %s', async (sql) => {
    await connection.query('DELETE FROM good; INSERT INTO good VALUES (1000)');
    const { file, pos } = await stateOf(server);
    const session = await writer(server);
    await session.query(`USE flow; SET binlog_direct_non_transactional_updates = OFF; ${sql}; INSERT INTO good VALUES (2000)`);
    session.destroy();
    const left = (await select(connection, 'SELECT id FROM good WHERE id <> 1000 ORDER BY id')).map(({ id }) => Number(id));
    // capture stops at a statement in the place of rows
    const read = collectToEnd(server, { file, pos }).then((items) =>
      items.some(({ kind }) => kind === 'statement')
        ? 'BINLOG_UNSUPPORTED'
        : rowsOf(items)
            .filter(({ table }) => table.name === 'good')
            .flatMap(({ rows }) => rows.map(({ after }) => after!['id'])),
    );
    expect([left, 'BINLOG_UNSUPPORTED']).toContainEqual(await read.catch((error: unknown) => (error as SyncError).code));
  });
});
