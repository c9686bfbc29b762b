import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { followedRoutes, serverIdLocks } from '@lutra/model';
import type { Route, SyncError } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from '../../../test/network/certificate.js';
import type { Certificate } from '../../../test/network/certificate.js';
import { checkSource } from './check-source.js';
import type { SourceFacts } from './check-source.js';
import { checkTarget } from './check-target.js';
import type { TargetFacts } from './check-target.js';
import { TestServer, versions } from './mysql.fixture.js';
import { matchTables } from './match-tables.js';
import type { Problem } from './problem.js';
import type { ConnectionOptions } from './session-options.js';
import { suspended } from './suspended-problems.js';
import { isSameServer } from './server-identity.js';

const ids = (problems: readonly Problem[]): readonly string[] => problems.map((problem) => problem.id).sort();
const bounded = { answerTimeoutMs: 30_000 };

describe.each(versions)('checks on %s', (version) => {
  let server: TestServer;
  let bad: TestServer;
  let expired: Certificate;
  const mariadb = version === 'mariadb-11.4';
  const binlogs = '--binlog-expire-logs-seconds=604800';

  beforeAll(async () => {
    server = await TestServer.start(version, [binlogs, '--max-allowed-packet=64M']);
    const no = [
      '--binlog-row-image=MINIMAL',
      '--binlog-row-metadata=MINIMAL',
      '--sync-binlog=0',
      '--innodb-flush-log-at-trx-commit=2',
      '--binlog-expire-logs-seconds=60',
      '--max-allowed-packet=1M',
      '--binlog-ignore-db=lutra',
      '--binlog-do-db=elsewhere',
    ];
    const mysql = ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF', '--binlog-row-value-options=PARTIAL_JSON', '--binlog-format=MIXED'];
    expired = selfSigned({ rsa: true, names: 'IP:127.0.0.1,DNS:localhost', to: '210101000000Z' });
    bad = await TestServer.start(version, [
      ...no,
      ...(mariadb ? [] : [`--ssl-cert=${expired.certFile}`, `--ssl-key=${expired.keyFile}`, `--ssl-ca=${expired.certFile}`]),
      ...(mariadb ? ['--binlog-format=MIXED', '--log-bin-compress=ON'] : mysql),
      ...(version === '9.7' ? ['--binlog-transaction-compression=ON'] : []),
    ]);
  });
  afterAll(async () => {
    await server.stop();
    await bad.stop();
  });

  test('a server as it should be has no problem, as source and as target', async () => {
    await server.run('CREATE DATABASE fine; CREATE TABLE fine.t (id int primary key, v varchar(20))');
    const routes = [{ schema: 'fine', table: '*' }];
    expect(await checkSource({ ...server.options, ...bounded }, { serverId: 1001, routes })).toEqual([]);
    expect(await checkTarget({ ...server.options, ...bounded }, { routes, source: server.options, twoWay: true })).toEqual([]);
  });

  test('columns that hold more than the target or the topic takes are named', async () => {
    await server.run('CREATE DATABASE sizes; CREATE TABLE sizes.t (id int primary key, a longblob, b mediumtext, c text, j json)');
    await bad.run('CREATE DATABASE sizes; CREATE TABLE sizes.t (id int primary key, a longblob, b mediumtext, c text, j json)');
    const facts = { routes: [{ schema: 'sizes', table: '*' }], source: server.options, twoWay: false, maxMessageBytes: 20_000_000 };
    const found = (await checkTarget(bad.options, facts)).filter(({ id }) => id.startsWith('value-'));
    expect(found.map(({ what }) => what)).toEqual([
      expect.stringMatching(
        /^sizes\.t: a \(longblob\), b \(mediumtext\), j \((json|longtext)\) can hold more than max_allowed_packet of the target \(1048576; of the source 67108864\)/,
      ),
      expect.stringMatching(/^sizes\.t: a \(longblob\)(, j \(longtext\))? can hold more than topic\.maxMessageBytes/),
    ]);
    expect((await checkTarget(server.options, { ...facts, maxMessageBytes: 2 ** 26 })).filter(({ id }) => id.startsWith('value-'))).toEqual(
      [],
    );
  });

  test('a server id under which another live capture reads is named, and that of its own capture is not', async () => {
    const { taken, mine } = serverIdLocks(1002, 'log a');
    await server.run(`SELECT GET_LOCK('${taken}', 1), GET_LOCK('${mine}', 1)`);
    const byAlias = { ...server.options, ...bounded, host: 'localhost' };
    const problems = async (log: string | null): Promise<readonly string[]> =>
      ids(await checkSource(byAlias, { serverId: 1002, log, routes: [] }));
    expect(await problems('log a')).toEqual([]);
    expect(await problems('log b')).toEqual(['server-id-taken']);
    expect(await problems(null)).toEqual(['server-id-taken']);
    await server.run(`SELECT RELEASE_LOCK('${taken}'), RELEASE_LOCK('${mine}')`);
    expect(await problems(null)).toEqual([]);
  });

  test('two names of one host are one server', async () => {
    expect(await isSameServer({ ...server.options, host: 'localhost' }, server.options)).toBe(true);
    expect(await isSameServer(bad.options, server.options)).toBe(false);
  });

  test('all wrong settings of a source are named at once, each with its fix', async () => {
    await bad.run('CREATE DATABASE shop; CREATE TABLE shop.t (id int primary key)');
    const problems = await checkSource(bad.options, { serverId: 1, routes: [{ schema: 'shop', table: 't' }] });
    const common = [
      'binlog-expiry',
      'binlog-filter',
      'binlog-filter',
      'binlog-format',
      'binlog-row-image',
      'binlog-row-metadata',
      'innodb-flush-log-at-trx-commit',
      'server-id-taken',
      'sync-binlog',
    ];
    const own = mariadb
      ? ['log-bin-compress']
      : ['binlog-row-value-options', 'gtid-mode', ...(version === '9.7' ? ['binlog-transaction-compression'] : [])];
    expect(ids(problems)).toEqual([...common, ...own].sort());
    expect(problems.every((problem) => problem.fix !== null)).toBe(true);
    expect(problems.find((problem) => problem.id === 'binlog-row-image')).toEqual({
      id: 'binlog-row-image',
      severity: 'error',
      what: "binlog_row_image is 'MINIMAL' instead of 'FULL': columns would be missing in the row images",
      fix: mariadb
        ? "SET GLOBAL binlog_row_image = 'FULL' (and in the server's my.cnf: binlog_row_image = 'FULL')"
        : "SET PERSIST binlog_row_image = 'FULL'",
    });
    expect(
      problems
        .filter((problem) => problem.severity === 'warning')
        .map((problem) => problem.id)
        .sort(),
    ).toEqual(['binlog-expiry', ...(mariadb ? [] : ['gtid-mode']), 'innodb-flush-log-at-trx-commit', 'sync-binlog'].sort());
  });

  test('the fix of a setting is a statement that fixes it', async () => {
    const before = await checkSource(bad.options, { serverId: 1001, routes: [] });
    const fixes = before.flatMap((problem) => (/^SET \w+ [a-z_]+ = '?\w*'?/.exec(problem.fix ?? '') ?? []).slice(0, 1));
    await bad.run(fixes.join('; '));
    expect(ids(await checkSource(bad.options, { serverId: 1001, routes: [] }))).toEqual(
      mariadb ? ['binlog-filter'] : ['binlog-filter', 'gtid-mode'],
    );
  });

  test('a target that is read-only or takes small packets', async () => {
    await bad.run('SET GLOBAL read_only = ON');
    const problems = await checkTarget(bad.options, { routes: [], source: null, twoWay: false });
    await bad.run('SET GLOBAL read_only = OFF');
    expect(ids(problems)).toEqual(['max-allowed-packet', 'read-only']);
    expect(problems.find(({ id }) => id === 'read-only')?.fix).toMatch(/^SET (PERSIST|GLOBAL) read_only = 'OFF'/);
  });

  test('a target that is a replica is not offered to be written to', async () => {
    const change =
      mariadb || version === '8.0'
        ? "CHANGE MASTER TO MASTER_HOST = 'primary.example'"
        : "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'primary.example'";
    await bad.run(`SET GLOBAL read_only = ON; ${change}, ${version === '9.7' ? 'SOURCE' : 'MASTER'}_USER = 'nobody'`);
    const readOnly = async (options: ConnectionOptions) =>
      (await checkTarget(options, { routes: [], source: null, twoWay: false })).find(({ id }) => id === 'read-only');
    try {
      const found = await readOnly(bad.options);
      expect(found?.what).toContain('is a replica of primary.example');
      expect(found?.fix).toMatch(/^give the endpoint the host of primary\.example/);
      await bad.run("CREATE USER blind@'%'; GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.* TO blind@'%'");
      // Who may not ask is not told to make a replica writable either.
      expect((await readOnly({ ...bad.options, user: 'blind' }))?.fix).toMatch(/^if SHOW .* STATUS is empty there: SET .* read_only/);
    } finally {
      await bad.run(
        `SET GLOBAL read_only = OFF; DROP USER IF EXISTS blind@'%'; ${version === '9.7' ? 'RESET REPLICA ALL' : 'RESET SLAVE ALL'}`,
      );
    }
  });

  test('missing privileges are named with their GRANT, and the GRANT fixes them', async () => {
    await server.run(
      "CREATE DATABASE rights; CREATE TABLE rights.t (id int primary key); CREATE USER poor@'%'; GRANT EXECUTE ON rights.* TO poor@'%'; GRANT DELETE ON lutra.* TO poor@'%'; GRANT DELETE ON rights.* TO poor@'%'",
    );
    const poor = { ...server.options, user: 'poor' };
    const routes = [{ schema: 'rights', table: 't' }];
    const source = await checkSource(poor, { serverId: 1001, routes });
    expect(ids(source)).toEqual([
      'checkpoint-privileges',
      ...(mariadb
        ? ['privilege-binlog-monitor', 'privilege-replication-master-admin', 'privilege-replication-slave', 'privilege-slave-monitor']
        : ['privilege-replication-client', 'privilege-replication-slave']),
      'resync-privileges',
      'table-privileges',
    ]);
    expect(source.find(({ id }) => id === 'resync-privileges')).toMatchObject({
      severity: 'warning',
      what: 'the user lacks SELECT, INSERT, UPDATE on lutra.resync: rows that somebody inserts there are not sent again',
    });
    const target = await checkTarget(poor, { routes, source: server.options, twoWay: false });
    expect(target.map((problem) => [problem.id, problem.what])).toEqual([
      ['checkpoint-privileges', 'the user lacks SELECT, INSERT, UPDATE, TRIGGER on lutra.checkpoint'],
      ...['unequal', 'difference'].map((name) => ['repair-stores', expect.stringContaining(`SELECT, INSERT, UPDATE on lutra.${name}: `)]),
      ['table-privileges', 'the user lacks SELECT, INSERT, UPDATE, TRIGGER on rights.t: its triggers cannot be seen'],
    ]);
    await server.run([...source, ...target].map((problem) => problem.fix).join('; '));
    expect(await checkSource(poor, { serverId: 1001, routes })).toEqual([]);
    expect(await checkTarget(poor, { routes, source: server.options, twoWay: false })).toEqual([]);
  });

  test('a target of an earlier lutra.sql is told what is not repaired there, and what fixes it', async () => {
    await server.run('RENAME TABLE lutra.unequal TO lutra.away; ALTER TABLE lutra.conflict DROP COLUMN request, DROP COLUMN reason');
    const check = () => checkTarget(server.options, { routes: [], source: null, twoWay: false });
    const found = await check();
    expect(found.map(({ id, severity, what }) => [id, severity, what])).toEqual([
      ['repair-stores', 'warning', expect.stringMatching(/^lutra\.unequal does not exist/)],
      ['repair-stores', 'warning', expect.stringMatching(/^lutra\.conflict lacks request, reason: nothing is repaired here/)],
    ]);
    await server.run(`RENAME TABLE lutra.away TO lutra.unequal; ${found[1]!.fix}`);
    expect(await check()).toEqual([]);
  });

  test('a server that lacks lutra.resync is told what it costs', async () => {
    await server.run('RENAME TABLE lutra.resync TO lutra.away');
    try {
      const found = await checkSource(server.options, { serverId: 1001, routes: [] });
      expect(found.map(({ id, severity, fix }) => [id, severity, fix])).toEqual([
        ['resync-privileges', 'warning', expect.stringMatching(/^run schemas\/lutra\.sql .*; GRANT .* ON lutra\.resync TO /)],
      ]);
    } finally {
      await server.run('RENAME TABLE lutra.away TO lutra.resync');
    }
  });

  test('privileges of a role count', async () => {
    await server.run(
      `CREATE ROLE reader; GRANT ${mariadb ? 'REPLICATION MASTER ADMIN, SLAVE MONITOR, ' : ''}REPLICATION SLAVE, REPLICATION CLIENT, SELECT, TRIGGER ON *.* TO reader; GRANT INSERT, UPDATE, DELETE ON lutra.resync TO reader; CREATE USER member@'%'; GRANT reader TO member@'%'`,
    );
    // Not by default: then they are of no use, and each is named.
    expect((await checkSource({ ...server.options, user: 'member' }, { serverId: 1001, routes: [] })).length).toBeGreaterThan(2);
    await server.run(mariadb ? "SET DEFAULT ROLE reader FOR member@'%'" : "SET DEFAULT ROLE reader TO member@'%'");
    expect(await checkSource({ ...server.options, user: 'member' }, { serverId: 1001, routes: [] })).toEqual([]);
  });

  test('tables of a source: engine, types, key, triggers, cascades, routes without tables', async () => {
    await server.run(`CREATE DATABASE odd; USE odd;
      CREATE TABLE heap (id int primary key) ENGINE = MyISAM;
      CREATE TABLE types (id int primary key, g geometry, ${mariadb ? 'i inet6, b binary(16), v varbinary(9), c text compressed, u uuid, t varchar(9) compressed' : 'e int, v vector(3), index w ((e + 1))'.replace(version === '8.0' ? ' v vector(3),' : '\0', '')});
      CREATE TABLE nokey (v int);
      CREATE TABLE parent (id int primary key);
      CREATE TABLE child (id int primary key, p int, foreign key (p) references parent (id) on delete cascade on update cascade);
      CREATE TABLE plain (id int primary key, p int, foreign key (p) references parent (id));
      CREATE TABLE tree (id int primary key, up int, foreign key (up) references tree (id) on delete cascade);
      CREATE TRIGGER odd.tr AFTER INSERT ON plain FOR EACH ROW SET @x = 1;
      CREATE VIEW seen AS SELECT * FROM plain; USE mysql`);
    const problems = await checkSource(server.options, {
      serverId: 1001,
      routes: [
        { schema: 'od?', table: '*' },
        { schema: 'nowhere', table: 't' },
      ],
    });
    const names = mariadb ? ['i', 'b', 'v', 'c', 'u', 't'] : version === '8.0' ? ['w'] : [];
    const cascades = version === '9.7' ? ['table-cascade', 'table-cascade-chain'] : ['table-cascade', 'table-cascade'];
    expect(ids(problems)).toEqual(
      [
        'route-empty',
        ...cascades,
        ...(names.length > 0 ? ['table-column-type'] : []),
        'table-engine',
        'table-no-key',
        'table-triggers',
      ].sort(),
    );
    const refused = problems.find((problem) => problem.id === 'table-column-type')?.what;
    if (names.length > 0) expect(refused).toMatch(/^odd\.types: /);
    expect([...(refused?.matchAll(/(?:: |; )(\w+) \(/g) ?? [])].map(([, name]) => name)).toEqual(names);
    const engine = problems.find((problem) => problem.id === 'table-engine')?.fix;
    expect(engine).toMatch(/^SET SESSION sql_log_bin = 0; ALTER TABLE `odd`.`heap` ENGINE = InnoDB \/\*/);
    const { file, pos } = await server.binlogEnd();
    await server.alone(engine ?? '');
    expect(await server.binlogEnd()).toEqual({ file, pos }); // no capture sees it
    expect(ids(await checkSource(server.options, { serverId: 1001, routes: [{ schema: 'odd', table: 'heap' }] }))).toEqual([]);
  });

  test('tables that are called as those of online tools: they are told where their rows are left out; the tool’s triggers are no matter', async () => {
    await server.run(`CREATE DATABASE tools; USE tools;
      CREATE TABLE orders (id int primary key); CREATE TABLE _orders_new (id int primary key); CREATE TABLE _orders_ghc (id int primary key);
      CREATE TABLE _items_old (id int primary key);
      CREATE TRIGGER pt_osc_tools_orders_ins AFTER INSERT ON orders FOR EACH ROW REPLACE INTO _orders_new VALUES (NEW.id); USE mysql`);
    const told = async (routes: readonly Route[], bothWays: boolean): Promise<readonly string[]> =>
      (await checkSource(server.options, { serverId: 1001, routes: followedRoutes(routes, { uid: 'p', bothWays }) })).map(
        ({ id, table }) => `${id} ${table}`,
      );
    const all = [{ schema: 'tools', table: '*' }];
    expect(await told(all, true)).toEqual(['_items_old', '_orders_ghc', '_orders_new'].map((name) => `table-shadow tools.${name}`));
    expect(await told([...all, { schema: 'tools', table: '_items_old' }], true)).not.toContain('table-shadow tools._items_old');
    expect(await told(all, false)).toEqual(['table-shadow tools._orders_ghc']);
    expect(await told([{ schema: 'tools', table: 'orders' }], true)).toEqual([]);
    expect(await told([{ schema: 'tools', table: 'orders' }], false)).toEqual([]);
    await server.run('CREATE TRIGGER tools.pt_osc_x BEFORE INSERT ON tools.orders FOR EACH ROW SET NEW.id = 1');
    expect(await told([{ schema: 'tools', table: 'orders' }], true)).toEqual(['table-triggers tools.orders']);
    await server.run('DROP DATABASE tools');
  });

  test('tables that a route excludes are not looked at; what capture suspends is told as a warning', async () => {
    await server.run(
      'CREATE DATABASE left_out; CREATE TABLE left_out.versioned (id int primary key) ENGINE = MyISAM; CREATE TABLE left_out.t (id int primary key)',
    );
    const routes = [{ schema: 'left_out', table: '*' }];
    const found = async (facts: Partial<SourceFacts>): Promise<readonly string[]> =>
      ids(await checkSource(server.options, { serverId: 1001, routes, ...facts }));
    expect(await found({})).toEqual(['table-engine']);
    // Its rows would come outside of their transaction: nothing that suspension fixes.
    expect(await found({ suspends: () => true })).toEqual(['table-engine']);
    expect(await found({ routes: [{ ...routes[0]!, exclude: ['ver*'] }] })).toEqual([]);
    const unread: Problem = {
      id: 'table-column-type',
      severity: 'error',
      what: 'left_out.t: types that are not proven lossless: v',
      fix: null,
    };
    expect(suspended('source', { database: 'left_out', name: 't' }, [unread])).toEqual([
      { ...unread, severity: 'warning', what: expect.stringMatching(/the channel suspends left_out\.t at its first change/) },
    ]);
  });

  test('tables of a target: missing, different, without the cascade of the source, sharing numbers', async () => {
    await server.run(`CREATE DATABASE here; USE here;
      CREATE TABLE gone (id int primary key, v varchar(10));
      CREATE TABLE differs (id bigint auto_increment primary key, v varchar(10));
      CREATE TABLE parent (id int primary key);
      CREATE TABLE child (id int primary key, p int, foreign key fk (p) references parent (id) on delete cascade);
      CREATE TABLE same (id int primary key, e enum('a','b'), s set('x'), b bit(9), d decimal(10,2), t time(3), c char(5), y binary(3), j json);
      CREATE DATABASE there; USE there;
      CREATE TABLE differs (id int auto_increment primary key, v varchar(5), w int not null) ENGINE = MyISAM;
      CREATE TABLE parent (id int primary key);
      CREATE TABLE child (id int primary key, p int, foreign key (p) references parent (id));
      CREATE TABLE same LIKE here.same; USE mysql`);
    const routes = [{ schema: 'here', table: '*', to: { schema: 'there' } }];
    const problems = await checkTarget(server.options, { routes, source: server.options, twoWay: true });
    const cascade = version === '9.7' ? [] : ['foreign-key-missing']; // 9.7 sends the children's rows
    expect(ids(problems)).toEqual(['auto-increment', ...cascade, 'table-differs', 'table-engine', 'table-missing', 'two-way-foreign-key']);
    expect(problems.find((problem) => problem.id === 'table-differs')?.what).toBe(
      `there.differs: column id: is ${mariadb || version === '8.0' ? 'int(11)' : 'int'}, too small for bigint; column v: is varchar(5), too small for 10 characters; column w has neither a default nor allows NULL, and the source has none`,
    );
    const severities = async (facts: Partial<TargetFacts>): Promise<readonly string[]> => {
      const found = await checkTarget(server.options, { routes, source: server.options, twoWay: false, ...facts });
      return found
        .filter(({ id }) => /^(table|foreign)/.test(id))
        .map(({ id, severity }) => `${severity} ${id}`)
        .sort();
    };
    const named = ['table-differs', 'table-engine', 'table-missing'];
    expect(await severities({})).toEqual([...cascade, ...named].map((id) => `error ${id}`));
    // What costs a table alone is no error where the channel suspends it.
    expect(await severities({ suspends: true })).toEqual([...cascade.map((id) => `error ${id}`), ...named.map((id) => `warning ${id}`)]);
    expect(await severities({ routes: [{ ...routes[0]!, exclude: ['here.differs', 'go?e', 'child'] }] })).toEqual([]);
    const inPlace = await checkTarget(bad.options, { routes: [{ schema: 'here', table: 'gone' }], source: server.options, twoWay: false });
    expect(inPlace.find((problem) => problem.id === 'table-missing')?.fix).toMatch(/^USE here; CREATE TABLE `gone` \(/);
    const same = await server.load('here', 'same');
    expect(() => matchTables(same.source, same.target)).not.toThrow();
  });

  test('lutra.checkpoint: missing, and of another shape', async () => {
    await bad.run(
      'RENAME TABLE lutra.checkpoint TO lutra.aside; CREATE TABLE lutra.checkpoint (pipeline varchar(100), part int unsigned, seq int not null, epoch bigint null) ENGINE = MyISAM',
    );
    const [problem] = (await checkTarget(bad.options, { routes: [], source: null, twoWay: false })).filter(
      (found) => found.id === 'checkpoint-shape',
    );
    for (const wrong of ['column lane is missing', 'column seq is int', 'column epoch allows NULL', 'MyISAM', 'primary key is not'])
      expect(problem?.what).toContain(wrong);
    await bad.run('DROP TABLE lutra.checkpoint');
    expect(ids(await checkTarget(bad.options, { routes: [], source: null, twoWay: false }))).toContain('checkpoint-missing');
    await bad.run(
      'RENAME TABLE lutra.aside TO lutra.checkpoint; ALTER TABLE lutra.checkpoint DROP COLUMN replay_until, DROP COLUMN routes',
    );
    const [older] = (await checkTarget(bad.options, { routes: [], source: null, twoWay: false })).filter(
      (found) => found.id === 'checkpoint-shape',
    );
    expect(older?.what).toBe('lutra.checkpoint: column replay_until is missing; column routes is missing');
    await bad.run(older?.fix ?? '');
    expect(ids(await checkTarget(bad.options, { routes: [], source: null, twoWay: false }))).not.toContain('checkpoint-shape');
  });

  test('what TLS fails of is told apart, with the recovery of each', async () => {
    const stranger = selfSigned();
    const told = async (options: ConnectionOptions): Promise<string> =>
      checkSource(options, { serverId: 1001, routes: [] }).then(
        () => 'fine',
        (error: SyncError) => `${error.code} ${error.message}`,
      );
    const mute = /^SOURCE_SETTINGS .*the server offers none on this port\. Switch TLS on/;
    const withTls = (server: TestServer, ca: string) => ({ ...server.options, tls: { ca, verify: true } });
    const elsewhere = { host: '0.0.0.0' }; // no loopback address, though it leads to this machine
    if (mariadb) {
      // It makes no certificate by itself, and the driver needs no key of it.
      expect(await told(withTls(server, stranger.cert))).toMatch(mute);
      expect(await told({ ...server.options, ...elsewhere })).toMatch(mute);
      expect(await told({ ...server.options, ...elsewhere, tls: { mode: 'off' } })).toBe('fine');
      return;
    }
    expect(await told(withTls(bad, expired.cert))).toMatch(/^SOURCE_UNAVAILABLE .*has expired\. Renew the certificate/);
    const own = await readFile(join(dirname(server.server.logFile ?? ''), 'data', 'ca.pem'), 'utf8');
    expect(await told(withTls(server, own))).toBe('fine');
    expect(await told(withTls(server, stranger.cert))).toMatch(/^SOURCE_UNAVAILABLE .*not of the authority in tls\.ca/);
    expect(await told({ ...server.options, ...elsewhere })).toMatch(/^SOURCE_UNAVAILABLE .*not of the authority in tls\.ca/);
    expect(await told({ ...withTls(server, own), ...elsewhere })).toBe('fine');
    expect(await told({ ...withTls(server, own), host: 'localhost' })).toMatch(
      /not for the host by which it is called\. Name the server as/,
    );
  });

  test('a server that cannot be asked has a name', async () => {
    await expect(checkSource({ ...server.options, port: 1 }, { serverId: 1001, routes: [] })).rejects.toEqual(
      expect.objectContaining({ code: 'SOURCE_UNAVAILABLE' }),
    );
    await expect(checkTarget({ ...server.options, user: 'nobody' }, { routes: [], source: null, twoWay: false })).rejects.toEqual(
      expect.objectContaining({ code: 'TARGET_DENIED' }),
    );
  });
});
