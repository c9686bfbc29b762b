import { rowsFlags } from '@lutra/model';
import type { Row } from '@lutra/model';
import { describe, expect, test } from 'vitest';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions } from './conflict-detector.fixture.js';

/** Parents 1, 2; child 1 of 1. */
const ground = {
  tables: { parent: 'id int primary key, v int', child: 'id int primary key, p int, foreign key (p) references parent (id)' },
  rows: 'INSERT INTO parent VALUES (1, 1), (2, 2); INSERT INTO child VALUES (1, 1)',
};
const parent = (id: number, v: number): Row => ({ id, v });
const child = (id: number, p: number): Row => ({ id, p });

describe.each(['8.0', '9.7'] as const)('foreign keys where both sides write, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);

  const enter = async (rule: RoomOptions['rule'], options: Partial<RoomOptions> = {}): Promise<void> =>
    void (room = await open({ rule, ...options }));
  /** Of the loader's own connection, which is kept from one transaction to the next. */
  const checks = async (): Promise<unknown> => (await (await room.writer.ready()).query('SELECT @@foreign_key_checks AS on_'))[0]?.['on_'];
  const connection = async (): Promise<unknown> => (await (await room.writer.ready()).query('SELECT CONNECTION_ID() AS id'))[0]?.['id'];
  const orphans = async (): Promise<readonly unknown[]> =>
    (await room.server.query(`SELECT id FROM ${room.database}.child WHERE p NOT IN (SELECT id FROM ${room.database}.parent)`)).map(
      ({ id }) => id,
    );

  test('home: without checks at its source a row makes another give way, whose children go with it as they go elsewhere', async () => {
    const tables = {
      parent: 'id int primary key, u varchar(9) unique, v int',
      child: 'id int primary key, p int, foreign key (p) references parent (id) on delete cascade',
    };
    const rows = "INSERT INTO parent VALUES (1, 'one', 1); INSERT INTO child VALUES (1, 1)";
    await enter({ policy: 'latest', version: 'v' }, { tables, rows });
    const transaction = room.transaction([[null, { id: 2, u: 'one', v: 9 }]]);
    const under = { session: null, flags: rowsFlags.noForeignKeyChecks };
    await room.commit({ ...transaction, changes: transaction.changes.map((change) => ({ ...change, under })) });
    expect(await room.rows()).toEqual([{ id: 2, u: 'one', v: 9 }]);
    expect(await orphans()).toEqual([]);
  });

  test('home: a child whose parent is gone is refused, and told to be gone', async () => {
    await enter({ policy: 'home' });
    await room.local('DELETE FROM parent WHERE id = 2', [parent(2, 2), null]);
    await room.commit(
      room.transaction(
        [
          [null, child(5, 2), 'child'],
          [null, child(6, 1), 'child'],
        ],
        0,
      ),
    );
    expect(await room.rows('child')).toEqual([child(1, 1), child(6, 1)]);
    expect(await room.conflicts()).toMatchObject([
      { type: 'parent-missing', winner: 'existing', final: 1, row_key: '{"id":5}', after_row: '{"id":5,"p":2}', result_row: null },
    ]);
    expect(await room.resolutions()).toEqual([[{ id: 5 }, null]]);
  });

  test('home: a child that moves to a parent that is gone stays where it is', async () => {
    await enter({ policy: 'latest', version: 'v' });
    await room.local('DELETE FROM parent WHERE id = 2', [parent(2, 2), null]);
    await room.commit(room.transaction([[child(1, 1), child(1, 2), 'child']], 0));
    expect(await room.rows('child')).toEqual([child(1, 1)]);
    expect(await room.conflictTypes()).toEqual(['parent-missing existing']);
    expect(await room.resolutions()).toEqual([[{ id: 1 }, child(1, 1)]]);
  });

  test('home: a parent whose child came meanwhile is kept, and told', async () => {
    await enter({ policy: 'home' });
    await room.local('INSERT INTO child VALUES (2, 2)', [null, child(2, 2), 'child']);
    await room.commit(
      room.transaction(
        [
          [parent(2, 2), null],
          [parent(1, 1), parent(1, 9)],
        ],
        0,
      ),
    );
    expect(await room.rows()).toEqual([parent(1, 9), parent(2, 2)]);
    expect(await room.conflicts()).toMatchObject([{ type: 'child-exists', winner: 'existing', op: 'd', existing_row: '{"id":2,"v":2}' }]);
    expect(await room.resolutions()).toEqual([[{ id: 2 }, parent(2, 2)]]);
  });

  test('elsewhere both are written, and the checks of the session are on again', async () => {
    await enter({ policy: 'home' }, { home: 'source' });
    const before = await connection();
    await room.local('INSERT INTO child VALUES (2, 2)', [null, child(2, 2), 'child']);
    await room.commit(
      room.transaction(
        [
          [parent(2, 2), null],
          [null, child(5, 77), 'child'],
        ],
        0,
      ),
    );
    expect([await room.rows(), await room.rows('child')]).toEqual([[parent(1, 1)], [child(1, 1), child(2, 2), child(5, 77)]]);
    expect(await orphans()).toEqual([2, 5]);
    expect(await room.conflicts()).toEqual([]);
    expect([await checks(), await connection()]).toEqual(['1', before]);
  });

  test('elsewhere: a failure while the checks are off leaves no connection behind without them', async () => {
    const refusing = (database: string): string => `CREATE TRIGGER ${database}.refuse BEFORE INSERT ON ${database}.child FOR EACH ROW
      IF NEW.p = 77 AND @@foreign_key_checks = 0 AND @lutra_apply = 1 THEN SIGNAL SQLSTATE '45000'; END IF`;
    await enter({ policy: 'home' }, { home: 'source', more: refusing });
    const before = await connection();
    await expect(room.commit(room.transaction([[null, child(5, 77), 'child']]))).rejects.toMatchObject({ code: 'APPLY_REFUSED' });
    expect(await room.rows('child')).toEqual([child(1, 1)]);
    expect([await checks(), await room.seq()]).toEqual(['1', -1]);
    expect(await connection()).not.toBe(before);
  });

  test('policy stop: a foreign key that refuses stops, by name', async () => {
    await enter({ policy: 'stop' });
    const orphan = room.transaction([[null, child(5, 77), 'child']]);
    await expect(room.commit(orphan)).rejects.toMatchObject({
      code: 'ROW_CONFLICT',
      details: { table: 'child', type: 'parent-missing', key: 'id=5', transaction: 'u:10' },
    });
    expect([await room.rows('child'), await room.seq()]).toEqual([[child(1, 1)], -1]);
  });
});
