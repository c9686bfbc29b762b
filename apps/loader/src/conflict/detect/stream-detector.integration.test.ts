import { StatementBuilder } from '@lutra/mysql';
import type { Row } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from './conflict-detector.fixture.js';
import type { BufferedTransaction } from './buffered-transactions.js';

const ground = {
  tables: { t: 'id int primary key, u varchar(9) unique, v int' },
  rows: 'INSERT INTO t (id, v) VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 6)',
};
const row = (id: number, v: number, u: string | null = null): Row => ({ id, u, v });
const update = (id: number, v = 10 * id): Step => [row(id, id), row(id, v)];

describe.each(['8.0', '9.7'] as const)('a large transaction where the target takes writes, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);

  const enter = async (rule: RoomOptions['rule'] = { policy: 'home' }, home: RoomOptions['home'] = 'target'): Promise<void> =>
    void (room = await open({ rule, home }));
  const large = (steps: readonly Step[] = [1, 2, 3, 4, 5, 6].map((id) => update(id))): BufferedTransaction => room.transaction(steps, 0);

  /** As the applier does: in pieces of two rows, the last ones with its end. */
  async function send(transaction: BufferedTransaction, resolved = false): Promise<void> {
    const { stream } = room.detector;
    const builder = new StatementBuilder({ exact: true });
    await stream.open({ event: transaction.event, resolved });
    for (let at = 0; at < transaction.changes.length; at += 2) {
      const changes = transaction.changes.slice(at, at + 2);
      for (const change of changes) builder.add(change);
      if (at + 2 < transaction.changes.length) await stream.chunk(builder.take(), changes);
      else await stream.close({ ...transaction, changes, statements: builder.take() });
    }
  }
  const again = { code: 'ROW_CONFLICT', refused: { conflict: true } };
  const untouched = [1, 2, 3, 4, 5, 6].map((id) => row(id, id));

  /** Nothing of it was committed, and the row that the target changed is as it left it. */
  async function nothing(changed?: Row): Promise<void> {
    expect(await room.rows()).toEqual(untouched.map((each) => (each['id'] === changed?.['id'] ? changed : each)));
    expect([await room.seq(), await room.conflicts(), await room.resolutions()]).toEqual([-1, [], []]);
  }

  test('without a conflict: whole, with one look at the index of recent changes', async () => {
    await enter();
    await send(large());
    expect(await room.rows()).toEqual([1, 2, 3, 4, 5, 6].map((id) => row(id, id * 10)));
    expect([await room.seq(), await room.conflicts(), room.peers.completed, room.told]).toEqual([10, [], 1, []]);
  });

  test('a row in its midst differs: not committed, and resolved when it comes once more', async () => {
    await enter();
    await room.local('UPDATE t SET v = 99 WHERE id = 3', [row(3, 3), row(3, 99)]);
    const transaction = large();
    await expect(send(transaction)).rejects.toMatchObject(again);
    await nothing(row(3, 99));
    await send(transaction, true);
    expect(await room.rows()).toEqual([1, 2, 3, 4, 5, 6].map((id) => (id === 3 ? row(3, 99) : row(id, id * 10))));
    expect(await room.conflicts()).toMatchObject([{ type: 'update-differs', winner: 'existing', seq: '10', final: 1 }]);
    expect([await room.resolutions(), await room.seq(), room.told]).toEqual([[[{ id: 3 }, row(3, 99)]], 10, ['update-differs existing']]);
  });

  test('a row was changed and changed back: found at its end, from the index of recent changes', async () => {
    await enter();
    await room.local('', [row(2, 2), row(2, 2)]);
    const transaction = large();
    await expect(send(transaction)).rejects.toMatchObject(again);
    await nothing();
    await send(transaction, true);
    expect((await room.rows())[1]).toEqual(row(2, 2));
    expect(await room.resolutions()).toEqual([[{ id: 2 }, row(2, 2)]]);
  });

  test('what the target has dropped meanwhile comes to light at its end: nothing stays; resolved as well', async () => {
    for (const resolved of [false, true]) {
      await enter();
      const does = { kind: 'columns', dropped: ['v'], renamed: [] } as const;
      const dropped = { seq: 5, record: 'g:5', title: 'ALTER TABLE t', does };
      room.peers.whileLocked = async () => room.peers.drops.add({ database: room.database, name: 't' }, dropped);
      await expect(send(large(), resolved)).rejects.toMatchObject({ code: 'TARGET_CHANGED', details: { dropSeq: 5 } });
      await room.writer.rollback();
      await nothing();
    }
  });

  test('a table that the target’s log leaves out by its end: named, and nothing stays; resolved as well', async () => {
    for (const resolved of [false, true]) {
      await enter();
      room.peers.whileLocked = async () => void (room.peers.out = { name: 't', seq: 5 });
      await expect(send(large(), resolved)).rejects.toMatchObject({ code: 'TABLE_SUSPENDED', details: { sourceTable: 't' } });
      await room.writer.drop();
      await nothing();
    }
  });

  test('what comes to light only while the locks are held counts as well', async () => {
    await enter();
    const steps: Step[] = [update(1), update(2), update(3), [row(1, 10), row(1, 11)]];
    room.peers.whileLocked = async () => void (await room.local('', [row(1, 1), row(1, 1)]));
    await expect(send(large(steps))).rejects.toMatchObject(again);
    await nothing();
  });

  test('a unique value that nobody holds any more counts at home, not elsewhere', async () => {
    const steps: Step[] = [update(1), update(2), [row(3, 3), row(3, 30, 'x')]];
    for (const [home, resolutions] of [
      [
        'target',
        [
          [{ id: 3 }, row(3, 30, 'x')],
          [{ id: 9 }, null],
        ],
      ],
      ['source', []],
    ] as const) {
      await enter({ policy: 'latest', version: 'v' }, home);
      await room.local('', [null, row(9, 9, 'x')], [row(9, 9, 'x'), null]);
      const transaction = large(steps);
      if (home === 'target') await expect(send(transaction)).rejects.toMatchObject(again);
      await send(transaction, home === 'target');
      expect((await room.rows())[2]).toEqual(row(3, 30, 'x'));
      expect(await room.resolutions()).toEqual(resolutions);
    }
  });

  test('policy stop: comes once more, and stops by name', async () => {
    await enter({ policy: 'stop' });
    await room.local('UPDATE t SET v = 99 WHERE id = 3', [row(3, 3), row(3, 99)]);
    const transaction = large();
    await expect(send(transaction)).rejects.toMatchObject(again);
    const stopped: unknown = await send(transaction, true).catch((error: unknown) => error);
    expect(stopped).toMatchObject({ code: 'ROW_CONFLICT', details: { table: 't', key: 'id=3', type: 'update-differs' } });
    expect(stopped).not.toMatchObject(again);
    await room.writer.drop();
    await nothing(row(3, 99));
  });

  test('given up in its midst: nothing stays, and the next one is as any', async () => {
    await enter();
    const { stream } = room.detector;
    await stream.open({ event: large().event, resolved: true });
    const changes = [room.change(update(1)), room.change(update(2))];
    await stream.chunk({ sql: '', marks: [], expected: null }, changes);
    await room.writer.rollback();
    stream.discard();
    await expect(stream.chunk({ sql: '', marks: [], expected: null }, changes)).rejects.toMatchObject({ code: 'INTERNAL' });
    await nothing();
    await room.commit(room.transaction([update(1)]));
    expect((await room.rows())[0]).toEqual(row(1, 10));
  });
});
