/** What becomes of rows that are seeded one way, and of changes that come while their table is seeded. */
import { fileRuleSchema } from '@lutra/model';
import type { Row, TableName } from '@lutra/model';
import { beginSeed, endOtherSeeds, endSeeds, missingTables, readSeeds, settledText, untickSeeds } from '@lutra/mysql';
import { beforeEach, describe, expect, it } from 'vitest';
import { rooms } from '../conflict/detect/conflict-detector.fixture.js';
import { SeedRoom } from './seed-room.fixture.js';
import type { SeedRoomOptions } from './seed-room.fixture.js';

const item = (id: number, name = 'n', u: string | null = null): Row => ({ id, name, u });
const many = (from: number, to: number): Row[] => Array.from({ length: to - from + 1 }, (_, i) => item(from + i));

describe.each([
  ['a primary key', 'id int primary key'],
  ['a unique key that stands for it', 'id int not null unique'],
])('one way, %s', (_, id) => {
  const enter = rooms('9.7', { tables: { t: `${id}, name varchar(20), u varchar(20) unique` }, flowsBack: false });
  let room: SeedRoom;
  const open = async (rows: string, options: SeedRoomOptions = {}): Promise<SeedRoom> =>
    (room = await SeedRoom.of(await enter({ ...(rows !== '' && { rows }) }), options));
  beforeEach(() => open(''));
  const sent = async (): Promise<number> => {
    const [row] = await room.room.server.query("SHOW GLOBAL STATUS LIKE 'Questions'");
    return Number(row?.['Value']);
  };

  it('an empty table is filled chunk by chunk, and ticked off with the rows', async () => {
    await room.read(many(1, 500), { to: { id: 500 } });
    await room.read(many(501, 700), { from: { id: 500 }, to: null });
    expect(await room.rows()).toEqual(many(1, 700));
    expect(await room.seed()).toMatchObject({ cursor: '{"id":500}', isWhole: true, state: 'seeding', counts: { inserted: 700 } });
  });

  it('a chunk larger than a piece of SQL is one transaction', async () => {
    await open('', { batchBytes: 500 });
    await room.read(many(1, 100), { to: null });
    expect(await room.rows()).toEqual(many(1, 100));
    expect(await room.seed()).toMatchObject({ isWhole: true, counts: { inserted: 100 } });
    await expect(room.read([item(101), item(102, 'x'.repeat(30))], { purpose: 'resync' })).rejects.toThrow(/name/);
    expect(await room.rows()).toHaveLength(100);
  });

  it('a chunk that does not follow what is ticked off is applied and not ticked off', async () => {
    await room.read(many(1, 3), { to: { id: 3 } });
    await room.read(many(7, 9), { from: { id: 6 }, to: { id: 9 } });
    expect(await room.rows()).toHaveLength(6);
    expect(await room.seed()).toMatchObject({ cursor: '{"id":3}', counts: { inserted: 3 } });
    await room.read(many(4, 6), { from: { id: 3 }, to: { id: 6 } });
    await room.read(many(7, 9), { from: { id: 6 }, to: { id: 9 } });
    expect(await room.seed()).toMatchObject({ cursor: '{"id":9}', counts: { inserted: 6, equal: 3 } });
  });

  it('the file of a row that is replaced goes, unless another row names it', async () => {
    const rule = fileRuleSchema.parse({ root: 'r', path: '{name}', deletes: 'trash' });
    const namedBy = (_: unknown, { name }: Row) => (typeof name === 'string' ? [{ root: 'r', path: name, hash: null, rule }] : []);
    await open("INSERT INTO t VALUES (1, 'was', NULL), (2, 'moves', NULL), (3, 'stays', NULL)", { fileRules: { namedBy } });
    const { server, pipeline } = room.room;
    const columns = 'root, path_hash, path, sha256, size, mtime_ns, dev, ino, pipeline, n, state';
    const placed = ['was', 'moves', 'stays'].map(
      (path) => `('r', UNHEX(SHA2('${path}', 256)), '${path}', UNHEX(SHA2('', 256)), 1, 1, 1, 1, '${pipeline}', 7, 'placed')`,
    );
    await server.run(`REPLACE INTO lutra.file (${columns}) VALUES ${placed.join(', ')}`);
    await room.read([item(1, 'moves'), item(2, 'other'), item(3, 'stays')]);
    expect(await room.seed()).toMatchObject({ counts: { replaced: 2, equal: 1 } });
    const entries = await server.query(
      `SELECT CAST(path AS CHAR) AS path, n, state FROM lutra.file WHERE pipeline = '${pipeline}' ORDER BY 1`,
    );
    expect(entries.map(({ path, n, state }) => [path, n, state].join(' '))).toEqual(['moves 7 placed', 'stays 7 placed', 'was 7 trash']);
  });

  it('what was ticked off of a table that left the routes is to come again', async () => {
    await room.read(many(1, 3), { to: { id: 3 } });
    const { server, checkpoint, database } = room.room;
    const table = { database, name: 't' };
    await expect(untickSeeds(server.options, { ...checkpoint, epoch: checkpoint.epoch + 1 }, [table])).rejects.toMatchObject({
      code: 'FENCED',
    });
    await untickSeeds(server.options, checkpoint, [table]);
    await room.read(many(4, 6), { from: { id: 3 } });
    expect(await room.seed()).toMatchObject({ cursor: null, isWhole: false, state: 'seeding', counts: { inserted: 0 } });
    await room.read(many(1, 6));
    expect(await room.seed()).toMatchObject({ isWhole: true, counts: { equal: 6 } });
  });

  it('what is left of orders ends: of one that was cancelled, and of those before one that ends', async () => {
    const { server, pipeline: uid, database } = room.room;
    const [a, b] = ['t', 'other'].map((name) => ({ database, name })) as [TableName, TableName];
    const states = async () => (await readSeeds(server.options, uid)).map(({ table, state }) => `${table.name} ${state}`);
    const of = { pipeline: uid, onExisting: 'source' };
    await server.run(beginSeed({ ...of, table: b, target: b, request: 'older' }, []).sql);
    await endSeeds(server.options, { pipeline: uid, request: 'none' });
    expect(await states()).toEqual(['other seeding', 't seeding']);
    await server.run(endOtherSeeds({ pipeline: uid, request: 'order-1' }).sql);
    expect(await states()).toEqual(['other cancelled', 't seeding']);
    await endSeeds(server.options, { pipeline: uid, request: 'order-1' });
    expect(await states()).toEqual(['other cancelled', 't cancelled']);
    expect(await missingTables(server.options, [a, b])).toEqual([b]);
  });

  it('an empty chunk ends a table, once', async () => {
    await room.read([]);
    await room.read([]);
    expect(await room.seed()).toMatchObject({ isWhole: true, cursor: null, counts: { inserted: 0 } });
  });

  it.each([
    ['source', [item(1), item(2), item(3)], { inserted: 1, equal: 1, replaced: 1, kept: 0 }],
    ['target', [item(1), item(2, 'old'), item(3)], { inserted: 1, equal: 1, replaced: 0, kept: 1 }],
  ])('onExisting %s decides about a row that is there and differs', async (onExisting, rows, counts) => {
    await open("INSERT INTO t VALUES (1, 'n', NULL), (2, 'old', NULL)", { onExisting });
    await room.read(many(1, 3));
    expect(await room.rows()).toEqual(rows);
    expect(await room.seed()).toMatchObject({ counts });
  });

  it('stop: the row is named, and nothing is written', async () => {
    await open("INSERT INTO t VALUES (2, 'old', NULL)", { onExisting: 'stop' });
    await expect(room.read(many(1, 3))).rejects.toMatchObject({ code: 'SEED_ROW_EXISTS', message: expect.stringContaining('id=2') });
    expect(await room.rows()).toEqual([item(2, 'old')]);
    expect(await room.seed()).toMatchObject({ cursor: null, isWhole: false });
  });

  it('unique values that were given away within the chunk are moved; a row that holds one and does not come stays, and is told', async () => {
    await open("INSERT INTO t VALUES (1, 'n', 'a'), (2, 'n', 'b'), (9, 'own', 'c')", {});
    await room.read([item(1, 'n', 'b'), item(2, 'n', 'a'), item(3, 'n', 'c')]);
    expect(await room.rows()).toEqual([item(1, 'n', 'b'), item(2, 'n', 'a'), item(9, 'own', 'c')]);
    expect(await room.seed()).toMatchObject({ counts: { clashes: 1 } });
    const found = await room.differences();
    expect(found).toMatchObject([{ row_key: '{"id":3}', outcome: 'clash' }]);
    expect([found[0]?.['here_row'], found[0]?.['there_row']].map((json) => JSON.parse(String(json)) as unknown)).toEqual([
      item(9, 'own', 'c'),
      item(3, 'n', 'c'),
    ]);
  });

  it('of a chunk that is half full what is missing comes in a few statements', async () => {
    await open('', { batchBytes: 2_000 });
    const half = many(1, 500).filter(({ id }) => Number(id) % 2 === 0);
    await room.change(half.map((row) => [null, row] as const));
    await room.room.server.run(`UPDATE ${room.room.database}.t SET name = 'old' WHERE id = 8`);
    await room.read(many(1, 500), { to: { id: 500 } });
    await room.change(many(501, 502).map((row) => [null, row] as const));
    const before = await sent();
    await room.read(many(501, 900), { from: { id: 500 }, to: null });
    expect(await sent()).toBeLessThan(before + 100);
    expect(await room.rows()).toEqual(many(1, 900));
    expect(await room.seed()).toMatchObject({ isWhole: true, counts: { inserted: 648, equal: 251, replaced: 1, clashes: 0 } });
  });

  it('a row that came at once does not give way to one of the same chunk, which nobody would write again', async () => {
    await open("INSERT INTO t VALUES (1, 'old', NULL)");
    await room.read([item(1, 'n', 'b'), item(2, 'n', 'B')]); // two values at the source, one at the target
    expect(await room.rows()).toEqual([item(1, 'old'), item(2, 'n', 'B')]);
    expect(await room.seed()).toMatchObject({ counts: { inserted: 1, clashes: 1 } });
    expect(await room.differences()).toMatchObject([{ row_key: '{"id":1}', outcome: 'clash' }]);
  });

  it('a change whose unique value is held by another row stops, and the others with it take effect', async () => {
    await open("INSERT INTO t VALUES (9, 'own', 'a')");
    await room.change([[item(1, 'a', 'x'), item(1, 'b', 'x')]]);
    await expect(room.change([[item(2, 'a'), item(2, 'b', 'a')]])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
    expect(await room.rows()).toEqual([item(1, 'b', 'x'), item(9, 'own', 'a')]);
  });

  it('a row that was left out is listed until a change brings it, or it is gone, sent again, or seeded by another order', async () => {
    await open("INSERT INTO t VALUES (6, 'own', 'a'), (7, 'own', 'b'), (8, 'own', 'c'), (9, 'own', 'd')");
    await room.read([item(1, 'n', 'a'), item(2, 'n', 'b'), item(3, 'n', 'c'), item(4, 'n', 'd')]);
    const listed = async () => [(await room.differences()).map(({ row_key: key }) => key), (await room.seed())?.counts.clashes];
    expect(await listed()).toEqual([[1, 2, 3, 4].map((id) => `{"id":${id}}`), 4]);
    await room.room.server.run(`UPDATE ${room.room.database}.t SET u = NULL WHERE id < 9`);
    await room.change([[item(1, 'n', 'a'), item(1, 'b', 'a')]]);
    await room.change([[item(2, 'n', 'b'), null]]);
    expect(await listed()).toEqual([['{"id":3}', '{"id":4}'], 2]);
    await room.end();
    await room.read([item(3, 'n', 'c'), item(4, 'n', 'd')], { purpose: 'resync' });
    expect(await listed()).toEqual([['{"id":4}', '{"id":4}'], 1]);
    const { pipeline, database, server } = room.room;
    await server.run(settledText({ pipeline, table: { database, name: 't' } }, { before: 'order-2' }).sql);
    expect((await listed())[0]).toEqual([]);
    expect(await room.rows()).toHaveLength(6);
  });

  it('an update of a row that has not come yet brings it whole, and a deletion of it is done', async () => {
    await room.change([[item(1, 'a'), item(1, 'b')]]);
    await room.change([
      [item(2, 'a'), null],
      [null, item(4)],
      [item(3, 'a'), item(5, 'a', 'moved')],
    ]);
    expect(await room.rows()).toEqual([item(1, 'b'), item(4), item(5, 'a', 'moved')]);
    await room.end();
    await expect(room.change([[item(7, 'a'), item(7, 'b')]])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
  });

  it('so does a large transaction that is written while it arrives', async () => {
    await open('', { batchBytes: 500 });
    await room.change(many(101, 160).map((row) => [row, { ...row, name: 'b' }] as const));
    // Which row gives way is not known, so it is looked at: the run begins once more with its transaction, as for a conflict.
    const steps = many(1, 60).map(
      (row) =>
        [
          { ...row, id: Number(row['id']) + 1000 },
          { ...row, name: 'b' },
        ] as const,
    );
    await expect(room.change(steps)).rejects.toMatchObject({ code: 'ROW_CONFLICT', refused: { conflict: true } });
    await room.again();
    await room.change(steps);
    expect(await room.rows()).toEqual([...many(1, 60), ...many(101, 160)].map((row) => ({ ...row, name: 'b' })));
  });

  it('an update of a row that is out of date writes it whole: its chunk leaves it out', async () => {
    await open("INSERT INTO t VALUES (1, 'old', 'old')", {});
    await room.change([[item(1, 'a', 'u'), item(1, 'b', 'u')]]);
    await room.read([], {});
    expect(await room.rows()).toEqual([item(1, 'b', 'u')]);
    await room.change([[null, item(2)]]);
    await room.room.server.run(`INSERT INTO ${room.room.database}.t VALUES (3, 'old', NULL)`);
    await room.change([[null, item(3)]]);
    expect(await room.rows()).toEqual([item(1, 'b', 'u'), item(2), item(3)]);
  });

  it('a resync replaces a row, a probe tells about each and writes none, a repair deletes what is gone', async () => {
    await open("INSERT INTO t VALUES (1, 'n', NULL), (2, 'old', NULL), (4, 'own', NULL)", { onExisting: null });
    const keys = [1, 2, 3, 4, 5].map((id) => ({ id }));
    await room.read([item(1), item(2), item(3)], { purpose: 'probe', keys });
    expect((await room.differences()).map(({ row_key: key, outcome, columns }) => [key, outcome, columns])).toEqual([
      ['{"id":1}', 'equal', null],
      ['{"id":2}', 'different', '["name"]'],
      ['{"id":3}', 'missing-here', null],
      ['{"id":4}', 'missing-there', null],
      ['{"id":5}', 'equal', null],
    ]);
    expect(await room.rows()).toEqual([item(1), item(2, 'old'), item(4, 'own')]);
    await room.read([item(2)], { purpose: 'resync', keys: [{ id: 2 }, { id: 4 }] });
    expect(await room.rows()).toEqual([item(1), item(2), item(4, 'own')]);
    await room.read([item(3, 'repaired')], { purpose: 'repair', keys: [{ id: 3 }, { id: 4 }] });
    expect(await room.rows()).toEqual([item(1), item(2), item(3, 'repaired')]);
  });

  it('a chunk that an operator skips is recorded, and not ticked off', async () => {
    await open('', { skip: 3 });
    await room.read([item(1), item(2)]);
    expect([await room.rows(), await room.skipped()]).toEqual([[], [3]]);
    expect(await room.seed()).toMatchObject({ isWhole: false, counts: { inserted: 0 } });
    const [recorded] = await room.room.server.query(`SELECT content FROM lutra.skipped WHERE pipeline = '${room.room.pipeline}'`);
    expect(JSON.parse(String(recorded?.['content']))).toMatchObject([{ after: { id: 1 } }, { after: { id: 2 } }]);
  });

  it('after a rewind a chunk is written whole', async () => {
    await open("INSERT INTO t VALUES (1, 'newer', 'a'), (2, 'n', NULL)", { replayUntil: 100 });
    await room.read([item(1), item(2), item(3, 'n', 'a')]);
    expect(await room.rows()).toEqual([item(1), item(2), item(3, 'n', 'a')]);
    expect(await room.seed()).toMatchObject({ isWhole: true });
  });

  it.each(['target', 'stop'])('after a rewind what stayed stays, with %s', async (onExisting) => {
    const rows = "INSERT INTO t VALUES (1, 'own', 'a'), (2, 'n', NULL)";
    await open(rows, { onExisting, replayUntil: 100 });
    await room.read([item(1), item(2), item(3)]);
    expect(await room.rows()).toEqual([item(1, 'own', 'a'), item(2), item(3)]);
    expect(await room.seed()).toMatchObject({ isWhole: true, counts: { kept: 1 } });
  });

  it('after a rewind a probe writes no row, and knows nothing', async () => {
    await open("INSERT INTO t VALUES (1, 'newer', NULL)", { onExisting: null, replayUntil: 100 });
    await room.read([item(1), item(2)], { purpose: 'probe', keys: [1, 2, 3].map((id) => ({ id })) });
    expect(await room.rows()).toEqual([item(1, 'newer')]);
    expect((await room.differences()).map(({ outcome }) => outcome)).toEqual(['in-flight', 'in-flight', 'in-flight']);
  });
});

describe('a table that flows one way beside others that flow both ways', () => {
  const enter = rooms('9.7', { tables: { t: 'id int primary key, name varchar(20), u varchar(20) unique' }, flowsBack: false });

  it('an insert of a row that is out of date replaces it', async () => {
    const room = await SeedRoom.of(await enter({ rows: "INSERT INTO t VALUES (3, 'old', NULL)" }), { bothWays: true });
    await room.change([[null, item(3)]]);
    expect(await room.rows()).toEqual([item(3)]);
    await room.end();
    await expect(room.change([[null, item(3, 'b')]])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
  });
});

describe('one way, with a key that the server compares by letters', () => {
  const enter = rooms('9.7', { tables: { t: 'id varchar(9) primary key, name varchar(9)' }, flowsBack: false });

  it.each(['A', 'a'])('a key that was asked for in other letters is not gone; the row here is %s', async (id) => {
    const room = await SeedRoom.of(await enter({ rows: `INSERT INTO t VALUES ('${id}', 'old')` }), { onExisting: null });
    const row = { id: 'A', name: 'n' };
    await room.read([row], { purpose: 'repair', keys: [{ id: 'a' }] });
    expect(await room.rows()).toEqual([row]);
    await room.read([row], { purpose: 'probe', keys: [{ id: 'a' }] });
    expect((await room.differences()).map(({ outcome }) => outcome)).toEqual(['equal', 'equal']);
  });
});

describe('one way, with foreign keys', () => {
  const enter = rooms('9.7', {
    tables: { p: 'id int primary key', c: 'id int primary key, p int, foreign key (p) references p (id)' },
    flowsBack: false,
  });

  it('a child comes before its parent, in a chunk as in a change', async () => {
    const room = await SeedRoom.of(await enter({}), {});
    await room.read([{ id: 1, p: 5 }], { table: 'c' });
    await room.change([[null, { id: 2, p: 6 }, 'c']]);
    await room.read([{ id: 5 }, { id: 6 }], { table: 'p' });
    expect(await room.rows('c')).toEqual([
      { id: 1, p: 5 },
      { id: 2, p: 6 },
    ]);
    await room.end();
    await expect(room.change([[null, { id: 3, p: 7 }, 'c']])).rejects.toMatchObject({ code: 'ROW_CONFLICT' });
  });
});
