/** Servers are killed amid schema changes, many times: each runs once, and its definition agrees with gtid_executed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { Random } from '../../../../test/harness/random.js';
import { serverKills } from './ddl-kills.fixture.js';
import { DdlRoom } from './ddl-room.fixture.js';

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  let server: TestServer;
  beforeAll(async () => void (server = await TestServer.start(version)));
  afterAll(() => server.stop());

  it('a server that is killed at any moment', { timeout: 900_000 }, async () => {
    const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
    console.log(`SEED=${seed}`);
    expect(await serverKills(await DdlRoom.of(server), { rounds: 40, random: new Random(seed) })).toBe(40);
  });
});
