/** What a target and its user need so that schema changes are carried out there: all of it, and no more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ddlProblems } from './check-ddl.js';
import { DdlConnection } from './ddl-connection.js';
import { ddlSettings } from './ddl-session.js';
import { TestServer } from './mysql.fixture.js';
import type { Problem } from './problem.js';
import { readServer } from './server-facts.js';
import { Session } from './session.js';

const routes = [{ schema: 'shop', table: '*' }];

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await TestServer.start(version);
    await server.run('CREATE DATABASE shop');
    await server.leastPrivileged();
    await server.grant('shop');
  });
  afterAll(() => server.stop());

  const found = async (applies = true): Promise<readonly Problem[]> => {
    const session = await Session.open({ ...server.options, user: 'least' }, 'target');
    const problems = await ddlProblems(session, await readServer(session), { routes, applies, bothWays: false });
    await session.close();
    return problems;
  };

  it('each right that lacks is named with what gives it; with them statements run in the session of their source', async () => {
    const lacking = await found();
    // Who is asked may answer `run`.
    expect(await found(false)).toEqual(lacking);
    expect(lacking.map(({ fix }) => fix)).toEqual([
      "GRANT CREATE, ALTER, DROP, INDEX, REFERENCES ON `shop`.* TO 'least'@'%'",
      "GRANT SESSION_VARIABLES_ADMIN ON *.* TO 'least'@'%'",
    ]);
    await server.run(lacking.map(({ fix }) => fix).join('; '));
    expect(await found()).toEqual([]);
    const connection = await DdlConnection.open({ ...server.options, user: 'least' });
    const session = { sqlMode: '4', foreignKeyChecks: false, uniqueChecks: false, timestampUs: 1e15, timeZone: '+01:00' };
    const collations = { collationConnection: 8, collationServer: 8, collationDatabase: 8, defaultCollationForUtf8mb4: 45 };
    const flags = { explicitDefaultsForTimestamp: false, sqlRequirePrimaryKey: true, defaultTableEncryption: false };
    const settings = await ddlSettings(connection, { ...session, ...collations, ...flags });
    if ('problem' in settings) throw new Error(settings.problem);
    const run = (sql: string, n: number) => {
      const key = { pipeline: 'p', part: 0, epoch: 1 };
      return connection.run({ key, witness: { incarnation: '4c757472-1111-2222-3333-444444444444', n }, settings: settings.set, sql });
    };
    await server.run(`INSERT INTO lutra.checkpoint (pipeline, part, lane, log_id, log_epoch, seq, next_offset, source_us, origin, path, epoch, n)
      VALUES ('p', 0, 0, '', 0, 0, 0, 0, '', '', 1, 0)`);
    const statements = [
      'CREATE TABLE shop.a (id int primary key)',
      'CREATE TABLE shop.b (id int primary key, FOREIGN KEY (id) REFERENCES shop.a (id))',
    ];
    const more = ['CREATE INDEX i ON shop.b (id)', 'RENAME TABLE shop.b TO shop.c', 'TRUNCATE TABLE shop.c', 'DROP TABLE shop.c, shop.a'];
    for (const [n, sql] of [...statements, ...more, 'DROP DATABASE shop', 'CREATE DATABASE shop'].entries())
      expect([sql, await run(sql, n + 1)]).toEqual([sql, null]);
    expect(await run('CREATE TABLE shop.none (id int)', 99)).toMatchObject({ errno: 3750 });
    await connection.close();
  });

  it('a table of Lutra that is not as it must be', async () => {
    await server.run('ALTER TABLE lutra.ddl DROP COLUMN answer, DROP PRIMARY KEY');
    expect((await found(false)).map(({ id, what }) => [id, what])).toEqual([
      ['ddl-shape', 'lutra.ddl: column answer is missing; the primary key is not (pipeline, record, part)'],
    ]);
    await server.run('DROP TABLE lutra.ddl');
    expect((await found(false)).map(({ id }) => id)).toEqual(['ddl-missing']);
  });
});

it('without GTIDs it is told what that costs; MariaDB is told by its name', async () => {
  const plain = await TestServer.start('9.7', ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF']);
  const facts = await readServer(plain.admin);
  const asked = { routes, applies: true, bothWays: false };
  const found = (more: { applies?: boolean; bothWays?: boolean }) => ddlProblems(plain.admin, facts, { ...asked, ...more });
  expect(await found({})).toMatchObject([{ id: 'ddl-witness', severity: 'warning' }]);
  expect(await found({ applies: false, bothWays: true })).toEqual([]);
  const refused = await found({ bothWays: true });
  expect(refused).toMatchObject([{ id: 'ddl-witness', severity: 'error', what: expect.stringContaining('go back to the source') }]);
  expect(await ddlProblems(plain.admin, { ...facts, flavor: 'mariadb' }, asked)).toMatchObject([{ id: 'ddl-mariadb' }]);
  await plain.run(refused[0]?.fix ?? '');
  expect(await ddlProblems(plain.admin, await readServer(plain.admin), { ...asked, bothWays: true })).toEqual([]);
  await plain.stop();
});
