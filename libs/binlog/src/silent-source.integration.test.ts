/**
 * A source that goes on talking and sends nothing. After RESET the dump stays on the file that is gone, with heartbeats, until the new
 * binlog is longer than what was read of the old one; a middlebox may pass heartbeats only. Nothing of the dump shows it: the source itself
 * is asked.
 */
import type { SourceItem } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { mysqlServer } from '../../../test/servers/index.js';
import { middlebox } from './heartbeats-only.fixture.js';
import { readBinlog } from './index.js';
import type { BinlogOptions, SourceEnd } from './index.js';
import { readerOptions, rowsOf, stateOf, writer } from './reading.fixture.js';

const versions = ['8.0', '9.7', 'mariadb-11.4'] as const;

describe.each(versions)('%s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  const reset = version === '9.7' ? 'RESET BINARY LOGS AND GTIDS' : 'RESET MASTER';
  let connection: Connection;

  beforeAll(async () => {
    await server.start();
    connection = await writer(server);
    await connection.query('CREATE DATABASE flow; USE flow; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, x TEXT)');
    await connection.query("CREATE USER reader IDENTIFIED BY 'p'; GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader");
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  /** A reader that has read all that there is, with the rights that the documentation asks for. */
  async function reading(options: Partial<BinlogOptions> = {}) {
    const items: SourceItem[] = [];
    const ends: SourceEnd[] = [];
    const stop = new AbortController();
    const as = { user: 'reader', password: 'p', heartbeatMs: 100, lookMs: 200, signal: stop.signal };
    const source = readBinlog(readerOptions(server, { start: 'now', ...as, onSourceEnd: (end) => ends.push(end), ...options }));
    const failed = (async () => {
      for await (const item of source) items.push(item);
    })().then(
      () => null,
      (error: unknown) => error,
    );
    const { file, pos } = await stateOf(server);
    await vi.waitUntil(() => items.some((item) => 'end' in item && item.end.file === file && item.end.pos === pos), { timeout: 30_000 });
    return { items, ends, failed, stop: () => stop.abort() };
  }
  const grow = async (): Promise<void> => void (await connection.query("INSERT INTO t (x) VALUES (REPEAT('x', 10000))"));

  it('is told from an idle one when it was reset, whatever was written since', async () => {
    for (const writes of [0, 1, 3]) {
      await connection.query('FLUSH BINARY LOGS');
      await connection.query(reset);
      for (let i = 0; i < 5; i += 1) await grow();
      const { failed } = await reading();
      await connection.query(reset);
      for (let i = 0; i < writes; i += 1) await grow();
      expect(await failed).toMatchObject({ code: 'SOURCE_BEHIND', message: expect.stringContaining('reset') });
    }
  });

  it.each(['swallow', 'stale'] as const)(
    'is told from an idle one when only its heartbeats arrive (%s), and goes on where it stood',
    async (mode) => {
      const box = await middlebox(server);
      const { failed, items } = await reading({ port: box.port, host: '127.0.0.1' });
      const end = items.flatMap((item) => ('end' in item ? [item.end] : [])).at(-1)!;
      box.mode = mode;
      await grow();
      expect(await failed).toMatchObject({ code: 'SOURCE_SILENT' });
      box.mode = 'open';
      const again = await reading({ port: box.port, host: '127.0.0.1', start: { gtidSet: end.gtidSet! } });
      expect(rowsOf(again.items)).toHaveLength(1);
      again.stop();
      await again.failed;
      await box.stop();
    },
  );

  it('is not suspected: idle, behind FLUSH and PURGE BINARY LOGS, with a transaction that is open for long', async () => {
    const { items, ends, stop, failed } = await reading();
    const looks = async (): Promise<void> => {
      const { length } = ends;
      await vi.waitUntil(() => ends.length > length + 6, { timeout: 60_000 });
    };
    await looks();
    await connection.query('FLUSH BINARY LOGS');
    await grow();
    await connection.query(`FLUSH BINARY LOGS; PURGE BINARY LOGS TO '${(await stateOf(server)).file}'`);
    await connection.query("BEGIN; INSERT INTO t (x) VALUES ('open')");
    await looks();
    await connection.query('COMMIT');
    await vi.waitUntil(() => rowsOf(items).length === 2, { timeout: 30_000 });
    await looks();
    const { file, pos } = await stateOf(server);
    expect(ends.at(-1)).toMatchObject({ file, pos });
    expect(items.at(-1)).toMatchObject({ kind: 'heartbeat', end: { file, pos } });
    stop();
    expect(await failed).toMatchObject({ code: 'ABORTED' });
  });
});
