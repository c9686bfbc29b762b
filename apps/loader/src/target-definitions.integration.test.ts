/**
 * A table of the target that somebody changes while a loader remembers it: the next transaction notices, whatever was done, and with the
 * definition read anew everything is right. Under the user of docs/02-setup.md.
 */
import { openingStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { createRouter, toSyncError } from '@lutra/model';
import type { Row, Suspension, SyncError, TableSchema, UnsupportedPolicy } from '@lutra/model';
import { openingText, StatementBuilder, takeOver } from '@lutra/mysql';
import type { ConnectionOptions, SqlText, TargetTable } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer, versions } from '../../../libs/mysql/src/mysql.fixture.js';
import { refusedTable, Suspensions } from './plan/suspensions.js';
import { refusedFor } from './plan/table-matcher.js';
import { serversIo } from './io.js';
import { TargetWriter } from './commit/target-writer.js';

const logId = '00000000-0000-4000-8000-000000000001';
const source = (database: string): TableSchema => ({
  database,
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'a', type: 'int' },
    { name: 'b', type: 'int' },
  ],
  primaryKey: ['id'],
});

describe.each(versions)('a table that is changed while it is remembered, on %s', (version) => {
  let server: TestServer;
  let least: ConnectionOptions;
  const isMariadb = version === 'mariadb-11.4';
  let rooms = 0;

  beforeAll(async () => {
    server = await TestServer.shared(version);
    least = await server.leastPrivileged();
  });
  afterAll(() => server.stop());

  /** A loader's writer, with its checkpoint row, and table t. */
  class Room {
    #seq = 0;
    constructor(
      readonly database: string,
      readonly checkpoint: Checkpoint,
      public writer: TargetWriter,
    ) {}

    static async open(columns: string): Promise<Room> {
      const database = await server.database();
      await server.run(`CREATE TABLE ${database}.p (id int primary key); INSERT INTO ${database}.p VALUES (1);
        CREATE TABLE ${database}.t (${columns}); CREATE TABLE ${database}.k (id int primary key, t int)`);
      await server.grant(database);
      const { checkpoint } = await takeOver(least, { pipeline: `c.d${++rooms}`, part: 0, lease: 5, mayCreate: true });
      return new Room(
        database,
        checkpoint,
        new TargetWriter({ target: least, port: serversIo.target, key: checkpoint, observe: () => undefined }),
      );
    }

    target(): Promise<TargetTable> {
      return this.writer.loadTable(this.database, 't');
    }

    /** As a transaction of the source that inserts the row. */
    async insert(row: Row, target: TargetTable): Promise<void> {
      const builder = new StatementBuilder();
      builder.add({ op: 'c', before: null, after: row, source: source(this.database), target });
      const seq = ++this.#seq;
      await this.writer.commit(builder.take(), {
        ...this.checkpoint,
        logId,
        logEpoch: 1,
        seq,
        nextOffset: seq + 1,
        origin: 'x',
        path: ['x'],
      });
    }

    /** What the next run does: everything is read anew. */
    async anew(): Promise<TargetTable> {
      await this.writer.dispose();
      this.writer = new TargetWriter({ target: least, port: serversIo.target, key: this.checkpoint, observe: () => undefined });
      return this.target();
    }

    rows(): Promise<readonly object[]> {
      return server.query(`SELECT id, a, b FROM ${this.database}.t ORDER BY id`);
    }
  }

  const plain = 'id int primary key, a int, b int, s varchar(9) collate utf8mb4_bin, n int';
  /** Of one table, one after the other; with those that make the next one possible. */
  const changes: readonly (readonly [what: string, ddl: string])[] = [
    ['a plain column becomes a generated one', 'ALTER TABLE t DROP b, ADD b INT AS (a + 1) STORED'],
    ['a generated column becomes a plain one', 'ALTER TABLE t DROP b, ADD b INT'],
    ['another type', 'ALTER TABLE t MODIFY a BIGINT'],
    ['NULL is not allowed', 'UPDATE t SET b = 1; ALTER TABLE t MODIFY b INT NOT NULL'],
    ['NULL is allowed', 'ALTER TABLE t MODIFY b INT'],
    ['a column more, at once', 'ALTER TABLE t ADD COLUMN c INT'],
    ['another collation', 'ALTER TABLE t MODIFY s varchar(9) COLLATE utf8mb4_general_ci'],
    ['a unique key', 'ALTER TABLE t ADD UNIQUE KEY u (s)'],
    ['no unique key', 'DROP INDEX u ON t'],
    ['a foreign key', 'ALTER TABLE t MODIFY a INT, ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE'],
    ['no foreign key', 'ALTER TABLE t DROP FOREIGN KEY f'],
    ['a trigger that changes nothing', 'CREATE TRIGGER seen AFTER INSERT ON t FOR EACH ROW SET @n = 1'],
    ...(isMariadb
      ? []
      : [
          ['a default', 'ALTER TABLE t ALTER n SET DEFAULT 7'] as const,
          ['no trigger', 'DROP TRIGGER seen'] as const,
          ['a foreign key that points here', 'ALTER TABLE k ADD CONSTRAINT g FOREIGN KEY (t) REFERENCES t (id) ON DELETE CASCADE'] as const,
          ['none that points here', 'ALTER TABLE k DROP FOREIGN KEY g'] as const,
        ]),
    ['DROP and CREATE under one name', 'DROP TABLE t; CREATE TABLE t (id int primary key, a int, b int)'],
    ['a swap by RENAME', 'CREATE TABLE o (id int primary key, a int, b int, c int); RENAME TABLE t TO x, o TO t'],
  ];

  test('each change is noticed by the next transaction, and with the new definition all is right', async () => {
    const room = await Room.open(plain);
    let id = 0;
    for (const [what, ddl] of changes) {
      const before = await room.target();
      await room.insert({ id: ++id, a: 1, b: 2 }, before);
      await server.run(`USE ${room.database}; ${ddl}; USE mysql`);
      const row = { id: ++id, a: 1, b: 3 };
      await expect(room.insert(row, before), what).rejects.toMatchObject({ code: 'TARGET_CHANGED', details: { table: 't' } });
      await expect(room.writer.requireSameTables(), what).rejects.toMatchObject({ code: 'TARGET_CHANGED' });
      await room.insert(row, await room.anew());
      const [found] = await server.query(`SELECT id, CAST(a AS SIGNED) + 0e0 AS a, b FROM ${room.database}.t WHERE id = ${id}`);
      expect(found, what).toEqual({ ...row, b: ddl.includes('STORED') ? 2 : 3 });
    }
    await room.writer.dispose();
  });

  test('a trigger that would change rows has a name, and what the check says fixes it', async () => {
    const room = await Room.open(plain);
    const before = await room.target();
    await server.run(`CREATE TRIGGER ${room.database}.tr BEFORE INSERT ON ${room.database}.t FOR EACH ROW SET NEW.b = NEW.b + 1`);
    await expect(room.insert({ id: 1, a: 1, b: 1 }, before)).rejects.toMatchObject({ code: 'TRIGGER_UNGUARDED' });
    await expect(room.anew()).rejects.toMatchObject({ code: 'TRIGGER_UNGUARDED', details: { trigger: 'tr' } });
    expect(await room.rows()).toEqual([]);
    await room.writer.dispose();
  });

  test('a user who may not see triggers is refused by name, also when the right goes while it runs', async () => {
    const room = await Room.open(plain);
    const before = await room.target();
    await room.insert({ id: 1, a: 1, b: 1 }, before);
    await server.run(`REVOKE TRIGGER ON ${room.database}.* FROM 'least'@'%'`);
    await server.run(`CREATE TRIGGER ${room.database}.tr BEFORE INSERT ON ${room.database}.t FOR EACH ROW SET NEW.b = NEW.b + 1`);
    await expect(room.insert({ id: 2, a: 1, b: 1 }, before)).rejects.toMatchObject({ code: 'TARGET_DENIED' });
    const denied = await room.anew().catch((error: unknown) => error as SyncError);
    expect(denied).toMatchObject({ code: 'TARGET_DENIED', details: { privilege: 'TRIGGER' } });
    await server.run(String((denied as SyncError).details['grant']));
    await expect(room.anew()).rejects.toMatchObject({ code: 'TRIGGER_UNGUARDED' });
    expect(await room.rows()).toEqual([{ id: 1, a: 1, b: 1 }]);
    await room.writer.dispose();
  });

  test('what the server only discarded (FLUSH TABLES) is no change', async () => {
    const room = await Room.open(plain);
    const target = await room.target();
    await room.insert({ id: 1, a: 1, b: 1 }, target);
    await server.run('FLUSH TABLES');
    await room.insert({ id: 2, a: 1, b: 1 }, target);
    expect(await room.rows()).toHaveLength(2);
    await room.writer.dispose();
  });

  test('a transaction that is written while it arrives, or resolved row by row, notices it at its first row', async () => {
    const room = await Room.open(plain);
    const change = `ALTER TABLE ${room.database}.t DROP b, ADD b INT`;
    const rowsOf = (target: TargetTable, id: number): SqlText => {
      const builder = new StatementBuilder();
      builder.add({ op: 'c', before: null, after: { id, a: 1, b: 1 }, source: source(room.database), target });
      return builder.take();
    };
    const first = await room.target();
    await room.writer.open({ origin: 'x', path: ['x'] });
    await server.run(`${change} AS (a) STORED`);
    await expect(room.writer.chunk(rowsOf(first, 1))).rejects.toMatchObject({ code: 'TARGET_CHANGED' });
    const second = await room.anew();
    const connection = await room.writer.ready();
    const { epoch, pipeline } = room.checkpoint;
    await connection.run(
      openingText(openingStatement({ pipeline, part: 0, lane: 0, epoch, origin: 'x', path: ['x'] }), { repeatable: true }),
    );
    await connection.within(`SELECT * FROM ${room.database}.p`); // what the catalogue says would be of this moment from now on
    await server.run(change);
    await expect(connection.within(`SELECT * FROM ${room.database}.t FOR UPDATE`, [second])).rejects.toMatchObject({
      code: 'TARGET_CHANGED',
    });
    expect(await room.rows()).toEqual([]);
    await room.writer.dispose();
  });

  test('from the check to COMMIT nobody can change the table', async () => {
    const room = await Room.open(plain);
    const target = await room.target();
    await room.insert({ id: 1, a: 1, b: 1 }, target);
    const connection = await room.writer.ready();
    const builder = new StatementBuilder();
    builder.add({ op: 'c', before: null, after: { id: 2, a: 1, b: 1 }, source: source(room.database), target });
    await connection.run({ sql: 'BEGIN', marks: [{ does: 'begin' }] });
    await connection.within('SELECT 1', [target]);
    await expect(server.run(`SET lock_wait_timeout = 1; ALTER TABLE ${room.database}.t ADD c INT`)).rejects.toMatchObject({
      code: 'TARGET_BUSY',
    });
    await connection.run(builder.take());
    await connection.commit();
    expect(await room.rows()).toHaveLength(2);
    await room.writer.dispose();
  });

  describe('a table that is suspended', () => {
    const suspension = (database: string, name: string): Suspension => ({
      database,
      name,
      code: 'COLUMN_UNSUPPORTED',
      message: "it's",
      where: 'f:4',
      at: 1,
    });
    const namesOf = (tables: readonly Suspension[]): readonly string[] =>
      tables.map(({ name, because = '' }) => `${name} ${because}`.trim()).sort();

    /** p ← c ← g, and l on its own; what `exclude` names is not routed. */
    async function open({ database, checkpoint }: Room, exclude: readonly string[] = [], policy: UnsupportedPolicy = 'suspend') {
      const routes = [{ schema: database, table: '*', exclude: [...exclude] }];
      const fingerprints = { [checkpoint.pipeline]: 'x' };
      const told: string[] = [];
      const onBegun = async (tables: readonly Suspension[]) => void told.push(...namesOf(tables));
      const suspensions = await Suspensions.open({
        port: serversIo.target,
        target: least,
        checkpoint,
        name: 'c.p',
        routes,
        router: createRouter(routes),
        fingerprints,
        policy,
        onBegun,
      });
      return { suspensions, told };
    }
    const keys = async (room: Room): Promise<Room> => {
      await server.run(`USE ${room.database}; ALTER TABLE k ADD FOREIGN KEY (t) REFERENCES p (id);
        CREATE TABLE g (id int primary key, k int, FOREIGN KEY (k) REFERENCES k (id)); CREATE TABLE l (id int primary key)`);
      return room;
    };
    const said = (room: Room, suspended: readonly Suspension[]) =>
      ({
        kind: 'routes',
        endpoint: 'a',
        tables: [],
        pipelines: { [room.checkpoint.pipeline]: 'x' },
        names: {},
        suspended,
        revision: 1,
        write: 'aaaaaaaaaaaa',
        server: null,
        tsMs: 0,
      }) as const;
    const position = { log: logId, seq: 9 };

    test('takes with it what foreign keys tie to it; another process reads the same; it ends where the log says so, and may begin anew', async () => {
      const room = await keys(await Room.open(plain));
      const { database } = room;
      const { suspensions, told } = await open(room);
      await suspensions.follow(suspensions.changeBy(said(room, [suspension(database, 'k')]))!, position);
      const tied = [`g ${database}.k`, 'k', `p ${database}.k`];
      expect([namesOf(suspensions.tables), told]).toEqual([tied, tied]);
      expect(suspensions.changeBy(said(room, [suspension(database, 'k')]))).toBeNull();
      expect(namesOf((await open(room)).suspensions.tables)).toEqual(tied);
      expect((await open(room)).suspensions.tables[1]).toMatchObject({
        ...suspension(database, 'k'),
        where: 'seq 9',
        at: expect.any(Number) as number,
      });
      await expect(open(room, [], 'stop')).rejects.toMatchObject({ code: 'TABLE_SUSPENDED' });
      const out = (await open(room, ['k', 'p'])).suspensions;
      await out.follow(out.changeBy(said(room, []))!, position);
      expect(namesOf(out.tables)).toEqual([`g ${database}.k`]);
      const again = (await open(room)).suspensions;
      await again.refuse({ ...suspension(database, 'l'), code: 'TABLE_MISSING', message: 'x'.repeat(3000) });
      expect(namesOf((await open(room)).suspensions.tables)).toEqual([`g ${database}.k`, 'l']);
    });

    test('is none that the user may not see: a right that was taken away would hide one after the other', async () => {
      const room = await Room.open(plain);
      const error = async (database: string): Promise<SyncError> =>
        toSyncError(await room.writer.loadTable(database, 'gone').catch((thrown: unknown) => thrown));
      const [gone, hidden] = [await error(room.database), await error('elsewhere')];
      const ofSource = (thrown: SyncError) => refusedFor(thrown, { database: 'd', name: 'gone' });
      expect(refusedTable(ofSource(gone))).toMatchObject({ database: 'd', name: 'gone', code: 'TABLE_MISSING' });
      expect(hidden).toMatchObject({ code: 'TABLE_MISSING' });
      expect(refusedTable(ofSource(hidden))).toBeNull();
      await room.writer.dispose();
    });

    test('is written by the owner alone', async () => {
      const room = await keys(await Room.open(plain));
      const { suspensions, told } = await open(room);
      await takeOver(least, { pipeline: room.checkpoint.pipeline, part: 0, lease: 9, mayCreate: false });
      const change = { begun: [suspension(room.database, 'l')], ended: [] };
      await expect(suspensions.follow(change, position)).rejects.toMatchObject({ code: 'FENCED' });
      expect([told, (await open(room)).suspensions.tables]).toEqual([[], []]);
    });

    test('there is none where schemas/lutra.sql of an earlier version was run', async () => {
      const room = await Room.open(plain);
      await server.run('RENAME TABLE lutra.suspended TO lutra.away');
      const { suspensions } = await open(room);
      const change = { begun: [suspension(room.database, 'l')], ended: [] };
      await expect(
        suspensions.follow(change, position).finally(() => server.run('RENAME TABLE lutra.away TO lutra.suspended')),
      ).rejects.toMatchObject({
        code: 'CHECKPOINT_INVALID',
      });
    });
  });
});
