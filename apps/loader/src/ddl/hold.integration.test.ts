/** Schema changes in whole runs of a loader, with a real target: what comes before, behind and beside one, and what ends a hold. */
import { rowsTopic } from '@lutra/model';
import type { DdlSettings, DdlTable, PipelineUid, Route, TableSchema } from '@lutra/model';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { MemoryIds } from '../../../../libs/avro/test/samples.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { MemoryLog } from '../memory-log.fixture.js';
import { HoldRoom, oneWay } from './hold-room.fixture.js';

const ids = new MemoryIds();
const columns = [
  { name: 'id', type: 'int' },
  { name: 'v', type: 'varchar', charset: 'latin1', length: 60_000 },
] as const;
const large = 'x'.repeat(50_000);

let server: TestServer;
let database: string;
let uid: PipelineUid;
let routes: readonly Route[];
let log: MemoryLog;
let rooms: HoldRoom[];
let number = 0;

beforeAll(async () => (server = await TestServer.shared('9.7')));
afterAll(() => server.stop());
beforeEach(async () => {
  rooms = [];
  database = await server.database();
  uid = uidOf(`c.hold${(number += 1)}`);
  routes = [{ schema: database, table: '*' }];
  await server.run(`CREATE TABLE ${database}.t (id int primary key, v varchar(60000) character set latin1)`);
  log = new MemoryLog({ ids, topic: rowsTopic('a'), origin: 'hangzhou', pipeline: uid, table: before() });
  await log.led(routes);
});
afterEach(async () => {
  for (const room of rooms) await room.close();
});

const before = (): TableSchema => ({ database, name: 't', columns, primaryKey: ['id'] });
const after = (): TableSchema => ({ ...before(), columns: [...columns, { name: 'c', type: 'int' }] });
const subject = (): DdlTable => ({ database, name: 't', role: 'subject', offset: 12, length: 1 });
const alter = (facts = {}): Promise<number> =>
  log.ddl(`ALTER TABLE ${database}.t ADD c INT`, { statement: 'ALTER TABLE', tables: [subject()], ...facts });
const insert = (id: number, of: Partial<{ v: string }> = {}) => log.changed([{ before: null, after: { id, v: 'a', ...of } }]);
const insertBehind = (id: number) => log.changed([{ before: null, after: { id, v: 'a', c: id } }], { table: after() });

async function roomOf(settings?: DdlSettings, more = {}): Promise<HoldRoom> {
  const room = await HoldRoom.open({ server, ids, uid, routes, log, ...(settings && { settings }), ...more });
  rooms.push(room);
  return room;
}
const rows = async (): Promise<readonly number[]> =>
  (await server.query(`SELECT id FROM ${database}.t ORDER BY id`)).map(({ id }) => Number(id));
const isThere = (...want: readonly number[]) =>
  vi.waitUntil(async () => (await rows()).join() === want.join(), { timeout: 20_000, interval: 20 });
const holds = (room: HoldRoom) => vi.waitUntil(() => room.status.hold !== undefined, { timeout: 20_000, interval: 5 });
const seqAtTarget = async (): Promise<number> => {
  const [row] = await server.query(`SELECT seq FROM lutra.checkpoint WHERE pipeline = '${uid}'`);
  return Number(row?.['seq']);
};

test('where another pipeline writes the table: what may take its rows holds, and what adds a column does not', async () => {
  const room = await roomOf();
  room.offer({
    ddl: { settings: { default: 'apply' }, ...oneWay, others: [[{ schema: 'north', table: 't', to: { schema: database } }]] },
  });
  room.start();
  await insert(1);
  await alter({ clauses: [{ action: 'add', what: 'column', name: 'c' }] });
  await insertBehind(2);
  await isThere(1, 2);
  await log.ddl(`TRUNCATE TABLE ${database}.t`, { statement: 'TRUNCATE TABLE', tables: [{ ...subject(), offset: 15 }] });
  await holds(room);
  expect(room.status.hold).toMatchObject({ reason: 'policy', statement: 'TRUNCATE TABLE' });
  expect(await rows()).toEqual([1, 2]);
});

test('what came before is committed, a large transaction too; rows behind go by the new definition, in the same run', async () => {
  const room = await roomOf();
  await insert(1);
  await log.changed(Array.from({ length: 10 }, (_, i) => ({ before: null, after: { id: 10 + i, v: large } })));
  await alter();
  await insertBehind(2);
  // What is there when it runs, it keeps.
  const copy = `CREATE TABLE ${database}.copy AS SELECT id FROM ${database}.t`;
  room.target.beforehand = copy;
  room.start();
  const ten = Array.from({ length: 10 }, (_, i) => 10 + i);
  await isThere(1, 2, ...ten);
  const there = await server.query(`SELECT id FROM ${database}.copy ORDER BY id`);
  expect(there.map(({ id }) => Number(id))).toEqual([1, ...ten]);
  expect(await server.query(`SELECT c FROM ${database}.t WHERE id = 2`)).toEqual([{ c: 2 }]);
  expect([room.failures, room.phases]).toEqual([[], ['applied']]);
});

describe('a hold', () => {
  test('keeps what is behind it, says so, outlives a restart, and ends by an answer', async () => {
    const room = await roomOf({ default: 'stop' });
    await insert(1);
    const seq = await alter();
    await insertBehind(2);
    room.start();
    await holds(room);
    const facts = { seq, reason: 'policy', statement: 'ALTER TABLE', ways: ['run', 'done', 'skip'], tables: [{ database, name: 't' }] };
    expect(room.status).toMatchObject({ state: 'held', hold: facts, lastError: { code: 'DDL_HELD', details: { reason: 'policy', seq } } });
    // What came before is saved: others may wait for it.
    expect([await rows(), await seqAtTarget()]).toEqual([[1], seq - 1]);
    await room.stop();
    expect(room.status.hold).toBeUndefined();
    room.start();
    await holds(room);
    const [first, second] = room.events;
    expect(first && { ...second, at: first.at }).toEqual(first);
    expect(await rows()).toEqual([1]);
    await server.run(`ALTER TABLE ${database}.t ADD c INT`);
    room.answer('done');
    await isThere(1, 2);
    expect(room.status).toMatchObject({ state: 'running', lastError: null });
    expect([room.status.hold, room.order, room.failures, room.target.done]).toEqual([undefined, null, [], [`done g:${seq} by ann`]]);
    expect(room.phases).toEqual(['held policy', 'held policy', 'done']);
  });

  test('is ended by "skip", which people are shown until they confirm it', async () => {
    const room = await roomOf({ default: 'stop' });
    const seq = await alter();
    await insert(1);
    room.start();
    await holds(room);
    room.answer('skip');
    await isThere(1);
    expect(room.omissions).toMatchObject([{ kind: 'skip', what: 'ALTER TABLE', tables: [`${database}.t`], record: { seq } }]);
    expect(room.phases).toEqual(['held policy', 'skipped']);
  });

  test('ends by an edit of its policy; that of routes waits for its record, and does not keep the policy from it', async () => {
    const room = await roomOf({ default: 'stop' });
    await alter();
    await insertBehind(1);
    room.start();
    await holds(room);
    room.offer({ routes: [...routes, { schema: 'other', table: '*' }] });
    room.offer({ ddl: { settings: { default: 'apply' }, ...oneWay } });
    await isThere(1);
    expect([room.live.isTaken, room.failures]).toEqual([false, []]);
  });

  test('takes an edit of anything else, and holds on', async () => {
    const room = await roomOf({ default: 'stop' });
    await insert(1);
    await alter();
    await insertBehind(2);
    room.start();
    await holds(room);
    room.offer({ onUnsupported: 'suspend' });
    await vi.waitUntil(() => room.live.isTaken, { timeout: 20_000, interval: 5 });
    expect([room.status.state, await rows()]).toEqual(['held', [1]]);
    room.answer('run');
    await isThere(1, 2);
    expect(room.failures).toEqual([]);
  });

  test('ends with its channel, and nothing was passed', async () => {
    const room = await roomOf({ default: 'stop' });
    const seq = await alter();
    await insert(1);
    room.start();
    await holds(room);
    await room.stop();
    expect([await rows(), (await seqAtTarget()) < seq, room.target.done]).toEqual([[], true, []]);
  });

  test('by what the target refuses: a person changes it there, and it is carried out', async () => {
    const room = await roomOf();
    room.target.refusals = [{ reason: 'failed', message: '1062: duplicate' }];
    await alter();
    await insertBehind(1);
    room.start();
    await holds(room);
    expect(room.status.hold).toMatchObject({ reason: 'failed', message: '1062: duplicate' });
    room.answer('run');
    await isThere(1);
    expect(room.phases).toEqual(['held failed', 'applied']);
  });
});

test('what is to be ignored waits until ZooKeeper has it, is counted, and not seen again by the next owner', async () => {
  const room = await roomOf({ default: 'apply', truncate: 'ignore' });
  room.away = 1;
  const seq = await log.ddl(`TRUNCATE TABLE ${database}.t`, { statement: 'TRUNCATE TABLE', tables: [subject()] });
  room.start();
  await vi.waitUntil(async () => (await seqAtTarget()) === seq, { timeout: 20_000, interval: 20 });
  expect(room.omissions).toMatchObject([{ kind: 'ddl', what: 'TRUNCATE TABLE', record: { seq } }]);
  await room.stop();
  room.start();
  await insert(1);
  await isThere(1);
  expect([room.phases, room.failures, room.target.done]).toEqual([['ignored'], [], []]);
});

test('of another pipeline, of a table that is suspended, or forwarded to here: passed', async () => {
  const room = await roomOf({ default: 'stop' });
  await room.suspend({ database, name: 'left', code: 'COLUMN_UNSUPPORTED' });
  room.offer({ onUnsupported: 'suspend' });
  await log.ddl('DROP TABLE crm.t', { statement: 'DROP TABLE', tables: [{ ...subject(), database: 'crm' }] });
  await log.ddl('DROP TABLE `left`', { statement: 'DROP TABLE', tables: [{ ...subject(), name: 'left' }] });
  await alter({ path: ['oregon', 'hangzhou'], origin: 'oregon' });
  await insert(1);
  room.start();
  await isThere(1);
  expect([room.phases, room.failures, room.target.done]).toEqual([[], [], []]);
});

test('what comes back to where it was run stops: its capture took a copy for new', async () => {
  const room = await roomOf();
  await alter({ path: ['california'], origin: 'california' });
  room.start();
  await vi.waitUntil(() => room.failures.length > 0, { timeout: 20_000, interval: 5 });
  expect(room.failures[0]).toMatch(/^LOOP_DETECTED ALTER TABLE .*t that was first committed in california/);
});

test('a rewind passes what was carried out, and rows before it come again', async () => {
  const room = await roomOf({ default: 'apply' });
  await insert(1);
  const seq = await alter();
  await insertBehind(2);
  room.start();
  await isThere(1, 2);
  await room.stop();
  const at = await seqAtTarget();
  await server.run(`DELETE FROM ${database}.t WHERE id = 1;
    UPDATE lutra.checkpoint SET seq = 0, next_offset = 2, replay_until = ${at} WHERE pipeline = '${uid}'`);
  // What it knew of the record is lost: the place alone tells.
  room.target.states.clear();
  room.start();
  await isThere(1, 2);
  await vi.waitUntil(async () => (await seqAtTarget()) >= at, { timeout: 20_000, interval: 5 });
  expect([seq < at, room.target.done.length, room.failures]).toEqual([true, 1, []]);
});

test('an order to skip that was given before the record is for it, and no answer of a hold skips rows', async () => {
  const room = await roomOf({ default: 'apply' });
  const seq = await alter();
  await insert(1);
  room.order = { log: 'log-hangzhou', seq, reason: 'so', at: 1 };
  room.start();
  await isThere(1);
  expect(room.target.done).toEqual([`skipped g:${seq} by an operator`]);
  await room.stop();
  room.order = { log: 'log-hangzhou', seq: seq + 2, answer: 'run', by: 'ann', reason: 'so', at: 1 };
  await insert(2);
  room.start();
  await isThere(1, 2);
});

describe('both ways', () => {
  const back = uidOf('c.back');

  test('the other pipeline goes on beside a hold, its conflicts are decided, and the held one reads no other log', async () => {
    const there = `${database}_b`;
    await server.run(`CREATE DATABASE ${there}; CREATE TABLE ${there}.t LIKE ${database}.t`);
    const table = (of: string) => ({ ...before(), database: of });
    const [to, from] = [
      [{ schema: database, table: '*', to: { schema: there } }],
      [{ schema: there, table: '*', to: { schema: database } }],
    ] as const;
    const other = new MemoryLog({ ids, topic: rowsTopic('b'), origin: 'california', pipeline: back, table: table(there) });
    log = new MemoryLog({ ids, topic: rowsTopic('a'), origin: 'hangzhou', pipeline: uid, table: table(database) });
    await log.led([...to]);
    await other.led([...from]);
    const held = await roomOf(undefined, { routes: to, back: { log: other, uid: back, routes: from } });
    const ends = { from: ['b', 'california'], to: ['a', 'hangzhou'] };
    const beside = await roomOf(undefined, { uid: back, routes: from, log: other, back: { log, uid, routes: to }, ...ends });
    // Both sides have changed row 1; the other one has not seen it. Then home alters, which is held there.
    await server.run(`INSERT INTO ${database}.t VALUES (1, 'home')`);
    await insert(1, { v: 'home' });
    await insert(5);
    await alter();
    held.start();
    await holds(held);
    expect(held.status.hold?.reason).toBe('policy');
    await vi.waitUntil(() => held.readers.get(rowsTopic('b')) === 0, { timeout: 20_000, interval: 5 });
    await other.changed([{ before: null, after: { id: 1, v: 'away' } }]);
    await other.changed([{ before: null, after: { id: 2, v: 'away' } }]);
    beside.start();
    await isThere(1, 2);
    await insertBehind(6);
    await other.changed([{ before: null, after: { id: 3, v: 'away' } }]);
    await isThere(1, 2, 3);
    expect(await server.query(`SELECT v FROM ${database}.t WHERE id = 1`)).toEqual([{ v: 'home' }]);
    expect([held.status.state, held.failures, beside.failures]).toEqual(['held', [], []]);
    await server.run(`ALTER TABLE ${there}.t ADD c INT`);
    held.answer('done');
    await vi.waitUntil(async () => (await server.query(`SELECT 1 FROM ${there}.t WHERE id = 6`)).length === 1, {
      timeout: 20_000,
      interval: 20,
    });
    expect([held.failures, beside.failures]).toEqual([[], []]);
    expect(held.readers.get(rowsTopic('b'))).toBe(1);
  });
});
