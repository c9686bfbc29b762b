/** Repairs by rows of the source where both sides write: under an entry of this pipeline alone, and never against a change. */
import type { Row } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { rooms } from '../conflict/detect/conflict-detector.fixture.js';
import type { RoomOptions } from '../conflict/detect/conflict-detector.fixture.js';
import { SeedRoom } from './seed-room.fixture.js';
import type { SeedRoomOptions } from './seed-room.fixture.js';

const item = (id: number, name = 'n', u: string | null = null): Row => ({ id, name, u });
const repairOf = (...ids: readonly number[]) => ({ purpose: 'repair', request: 'repair-1', keys: ids.map((id) => ({ id })) }) as const;
const homes = ['target', 'source'] as const;

describe.each(['8.0', '9.7'] as const)('a repair, both ways, %s', (version) => {
  const enter = rooms(version, {
    tables: { t: 'id int primary key, name varchar(20), u varchar(20) unique' },
    rule: { policy: 'home' },
  });
  const open = async (options: Partial<RoomOptions>, more: SeedRoomOptions = {}): Promise<SeedRoom> =>
    SeedRoom.of(await enter(options), { bothWays: true, onExisting: null, ...more });
  const rows = "INSERT INTO t VALUES (1, 'same', NULL), (2, 'old', NULL), (4, 'gone', NULL), (5, 'own', NULL), (6, 'own', NULL)";

  it.each(homes)('home at the %s: rows become as the source has them, and what was changed here stays', async (home) => {
    const room = await open({ home, rows });
    await room.raise();
    // The source has seen none of these.
    await room.room.local('', [item(5), item(5, 'own')], [null, item(6, 'own')], [item(7), null]);
    await room.read([item(1, 'same'), item(2), item(3), item(5), item(7)], repairOf(1, 2, 3, 4, 5, 6, 7));
    expect(await room.rows()).toEqual([item(1, 'same'), item(2), item(3), item(5, 'own'), item(6, 'own')]);
    const told = (await room.room.conflicts()).map((row) =>
      ['row_key', 'type', 'winner', 'op', 'final'].map((name) => row[name]).join(' '),
    );
    expect(told).toEqual(['{"id":2} repair incoming u 1', '{"id":3} repair incoming c 1', '{"id":4} repair incoming d 1']);
    expect(await room.room.resolutions()).toEqual([]);
  });

  it.each([
    ['no entry', async () => undefined],
    ['a repair of another pipeline', async (room: SeedRoom) => room.raise({ pipeline: 'p000000000xx' })],
    ['a hole of another pipeline', async (room: SeedRoom) => room.raise({ pipeline: 'p000000000xx', cause: 'hole' })],
    [
      'an entry that has ended',
      async (room: SeedRoom) => {
        await room.raise();
        await room.lower();
      },
    ],
  ])('%s: it is passed', async (_, before) => {
    const room = await open({ rows });
    await before(room);
    await room.read([item(2), item(3)], repairOf(2, 3, 4));
    expect(await room.rows()).toEqual([item(1, 'same'), item(2, 'old'), item(4, 'gone'), item(5, 'own'), item(6, 'own')]);
    expect([await room.room.conflictTypes(), room.passed.length]).toEqual([[], 1]);
  });

  it('behind a rewind the same holds', async () => {
    const room = await open({ rows }, { replayUntil: 100 });
    await room.read([item(2)], repairOf(2, 4));
    expect((await room.rows()).length).toBe(5);
    await room.raise();
    await room.read([item(2)], repairOf(2, 4));
    expect(await room.rows()).toEqual([item(1, 'same'), item(2), item(5, 'own'), item(6, 'own')]);
  });

  it('a row whose unique value another one holds waits for it, or is told', async () => {
    const room = await open({ rows: "INSERT INTO t VALUES (1, 'old', 'x'), (2, 'old', 'y'), (9, 'own', 'z')" });
    await room.list([1, 2, 3], 'different');
    await room.raise();
    await room.read([item(2, 'n', 'x'), item(1, 'n', null), item(3, 'n', 'z')], repairOf(1, 2, 3));
    expect(await room.rows()).toEqual([item(1), item(2, 'n', 'x'), item(9, 'own', 'z')]);
    const problems = (await room.differences()).filter(({ problem }) => problem !== null);
    expect(problems).toMatchObject([{ row_key: '{"id":3}', problem: 'a unique value of it is held here by id=9' }]);
  });
});

describe('a repair, both ways, with foreign keys', () => {
  const enter = rooms('9.7', {
    tables: { p: 'id int primary key', c: 'id int primary key, p int, foreign key (p) references p (id)' },
    rule: { policy: 'home' },
    rows: 'INSERT INTO p VALUES (1); INSERT INTO c VALUES (10, 1)',
  });

  it('home takes nothing that breaks one, and does not stop', async () => {
    const room = await SeedRoom.of(await enter({}), { bothWays: true, onExisting: null });
    await room.raise({ table: 'p' });
    await room.raise({ table: 'c' });
    await room.read([], { ...repairOf(1), table: 'p' });
    await room.read([{ id: 11, p: 5 }], { ...repairOf(11), table: 'c' });
    expect([await room.rows('p'), await room.rows('c')]).toEqual([[{ id: 1 }], [{ id: 10, p: 1 }]]);
  });
});
