import type { ControlRecord, Row } from '@lutra/model';
import type { Checkpoint } from '@lutra/marker';
import { beforeEach, describe, expect, test } from 'vitest';
import { rooms } from '../detect/conflict-detector.fixture.js';
import type { DetectorSetup } from '../detect/conflict-detector.fixture.js';
import { seenUpTo } from '../detect/detector-peers.fixture.js';

const ground = {
  tables: { t: 'id int primary key, u varchar(20) unique, v int', child: 'id int primary key, p int, foreign key (p) references t (id)' },
  rows: "INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2); INSERT INTO child VALUES (1, 1)",
};
const row = (id: number, u: string | null, v: number): Row => ({ id, u, v });

describe.each(['8.0', '9.7'] as const)('a resolution elsewhere than at home, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);
  beforeEach(async () => void (room = await open({ rule: { policy: 'home' }, home: 'source' })));

  /** Home had seen the target's log up to `seen` then. */
  async function resolution(key: Row, image: Row | null, { seen = 99, table = 't' } = {}): Promise<void> {
    const told: Extract<ControlRecord, { kind: 'resolution' }> = {
      kind: 'resolution',
      endpoint: 'a',
      pipeline: 'c.back',
      channel: 'c',
      database: 'shop',
      table,
      key,
      row: image,
      seen: seenUpTo(seen),
      tsMs: 1,
    };
    const checkpoint: Checkpoint = room.transaction([[null, image ?? { ...key, u: null, v: null }]]).checkpoint;
    await room.detector.resolutions([told], checkpoint);
  }
  const one = row(1, 'one', 1);
  const two = row(2, 'two', 2);

  test('replaces the row, makes one that is missing, deletes one', async () => {
    await resolution({ id: 2 }, row(2, 'other', 9));
    expect(await room.rows()).toEqual([one, row(2, 'other', 9)]);
    await resolution({ id: 5 }, row(5, null, 5));
    expect(await room.rows()).toEqual([one, row(2, 'other', 9), row(5, null, 5)]);
    await resolution({ id: 2 }, null);
    expect(await room.rows()).toEqual([one, row(5, null, 5)]);
    expect([await room.seq(), await room.conflicts(), await room.resolutions()]).toEqual([30, [], []]);
  });

  test('of a table that the target’s log leaves out since: named, and the row stays', async () => {
    room.peers.out = { name: 't', seq: 5 };
    await expect(resolution({ id: 2 }, row(2, 'other', 9), { seen: 4 })).rejects.toMatchObject({
      code: 'TABLE_SUSPENDED',
      details: { sourceDatabase: 'shop', sourceTable: 't', suspendedFor: 'COLUMN_UNSUPPORTED' },
    });
    expect([await room.rows(), await room.seq()]).toEqual([[one, two], -1]);
  });

  test('says what is so already: only the checkpoint moves', async () => {
    await resolution({ id: 1 }, one);
    await resolution({ id: 7 }, null);
    expect([await room.rows(), await room.seq()]).toEqual([[one, two], 20]);
  });

  test('a row that holds its unique value is deleted', async () => {
    await resolution({ id: 5 }, row(5, 'two', 5));
    expect(await room.rows()).toEqual([one, row(5, 'two', 5)]);
    await resolution({ id: 5 }, row(5, 'one', 6));
    expect(await room.rows()).toEqual([row(5, 'one', 6)]);
  });

  test('foreign keys do not stand in its way, and are checked again afterwards', async () => {
    await resolution({ id: 1 }, null);
    await resolution({ id: 8 }, { id: 8, p: 77 }, { table: 'child' });
    expect([await room.rows(), await room.rows('child')]).toEqual([
      [two],
      [
        { id: 1, p: 1 },
        { id: 8, p: 77 },
      ],
    ]);
    const [checks] = await (await room.writer.ready()).query('SELECT @@foreign_key_checks AS on_');
    expect(checks).toEqual({ on_: '1' });
  });

  test('the row was changed here after what home had seen: it stays, and the checkpoint moves', async () => {
    const changed = await room.local('UPDATE t SET v = 7 WHERE id = 1', [one, row(1, 'one', 7)]);
    await resolution({ id: 1 }, row(1, 'one', 100), { seen: changed - 1 });
    expect([(await room.rows())[0], await room.seq()]).toEqual([row(1, 'one', 7), 10]);
    await resolution({ id: 1 }, row(1, 'one', 100), { seen: changed });
    expect([(await room.rows())[0], await room.seq()]).toEqual([row(1, 'one', 100), 20]);
  });

  test('a change here that commits while the row is waited for counts', async () => {
    room.peers.whileLocked = async () => void (await room.local('', [two, row(2, 'two', 8)]));
    await resolution({ id: 2 }, null, { seen: 0 });
    expect(await room.rows()).toEqual([one, two]);
  });

  test('of a table that this pipeline does not carry: only the checkpoint moves', async () => {
    await resolution({ id: 1 }, null, { table: 'elsewhere' });
    expect([await room.rows(), await room.seq()]).toEqual([[one, two], 10]);
  });

  test('several in one target transaction: in their order, each by what it had seen', async () => {
    const changed = await room.local('UPDATE t SET v = 7 WHERE id = 1', [one, row(1, 'one', 7)]);
    const told = { kind: 'resolution', endpoint: 'a', pipeline: 'c.back', channel: 'c', database: 'shop', table: 't', tsMs: 1 } as const;
    const of = (id: number, image: Row | null, seen: number) => ({ ...told, key: { id }, row: image, seen: seenUpTo(seen) });
    const resolutions = [
      of(1, null, changed - 1),
      of(2, null, changed),
      of(5, row(5, 'two', 5), changed),
      of(5, row(5, 'five', 6), changed),
    ];
    const { checkpoint } = room.transaction([[one, null]]);
    await room.detector.resolutions(resolutions, checkpoint);
    expect([await room.rows(), await room.seq(), room.peers.completed]).toEqual([[row(1, 'one', 7), row(5, 'five', 6)], 10, 1]);
  });

  test('applied before: fails at the fence, and changes nothing', async () => {
    const checkpoint = room.transaction([[one, null]]).checkpoint;
    const told = {
      kind: 'resolution',
      endpoint: 'a',
      pipeline: 'c.back',
      channel: 'c',
      database: 'shop',
      table: 't',
      seen: {},
      tsMs: 1,
    } as const;
    await room.detector.resolutions([{ ...told, key: { id: 2 }, row: null }], checkpoint);
    const again = room.detector.resolutions([{ ...told, key: { id: 1 }, row: null }], checkpoint);
    await expect(again).rejects.toMatchObject({ code: 'FENCED' });
    expect(await room.rows()).toEqual([one]);
  });
});
