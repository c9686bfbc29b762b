/** Repairs on two real servers: what is written where, what is left alone, and that nobody's newer write is lost. */
import { Session } from '@lutra/mysql';
import { afterEach, expect, test } from 'vitest';
import { RepairRoom } from './repair-room.fixture.js';
import type { RoomOptions } from './repair-room.fixture.js';

let room: RepairRoom;
const open = async (options: RoomOptions): Promise<void> => void (room = await RepairRoom.open(options));
afterEach(() => room.close());

const homes = [
  ['the source', 'ra'],
  ['the target', 'rb'],
] as const;

/** Row 1 is equal; 2 differs, 3 is only at the source, 4 only at the target. */
async function damaged(): Promise<void> {
  await room.both(`CREATE TABLE ${room.database}.t (id BIGINT UNSIGNED PRIMARY KEY, v VARCHAR(40), j JSON, b VARBINARY(9))`);
  await room.source.run(
    `INSERT INTO ${room.database}.t VALUES (1, 'x', '[1]', X'00'), (2, 'there', '[1.0]', X'01'), (3, 'it''s', NULL, NULL)`,
  );
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, 'x', '[1]', X'00'), (2, 'here', '[1]', X'02'), (4, '🦦', NULL, NULL)`);
  expect([await room.verify(), room.notes()]).toEqual([['t different 1 1 1 0'], []]);
}
const values = async (server: RepairRoom['source']): Promise<readonly unknown[]> =>
  (await room.rows(server)).map(({ id, v }) => `${String(id)} ${String(v)}`);
const atSource = ['1 x', '2 there', "3 it's"];
const atTarget = ['1 x', '2 here', '4 🦦'];

test('one way the source sends its rows, and what it lacks is deleted', async () => {
  await open({ twoWay: false });
  await damaged();
  expect(await room.repair()).toBe(3);
  expect([await values(room.source), await values(room.target)]).toEqual([atSource, atSource]);
  expect(room.said()).toEqual(['t equal 0 0 0 0']);
  expect(room.counts).toEqual({ repaired: 3, changed: 0, refused: 0, left: 0 });
  expect(await room.differences()).toEqual([]);
  expect(await room.unequal(room.target)).toMatchObject([{ table_name: 't', cause: 'repair', reason: 'ann: damaged', state: 'ended' }]);
});

test.each(homes)('both ways home wins (%s), deletions too', async (_, home) => {
  await open({ twoWay: true, home });
  await damaged();
  expect(await room.repair({ winner: home })).toBe(3);
  const kept = home === 'ra' ? atSource : atTarget;
  expect([await values(room.source), await values(room.target)]).toEqual([kept, kept]);
  expect(room.said()).toEqual(['t equal 0 0 0 0']);
  const recorded = await room.conflicts(home === 'ra' ? room.source : room.target);
  expect(recorded.map(({ type, policy, winner, op }) => [type, policy, winner, op].join(' ')).toSorted()).toEqual([
    'repair repair existing c',
    'repair repair existing d',
    'repair repair existing u',
  ]);
  expect(await room.unequal(home === 'ra' ? room.target : room.source)).toMatchObject([{ cause: 'repair', state: 'ended' }]);
});

test.each(homes)('both ways the other end wins against home (%s): its rows are written at home without a marker', async (_, home) => {
  await open({ twoWay: true, home });
  await damaged();
  const winner = home === 'ra' ? 'rb' : 'ra';
  expect(await room.repair({ winner })).toBe(3);
  const kept = home === 'ra' ? atTarget : atSource;
  expect([await values(room.source), await values(room.target)]).toEqual([kept, kept]);
  const [first, second, third] = (await room.conflicts(home === 'ra' ? room.source : room.target)).toSorted((a, b) =>
    String(a['row_key']) < String(b['row_key']) ? -1 : 1,
  );
  expect([first, second, third].map((one) => one?.['winner'])).toEqual(['incoming', 'incoming', 'incoming']);
  expect(JSON.parse(String(first?.['existing_row']))).toMatchObject({ v: home === 'ra' ? 'there' : 'here' });
  expect(JSON.parse(String(first?.['result_row']))).toMatchObject({ v: home === 'ra' ? 'here' : 'there' });
});

test.each([
  ['ra', 'ra'],
  ['rb', 'rb'],
  ['ra', 'rb'],
  ['rb', 'ra'],
])('home %s, winner %s: rows that were written since they were found are left alone', async (home, winner) => {
  await open({ twoWay: true, home });
  await damaged();
  // Of each row the side that the repair would write over, or tell of.
  const [side, other] = home === 'ra' ? [room.source, room.target] : [room.target, room.source];
  await side.run(
    `UPDATE ${room.database}.t SET v = 'newer' WHERE id = 2; REPLACE INTO ${room.database}.t VALUES (3, 'newer', NULL, NULL), (4, 'newer', NULL, NULL)`,
  );
  expect(await room.repair({ winner })).toBe(0);
  expect(room.counts).toEqual({ repaired: 0, changed: 3, refused: 0, left: 0 });
  expect((await room.rows(side)).filter(({ v }) => v === 'newer')).toHaveLength(3);
  expect((await room.rows(other)).filter(({ v }) => v === 'newer')).toHaveLength(0);
  expect(room.said()[0]).toMatch(/^t different/);
});

test('a transaction at home that has not been committed: the row is read under its lock, and is another one then', async () => {
  await open({ twoWay: true, home: 'ra' });
  await damaged();
  const application = await Session.open(room.source.options, 'source');
  try {
    await application.query('BEGIN');
    await application.query(`UPDATE ${room.database}.t SET v = 'newer' WHERE id = 2`);
    await application.query(`INSERT INTO ${room.database}.t VALUES (4, 'newer', NULL, NULL)`);
    const waits = "SELECT 1 FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'";
    const watcher = (async () => {
      // The server looks anew when nobody has asked for 100 ms.
      await expect.poll(() => application.query(waits), { timeout: 20_000, interval: 150 }).not.toEqual([]);
      await application.query('COMMIT');
    })();
    expect(await room.repair({ winner: 'ra' })).toBe(1);
    await watcher;
  } finally {
    await application.close();
  }
  expect(room.counts).toMatchObject({ repaired: 1, changed: 2 });
  expect(await values(room.target)).toEqual(['1 x', '2 here', "3 it's", '4 🦦']);
});

test('the other end has changed since it was looked at: home keeps its row', async () => {
  await open({ twoWay: true, home: 'ra' });
  await damaged();
  await room.target.run(`UPDATE ${room.database}.t SET v = 'newer' WHERE id = 2`);
  expect(await room.repair({ winner: 'rb' })).toBe(2);
  expect(await values(room.source)).toEqual(['1 x', '2 there', '4 🦦']);
  expect(room.counts).toMatchObject({ repaired: 2, changed: 1 });
});

test('a worker that is killed between writing and asking: the next one finds what is done, and records nothing twice', async () => {
  await open({ twoWay: true, home: 'rb' });
  await damaged();
  let looks = 0;
  room.look = async () => {
    if (++looks > 5) throw new Error('killed');
  };
  await expect(room.repair({ winner: 'ra' })).rejects.toThrow('killed');
  expect(await values(room.target)).toEqual(atSource);
  expect(await room.unequal(room.target)).toMatchObject([{ state: 'open' }]);
  room.look = async () => undefined;
  expect(await room.repair({ winner: 'ra' })).toBe(3);
  expect(room.counts).toMatchObject({ repaired: 3, changed: 0 });
  expect(await room.conflicts(room.target)).toHaveLength(3);
});

test.each([
  ['home', 'ra'],
  ['the other end', 'rb'],
])('two rows that have swapped their unique values are swapped back, %s wins', async (_, winner) => {
  await open({ twoWay: true, home: 'ra' });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v VARCHAR(9) NOT NULL UNIQUE)`);
  await room.source.run(`INSERT INTO ${room.database}.t VALUES (1, 'x'), (2, 'y'), (3, 'z')`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, 'y'), (2, 'x'), (3, 'z')`);
  await room.verify();
  expect(await room.repair({ winner })).toBe(2);
  const kept = winner === 'ra' ? ['1 x', '2 y', '3 z'] : ['1 y', '2 x', '3 z'];
  expect([await values(room.source), await values(room.target)]).toEqual([kept, kept]);
});

test('a row whose value moved to another one is written behind it; one that cannot be written says why', async () => {
  await open({ twoWay: true, home: 'ra' });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v VARCHAR(9) NOT NULL UNIQUE)`);
  await room.source.run(`INSERT INTO ${room.database}.t VALUES (1, 'x'), (5, 'w')`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, 'y'), (2, 'x'), (3, 'w'), (5, 'q')`);
  await room.verify();
  const keys = [1, 2, 3].map((id) => ({ pipeline: 'to', database: room.database, table: 't', key: JSON.stringify({ id }) }));
  expect(await room.repair({ winner: 'rb', keys })).toBe(2);
  expect(await values(room.source)).toEqual(['1 y', '2 x', '5 w']);
  expect(room.counts).toEqual({ repaired: 2, changed: 0, refused: 1, left: 0 });
  expect(await room.differences()).toMatchObject([
    { row_key: '{"id":3}', problem: expect.stringMatching(/^another row holds a unique value of it/) },
    { row_key: '{"id":5}', problem: null },
  ]);
});

test.each(['ra', 'rb'])(
  'parents are written before their children, and children deleted before their parents; winner %s',
  async (winner) => {
    await open({ twoWay: true, home: 'ra' });
    await room.both(`CREATE TABLE ${room.database}.z_parent (id INT PRIMARY KEY)`);
    await room.both(`CREATE TABLE ${room.database}.a_child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES z_parent (id))`);
    await room.source.run(`INSERT INTO ${room.database}.z_parent VALUES (1); INSERT INTO ${room.database}.a_child VALUES (10, 1)`);
    await room.target.run(`INSERT INTO ${room.database}.z_parent VALUES (2); INSERT INTO ${room.database}.a_child VALUES (20, 2)`);
    expect(await room.verify()).toEqual(['a_child different 1 1 0 0', 'z_parent different 1 1 0 0']);
    expect(await room.repair({ winner })).toBe(4);
    expect(room.said()).toEqual(['a_child equal 0 0 0 0', 'z_parent equal 0 0 0 0']);
    expect((await room.rows(room.source, 'z_parent')).map(({ id }) => id)).toEqual([winner === 'ra' ? 1 : 2]);
  },
);

test('rows at the target alone stay where they may be of others, and a pair without home at an end is refused', async () => {
  await open({ twoWay: false, rules: [{ schema: '*', table: '*', policy: 'ignore' }] as unknown as NonNullable<RoomOptions['rules']> });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v INT)`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, 1)`);
  expect(await room.verify()).toEqual(['t different 0 0 0 1']);
  expect(await room.repair()).toBe(0);
  expect(await room.rows(room.target)).toHaveLength(1);
  expect(await room.repair({ extra: [`${room.database}.t`] })).toBe(1);
  expect(await room.rows(room.target)).toHaveLength(0);
});

test('rows that the target changed since the hole began are left to a person', async () => {
  await open({ twoWay: true, home: 'ra' });
  await room.both(`CREATE TABLE ${room.database}.t (id VARCHAR(9) COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)`);
  await room.source.run(`INSERT INTO ${room.database}.t VALUES ('a', 1), ('b', 1)`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES ('a', 2), ('b', 2)`);
  await room.verify();
  const table = { database: room.database, name: 't' };
  const changes = [
    {
      table,
      images: [
        { id: 'A', v: 1 },
        { id: 'A', v: 2 },
      ],
      origin: 'rb',
    },
  ];
  expect(await room.repair({ spareChangedSince: 1 }, changes)).toBe(1);
  expect(await values(room.target)).toEqual(['a 2', 'b 1']);
  expect(await room.differences()).toMatchObject([{ row_key: '{"id":"a"}', problem: 'changed at the target since the hole began' }]);
});

test('neither end is home: each row says so, and nothing is written', async () => {
  await open({ twoWay: true, home: 'elsewhere' });
  await damaged();
  expect(await room.repair()).toBe(0);
  expect(room.counts).toEqual({ repaired: 0, changed: 0, refused: 3, left: 0 });
  const [first] = await room.differences();
  expect(first?.['problem']).toContain('verify and repair each end against home (elsewhere)');
  expect([await values(room.source), await values(room.target)]).toEqual([atSource, atTarget]);
});

test('a row larger than a packet of the recorded form: home tells it, the other end does not write over it', async () => {
  await open({ twoWay: true, home: 'ra' });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v LONGTEXT)`);
  await room.source.run(`INSERT INTO ${room.database}.t VALUES (1, REPEAT('a', 1500000))`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, REPEAT('b', 1500000))`);
  await room.verify();
  expect(await room.repair({ winner: 'rb' })).toBe(0);
  expect((await room.differences())[0]?.['problem']).toContain('too large to be recorded');
  expect(await room.repair({ winner: 'ra' })).toBe(1);
  expect((await room.target.query(`SELECT LEFT(v, 1) AS v FROM ${room.database}.t`))[0]?.['v']).toBe('a');
});
