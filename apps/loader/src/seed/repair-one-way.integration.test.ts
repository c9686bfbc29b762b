/** Tables that are not known to be equal, one way: what becomes of changes of rows that are not as they must be, and of repairs. */
import type { Row } from '@lutra/model';
import type { ResultRow } from '@lutra/mysql';
import { describe, expect, it } from 'vitest';
import { rooms } from '../conflict/detect/conflict-detector.fixture.js';
import type { Step } from '../conflict/detect/conflict-detector.fixture.js';
import { SeedRoom } from './seed-room.fixture.js';
import type { SeedRoomOptions } from './seed-room.fixture.js';

const item = (id: number, name = 'n', u: string | null = null): Row => ({ id, name, u });
const many = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, i) => item(from + i));
const repairOf = (...ids: readonly number[]) => ({ purpose: 'repair', request: 'repair-1', keys: ids.map((id) => ({ id })) }) as const;

/** `key op existing → result`, names only. */
function told(conflicts: readonly ResultRow[]): readonly string[] {
  const text = (row: ResultRow, column: string): string => (row[column] ?? '').toString();
  const name = (row: ResultRow, column: string): string => /"name":"([^"]*)"/.exec(text(row, column))?.[1] ?? '-';
  return conflicts.map((row) => `${text(row, 'row_key')} ${text(row, 'op')} ${name(row, 'existing_row')} → ${name(row, 'result_row')}`);
}

describe('one way, a table that is not known to be equal', () => {
  const enter = rooms('9.7', { tables: { t: 'id int primary key, name varchar(20), u varchar(20) unique' }, flowsBack: false });
  const damaged = "INSERT INTO t VALUES (1, 'old', 'old'), (2, 'old', NULL), (3, 'old', NULL), (5, 'old', NULL), (6, 'old', NULL)";
  const stopsAt = async (room: SeedRoom, steps: readonly Step[]): Promise<void> => {
    for (const step of steps) {
      await expect(room.change([step])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
      await room.again();
    }
  };
  const [inserted, updated, moved, deleted] = [
    [null, item(3)],
    [item(4, 'a'), item(4, 'b')],
    [item(5, 'a'), item(6, 'b')],
    [item(7), null],
  ] as const;
  const changes = [inserted, updated, moved, deleted];
  const open = async (options: SeedRoomOptions = {}): Promise<SeedRoom> =>
    SeedRoom.of(await enter({ rows: damaged }), { onExisting: null, ...options });

  it.each([false, true])('takes changes of damaged rows whole, as long as it is repaired (both ways beside it: %s)', async (bothWays) => {
    const room = await open({ bothWays });
    await stopsAt(room, changes);
    await room.raise();
    for (const step of changes) await room.change([step]);
    await room.change([
      [item(8), null],
      [item(1, 'a', 'u'), item(1, 'b', 'u')],
      [item(2, 'a'), null],
    ]);
    expect(await room.rows()).toEqual([item(1, 'b', 'u'), item(3), item(4, 'b'), item(6, 'b')]);
    await room.lower();
    await stopsAt(room, [[item(9), item(9, 'b')]]);
  });

  it('of another pipeline: a row that is missing may come, one that differs stops the pipeline', async () => {
    const room = await open();
    await room.raise({ pipeline: 'p000000000xx' });
    await room.change([updated]);
    await room.change([deleted]);
    await stopsAt(room, [inserted, moved]);
    expect(await room.rows()).toHaveLength(6);
  });

  it('a large transaction that is written while it arrives', async () => {
    const room = await open({ batchBytes: 500 });
    await room.raise();
    const steps = many(1, 60).map((row) => [row, { ...row, name: 'b' }] as const);
    await expect(room.change(steps)).rejects.toMatchObject({ refused: { conflict: true } });
    await room.again();
    await room.change(steps);
    expect(await room.rows()).toEqual(many(1, 60).map((row) => ({ ...row, name: 'b' })));
  });
});

describe('a repair, one way', () => {
  const enter = rooms('9.7', { tables: { t: 'id int primary key, name varchar(20), u varchar(20) unique' }, flowsBack: false });
  const open = async (rows: string, options: SeedRoomOptions = {}): Promise<SeedRoom> =>
    SeedRoom.of(await enter({ rows }), { onExisting: null, ...options });

  it.each([false, true])(
    'each row that it changes is recorded, with who and why; equal ones are not (both ways beside it: %s)',
    async (bothWays) => {
      const room = await open("INSERT INTO t VALUES (1, 'n', NULL), (2, 'old', NULL), (4, 'own', NULL)", { bothWays, flowsBack: false });
      await room.raise();
      await room.read([item(1), item(2), item(3)], repairOf(1, 2, 3, 4, 5));
      expect(await room.rows()).toEqual(many(1, 3));
      const conflicts = await room.room.conflicts();
      expect(told(conflicts)).toEqual(['{"id":2} u old → n', '{"id":3} c - → n', '{"id":4} d own → -']);
      const by = { type: 'repair', policy: 'repair', winner: 'incoming', final: 1, request: 'repair-1', reason: 'ann: because' };
      expect(conflicts).toMatchObject([by, by, by]);
      await room.read([item(2)], repairOf(2, 4));
      expect(await room.room.conflicts()).toHaveLength(3);
    },
  );

  it('a deletion alone is recorded, and so is one that nobody ordered through the API', async () => {
    const room = await open("INSERT INTO t VALUES (4, 'own', NULL), (5, 'own', NULL)");
    await room.read([], repairOf(4));
    await room.raise();
    await room.read([], { ...repairOf(5), request: '' });
    expect(await room.rows()).toEqual([]);
    expect(await room.room.conflicts()).toMatchObject([
      { request: 'repair-1', reason: null, gtid: null, op: 'd' },
      { request: null, reason: null, gtid: null, op: 'd' },
    ]);
  });

  it('a row that holds a unique value is deleted if it comes too, goes, or is listed to come; else the row is not written', async () => {
    const rows = "INSERT INTO t VALUES (2, 'old', 'b'), (3, 'old', 'c'), (4, 'old', 'd'), (9, 'own', 'x')";
    const room = await open(rows);
    await room.list([2, 4, 1, 8], 'different');
    await room.list([3], 'missing-there');
    await room.raise();
    // 2 comes in this chunk, 3 is to go, 4 comes later, 9 is nobody's.
    await room.read([item(1, 'n', 'b'), item(2, 'n', 'c'), item(7, 'n', 'd'), item(8, 'n', 'x')], repairOf(1, 2, 3, 7, 8));
    expect(await room.rows()).toEqual([item(1, 'n', 'b'), item(2, 'n', 'c'), item(7, 'n', 'd'), item(9, 'own', 'x')]);
    expect(told(await room.room.conflicts())).toEqual([
      '{"id":2} u old → -',
      '{"id":1} c - → n',
      '{"id":3} u old → -',
      '{"id":2} c - → n',
      '{"id":4} u old → -',
      '{"id":7} c - → n',
    ]);
    const problems = async (): Promise<readonly unknown[]> =>
      (await room.differences()).filter(({ problem }) => problem !== null).map(({ row_key: key, problem }) => [key, problem]);
    expect(await problems()).toEqual([
      ['{"id":4}', 'it gave way here to id=7'],
      ['{"id":8}', 'a unique value of it is held here by id=9'],
    ]);
    await room.read([item(4, 'n', 'e')], repairOf(4));
    await room.read([item(8, 'n', 'y')], repairOf(8));
    expect(await room.rows()).toContainEqual(item(4, 'n', 'e'));
    expect(await problems()).toEqual([]);
  });

  it('of an application: a row that cannot be written is listed as a clash', async () => {
    const room = await open("INSERT INTO t VALUES (9, 'own', 'x')");
    await room.read([item(8, 'n', 'x')], { ...repairOf(8), request: '' });
    expect(await room.differences()).toMatchObject([{ row_key: '{"id":8}', outcome: 'clash', problem: null }]);
  });
});

describe('a repair, one way, with foreign keys', () => {
  const enter = rooms('9.7', {
    tables: { t: 'id int primary key, p int, name varchar(9), u int unique, foreign key (p) references t (id) on delete cascade' },
    flowsBack: false,
  });
  const child = (id: number, p: number | null, u: number | null = null): Row => ({ id, p, name: 'n', u });

  it('rows move away before their parent goes, and what goes with it is recorded', async () => {
    const rows = "INSERT INTO t VALUES (1, NULL, 'n', 7), (5, 1, 'old', NULL), (6, 1, 'own', NULL), (8, NULL, 'old', NULL)";
    const room = await SeedRoom.of(await enter({ rows }), { onExisting: null });
    await room.read([child(5, 9), child(8, null, 7), child(9, null)], repairOf(1, 5, 6, 8, 9));
    expect(await room.rows()).toEqual([child(5, 9), child(8, null, 7), child(9, null)]);
    expect(told(await room.room.conflicts())).toEqual([
      '{"id":5} u old → n',
      '{"id":9} c - → n',
      '{"id":1} d n → -',
      '{"id":6} d own → -',
      '{"id":8} u old → n',
    ]);
  });
});
