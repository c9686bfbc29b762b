/** A table without any key: its rows come once, whole, into an empty table; changes that are in them are passed over. */
import type { Row } from '@lutra/model';
import { beforeEach, expect, it } from 'vitest';
import { rooms } from '../conflict/detect/conflict-detector.fixture.js';
import { SeedRoom } from './seed-room.fixture.js';
import type { SeedRoomOptions } from './seed-room.fixture.js';

const enter = rooms('9.7', { tables: { t: 'a int, b varchar(2000), f float' }, flowsBack: false });
const row = (a: number, b: string | null = null, f: number | null = null): Row => ({ a, b, f });
const many = (count: number): Row[] => Array.from({ length: count }, (_, i) => row(i % 3, 'x'.repeat(40), Math.fround(0.1)));
let room: SeedRoom;
const open = async (rows = '', options: SeedRoomOptions = {}): Promise<SeedRoom> =>
  (room = await SeedRoom.of(await enter({ ...(rows !== '' && { rows }) }), options));
beforeEach(() => open());
const texts = async (): Promise<readonly string[]> => (await room.rows()).map((one) => JSON.stringify(one)).toSorted();
const wanted = (rows: readonly Row[]): readonly string[] => rows.map((one) => JSON.stringify(one)).toSorted();

it('changes before its rows are passed over, and those behind are applied', async () => {
  await room.change([
    [null, row(1)],
    [null, row(1)],
  ]);
  await room.change([[row(7), row(8)]]);
  await room.change([[row(9), null]]);
  expect(await texts()).toEqual([]);
  await room.readTable([row(1), row(1), row(8, null, 1.5)]);
  expect(await room.seed()).toMatchObject({ isWhole: true, place: { seq: room.seq }, state: 'seeding', counts: { inserted: 3 } });
  await room.change([[row(1), row(2)]]);
  await room.change([
    [null, row(1)],
    [row(8, null, 1.5), null],
  ]);
  expect(await texts()).toEqual(wanted([row(1), row(1), row(2)]));
});

it('an update behind the rows that finds none is no row to come', async () => {
  await room.readTable([row(1)]);
  await expect(room.change([[row(5), row(6)]])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
  expect(await texts()).toEqual(wanted([row(1)]));
});

it('rows that come twice are passed over, also by a loader that was killed, and where nothing is seeded any more', async () => {
  await room.readTable(many(5));
  await room.readTable(many(5));
  room = await room.killed();
  await room.readTable(many(5));
  await room.end();
  await room.readTable(many(5));
  expect(await texts()).toHaveLength(5);
  expect(room.passed).toHaveLength(2);
});

it('an empty table is ticked off, and changes behind that are applied', async () => {
  await room.change([[null, row(1)]]);
  await room.readTable([]);
  await room.change([[null, row(2)]]);
  expect(await texts()).toEqual(wanted([row(2)]));
});

it('is written piece by piece in one transaction, and a loader that is killed amid it leaves nothing', async () => {
  await open('', { batchBytes: 2_000 });
  await room.readTable(many(500), { amid: 400 });
  await room.saveProgress();
  expect(await texts()).toEqual([]);
  room = await room.killed({ batchBytes: 2_000, seq: 0 });
  expect(await room.seed()).toMatchObject({ isWhole: false, place: null });
  await room.change([[null, row(1)]]);
  await room.readTable(many(500));
  expect(await texts()).toEqual(wanted(many(500)));
});

it('rows whose capture was replaced amid them are void', async () => {
  await open('', { batchBytes: 2_000 });
  await room.readTable(many(500), { amid: 400 });
  await room.discard();
  await room.change([[null, row(1)]]);
  await room.readTable(many(7));
  expect(await texts()).toEqual(wanted(many(7)));
});

it('a table that is not empty is refused by name, with nothing written; emptied, it is filled', async () => {
  await open("INSERT INTO t VALUES (1, 'old', NULL)");
  await expect(room.readTable(many(3))).rejects.toMatchObject({
    code: 'SEED_TABLE_REFUSED',
    refused: { table: { name: 't', code: 'SEED_TABLE_REFUSED' } },
  });
  expect(await texts()).toEqual(wanted([row(1, 'old')]));
  room = await room.killed({ seq: 0 });
  await expect(room.readTable([])).rejects.toMatchObject({ code: 'SEED_TABLE_REFUSED' });
  await room.room.server.run(`DELETE FROM ${room.room.database}.t`);
  room = await room.killed({ seq: 0 });
  await room.readTable(many(3));
  expect(await texts()).toEqual(wanted(many(3)));
});

it('behind a rewind what is in the rows is passed over, and what came behind them is refused by name', async () => {
  await room.change([[null, row(1)]]);
  await room.readTable([row(1)]);
  const place = room.seq;
  room = await room.killed({ seq: 0, replayUntil: place });
  await room.change([[null, row(1)]]);
  await room.readTable([row(1)]);
  expect([room.seq, await texts()]).toEqual([place, wanted([row(1)])]);
  await room.change([[row(1), row(2)]]);
  expect(await texts()).toEqual(wanted([row(2)]));
  await room.end();
  room = await room.killed({ seq: 0, replayUntil: room.seq });
  await room.change([[null, row(1)]]);
  await room.readTable([row(1)]);
  await expect(room.change([[row(1), row(2)]])).rejects.toMatchObject({ code: 'APPLY_REFUSED' });
});

it('rows that a person skips do not come, and are awaited on', async () => {
  await open('', { skip: 3 });
  await room.readTable(many(5));
  expect([await texts(), await room.skipped()]).toEqual([[], [3]]);
  expect(await room.seed()).toMatchObject({ isWhole: false });
  await room.change([[null, row(1)]]);
  await room.readTable(many(2));
  expect(await texts()).toEqual(wanted(many(2)));
});

it('rows of an order that is not under way are passed by', async () => {
  await room.readTable(many(2), { by: 'another' });
  expect(await texts()).toEqual([]);
  expect(room.passed).toEqual([expect.stringContaining('another')]);
});
