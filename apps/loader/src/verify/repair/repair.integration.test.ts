/** Repairs on two real servers: what is written where, what is left alone, and that nobody's newer write is lost. */
import { Session } from '@lutra/mysql';
import { fileRuleSchema } from '@lutra/model';
import { afterEach, expect, test } from 'vitest';
import { RepairRoom } from './repair-room.fixture.js';
import type { RoomOptions } from './repair-room.fixture.js';

let room: RepairRoom;
const open = async (options: RoomOptions): Promise<void> => void (room = await RepairRoom.open(options));
afterEach(() => room.close());

const leftTwice = expect.stringMatching(/^it was sent twice and is as it was/) as string;
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

test.each(homes)(
  'both ways the other end wins against home (%s): it sends its rows, and home takes them under an entry',
  async (_, home) => {
    await open({ twoWay: true, home });
    await damaged();
    const winner = home === 'ra' ? 'rb' : 'ra';
    expect(await room.repair({ winner })).toBe(3);
    const kept = home === 'ra' ? atTarget : atSource;
    expect([await values(room.source), await values(room.target)]).toEqual([kept, kept]);
    expect(room.sent.toSorted()).toEqual(['2 under an entry', '3 under an entry', '4 under an entry']);
    const [loser, other] = home === 'ra' ? [room.source, room.target] : [room.target, room.source];
    expect([await room.unequal(loser), await room.unequal(other)]).toMatchObject([[{ cause: 'repair', state: 'ended' }], []]);
  },
);

test('nothing is sent before the winner has applied what the other side had sent before its entry', async () => {
  await open({ twoWay: true, home: 'ra' });
  await damaged();
  let looks = 0;
  let isRaised = false;
  room.applied = async (endpoint) => {
    isRaised ||= (await room.unequal(room.source)).length > 0;
    if (endpoint !== 'a' || !isRaised) return 7;
    looks += 1;
    if (looks <= 3) expect(room.sent).toEqual([]);
    if (looks <= 3) expect(await room.target.query(`SELECT 1 FROM lutra.resync WHERE schema_name = '${room.database}'`)).toEqual([]);
    return looks <= 3 ? 6 : 7;
  };
  expect(await room.repair({ winner: 'rb' })).toBe(3);
  expect([looks > 3, room.sent.length]).toEqual([true, 3]);
});

test('a side that is repaired itself sends nothing', async () => {
  await open({ twoWay: true, home: 'ra' });
  await damaged();
  const names = 'pipeline, database_name, table_name, target_database, target_table, cause, request, reason';
  await room.target.run(`INSERT INTO lutra.unequal (${names}) VALUES ('other', 'x', 'x', '${room.database}', 't', 'hole', 'h', '')`);
  expect(await room.repair({ winner: 'rb' })).toBe(0);
  expect(room.counts).toEqual({ repaired: 0, changed: 0, refused: 3, left: 0 });
  expect((await room.differences())[0]?.['problem']).toContain('repair that one first');
  expect(await room.repair({ winner: 'ra' })).toBe(3);
  await room.target.run(`DELETE FROM lutra.unequal WHERE target_database = '${room.database}'`);
});

test.each(homes)('home (%s) tells nothing of rows that were written there since they were found', async (_, home) => {
  await open({ twoWay: true, home });
  await damaged();
  const [side, other] = home === 'ra' ? [room.source, room.target] : [room.target, room.source];
  await side.run(
    `UPDATE ${room.database}.t SET v = 'newer' WHERE id = 2; REPLACE INTO ${room.database}.t VALUES (3, 'newer', NULL, NULL), (4, 'newer', NULL, NULL)`,
  );
  expect(await room.repair({ winner: home })).toBe(0);
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
    // The server shows it anew only to who has not asked for 100 ms.
    const watcher = (async () => {
      await expect.poll(() => application.query(waits), { timeout: 20_000, interval: 200 }).not.toEqual([]);
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

test('the other end has changed since it was looked at: its row comes as it is now', async () => {
  await open({ twoWay: true, home: 'ra' });
  await damaged();
  await room.target.run(`UPDATE ${room.database}.t SET v = 'newer' WHERE id = 2`);
  expect(await room.repair({ winner: 'rb' })).toBe(3);
  expect(await values(room.source)).toEqual(['1 x', '2 newer', '4 🦦']);
});

test('a worker that is killed between writing and asking: the next one finds what is done, and records nothing twice', async () => {
  await open({ twoWay: true, home: 'rb' });
  await damaged();
  room.applied = async () => {
    if ((await room.conflicts(room.target)).length === 3) throw new Error('killed');
    return 7;
  };
  await expect(room.repair({ winner: 'rb' })).rejects.toThrow('killed');
  expect(await room.unequal(room.source)).toMatchObject([{ state: 'open' }]);
  room.applied = async () => 7;
  expect(await room.repair({ winner: 'rb' })).toBe(3);
  expect(room.counts).toMatchObject({ repaired: 3, changed: 0 });
  expect(await room.conflicts(room.target)).toHaveLength(3);
});

test('two rows that have swapped their unique values are swapped back if home wins; else they are left to a person', async () => {
  await open({ twoWay: true, home: 'ra' });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v VARCHAR(9) NOT NULL UNIQUE)`);
  await room.source.run(`INSERT INTO ${room.database}.t VALUES (1, 'x'), (2, 'y'), (3, 'z')`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, 'y'), (2, 'x'), (3, 'z')`);
  await room.verify();
  expect(await room.repair({ winner: 'rb' })).toBe(0);
  expect(room.counts).toEqual({ repaired: 0, changed: 0, refused: 2, left: 0 });
  expect((await room.differences()).map(({ problem }) => problem)).toEqual([leftTwice, leftTwice]);
  expect(await room.repair({ winner: 'ra' })).toBe(2);
  const kept = ['1 x', '2 y', '3 z'];
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
    { row_key: '{"id":3}', problem: leftTwice },
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

test.each(['ra', 'rb'])('a row larger than a packet of the recorded form; winner %s', async (winner) => {
  await open({ twoWay: true, home: 'ra' });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, v LONGTEXT)`);
  await room.source.run(`INSERT INTO ${room.database}.t VALUES (1, REPEAT('a', 1500000))`);
  await room.target.run(`INSERT INTO ${room.database}.t VALUES (1, REPEAT('b', 1500000))`);
  await room.verify();
  expect(await room.repair({ winner })).toBe(1);
  const firsts = [await room.rows(room.source), await room.rows(room.target)].map(([row]) => String(row?.['v']).slice(0, 1));
  expect(firsts).toEqual(winner === 'ra' ? ['a', 'a'] : ['b', 'b']);
});

const rule = fileRuleSchema.parse({ root: 'pics', path: '{image}', immutable: true });

/** Rows that are equal, and files: 1 only at the source, 2 only at the target, 3 at neither, 4 with other bytes, 5 equal. */
async function pictures(options: RoomOptions): Promise<void> {
  await open({ ...options, files: rule });
  await room.both(`CREATE TABLE ${room.database}.t (id INT PRIMARY KEY, image VARCHAR(20))`);
  await room.both(`INSERT INTO ${room.database}.t VALUES (1, '1'), (2, '2'), (3, '3'), (4, '4'), (5, '5')`);
  const { files } = room;
  for (const path of ['1', '4', '5']) files.source.set(`pics/${path}`, path);
  for (const path of ['2', '4', '5']) files.write({ root: 'pics', path }, path === '4' ? 'other' : path);
  room.look = () => room.fetchFiles();
  expect(await room.verify()).toEqual(['t different 0 0 0 0']);
  expect(room.tables[0]?.files).toEqual({ named: 5, missingHere: 1, missingThere: 1, missing: 1, different: 1, unsettled: 0 });
}

test('one way, files that the target lacks or has otherwise come from the source, and the others say why they do not', async () => {
  await pictures({ twoWay: false });
  expect(await room.repair()).toBe(2);
  expect(['1', '4'].map((path) => room.files.bytesAt({ root: 'pics', path }))).toEqual(['1', '4']);
  expect(room.tables[0]).toMatchObject({ verdict: 'different', files: { missingHere: 0, missingThere: 1, missing: 1, different: 0 } });
  expect(room.filesSaid).toEqual({ repaired: 2, refused: 2, left: 0 });
  expect(await room.differences()).toMatchObject([
    { row_key: '{"id":2}', outcome: 'file-not-there', problem: 'the source does not have it, and nothing flows back' },
    { row_key: '{"id":3}', outcome: 'file-missing', problem: 'neither side has it' },
  ]);
});

test.each(['ra', 'rb'])('both ways, the winner has the bytes, and what one side lacks comes from the other; winner %s', async (winner) => {
  await pictures({ twoWay: true, home: 'ra' });
  room.files.source.set('pics/3', '3'); // a person has put it there
  expect(await room.repair({ winner })).toBe(3);
  const both = ['1', '2', '4'].map((path) => [room.files.source.get(`pics/${path}`), room.files.bytesAt({ root: 'pics', path })].join());
  expect(both).toEqual(['1,1', '2,2', winner === 'ra' ? '4,4' : 'other,other']);
  expect(await room.verify()).toEqual(['t different 0 0 0 0']);
  expect(await room.repair({ winner })).toBe(1);
  expect(room.tables[0]).toMatchObject({ verdict: 'equal', files: { named: 5, missingHere: 0, missing: 0 } });
  expect(await room.differences()).toEqual([]);
});
