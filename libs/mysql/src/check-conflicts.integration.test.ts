import { conflictRuleSchema } from '@lutra/model';
import type { ConflictRule } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkTarget } from './check-target.js';
import { TestServer, versions } from './mysql.fixture.js';
import type { Problem } from './problem.js';

/** Two-way tables are compared with themselves: one server plays both sides. */
describe.each(versions)('checks of conflict policies on %s', (version) => {
  const mariadb = version === 'mariadb-11.4';
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start(version, ['--max-allowed-packet=64M']);
  });
  afterAll(() => server.stop());

  const rule = (policy: string, more: object = {}): ConflictRule => conflictRuleSchema.parse({ policy, ...more });
  const check = (schema: string, rules: readonly ConflictRule[], twoWay = true): Promise<readonly Problem[]> =>
    checkTarget(server.options, { routes: [{ schema, table: '*' }], source: server.options, twoWay, rules });
  const texts = (problems: readonly Problem[]): readonly string[] =>
    problems.map(({ severity, id, what }) => `${severity} ${id} ${/\.(\w+)/.exec(what)?.[1]}`).sort();
  const fixOf = (problems: readonly Problem[], id: string): string => problems.find((problem) => problem.id === id)?.fix ?? '';

  test('a table whose rows and unique values cannot be told apart is refused, and goes with policy stop', async () => {
    await server.run(`CREATE DATABASE apart; USE apart;
      CREATE TABLE fine (id int primary key, v varchar(20));
      CREATE TABLE nokey (v int);
      CREATE TABLE prefix (id int primary key, v varchar(200), unique key (v(9)));
      CREATE TABLE made (id int primary key, v int, g int as (v + 1) stored, unique key (g));
      ${mariadb ? '' : 'CREATE TABLE computed (v int, id int as (v + 1) stored primary key);'}
      ${version === '9.7' ? 'CREATE TABLE expression (id int primary key, v int, unique key e ((v + 1)));' : ''} USE mysql`);
    const found = await check('apart', [rule('home')]);
    const keys = ['prefix', 'made', ...(version === '9.7' ? ['expression'] : [])];
    expect(texts(found)).toEqual(
      [
        'error conflict-no-key nokey',
        ...(mariadb ? [] : ['error conflict-no-key computed']),
        ...keys.flatMap((name) => [`error conflict-unique-key ${name}`, `warning two-way-unique-key ${name}`]),
      ].sort(),
    );
    expect(found.every(({ fix }) => fix !== null)).toBe(true);
    const stopped = await check('apart', []);
    const generated = mariadb ? [] : ['warning two-way-generated-key computed']; // MariaDB allows none
    expect(texts(stopped)).toEqual(
      ['warning two-way-no-key nokey', ...generated, ...keys.map((name) => `warning two-way-unique-key ${name}`)].sort(),
    );
    // The bare statement would stop the capture of either side.
    for (const id of ['two-way-no-key', 'conflict-no-key'])
      expect(
        fixOf(
          [...found, ...stopped].filter(({ what }) => what.includes('nokey')),
          id,
        ),
      ).toMatch(/^SET SESSION sql_log_bin = 0; ALTER TABLE `apart`.`nokey` ADD PRIMARY KEY .*on both sides, while nobody writes/);
    expect(texts(await check('apart', [rule('overwrite')], false)).filter((text) => text.startsWith('warning'))).toEqual([]);
  });

  test('a rule for a table that is not there is told, one for a table of another pipeline or for many is not', async () => {
    await server.run('CREATE DATABASE slip; CREATE TABLE slip.orders (id int primary key)');
    const named = (schema: string, table: string): ConflictRule => rule('home', { schema, table });
    const rules = [named('slip', 'order'), named('other', 'order'), named('slip', 'log_*'), named('slip', 'orders')];
    expect(texts(await check('slip', rules))).toEqual(['warning rule-table-missing rules']);
    expect((await check('slip', rules))[0]?.what).toContain('name slip.order,');
  });

  test('a key may have any collation that the server has', async () => {
    const collations = [
      'macce_general_ci latin2_hungarian_ci tis620_thai_ci utf8mb4_persian_ci utf8mb4_sinhala_ci',
      mariadb ? 'utf8mb4_uca1400_persian_ai_cs' : 'gb18030_chinese_ci',
      version === '9.7' ? 'utf8mb4_sv_0900_as_cs' : '',
    ];
    const tables = collations.flatMap((some) => some.split(' ').filter((name) => name !== ''));
    await server.run(
      `CREATE DATABASE signs; USE signs; ${tables
        .map((name) => `CREATE TABLE ${name} (id varchar(20) character set ${name.split('_')[0]} collate ${name} primary key)`)
        .join('; ')}; USE mysql`,
    );
    for (const rules of [[rule('home')], []]) expect(await check('signs', rules)).toEqual([]);
  });

  test('a key of another collation at the source is refused, and told with policy stop; the ALTER that is offered makes it fit', async () => {
    await server.run(`CREATE DATABASE here; CREATE DATABASE there;
      CREATE TABLE here.t (id int primary key, v varchar(20) collate utf8mb4_unicode_ci, unique key (v));
      CREATE TABLE there.t (id int primary key, v varchar(20) collate utf8mb4_bin, unique key (v));
      CREATE TABLE here.same (v varchar(20) character set utf8 collate utf8_unicode_ci primary key);
      CREATE TABLE there.same (v varchar(20) collate utf8mb4_unicode_ci primary key)`);
    const routes = [{ schema: 'here', table: '*', to: { schema: 'there' } }];
    const of = async (rules: readonly ConflictRule[], twoWay = true): Promise<readonly Problem[]> =>
      (await checkTarget(server.options, { routes, source: server.options, twoWay, rules })).filter(
        ({ id }) => id === 'conflict-key-collation',
      );
    const kept = await of([rule('home')]);
    expect(kept.map(({ what }) => what)).toEqual([
      'there.t: key v: column v has collation utf8mb4_bin, at the source utf8mb4_unicode_ci: they do not take the same for one value: policy home could miss a conflict',
    ]);
    expect(texts(await of([]))).toEqual(['warning conflict-key-collation t']);
    expect(await of([rule('overwrite')], false)).toEqual([]);
    const alter = kept[0]?.fix?.split(' …')[0] ?? '';
    await server.run(`${alter}; ${alter.replace('`there`', '`here`')}`);
    expect(await of([rule('home')])).toEqual([]);
  });

  test('foreign keys that act are refused where the server does not log what they do; others are a conflict to come', async () => {
    await server.run(`CREATE DATABASE kin; USE kin;
      CREATE TABLE parent (id int primary key);
      CREATE TABLE child (id int primary key, p int, foreign key acts (p) references parent (id) on delete cascade);
      CREATE TABLE plain (id int primary key, p int, foreign key only (p) references parent (id)); USE mysql`);
    const refused = version === '9.7' ? [] : ['error conflict-cascade child', 'error conflict-cascade parent'];
    const warned = ['warning two-way-foreign-key child', 'warning two-way-foreign-key plain'];
    expect(texts(await check('kin', [rule('home')]))).toEqual([...refused, ...warned]);
    expect(texts(await check('kin', [rule('overwrite')], false))).toEqual(refused);
    expect(texts(await check('kin', []))).toEqual(warned);
  });

  test('the version of latest is there, has an order and is never NULL; the ALTER that is offered makes it so', async () => {
    await server.run(`CREATE DATABASE late; USE late;
      CREATE TABLE t1 (id int primary key);
      CREATE TABLE t2 (id int primary key, updated_at varchar(30) not null);
      CREATE TABLE t3 (id int primary key, updated_at timestamp(6) null on update current_timestamp(6));
      CREATE TABLE t4 (id int primary key, updated_at datetime not null default current_timestamp on update current_timestamp);
      CREATE TABLE t5 (id int primary key, updated_at timestamp(6) not null default current_timestamp(6));
      CREATE TABLE t6 (id int primary key, updated_at bigint unsigned not null);
      CREATE TABLE t7 (id int primary key, updated_at double not null);
      CREATE TABLE t8 (id int primary key, updated_at int); USE mysql`);
    const rules = [rule('latest', { version: 'updated_at' })];
    const found = await check('late', rules);
    expect(texts(found)).toEqual([
      'error conflict-version t1',
      'error conflict-version t2',
      'error conflict-version t3',
      'error conflict-version t7',
      'error conflict-version t8',
      'warning conflict-version-coarse t4',
      'warning conflict-version-manual t5',
    ]);
    expect(found.find(({ id }) => id === 'conflict-version-coarse')?.what).toContain('two writes in one second tie, and home wins');
    expect(fixOf(found, 'conflict-version')).toBe(
      "SET time_zone = '+00:00'; SET SESSION sql_log_bin = 0; ALTER TABLE late.t1 ADD COLUMN updated_at TIMESTAMP(6) NOT NULL DEFAULT '2000-01-01 00:00:00'; ALTER TABLE late.t1 MODIFY COLUMN updated_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6) /* on both sides, while nobody writes to the table and recordsBehind of the pipelines is 0; as an administrator, in a session of its own: in the binlog it would be published as a schema change of this server (docs/02-setup.md, A table that must change) */",
    );
    await server.run('INSERT INTO late.t1 VALUES (1); INSERT INTO late.t3 VALUES (1, NULL); INSERT INTO late.t8 VALUES (1, NULL)');
    const alters = found.flatMap(({ fix, what }) => (/\.t[27]:/.test(what) ? [] : [fix ?? '']));
    await server.run(['DROP TABLE late.t2, late.t7', ...alters].join('; '));
    expect(await check('late', rules)).toEqual([]);
    // On the other side, at another time, it has to come out alike.
    const [filled] = await server.query(
      "SELECT t1.updated_at = '2000-01-01' AND t3.updated_at = '2000-01-01' AND t8.updated_at = 0 AS alike FROM late.t1, late.t3, late.t8",
    );
    expect(String(filled?.['alike'])).toBe('1');
    expect(
      texts(await check('late', [rule('merge', { sameColumn: 'latest', version: 'gone' })])).every((text) => text.startsWith('error')),
    ).toBe(
      false, // what every change sets is told as well
    );
  });

  test('columns that are merged are there and of a kind that can be', async () => {
    await server.run(`CREATE DATABASE sums; USE sums;
      CREATE TABLE t (id int primary key, n int, d decimal(9,2), f double, at datetime, c varchar(9), g int as (n + 1) stored,
        seen timestamp(6) not null default current_timestamp(6) on update current_timestamp(6)); USE mysql`);
    const merge = (columns: object): Promise<readonly Problem[]> =>
      check('sums', [rule('merge', { columns: { seen: 'max', ...columns } })]);
    expect(await merge({ n: 'delta', d: 'delta', f: 'max', at: 'min' })).toEqual([]);
    const found = await merge({ f: 'delta', c: 'max', g: 'delta', gone: 'delta', at: 'delta' });
    expect(found.map(({ what }) => /column (\w+) (\S+ \S+)/.exec(what)?.slice(1).join(': ') ?? '').sort()).toEqual([
      'at: is datetime,',
      'c: is varchar(9),',
      'f: is double,',
      'g: is generated:',
      'gone: is missing:',
    ]);
    expect(texts(await check('sums', [rule('merge')]))).toEqual(['warning conflict-self-set t']);
  });

  test('numbers that both sides give are compared, not looked at on one side', async () => {
    const other = await TestServer.start(version, ['--max-allowed-packet=64M']);
    const set = (at: TestServer, step: number, offset: number): Promise<unknown> =>
      at.run(`SET GLOBAL auto_increment_increment = ${step}; SET GLOBAL auto_increment_offset = ${offset}`);
    try {
      for (const at of [server, other]) await at.run('CREATE DATABASE numbers; CREATE TABLE numbers.t (id int auto_increment primary key)');
      const ids = async (): Promise<readonly string[]> => {
        const facts = { routes: [{ schema: 'numbers', table: '*' }], source: other.options, twoWay: true };
        return (await checkTarget(server.options, facts)).map(({ id }) => id);
      };
      expect(await ids()).toEqual(['auto-increment']);
      await set(server, 2, 1);
      await set(other, 2, 1);
      expect(await ids()).toEqual(['auto-increment']);
      await set(other, 2, 2);
      expect(await ids()).toEqual([]);
      await set(other, 3, 2); // 1, 3, 5 … and 2, 5 …
      expect(await ids()).toEqual(['auto-increment']);
    } finally {
      await set(server, 1, 1);
      await other.stop();
    }
  });

  test('the tables that conflicts need: as lutra.sql makes them, with the rights on them, where both sides take writes or a rule decides', async () => {
    await server.run("CREATE USER poor@'%'; GRANT SELECT, INSERT, UPDATE, TRIGGER ON lutra.checkpoint TO poor@'%'");
    const poor = { ...server.options, user: 'poor' };
    const facts = { routes: [], source: null, twoWay: true };
    const ids = (found: readonly Problem[]) => found.map(({ id }) => id).filter((id) => id !== 'repair-stores');
    expect(ids(await checkTarget(poor, facts))).toEqual(['signal-missing', 'conflict-missing', 'skip-missing']);
    await server.run("GRANT SELECT ON lutra.* TO poor@'%'");
    const denied = await checkTarget(poor, facts);
    expect(ids(denied)).toEqual(['signal-privileges', 'conflict-privileges', 'conflict-retention', 'skip-privileges']);
    expect(denied.find(({ id }) => id === 'conflict-retention')?.fix).toBe("GRANT DELETE ON lutra.conflict TO 'poor'@'%'");
    await server.run(denied.map(({ fix }) => fix).join('; '));
    expect(await checkTarget(poor, facts)).toEqual([]);
    await server.run('ALTER TABLE lutra.conflict DROP COLUMN local_seq, MODIFY pipeline varchar(10) null; DROP TABLE lutra.skip');
    const wrong = await checkTarget(poor, { ...facts, twoWay: false, rules: [rule('overwrite')] });
    expect(wrong.map(({ id, what }) => `${id}: ${what}`)).toEqual([
      'conflict-shape: lutra.conflict: column pipeline allows NULL; column local_seq is missing',
      'skip-missing: lutra.skip does not exist, or the user may not see it',
    ]);
    expect(await checkTarget(poor, { ...facts, twoWay: false })).toEqual([]);
  });
});
