/** Schema changes at real targets: once each, in the session of their source, and what is refused. */
import { DdlConnection, isSessionThere, nextWitness, readDropped, Session } from '@lutra/mysql';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { isRefusal } from './carry-out.js';
import { ddlRecord } from './ddl-record.fixture.js';
import { DdlRoom, positioned } from './ddl-room.fixture.js';

const quick = { pauseMs: 50, maxPauseMs: 200, blockedMs: 0, lookMs: 50 };

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(
    async () =>
      void (server = await TestServer.start(version, [
        '--performance-schema=ON',
        '--performance-schema-consumer-events-stages-current=ON',
      ])),
  );
  afterAll(() => server.stop());

  it('runs once, under its witness, and moves the position; the record that comes again is known', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader();
    const record = room.record('ALTER TABLE t ADD added int', [['subject', 't']]);
    expect(await loader.apply(record, 7)).toBeNull();
    expect([await room.columns('t'), await room.rows(), await room.seq()]).toEqual(['id,added', [['done', 1]], 7]);
    expect(await loader.apply(record, 9)).toBe('passed');
    expect(await loader.apply(room.record('ALTER TABLE t ADD more int', [['subject', 't']], { id: 'other:2' }), 11)).toBeNull();
    expect(await room.rows()).toEqual([
      ['done', 1],
      ['done', 2],
    ]);
    const [row] = await server.query("SELECT @@GLOBAL.gtid_executed LIKE '%4c757472-%:1-2%' AS dense");
    expect(Number(row?.['dense'])).toBe(1);
  });

  it('a table that was dropped here is known by its place in the log of the source', async () => {
    const room = await DdlRoom.of(server);
    const { database, pipeline } = room;
    await server.run(`USE ${database}; CREATE TABLE t (id int primary key); CREATE TABLE u (id int primary key)`);
    const loader = await room.loader();
    expect(await loader.apply(room.record('ALTER TABLE t ADD a int', [['subject', 't']]), 3)).toBeNull();
    expect(await loader.apply(room.record('DROP TABLE t', [['subject', 't']], { id: 'other:2' }), 7)).toBeNull();
    const [dropped, ...more] = await readDropped(server.admin, pipeline);
    expect([dropped, more]).toEqual([{ table: { database, name: 't' }, log: positioned(7).position.log, seq: 7 }, []]);
  });

  it('a witness is never a number that the server has executed, also when lutra.ddl was emptied', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader();
    await loader.apply(room.record('ALTER TABLE t ADD a int', [['subject', 't']]), 1);
    const used = await nextWitness(server.admin, room.pipeline);
    // The naive number: the server says OK, and nothing ran.
    const gtid = `${used.incarnation}:1`;
    await server.run(`SET gtid_next = '${gtid}'; ALTER TABLE ${room.database}.t ADD b int; SET gtid_next = 'AUTOMATIC'`);
    expect(await room.columns('t')).toBe('id,a');
    await server.run('DELETE FROM lutra.ddl');
    expect(await loader.apply(room.record('ALTER TABLE t ADD b int', [['subject', 't']], { id: 'other:2' }), 2)).toBeNull();
    expect(await room.columns('t')).toBe('id,a,b');
  });

  it('a GTID that a restored source uses again is another statement', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader();
    const session = { timestampUs: 1_800_000_000_000_000 };
    expect(await loader.apply(room.record('ALTER TABLE t ADD a int', [['subject', 't']]), 1)).toBeNull();
    expect(await loader.apply(room.record('ALTER TABLE t ADD b int', [['subject', 't']], { session }), 2)).toBeNull();
    expect(await room.columns('t')).toBe('id,a,b');
  });

  it('takes the zone of another system for its own only if it is the same', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader();
    const record = room.record('ALTER TABLE t ADD a int', [['subject', 't']], { session: { timeZone: 'SYSTEM 0badcafe' } });
    expect(await loader.apply(record, 1)).toMatchObject({ reason: 'unmapped', message: expect.stringContaining("time_zone = 'SYSTEM'") });
  });

  it('a literal has the bytes that it had in the character set of its client', async () => {
    const room = await DdlRoom.of(server);
    const loader = await room.loader();
    const sql = "CREATE TABLE t (id int primary key, b varbinary(9) default 'é', h varchar(9) as (hex('é'))) CHARSET=utf8mb4";
    expect(await loader.apply(room.record(sql, [['subject', 't']], { session: { collationConnection: 8 } }), 1)).toBeNull();
    await server.run(`INSERT INTO ${room.database}.t (id) VALUES (1)`);
    expect(await server.query(`SELECT HEX(b) AS b, h FROM ${room.database}.t`)).toEqual([{ b: 'E9', h: 'E9' }]);
  });

  it('has the session of its source: time, modes, checks, collations', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key); INSERT INTO ${room.database}.t VALUES (1)`);
    const session = { sqlMode: '4', timeZone: '+02:00', foreignKeyChecks: false, collationServer: 8, sqlRequirePrimaryKey: false };
    const sql = `ALTER TABLE "t" ADD at DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6), ADD zero DATE NOT NULL DEFAULT '0000-00-00'`;
    const loader = await room.loader();
    expect(await loader.apply(room.record(sql, [['subject', '"t"']], { session }), 1)).toBeNull();
    const parent = 'CREATE TABLE c (p int primary key, FOREIGN KEY (p) REFERENCES later (id)) CHARSET=utf8mb4';
    const places = [
      ['subject', 'c'],
      ['references', 'later'],
    ] as const;
    expect(await loader.apply(room.record(parent, places, { id: 'other:2', session }), 2)).toBeNull();
    expect(await server.query(`SELECT CAST(at AS CHAR) AS at, CAST(zero AS CHAR) AS zero FROM ${room.database}.t`)).toEqual([
      { at: '2023-11-15 00:13:20.123456', zero: '0000-00-00' },
    ]);
  });

  it('what changes nothing here leaves its trace too', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader();
    const statements = [
      'DROP TABLE IF EXISTS gone',
      'CREATE TABLE IF NOT EXISTS t (id int)',
      "ALTER TABLE t COMMENT ''",
      'TRUNCATE TABLE t',
    ];
    for (const [seq, sql] of statements.entries()) {
      const record = room.record(sql, [['subject', sql.includes('gone') ? 'gone' : 't']], { id: `nothing:${seq}` });
      expect([sql, await loader.apply(record, seq)]).toEqual([sql, null]);
    }
  });

  it('a database has the character set of its source’s server, and goes as it came', async () => {
    const room = await DdlRoom.of(server);
    const made = `made_${room.database}`;
    const loader = await room.loader({ routes: [{ schema: made, table: '*' }] });
    const session = { collationServer: 8 };
    const create = room.record(`CREATE DATABASE ${made}`, [['database', made]], { session });
    expect(await loader.apply(create, 1)).toBeNull();
    const [row] = await server.query(`SHOW CREATE DATABASE ${made}`);
    expect(row?.['Create Database']).toContain('latin1');
    const drop = room.record(`DROP DATABASE ${made}`, [['database', made]], { id: 'other:2' });
    const plan = await loader.target.plan(drop);
    if (typeof plan === 'string' || isRefusal(plan)) throw new Error('it can be run');
    expect(await loader.target.isMet(drop, plan)).toBe(false);
    expect(await loader.apply(drop, 2)).toBeNull();
    expect(await loader.target.isMet(drop, plan)).toBe(true);
  });

  it('what the target refuses is told in its words; the next try has another number', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key, a int); INSERT INTO ${room.database}.t VALUES (1, 7), (2, 7)`);
    const loader = await room.loader();
    const add = room.record('ALTER TABLE t ADD a int', [['subject', 't']]);
    expect(await loader.apply(add, 1)).toEqual({ reason: 'failed', message: expect.stringContaining("Duplicate column name 'a'") });
    expect([await room.rows(), await room.seq()]).toEqual([[['failed', 1]], -1]);
    const unique = room.record('ALTER TABLE t ADD UNIQUE u (a)', [['subject', 't']], { id: 'other:2' });
    const refusal = await loader.apply(unique, 1);
    expect(refusal).toMatchObject({ reason: 'failed', message: expect.stringContaining('1062') });
    expect(JSON.stringify(refusal)).not.toContain("'7'");
    await server.run(`ALTER TABLE ${room.database}.t DROP a`);
    expect(await loader.apply(add, 1)).toBeNull();
    expect([await room.columns('t'), (await room.rows())[0]]).toEqual(['id,a', ['done', 3]]);
  });

  it('a target that has no room for it is not filled again and again: a person is asked', async () => {
    const room = await DdlRoom.of(server);
    const numbers = `WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 500) SELECT i FROM s`;
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key) ENGINE=MEMORY; INSERT INTO ${room.database}.t ${numbers}`);
    await server.run('SET GLOBAL max_heap_table_size = 16384');
    const loader = await room.loader();
    const applied = loader.apply(room.record('ALTER TABLE t ADD a char(250)', [['subject', 't']]), 1);
    await expect(applied.finally(() => server.run('SET GLOBAL max_heap_table_size = DEFAULT'))).resolves.toMatchObject({
      reason: 'failed',
    });
  });

  it('a connection goes on behind a statement that failed under its GTID', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    await room.loader();
    const [row] = await server.query(`SELECT epoch FROM lutra.checkpoint WHERE pipeline = '${room.pipeline}'`);
    const key = { pipeline: room.pipeline, part: 0, epoch: Number(row?.['epoch']) };
    const connection = await DdlConnection.open(server.options);
    const witness = await nextWitness(connection, room.pipeline);
    const run = { key, witness, settings: ["sql_mode = ''"], sql: `ALTER TABLE ${room.database}.t ADD id int` };
    // Of a loader that sleeps the server ends it within that time, and the lock with it.
    expect(Number((await connection.query('SELECT @@SESSION.wait_timeout AS s'))[0]?.['s'])).toBeLessThanOrEqual(8);
    expect(await connection.run(run)).toMatchObject({ errno: 1060 });
    expect(await connection.run({ ...run, sql: `ALTER TABLE ${room.database}.t ADD v int` })).toBeNull();
    expect(await room.columns('t')).toBe('id,v');
    // The naive text sets nothing back, and the server refuses all that follows on the connection, the next try's fence too.
    const naive = await Session.open(server.options, 'target');
    const again = `SET gtid_next = '${witness.incarnation}:${witness.n + 1}'; ALTER TABLE ${room.database}.t ADD id int`;
    await expect(naive.query(again)).rejects.toMatchObject({ refused: { errno: 1060 } });
    await expect(naive.query('UPDATE lutra.checkpoint SET n = n + 1')).rejects.toMatchObject({ refused: { errno: 1837 } });
    naive.destroy();
    await connection.close();
  });

  it('a loader that was replaced runs nothing: the fence is strict, whatever the modes of the record', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const sleeper = await room.loader();
    const record = room.record('ALTER TABLE t ADD a int', [['subject', 't']], { session: { sqlMode: '0' } });
    const plan = await sleeper.target.plan(record);
    if (typeof plan === 'string' || isRefusal(plan)) throw new Error('it can be run');
    const [row] = await server.query(`SELECT epoch FROM lutra.checkpoint WHERE pipeline = '${room.pipeline}'`);
    await room.loader();
    await expect(sleeper.target.run(record, plan, positioned(1))).rejects.toMatchObject({ code: 'FENCED' });
    const connection = await DdlConnection.open(server.options);
    const key = { pipeline: room.pipeline, part: 0, epoch: Number(row?.['epoch']) };
    const witness = await nextWitness(connection, room.pipeline);
    const run = connection.run({ key, witness, settings: ["sql_mode = ''"], sql: `ALTER TABLE ${room.database}.t ADD a int` });
    await expect(run).rejects.toMatchObject({ code: 'FENCED' });
    await connection.close();
    expect(await room.columns('t')).toBe('id');
    // The naive fence, under the modes of the record.
    await server.alone(`SET sql_mode = ''; UPDATE lutra.checkpoint SET epoch = IF(epoch = ${key.epoch}, ${key.epoch}, NULL)
      WHERE pipeline = '${room.pipeline}'; ALTER TABLE ${room.database}.t ADD a int`);
    expect(await room.columns('t')).toBe('id,a');
    await server.run(`UPDATE lutra.checkpoint SET epoch = ${key.epoch + 1} WHERE pipeline = '${room.pipeline}'`);
  });

  it('waits for a lock a few seconds at a time, tells who holds it, and runs under the same number', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader({ timing: quick });
    const holder = await DdlConnection.open(server.options);
    await holder.query('BEGIN');
    await holder.query(`SELECT * FROM ${room.database}.t`);
    const applied = loader.apply(room.record('ALTER TABLE t ADD a int', [['subject', 't']]), 1);
    const isTold = (): boolean =>
      loader.activities.some(({ blockers }) => blockers.some((line) => line.includes(`session ${holder.id} of`)));
    while (!isTold()) await sleep(20);
    // One that came behind the statement is let through between two tries.
    await server.alone(`SET lock_wait_timeout = 30; INSERT INTO ${room.database}.t VALUES (1)`);
    expect(await room.columns('t')).toBe('id');
    await holder.query('COMMIT');
    expect(await applied).toBeNull();
    expect([await room.columns('t'), await room.rows()]).toEqual(['id,a', [['done', 1]]]);
    await holder.close();
  });

  it('tells how far a long one is, where the server tells', async () => {
    const room = await DdlRoom.of(server);
    const rows = 'INSERT INTO t WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 1000) SELECT i FROM s';
    const more = Array.from({ length: 7 }, () => 'INSERT INTO t SELECT NULL FROM t').join('; ');
    await server.run(
      `USE ${room.database}; CREATE TABLE t (id int auto_increment primary key); ${rows}; SET sql_mode = ''; ${more}; USE mysql`,
    );
    const loader = await room.loader({ timing: { ...quick, lookMs: 10 } });
    const seen = (): readonly number[] => loader.activities.map(({ progress }) => progress ?? 0);
    // How long one takes is the machine's: further ones, until one was looked at while the server copied rows.
    for (let n = 1; !seen().some((progress) => progress > 0); n++) {
      const alter = `ALTER TABLE t ADD a${n} int, ALGORITHM=COPY`;
      expect(await loader.apply(room.record(alter, [['subject', 't']], { id: `a:${n}` }), n)).toBeNull();
    }
    expect(Math.max(...seen())).toBeLessThanOrEqual(1);
  });

  it('a statement that lasts longer than it may is ended, and refused', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const loader = await room.loader({ timing: quick, maxSeconds: 1 });
    const holder = await DdlConnection.open(server.options);
    await holder.query('BEGIN');
    await holder.query(`SELECT * FROM ${room.database}.t`);
    const refusal = await loader.apply(room.record('ALTER TABLE t ADD a int', [['subject', 't']]), 1);
    expect(refusal).toEqual({ reason: 'failed', message: expect.stringContaining('maxSeconds (1 s)') });
    await holder.close();
    expect([await room.columns('t'), await room.rows()]).toEqual(['id', [['failed', 1]]]);
  });

  it('what a person, or the target itself, has settled is known and moves the position', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key)`);
    const { target } = await room.loader();
    const [one, two] = ['a:1', 'a:2'].map((id) => room.record('ALTER TABLE t ADD a int', [['subject', 't']], { id }));
    if (!one || !two) throw new Error('two');
    await target.conclude(one, 'done', positioned(3));
    await target.conclude(two, 'skipped', { ...positioned(4), decision: { answer: 'skip', by: 'ann', reason: 'not here' } });
    expect([await target.look(one), await target.look(two), await room.seq(), await room.columns('t')]).toEqual([
      'done',
      'skipped',
      4,
      'id',
    ]);
    const rows = await server.query(`SELECT answer, sql_here FROM lutra.ddl WHERE pipeline = '${room.pipeline}' ORDER BY record`);
    expect(rows.map(({ answer }) => answer && JSON.parse(String(answer)).by)).toEqual([null, 'ann']);
    expect(rows[0]?.['sql_here']).toBe(`ALTER TABLE \`${room.database}\`.\`t\` ADD a int`);
  });

  it('is seen while it runs, whatever characters it has', async () => {
    const connection = await DdlConnection.open(server.options);
    const running = connection.query("SELECT SLEEP(1), '🦦'");
    const session = await Session.open(server.options, 'target');
    await sleep(200);
    expect([await isSessionThere(session, connection.id), await isSessionThere(session, 4_000_000_000)]).toEqual([true, false]);
    await running;
    await Promise.all([session.close(), connection.close()]);
  });

  it('is met by what the table shows', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`USE ${room.database}; CREATE TABLE t (id int primary key, a int, key k (a)); CREATE TABLE full (id int primary key);
      INSERT INTO full VALUES (1); USE mysql`);
    const { target } = await room.loader();
    const isMet = async (sql: string, name: string, clauses: Parameters<DdlRoom['record']>[2] = {}): Promise<boolean> => {
      const record = room.record(sql, [['subject', name]], clauses);
      return target.isMet(record, { sql, tables: [{ database: room.database, name }] });
    };
    const clause = (action: 'add' | 'drop', what: 'column' | 'index', name: string) => ({ action, what, name });
    const added = clause('add', 'column', 'A');
    expect(await isMet('ALTER TABLE t …', 't', { clauses: [added, clause('add', 'index', 'k'), clause('drop', 'column', 'b')] })).toBe(
      true,
    );
    expect(await isMet('ALTER TABLE t …', 't', { clauses: [added, clause('drop', 'index', 'k')] })).toBe(false);
    expect(await isMet('ALTER TABLE t …', 't', { clauses: [added, clause('drop', 'column', 'a')] })).toBe(false);
    expect(await isMet('ALTER TABLE gone …', 'gone', { clauses: [clause('drop', 'column', 'a')] })).toBe(false);
    expect([await isMet('CREATE TABLE t (id int)', 't'), await isMet('CREATE TABLE gone (id int)', 'gone')]).toEqual([true, false]);
    expect([await isMet('CREATE TABLE full (id int)', 'full'), await isMet('CREATE TABLE IF NOT EXISTS full (id int)', 'full')]).toEqual([
      false,
      true,
    ]);
    const back = (await room.loader({ bothWays: true })).target;
    const made = room.record('CREATE TABLE full (id int)', [['subject', 'full']]);
    expect(await back.isMet(made, { sql: made.sql, tables: [{ database: room.database, name: 'full' }] })).toBe(true);
    expect([await isMet('DROP TABLE t', 't'), await isMet('DROP TABLE gone', 'gone'), await isMet('TRUNCATE TABLE full', 'full')]).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('a text is looked at as it is, whatever the character set of its session', async () => {
    const room = await DdlRoom.of(server);
    const loader = await room.loader();
    const sql = "CREATE TABLE 乗 (id int primary key, 漢 varchar(9) default 'é') CHARSET utf8mb4";
    expect(await loader.apply(room.record(sql, [['subject', '乗']], { session: { collationConnection: 8 } }), 1)).toBeNull();
    expect(await room.columns('乗')).toBe('id,漢');
  });

  it('values that each server would make up are refused where rows get them; run on both sides they differ', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`USE ${room.database}; CREATE TABLE here (v int); INSERT INTO here VALUES (1), (2); CREATE TABLE there (v int);
      INSERT INTO there VALUES (2), (1); CREATE TABLE none (v int); CREATE TABLE zero (id int not null); INSERT INTO zero VALUES (0), (7);
      CREATE TABLE full (id int not null); INSERT INTO full VALUES (7); USE mysql`);
    const { target } = await room.loader();
    const added = (name: string) => `ALTER TABLE ${name} ADD id INT AUTO_INCREMENT PRIMARY KEY`;
    const planOf = (sql: string, name: string) => target.plan(room.record(sql, [['subject', name]]));
    expect(await planOf(added('here'), 'here')).toMatchObject({ reason: 'unmapped', message: expect.stringContaining('Number the rows') });
    expect(await planOf(added('none'), 'none')).toHaveProperty('sql');
    const ofSession = await planOf('ALTER TABLE here ADD c INT DEFAULT (connection_id())', 'here');
    expect(ofSession).toMatchObject({ reason: 'unmapped', message: expect.stringContaining('Fill a new column') });
    for (const name of ['here', 'there']) await server.run(`USE ${room.database}; ${added(name)}; USE mysql`);
    const rows = (name: string) => server.query(`SELECT id, v FROM ${room.database}.${name} ORDER BY v`);
    expect(await rows('here')).not.toEqual(await rows('there'));
    const numbered = async (seq: number, name: string, sqlMode?: string) => {
      const session = sqlMode === undefined ? {} : { sqlMode };
      const sql = `ALTER TABLE ${name} MODIFY id INT NOT NULL AUTO_INCREMENT PRIMARY KEY`;
      const record = room.record(sql, [['subject', name]], { session, id: `a:${seq}` });
      const plan = await target.plan(record);
      if (typeof plan === 'string' || isRefusal(plan)) throw new Error('it is to be run');
      return target.run(record, plan, positioned(seq));
    };
    expect(await numbered(1, 'zero')).toMatchObject({ reason: 'unmapped', message: expect.stringContaining('Number the rows') });
    expect([await numbered(2, 'zero', String(1n << 19n)), await numbered(3, 'full')]).toEqual([null, null]);
  });

  it('a table that the user may not see is not taken for one that is gone', async () => {
    const room = await DdlRoom.of(server);
    const user = `blind${room.database}`;
    await server.run(`CREATE TABLE ${room.database}.t (id int primary key); CREATE USER '${user}'@'%'`);
    const { target } = await room.loader({ target: { ...server.options, user, password: '' } });
    const record = room.record('DROP TABLE t', [['subject', 't']]);
    expect(await target.isMet(record, { sql: record.sql, tables: [{ database: room.database, name: 't' }] })).toBe(false);
    const dropped = room.record(`DROP DATABASE ${room.database}`, [['database', room.database]]);
    expect(await target.isMet(dropped, { sql: dropped.sql, tables: [{ database: room.database, name: '*' }] })).toBe(false);
  });

  it('what cannot be said here is refused before anything is written', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`ALTER DATABASE ${room.database} CHARACTER SET latin1 COLLATE latin1_swedish_ci`);
    const { target } = await room.loader();
    const create = (sql: string, more = {}) => target.plan(room.record(sql, [['subject', 't']], more));
    const got = (collationDatabase: number) => ({ session: { collationServer: 255, collationDatabase } });
    expect(await create('CREATE TABLE t (id int)', got(255))).toMatchObject({
      reason: 'defaults',
      message: expect.stringContaining('latin1_swedish_ci'),
    });
    expect(await create('CREATE TABLE t (id int)', got(8))).toHaveProperty('sql');
    expect(await create('CREATE TABLE t (id int) CHARSET=latin1')).toHaveProperty('sql');
    expect(await create('ALTER TABLE t CONVERT TO CHARACTER SET DEFAULT', got(8))).toMatchObject({ reason: 'defaults' });
    expect(await create('CREATE TABLE t (id of_nowhere) CHARSET=latin1')).toMatchObject({
      reason: 'unmapped',
      message: expect.stringContaining('1064'),
    });
    expect(await create('CREATE TABLE t (id int) CHARSET=latin1; DROP TABLE x')).toMatchObject({ reason: 'unmapped' });
    expect(await create('CREATE TABLE t (id int) CHARSET=latin1', { flavor: 'mariadb' })).toMatchObject({ reason: 'unmapped' });
    for (const session of [{ sqlMode: '68719476736' }, { collationServer: 2304 }])
      expect(await create('CREATE TABLE t (id int) CHARSET=latin1', { session })).toMatchObject({ reason: 'unmapped' });
    expect(await target.plan(ddlRecord('ALTER TABLE elsewhere.t ADD a int', [['subject', 'elsewhere.t']]))).toBe('nothing');
    expect(await room.rows()).toEqual([]);
  });
});

describe('MariaDB 11.4', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.shared('mariadb-11.4')));
  afterAll(() => server.stop());

  it('is told by its name', async () => {
    const room = await DdlRoom.of(server);
    const { target } = await room.loader();
    const record = room.record('ALTER TABLE t ADD a int', [['subject', 't']]);
    expect(await target.look(record)).toBe('new');
    expect(await target.plan(record)).toMatchObject({ reason: 'unmapped', message: 'Lutra does not run schema changes on MariaDB yet' });
  });
});
