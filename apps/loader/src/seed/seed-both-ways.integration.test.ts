/**
 * What becomes of rows that are seeded where both sides write: for each case of the contract, what stands at the target, what is told, and
 * what home sends.
 */
import type { Row } from '@lutra/model';
import { describe, expect, it } from 'vitest';
import { rooms } from '../conflict/detect/conflict-detector.fixture.js';
import type { RoomOptions } from '../conflict/detect/conflict-detector.fixture.js';
import { regions } from '../conflict/detect/detector-peers.fixture.js';
import type { Dropping } from '../conflict/drops/drops.js';
import { SeedRoom } from './seed-room.fixture.js';

const item = (id: number, name = 'n', u: string | null = null): Row => ({ id, name, u });
const many = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, i) => item(from + i));
const [here, there] = [regions.target, regions.source];

describe.each(['8.0', '9.7'] as const)('both ways, %s', (version) => {
  const enter = rooms(version, {
    tables: { t: 'id int primary key, name varchar(20), u varchar(20) unique' },
    rule: { policy: 'home' },
  });
  const open = async (options: Partial<RoomOptions>, onExisting: string | null = here): Promise<SeedRoom> =>
    SeedRoom.of(await enter(options), { bothWays: true, onExisting });

  it('an empty range is filled at once, behind the watermark', async () => {
    const room = await open({});
    await room.read(many(1, 300), { to: { id: 300 } });
    expect(await room.rows()).toEqual(many(1, 300));
    expect(await room.seed()).toMatchObject({ cursor: '{"id":300}', counts: { inserted: 300 } });
    expect(room.room.peers.completed).toBe(1);
    expect(await room.room.conflicts()).toEqual([]);
  });

  it('a row yields to a change here that its source has not seen, whoever is home', async () => {
    for (const home of ['target', 'source'] as const) {
      const room = await open({ home, rows: "INSERT INTO t VALUES (1, 'n', NULL), (2, 'n', NULL)" }, there);
      await room.room.local("UPDATE t SET name = 'b' WHERE id = 1; DELETE FROM t WHERE id = 2", [item(1), item(1, 'b')], [item(2), null]);
      await room.read([item(1), item(2), item(3)]);
      expect(await room.rows()).toEqual([item(1, 'b'), item(3)]);
      expect(await room.seed()).toMatchObject({ isWhole: true, counts: { yielded: 2, inserted: 1 } });
      expect([await room.room.conflictTypes(), await room.room.resolutions()]).toEqual([[], []]);
    }
  });

  it('a deletion that comes to light behind the watermark only is not undone', async () => {
    const room = await open({});
    room.room.peers.whileLocked = async () => void (await room.room.local('', [item(1), null]));
    await room.read([item(1), item(2)], { seen: 0 });
    expect(await room.rows()).toEqual([item(2)]);
    expect(await room.seed()).toMatchObject({ counts: { yielded: 1, inserted: 1 } });
  });

  it('a change that the source had seen is no reason to yield', async () => {
    const room = await open({ rows: "INSERT INTO t VALUES (1, 'n', NULL)" }, there);
    const seen = await room.room.local("UPDATE t SET name = 'b' WHERE id = 1", [item(1), item(1, 'b')]);
    await room.read([item(1, 'c')], { seen });
    expect(await room.rows()).toEqual([item(1, 'c')]);
  });

  describe('what the target dropped behind the reading', () => {
    const dropped = (room: SeedRoom, does: Dropping): void =>
      room.room.peers.drops.add({ database: room.room.database, name: 't' }, { seq: 5, record: 'g:5', title: 'ALTER TABLE t', does });
    const name: Dropping = { kind: 'columns', dropped: ['name'], renamed: [] };

    it('is left out of a row, and told', async () => {
      const room = await open({});
      dropped(room, name);
      await room.read([item(1, 'old'), item(2, 'old')], { seen: 4, to: { id: 2 } });
      await room.read([item(3, 'new')], { seen: 5, from: { id: 2 } });
      expect(await room.rows()).toEqual([{ ...item(1), name: null }, { ...item(2), name: null }, item(3, 'new')]);
      expect(await room.seed()).toMatchObject({ isWhole: true, counts: { inserted: 3 } });
      expect(room.room.omitted).toMatchObject([{ kind: 'drop', what: 'dropped columns: name' }]);
    });

    it('and comes to light with the watermark only: nothing is written, and the next run knows it', async () => {
      const room = await open({});
      room.room.peers.whileLocked = async () => dropped(room, name);
      await expect(room.read([item(1, 'old')], { seen: 4 })).rejects.toMatchObject({ code: 'TARGET_CHANGED' });
      expect(await room.rows()).toEqual([]);
    });

    it('a chunk of a dropped table is passed and not ticked off, so it comes again; so are keys that have no row', async () => {
      const room = await open({});
      dropped(room, { kind: 'table' });
      await room.read([item(1, 'old')], { seen: 4 });
      await room.read([], { seen: 4, purpose: 'repair', keys: [{ id: 1 }] });
      expect([await room.rows(), (await room.seed())?.isWhole]).toEqual([[], false]);
      expect(room.passed).toHaveLength(2);
      await room.read([item(1, 'new')], { seen: 5 });
      expect([await room.rows(), (await room.seed())?.isWhole]).toEqual([[item(1, 'new')], true]);
    });

    it('a probe compares what both have', async () => {
      const room = await open({ rows: "INSERT INTO t VALUES (1, 'made', NULL), (2, 'made', 'u')" });
      dropped(room, name);
      await room.read([item(1, 'old'), item(2, 'old')], { seen: 4, purpose: 'probe' });
      expect(await room.differences()).toMatchObject([{ outcome: 'equal' }, { outcome: 'different', columns: '["u"]' }]);
    });
  });

  it('a chunk with a row that yields for a unique value alone is not ticked off, so it comes again', async () => {
    const room = await open({});
    const seen = await room.room.local('', [item(1, 'n', 'x'), item(1, 'n', null)]);
    await room.read([item(2, 'n', 'x'), item(3)]);
    expect([await room.rows(), await room.differences()]).toEqual([[item(3)], []]);
    expect(await room.seed()).toMatchObject({ isWhole: false, counts: { inserted: 0, yielded: 0 } });
    await room.read([item(2, 'n', 'x'), item(3)], { seen });
    expect(await room.rows()).toEqual([item(2, 'n', 'x'), item(3)]);
    expect(await room.seed()).toMatchObject({ isWhole: true, counts: { inserted: 1, equal: 1 } });
  });

  it('a row of no seed that yields for a unique value alone is told', async () => {
    const room = await open({});
    await room.room.local('', [item(1, 'n', 'x'), item(1, 'n', null)]);
    await room.read([item(2, 'n', 'x')], { purpose: 'resync', keys: [{ id: 2 }] });
    expect(await room.rows()).toEqual([]);
    expect(await room.differences()).toMatchObject([{ row_key: '{"id":2}', outcome: 'again' }]);
  });

  it.each([
    ['target', here, 'existing', [item(1, 'old')], [[{ id: 1 }, item(1, 'old')]]],
    ['source', here, 'existing', [item(1, 'old')], []],
    ['target', there, 'incoming', [item(1)], []],
    ['source', there, 'incoming', [item(1)], []],
    ['target', null, 'existing', [item(1, 'old')], [[{ id: 1 }, item(1, 'old')]]],
    ['source', null, 'incoming', [item(1)], []],
  ] as const)('home at the %s, %s named: the %s row stays, and both are recorded', async (home, named, winner, rows, resolutions) => {
    const room = await open({ home, rows: "INSERT INTO t VALUES (1, 'old', NULL), (2, 'n', NULL)" }, named);
    await room.read([item(1), item(2)], named === null ? { purpose: 'resync', keys: [{ id: 1 }, { id: 2 }] } : {});
    expect(await room.rows()).toEqual([...rows, item(2)]);
    expect(await room.room.conflicts()).toMatchObject([
      { type: 'seed-differs', policy: 'seed', winner, row_key: '{"id":1}', final: home === 'target' ? 1 : 0 },
    ]);
    expect(await room.room.resolutions()).toEqual(resolutions);
    expect(room.room.told).toEqual([`seed-differs ${winner}`]);
  });

  it('stop names the row', async () => {
    const room = await open({ rows: "INSERT INTO t VALUES (1, 'old', NULL)" }, 'stop');
    await expect(room.read([item(1), item(2)])).rejects.toMatchObject({ code: 'SEED_ROW_EXISTS' });
    expect(await room.rows()).toEqual([item(1, 'old')]);
  });

  it('a row that holds a unique value is never deleted', async () => {
    const room = await open({ rows: "INSERT INTO t VALUES (9, 'own', 'x')" }, there);
    await room.read([item(1, 'n', 'x'), item(9, 'own', null)]);
    expect(await room.rows()).toEqual([item(9, 'own', null)]);
    expect(await room.differences()).toMatchObject([{ row_key: '{"id":1}', outcome: 'clash' }]);
  });

  it('a row that is left out for a unique value is not lost by its next update, though its table is done', async () => {
    const room = await open({ rows: "INSERT INTO t VALUES (9, 'own', 'x')" }, here);
    await room.read([item(1, 'n', 'x')]);
    await room.end();
    const seen = await room.room.local('UPDATE t SET u = NULL', [item(9, 'own', 'x'), item(9, 'own', null)]);
    await room.change([[item(1, 'n', 'x'), item(1, 'b', 'x')]], seen);
    expect(await room.rows()).toEqual([item(1, 'b', 'x'), item(9, 'own', null)]);
    expect([await room.room.conflictTypes(), await room.room.resolutions()]).toEqual([[], []]);
    expect([await room.differences(), (await room.seed())?.counts.clashes]).toEqual([[], 0]);
  });

  it('an update of a row that has not come yet is written whole, at home too, and nothing is decided', async () => {
    const room = await open({});
    await room.change([[item(1, 'a'), item(1, 'b')]]);
    await room.change([
      [item(2), null],
      [item(3), item(4)],
    ]);
    expect(await room.rows()).toEqual([item(1, 'b'), item(4)]);
    expect([await room.room.conflictTypes(), await room.room.resolutions()]).toEqual([[], []]);
    // Where somebody changed it here it is a conflict as ever; and so where nothing is seeded.
    await room.room.local('', [item(5), null]);
    await room.change([[item(5), item(5, 'b')]]);
    await room.end();
    await room.change([[item(6), item(6, 'b')]]);
    expect(await room.room.conflictTypes()).toEqual(['update-missing existing', 'update-missing existing']);
    expect(await room.rows()).toEqual([item(1, 'b'), item(4)]);
  });

  it('a change of a row that is out of date is taken whole if its source is named, and is a conflict else', async () => {
    const rows = "INSERT INTO t VALUES (1, 'old', NULL), (2, 'old', NULL), (3, 'old', NULL), (5, 'old', NULL)";
    const changes = [
      [item(1, 'a', 'u'), item(1, 'b', 'u')],
      [item(2, 'a'), null],
      [null, item(3)],
      [item(5, 'a'), item(6, 'a')],
    ] as const;
    const room = await open({ rows }, there);
    await room.change(changes);
    expect(await room.rows()).toEqual([item(1, 'b', 'u'), item(3), item(6, 'a')]);
    expect([await room.room.conflictTypes(), await room.room.resolutions()]).toEqual([[], []]);
    const kept = await open({ rows }, here);
    await kept.change(changes);
    expect(await kept.rows()).toEqual([1, 2, 3, 5].map((id) => item(id, 'old')));
  });

  it.each(['target', 'source'] as const)('a table that is not known to be equal, home at the %s', async (home) => {
    const rows = "INSERT INTO t VALUES (1, 'old', NULL), (2, 'old', NULL), (3, 'old', NULL), (5, 'old', NULL), (7, 'c', NULL)";
    const room = await open({ home, rows }, null);
    await room.raise({ cause: 'hole' });
    await room.change([[item(1, 'a', 'u'), item(1, 'b', 'u')]]);
    await room.change([
      [item(2, 'a'), null],
      [null, item(3)],
      [item(4, 'a'), item(4, 'b')],
      [item(5, 'a'), item(6, 'a')],
    ]);
    const taken = [item(1, 'b', 'u'), item(3), item(4, 'b'), item(6, 'a')];
    expect(await room.rows()).toEqual([...taken, item(7, 'c')]);
    expect([await room.room.conflictTypes(), await room.room.resolutions()]).toEqual([[], []]);
    // Where somebody changed it here it is a conflict as ever; and so where the entry is another pipeline's, or has ended.
    await room.room.local('', [item(7), item(7, 'c')]);
    await room.change([[item(7), item(7, 'b')]]);
    await room.lower();
    await room.raise({ pipeline: 'p000000000xx' });
    await room.change([[item(3, 'a'), item(3, 'b')]]);
    await room.change([[item(8, 'a'), item(8, 'b')]]);
    await room.lower();
    await room.change([[item(9, 'a'), item(9, 'b')]]);
    expect(await room.room.conflictTypes()).toEqual(
      home === 'target'
        ? ['update-differs existing', 'update-differs existing', 'update-missing existing']
        : ['update-differs incoming', 'update-differs incoming', 'update-missing incoming'],
    );
  });

  it('a probe tells what was changed here from what differs', async () => {
    const room = await open({ rows: "INSERT INTO t VALUES (1, 'b', NULL), (2, 'old', NULL), (4, 'own', NULL)" }, null);
    await room.room.local('', [item(1), item(1, 'b')], [null, item(4, 'own')], [item(5), null]);
    await room.read([item(1), item(2), item(3), item(5)], { purpose: 'probe', keys: [1, 2, 3, 4, 5].map((id) => ({ id })) });
    expect((await room.differences()).map(({ outcome }) => outcome)).toEqual([
      'in-flight',
      'different',
      'missing-here',
      'in-flight',
      'in-flight',
    ]);
  });
});

describe('both ways, with foreign keys', () => {
  const enter = rooms('9.7', {
    tables: { p: 'id int primary key', c: 'id int primary key, p int, foreign key (p) references p (id)' },
    rule: { policy: 'home' },
  });

  it('home writes no orphan of a chunk and tells it; a live child goes before its parent', async () => {
    const room = await SeedRoom.of(await enter({}), { bothWays: true, onExisting: here });
    await room.read([{ id: 1, p: 5 }], { table: 'c' });
    expect([await room.rows('c'), (await room.differences()).map(({ outcome }) => outcome)]).toEqual([[], ['clash']]);
    await room.change([[null, { id: 2, p: 6 }, 'c']]);
    expect(await room.rows('c')).toEqual([{ id: 2, p: 6 }]);
    expect(await room.room.conflictTypes()).toEqual([]);
  });
});

describe('both ways, with foreign keys to the table itself', () => {
  const enter = rooms('9.7', {
    tables: {
      p: 'id int primary key',
      t: 'id int primary key, p int, up int, foreign key (p) references p (id), foreign key (up) references t (id)',
    },
    rule: { policy: 'home' },
    rows: 'INSERT INTO p VALUES (1)',
  });
  const child = (id: number, up: number | null, p = 1): Row => ({ id, p, up });

  it('home writes a child before its parent, unless that was deleted here or another parent is missing', async () => {
    const room = await SeedRoom.of(await enter({}), { bothWays: true, onExisting: here });
    const parent = child(7, null);
    await room.room.local('', [{ ...parent }, null, 't']);
    await room.read([child(1, 9), child(2, 9, 5), child(3, 7), child(4, 1), child(9, null)], { table: 't' });
    expect(await room.rows('t')).toEqual([child(1, 9), child(4, 1), child(9, null)]);
    expect((await room.differences()).map(({ row_key: key, outcome }) => [key, outcome])).toEqual([
      ['{"id":2}', 'clash'],
      ['{"id":3}', 'clash'],
    ]);
  });
});

describe('the naive rule: a row that is read is an insert like any other', () => {
  const enter = rooms('9.7', { tables: { t: 'id int primary key, name varchar(20)' }, rule: { policy: 'home' } });

  /** A is home; both have p = 0. A's row is on its way, then B's application writes b: what each side has when all has arrived. */
  async function seededAgainst(isNaive: boolean): Promise<readonly [unknown, unknown]> {
    const zero = { id: 1, name: '0' };
    const b = { id: 1, name: 'b' };
    const rows = "INSERT INTO t VALUES (1, '0')";
    const atB = await SeedRoom.of(await enter({ home: 'source', rows }), { bothWays: true, onExisting: there });
    await atB.room.local("UPDATE t SET name = 'b'", [zero, b]);
    if (isNaive) await atB.change([[null, zero]]);
    else await atB.read([zero]);
    const [ofB] = await atB.rows();
    // At A nothing competes with B's change: a row that was read is no change.
    const atA = await SeedRoom.of(await enter({ home: 'target', rows }), { bothWays: true, onExisting: here });
    await atA.change([[zero, b]]);
    expect(await atA.room.resolutions()).toEqual([]);
    return [(await atA.rows())[0]?.['name'], ofB?.['name']];
  }

  it('diverges', async () => expect(await seededAgainst(true)).toEqual(['b', '0']));
  it('and yielding does not', async () => expect(await seededAgainst(false)).toEqual(['b', 'b']));
});
