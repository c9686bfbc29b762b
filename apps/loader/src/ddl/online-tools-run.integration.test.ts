/** Online tools in whole runs of a loader, with a real target: rows before, amid and behind their renames. */
import { rowsTopic } from '@lutra/model';
import type { DdlRecord, PipelineUid, Route, TableSchema } from '@lutra/model';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { MemoryIds } from '../../../../libs/avro/test/samples.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { MemoryLog } from '../memory-log.fixture.js';
import { ddlRecord } from './ddl-record.fixture.js';
import { ddlTargetOf } from './ddl-target.js';
import { HoldRoom, oneWay } from './hold-room.fixture.js';
import { ghostBegins, ghostCutsOver, numbered, ptOscBegins, ptOscSwaps } from './tool-statements.fixture.js';

const ids = new MemoryIds();
const addsC = { table: 'item', alter: 'ADD COLUMN c int', clauses: [{ action: 'add', what: 'column', name: 'c' }] } as const;
const of = numbered((sql, places, more) => ddlRecord(sql, places, { database, ...more }));

let server: TestServer;
let database: string;
let uid: PipelineUid;
let log: MemoryLog;
let room: HoldRoom | null;
let number = 0;

beforeAll(async () => (server = await TestServer.shared('9.7')));
afterAll(() => server.stop());
beforeEach(async () => {
  room = null;
  database = await server.database();
  uid = uidOf(`c.online${(number += 1)}`);
  await server.run(`CREATE TABLE ${database}.item (id int primary key, v int)`);
  log = new MemoryLog({ ids, topic: rowsTopic('a'), origin: 'hangzhou', pipeline: uid, table: table('item') });
});
afterEach(async () => room?.close());

const table = (name: string, ...more: readonly string[]): TableSchema => ({
  database,
  name,
  columns: ['id', 'v', ...more].map((column) => ({ name: column, type: 'int' })),
  primaryKey: ['id'],
});
const say = async (records: readonly DdlRecord[]): Promise<void> => {
  for (const { sql, statement, tables, clauses, session, id } of records)
    await log.ddl(sql, { id, database, statement, tables, clauses, session });
};
const insert = (into: TableSchema, ...rows: readonly Record<string, number>[]): Promise<void> =>
  log.changed(
    rows.map((after) => ({ before: null, after })),
    { table: into },
  );
async function run(routes: readonly Route[], bothWays: boolean): Promise<HoldRoom> {
  await log.led(routes);
  const opened = await HoldRoom.open({
    server,
    ids,
    uid,
    routes,
    log,
    settings: { default: bothWays ? 'stop' : 'apply' },
    targetOf: ddlTargetOf,
  });
  opened.offer({ ddl: { settings: { default: bothWays ? 'stop' : 'apply' }, ...oneWay, bothWays } });
  return (room = opened);
}
const rows = async (): Promise<unknown> =>
  server.query(`SELECT * FROM ${database}.item ORDER BY id`).then(
    (found) => found.map((row) => Object.values(row).map((value) => value && Number(value))),
    () => null,
  );
const isThere = (...want: readonly unknown[]) =>
  vi.waitUntil(async () => JSON.stringify(await rows()) === JSON.stringify(want), { timeout: 20_000, interval: 20 });
const holds = (of: HoldRoom) => vi.waitUntil(() => of.status.hold !== undefined, { timeout: 20_000, interval: 5 });
const tables = async (): Promise<string> =>
  (await server.query(`SELECT TABLE_NAME AS t FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}' ORDER BY 1`))
    .map(({ t }) => String(t))
    .join();

test('both ways the rows of a shadow are not applied, and the rename holds until what was altered is there', async () => {
  const held = await run([{ schema: database, table: '*' }], true);
  await insert(table('item'), { id: 1, v: 1 });
  await say(ghostBegins(of, addsC));
  // Of another pipeline, which goes one way.
  await insert(table('_item_gho', 'c'), { id: 1, v: 7, c: 7 });
  await say([
    of('CREATE INDEX i ON _item_gho (c)', [['subject', '_item_gho']], { clauses: [{ action: 'add', what: 'index', name: 'i' }] }),
  ]);
  await insert(table('item'), { id: 2, v: 2 });
  await say(ghostCutsOver(of, addsC));
  await insert(table('item', 'c'), { id: 3, v: 3, c: 3 });
  held.start();
  await holds(held);
  const said = [`alter /* gh-ost */ table \`${database}\`.\`item\` ADD COLUMN c int`, `CREATE INDEX i ON \`${database}\`.\`item\` (c)`];
  expect(held.status.hold).toMatchObject({ reason: 'online-change', here: said.join(';\n'), ways: ['run', 'done', 'skip'] });
  expect([await rows(), await tables()]).toEqual([
    [
      [1, 1],
      [2, 2],
    ],
    'item',
  ]);
  held.answer('run');
  await isThere([1, 1, null], [2, 2, null], [3, 3, 3]);
  expect([held.phases, held.failures, await tables()]).toEqual([['held online-change', 'applied'], [], 'item']);
});

test('both ways it ends by itself once the tool has run here too', async () => {
  const held = await run([{ schema: database, table: 'item' }], true);
  await say([...ptOscBegins(of, addsC), ...ptOscSwaps(of, addsC)]);
  await insert(table('item', 'c'), { id: 3, v: 3, c: 3 });
  held.start();
  await holds(held);
  await server.run(`CREATE TABLE ${database}._item_new (id int primary key, v int, c int)`);
  await server.run(`RENAME TABLE ${database}.item TO ${database}._item_old, ${database}._item_new TO ${database}.item`);
  await isThere([3, 3, 3]);
  expect([held.phases, held.omissions]).toEqual([['held online-change', 'done'], []]);
});

test('one way a shadow goes with its table, which is routed by its name: what it has, the table has', async () => {
  const held = await run([{ schema: database, table: 'item' }], false);
  await insert(table('item'), { id: 1, v: 1 });
  await say(ptOscBegins(of, addsC));
  await insert(table('_item_new', 'c'), { id: 1, v: 1, c: 9 });
  await say(ptOscSwaps(of, addsC));
  await insert(table('item', 'c'), { id: 3, v: 3, c: 3 });
  held.start();
  await isThere([1, 1, 9], [3, 3, 3]);
  expect([held.failures, await tables()]).toEqual([[], 'item']);
});

test('one way the rows of a tool that began before its table was routed go nowhere, and its rename holds', async () => {
  const held = await run([{ schema: database, table: 'item' }], false);
  await insert(table('_item_new', 'c'), { id: 1, v: 1, c: 9 });
  await insert(table('item'), { id: 1, v: 1 });
  await say(ptOscSwaps(of, addsC));
  held.start();
  await holds(held);
  expect([held.status.hold?.reason, await rows(), held.failures]).toEqual(['entered', [[1, 1]], []]);
});
