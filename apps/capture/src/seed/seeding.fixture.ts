/**
 * Tables that are seeded while others write to them, on real servers: the log, applied from the beginning of the order on, gives the rows
 * of the source, and no change in it meets a row that it does not expect.
 */
import { tableName } from '@lutra/model';
import type { Row, SeedOrder, Value } from '@lutra/model';
import { chunkRow, loadTable, planChunks, rangeQuery, Session } from '@lutra/mysql';
import type { Connection } from 'mysql2/promise';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectionOf, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { prepareEndpoint } from '../../../../test/harness/index.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import { MemoryCapture, orderOf } from './memory-capture.fixture.js';
import type { LogEntry } from './memory-capture.fixture.js';

const withoutGtids = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'];
const servers = {
  'MySQL 8.0': { version: '8.0', extra: [] },
  'MySQL 8.0 without GTIDs': { version: '8.0', extra: withoutGtids },
  'MySQL 9.7': { version: '9.7', extra: [] },
  'MariaDB 11.4': { version: 'mariadb-11.4', extra: [] },
} as const;
export type ServerName = keyof typeof servers;

type Rows = ReadonlyMap<string, Row>;

const text = (value: unknown): string => JSON.stringify(value, (_, one: unknown) => (typeof one === 'bigint' ? `${one}n` : one));
const keyOf = ({ primaryKey }: { readonly primaryKey: readonly string[] }, row: Row): string => text(primaryKey.map((name) => row[name]));

/** What a target has that was empty when the order began. `strict`: each change finds its row as the source had it, once it is there. */
export function applied(
  entries: readonly LogEntry[],
  { id }: SeedOrder,
  { strict = true, cascades = false } = {},
): ReadonlyMap<string, Rows> {
  const tables = new Map<string, Map<string, Row>>();
  const begun = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'seed') {
      const { record } = entry;
      const name = `${record.database}.${record.table}`;
      if (record.request === id && !begun.has(name)) tables.set(name, new Map());
      if (record.request === id) begun.add(name);
      continue;
    }
    if (entry.kind === 'ddl' || (entry.kind === 'chunk' && entry.chunk.request !== id)) continue;
    const { table } = entry;
    const rows = table && tables.get(tableName(table));
    if (!table || !rows) continue;
    const events = entry.kind === 'chunk' ? entry.rows : [entry.event];
    for (const { op, before, after } of events) {
      const old = before && rows.get(keyOf(table, before));
      if (strict && old && op !== 'r') expect(text(old), `${tableName(table)} ${op}`).toBe(text(before));
      if (strict && op === 'c' && after)
        expect(rows.has(keyOf(table, after)), `${tableName(table)} ${keyOf(table, after)} twice`).toBe(false);
      if (before) rows.delete(keyOf(table, before));
      if (cascades && op === 'd') setNull(tables.get(`${table.database}.ch`), before?.['id']);
      if (after) rows.set(keyOf(table, after), after);
    }
  }
  return tables;
}

/** ON DELETE SET NULL, as the target's own key does it. */
function setNull(children: Map<string, Row> | undefined, parent: Value | undefined): void {
  for (const [key, row] of children ?? []) if (row['p'] === parent) children?.set(key, { ...row, p: null });
}

export function seedingOn(names: readonly ServerName[], { keyTypes = false } = {}): void {
  describe.each(names.map((name) => [name, servers[name]] as const))('%s', (_, { version, extra }) => {
    const server = mysqlServer({ version, serverId: 1, extra: [...extra] });
    let connection: Connection;
    let capture: MemoryCapture;
    let databases = 0;
    let db = '';
    beforeAll(async () => {
      await server.start();
      await prepareEndpoint(server);
      connection = await writer(server);
    });
    afterAll(async () => {
      connection?.destroy();
      await server.stop();
    });
    afterEach(async () => {
      await capture.kill();
      expect(capture.failure).toBeNull();
    });

    async function open(definition: string): Promise<void> {
      db = `shop${++databases}`;
      await connection.query(`CREATE DATABASE ${db} CHARACTER SET utf8mb4; USE ${db}; ${definition}`);
      capture = new MemoryCapture(server, [{ schema: db, table: '*' }] as never, 100 + databases);
    }

    async function sourceRows(table: string): Promise<Rows> {
      const session = await Session.open(connectionOf(server), 'source');
      const found = await loadTable(session, db, table);
      const plan = await planChunks(session, found);
      const rows = new Map<string, Row>();
      for (const row of await session.query(rangeQuery(plan, { from: null, to: null, where: null, limit: 1e6, locks: false }))) {
        const one = await chunkRow(plan, row);
        rows.set(keyOf(plan.schema, one), one);
      }
      await session.close();
      return rows;
    }

    async function seeded(order: SeedOrder): Promise<void> {
      await vi.waitFor(
        () =>
          expect(capture.seeds.find((seed) => seed.request === order.id)?.state, text([capture.failure, capture.warnings])).toBe('done'),
        { timeout: 30_000, interval: 20 },
      );
    }

    /** All that was written is in the log, and gives the source's rows. */
    async function expectEqual(
      order: SeedOrder,
      tables: readonly string[],
      how: { strict?: boolean; cascades?: boolean } = {},
    ): Promise<void> {
      await vi.waitFor(
        async () => {
          const there = applied(await capture.entries(), order, how);
          for (const table of tables) {
            const [here, mine] = [await sourceRows(table), there.get(`${db}.${table}`) ?? new Map()];
            expect(mine.size, table).toBe(here.size);
            for (const [key, row] of here) expect(text(mine.get(key)), `${table} ${key}`).toBe(text(row));
          }
        },
        { timeout: 20_000, interval: 300 },
      );
    }

    it('a table that others write to all the time is as at the source, again and again', async () => {
      await open(`CREATE TABLE t (a INT, b VARCHAR(20), u INT UNIQUE, v INT, PRIMARY KEY (a, b));
      INSERT INTO t SELECT seq DIV 10, CONCAT('k', seq), seq, 0 FROM (SELECT a.n * 100 + b.n * 10 + c.n AS seq FROM ${digits('a')}, ${digits('b')}, ${digits('c')}) AS s WHERE seq < 300`);
      capture.start();
      const stop = new AbortController();
      const writers = [1, 2, 3].map((seed) => writeUntil(stop.signal, seed));
      const orders = Array.from({ length: 6 }, (_, round) => orderOf({ tables: [`${db}.*`], parallel: 1 + (round % 4), chunkRows: 3 }));
      for (const order of orders) {
        capture.order = order;
        await seeded(order);
      }
      stop.abort();
      await Promise.all(writers);
      for (const order of orders) await expectEqual(order, ['t']);
    });

    async function writeUntil(signal: AbortSignal, seed: number): Promise<void> {
      const own = await writer(server);
      await own.query(`USE ${db}; SET SESSION innodb_lock_wait_timeout = 5`);
      let random = seed * 7919;
      const next = (most: number): number => (random = (random * 1103515245 + 12345) % 2147483648) % most;
      const key = (): string => {
        const n = next(300);
        return `a = ${Math.floor(n / 10)} AND b = 'k${n}'`;
      };
      while (!signal.aborted) {
        const n = next(300);
        const statements = [
          `UPDATE t SET v = v + 1 WHERE ${key()}`,
          `DELETE FROM t WHERE ${key()}`,
          `INSERT IGNORE INTO t VALUES (${Math.floor(n / 10)}, 'k${n}', ${next(400)}, ${next(9)})`,
          `UPDATE IGNORE t SET b = UPPER(b), v = 7 WHERE ${key()}`,
          `UPDATE IGNORE t SET a = ${next(30)} WHERE ${key()}`,
          `UPDATE IGNORE t SET u = ${next(400)} WHERE ${key()}`,
          `BEGIN; UPDATE t SET v = v + 1 WHERE ${key()}; UPDATE t SET v = v + 1 WHERE ${key()}; COMMIT`,
        ];
        await own.query(statements[next(statements.length)] ?? '').catch(async () => own.query('ROLLBACK')); // a deadlock
      }
      own.destroy();
    }

    const keys: readonly (readonly [string, string, readonly string[]])[] = [
      ['INT', 'x INT', ['-5', '0', '7', '9']],
      ['BIGINT UNSIGNED', 'x BIGINT UNSIGNED', ['0', '9223372036854775807', '9223372036854775808', '18446744073709551615']],
      ['DECIMAL', 'x DECIMAL(20,4)', ['-1.5', '0', '3.1400', '12345678901234.5678']],
      ['DOUBLE', 'x DOUBLE', ['-1e300', '0.1', '0.3', '1.7976931348623157e308']],
      ['DATETIME', 'x DATETIME(6)', ["'0000-00-00'", "'2026-01-01 00:00:00.000001'", "'2026-01-01 00:00:00.000002'"]],
      ['TIMESTAMP', 'x TIMESTAMP(3)', ["'2026-01-01 00:00:00.001'", "'2026-03-29 02:30:00.5'", "'2030-01-01'"]],
      ['VARBINARY', 'x VARBINARY(20)', ["''", "x'00'", "x'00ff'", "x'27ff5c'", "'a'"]],
      ['BINARY', 'x BINARY(3)', ["x'000000'", "x'27ff5c'", "'abc'"]],
      ['a text that folds', 'x VARCHAR(30)', ["'a'", "'B'", "'ä1'", "'Z'", "'z2'", `'it''s'`, "'\\\\'", "'日本'", "'😀'"]],
      ['a latin1 text', 'x VARCHAR(30) CHARACTER SET latin1', ["'a'", "'B'", "'é'", "'Z'", "'ü'"]],
      ['CHAR', 'x CHAR(9)', ["'a'", "'B'", "'c  '", "' d'"]],
      ['ENUM by its numbers', "x ENUM('z','m','a')", ["'z'", "'m'", "'a'"]],
      ['SET by its numbers', "x SET('z','m','a')", ["''", "'z'", "'m'", "'z,m'", "'a'", "'z,a'"]],
      ['BIT', 'x BIT(12)', ["b'0'", "b'1'", "b'100000000000'"]],
      ['DATE and YEAR', 'x DATE', ["'2000-01-01'", "'2026-12-31'", "'1000-01-01'"]],
    ];
    // MariaDB's binlog does not tell binary columns from uuid and others: changes of such tables are refused (docs/types.md).
    const readable = version.startsWith('mariadb') ? keys.filter(([type]) => !type.includes('BINARY')) : keys;
    it.runIf(keyTypes).each(readable)('reads a key of type %s in order', async (_, column, values) => {
      const [name = ''] = column.split(' ');
      await open(`CREATE TABLE one (${column}, v INT, PRIMARY KEY (${name}));
      CREATE TABLE two (${column}, y INT, v INT, PRIMARY KEY (${name}, y));
      CREATE TABLE down (${column}, y INT, v INT, PRIMARY KEY (y DESC, ${name} DESC));
      ${values.map((value, i) => `INSERT INTO one VALUES (${value}, ${i}); INSERT INTO two VALUES (${value}, 1, ${i}), (${value}, 2, ${i}), (${value}, 3, ${i}); INSERT INTO down VALUES (${value}, 1, ${i}), (${value}, 2, ${i})`).join(';')}`);
      const order = orderOf({ tables: [`${db}.*`], chunkRows: 2 });
      capture.order = order;
      capture.start();
      await seeded(order);
      await expectEqual(order, ['one', 'two', 'down']);
      // Rows that are copied and rows that are changed are of one schema.
      await connection.query('UPDATE two SET v = v + 1');
      await expectEqual(order, ['two']);
      const ofTwo = (await capture.entries()).flatMap((entry) =>
        entry.kind !== 'seed' && entry.kind !== 'ddl' && entry.table?.name === 'two' ? [text(entry.table)] : [],
      );
      expect(new Set(ofTwo).size).toBe(1);
      const chunks = (await capture.entries()).filter((entry) => entry.kind === 'chunk' && entry.chunk.table === 'two');
      expect(chunks).toHaveLength(Math.floor((3 * values.length) / 2) + 1);
    });

    it('goes on behind what is ticked off when it is killed, again and again', async () => {
      await open(
        `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT a.n * 100 + b.n * 10 + c.n, 1 FROM ${digits('a')}, ${digits('b')}, ${digits('c')}`,
      );
      const order = orderOf({ tables: [`${db}.t`], chunkRows: 10, rowsPerSecond: 400 });
      capture.order = order;
      capture.start();
      for (let kills = 0; kills < 3; kills++) {
        const before = (await capture.entries()).length;
        await vi.waitFor(async () => expect((await capture.entries()).length).toBeGreaterThan(before + 8), {
          timeout: 20_000,
          interval: 10,
        });
        await capture.kill();
        await connection.query(`UPDATE t SET v = v + 1 WHERE id % 7 = ${kills}`);
        capture.start();
      }
      await seeded(order);
      await expectEqual(order, ['t']);
      const rows = (await capture.entries()).reduce((sum, entry) => sum + (entry.kind === 'chunk' ? entry.rows.length : 0), 0);
      expect(rows).toBeLessThan(1300); // not from the beginning
    });

    it.runIf(version === '9.7')('goes on behind what it has published when a read fails', async () => {
      await open(
        `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT a.n * 100 + b.n * 10 + c.n, 1 FROM ${digits('a')}, ${digits('b')}, ${digits('c')}`,
      );
      const order = orderOf({ tables: [`${db}.t`], chunkRows: 10, rowsPerSecond: 500 });
      capture.order = order;
      capture.start();
      const rows = async (): Promise<number> =>
        (await capture.entries()).reduce((sum, entry) => sum + (entry.kind === 'chunk' ? entry.rows.length : 0), 0);
      await vi.waitFor(async () => expect(await rows()).toBeGreaterThan(300), { timeout: 20_000, interval: 5 });
      const own = await writer(server);
      await own.query(`LOCK TABLES ${db}.t WRITE`);
      await vi.waitFor(() => expect(capture.warnings.length).toBeGreaterThan(0), { timeout: 20_000, interval: 20 });
      await own.query('UNLOCK TABLES');
      own.destroy();
      await seeded(order);
      await expectEqual(order, ['t']);
      expect(await rows()).toBe(1000);
    });

    it.runIf(version === '9.7')('reads no more than some MiB of documents at once', async () => {
      await open(`CREATE TABLE t (id INT PRIMARY KEY, doc JSON);
      INSERT INTO t SELECT a.n * 10 + b.n, JSON_QUOTE(REPEAT('x', 1000000)) FROM ${digits('a')}, ${digits('b')} WHERE a.n < 1`);
      const order = orderOf({ tables: [`${db}.t`], chunkRows: 2000 });
      capture.order = order;
      capture.start();
      await seeded(order);
      const sizes = (await capture.entries()).flatMap((entry) => (entry.kind === 'chunk' ? [entry.rows.length] : []));
      expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(4);
    });

    it('sends again what was passed and not ticked off', async () => {
      await open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)`);
      const order = orderOf({ tables: [`${db}.t`], chunkRows: 2 });
      capture.appliesUpTo = 1;
      capture.order = order;
      capture.start();
      await vi.waitFor(() => expect(text(capture.warnings)).toContain('sent again'), { timeout: 30_000 });
      capture.appliesUpTo = Infinity;
      await seeded(order);
      await expectEqual(order, ['t'], { strict: false });
    });

    it('brings each row that only transactions change which are in no log', async () => {
      await open(`CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT a.n * 10 + b.n, 0 FROM ${digits('a')}, ${digits('b')}`);
      capture.start();
      const stop = new AbortController();
      const own = await writer(server);
      const writing = (async () => {
        for (let n = 0; !stop.signal.aborted; n = (n + 1) % 100)
          await own.query(`BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; UPDATE ${db}.t SET v = v + 1 WHERE id = ${n}; COMMIT`);
      })();
      for (let round = 0; round < 5; round++) {
        const order = orderOf({ tables: [`${db}.t`], chunkRows: 50 });
        capture.order = order;
        await seeded(order);
        expect(applied(await capture.entries(), order, { strict: false }).get(`${db}.t`)?.size).toBe(100);
      }
      stop.abort();
      await writing;
      own.destroy();
    });

    it('throws a chunk away when its table is altered, and reads it as it is then', async () => {
      await open(
        `CREATE TABLE t (id INT PRIMARY KEY, v INT); INSERT INTO t SELECT a.n * 100 + b.n * 10 + c.n, 1 FROM ${digits('a')}, ${digits('b')}, ${digits('c')}`,
      );
      const order = orderOf({ tables: [`${db}.t`], chunkRows: 20 });
      capture.order = order;
      capture.start();
      await vi.waitFor(async () => expect((await capture.entries()).length).toBeGreaterThan(3), { timeout: 20_000, interval: 5 });
      await connection.query('ALTER TABLE t ADD w INT NOT NULL DEFAULT 5');
      await seeded(order);
      const entries = await capture.entries();
      const columns = entries.flatMap((entry) => (entry.kind === 'chunk' && entry.table ? [entry.table.columns.length] : []));
      expect(columns).toEqual(columns.toSorted((a, b) => a - b));
      expect(applied(entries, order).get(`${db}.t`)?.size).toBe(1000);
    });

    it('reads 100 empty tables, parents first, and says which table it cannot read', async () => {
      const tables = Array.from({ length: 100 }, (_, i) => `CREATE TABLE e${i} (id INT PRIMARY KEY)`).join('; ');
      await open(
        `${tables}; CREATE TABLE nokey (a INT); CREATE TABLE zparent (id INT PRIMARY KEY); CREATE TABLE achild (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES zparent (id))`,
      );
      const order = orderOf({ tables: [`${db}.*`] });
      capture.order = order;
      capture.start();
      await seeded(order);
      const [seed] = capture.seeds;
      expect(seed).toMatchObject({ tables: 103, tablesDone: 102, refused: [{ table: 'nokey', code: 'SEED_REFUSED' }] });
      const chunks = (await capture.entries()).flatMap((entry) => (entry.kind === 'chunk' ? [entry.chunk.table] : []));
      expect(chunks.indexOf('zparent')).toBeLessThan(chunks.indexOf('achild'));
      const begun = (await capture.entries()).flatMap((entry) =>
        entry.kind === 'seed' && entry.record.phase === 'begin' ? [entry.record] : [],
      );
      expect(begun.find(({ table }) => table === 'zparent')?.definition).toContain('CREATE TABLE `zparent`');
    });

    it('gives children as their foreign keys left them, though the binlog may not say so', async () => {
      await open(`CREATE TABLE p (id INT PRIMARY KEY); CREATE TABLE ch (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL);
      INSERT INTO p SELECT a.n * 10 + b.n FROM ${digits('a')}, ${digits('b')}; INSERT INTO ch SELECT id, id FROM p`);
      capture.start();
      const stop = new AbortController();
      const own = await writer(server);
      await own.query(`USE ${db}`);
      const writing = (async () => {
        for (let n = 0; !stop.signal.aborted; n = (n + 37) % 100)
          await own.query(
            `DELETE FROM p WHERE id = ${n}; INSERT INTO p VALUES (${n}); UPDATE ch SET p = id WHERE id = ${(n + 50) % 100} AND p IS NULL`,
          );
      })();
      const orders = Array.from({ length: 4 }, () => orderOf({ tables: [`${db}.*`], chunkRows: 50 }));
      for (const order of orders) {
        capture.order = order;
        await seeded(order);
      }
      stop.abort();
      await writing;
      own.destroy();
      for (const order of orders) await expectEqual(order, ['p', 'ch'], { cascades: version !== '9.7' });
    });
  });
}

export function digits(alias: string): string {
  return `(SELECT 0 AS n UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9) AS ${alias}`;
}
