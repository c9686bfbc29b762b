/** That markers would come back is shown by one that does; where they would not, it is said before anything is read. */
import { readFile } from 'node:fs/promises';
import { createLogger } from '@lutra/telemetry';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mysqlServer } from '../../../test/servers/index.js';
import type { MysqlServer, MysqlVersion } from '../../../test/servers/index.js';
import { probeBinlog } from './index.js';
import { connectionOf, writer } from './reading.fixture.js';

const versions: readonly MysqlVersion[] = ['8.0', '9.7', 'mariadb-11.4'];

async function start(server: MysqlServer): Promise<void> {
  await server.start();
  const connection = await writer(server);
  await connection.query(await readFile(new URL('../../../schemas/lutra.sql', import.meta.url), 'utf8'));
  connection.destroy();
}

function probe(server: MysqlServer, user = server.user): Promise<number | null> {
  const logger = createLogger('test', 'silent');
  return probeBinlog({ ...connectionOf(server), user, endpoint: 'a', serverId: 900, logger, signal: AbortSignal.timeout(30_000) });
}

describe.each(versions)('a probe of %s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  beforeAll(() => start(server));
  afterAll(() => server.stop());

  it('comes back, the first time and every other', async () => {
    expect(await probe(server)).toBeNull();
    expect(await probe(server)).toBeNull();
  });

  it('is not written where no loader may write, and that is told', async () => {
    const connection = await writer(server);
    for (const user of ['reader', 'loader'])
      await connection.query(`CREATE USER ${user}; GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO ${user}`);
    await connection.query('GRANT SELECT, INSERT, UPDATE ON lutra.* TO loader');
    expect(await probe(server, 'reader')).toBe(1142);
    expect(await probe(server, 'loader')).toBeNull();
    await connection.query('SET GLOBAL read_only = 1');
    expect(await probe(server, 'loader')).toBe(1290);
    connection.destroy();
  });
});

describe('a probe of a server that leaves lutra out of its binlog', () => {
  const server = mysqlServer({ version: '9.7', serverId: 2, extra: ['--binlog-do-db=shop'] });
  beforeAll(() => start(server));
  afterAll(() => server.stop());

  it('does not come back: SOURCE_SETTINGS', async () => {
    await expect(probe(server)).rejects.toMatchObject({ code: 'SOURCE_SETTINGS' });
  });
});
