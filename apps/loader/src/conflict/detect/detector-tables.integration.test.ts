import type { Row } from '@lutra/model';
import { beforeEach, describe, expect, test } from 'vitest';
import { rooms } from './conflict-detector.fixture.js';
import type { DetectorSetup, RoomOptions, Step } from './conflict-detector.fixture.js';
import type { BufferedTransaction } from './buffered-transactions.js';

const ground = {
  tables: { t: 'id int primary key, v int', bare: 'id int, v int', made: 'id int primary key, v int, unique odd ((v + 1))' },
  rows: 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3), (4, 4)',
};
const row = (id: number, v: number): Row => ({ id, v });
const refused = (code: string, details: object = {}): unknown =>
  expect.objectContaining({ code, details: expect.objectContaining(details) });

describe.each(['8.0', '9.7'] as const)('tables of all kinds, with conflict detection, on %s', (version) => {
  let room: DetectorSetup;
  const open = rooms(version, ground);
  const enter = async (options: Partial<RoomOptions>): Promise<void> => void (room = await open(options));
  beforeEach(() => enter({ rule: { policy: 'stop' } }));

  const update = (id: number, v = 10 * id): Step => [row(id, id), row(id, v)];
  test('a table without a primary key: a row that is not there stops, as always, and is not decided', async () => {
    await room.server.run(`INSERT INTO ${room.database}.bare VALUES (1, 1)`);
    await room.commit(
      room.transaction([
        [row(1, 1), row(1, 2), 'bare'],
        [null, row(5, 5), 'bare'],
      ]),
    );
    expect(await room.rows('bare')).toEqual([row(1, 2), row(5, 5)]);
    const missing = room.transaction([[row(7, 7), null, 'bare']]);
    await expect(room.commit(missing)).rejects.toEqual(refused('ROW_CONFLICT', { table: 'bare', transaction: 'u:20' }));
    expect(await room.seq()).toBe(10);
  });

  test('a unique key over an expression and policy stop: a row that both changed stops, any other is applied', async () => {
    await room.local('INSERT INTO made VALUES (1, 1), (2, 2)');
    await room.commit(
      room.transaction([
        [row(1, 1), row(1, 10), 'made'],
        [null, row(3, 3), 'made'],
      ]),
    );
    expect(await room.rows('made')).toEqual([row(1, 10), row(2, 2), row(3, 3)]);
    await room.local('UPDATE made SET v = 20 WHERE id = 2', [row(2, 2), row(2, 20), 'made']);
    const concurrent = room.transaction([[row(2, 2), row(2, 21), 'made']], 1);
    await expect(room.commit(concurrent)).rejects.toEqual(refused('ROW_CONFLICT', { table: 'made', transaction: 'u:20' }));
    expect(await room.rows('made')).toEqual([row(1, 10), row(2, 20), row(3, 3)]);
    // past the binlog: nothing in the index of recent changes tells of it
    await room.local('UPDATE made SET v = 30 WHERE id = 3');
    await expect(room.commit(room.transaction([[row(3, 3), null, 'made']]))).rejects.toEqual(refused('ROW_CONFLICT', { table: 'made' }));
    expect(await room.rows('made')).toEqual([row(1, 10), row(2, 20), row(3, 30)]);
  });

  test('a key of any collation is held against what that takes for the same value, and nothing else', async () => {
    await room.close();
    const tables = {
      macce: 'id varchar(9) character set macce collate macce_general_ci primary key, v int',
      spanish: 'id varchar(9) character set utf8mb4 collate utf8mb4_spanish2_ci primary key, v int',
      czech: 'id varchar(9) character set latin2 collate latin2_czech_cs primary key, v int',
    };
    await enter({ tables, rows: '', rule: { policy: 'home' } });
    const named = (id: string, v: number): Row => ({ id, v });
    const cases = [
      ['macce', 'Žaba', 'žABA', 'žabo'],
      ['spanish', 'chÍa', 'CHia', 'cia'],
      ['czech', 'žena', 'žena ', 'zena'],
    ] as const;
    for (const [table, here, same, other] of cases) {
      await room.local(`INSERT INTO ${table} VALUES ('${here}', 1)`, [null, named(here, 1), table]);
      await room.local(`DELETE FROM ${table}`, [named(here, 1), null, table]);
      await room.commit(room.transaction([[null, named(other, 2), table]], 0));
      expect(await room.conflictTypes(), table).toEqual([]);
      await room.commit(room.transaction([[null, named(same, 2), table]], 0));
      expect(await room.conflictTypes(), table).toEqual(['insert-exists existing']);
      await room.server.run('DELETE FROM lutra.conflict');
    }
  });

  test('what another session computes is refused under a policy that decides: home would send the row back without it', async () => {
    const made = { t: 'id int primary key, ts timestamp null, day date as (date(ts)) stored' };
    const session = { sqlMode: 0, timeZone: '+08:00', lcTimeNames: 0, collation: 45 };
    const at = (timeZone: string): BufferedTransaction => {
      const transaction = room.transaction([[null, { id: 1, ts: '2021-05-01 20:00:00' }]]);
      const changes = transaction.changes.map((change) => ({ ...change, under: { session: { ...session, timeZone }, flags: 0 } }));
      return { ...transaction, changes };
    };
    for (const policy of ['home', 'stop'] as const) {
      await enter({ tables: made, rows: '', rule: { policy } });
      const other = room.commit(at('+08:00'));
      if (policy === 'home') await expect(other).rejects.toEqual(refused('SESSION_UNSUPPORTED', { table: 't' }));
      else await other;
      if (policy === 'home') await room.commit(at('+00:00'));
      const day = policy === 'home' ? '2021-05-01' : '2021-05-02';
      expect(await room.server.query(`SELECT CAST(day AS CHAR) AS day FROM ${room.database}.t`)).toEqual([{ day }]);
    }
  });

  test('a table that flows one way and has no rule: no watermark for it, no decision', async () => {
    await enter({ flowsBack: false });
    await room.local('', [row(1, 1), row(1, 1)]);
    await room.commit(room.transaction([update(1)], 0));
    expect([(await room.rows())[0], room.peers.completed]).toEqual([row(1, 10), 0]);
    await expect(room.commit(room.transaction([update(9)]))).rejects.toEqual(refused('ROW_CONFLICT', { does: 'count rows' }));
  });

  test('overwrite and ignore, for tables that flow one way', async () => {
    for (const [policy, ends] of [
      ['overwrite', [row(1, 10), row(2, 2)]],
      ['ignore', [row(1, 77)]],
    ] as const) {
      await enter({ rule: { policy }, flowsBack: false, home: 'elsewhere' });
      room.peers.none = true;
      await room.local('UPDATE t SET v = 77 WHERE id = 1; DELETE FROM t WHERE id > 1');
      await room.commit(room.transaction([update(1), [row(2, 5), row(2, 2)]]));
      expect(await room.rows()).toEqual(ends);
      expect(await room.conflicts()).toMatchObject([
        { type: 'update-differs', policy, final: 1 },
        { type: 'update-missing', policy },
      ]);
      expect(await room.resolutions()).toEqual([]);
    }
  });
});
