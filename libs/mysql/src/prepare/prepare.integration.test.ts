/**
 * A bare server becomes one that a source and a target can be, by what is shown and nothing else, and becomes again what it was: users,
 * rights, settings (also those of mysqld-auto.cnf), schemas. Each thing that lacks is found alone, too.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Prepared, PreparedStep } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mysqlServer } from '../../../../test/servers/index.js';
import type { MysqlServer } from '../../../../test/servers/index.js';
import { checkSource } from '../check-source.js';
import { checkTarget } from '../check-target.js';
import type { Problem } from '../problem.js';
import { Session } from '../session.js';
import type { ConnectionOptions } from '../session-options.js';
import type { PrepareWant } from './look.js';
import { lutraTables } from './lutra-tables.js';
import { logsIn, Preparation } from './preparation.js';
import { merged, stepId } from './steps.js';

const want: PrepareWant = {
  account: { user: 'lutra', host: '%' },
  ssl: false,
  binlog: true,
  source: true,
  target: true,
  bothWays: true,
  schemas: ['shop', 'odd_na%me'],
  ddl: true,
  creates: true,
};
const password = "it's \\ a secret";
const routes = want.schemas.map((schema) => ({ schema, table: '*' }));

describe.each(['8.0', '9.7'] as const)('on MySQL %s', (version) => {
  let server: MysqlServer;
  let admin: ConnectionOptions;
  let session: Session;
  let preparation: Preparation;

  beforeAll(async () => {
    server = mysqlServer({ version, serverId: 1 });
    await server.start();
    const { host, port, user, password: own } = server;
    admin = { host, port, user, password: own };
    session = await Session.open(admin, 'target');
    preparation = await Preparation.open(admin);
    for (const sql of [
      'CREATE DATABASE shop',
      'CREATE TABLE shop.orders (id BIGINT PRIMARY KEY)',
      'CREATE TABLE shop.keyless (id BIGINT)',
      'CREATE DATABASE `odd_na%me`',
    ])
      await session.query(sql);
  }, 120_000);

  afterAll(async () => {
    await preparation?.close();
    session?.destroy();
    await server?.stop();
  });

  const run = async (...sql: readonly string[]): Promise<void> => {
    for (const statement of sql) await session.query(statement);
  };

  /** All that must be as before. */
  const state = async (): Promise<readonly unknown[]> => {
    const questions = [
      "SELECT * FROM mysql.user WHERE User NOT LIKE 'mysql.%' ORDER BY User, Host",
      ...['db', 'tables_priv', 'columns_priv', 'global_grants', 'role_edges'].map((table) => `SELECT * FROM mysql.${table}`),
      "SHOW GLOBAL VARIABLES WHERE Variable_name NOT LIKE 'gtid%'",
      'SELECT * FROM performance_schema.persisted_variables ORDER BY 1',
      'SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1',
      "SELECT TABLE_SCHEMA, TABLE_NAME FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' ORDER BY 1, 2",
    ];
    const answers: unknown[] = [];
    for (const sql of questions) {
      const rows = (await session.query(sql)).map((row) => JSON.stringify({ ...row, Timestamp: undefined }));
      answers.push(sql.startsWith('SHOW') ? rows : rows.toSorted());
    }
    return answers;
  };

  const prepare = async (of: PrepareWant = want): Promise<Prepared> => {
    const { missing } = await preparation.look(of);
    const steps = [...merged([], missing)];
    await preparation.carryOut(steps, of, password);
    const { account, ssl, binlog } = of;
    return { endpoint: 'a', host: admin.host, port: admin.port, account, ssl, binlog, steps, whole: true, by: 'test', at: 0 };
  };
  const undo = async (prepared: Prepared): Promise<void> => preparation.undo(await preparation.undoable(prepared), prepared);
  const ids = (steps: readonly PreparedStep[]): readonly string[] => steps.map(stepId);
  const user = (): ConnectionOptions => ({ ...admin, user: 'lutra', password });
  const errors = (problems: readonly Problem[]): readonly Problem[] => problems.filter(({ severity }) => severity === 'error');

  test('a bare server, there and back', async () => {
    await run(
      "SET PERSIST binlog_row_image = 'MINIMAL'",
      "SET GLOBAL binlog_row_metadata = 'MINIMAL', GLOBAL max_allowed_packet = 1048576",
    );
    const before = await state();
    const look = await preparation.look(want);
    expect(look).toMatchObject({
      userExists: false,
      schemas: [
        { name: 'odd_na%me', tables: 0 },
        { name: 'shop', tables: 2 },
      ],
    });
    expect(errors(look.problems)).toEqual([]);
    const prepared = await prepare();
    expect(ids(prepared.steps).filter((id) => id.startsWith('setting'))).toEqual([
      'setting binlog_row_image',
      'setting binlog_row_metadata',
      'setting max_allowed_packet',
    ]);
    expect(ids((await preparation.look(want)).missing)).toEqual([]);
    expect(await logsIn(user())).toBe(true);
    expect(await logsIn({ ...user(), password: 'another one' })).toBe(false);
    const asSource = await checkSource(user(), { serverId: 4711, routes });
    const ddl = { applies: true, asked: true, bothWays: true };
    const asTarget = await checkTarget(user(), { routes, source: user(), twoWay: true, rules: [], creates: true, suspends: true, ddl });
    expect(errors([...asSource, ...asTarget]).map(({ what, fix }) => [what, fix])).toEqual([]);
    const between = await state();
    expect(isDeepStrictEqual(before, between)).toBe(false);
    await undo(prepared);
    expect(await state()).toEqual(before);
    await undo(prepared); // whoever was interrupted does it again
    expect(await state()).toEqual(before);
    await run(
      'RESET PERSIST',
      "SET GLOBAL binlog_row_image = 'FULL', GLOBAL binlog_row_metadata = 'FULL', GLOBAL max_allowed_packet = 67108864",
    );
  });

  test('what is there stays, and each thing that lacks is found alone', async () => {
    const own = await prepare();
    const lacking: readonly (readonly [string, readonly string[]])[] = [
      ['REVOKE REPLICATION CLIENT ON *.* FROM lutra', ['grant *.*']],
      ['REVOKE TRIGGER ON `shop`.* FROM lutra', ['grant `shop`.*']],
      ['REVOKE UPDATE ON lutra.* FROM lutra', ['grant lutra.*']],
      ['REVOKE DELETE ON lutra.conflict FROM lutra', ['grant lutra.conflict']],
      ['REVOKE SESSION_VARIABLES_ADMIN ON *.* FROM lutra', ['grant *.*']],
      ['DROP TABLE lutra.seed', ['table seed']],
      ["SET GLOBAL binlog_row_image = 'NOBLOB'", ['setting binlog_row_image']],
      ['SET GLOBAL max_allowed_packet = 1048576', ['setting max_allowed_packet']],
    ];
    for (const [sql, missing] of lacking) {
      await run(sql);
      const before = await state();
      const prepared = await prepare();
      expect(ids(prepared.steps), sql).toEqual(missing);
      await undo(prepared);
      expect(await state(), sql).toEqual(before);
      await prepare();
    }
    await run('RESET PERSIST');
    await undo(own);
    expect((await preparation.look(want)).missing.map(({ kind }) => kind)).toContain('database');
  });

  test('a setting that somebody has changed since stays', async () => {
    await run('SET GLOBAL max_allowed_packet = 1048576');
    const prepared = await prepare();
    await run('SET GLOBAL max_allowed_packet = 33554432');
    expect((await preparation.undoable(prepared)).map(({ step }) => step.kind)).not.toContain('setting');
    await undo(prepared);
    expect(await session.query('SELECT @@GLOBAL.max_allowed_packet AS packet')).toEqual([{ packet: '33554432' }]);
    await run('RESET PERSIST', 'SET GLOBAL max_allowed_packet = 67108864');
  });

  test('a one-way source and a one-way target get no more than they need', async () => {
    const privileges = async (of: Partial<PrepareWant>): Promise<string | undefined> => {
      const { missing } = await preparation.look({ ...want, ...of, bothWays: false, schemas: ['shop'] });
      return missing.flatMap((step) => (step.kind === 'grant' && step.object === '`shop`.*' ? step.privileges : [])).join();
    };
    expect(await privileges({ target: false })).toBe('SELECT,TRIGGER,LOCK TABLES');
    expect(await privileges({ source: false, ddl: false, creates: false })).toBe('SELECT,INSERT,UPDATE,DELETE,TRIGGER');
  });

  test('only a person changes what stops writers, needs a restart, or is about GTIDs', async () => {
    await run('SET GLOBAL read_only = ON');
    const { problems, missing } = await preparation.look(want);
    await run('SET GLOBAL read_only = OFF');
    expect(errors(problems).map(({ id }) => id)).toEqual(['read-only']);
    expect(ids(missing)).not.toContain('setting read_only');
    await run('SET GLOBAL gtid_mode = ON_PERMISSIVE');
    const [both, oneWay] = [await preparation.look(want), await preparation.look({ ...want, bothWays: false })];
    await run('SET GLOBAL gtid_mode = ON');
    expect(errors(both.problems).map(({ id }) => id)).toEqual(['gtid-mode-both-ways']);
    expect(oneWay.problems.map(({ id, severity }) => [id, severity])).toContainEqual(['gtid-mode', 'warning']);
  });

  test('out of the binlog where that is wanted', async () => {
    const position = async (): Promise<unknown> =>
      (await session.query(version === '8.0' ? 'SHOW MASTER STATUS' : 'SHOW BINARY LOG STATUS'))[0]?.['Position'];
    await prepare(); // the tables
    await run('DROP USER lutra');
    const before = await position();
    await prepare({ ...want, binlog: false });
    expect(await position()).toEqual(before);
    expect(await logsIn(user())).toBe(true);
    await run('DROP DATABASE lutra', 'DROP USER lutra');
  });
});

test('schemas/lutra.sql is read whole', () => {
  const { database, tables } = lutraTables();
  expect(database).toMatch(/^CREATE DATABASE IF NOT EXISTS lutra/);
  expect([...tables.keys()]).toContain('checkpoint');
  expect(tables.get('skip')).toHaveLength(2);
});
