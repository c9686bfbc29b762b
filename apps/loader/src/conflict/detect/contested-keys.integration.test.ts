import type { Row } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions } from './conflict-detector.fixture.js';

/** Rows 1 'one', 2 'two' and the key 'a', of version 5; the target is home. */
const ground = {
  tables: { t: 'id int primary key, u varchar(20) unique, v int', k: 'k varchar(20) collate utf8mb4_general_ci primary key, v int' },
  rows: "INSERT INTO t VALUES (1, 'one', 5), (2, 'two', 5); INSERT INTO k VALUES ('a', 5)",
};
const row = (id: number, u: string | null, v: number): Row => ({ id, u, v });
const named = (k: string, v: number): Row => ({ k, v });
const one = row(1, 'one', 5);
const two = row(2, 'two', 5);
const home = { policy: 'home' } as const;
const latest = { policy: 'latest', version: 'v' } as const;

describe.each(['8.0', '9.7'] as const)('unique values that both sides take, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);

  const enter = async (rule: RoomOptions['rule'], home: RoomOptions['home'] = 'target'): Promise<void> =>
    void (room = await open({ rule, home }));

  test('a taken unique value, policy home: the row that has it keeps it, and both are told', async () => {
    await enter(home);
    await room.local("INSERT INTO t VALUES (3, 'three', 5)", [null, row(3, 'three', 5)]);
    await room.commit(
      room.transaction(
        [
          [null, row(4, 'three', 9)],
          [two, row(2, 'three', 9)],
        ],
        0,
      ),
    );
    expect(await room.rows()).toEqual([one, two, row(3, 'three', 5)]);
    const kept = { type: 'unique-key-taken', winner: 'existing', final: 1, local_seq: '1' };
    expect(await room.conflicts()).toMatchObject([
      { ...kept, row_key: '{"id":4}', op: 'c', result_row: null },
      { ...kept, row_key: '{"id":2}', op: 'u', result_row: '{"id":2,"u":"two","v":5}' },
    ]);
    expect(await room.resolutions()).toEqual([
      [{ id: 4 }, null],
      [{ id: 3 }, row(3, 'three', 5)],
      [{ id: 2 }, two],
    ]);
  });

  test('a taken unique value, policy latest: the newer row has it, the other is displaced, written down and told', async () => {
    await enter(latest);
    await room.local("INSERT INTO t VALUES (3, 'three', 5), (4, 'four', 50)", [null, row(3, 'three', 5)], [null, row(4, 'four', 50)]);
    await room.commit(
      room.transaction(
        [
          [null, row(7, 'three', 9)],
          [null, row(8, 'four', 9)],
        ],
        0,
      ),
    );
    expect(await room.rows()).toEqual([one, two, row(4, 'four', 50), row(7, 'three', 9)]);
    expect(await room.conflicts()).toMatchObject([
      { type: 'unique-key-taken', winner: 'incoming', row_key: '{"id":7}', result_row: '{"id":7,"u":"three","v":9}' },
      { type: 'unique-key-taken', winner: 'incoming', row_key: '{"id":3}', existing_row: '{"id":3,"u":"three","v":5}', result_row: null },
      { type: 'unique-key-taken', winner: 'existing', row_key: '{"id":8}' },
    ]);
    expect(await room.resolutions()).toEqual([
      [{ id: 7 }, row(7, 'three', 9)],
      [{ id: 3 }, null],
      [{ id: 8 }, null],
      [{ id: 4 }, row(4, 'four', 50)],
    ]);
  });

  test('a taken unique value elsewhere: what comes gets it, whatever the policy; home tells later', async () => {
    for (const [rule, side] of [
      [home, 'source'],
      [home, 'elsewhere'],
      [latest, 'source'],
    ] as const) {
      await enter(rule, side);
      await room.local("INSERT INTO t VALUES (3, 'three', 50)", [null, row(3, 'three', 50)]);
      await room.commit(
        room.transaction(
          [
            [null, row(7, 'three', 9)],
            [one, row(1, 'two', 9)],
          ],
          0,
        ),
      );
      expect(await room.rows()).toEqual([row(1, 'two', 9), row(7, 'three', 9)]);
      const conflicts = (await room.conflicts()).map(({ row_key: key, type, winner, result_row: result }) => [
        key,
        type,
        winner,
        result !== null,
      ]);
      expect(conflicts).toEqual([
        ['{"id":7}', 'unique-key-taken', 'incoming', true],
        ['{"id":3}', 'unique-key-taken', 'incoming', false],
        ['{"id":1}', 'unique-key-taken', 'incoming', true],
        ['{"id":2}', 'unique-key-taken', 'incoming', false],
      ]);
      expect([await room.resolutions(), (await room.conflicts())[0]?.['final']]).toEqual([[], 0]);
    }
  });

  test('a unique value that nobody holds any more, written in other letters: home tells what it made of it, elsewhere it is no conflict', async () => {
    for (const side of ['target', 'source'] as const) {
      await enter(latest, side);
      await room.local('', [null, row(3, 'あ', 5)], [row(3, 'あ', 5), null]);
      await room.commit(room.transaction([[null, row(7, 'ア', 9)]], 0));
      expect(await room.rows()).toEqual([one, two, row(7, 'ア', 9)]);
      const told = side === 'target';
      expect(await room.conflictTypes()).toEqual(told ? ['unique-key-taken incoming'] : []);
      expect(await room.resolutions()).toEqual(
        told
          ? [
              [{ id: 7 }, row(7, 'ア', 9)],
              [{ id: 3 }, null],
            ]
          : [],
      );
    }
  });

  test('unique values passed on within a transaction that meets a conflict elsewhere end as at the source', async () => {
    await enter(home);
    await room.local('UPDATE k SET v = 6', [named('a', 5), named('a', 6), 'k']);
    const swap = [
      [one, row(1, null, 5)],
      [two, row(2, 'one', 5)],
      [row(1, null, 5), row(1, 'two', 5)],
    ] as const;
    await room.commit(room.transaction([...swap, [named('a', 5), null, 'k']], 0));
    expect([await room.rows(), await room.rows('k')]).toEqual([[row(1, 'two', 5), row(2, 'one', 5)], [named('a', 6)]]);
    expect(await room.conflictTypes()).toEqual(['delete-differs existing']);
  });
});

describe.each(['8.0', '9.7'] as const)('keys that move, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);

  const enter = async (rule: RoomOptions['rule'], home: RoomOptions['home'] = 'target'): Promise<void> =>
    void (room = await open({ rule, home }));

  test('a row that moves to another key, unhindered', async () => {
    await enter(home);
    await room.commit(room.transaction([[one, row(9, 'one', 6)]]));
    expect(await room.rows()).toEqual([two, row(9, 'one', 6)]);
    expect(await room.conflicts()).toEqual([]);
  });

  test('a row that moves although it was changed: home keeps it where it is, elsewhere it moves', async () => {
    for (const [side, rows] of [
      ['target', [row(1, 'one', 7), two]],
      ['source', [two, row(9, 'one', 6)]],
    ] as const) {
      await enter(home, side);
      await room.local('UPDATE t SET v = 7 WHERE id = 1', [one, row(1, 'one', 7)]);
      await room.commit(room.transaction([[one, row(9, 'one', 6)]], 0));
      expect(await room.rows()).toEqual(rows);
      const told =
        side === 'target'
          ? [
              [{ id: 1 }, row(1, 'one', 7)],
              [{ id: 9 }, null],
            ]
          : [];
      expect(await room.resolutions()).toEqual(told);
    }
  });

  test('a row that moves to a key that was taken meanwhile', async () => {
    await enter(home);
    await room.local("INSERT INTO t VALUES (9, 'nine', 7)", [null, row(9, 'nine', 7)]);
    await room.commit(room.transaction([[one, row(9, 'one', 6)]], 0));
    // Both halves lose, else the row would be nowhere.
    expect(await room.rows()).toEqual([one, two, row(9, 'nine', 7)]);
    expect(await room.conflictTypes()).toEqual(['key-update-refused existing', 'insert-exists existing']);
    expect(await room.resolutions()).toEqual([
      [{ id: 1 }, one],
      [{ id: 9 }, row(9, 'nine', 7)],
    ]);
  });

  test('keys that are one to their collation are one row: found, decided and told', async () => {
    await enter(latest);
    await room.local("INSERT INTO k VALUES ('B', 3)", [null, named('B', 3), 'k']);
    await room.commit(room.transaction([[null, named('b', 9), 'k']], 0));
    expect(await room.rows('k')).toEqual([named('a', 5), named('b', 9)]);
    expect(await room.conflicts()).toMatchObject([{ type: 'insert-exists', winner: 'incoming', existing_row: '{"k":"B","v":3}' }]);
    expect(await room.resolutions()).toEqual([
      [{ k: 'b' }, named('b', 9)],
      [{ k: 'B' }, named('b', 9)],
    ]);
    await room.commit(room.transaction([[named('a', 5), named('A', 6), 'k']]));
    expect(await room.rows('k')).toEqual([named('A', 6), named('b', 9)]);
  });

  test('a key that changes its case where the row was changed: one row stays, and both names are told of it', async () => {
    await enter(home);
    await room.local('UPDATE k SET v = 7', [named('a', 5), named('a', 7), 'k']);
    await room.commit(room.transaction([[named('a', 5), named('A', 6), 'k']], 0));
    expect(await room.rows('k')).toEqual([named('a', 7)]);
    expect(await room.resolutions()).toEqual([
      [{ k: 'a' }, named('a', 7)],
      [{ k: 'A' }, named('a', 7)],
    ]);
  });
});
