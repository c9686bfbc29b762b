/** A target without GTIDs has no witness: definitions decide about an open intent, or nobody does. */
import type { DdlClause, DdlRecord } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { ended, isUnderWay, killAt, Killed, outcomeOf } from './ddl-kills.fixture.js';
import type { Point } from './ddl-kills.fixture.js';
import { DdlRoom } from './ddl-room.fixture.js';
import type { RoomLoader } from './ddl-room.fixture.js';

let server: TestServer;
beforeAll(async () => void (server = await TestServer.start('9.7', ['--gtid-mode=OFF', '--enforce-gtid-consistency=OFF'])));
afterAll(() => server.stop());

async function roomOf(): Promise<DdlRoom> {
  const room = await DdlRoom.of(server);
  await server.run(`USE ${room.database}; CREATE TABLE t (id int auto_increment primary key); INSERT INTO t VALUES (7); USE mysql`);
  return room;
}

const statement = (room: DdlRoom, sql: string, clauses: readonly DdlClause[] | null = null): DdlRecord =>
  room.record(sql, [['subject', 't']], { clauses, id: 'binlog.000001:4' });

/** What the loader after the one that was killed there makes of it. */
async function afterKill(room: DdlRoom, record: DdlRecord, point: Point): Promise<unknown> {
  const killed: RoomLoader = await room.loader({ around: killAt(point, () => killed.kill()) });
  await expect(killed.apply(record, 1)).rejects.toBeInstanceOf(Killed);
  // Rows that come meanwhile are no change of the definition.
  await server.run(`INSERT INTO ${room.database}.t () VALUES ()`);
  return (await room.loader()).apply(record, 1);
}

it('what runs is known, without a witness', async () => {
  const room = await roomOf();
  const loader = await room.loader();
  const record = statement(room, 'ALTER TABLE t ADD a int, ADD CHECK (a > 0)');
  expect([await loader.apply(record, 1), await room.columns('t'), await room.rows()]).toEqual([null, 'id,a', [['done', 0]]]);
  expect([await loader.apply(record, 1), await room.seq()]).toEqual(['passed', 1]);
});

it('a definition that has changed says that it ran', async () => {
  const room = await roomOf();
  expect(await afterKill(room, statement(room, 'ALTER TABLE t ADD a int, COMMENT "x"'), 'before done')).toBe('passed');
  expect(await room.rows()).toEqual([['done', 0]]);
});

it('a definition that has not changed leaves it open, whether it ran or not', async () => {
  for (const point of ['behind intent', 'before done'] as const) {
    const room = await roomOf();
    expect(await afterKill(room, statement(room, 'ALTER TABLE t FORCE'), point)).toBe('open');
    expect(await room.ran(/FORCE/)).toBe(point === 'before done' ? 1 : 0);
    expect(await room.rows()).toEqual([['intent', 0]]);
  }
});

it.each<[string, string, readonly DdlClause[] | null, Point, number]>([
  ['a column by name', 'ALTER TABLE t ADD a int', [{ action: 'add', what: 'column', name: 'a' }], 'behind intent', 1],
  ['an index', 'CREATE INDEX k ON t (id)', [{ action: 'add', what: 'index', name: 'k' }], 'behind intent', 1],
  ['TRUNCATE that did not run', 'TRUNCATE TABLE t', null, 'behind intent', 1],
  ['TRUNCATE that ran', 'TRUNCATE TABLE t', null, 'before done', 2],
])('runs again where that does no harm: %s', async (_, sql, clauses, point, times) => {
  const room = await roomOf();
  expect(await afterKill(room, statement(room, sql, clauses), point)).toBeNull();
  expect(await room.ran(/ADD a|INDEX k|TRUNCATE/)).toBe(times);
  expect(await room.rows()).toEqual([['done', 0]]);
});

it('does not change two names once more: tables that are defined alike show nothing of it', async () => {
  const room = await roomOf();
  await server.run(`CREATE TABLE ${room.database}.u LIKE ${room.database}.t`);
  const places = [
    ['from', 't'],
    ['to', 'v'],
    ['from', 'u'],
    ['to', 't'],
    ['from', 'v'],
    ['to', 'u'],
  ] as const;
  const record = room.record('RENAME TABLE t TO v, u TO t, v TO u', places, { id: 'binlog.000001:4' });
  const killed: RoomLoader = await room.loader({ around: killAt('before done', () => killed.kill()) });
  await expect(killed.apply(record, 1)).rejects.toBeInstanceOf(Killed);
  expect(await (await room.loader()).apply(record, 1)).toBe('open');
  expect(await server.query(`SELECT id FROM ${room.database}.u`)).toEqual([{ id: 7 }]);
});

it('a loader that is killed while its statement runs: the next one waits for its end, and does not compare before it', async () => {
  const room = await roomOf();
  const rows = 'INSERT INTO t WITH RECURSIVE s (i) AS (SELECT 8 UNION ALL SELECT i + 1 FROM s WHERE i < 1000) SELECT i FROM s';
  const more = Array.from({ length: 7 }, () => 'INSERT INTO t SELECT NULL FROM t').join('; ');
  await server.run(`USE ${room.database}; ${rows}; SET sql_mode = ''; ${more}; USE mysql`);
  const record = statement(room, 'ALTER TABLE t ADD a int, COMMENT "x", ALGORITHM=COPY');
  const killed = await room.loader();
  const applied = outcomeOf(killed.apply(record, 1));
  await isUnderWay(server, 'ALTER TABLE%ADD a int%');
  killed.kill();
  expect(await applied).toMatch(ended);
  // The naive look, without the lock: as it was, so it did not run.
  expect(await room.columns('t')).toBe('id');
  expect(await (await room.loader()).apply(record, 1)).toBe('passed');
  expect([await room.columns('t'), await room.ran(/ADD a/)]).toEqual(['id,a', 1]);
});

it('both ways nothing runs, for it would go back: a person does it', async () => {
  const room = await roomOf();
  const record = statement(room, 'ALTER TABLE t ADD a int');
  const planOf = async (bothWays: boolean): Promise<unknown> => (await room.loader({ bothWays })).target.plan(record);
  expect(await planOf(false)).toEqual(expect.not.objectContaining({ barred: expect.anything() }));
  expect(await planOf(true)).toMatchObject({ sql: expect.any(String), barred: expect.stringContaining('no GTIDs') });
});

it('what the target refuses leaves nothing open', async () => {
  const room = await roomOf();
  const loader = await room.loader();
  const record = statement(room, 'ALTER TABLE t ADD id int');
  expect(await loader.apply(record, 1)).toMatchObject({ reason: 'failed' });
  expect([await room.rows(), await loader.target.look(record)]).toEqual([[['failed', 0]], 'new']);
});

describe('a table that enters with a past', () => {
  const at = {
    position: { log: 'log-a', logEpoch: 1, seq: 5, nextOffset: 6 },
    decision: { answer: 'seed', by: 'ann', reason: 'so' },
  } as const;
  const renamed = (room: DdlRoom, ...names: readonly string[]): DdlRecord =>
    room.record(
      `RENAME TABLE ${names.join(' TO ').replace(/(TO \S+) TO/g, '$1,')}`,
      names.map((name, i) => [i % 2 === 0 ? 'from' : 'to', name]),
    );

  it('is put aside once, as the names that are there tell', async () => {
    const points = ['before intent', 'behind intent', 'before done', 'behind done'] as const;
    for (const point of points) {
      const room = await roomOf();
      const record = renamed(room, 'stage.t', 't');
      const killed: RoomLoader = await room.loader({ around: killAt(point, () => killed.kill()) });
      await expect(killed.target.seed(record, at)).rejects.toBeInstanceOf(Killed);
      const { target } = await room.loader();
      if ((await target.look(record)) === 'new') expect(await target.seed(record, at)).toBeNull();
      expect([await room.tables(), await target.look(record), await room.seq()]).toEqual(['lutra_aside_t_5', 'done', 5]);
    }
  });

  it('cannot be put aside where other tables get new names too, or both ways', async () => {
    const room = await roomOf();
    const several = renamed(room, 't', 'u', 'stage.t', 't');
    expect(await (await room.loader()).target.plan(several)).toMatchObject({
      ways: ['done', 'skip'],
      message: expect.stringContaining('no GTIDs'),
    });
    const plan = await (await room.loader({ bothWays: true })).target.plan(renamed(room, 'stage.t', 't'));
    expect(plan).toMatchObject({ ways: ['done', 'skip'], message: expect.stringContaining('flows both ways') });
  });
});
