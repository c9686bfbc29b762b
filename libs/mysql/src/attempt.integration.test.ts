import type { Row } from '@lutra/model';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ApplyConnection } from './apply-connection.js';
import { conflictKind } from './errors.js';
import { TestServer, versions } from './mysql.fixture.js';
import { planRows } from './row-plan.js';
import type { RowPlan } from './row-plan.js';
import { deleteRow, insertRow, readRowQuery, updateRow } from './row-statements.js';
import { Session } from './session.js';
import type { SqlText } from './sql-text.js';
import { openingText, transactionText, uncommittedText } from './transaction-text.js';

const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe.each(versions)('an open transaction on %s', (version) => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let parent: RowPlan;
  let child: RowPlan;
  /** Stands for the checkpoint's. */
  let fence: string;

  beforeAll(async () => {
    server = await TestServer.shared(version);
  });
  afterAll(async () => {
    await server.stop();
  });
  beforeEach(async () => {
    database = await server.database();
    await server.run(`CREATE TABLE ${database}.fence (n int); INSERT INTO ${database}.fence VALUES (0)`);
    await server.run(`CREATE TABLE ${database}.parent (id int primary key, u varchar(20) unique, v int)`);
    await server.run(
      `CREATE TABLE ${database}.child (id int primary key, p int, CONSTRAINT owned FOREIGN KEY (p) REFERENCES ${database}.parent (id))`,
    );
    await server.run(`INSERT INTO ${database}.parent VALUES (1, 'one', 1), (2, 'two', 2); INSERT INTO ${database}.child VALUES (1, 1)`);
    [parent, child] = [await plan('parent'), await plan('child')];
    fence = `UPDATE ${database}.fence SET n = n + 1`;
    connection = await ApplyConnection.open(server.options);
    return async () => connection.close();
  });

  async function plan(name: string): Promise<RowPlan> {
    const { source, target } = await server.load(database, name);
    return planRows(source, target);
  }

  const rows = async (): Promise<readonly unknown[]> => server.query(`SELECT id, u, v FROM ${database}.parent ORDER BY id`);
  const fenced = async (): Promise<unknown> => (await server.query(`SELECT n FROM ${database}.fence`))[0]?.['n'];
  const one: Row = { id: 1, u: 'one', v: 1 };
  const two: Row = { id: 2, u: 'two', v: 2 };
  const three: Row = { id: 3, u: 'three', v: 3 };
  const joined = (...texts: readonly SqlText[]): SqlText => ({
    sql: texts.map(({ sql }) => sql).join(';\n'),
    marks: texts.flatMap(({ marks }) => marks),
  });

  const refusals: readonly (readonly [string, () => SqlText, string, object])[] = [
    ['a taken unique value', () => insertRow(parent, { id: 9, u: 'one', v: 9 }), 'unique value taken', { errno: 1062, does: 'insert' }],
    ['a taken unique value of an update', () => updateRow(parent, two, { ...two, u: 'one' }), 'unique value taken', { does: 'update' }],
    ['a taken primary key', () => insertRow(parent, { ...one, u: 'new' }), 'unique value taken', { errno: 1062 }],
    ['a missing parent', () => insertRow(child, { id: 9, p: 77 }), 'parent missing', { errno: 1452, table: 'child' }],
    ['a child that exists', () => deleteRow(parent, one), 'child exists', { errno: 1451, does: 'delete' }],
    ['a missing row to update', () => updateRow(parent, three, three), 'row missing', { errno: 1690, does: 'count rows' }],
    ['a missing row to delete', () => deleteRow(child, { id: 5 }), 'row missing', { table: 'child' }],
  ];

  test.each(refusals)('%s: told, and what came before and comes after is committed', async (_, text, kind, details) => {
    await connection.run(openingText(fence));
    await connection.run(updateRow(parent, one, { ...one, v: 10 }));
    const error = await connection.attempt(text());
    expect(error).toEqual(refused('ROW_CONFLICT', { database, ...details }));
    expect(error && conflictKind(error)).toBe(kind);
    expect(await connection.attempt(insertRow(parent, three))).toBeNull();
    expect(await connection.within(readRowQuery(parent, three, true))).toEqual([[expect.anything()]]);
    expect(await rows()).toEqual([one, two]);
    await connection.commit();
    expect(await rows()).toEqual([{ ...one, v: 10 }, two, three]);
    expect(await fenced()).toBe(1);
    expect(await server.query(`SELECT id, p FROM ${database}.child`)).toEqual([{ id: 1, p: 1 }]);
  });

  test('the key of a taken value is named, the value not', async () => {
    await connection.run(openingText(fence));
    const error = await connection.attempt(insertRow(parent, { id: 9, u: 'one', v: 9 }));
    expect(error?.details['key']).toMatch(/u$/);
    expect(error?.message).not.toContain('one');
    await connection.rollback();
  });

  test('of several statements those before the refused one stay, those after it never run', async () => {
    await connection.run(openingText(fence));
    const text = joined(
      insertRow(parent, three),
      insertRow(parent, { id: 4, u: 'one', v: 4 }),
      insertRow(parent, { id: 5, u: 'five', v: 5 }),
    );
    expect(await connection.attempt(text)).toEqual(refused('ROW_CONFLICT', { errno: 1062 }));
    await connection.commit();
    expect(await rows()).toEqual([one, two, three]);
  });

  test('any other failure rolls back: of attempt(), of within() and of commit()', async () => {
    await connection.run(openingText(fence));
    await connection.run(insertRow(parent, three));
    const long = insertRow(parent, { id: 9, u: 'x'.repeat(21), v: 9 });
    await expect(connection.attempt(long)).rejects.toEqual(refused('APPLY_REFUSED', { errno: 1406, does: 'insert' }));
    await expect(connection.attempt(insertRow(parent, three))).rejects.toEqual(refused('INTERNAL'));
    await connection.run(openingText(fence));
    await connection.run(insertRow(parent, three));
    await expect(connection.within(`SELECT * FROM ${database}.nothing`)).rejects.toEqual(refused('TABLE_MISSING', { errno: 1146 }));
    await expect(connection.within('SELECT 1')).rejects.toEqual(refused('INTERNAL'));
    await expect(connection.commit()).rejects.toEqual(refused('INTERNAL'));
    expect(await rows()).toEqual([one, two]);
    expect(await fenced()).toBe(0);
  });

  test('a lock that another session holds: TARGET_BUSY, rolled back', async () => {
    const other = await Session.open(server.options, 'target');
    await other.execute(`BEGIN; UPDATE ${database}.parent SET v = 9 WHERE id = 2`);
    await connection.run(openingText(fence));
    await connection.run(insertRow(parent, three));
    await expect(connection.within(readRowQuery(parent, two, true))).rejects.toEqual(refused('TARGET_BUSY', { errno: 1205 }));
    await connection.run(openingText(fence));
    await expect(connection.attempt(updateRow(parent, two, two))).rejects.toEqual(refused('TARGET_BUSY', { errno: 1205 }));
    await other.execute('ROLLBACK');
    await other.close();
    expect(await rows()).toEqual([one, two]);
  });

  test('a lost connection: TARGET_UNAVAILABLE, nothing stays', async () => {
    const lose = async (act: (dying: ApplyConnection) => Promise<unknown>): Promise<void> => {
      const dying = await ApplyConnection.open(server.options);
      await dying.run(uncommittedText(fence, insertRow(parent, three)));
      const [[row] = []] = await dying.within('SELECT CONNECTION_ID() AS id');
      await server.run(`KILL ${Number(row?.['id'])}`);
      await expect(act(dying)).rejects.toEqual(refused('TARGET_UNAVAILABLE'));
      expect(dying.broken).toBe(true);
    };
    await lose((dying) => dying.within('SELECT 1'));
    await lose((dying) => dying.attempt(insertRow(parent, { ...three, id: 4 })));
    await lose((dying) => dying.commit());
    expect(await rows()).toEqual([one, two]);
    expect(await fenced()).toBe(0);
  });

  test('a text without its COMMIT holds its locks until commit()', async () => {
    await connection.run(uncommittedText(fence, insertRow(parent, three)));
    expect(await rows()).toEqual([one, two]);
    const other = await ApplyConnection.open(server.options);
    await expect(
      other.run(transactionText(`UPDATE ${database}.parent SET v = 0 WHERE id = 3`, insertRow(child, { id: 3, p: 2 }))),
    ).rejects.toEqual(refused('TARGET_BUSY', { errno: 1205 }));
    await other.close();
    await connection.commit();
    expect(await rows()).toEqual([one, two, three]);
  });

  test('repeatable: what was looked for and is missing stays missing; the next transaction is as usual', async () => {
    const other = await Session.open(server.options, 'target');
    const missing = readRowQuery(parent, { id: 7 }, true);
    await connection.run(openingText(fence, { repeatable: true }));
    expect(await connection.within(missing)).toEqual([[]]);
    const insert = `INSERT INTO ${database}.parent VALUES (7, 'seven', 7)`;
    const busy = await other.execute(insert).catch((error: unknown) => other.translate(error, 'insert'));
    expect(busy).toEqual(refused('TARGET_BUSY', { errno: 1205 }));
    expect(await connection.attempt(insertRow(parent, { ...three, u: 'one' }))).toEqual(refused('ROW_CONFLICT', { errno: 1062 }));
    await connection.commit();
    await connection.run(openingText(fence));
    expect(await connection.within(missing)).toEqual([[]]);
    await other.execute(insert);
    await connection.commit();
    expect(await rows()).toHaveLength(3);
    await other.close();
  });

  test('a failure in the first text of a repeatable transaction is named by its statement', async () => {
    const text = uncommittedText(fence, joined(insertRow(parent, three), insertRow(child, { id: 9, p: 77 })), { repeatable: true });
    await expect(connection.run(text)).rejects.toEqual(refused('ROW_CONFLICT', { does: 'insert', table: 'child', errno: 1452 }));
    const empty = openingText(`${fence} WHERE n = 5`, { repeatable: true });
    await expect(connection.run(empty)).rejects.toEqual(refused('CHECKPOINT_MISSING', { does: 'count fence' }));
    expect(await rows()).toEqual([one, two]);
  });
});
