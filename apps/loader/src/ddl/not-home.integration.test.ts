/** Whole runs of a loader at home: what the other side has run is held; run there it goes on, with its path unless home crossed it. */
import { rowsTopic } from '@lutra/model';
import type { DdlRecord, PipelineUid } from '@lutra/model';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { MemoryIds } from '../../../../libs/avro/test/samples.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { MemoryLog } from '../memory-log.fixture.js';
import { HoldRoom } from './hold-room.fixture.js';

const ids = new MemoryIds();
const columns = [
  { name: 'id', type: 'int' },
  { name: 'v', type: 'varchar', charset: 'latin1', length: 10 },
] as const;
const back = uidOf('c.nothome');
const wait = { timeout: 20_000, interval: 5 };

let server: TestServer;
let away: string;
let home: string;
let uid: PipelineUid;
let [log, own]: MemoryLog[] = [];
let room: HoldRoom;
let number = 0;

beforeAll(async () => (server = await TestServer.shared('9.7')));
afterAll(() => server.stop());
beforeEach(async () => {
  away = await server.database();
  home = `${away}_h`;
  uid = uidOf(`c.nothome${(number += 1)}`);
  await server.run(`CREATE DATABASE ${home}; CREATE TABLE ${home}.t (id int primary key, v varchar(10) character set latin1)`);
  const of = (database: string) => ({ database, name: 't', columns, primaryKey: ['id'] });
  const to = [{ schema: away, table: '*', to: { schema: home } }];
  const from = [{ schema: home, table: '*', to: { schema: away } }];
  log = new MemoryLog({ ids, topic: rowsTopic('a'), origin: 'hangzhou', pipeline: uid, table: of(away) });
  own = new MemoryLog({ ids, topic: rowsTopic('b'), origin: 'california', pipeline: back, table: of(home) });
  await log.led(to);
  await own.led(from);
  const options = { server, ids, uid, routes: to, log, back: { log: own, uid: back, routes: from }, home: 'california' };
  room = await HoldRoom.open({ ...options, settings: { default: 'apply' } });
  room.target.translate = ({ sql, tables }) => ({
    sql: sql.replace(away, home),
    tables: tables.map((one) => ({ ...one, database: home })),
  });
});
afterEach(() => room.close());

const alter = (of: MemoryLog, sql: string, facts: Partial<DdlRecord> = {}) => {
  const database = of === log ? away : home;
  const tables = [{ database, name: 't', role: 'subject', offset: 12, length: database.length + 2 }] as const;
  return of.ddl(`ALTER TABLE ${database}.t ${sql}`, { statement: 'ALTER TABLE', tables, compatible: true, ...facts });
};
const holds = () => vi.waitUntil(() => room.status.hold !== undefined, wait);
const goesOn = () => vi.waitUntil(() => room.status.state === 'running' && room.order === null, wait);

test('holds whatever the policy says; run there it is home’s own, and whoever has it passes it', async () => {
  const seq = await alter(log!, 'ADD c INT');
  room.start();
  await holds();
  expect(room.status.hold).toMatchObject({
    reason: 'not-home',
    ways: ['run', 'done', 'skip'],
    message: expect.stringContaining('run in hangzhou'),
  });
  await own!.changed([{ before: null, after: { id: 5, v: 'home' } }]);
  await alter(own!, 'ADD d INT', { path: ['hangzhou', 'california'] });
  room.answer('run');
  await goesOn();
  expect(room.target.done).toEqual([`run ALTER TABLE ${home}.t ADD c INT by ann as of california (hangzhou)`]);
  expect([room.phases, room.failures]).toEqual([['held not-home', 'applied'], []]);
  // What it is for home’s own statements: it comes to a third region from here, and is passed where it was run first.
  expect(await server.query(`SELECT seq FROM lutra.checkpoint WHERE pipeline = '${uid}'`)).toMatchObject([{ seq: String(seq) }]);
});

test('a statement of home that the other side had not seen crosses it: it goes out as new', async () => {
  const seen = await alter(own!, 'ADD before INT');
  await alter(log!, 'ADD c INT', { seen: { [back]: { log: 'log-california', seq: seen } } });
  room.start();
  await holds();
  room.answer('run');
  await goesOn();
  await alter(own!, 'ADD crossing INT');
  await alter(log!, 'ADD e INT', { seen: { [back]: { log: 'log-california', seq: seen } } });
  await vi.waitUntil(() => room.status.hold !== undefined && room.order === null && room.status.state === 'held', wait);
  room.answer('run');
  await vi.waitUntil(() => room.target.done.length === 2, wait);
  expect(room.target.done.map((line) => line.replace(/^run ALTER TABLE \S+ /, ''))).toEqual([
    'ADD c INT by ann as of california (hangzhou)',
    'ADD e INT by ann as of california ()',
  ]);
});

test('what comes from home itself is carried out, and what is not compatible holds', async () => {
  room.offer({ ddl: { settings: { default: 'apply' }, bothWays: true, homes: [], home: 'hangzhou', isMesh: false } });
  await alter(log!, 'ADD c INT');
  await alter(log!, 'ADD UNIQUE INDEX u (v)', { compatible: false });
  room.start();
  await holds();
  expect(room.status.hold).toMatchObject({ reason: 'policy', message: expect.stringContaining('docs/10-schema-changes.md#both-ways') });
  expect(room.target.done).toEqual([`run ALTER TABLE ${home}.t ADD c INT`]);
  // Home is another region now.
  room.offer({
    ddl: {
      settings: { default: 'apply' },
      bothWays: true,
      homes: [{ schema: home, table: '*', region: 'california' }],
      home: 'hangzhou',
      isMesh: false,
    },
  });
  await vi.waitUntil(() => room.status.hold?.reason === 'not-home', wait);
});

test('what a person has run at its home comes on, and is not for whom it has passed', async () => {
  room.offer({ ddl: { settings: { default: 'apply' }, bothWays: true, homes: [], home: 'hangzhou', isMesh: false } });
  await alter(log!, 'ADD c INT', { path: ['oregon', 'hangzhou'] });
  await alter(log!, 'ADD d INT', { path: ['california', 'hangzhou'] });
  await alter(log!, 'ADD e INT', { path: ['oregon', 'hangzhou'], origin: 'oregon' });
  await alter(log!, 'ADD f INT');
  room.start();
  await vi.waitUntil(() => room.target.done.length === 2, wait);
  expect(room.target.done).toEqual([`run ALTER TABLE ${home}.t ADD c INT`, `run ALTER TABLE ${home}.t ADD f INT`]);
});
