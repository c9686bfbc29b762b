/** Seeding on two kinds of servers, and where a source waits for its replica; seeding.long.test.ts has the other servers. */
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { select, writer } from '../../../../libs/binlog/src/reading.fixture.js';
import { prepareEndpoint } from '../../../../test/harness/index.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import { MemoryCapture, orderOf } from './memory-capture.fixture.js';
import { applied, seedingOn } from './seeding.fixture.js';

seedingOn(['MySQL 9.7'], { keyTypes: true });
seedingOn(['MySQL 8.0 without GTIDs']);

describe('a source that waits for its replica', () => {
  const server = mysqlServer({
    version: '9.7',
    serverId: 1,
    extra: ['--plugin-load-add=semisync_source.so', '--rpl-semi-sync-source-timeout=4000'],
  });
  let connection: Connection;
  beforeAll(async () => {
    await server.start();
    await prepareEndpoint(server);
    connection = await writer(server);
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  it('gives no row that is older than a change that was read already', async () => {
    await connection.query('CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (1, 0)');
    const capture = new MemoryCapture(server, [{ schema: 'shop', table: '*' }] as never);
    capture.start();
    await vi.waitFor(async () => expect(await capture.entries()).toEqual([]), { timeout: 10_000 });
    await connection.query('UPDATE shop.t SET v = v WHERE id = 1; SET GLOBAL rpl_semi_sync_source_enabled = ON');
    const own = await writer(server);
    const updated = own.query('UPDATE shop.t SET v = 1 WHERE id = 1');
    const changes = async (): Promise<number> => (await capture.entries()).filter((entry) => entry.kind === 'change').length;
    await vi.waitFor(async () => expect(await changes()).toBe(1), { timeout: 10_000, interval: 5 });
    expect((await select(connection, 'SELECT v FROM shop.t'))[0]?.['v']).toBe('0');
    const order = orderOf();
    capture.order = order;
    await vi.waitFor(() => expect(capture.seeds[0]?.state).toBe('done'), { timeout: 30_000 });
    await updated;
    expect([
      ...(applied(await capture.entries(), order)
        .get('shop.t')
        ?.values() ?? []),
    ]).toEqual([{ id: 1, v: 1 }]);
    await capture.kill();
    own.destroy();
  });
});
