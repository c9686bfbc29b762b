/**
 * Definitions that differ in effect, on real servers: what the loader's statement does to the row, what the check says, and that its advice
 * holds.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConflictPolicy, Row } from '@lutra/model';
import { conflictRuleSchema } from '@lutra/model';
import { ApplyConnection } from './apply-connection.js';
import { checkTarget } from './check-target.js';
import { TestServer, versions } from './mysql.fixture.js';
import type { Problem } from './problem.js';
import { planRows } from './row-plan.js';
import { insertRow } from './row-statements.js';

interface Case {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  /** Values of the source's rows. */
  readonly rows: string;
  /** What happens to the last row at the target: stored as something else, refused, or all is well. */
  readonly effect: 'differs' | 'refused' | 'same';
  readonly finds: Readonly<Record<string, Problem['severity']>>;
  readonly policy?: ConflictPolicy;
  readonly twoWay?: boolean;
  /** Tables beside. */
  readonly before?: string;
}

const cases: readonly Case[] = [
  {
    name: 'a generated column over an ordinary one',
    from: 'id int primary key, a int, g int',
    to: 'id int primary key, a int, g int as (a + 1) stored',
    rows: '(1, 5, 7)',
    effect: 'differs',
    finds: { 'generated-differs': 'error' },
  },
  {
    name: 'another expression',
    from: 'id int primary key, a int, g int as (a + 1) stored',
    to: 'id int primary key, a int, g int as (a + 2) virtual',
    rows: '(1, 5, default)',
    effect: 'differs',
    finds: { 'generated-differs': 'error' },
  },
  {
    name: 'the same expression, stored here and virtual there',
    from: "id int primary key, a varchar(9), g varchar(20) as (concat(a, 'it''s')) stored",
    to: "id int primary key, a varchar(9), g varchar(20) as (concat(a,'it''s')) virtual",
    rows: "(1, 'x', default)",
    effect: 'same',
    finds: {},
  },
  {
    name: 'a generated column whose value the target takes as it comes',
    from: 'id int primary key, a int, g int as (a + 1) stored',
    to: 'id int primary key, a int, g int default 3',
    rows: '(1, 5, default)',
    effect: 'same',
    finds: {},
  },
  {
    name: 'digits of a FLOAT',
    from: 'id int primary key, f float',
    to: 'id int primary key, f float(10,1)',
    rows: '(1, 0.125)',
    effect: 'differs',
    finds: { 'digits-differ': 'error' },
  },
  {
    name: 'fewer digits of a DOUBLE',
    from: 'id int primary key, f double(20,4) not null',
    to: 'id int primary key, f double(20,2) not null',
    rows: '(1, 0.1256)',
    effect: 'differs',
    finds: { 'digits-differ': 'error' },
  },
  {
    name: 'the same digits',
    from: 'id int primary key, f float(10,1)',
    to: 'id int primary key, f float(10,1)',
    rows: '(1, 0.25)',
    effect: 'same',
    finds: {},
  },
  {
    name: 'NOT NULL',
    from: 'id int primary key, v timestamp null',
    to: 'id int primary key, v timestamp not null default current_timestamp',
    rows: '(1, NULL)',
    effect: 'refused',
    finds: { 'null-differs': 'error' },
  },
  {
    name: 'a unique key',
    from: 'id int primary key, v int',
    to: 'id int primary key, v int, unique key only_here (v)',
    rows: '(1, 5), (2, 5)',
    effect: 'refused',
    finds: { 'unique-key-extra': 'warning' },
  },
  {
    name: 'a unique key that the policy would keep',
    from: 'id int primary key, v int',
    to: 'id int primary key, v int, unique key only_here (v)',
    rows: '(1, 5), (2, 5)',
    effect: 'refused',
    finds: { 'unique-key-extra': 'error' },
    policy: 'overwrite',
  },
  {
    name: 'a unique key over a part of what is unique there',
    from: 'id int primary key, v varchar(9), unique key (v)',
    to: 'id int primary key, v varchar(9), unique key (v(2))',
    rows: "(1, 'abc'), (2, 'abd')",
    effect: 'refused',
    finds: { 'unique-key-extra': 'warning' },
  },
  {
    name: 'a unique key that follows from those of the source',
    from: 'id int primary key, v int, unique key (v)',
    to: 'id int primary key, v int, unique key (v), unique key more (id, v)',
    rows: '(1, 5), (2, 6)',
    effect: 'same',
    finds: {},
  },
  {
    name: 'a key whose collation takes more for one value',
    from: 'id varchar(9) character set utf8mb4 collate utf8mb4_bin primary key',
    to: 'id varchar(9) character set utf8mb4 collate utf8mb4_general_ci primary key',
    rows: "('a'), ('A')",
    effect: 'refused',
    finds: { 'key-collation': 'warning' },
  },
  {
    name: 'a foreign key that refuses',
    before: 'CREATE TABLE src.p (id int primary key); CREATE TABLE tgt.p (id int primary key)',
    from: 'id int primary key, p int',
    to: 'id int primary key, p int, constraint fk foreign key (p) references p (id)',
    rows: '(1, 5)',
    effect: 'refused',
    finds: { 'foreign-key-extra': 'warning' },
  },
  {
    name: 'a foreign key that acts',
    before: 'CREATE TABLE src.p (id int primary key); CREATE TABLE tgt.p (id int primary key); INSERT INTO tgt.p VALUES (5)',
    from: 'id int primary key, p int',
    to: 'id int primary key, p int, constraint fk foreign key (p) references p (id) on delete cascade',
    rows: '(1, 5)',
    effect: 'same', // until the parent goes, which the source does not mind
    finds: { 'foreign-key-extra': 'error' },
  },
  {
    name: 'other defaults, ON UPDATE, order of an ENUM, AUTO_INCREMENT, partitions, plain keys, more columns that fill themselves',
    from: "id int primary key, v int default 1, e enum('a','b'), t datetime",
    to: "id int auto_increment primary key, v int default 2, e enum('b','a','c'), t datetime on update current_timestamp, more timestamp(6) not null default current_timestamp(6), key (v)) PARTITION BY HASH (id) PARTITIONS 3 -- ",
    rows: "(1, default, 'b', '2020-01-01')",
    effect: 'same',
    finds: {},
  },
];

describe.each(versions)('definitions that differ on %s', (version) => {
  let server: TestServer;
  let loader: ApplyConnection;
  beforeAll(async () => {
    server = await TestServer.shared(version);
    loader = await ApplyConnection.open(server.options);
  });
  afterAll(async () => {
    await loader.close();
    await server.stop();
  });

  async function problems({ policy = 'stop', twoWay = false, finds }: Case): Promise<readonly Problem[]> {
    const routes = [{ schema: 'src', table: 't', to: { schema: 'tgt' } }];
    const rules = [conflictRuleSchema.parse({ schema: 'tgt', table: 't', policy })];
    const found = await checkTarget(server.options, { routes, source: server.options, twoWay, rules });
    const ours = [
      'generated-differs',
      'generated-text',
      'digits-differ',
      'null-differs',
      'unique-key-extra',
      'key-collation',
      'foreign-key-extra',
    ];
    return found.filter(({ id }) => ours.includes(id) || Object.hasOwn(finds, id));
  }

  /** As the loader does: null, or why the server refused. */
  async function replicate(): Promise<unknown> {
    const { source } = await server.load('src', 't');
    const { target } = await server.load('tgt', 't');
    const rows = await server.rows(source, 'ORDER BY 1');
    await server.run('DELETE FROM tgt.t');
    try {
      await loader.run({ sql: 'BEGIN', marks: [{ does: 'begin' }] });
      for (const row of rows) await loader.run(insertRow(planRows(source, target), row));
      await loader.commit();
      return null;
    } catch (error) {
      await loader.close();
      loader = await ApplyConnection.open(server.options);
      return error;
    }
  }

  /** The columns that the source has. */
  async function equal(): Promise<boolean> {
    const { source } = await server.load('src', 't');
    const rows = (table: Promise<readonly Row[]>): Promise<string> =>
      table.then((all) => JSON.stringify(all, (_, v: unknown) => (String(v) === '[object Object]' || Array.isArray(v) ? v : String(v))));
    return (await rows(server.rows(source, 'ORDER BY 1'))) === (await rows(server.rows({ ...source, database: 'tgt' }, 'ORDER BY 1')));
  }

  /** Literally: what stands for a definition is taken from where the advice says. */
  async function follow(fix: string): Promise<void> {
    const [statement = '', ...then] = fix.split(/; then |, or declare/);
    const shown = /SHOW CREATE TABLE (\S+)/.exec(statement)?.[1];
    const column = /has `(\w+)`/.exec(statement)?.[1] ?? '';
    const [create] = shown ? await server.query(`SHOW CREATE TABLE ${shown}`) : [];
    const definition = String(create?.['Create Table'])
      .split('\n')
      .find((line) => line.trim().startsWith(`\`${column}\``));
    await server.run(statement.replace(/ … and what.*/, '').replace(/… as SHOW.*/, () => definition?.trim().replace(/,$/, '') ?? ''));
    if (then[0]?.startsWith('copy')) await server.run(`UPDATE tgt.t JOIN src.t s USING (id) SET tgt.t.${column} = s.${column}`);
  }

  test.each(cases)('$name', async (of) => {
    await server.run(
      'DROP DATABASE IF EXISTS tgt; DROP DATABASE IF EXISTS src; CREATE DATABASE src CHARACTER SET utf8mb4; CREATE DATABASE tgt CHARACTER SET utf8mb4',
    );
    if (of.before) await server.run(of.before);
    await server.run(`USE src; CREATE TABLE t (${of.from}\n)`);
    await server.run(`USE tgt; CREATE TABLE t (${of.to}\n)`.replace(/-- \n\)$/, ''));
    await server.run(`USE mysql; INSERT INTO src.t VALUES ${of.rows}`);
    const refused = await replicate();
    expect(refused === null ? ((await equal()) ? 'same' : 'differs') : 'refused', String(refused)).toBe(of.effect);
    const found = await problems(of);
    expect(Object.fromEntries(found.map(({ id, severity }) => [id, severity])), JSON.stringify(found)).toEqual(of.finds);
    for (const { fix } of found) await follow(fix ?? '');
    expect(await problems(of)).toEqual([]);
    if (of.effect === 'differs') expect(await equal()).toBe(true); // the rows that were there
    expect(await replicate()).toBeNull();
    expect(await equal()).toBe(true);
  });
});
