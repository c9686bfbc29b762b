import type { Row } from '@lutra/model';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../../../../libs/mysql/src/mysql.fixture.js';
import { DetectorSetup } from './conflict-detector.fixture.js';
import type { RoomOptions } from './conflict-detector.fixture.js';

const tables = { t: 'id int primary key, u varchar(20) unique, v int', k: 'k varchar(20) collate utf8mb4_general_ci primary key, v int' };
const row = (id: number, u: string | null, v: number): Row => ({ id, u, v });
const named = (k: string, v: number): Row => ({ k, v });
const home = { policy: 'home' } as const;
const latest = { policy: 'latest', version: 'v' } as const;

describe.each(['8.0', '9.7'] as const)('keys that move, on %s', (version) => {
  let server: TestServer;
  let room: DetectorSetup;

  beforeAll(async () => {
    server = await TestServer.shared(version);
  });
  afterAll(async () => {
    await server.stop();
  });
  afterEach(async () => room.close());

  /** Rows 1 'one', 2 'two' and the key 'a', of version 5; the target is home. */
  async function enter(rule: RoomOptions['rule'], side: RoomOptions['home'] = 'target'): Promise<void> {
    room = await DetectorSetup.open(server, { tables, rule, home: side });
    await server.run(`USE ${room.database}; INSERT INTO t VALUES (1, 'one', 5), (2, 'two', 5); INSERT INTO k VALUES ('a', 5)`);
  }
  const one = row(1, 'one', 5);
  const two = row(2, 'two', 5);

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
      await room.close();
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
