import * as fc from 'fast-check';
import type { Row } from '@lutra/model';
import { ApplyConnection, planRows } from '@lutra/mysql';
import type { RowPlan, SqlText } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { LockedRows } from './locked-rows.js';
import { readRows, writeRow } from './rows.js';

const begin: SqlText = { sql: 'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN', marks: [{ does: 'begin' }, { does: 'begin' }] };

describe('rows that are locked', () => {
  let server: TestServer;
  let connection: ApplyConnection;
  let database: string;
  let tables = 0;

  beforeAll(async () => {
    server = await TestServer.shared('9.7');
    connection = await ApplyConnection.open(server.options);
    database = await server.database();
  });
  afterAll(async () => {
    await connection.close();
    await server.stop();
  });

  async function table(columns: string): Promise<RowPlan> {
    const name = `t${++tables}`;
    await server.run(`CREATE TABLE ${database}.${name} (${columns})`);
    return planOf(name);
  }

  async function planOf(name: string): Promise<RowPlan> {
    const { source, target } = await server.load(database, name);
    return planRows(source, target);
  }

  const few = fc.integer({ min: 0, max: 3 });
  const letter = fc.constantFrom('a', 'A', 'b', 'B');
  test.each<[string, string, fc.Arbitrary<Row>]>([
    ['numbers', 'id int primary key, v int', fc.record({ id: few, v: few })],
    ['a unique text', 'id int primary key, u varchar(9) unique, v int', fc.record({ id: few, u: fc.option(letter), v: few })],
    ['a key of text', 'k varchar(9) primary key, u int, v int, unique (u, v)', fc.record({ k: letter, u: fc.option(few), v: few })],
  ])('with %s: are at any time what the server says', async (_, columns, row) => {
    const plan = await table(columns);
    const act = fc.record({ does: fc.constantFrom('lock', 'write', 'write', 'delete'), row, other: row });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 25 }), async (acts) => {
        await connection.rollback(); // of one that failed: the next ones look for less
        await connection.run(begin);
        const rows = new LockedRows(connection);
        for (const { does, row: key, other } of acts) {
          if (does === 'lock') await rows.lock([key, other].map((each) => ({ plan, key: each, values: each })));
          const found = await rows.read({ plan, key, values: key });
          expect([found]).toEqual(await readRows(connection, [{ plan, key, values: key }]));
          if (does === 'lock') continue;
          const change = { existing: found.existing, row: does === 'write' ? key : null, displaced: does === 'write' ? found.holders : [] };
          expect(await writeRow(connection, plan, change)).toBeNull();
          rows.written(plan, change);
        }
        await connection.rollback();
      }),
      { numRuns: 60 },
    );
  });

  test('a row that holds a unique value of another one is told as the transaction has left it', async () => {
    const plan = await table('id int primary key, u varchar(9) unique, v int');
    await server.run(`INSERT INTO ${database}.${plan.table.target.name} VALUES (3, 'a', 0)`);
    await connection.run(begin);
    const rows = new LockedRows(connection);
    const other = { plan, key: { id: 1 }, values: { id: 1, u: 'A', v: 0 } };
    expect((await rows.read(other)).holders).toEqual([{ id: 3, u: 'a', v: 0 }]);
    const change = { existing: { id: 3, u: 'a', v: 0 }, row: { id: 3, u: 'a', v: 1 }, displaced: [] };
    expect(await writeRow(connection, plan, change)).toBeNull();
    rows.written(plan, change);
    expect((await rows.read(other)).holders).toEqual([change.row]);
    await connection.rollback();
  });

  test('rows that come and go are read once, when they are locked', async () => {
    const plan = await table('id int primary key, v int');
    await connection.run(begin);
    let reads = 0;
    const rows = new LockedRows({ within: (...args) => ((reads += 1), connection.within(...args)) });
    const all: readonly Row[] = Array.from({ length: 100 }, (_, id) => ({ id, v: id }));
    await rows.lock(all.map((key) => ({ plan, key, values: key })));
    for (const does of ['come', 'go', 'come again'])
      for (const row of all) {
        const { existing, holders } = await rows.read({ plan, key: row, values: row });
        expect([existing, holders]).toEqual([does === 'go' ? row : null, []]);
        const change = { existing, row: does === 'go' ? null : row, displaced: [] };
        expect(await writeRow(connection, plan, change)).toBeNull();
        rows.written(plan, change);
      }
    expect(reads).toBe(1);
    await connection.rollback();
  });

  test('what a trigger or a foreign key does beside is read again', async () => {
    const [parentName, childName, watchedName] = ['parent', 'child', 'watched'].map((name) => `${name}${++tables}`) as [
      string,
      string,
      string,
    ];
    await server.run(`USE ${database};
      CREATE TABLE ${parentName} (id int primary key, v int);
      CREATE TABLE ${childName} (id int primary key, p int, FOREIGN KEY (p) REFERENCES ${parentName} (id) ON DELETE CASCADE);
      CREATE TABLE ${watchedName} (id int primary key, v int);
      CREATE TRIGGER more BEFORE UPDATE ON ${watchedName} FOR EACH ROW SET NEW.v = NEW.v + 100;
      INSERT INTO ${parentName} VALUES (1, 1); INSERT INTO ${childName} VALUES (7, 1); INSERT INTO ${watchedName} VALUES (1, 1)`);
    const [parent, child, watched] = [await planOf(parentName), await planOf(childName), await planOf(watchedName)];
    await connection.run(begin);
    const rows = new LockedRows(connection);
    const read = async (plan: RowPlan, id: number): Promise<Row | null> => (await rows.read({ plan, key: { id }, values: null })).existing;
    expect([await read(parent, 1), await read(child, 7), await read(watched, 1)]).toEqual([
      { id: 1, v: 1 },
      { id: 7, p: 1 },
      { id: 1, v: 1 },
    ]);
    for (const [plan, change] of [
      [parent, { existing: { id: 1, v: 1 }, row: null, displaced: [] }],
      [watched, { existing: { id: 1, v: 1 }, row: { id: 1, v: 2 }, displaced: [] }],
    ] as const) {
      expect(await writeRow(connection, plan, change)).toBeNull();
      rows.written(plan, change);
    }
    expect([await read(parent, 1), await read(child, 7), await read(watched, 1)]).toEqual([null, null, { id: 1, v: 102 }]);
    await connection.rollback();
  });
});
