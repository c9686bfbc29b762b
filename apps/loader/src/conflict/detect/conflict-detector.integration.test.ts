import type { Row } from '@lutra/model';
import { beforeEach, describe, expect, test } from 'vitest';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from './conflict-detector.fixture.js';

const ground = { tables: { t: 'id int primary key, v int' }, rows: 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4)' };
const row = (id: number, v: number): Row => ({ id, v });
const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe.each(['8.0', '9.7'] as const)('source transactions where the target takes writes, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);
  const enter = async (options: Partial<RoomOptions>): Promise<void> => void (room = await open(options));
  beforeEach(() => enter({ rule: { policy: 'home' } }));

  const update = (id: number, v = 10 * id): Step => [row(id, id), row(id, v)];
  const transactions = async (): Promise<number> =>
    Number((await room.server.query(`SELECT n FROM lutra.checkpoint WHERE pipeline = '${room.pipeline}'`))[0]?.['n']);

  test('many without a conflict: one commit, nothing is logged or told, the index of recent changes may discard', async () => {
    const before = await transactions();
    const buffered = [update(1), [null, row(9, 9)] satisfies Step, [row(3, 3), null] satisfies Step].map((step) =>
      room.transaction([step]),
    );
    await room.commit(...buffered);
    expect(await room.rows()).toEqual([row(1, 10), row(2, 2), row(4, 4), row(9, 9)]);
    expect(await transactions()).toBe(before + 1);
    expect([await room.conflicts(), await room.resolutions(), room.told]).toEqual([[], [], []]);
    expect(await room.seq()).toBe(30);
    expect(room.peers.completed).toBe(1);
    expect(room.peers.discarded).toEqual(buffered[2]?.event.transaction.seen);
  });

  test('what home sends to a table with policy home needs one watermark a connection, what others send one each', async () => {
    for (const [home, completed] of [
      ['source', 1],
      ['elsewhere', 2],
      ['target', 2],
    ] as const) {
      await enter({ rule: { policy: 'home' }, home });
      await room.commit(room.transaction([update(1)]));
      await room.commit(room.transaction([update(2)]));
      expect(room.peers.completed).toBe(completed);
      await room.writer.drop();
      await room.commit(room.transaction([update(3)]));
      expect(room.peers.completed).toBe(completed + 1);
    }
  });

  test('a table that the target’s log leaves out: named, and nothing is committed, tried or resolved; who has seen that position is applied', async () => {
    const named = refused('TABLE_SUSPENDED', { sourceTable: 't', suspendedFor: 'COLUMN_UNSUPPORTED' });
    const untouched = await room.rows();
    room.peers.whileLocked = async () => void (room.peers.out = { name: 't', seq: 5 });
    await expect(room.commit(room.transaction([update(2)], 4), room.transaction([update(3)], 4))).rejects.toEqual(named);
    await room.local('', [row(1, 1), row(1, 1)]);
    await expect(room.commit(room.transaction([update(1)], 0))).rejects.toEqual(named);
    expect([await room.rows(), await room.seq(), await room.conflicts()]).toEqual([untouched, -1, []]);
    await room.commit(room.transaction([update(2)], 5));
    expect((await room.rows())[1]).toEqual(row(2, 20));
  });

  test('one of many conflicts: the others take effect, in order, each with its own checkpoint', async () => {
    await room.local('UPDATE t SET v = 99 WHERE id = 2', [row(2, 2), row(2, 99)]);
    const [first, conflicting, ...rest] = [
      [update(1)],
      [update(3), update(2)],
      [[row(1, 10), row(1, 11)]],
      [[row(3, 30), null]],
    ] as Step[][];
    const seen: number[] = [];
    room.peers.whileLocked = async () => void seen.push((await room.seq()) ?? -1);
    await room.commit(...[first, conflicting, ...rest].map((steps) => room.transaction(steps ?? [], 0)));
    expect(await room.rows()).toEqual([row(1, 11), row(2, 99), row(4, 4)]);
    expect(await room.conflicts()).toMatchObject([{ type: 'update-differs', winner: 'existing', seq: '20' }]);
    expect(await room.resolutions()).toEqual([[{ id: 2 }, row(2, 99)]]);
    expect(await room.seq()).toBe(40);
    expect([...new Set(seen)]).toEqual([-1, 10, 20]);
  });

  test('several of many conflict, also in one statement with others: each is resolved alone', async () => {
    await room.local('INSERT INTO t VALUES (6, 60), (8, 80)', [null, row(6, 60)], [null, row(8, 80)]);
    await room.commit(...[5, 6, 7, 8, 9].map((id) => room.transaction([[null, row(id, id)]], 0)));
    expect((await room.rows()).slice(4)).toEqual([row(5, 5), row(6, 60), row(7, 7), row(8, 80), row(9, 9)]);
    expect(await room.conflicts()).toMatchObject([{ seq: '20' }, { seq: '40' }]);
    expect(await room.seq()).toBe(50);
  });

  test('several changes of one row: the resolution carries the row as the transaction left it', async () => {
    await enter({ rule: { policy: 'merge', columns: { v: 'delta' } } });
    await room.local('UPDATE t SET v = 101 WHERE id = 1', [row(1, 1), row(1, 101)]);
    await room.commit(
      room.transaction(
        [
          [row(1, 1), row(1, 2)],
          [row(1, 2), row(1, 5)],
          [null, row(7, 7)],
        ],
        0,
      ),
    );
    expect((await room.rows())[0]).toEqual(row(1, 105));
    expect((await room.conflicts()).map((conflict) => conflict['result_row'])).toEqual(['{"id":1,"v":102}', '{"id":1,"v":105}']);
    expect(await room.resolutions()).toEqual([[{ id: 1 }, row(1, 105)]]);
  });

  test('policy stop: the table, the key, the type and the transaction are named, and nothing of it is committed', async () => {
    await enter({ rule: { policy: 'stop' } });
    await room.local('UPDATE t SET v = 99 WHERE id = 2', [row(2, 2), row(2, 99)]);
    const batch = [room.transaction([update(1)], 0), room.transaction([update(3), update(2)], 0), room.transaction([update(4)], 0)];
    const named = { database: room.database, table: 't', key: 'id=2', type: 'update-differs', transaction: 'u:20', seq: 20 };
    await expect(room.commit(...batch)).rejects.toEqual(refused('ROW_CONFLICT', named));
    expect(await room.rows()).toEqual([row(1, 10), row(2, 99), row(3, 3), row(4, 4)]);
    expect([await room.conflicts(), await room.resolutions(), await room.seq()]).toEqual([[], [], 10]);
  });

  test('one of many that the target refuses though nobody else changed it: it is named, those before it take effect', async () => {
    const batch = [[update(1)], [update(2, 99_999_999_999)], [update(3)]].map((steps) => room.transaction(steps));
    await expect(room.commit(...batch)).rejects.toEqual(refused('APPLY_REFUSED', { transaction: 'u:20', seq: 20 }));
    expect(await room.rows()).toEqual([row(1, 10), row(2, 2), row(3, 3), row(4, 4)]);
    expect([await room.conflicts(), await room.resolutions(), await room.seq()]).toEqual([[], [], 10]);
  });
});
