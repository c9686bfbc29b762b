/**
 * What the user of docs/02-setup.md sees is what an administrator sees, read by read; and whatever right is taken from it, a check says so
 * as an error, with the statement that fixes it. Reads: all that the product asks a server's catalogue.
 */
import { readdir, readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkSource } from './check-source.js';
import { checkTarget } from './check-target.js';
import { TestServer, versions } from './mysql.fixture.js';
import { loadForApply } from './load-for-apply.js';
import type { Problem } from './problem.js';
import { Session } from './session.js';
import type { ConnectionOptions } from './session-options.js';

const mariadb = 'mariadb-11.4';
const everywhere = (): boolean => true;
const isMysql = (version: string): boolean => version !== mariadb;

/** What stands in the code → a statement that asks it, and where it is asked. */
const reads: Readonly<Record<string, readonly [sql: string, at: (version: string) => boolean]>> = {
  'information_schema.TABLES': [
    "SELECT TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION FROM information_schema.TABLES WHERE TABLE_SCHEMA IN ('seen', 'lutra') ORDER BY 1",
    everywhere,
  ],
  'information_schema.COLUMNS': [
    "SELECT COLUMN_NAME, COLUMN_TYPE, EXTRA, COLUMN_DEFAULT, COLLATION_NAME, IS_NULLABLE FROM information_schema.COLUMNS WHERE TABLE_SCHEMA IN ('seen', 'lutra') ORDER BY TABLE_NAME, ORDINAL_POSITION",
    everywhere,
  ],
  'information_schema.STATISTICS': [
    "SELECT INDEX_NAME, COLUMN_NAME, SUB_PART FROM information_schema.STATISTICS WHERE TABLE_SCHEMA IN ('seen', 'lutra') ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
    everywhere,
  ],
  // Of children in databases that are not routed nobody judges: their rows are not replicated.
  'information_schema.KEY_COLUMN_USAGE': [
    "SELECT CONSTRAINT_NAME, COLUMN_NAME, REFERENCED_TABLE_NAME FROM information_schema.KEY_COLUMN_USAGE WHERE TABLE_SCHEMA = 'seen' ORDER BY 1, 2",
    everywhere,
  ],
  'information_schema.REFERENTIAL_CONSTRAINTS': [
    "SELECT CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'seen' ORDER BY 1",
    everywhere,
  ],
  'information_schema.TRIGGERS': [
    "SELECT TRIGGER_NAME, ACTION_STATEMENT, DEFINER FROM information_schema.TRIGGERS WHERE EVENT_OBJECT_SCHEMA = 'seen'",
    everywhere,
  ],
  'information_schema.COLLATIONS': ['SELECT ID, CHARACTER_SET_NAME FROM information_schema.COLLATIONS ORDER BY 1', isMysql],
  'information_schema.COLLATION_CHARACTER_SET_APPLICABILITY': [
    'SELECT COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY ORDER BY 1',
    everywhere,
  ],
  'information_schema.SESSION_STATUS': [
    "SELECT COUNT(*) AS n FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'COM_STMT_REPREPARE'",
    (version) => version === mariadb,
  ],
  'performance_schema.session_status': [
    "SELECT COUNT(*) AS n FROM performance_schema.session_status WHERE VARIABLE_NAME = 'Com_stmt_reprepare'",
    isMysql,
  ],
  'SHOW GLOBAL VARIABLES': [
    "SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE '%gtid%' AND Variable_name NOT IN ('unique_checks')",
    everywhere,
  ],
  // Since when the server runs: each user may ask.
  'SHOW GLOBAL STATUS': ['SELECT 1', everywhere],
  'SHOW BINARY LOGS': ['SHOW BINARY LOGS', everywhere],
  'SHOW BINLOG EVENTS IN': ['SHOW BINLOG EVENTS LIMIT 2', everywhere],
  'SHOW MASTER STATUS': ['SHOW MASTER STATUS', (version) => version !== '9.7'],
  'SHOW BINARY LOG STATUS': ['SHOW BINARY LOG STATUS', (version) => version === '9.7'],
  'SHOW SLAVE HOSTS': ['SHOW SLAVE HOSTS', (version) => version !== '9.7'],
  'SHOW REPLICAS': ['SHOW REPLICAS', (version) => version === '9.7'],
  'SHOW ALL SLAVES STATUS': ['SHOW ALL SLAVES STATUS', (version) => version === mariadb],
  'SHOW SLAVE STATUS': ['SHOW SLAVE STATUS', (version) => version === '8.0'],
  'SHOW REPLICA STATUS': ['SHOW REPLICA STATUS', (version) => version === '9.7'],
  'SHOW CREATE TABLE': ['SHOW CREATE TABLE seen.t', everywhere],
  '@@server_uuid': ['SELECT @@server_uuid AS u', isMysql],
  '@@lower_case_table_names': ['SELECT @@lower_case_table_names AS l', everywhere],
  '@@server_id': ['SELECT @@server_id AS i', everywhere],
  '@@max_allowed_packet': ['SELECT @@max_allowed_packet AS p', everywhere],
  '@@time_zone': ['SELECT @@time_zone AS z', everywhere],
  '@@GLOBAL.time_zone': ['SELECT @@GLOBAL.time_zone AS z', everywhere],
  '@@GLOBAL.sql_mode': ['SELECT @@GLOBAL.sql_mode AS m', everywhere],
  '@@GLOBAL.gtid_mode': ['SELECT @@GLOBAL.gtid_mode AS m', isMysql],
  '@@GLOBAL.gtid_executed': ['SELECT @@GLOBAL.gtid_executed AS e', isMysql],
  '@@GLOBAL.gtid_purged': ['SELECT @@GLOBAL.gtid_purged AS p', isMysql],
  '@@GLOBAL.gtid_current_pos': ['SELECT @@GLOBAL.gtid_current_pos AS c', (version) => version === mariadb],
  '@@GLOBAL.auto_increment_increment': ['SELECT @@GLOBAL.auto_increment_increment AS i', everywhere],
  '@@GLOBAL.auto_increment_offset': ['SELECT @@GLOBAL.auto_increment_offset AS o', everywhere],
  'information_schema.SCHEMATA': ["SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME IN ('seen', 'lutra')", everywhere],
  'SHOW CREATE': ['SHOW CREATE DATABASE seen', everywhere],
  'SHOW SESSION VARIABLES': ["SHOW SESSION VARIABLES WHERE Variable_name IN ('innodb_strict_mode', 'collation_server')", everywhere],
  // Of the user itself: there is nothing to compare.
  'SHOW GRANTS': ['SELECT 1', everywhere],
  // By an administrator.
  'SHOW GRANTS FOR': ['SELECT 1', everywhere],
  'performance_schema.persisted_variables': ['SELECT 1', isMysql],
  '@@SESSION': ['SELECT 1', everywhere],
  'SHOW PROCESSLIST': ['SELECT 1', everywhere],
  // Who holds a table, and how far a schema change is: what is not granted is not told.
  'performance_schema.metadata_locks': ['SELECT 1', isMysql],
  'performance_schema.threads': ['SELECT 1', isMysql],
  'performance_schema.events_stages_current': ['SELECT 1', isMysql],
};

test('the reads below are all that the product asks a catalogue', async () => {
  const asked = new Set<string>();
  const root = new URL('../../../', import.meta.url);
  for (const folder of ['apps', 'libs']) {
    for (const file of await readdir(new URL(folder, root), { recursive: true })) {
      if (!/\/src\/.*\.ts$/.test(file) || /(\.test|fixture)\.ts$|\/testing\//.test(file)) continue;
      const text = await readFile(new URL(`${folder}/${file}`, root), 'utf8');
      const code = text.replace(/\/\*[^!][\s\S]*?\*\/|\/\/ .*/g, '');
      for (const [found] of code.matchAll(
        /information_schema\.[A-Z_]+|performance_schema\.\w+|\bSHOW [A-Z]+(?: [A-Z]+)*|@@(?:GLOBAL\.)?\w+/g,
      ))
        asked.add(found.replace(/ (FROM|WHERE|LIKE|LIMIT)\b.*/, ''));
    }
  }
  expect([...asked].sort()).toEqual(Object.keys(reads).sort());
});

describe.each(versions)('the user of the documents on %s', (version) => {
  let server: TestServer;
  let least: ConnectionOptions;
  const routes = [{ schema: 'seen', table: '*' }];

  beforeAll(async () => {
    server = await TestServer.start(version, ['--max-allowed-packet=64M', '--binlog-expire-logs-seconds=604800']);
    await server.run(`CREATE DATABASE seen; USE seen;
      CREATE TABLE p (id int primary key, v int unique);
      CREATE TABLE t (id int primary key, a int unique, g int AS (a + 1) STORED, p int, s varchar(20), constraint f foreign key (p) references p (id));
      CREATE TRIGGER t_after AFTER INSERT ON t FOR EACH ROW SET @n = 1; USE mysql`);
    least = await server.leastPrivileged();
    await server.grant('seen');
  });
  afterAll(() => server.stop());

  const asSource = (user: ConnectionOptions, of = routes): Promise<readonly Problem[]> => checkSource(user, { serverId: 1001, routes: of });
  const asTarget = (user: ConnectionOptions, of = routes): Promise<readonly Problem[]> =>
    checkTarget(user, { routes: of, source: server.options, twoWay: true, rules: [] });
  const both = async (user: ConnectionOptions, of = routes): Promise<readonly Problem[]> => [
    ...(await asSource(user, of)),
    ...(await asTarget(user, of)),
  ];
  const errors = (problems: readonly Problem[]): readonly Problem[] => problems.filter(({ severity }) => severity === 'error');

  test('may create the tables that a seed creates, or is told what it lacks', async () => {
    const renamed = [{ schema: 'seen', table: 'p', to: { schema: 'elsewhere' } }];
    const told = async (): Promise<readonly Problem[]> => {
      const problems = await checkTarget(least, { routes: renamed, source: server.options, twoWay: false, rules: [], creates: true });
      return problems.filter(({ id }) => id.startsWith('table-'));
    };
    const [denied, ...more] = await told();
    expect([denied?.id, denied?.severity, more]).toEqual(['table-create-privileges', 'error', []]);
    await server.run(denied?.fix ?? '');
    expect((await told()).map(({ id, severity }) => [id, severity])).toEqual([['table-created', 'warning']]);
    const bothWays = async (): Promise<readonly Problem[]> => {
      const problems = await checkTarget(least, { routes: renamed, source: server.options, twoWay: true, rules: [], creates: true });
      return problems.filter(({ id }) => id === 'table-create-witness');
    };
    const lacking = await bothWays();
    expect(lacking.map(({ severity }) => severity)).toEqual(isMysql(version) ? ['error'] : []);
    for (const { fix } of lacking) await server.run(fix ?? '');
    expect(await bothWays()).toEqual([]);
    if (isMysql(version)) await server.run("REVOKE SESSION_VARIABLES_ADMIN ON *.* FROM 'least'@'%'");
  });

  test('sees what an administrator sees', async () => {
    const session = await Session.open(least, 'source');
    for (const [name, [sql, at]] of Object.entries(reads))
      if (at(version)) expect([name, await session.query(sql)]).toEqual([name, await server.admin.query(sql)]);
    await session.close();
    expect(await both(least)).toEqual(await both(server.options));
  });

  test('whatever is taken from it, is named with what gives it back', async () => {
    const replication =
      version === mariadb
        ? ['REPLICATION SLAVE', 'BINLOG MONITOR', 'REPLICATION MASTER ADMIN', 'SLAVE MONITOR']
        : ['REPLICATION SLAVE', 'REPLICATION CLIENT'];
    expect(errors(await both(least))).toEqual([]);
    const rights: readonly (readonly [string, readonly string[], (user: ConnectionOptions) => Promise<readonly Problem[]>])[] = [
      ['*.*', replication, asSource],
      ['lutra.*', ['SELECT', 'INSERT', 'UPDATE', 'TRIGGER'], asTarget],
      ['seen.*', ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRIGGER'], asTarget],
      ['seen.*', ['SELECT', 'TRIGGER'], asSource],
    ];
    for (const [object, privileges, check] of rights) {
      for (const privilege of privileges) {
        await server.run(`REVOKE ${privilege} ON ${object} FROM 'least'@'%'`);
        const found = errors(await check(least));
        expect(found.map(({ what }) => what).join(), `${privilege} ON ${object}`).toContain(privilege);
        await server.run([...new Set(found.map(({ fix }) => fix))].join('; '));
        expect(errors(await check(least)), `${privilege} ON ${object}`).toEqual([]);
        await server.run("REVOKE ALL PRIVILEGES, GRANT OPTION FROM 'least'@'%'");
        await server.leastPrivileged();
        await server.grant('seen');
      }
    }
  });

  test('a right on some columns is none on the table', async () => {
    await server.run(
      "CREATE USER some@'%'; GRANT SELECT (id), INSERT (id), UPDATE (id) ON seen.t TO some@'%'; GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO some@'%'",
    );
    const some = { ...server.options, user: 'some' };
    const route = [{ schema: 'seen', table: 't' }];
    const found = errors(await asTarget(some, route));
    expect(found.map(({ id }) => id)).toEqual(['table-privileges']);
    await server.run(found.map(({ fix }) => fix).join('; '));
    expect(errors(await asTarget(some, route))).toEqual([]);
  });

  test('a right by table does not show the others that a route takes', async () => {
    await server.run(
      "CREATE USER narrow@'%'; GRANT SELECT, TRIGGER ON seen.t TO narrow@'%'; GRANT SELECT, TRIGGER ON lutra.* TO narrow@'%'",
    );
    const narrow = { ...server.options, user: 'narrow' };
    const found = (problems: readonly Problem[]): readonly Problem[] => problems.filter(({ id }) => id === 'route-unseen');
    for (const schema of ['seen', 'se?n', 'nobody_*', '*']) {
      const of = [{ schema, table: '*' }];
      const [unseen] = found(await asSource(narrow, of));
      expect(unseen?.severity, schema).toBe('error');
      await server.run(unseen?.fix ?? '');
      expect(found(await asSource(narrow, of)), schema).toEqual([]);
    }
    const hidden = [{ schema: 'hidden', table: 't' }];
    await server.run("CREATE DATABASE hidden; CREATE TABLE hidden.t (id int primary key); CREATE USER blind@'%'");
    const [target] = (await asTarget({ ...server.options, user: 'blind' }, hidden)).filter(({ id }) => id === 'table-unseen');
    await server.run(target?.fix ?? '');
    expect((await asTarget({ ...server.options, user: 'blind' }, hidden)).filter(({ id }) => id.startsWith('table-'))).toEqual([]);
  });

  test.runIf(version === '9.7')('a right that is revoked for one database (partial_revokes)', async () => {
    await server.run(
      "SET GLOBAL partial_revokes = ON; CREATE USER part@'%'; GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON *.* TO part@'%'; REVOKE TRIGGER ON seen.* FROM part@'%'",
    );
    const part = { ...server.options, user: 'part' };
    const found = errors(await asTarget(part));
    expect(found.map(({ id }) => id)).toEqual(['table-privileges', 'table-privileges']);
    await server.run(found.map(({ fix }) => fix).join('; '));
    expect(errors(await asTarget(part))).toEqual([]);
    await server.run("DROP USER part@'%'; SET GLOBAL partial_revokes = OFF");
  });

  test('a trigger that can change applied rows: the statements that are given make it do nothing for them, and all for others', async () => {
    await server.run(`CREATE DATABASE trig; USE trig; CREATE TABLE t (id int primary key, v int);
      CREATE TRIGGER first BEFORE INSERT ON t FOR EACH ROW SET NEW.v = NEW.v + 1;
      CREATE TRIGGER second BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.v = NEW.v * 10; END;
      CREATE TRIGGER gone BEFORE DELETE ON t FOR EACH ROW SET @n = 1; USE mysql`);
    await server.grant('trig');
    const route = [{ schema: 'trig', table: '*' }];
    const found = errors(await asTarget(least, route));
    expect(found.map(({ id }) => id)).toEqual(['trigger-unguarded']);
    await server.run(`SET @mode = @@sql_mode; ${found[0]?.fix ?? ''}; SET SESSION sql_mode = @mode`);
    expect(errors(await asTarget(least, route))).toEqual([]);
    await server.run(
      'INSERT INTO trig.t VALUES (1, 100); SET @lutra_apply = NULL; INSERT INTO trig.t VALUES (2, 100); SET @lutra_apply = 1',
    );
    expect(await server.query('SELECT v FROM trig.t ORDER BY id')).toEqual([{ v: 100 }, { v: 1010 }]);
    const session = await Session.open(least, 'target');
    expect((await loadForApply(session, 'trig', 't')).triggers).toBe(3);
    await session.close();
  });

  test('a trigger that fills another table: the statements of the warning make it do nothing for applied rows', async () => {
    await server.run(`CREATE DATABASE fills; USE fills; CREATE TABLE t (id int primary key); CREATE TABLE copy (id int primary key);
      CREATE TRIGGER fill AFTER INSERT ON t FOR EACH ROW INSERT INTO copy VALUES (NEW.id); USE mysql`);
    await server.grant('fills');
    const route = [{ schema: 'fills', table: '*' }];
    const warnings = async (): Promise<readonly Problem[]> => (await asTarget(least, route)).filter(({ id }) => id === 'table-triggers');
    const [found] = await warnings();
    expect(found?.what).toContain('fills.t: triggers fill fire for applied rows too');
    await server.run(`SET @mode = @@sql_mode; ${found?.fix ?? ''}; SET SESSION sql_mode = @mode`);
    expect((await warnings()).map(({ fix }) => fix)).toEqual([null]);
    await server.run('INSERT INTO fills.t VALUES (1); SET @lutra_apply = NULL; INSERT INTO fills.t VALUES (2); SET @lutra_apply = 1');
    expect(await server.query('SELECT id FROM fills.copy')).toEqual([{ id: 2 }]);
  });

  test('what the server hides by a setting is shown to us', async () => {
    const gipk =
      version === '9.7'
        ? 'SET GLOBAL show_gipk_in_create_table_and_information_schema = OFF; SET SESSION sql_generate_invisible_primary_key = ON; '
        : '';
    await server.run(
      `${gipk}CREATE DATABASE hides; CREATE TABLE hides.t (v int, w int invisible)`.replace(version === '8.0' ? ' invisible' : '\0', ''),
    );
    await server.grant('hides');
    await server.run('SET GLOBAL sql_select_limit = 1, GLOBAL sql_quote_show_create = 0');
    const route = [{ schema: 'hides', table: '*' }];
    const session = await Session.open(least, 'target');
    expect((await loadForApply(session, 'hides', 't')).columns).toHaveLength(version === '9.7' ? 3 : 2);
    await session.close();
    expect(errors(await both(least, route))).toEqual([]);
    await server.run('SET GLOBAL sql_select_limit = 18446744073709551615, GLOBAL sql_quote_show_create = 1');
  });
});
