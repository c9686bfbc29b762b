/** After a hole in a log: when an entry of lutra.unequal ends, and when it must not. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RepairRoom } from './repair/repair-room.fixture.js';

let room: RepairRoom;
beforeEach(async () => {
  room = await RepairRoom.open({ twoWay: false });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v INT); INSERT INTO ${room.database}.t VALUES (1, 1), (2, 2)`);
});
afterEach(() => room.close());

const entries = async (): Promise<readonly unknown[]> =>
  (await room.unequal(room.target)).map(({ cause, state }) => `${String(cause)} ${String(state)}`);

test('a condition: rows outside of it were not compared, and the entry stays', async () => {
  await room.hole('restart');
  expect(await room.verify({ where: 'id = 1' })).toEqual(['t equal 0 0 0 0']);
  expect(await entries()).toEqual(['hole open']);
  expect(await room.verify()).toEqual(['t equal 0 0 0 0']);
  expect(await entries()).toEqual(['hole ended']);
});

test('rows that are equal by now, and changes of them that are on their way: the entry lasts until they have arrived', async () => {
  await room.hole('restart');
  room.isStopped = true;
  expect(await room.verify()).toEqual(['t unsettled 0 0 0 0']);
  expect([await entries(), room.notes()]).toEqual([['hole open'], [expect.stringMatching(/^its rows are equal, and .* stopped at seq 7/)]]);
  room.isStopped = false;
  expect(await room.verify()).toEqual(['t equal 0 0 0 0']);
  expect(await entries()).toEqual(['hole ended']);
});

test('a repair of the rows that are kept leaves the entry where more of the table differs', async () => {
  await room.hole('restart');
  await room.target.run(`UPDATE ${room.database}.t SET v = 7 WHERE id = 2`);
  expect(await room.verify()).toEqual(['t different 0 0 1 0']);
  room.tables = room.tables.map((table) => ({ ...table, ranges: 3 }));
  expect(await room.repair({ id: 'restart', untilEqual: true })).toBe(1);
  expect([room.said(), await entries()]).toEqual([['t unsettled 0 0 0 0'], ['hole open']]);
  await room.target.run(`UPDATE ${room.database}.t SET v = 7 WHERE id = 2`);
  await room.verify();
  expect(await room.repair({ id: 'restart', untilEqual: true })).toBe(1);
  expect([room.said(), await entries()]).toEqual([['t equal 0 0 0 0'], ['hole ended']]);
});

test('another restart that was ordered since the last look has the same entry: it is looked once more before the end', async () => {
  await room.hole('restart');
  room.look = async (isNow) => {
    if (isNow) throw new Error('another order');
  };
  await expect(room.verify()).rejects.toThrow('another order');
  expect(await entries()).toEqual(['hole open']);
});
