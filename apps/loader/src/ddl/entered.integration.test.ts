/** Tables that enter with a past, at a real target: what is put aside, once, wherever its loader is killed; and where that cannot be. */
import { readSeeds } from '@lutra/mysql';
import type { DdlRecord } from '@lutra/model';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import type { DdlRefusal } from './carry-out.js';
import { Killed } from './ddl-kills.fixture.js';
import type { Place } from './ddl-record.fixture.js';
import { DdlRoom, positioned } from './ddl-room.fixture.js';
import type { LoaderOptions, RoomLoader } from './ddl-room.fixture.js';

const decision = { answer: 'seed', by: 'ann', reason: 'so' } as const;
const at = (seq: number) => ({ ...positioned(seq), decision });

function renamed(room: DdlRoom, ...pairs: readonly (readonly [string, string])[]): DdlRecord {
  const places = pairs.flatMap(([from, to]): Place[] => [
    ['from', from],
    ['to', to],
  ]);
  const sql = `RENAME TABLE ${pairs.map(([from, to]) => `${from} TO ${to}`).join(', ')}`;
  return room.record(sql, places, { id: `enters:${pairs.flat().join()}` });
}

async function planned(room: DdlRoom, record: DdlRecord, options: LoaderOptions = {}): Promise<DdlRefusal> {
  const plan = await (await room.loader(options)).target.plan(record);
  if (plan === 'nothing' || plan === 'shadows' || !('reason' in plan)) throw new Error('it should not be carried out by itself');
  return plan;
}

const waiting = async (room: DdlRoom): Promise<readonly string[]> =>
  (await readSeeds(room.server.options, room.pipeline)).filter(({ state }) => state === 'waiting').map(({ table }) => table.name);

const withParent = (room: DdlRoom, names: string) =>
  room.server.run(
    `USE ${room.database}; CREATE TABLE IF NOT EXISTS p (id int primary key); INSERT IGNORE INTO p VALUES (1); CREATE TABLE ${names} (id int primary key, ` +
      `p int, v int, CONSTRAINT f_${names} FOREIGN KEY (p) REFERENCES p (id), CONSTRAINT c_${names} CHECK (v > 0)); INSERT INTO ${names} VALUES (1, 1, 1); USE mysql`,
  );

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.start(version)));
  afterAll(() => server.stop());

  it('says which tables enter, and that they can be seeded; puts aside what is there, without what it would hold on to', async () => {
    const room = await DdlRoom.of(server);
    await withParent(room, 't');
    const record = renamed(room, ['stage.t', 't']);
    expect(await planned(room, record)).toMatchObject({
      reason: 'entered',
      ways: ['seed', 'done', 'skip'],
      enters: [{ database: room.database, name: 't' }],
    });
    const { target } = await room.loader();
    expect(await target.seed(record, at(7))).toBeNull();
    expect([await room.tables(), await waiting(room), await room.seq(), await target.look(record)]).toEqual([
      'lutra_aside_t_7,p',
      ['t'],
      7,
      'done',
    ]);
    const [aside] = await server.query(`SHOW CREATE TABLE ${room.database}.lutra_aside_t_7`);
    expect(String(aside?.['Create Table'])).not.toMatch(/CONSTRAINT/);
    expect(await server.query(`SELECT * FROM ${room.database}.lutra_aside_t_7`)).toEqual([{ id: 1, p: 1, v: 1 }]);
    // What takes its place has the names of its constraints, and nothing refers to the parent any more.
    await server.run(`DELETE FROM ${room.database}.p`);
    await withParent(room, 't');
  });

  it('is killed at any text of any transaction, and the next one ends it: each statement ran once', async () => {
    const room = await DdlRoom.of(server);
    let n = 0;
    for (let isKilled = true; isKilled; n += 1) {
      await withParent(room, `t${n}`);
      await server.run(`CREATE TABLE ${room.database}.m${n} (a int)`);
      const record = renamed(room, [`m${n}`, `n${n}`], [`stage.t${n}`, `t${n}`]);
      let texts = 0;
      const killed: RoomLoader = await room.loader({
        around: () => {
          if (texts++ !== n) return;
          killed.kill();
          throw new Killed(String(n));
        },
      });
      isKilled = await killed.target.seed(record, at(n)).then(
        () => false,
        (error: unknown) => {
          expect(error).toBeInstanceOf(Killed);
          return true;
        },
      );
      const { target } = await room.loader();
      if ((await target.look(record)) === 'new') expect(await target.seed(record, at(n))).toBeNull();
      expect([await target.look(record), (await waiting(room)).includes(`t${n}`), await room.seq()]).toEqual(['done', true, n]);
      expect([await room.columns(`t${n}`), await room.columns(`lutra_aside_t${n}_${n}`), await room.columns(`n${n}`)]).toEqual([
        '',
        'id,p,v',
        'a',
      ]);
      expect([await room.ran(new RegExp(`lutra_aside_t${n}_`)), await room.ran(new RegExp(`TO .*n${n}\``))]).toEqual([1, 1]);
    }
    expect(n).toBeGreaterThan(10);
    expect(new Set((await room.rows()).map(([state]) => state))).toEqual(new Set(['done']));
  });

  it('where the target has no such table nothing is put aside; what moves to another name that is carried is moved', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (a int)`);
    const { target } = await room.loader();
    expect(await target.seed(renamed(room, ['stage.x', 'x']), at(1))).toBeNull();
    expect(await target.seed(renamed(room, ['t', 't_old'], ['stage.t', 't']), at(2))).toBeNull();
    expect([await room.tables(), await waiting(room)]).toEqual(['t_old', ['t', 'x']]);
  });

  it('is refused, by name, before anything is changed', async () => {
    const room = await DdlRoom.of(server);
    await withParent(room, 't');
    const trigger = `CREATE TRIGGER ${room.database}.tr AFTER INSERT ON ${room.database}.t FOR EACH ROW SET @x = 1`;
    await server.run(`CREATE TABLE ${room.database}.u (id int primary key); CREATE VIEW ${room.database}.w AS SELECT 1 AS a; ${trigger}`);
    const enters = (name: string): DdlRecord => renamed(room, [`stage.${name}`, name]);
    const told = async (record: DdlRecord, options?: LoaderOptions) => {
      const { message, ways, reason } = await planned(room, record, options);
      expect([ways, reason]).toEqual([['done', 'skip'], 'entered']);
      expect(await (await room.loader(options)).target.seed(record, at(9))).toMatchObject({ reason: 'entered' });
      return message;
    };
    expect(await told(enters('p'))).toMatch(/foreign keys of \S+\.t refer to \S+\.p at the target/);
    expect(await told(enters('t'))).toMatch(/has triggers at the target \(tr\)/);
    expect(await told(enters('w'))).toMatch(/is no table at the target/);
    expect(await told(enters('u'), { others: () => [room.routes] })).toMatch(/another pipeline writes \S+\.u too/);
    expect(await told({ ...enters('u'), flavor: 'mariadb' })).toMatch(/MariaDB/);
    expect(await told(renamed(room, ['a', 'stage.a'], ['b', 'a'], ['stage.a', 'b'], ['stage.u', 'u']))).toMatch(/in a circle/);
    expect([await room.tables(), await waiting(room)]).toEqual(['p,t,u,w', []]);
  });

  it('what the server refuses is told, and may be answered once more', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (a int); CREATE TABLE ${room.database}.lutra_aside_t_3 (b int)`);
    const record = renamed(room, ['stage.t', 't']);
    expect(await (await room.loader()).target.seed(record, at(3))).toMatchObject({
      reason: 'entered',
      message: expect.stringMatching(/lutra_aside_t_3' already exists/),
      ways: ['seed', 'done', 'skip'],
    });
    await server.run(`DROP TABLE ${room.database}.lutra_aside_t_3`);
    expect(await (await room.loader()).target.seed(record, at(3))).toBeNull();
    expect(await room.columns('lutra_aside_t_3')).toBe('a');
  });

  it('a table that leaves stays, one way; both ways somebody is asked', async () => {
    const room = await DdlRoom.of(server);
    const record = renamed(room, ['t', 'stage.t']);
    expect(await planned(room, record)).toMatchObject({ reason: 'unmapped', isLeft: true });
    expect(await planned(room, record, { bothWays: true })).toMatchObject({ reason: 'unmapped', isLeft: false });
    expect(await planned(room, renamed(room, ['t', 'stage.t'], ['a', 'b']))).toMatchObject({ reason: 'unmapped', isLeft: false });
  });

  it('a table that is made anew with IF NOT EXISTS is not the one that has left, and is still here with its rows', async () => {
    const room = await DdlRoom.of(server);
    await server.run(`CREATE TABLE ${room.database}.t (a int); INSERT INTO ${room.database}.t VALUES (1)`);
    const makes = (n: number) =>
      room.record('CREATE TABLE IF NOT EXISTS t (a int)', [['subject', 't']], {
        id: `make:${n}`,
        statement: 'CREATE TABLE',
        clauses: null,
      });
    const loader = await room.loader();
    expect(await loader.target.plan(makes(1))).not.toHaveProperty('reason');
    await loader.target.conclude(renamed(room, ['t', 'stage.t']), 'skipped', at(1));
    expect(await loader.apply(makes(2), 2)).toMatchObject({ reason: 'unmapped', ways: ['done', 'skip'] });
    await server.run(`DROP TABLE ${room.database}.t`);
    expect(await loader.apply(makes(2), 2)).toBeNull();
    await server.run(`INSERT INTO ${room.database}.t VALUES (2)`);
    expect(await loader.apply(makes(3), 3)).toBeNull();
  });
});
