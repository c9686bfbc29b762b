/** A table without any key, read on a real server while others write equal rows: its rows stand at their place of the log. */
import type { Row } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { select, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { MemoryCapture } from './memory-capture.fixture.js';
import { TableRoom, thousand } from './table-room.fixture.js';
import { wholeTableLimits } from './whole-table.js';

const withoutGtids = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];
const text = (row: Row): string => JSON.stringify(row, (_, one: unknown) => (typeof one === 'bigint' ? Number(one) : one));

describe.each([
  ['MySQL 9.7', '9.7', []],
  ['MySQL 8.0', '8.0', []],
  ['MySQL 8.0 without GTIDs', '8.0', withoutGtids],
  ['MariaDB 11.4', 'mariadb-11.4', []],
] as const)('%s', (_, version, extra) => {
  const room = new TableRoom('keyless', 400, version, extra);
  const writers: Connection[] = [];
  let isOver = false;
  let writing: Promise<unknown> = Promise.resolve();
  beforeAll(() => room.start());
  afterAll(() => room.stop());
  afterEach(async () => {
    await rest();
    await room.kill();
  });

  async function rest(): Promise<void> {
    isOver = true;
    await writing;
    for (const one of writers.splice(0)) one.destroy();
  }

  async function enter(definition: string): Promise<void> {
    await room.open(definition);
    room.capture.start();
    await vi.waitFor(() => expect(room.capture.published).toBeGreaterThan(2), { timeout: 20_000, interval: 20 });
  }

  /** Equal rows come, change and go, in transactions of several statements. */
  async function write(): Promise<void> {
    isOver = false;
    writers.push(...(await Promise.all([1, 2, 3].map(() => writer(room.server)))));
    const work = async (connection: Connection): Promise<void> => {
      for (let i = 0; !isOver; i++) {
        const v = i % 7;
        const end = i % 5 === 0 ? 'ROLLBACK' : 'COMMIT';
        const statements = [
          `INSERT INTO t VALUES (${v}, 'w'), (${v}, 'w')`,
          `UPDATE t SET b = CONCAT(COALESCE(b, ''), '+') WHERE a = ${v} LIMIT 3`,
          `DELETE FROM t WHERE a = ${(v + 3) % 7} LIMIT 1`,
        ];
        // Who gets in the way of another one begins anew.
        await connection.query(`BEGIN; ${statements.join('; ')}; ${end}`).catch(() => connection.query('ROLLBACK'));
      }
    };
    await Promise.all(writers.map((connection) => connection.query(`USE ${room.db}`)));
    writing = Promise.all(writers.map(work));
  }

  /** From the rows on each change finds its row, and all that was before is in them. */
  async function there(from: number): Promise<readonly string[]> {
    const rows = new Map<string, number>();
    const add = (row: Row, n: number): void => {
      const left = (rows.get(text(row)) ?? 0) + n;
      expect(left, `a row that is not there: ${text(row)}`).toBeGreaterThanOrEqual(0);
      rows.set(text(row), left);
    };
    let chunks = 0;
    for (const entry of await room.capture.entries()) {
      if (entry.kind === 'chunk' && entry.chunk.purpose === 'table' && ++chunks === from)
        for (const { after } of entry.rows) if (after) add(after, 1);
      if (entry.kind !== 'change' || chunks < from || entry.table.name !== 't') continue;
      const { before, after } = entry.event;
      if (before) add(before, -1);
      if (after) add(after, 1);
    }
    return [...rows].flatMap(([row, n]) => Array.from({ length: n }, () => row)).toSorted();
  }

  async function expectEqual(chunks = 1): Promise<void> {
    const found = await select(room.connection, `SELECT a, b FROM ${room.db}.t`);
    const counted = (rows: readonly string[]) =>
      [...Map.groupBy(rows, (row) => row)].map(([row, all]) => `${all.length} × ${row}`).toSorted();
    const here = counted(found.map((row) => text({ a: Number(row['a']), b: row['b'] as string | null })));
    for (let from = 1; from <= chunks; from++)
      await vi.waitFor(async () => expect(counted(await there(from))).toEqual(here), { timeout: 20_000, interval: 100 });
  }

  const definition = `CREATE TABLE t (a INT, b VARCHAR(100)); INSERT INTO t SELECT n % 7, NULL FROM (${thousand}) AS s; INSERT INTO t SELECT * FROM t`;
  const keyless = () => [{ database: room.db, name: 't' }];

  it('is as it was at its place, whatever is written meanwhile', async () => {
    await enter(definition);
    await write();
    for (let i = 0; i < 3; i++) {
      const one = room.order({ keyless: keyless() });
      await room.seeded(one);
      expect(room.capture.seeds[0]).toMatchObject({ refused: [], tablesDone: 1 });
    }
    await rest();
    await expectEqual(3);
  });

  it('waits for a transaction that has written it, and holds nobody up before', async () => {
    await enter(definition);
    const open = await writer(room.server);
    await open.query(`USE ${room.db}; BEGIN; INSERT INTO t VALUES (1, 'open'), (1, 'open'); DELETE FROM t WHERE a = 2`);
    const one = room.order({ keyless: keyless() });
    await vi.waitFor(async () => expect(await lockWaits()).toBeGreaterThan(0), { timeout: 20_000, interval: 20 });
    await open.query('COMMIT');
    await room.seeded(one);
    open.destroy();
    await expectEqual();
    expect((await there(1)).filter((row) => row.includes('open'))).toHaveLength(2);
  });

  async function lockWaits(): Promise<number> {
    const processes = await select(room.connection, 'SHOW PROCESSLIST');
    return processes.filter(({ Info }) => String(Info).startsWith('LOCK TABLES')).length;
  }

  it('an empty table is one chunk without rows; one that grew a key is read by it, one that lost it is refused', async () => {
    await enter('CREATE TABLE t (a INT, b VARCHAR(100))');
    const one = room.order({ keyless: keyless() });
    await room.seeded(one);
    const chunks = (await room.capture.entries()).filter((entry) => entry.kind === 'chunk');
    expect(chunks).toMatchObject([{ chunk: { purpose: 'table', rows: 0, part: { part: 0, from: null, to: null } } }]);
    await room.connection.query('ALTER TABLE t ADD COLUMN id INT NOT NULL PRIMARY KEY; INSERT INTO t VALUES (1, NULL, 5)');
    const two = room.order({ keyless: keyless() });
    await room.seeded(two);
    expect((await room.rowsThere(two)).length).toBe(1);
    await room.connection.query('ALTER TABLE t DROP COLUMN id');
    await room.seeded(room.order({}));
    expect(room.capture.seeds[0]).toMatchObject({ refused: [{ table: 't', code: 'SEED_REFUSED' }] });
  });

  it('is refused by name where it is too large', async () => {
    await enter(definition);
    const limits = wholeTableLimits as { rows: number };
    const { rows } = limits;
    limits.rows = 1_999;
    try {
      await room.seeded(room.order({ keyless: keyless() }));
      expect(room.capture.seeds[0]).toMatchObject({ refused: [{ table: 't', message: expect.stringContaining('2000 rows') }] });
    } finally {
      limits.rows = rows;
    }
  });

  it('is refused with the GRANT where the user may not lock it', async () => {
    await room.open(definition);
    const user = `unlocked${room.databases}`;
    await room.connection.query(
      `CREATE USER '${user}'@'%' IDENTIFIED BY 'x'; GRANT SELECT, RELOAD, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO '${user}'@'%'; GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON lutra.* TO '${user}'@'%'`,
    );
    if (version === 'mariadb-11.4')
      await room.connection.query(`GRANT BINLOG MONITOR, REPLICATION MASTER ADMIN, SLAVE MONITOR ON *.* TO '${user}'@'%'`);
    const login = { host: room.server.host, port: room.server.port, user, password: 'x' };
    room.capture = new MemoryCapture(login, [{ schema: room.db, table: '*' }] as never, 490);
    room.capture.start();
    await room.seeded(room.order({ keyless: keyless() }));
    expect(room.capture.seeds[0]).toMatchObject({
      refused: [{ table: 't', message: expect.stringContaining(`GRANT LOCK TABLES ON \`${room.db}\`.*`) }],
    });
  });
});
