/** Loaders and servers are killed around schema changes: each runs once. The naive rules, which leave a part out, are seen to fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { Random } from '../../../../test/harness/random.js';
import { comesThrough, ended, isUnderWay, killAt, killCases, Killed, outcomeOf, points, serverKills, setUp } from './ddl-kills.fixture.js';
import type { KillCase } from './ddl-kills.fixture.js';
import { DdlRoom } from './ddl-room.fixture.js';
import type { RoomLoader } from './ddl-room.fixture.js';

const alter = killCases[0] as KillCase;
const truncate = killCases[3] as KillCase;

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.start(version)));
  afterAll(() => server.stop());

  it.each(points)('a loader that is killed %s', async (point) => {
    const room = await DdlRoom.of(server);
    for (const [n, kind] of killCases.entries()) {
      await setUp(room, kind, n);
      const killed: RoomLoader = await room.loader({ around: killAt(point, () => killed.kill()) });
      await expect(killed.apply(kind.record(room, n), n)).rejects.toBeInstanceOf(Killed);
      expect(await room.ran(kind.logged(n)), kind.name).toBe(/done/.test(point) ? 1 : 0);
      await comesThrough(room, kind, n);
    }
  });

  it('a loader that is killed while its statement runs: the next one waits for its end', async () => {
    const room = await DdlRoom.of(server);
    await setUp(room, alter, 1);
    const bigger = `INSERT INTO t1 SELECT id + 1000 * (SELECT COUNT(*) / 1000 FROM t1 c), v FROM t1`;
    await server.run(`USE ${room.database}; ${Array.from({ length: 6 }, () => bigger).join('; ')}; USE mysql`);
    const killed = await room.loader();
    const applied = outcomeOf(killed.apply(alter.record(room, 1), 1));
    await isUnderWay(server, 'ALTER TABLE%ADD c1 int%');
    killed.kill();
    expect(await applied).toMatch(ended);
    await comesThrough(room, alter, 1);
  });

  it('a loader that is killed while its statement waits for a lock', async () => {
    const room = await DdlRoom.of(server);
    await setUp(room, alter, 1);
    await server.run(`BEGIN; SELECT COUNT(*) FROM ${room.database}.t1`);
    const killed = await room.loader();
    const applied = outcomeOf(killed.apply(alter.record(room, 1), 1));
    await isUnderWay(server, 'ALTER TABLE%ADD c1 int%');
    killed.kill();
    expect(await applied).toMatch(ended);
    const next = comesThrough(room, alter, 1);
    await server.run('COMMIT');
    await next;
  });

  it('without an intent the next loader runs it again', async () => {
    const room = await DdlRoom.of(server);
    await setUp(room, truncate, 1);
    const killed: RoomLoader = await room.loader({ around: killAt('before done', () => killed.kill()) });
    await expect(killed.apply(truncate.record(room, 1), 1)).rejects.toBeInstanceOf(Killed);
    await server.run(`DELETE FROM lutra.ddl WHERE pipeline = '${room.pipeline}'`);
    expect(await (await room.loader()).apply(truncate.record(room, 1), 1)).toBeNull();
    expect(await room.ran(truncate.logged(1))).toBe(2);
  });

  it('a server that is killed at any moment', async () => {
    const room = await DdlRoom.of(server);
    const rounds = await serverKills(room, { rounds: 4, random: new Random(17) });
    expect(rounds).toBe(4);
  });
});
