/**
 * Schema changes of a real server in the log, and the rows around them: before and behind a restart, amid a seed, in a transaction of their
 * own. A row has the columns of its place, or a target that carries the changes out could not take it.
 */
import { createConnection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectionOf, select } from '../../../../libs/binlog/src/reading.fixture.js';
import { askCopy } from '../ddl/copies.js';
import type { LogEntry } from './memory-capture.fixture.js';
import { adds, drops, empties, followed, renames } from './schema-changes.fixture.js';
import type { Effect } from './schema-changes.fixture.js';
import { TableRoom, thousand } from './table-room.fixture.js';

const waits = { timeout: 60_000, interval: 20 };

describe.each(['8.0', '9.7', 'mariadb-11.4'] as const)('%s', (version) => {
  const room = new TableRoom('change', 500, version);
  const query = (sql: string): Promise<unknown> => room.connection.query(sql);

  beforeAll(() => room.start());
  afterAll(() => room.stop());
  afterEach(() => room.kill());

  async function open(definition: string): Promise<void> {
    await room.open(definition);
    room.capture.start();
    await vi.waitFor(() => expect(room.capture.published).toBeGreaterThan(2), waits);
  }

  async function entriesUntil(isThere: (entries: readonly LogEntry[]) => boolean): Promise<readonly LogEntry[]> {
    await vi.waitFor(async () => expect(isThere(await room.capture.entries())).toBe(true), waits);
    return room.capture.entries();
  }

  it('has each row as its table was, also where capture was restarted in between', async () => {
    await open('CREATE TABLE t (id INT PRIMARY KEY, v INT)');
    const effects = new Map<string, Effect>([
      ['ALTER TABLE t ADD c INT NOT NULL DEFAULT 7', adds('c', 7)],
      [`ALTER TABLE ${room.db}.t DROP COLUMN v`, drops('v')],
      ['ALTER TABLE t MODIFY c BIGINT NOT NULL', (columns, rows) => ({ columns, rows })],
      ['ALTER TABLE t CHANGE c w BIGINT NOT NULL', renames('c', 'w')],
      ['ALTER TABLE t ADD v VARCHAR(9)', adds('v', null)],
      ['TRUNCATE t', empties],
      ['RENAME TABLE t TO s, s TO t', (columns, rows) => ({ columns, rows })],
    ]);
    let id = 0;
    const writes = (): string => `INSERT INTO t (id) VALUES (${(id += 1)}), (${(id += 1)})`;
    for (const [i, statement] of [...effects.keys()].entries()) {
      await query(writes());
      const isAway = i % 2 === 1;
      if (isAway) await room.capture.kill();
      await query(`${writes()}; ${statement}; ${writes()}`);
      await room.capture.kill();
      room.capture.start();
      await query(writes());
    }
    await query(writes());
    const entries = await entriesUntil((all) => all.some((entry) => entry.kind === 'change' && entry.event.after?.['id'] === id));
    const { rows, changes } = followed(entries, 't', { columns: ['id', 'v'], effects });
    expect(new Set(changes).size).toBe(effects.size);
    expect(changes).toHaveLength(effects.size);
    const here = await select(room.connection, 'SELECT * FROM t ORDER BY id');
    expect(rows.map((row) => Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]))).toEqual(
      here.map((row) => Object.entries(row)),
    );
  });

  it('says what a statement is, in which session it ran', async () => {
    await open('CREATE TABLE p (id INT PRIMARY KEY)');
    const session = await createConnection({ ...connectionOf(room.server), multipleStatements: true });
    await session.query("SET time_zone = '+08:00', timestamp = 1700000000.25, foreign_key_checks = 0, sql_mode = 'ANSI_QUOTES'");
    const columns = 'id INT /*!50000 PRIMARY */ KEY, made DATETIME DEFAULT CURRENT_TIMESTAMP, FOREIGN KEY (id) REFERENCES p (id)';
    await session.query(`CREATE TABLE "${room.db}"."c" (${columns})`);
    await session.query(`ALTER TABLE ${room.db}.c ADD COLUMN made2 DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)`);
    const entries = await entriesUntil((all) => all.filter(({ kind }) => kind === 'ddl').length === 2);
    session.destroy();
    const [made, altered] = entries.flatMap((entry) => (entry.kind === 'ddl' ? [entry.record] : []));
    const of = (name: string) => ({ database: room.db, name });
    expect(made).toMatchObject({
      statement: 'CREATE TABLE',
      sql: `CREATE TABLE "${room.db}"."c" (${columns.replace('/*!50000 PRIMARY */', ' PRIMARY ')})`,
      tables: [
        { ...of('c'), role: 'subject', offset: 13, length: room.db.length + 6 },
        { ...of('p'), role: 'references', length: 1 },
      ],
      database: '',
      doubt: null,
      session: { foreignKeyChecks: false, uniqueChecks: true },
      flavor: version.startsWith('mariadb') ? 'mariadb' : 'mysql',
      origin: 'hangzhou',
      path: ['hangzhou'],
      compatible: !version.startsWith('mariadb'),
    });
    // Only there the session's clock and zone decide what the rows get.
    expect(altered).toMatchObject({
      doubt: null,
      session: { timestampUs: 1_700_000_000_250_000, timeZone: '+08:00' },
      clauses: [{ name: 'made2' }],
      compatible: false,
    });
    expect(BigInt(made?.session.sqlMode ?? '') & 4n).toBe(4n);
  });

  it('has the rows of a table that is altered amid its seed as they are at their places', async () => {
    await open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT n + 1, n FROM (${thousand}) AS s`);
    const effects = new Map<string, Effect>([
      ['ALTER TABLE t ADD c INT NOT NULL DEFAULT 7', adds('c', 7)],
      ['ALTER TABLE t DROP COLUMN v', drops('v')],
      ['ALTER TABLE t ADD v INT NOT NULL DEFAULT 3', adds('v', 3)],
    ]);
    room.order({ chunkRows: 20, rowsPerSecond: 400 });
    const chunks = async (): Promise<number> => (await room.capture.entries()).filter(({ kind }) => kind === 'chunk').length;
    let id = 5_000;
    for (const statement of effects.keys()) {
      const before = await chunks();
      await vi.waitFor(async () => expect(await chunks()).toBeGreaterThan(before + 2), waits);
      await query(
        `INSERT INTO t (id) VALUES (${(id += 1)}); ${statement}; INSERT INTO t (id) VALUES (${(id += 1)}); UPDATE t SET id = -id WHERE id = ${id - 4_500}`,
      );
    }
    await vi.waitFor(() => expect(room.capture.seeds[0]?.state, JSON.stringify(room.capture.warnings)).toBe('done'), waits);
    const { rows } = followed(await room.capture.entries(), 't', { columns: ['id', 'v'], effects });
    const here = await select(room.connection, 'SELECT * FROM t ORDER BY id');
    expect(rows.map((row) => [row['id'], row['c'], row['v']].map((value) => (value === null ? null : String(value))))).toEqual(
      here.map((row) => [row['id'], row['c'], row['v']]),
    );
  });

  // MySQL 8.0.15 refuses it with GTIDs.
  it.runIf(version !== '8.0')('has a table that a query fills as its CREATE, and its rows behind that', async () => {
    await open('CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 2), (3, 4)');
    await query('CREATE TABLE n (PRIMARY KEY (id)) SELECT * FROM t');
    const entries = await entriesUntil((all) => all.filter(({ kind }) => kind === 'change').length === 2);
    const [made, ...rows] = entries;
    const gtid = rows[0]?.kind === 'change' ? rows[0].event.source.gtid : null;
    expect(made).toMatchObject({
      kind: 'ddl',
      record: { id: `${gtid}/create`, statement: 'CREATE TABLE', doubt: null, tables: [{ name: 'n' }] },
    });
    expect(made?.kind === 'ddl' && made.record.sql).toMatch(/^CREATE TABLE `n` \([^]*\n\)[^)]*$/);
    expect(made?.kind === 'ddl' && made.record.sql).not.toMatch(/SELECT|TRANSACTION/);
    expect(rows.map((entry) => entry.kind === 'change' && entry.event.after)).toEqual([
      { id: 1, v: 2 },
      { id: 3, v: 4 },
    ]);
  });

  it.runIf(version !== 'mariadb-11.4')(
    'leaves out what a loader ran, but for home’s own, and stops where nobody says from where that came',
    async () => {
      await open('CREATE TABLE t (id INT PRIMARY KEY)');
      const uuid = `4c757472-0000-4000-8000-${String(room.databases).padStart(12, '0')}`;
      const ran = (n: number, sql: string): string => `SET gtid_next = '${uuid}:${n}'; ${sql}; SET gtid_next = AUTOMATIC`;
      const intent = (n: number, origin = 'california'): string =>
        `INSERT INTO lutra.ddl (pipeline, record, part, incarnation, n, log_id, seq, state, statement, sql_here, tables, origin, path) VALUES ('p', 'r${n}', 0, '${uuid}', ${n}, 'L', 1, 'intent', 'ALTER TABLE', '', '[]', '${origin}', 'california')`;
      await query(`${intent(1)}; ${ran(1, 'ALTER TABLE t ADD c INT')}; INSERT INTO t (id) VALUES (1)`);
      await entriesUntil((all) => all.some((entry) => entry.kind === 'change' && entry.event.after?.['id'] === 1));
      await query(intent(2));
      expect(await askCopy(connectionOf(room.server), `${uuid}:2`)).toEqual({ origin: 'california', path: ['california'] });
      expect(await askCopy(connectionOf(room.server), `${uuid}:3`)).toBeNull();
      await query(`${ran(2, 'ALTER TABLE t ADD d INT')}; INSERT INTO t (id) VALUES (2)`);
      const entries = await entriesUntil((all) => all.some((entry) => entry.kind === 'change' && entry.event.after?.['id'] === 2));
      expect(entries.filter(({ kind }) => kind === 'ddl')).toEqual([]);
      await query(`${intent(3, 'hangzhou')}; ${ran(3, 'ALTER TABLE t ADD e INT')}`);
      const own = (await entriesUntil((all) => all.some(({ kind }) => kind === 'ddl'))).flatMap((entry) =>
        entry.kind === 'ddl' ? [entry.record] : [],
      );
      expect(own).toMatchObject([{ id: `${uuid}:3`, origin: 'hangzhou', path: ['california', 'hangzhou'], compatible: true }]);
      await query(ran(4, 'ALTER TABLE t ADD f INT'));
      await vi.waitFor(() => expect(room.capture.failure).toMatchObject({ code: 'LOOP_DETECTED' }), waits);
      room.capture.failure = null;
    },
  );
});
