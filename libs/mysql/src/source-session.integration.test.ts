import { checkpointStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { rowsFlags } from '@lutra/model';
import type { Row, SourceSession } from '@lutra/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { checkTarget } from './check-target.js';
import { TestServer, versions } from './mysql.fixture.js';
import { takeOver } from './ownership.js';
import { insertRow } from './row-statements.js';
import { planRows } from './row-plan.js';
import { sessionTextOf } from './source-session.js';
import type { Under } from './source-session.js';
import { StatementBuilder } from './statement-builder.js';
import type { Change } from './statement-builder.js';
import { openingText, transactionText } from './transaction-text.js';

const plain: SourceSession = { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 };
/** Of a zone with one hour twice: at 2021-10-31 01:00 UTC it goes from +02:00 to +01:00. */
const fold = `USE mysql; SET sql_log_bin = 0; INSERT INTO time_zone (Use_leap_seconds) VALUES ('N'); SET @id = LAST_INSERT_ID();
  INSERT INTO time_zone_name (Name, Time_zone_id) VALUES ('Lutra/Fold', @id);
  INSERT INTO time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) VALUES (@id, -2147483648, 0), (@id, 1635642000, 1);
  INSERT INTO time_zone_transition_type (Time_zone_id, Transition_type_id, \`Offset\`, Is_DST, Abbreviation) VALUES (@id, 0, 7200, 1, 'X'), (@id, 1, 3600, 0, 'Y')`;
const everyMode = 2 ** 6 + 2 ** 20 + 2 ** 21 + 2 ** 24 + 2 ** 25 + 2 ** 26 + 2 ** 31;
const modesOnly = 1 + 2 + 4 + 8 + 2 ** 29;

describe.each(versions)('the session of a source on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let checkpoint: Checkpoint;
  const mariadb = version.startsWith('mariadb');

  beforeAll(async () => {
    server = await TestServer.start(version);
    await server.run(fold);
    await server.run("CREATE USER 'least'@'%'; GRANT SELECT, INSERT, UPDATE ON lutra.* TO 'least'@'%'");
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    database = await server.database();
    await server.run(`GRANT SELECT, INSERT, UPDATE, DELETE ON ${database}.* TO 'least'@'%'`);
    connection = await ApplyConnection.open({ ...server.options, user: 'least' });
    ({ checkpoint } = await takeOver(connection, { pipeline: database, part: 0, lease: 5, mayCreate: true }));
    return async () => connection.close();
  });

  type Step = readonly [op: Change['op'], before: Row | null, after: Row | null, session: Partial<SourceSession>, flags?: number];
  let seq = 0;

  async function apply(name: string, steps: readonly Step[]): Promise<void> {
    const { source, target } = await server.load(database, name);
    const builder = new StatementBuilder();
    for (const [op, before, after, session, flags = 0] of steps) {
      const under: Under = { session: { ...plain, ...session }, flags };
      builder.add({ op, before, after, source, target, under });
    }
    seq += 1;
    const place = { logId: 'x', logEpoch: 1, seq, nextOffset: seq + 1, gtid: null, sourceUs: 1, origin: 'a', path: ['a'] };
    await connection.run(transactionText(checkpointStatement({ ...checkpoint, ...place }), builder.take()));
  }
  const read = async (sql: string): Promise<readonly unknown[]> => (await server.query(sql)).map((row) => Object.values(row).map(String));
  const own = async (): Promise<unknown> =>
    connection.query('SELECT @@sql_mode, @@time_zone, @@lc_time_names, @@collation_connection, @@foreign_key_checks');

  test('is set for its rows alone, and needs no privilege', async () => {
    await server.run(`CREATE TABLE ${database}.t (id int primary key, placed timestamp null, day date as (date(placed)) stored)`);
    const before = await own();
    const row = (id: number): Row => ({ id, placed: '2021-05-01 20:00:00' });
    await apply('t', [
      ['c', null, row(1), { timeZone: '+08:00' }],
      ['c', null, row(2), { timeZone: '+08:00' }],
      ['c', null, row(3), { timeZone: '-05:00' }],
      ['c', null, row(4), {}],
      [
        'u',
        row(4),
        { id: 4, placed: '2021-05-02 20:00:00' },
        {
          timeZone: 'Lutra/Fold',
          sqlMode: everyMode + modesOnly, // this build of 8.0 lacks the messages of other languages
          lcTimeNames: version === '8.0' ? 0 : 4,
          collation: 8,
        },
      ],
      ['d', row(1), null, { timeZone: '+09:00' }],
    ]);
    expect(await read(`SELECT id, placed, day FROM ${database}.t ORDER BY id`)).toEqual([
      ['2', '2021-05-01 20:00:00', '2021-05-02'],
      ['3', '2021-05-01 20:00:00', '2021-05-01'],
      ['4', '2021-05-02 20:00:00', '2021-05-02'],
    ]);
    expect(await own()).toEqual(before);
  });

  test('changes no value that is written', async () => {
    const collation = mariadb ? '' : ' collate utf8mb4_0900_ai_ci';
    await server.run(
      `CREATE TABLE ${database}.t (id int primary key, c char(30) charset utf8mb4${collation}, v varchar(60) charset utf8mb4, b blob, s set('ä','b') charset utf8mb4, e enum('ö','p') charset utf8mb4, j json, ts timestamp(6) null, d date, t time(3), dt datetime(6), y year, dec_ decimal(20,4), f float, g double, bi bit(9), n int as (id) stored, check (id > 0)) charset utf8mb4`,
    );
    const text = `\\ ' " \` % _ || \0 漢字 🦦 \\n`;
    const row = {
      c: '漢字',
      v: text,
      b: Buffer.from([0, 92, 255]),
      s: 'ä,b',
      e: 'ö',
      j: mariadb ? '{"a\\\\": 1.5}' : '{"a\\\\": 1.5}',
      ts: '2021-07-01 12:34:56.123456',
      d: '2021-07-01',
      t: '-12:34:56.789',
      dt: '2021-07-01 12:34:56.123456',
      y: 2021,
      dec_: '-1234.5678',
      f: Math.fround(0.1),
      g: -1.5e-300,
      bi: Buffer.from([1, 255]),
    };
    const sessions = [
      {},
      { sqlMode: everyMode + modesOnly },
      { collation: 8 },
      { collation: 54 },
      { timeZone: 'Lutra/Fold' },
      { timeZone: '-11:00' },
    ];
    await apply(
      't',
      sessions.map((session, i): Step => ['c', null, { id: i + 1, ...row }, session]),
    );
    const { source } = await server.load(database, 't');
    const found = await server.content({ ...source, columns: source.columns.filter(({ name }) => name !== 'id' && name !== 'n') });
    expect(found).toHaveLength(sessions.length);
    expect([...new Set(found)]).toEqual([found[0]]);
    expect(found[0]).toContain(text);
    expect(found[0]).toMatch(/ts=2021-07-01 12:34:56.123456 d=2021-07-01 t=-12:34:56.789 dt=2021-07-01 12:34:56.123456/);
    await apply(
      't',
      sessions.map((session, i): Step => ['u', { id: i + 1, ...row }, { id: i + 1, ...row, ts: '2021-01-01 00:00:00.000000' }, session]),
    );
    await apply(
      't',
      sessions.map((session, i): Step => ['d', { id: i + 1, ...row }, null, session]),
    );
    expect(await read(`SELECT COUNT(*) FROM ${database}.t`)).toEqual([['0']]);
  });

  test.each(['', 'c', 'n', 'w', 'g'])('hides no row that is found by %s', async (key) => {
    const noPad = mariadb ? 'utf8mb4_unicode_nopad_ci' : 'utf8mb4_0900_ai_ci';
    const keyed = key === '' ? '' : `, primary key (${key})`;
    await server.run(
      `CREATE TABLE ${database}.t (c char(9) charset ascii collate ascii_bin not null, n char(9) charset utf8mb4 collate ${noPad} not null,
      w char(9) charset ucs2 not null, g char(9) charset gbk not null, b binary(4), v varchar(9), e enum('a ', 'b') charset gbk, d date, dt datetime(6),
      ts timestamp(3) null, y year, t time(3), f float, m decimal(9,3), j json, x int, z int unsigned, l int as (length(c)) virtual, check (length(c) >= 0), key (n, c)${keyed})`,
    );
    const texts = (text: string): Row => ({ c: text, n: text, w: text, g: text, v: `${text} \\ `, e: 'b', b: Buffer.from([0, 32, 0, 32]) });
    const times = { d: '2021-00-00', dt: '2021-02-31 00:00:00.500000', ts: '2021-05-01 20:00:00.250', y: 0, t: '-00:00:01.500' };
    const numbers = { f: 0.5, m: '-1.250', j: mariadb ? '{"a":1}' : '{"a": 1}', x: -1, z: 4294967295 };
    const row = (text: string): Row => ({ ...texts(text), ...times, ...numbers });
    const sessions = [
      { sqlMode: everyMode },
      { sqlMode: everyMode + (mariadb ? 0 : 2 ** 32) - 2 ** 25 },
      { sqlMode: 2 ** 23 + 2 ** 24 },
      { sqlMode: 2 ** 31 },
      { sqlMode: 2 ** 23 },
      { collation: 54 },
      { timeZone: '+08:00' },
    ];
    for (const session of sessions) {
      const zero = { d: '0000-00-00', dt: '0000-00-00 00:00:00.000000', ts: '0000-00-00 00:00:00.000' };
      const [none, some, other] = [{ ...row(''), ...zero }, row('a'), row('b')];
      await apply(
        't',
        [none, some, other, ...(key === '' ? [some] : [])].map((after): Step => ['c', null, after, { sqlMode: 2 ** 25 }]),
      );
      await apply('t', [
        ['u', none, { ...none, x: 7 }, session],
        ['u', some, { ...some, x: 7 }, session],
        ['d', other, null, session],
      ]);
      expect(await read(`SELECT c, x FROM ${database}.t ORDER BY c, x`)).toEqual([
        ['', '7'],
        ...(key === '' ? [['a', '-1']] : []),
        ['a', '7'],
      ]);
      await apply(
        't',
        [{ ...none, x: 7 }, { ...some, x: 7 }, ...(key === '' ? [some] : [])].map((before): Step => ['d', before, null, session]),
      );
      expect(await read(`SELECT COUNT(*) FROM ${database}.t`)).toEqual([['0']]);
    }
  });

  test('both instants of an hour that a zone counts twice are told apart, or refused by name', async () => {
    await server.run(`CREATE TABLE ${database}.t (id int primary key, ts timestamp null, h int as (hour(ts)) stored)`);
    const at = (id: number, ts: string): Step => ['c', null, { id, ts }, { timeZone: 'Lutra/Fold' }];
    await apply('t', [at(1, '2021-10-31 00:30:00')]);
    const second = apply('t', [at(2, '2021-10-31 01:30:00')]);
    if (version === '9.7') await second;
    else await expect(second).rejects.toMatchObject({ code: 'SESSION_UNSUPPORTED', details: { table: 't' } });
    const rows = [['1', '2021-10-31 00:30:00', '2'], ...(version === '9.7' ? [['2', '2021-10-31 01:30:00', '2']] : [])];
    expect(await read(`SELECT id, ts, h FROM ${database}.t ORDER BY id`)).toEqual(rows);
  });

  test('that the target does not know is refused by name, and nobody goes on in it', async () => {
    await server.run(`CREATE TABLE ${database}.t (id int primary key, ts timestamp null, h int as (hour(ts)) stored)`);
    const row = { id: 1, ts: '2021-05-01 00:00:00' };
    await expect(apply('t', [['c', null, row, { timeZone: 'Nowhere/At_All' }]])).rejects.toMatchObject({ code: 'SESSION_UNSUPPORTED' });
    expect(connection.broken).toBe(true);
    await expect(apply('t', [['c', null, row, { timeZone: 'SYSTEM 12345678' }]])).rejects.toMatchObject({ code: 'SESSION_UNSUPPORTED' });
    expect(await read(`SELECT * FROM ${database}.t`)).toEqual([]);
  });

  test('a date that it would not have stored is refused, not zeroed', async () => {
    await server.run(`CREATE TABLE ${database}.t (id int primary key, a date, b int, d int as (b) stored)`);
    const strict = { sqlMode: 2 ** 22 + 2 ** 23 + 2 ** 24 };
    await expect(apply('t', [['c', null, { id: 1, a: '2021-02-31', b: 1 }, strict]])).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' });
    await expect(apply('t', [['c', null, { id: 1, a: '2021-00-03', b: 1 }, strict]])).rejects.toMatchObject({ code: 'VALUE_UNSUPPORTED' });
    await apply('t', [['c', null, { id: 1, a: '2021-02-31', b: 1 }, { sqlMode: 2 ** 25 }]]);
    await apply('t', [['c', null, { id: 2, a: '0000-00-00', b: 1 }, strict]]);
    await apply('t', [['u', { id: 1, a: '2021-02-31', b: 1 }, { id: 1, a: '2021-02-31', b: 2 }, strict]]);
    expect(await read(`SELECT id, a, d FROM ${database}.t ORDER BY id`)).toEqual([
      ['1', '2021-02-31', '2'],
      ['2', '0000-00-00', '1'],
    ]);
  });

  test('statements without foreign key checks cascade nothing, those beside them do', async () => {
    await server.run(
      `CREATE TABLE ${database}.p (id int primary key); CREATE TABLE ${database}.c (id int primary key, p int, foreign key (p) references p (id) on delete cascade);
      INSERT INTO ${database}.p VALUES (1), (2); INSERT INTO ${database}.c VALUES (1, 1), (2, 2)`.replaceAll(
        'references p',
        `references ${database}.p`,
      ),
    );
    await apply('p', [
      ['d', { id: 1 }, null, {}, rowsFlags.noForeignKeyChecks],
      ['c', null, { id: 1 }, {}, rowsFlags.noForeignKeyChecks | rowsFlags.relaxedUniqueChecks],
      ['d', { id: 2 }, null, {}],
    ]);
    expect(await read(`SELECT id, p FROM ${database}.c`)).toEqual([['1', '1']]);
    await apply('c', [['c', null, { id: 7, p: 77 }, {}, rowsFlags.noForeignKeyChecks]]);
    await expect(apply('c', [['c', null, { id: 8, p: 88 }, {}]])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
  });

  test('ends with a statement that is refused while the transaction goes on', async () => {
    await server.run(`CREATE TABLE ${database}.t (id int primary key, ts timestamp null, h int as (hour(ts)) stored)`);
    await server.run(`INSERT INTO ${database}.t (id) VALUES (1)`);
    const { source, target } = await server.load(database, 't');
    const plan = planRows(source, target);
    const row = { id: 1, ts: '2021-05-01 20:00:00' };
    const session = sessionTextOf(plan.table, { before: null, after: row, under: { session: { ...plain, timeZone: '+08:00' }, flags: 2 } });
    const before = await own();
    const place = { logId: 'x', logEpoch: 1, seq: 1, nextOffset: 2, gtid: null, sourceUs: 1, origin: 'a', path: ['a'] };
    await connection.run(openingText(checkpointStatement({ ...checkpoint, ...place })));
    expect(await connection.attempt(insertRow(plan, row), session)).toMatchObject({ code: 'ROW_CONFLICT' });
    expect(await connection.attempt(insertRow(plan, { ...row, id: 2 }), session)).toBeNull();
    await connection.commit();
    expect(await own()).toEqual(before);
    expect(await read(`SELECT id, h FROM ${database}.t WHERE id = 2`)).toEqual([['2', '4']]);
  });

  test('does again what the server did without an error', async () => {
    if (mariadb) {
      await server.run(`CREATE TABLE ${database}.t (id int primary key, check (id > 0))`);
      await apply('t', [['c', null, { id: -1 }, {}, rowsFlags.noCheckConstraints]]);
      await expect(apply('t', [['c', null, { id: -2 }, {}]])).rejects.toMatchObject({ code: 'APPLY_REFUSED' });
      expect(await read(`SELECT id FROM ${database}.t`)).toEqual([['-1']]);
      return;
    }
    await server.run(`CREATE TABLE ${database}.t (id int primary key, a int, n int as (a) stored not null)`);
    await apply('t', [['c', null, { id: 1, a: null }, {}]]);
    const three = { id: 3, a: 3 };
    await apply('t', [
      ['c', null, { id: 2, a: null }, {}],
      ['c', null, three, {}],
      ['u', three, { id: 3, a: null }, {}],
    ]);
    expect(await read(`SELECT id, n FROM ${database}.t ORDER BY id`)).toEqual([
      ['1', '0'],
      ['2', '0'],
      ['3', '0'],
    ]);
  });

  test('is judged by the check, column by column', async () => {
    const routes = [{ schema: database, table: '*' }];
    const check = async (): Promise<readonly string[]> =>
      (await checkTarget(server.options, { routes, source: server.options, twoWay: false })).map(({ id, what }) => `${id}: ${what}`);
    await server.run(`CREATE TABLE ${database}.t (id int primary key, ts timestamp null, day date as (date(ts)) stored)`);
    const zone = async (name: string): Promise<void> => void (await server.run(`SET GLOBAL time_zone = '${name}'`));
    const where = `${database}.t (column day) depends on the time zone of the session`;
    if (mariadb) {
      expect(await check()).toEqual([expect.stringContaining(`session-not-logged: ${where}`)]);
      return;
    }
    expect(await check()).toEqual([]);
    await zone('+08:00');
    expect(await check()).toEqual([]);
    await server.run(
      `CREATE TABLE ${database}.l (id int primary key, a varchar(9), m int as (a like 'x\\\\_%') stored, q decimal(9,2) as (id / 3) stored)`,
    );
    expect(await check()).toEqual([expect.stringContaining(`session-of-first-use: ${database}.l (column m)`)]);
    await zone('SYSTEM');
  });
});
