/** XA transactions on a server of any kind: they are given out where they are committed, whatever happened since they were prepared. */
import { expect, it } from 'vitest';
import type { SourceItem } from '@lutra/model';
import type { MysqlServer } from '../../../test/servers/index.js';
import type { BinlogOptions, PreparedTransaction } from './index.js';
import { collectToEnd, collectToError, readerOptions, select, stateOf, writer } from './reading.fixture.js';

interface Transaction {
  readonly gtid: string | null;
  readonly ids: readonly unknown[];
}

/** What a reader gives out, transaction by transaction; empty ones left out. */
function transactionsOf(items: readonly SourceItem[]): Transaction[] {
  const found: { gtid: string | null; ids: unknown[] }[] = [];
  for (const item of items) {
    if (item.kind === 'begin') found.push({ gtid: item.gtid, ids: [] });
    if (item.kind === 'rows') found.at(-1)!.ids.push(...item.rows.map(({ before, after }) => (after ?? before)!['id']));
  }
  return found.filter(({ ids }) => ids.length > 0);
}

const xa = (xid: string, sql: string): string => `XA START ${xid}; ${sql}; XA END ${xid}`;
const two = (xid: string, sql: string): string => `${xa(xid, sql)}; XA PREPARE ${xid}; XA COMMIT ${xid}`;

async function startOf(server: MysqlServer): Promise<BinlogOptions['start']> {
  const { executed, file, pos } = await stateOf(server);
  return executed === null ? { file, pos } : { gtidSet: executed };
}

/** Runs each text in a session that ends with it: what it prepared is detached. */
async function run(server: MysqlServer, ...texts: readonly string[]): Promise<void> {
  const watcher = await writer(server);
  for (const text of texts) {
    const session = await writer(server);
    // a row that a savepoint took back leaves a lock on its gap otherwise
    await session.query(`USE xa; SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; ${text}`);
    await session.end();
    const isThere = `SELECT COUNT(*) AS n FROM information_schema.processlist WHERE id = ${session.threadId}`;
    while ((await select(watcher, isThere))[0]!['n'] !== '0');
  }
  await watcher.end();
}

async function emptied(server: MysqlServer): Promise<void> {
  const session = await writer(server);
  await session.query(
    'CREATE DATABASE IF NOT EXISTS xa; USE xa; DROP TABLE IF EXISTS t; CREATE TABLE t (id INT PRIMARY KEY, v MEDIUMTEXT)',
  );
  await session.end();
}

/** The file is the first one. A server keeps those that a dump which is ending still reads. */
async function purged(server: MysqlServer, file: string): Promise<void> {
  const first = async (): Promise<unknown> => {
    await run(server, `PURGE BINARY LOGS TO '${file}'`);
    const connection = await writer(server);
    const [log] = await select(connection, 'SHOW BINARY LOGS').finally(() => connection.end());
    return log?.['Log_name'];
  };
  await expect.poll(first, { timeout: 20_000 }).toBe(file);
}

const ids = (items: readonly SourceItem[]): unknown[] => transactionsOf(items).map((found) => found.ids);

export function carriesXa(server: MysqlServer): void {
  it('gives an XA transaction out where it is committed, and one that is rolled back not at all', async () => {
    await emptied(server);
    const start = await startOf(server);
    await run(
      server,
      `${xa("'a','b',7", "INSERT INTO t VALUES (1, 'x'); SAVEPOINT s; INSERT INTO t VALUES (2, 'x'); ROLLBACK TO s; INSERT INTO t VALUES (3, 'x')")}; XA PREPARE 'a','b',7`,
      `${xa("'b'", "INSERT INTO t VALUES (4, 'x')")}; XA PREPARE 'b'`,
      "INSERT INTO t VALUES (5, 'x')",
      "XA COMMIT 'b'; XA COMMIT 'a','b',7",
      `${xa("'b'", 'UPDATE t SET id = 6 WHERE id = 4')}; XA PREPARE 'b'`,
      "XA ROLLBACK 'b'",
      two("'b'", 'DELETE FROM t WHERE id = 5'),
      `${xa("x'00ff27'", "INSERT INTO t VALUES (7, 'x')")}; XA COMMIT x'00ff27' ONE PHASE`,
      `${xa("'e'", 'SELECT * FROM t')}; XA PREPARE 'e'; XA COMMIT 'e'`,
      `${xa("'u'", "INSERT INTO t VALUES (8, 'x')")}; XA ROLLBACK 'u'`,
    );
    const items = await collectToEnd(server, start);
    expect(ids(items)).toEqual([[5], [4], [1, 3], [5], [7]]);
    const kinds = items.filter(({ kind }) => kind === 'begin' || kind === 'commit').map(({ kind }) => kind);
    expect(kinds).toEqual(Array.from({ length: kinds.length / 2 }, () => ['begin', 'commit']).flat());
    const gtids = transactionsOf(items).map(({ gtid }) => gtid);
    expect(new Set(gtids).size).toBe(gtids.every((gtid) => gtid !== null) ? 5 : 1);
  });

  it('goes on from any place between XA PREPARE and XA COMMIT, also in another file', async () => {
    await emptied(server);
    const start = await startOf(server);
    await run(
      server,
      two("'a'", "INSERT INTO t VALUES (1, 'x')"),
      `${xa("'a'", "INSERT INTO t VALUES (2, 'x')")}; XA PREPARE 'a'`,
      `${xa("'c'", "INSERT INTO t VALUES (3, 'x')")}; XA PREPARE 'c'`,
      'FLUSH BINARY LOGS',
      "INSERT INTO t VALUES (4, 'x')",
      "XA COMMIT 'a'",
      two("'a'", "INSERT INTO t VALUES (5, 'x')"),
      'FLUSH BINARY LOGS',
      "XA COMMIT 'c'",
    );
    const items = await collectToEnd(server, start);
    expect(ids(items)).toEqual([[1], [4], [2], [5], [3]]);
    const first = items.findIndex(({ kind }) => kind === 'commit');
    for (const [i, item] of items.entries()) {
      if (i < first || !('end' in item)) continue;
      const { file, pos, gtidSet } = item.end;
      const rest = transactionsOf(items.slice(i + 1));
      expect(transactionsOf(await collectToEnd(server, { file, pos }))).toEqual(rest);
      expect(gtidSet === null ? rest : transactionsOf(await collectToEnd(server, { gtidSet }))).toEqual(rest);
    }
  });

  it('reads what is too large to be held from the binlog again, and stays connected', async () => {
    await emptied(server);
    const start = await startOf(server);
    const many = Array.from({ length: 6 }, (_, i) => `INSERT INTO t VALUES (${i}, REPEAT('x', 600000))`).join('; ');
    await run(server, `${xa("'big'", many)}; XA PREPARE 'big'`, "INSERT INTO t VALUES (100, 'x')", "XA COMMIT 'big'");
    await run(server, 'DELETE FROM t WHERE id < 100', `${xa("'big'", many)}; XA COMMIT 'big' ONE PHASE`, "INSERT INTO t VALUES (101, 'x')");
    const told: number[] = [];
    const onPrepared = (prepared: readonly PreparedTransaction[]): void => void told.push(prepared.length);
    const items = await collectToEnd(server, start, { onPrepared, bufferBytes: 100_000 });
    expect(ids(items)).toEqual([[100], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5], [101]]);
    expect(told).toEqual([1, 0]);
  });

  it('tells of a statement in the place of rows that was prepared before, too, and names the XA COMMIT', async () => {
    await emptied(server);
    const text = xa("'text'", "INSERT INTO t VALUES (1, 'x')");
    await run(
      server,
      `SET SESSION binlog_format = STATEMENT; SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ; ${text}; XA PREPARE 'text'`,
    );
    const start = await startOf(server);
    const { file, pos } = await stateOf(server);
    await run(server, "XA COMMIT 'text'");
    const items = await collectToEnd(server, start);
    const { gtid } = items.find(({ kind }) => kind === 'begin') as { readonly gtid: string | null };
    expect(items.filter(({ kind }) => kind === 'statement')).toMatchObject([{ keyword: 'INSERT', at: { file, pos }, gtid }]);
  });

  it('names the XA COMMIT where rows that were prepared before cannot be read: behind the XA PREPARE a log is already', async () => {
    await emptied(server);
    await run(
      server,
      `INSERT INTO t VALUES (1, 'x')`,
      `SET SESSION binlog_row_image = MINIMAL; ${xa("'min'", "UPDATE t SET v = 'y'")}; XA PREPARE 'min'`,
    );
    const start = await startOf(server);
    const { file, pos } = await stateOf(server);
    await run(server, "XA COMMIT 'min'");
    const { error } = await collectToError(readerOptions(server, { start }));
    expect(error).toMatchObject({ code: 'BINLOG_UNSUPPORTED', message: expect.stringContaining(`${file}:${pos}`), details: { file, pos } });
  });

  it('is not stopped by an XA transaction without a row that is wanted', async () => {
    await emptied(server);
    await run(server, `${xa("'before'", "INSERT INTO t VALUES (1, 'x')")}; XA PREPARE 'before'`);
    const start = await startOf(server);
    await run(server, "XA COMMIT 'before'", two("'a'", "INSERT INTO t VALUES (2, 'x')"));
    const items = await collectToEnd(server, start, { wants: () => false });
    expect(ids(items)).toEqual([]);
    expect(items.filter(({ kind }) => kind === 'commit')).toHaveLength(2);
  });

  it('stops at an XA COMMIT whose rows are in no binlog any more, and says which transaction it is', async () => {
    await emptied(server);
    await run(server, `${xa("'old'", "INSERT INTO t VALUES (1, 'x')")}; XA PREPARE 'old'`, 'FLUSH BINARY LOGS');
    const start = await startOf(server);
    const { file } = await stateOf(server);
    await purged(server, file);
    await run(server, "INSERT INTO t VALUES (2, 'x')", "XA COMMIT 'old'");
    const { items, error } = await collectToError(readerOptions(server, { start }));
    expect(ids(items)).toEqual([[2]]);
    expect(error).toMatchObject({
      code: 'XA_ROWS_MISSING',
      message: expect.stringMatching(/X'6f6c64',X'',1/),
      details: { xid: "X'6f6c64',X'',1" },
    });
  });
}
