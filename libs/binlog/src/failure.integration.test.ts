/** What ends a reader from outside, by name; and that nothing of it is left at the source. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { SourceItem } from '@lutra/model';
import type { Connection } from 'mysql2/promise';
import { mysqlServer } from '../../../test/servers/index.js';
import { withConnection } from './connection.js';
import { isBetween, readFileCreated } from './history.js';
import { fileStart } from './position-tracker.js';
import { shortDump } from './short-dump.js';
import { checkStart, holdServerId, readBinlog, sourceState } from './index.js';
import { collectToEnd, collectToError, connectionOf, executed, readerOptions, rowsOf, select, stateOf, writer } from './reading.fixture.js';

const versions = ['8.0', '9.7'] as const;
/** No loopback address, though it leads to this machine. */
const elsewhere = { host: '0.0.0.0' };

describe.each(versions)('MySQL %s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  let connection: Connection;
  const reset = version === '8.0' ? 'RESET MASTER' : 'RESET BINARY LOGS AND GTIDS';

  const connect = async (): Promise<void> => {
    connection?.destroy();
    connection = await writer(server);
  };
  beforeAll(async () => {
    await server.start();
    await connect();
    await connection.query('CREATE DATABASE flow; USE flow; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT)');
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });
  /** Nothing of a reader is left at the source. */
  afterEach(async () => {
    const others = "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND COMMAND <> 'Daemon'";
    await vi.waitUntil(async () => (await select(connection, others)).length === 0, { timeout: 60_000 });
  });

  async function firstHeartbeat(iterator: AsyncIterator<SourceItem>): Promise<void> {
    for (;;) {
      const { value } = await iterator.next();
      if ((value as SourceItem).kind === 'heartbeat') return;
    }
  }

  it('is refused with a wrong password or without the privilege', async () => {
    await connection.query("CREATE USER reader IDENTIFIED BY 'right'; GRANT REPLICATION CLIENT ON *.* TO reader");
    const as = (password: string): Promise<unknown> => collectToError(readerOptions(server, { start: 'now', user: 'reader', password }));
    expect(await as('wrong')).toMatchObject({ items: [], error: { code: 'SOURCE_DENIED' } });
    expect(await as('right')).toMatchObject({ items: [], error: { code: 'SOURCE_DENIED' } });
    await expect(sourceState({ ...connectionOf(server), password: 'wrong' })).rejects.toMatchObject({ code: 'SOURCE_DENIED' });
    await connection.query('GRANT REPLICATION SLAVE ON *.* TO reader');
    const items = await collectToEnd(server, 'now', { user: 'reader', password: 'right' });
    expect(items.at(-1)?.kind).toBe('heartbeat');
    await connection.query('DROP USER reader');
  });

  it('is asked whether it can be read from a position on: between two transactions, in a file that is there', async () => {
    await connection.query('FLUSH BINARY LOGS; INSERT INTO t VALUES (), ()');
    const { file, pos } = await stateOf(server);
    const ask = (at: { file: string; pos: number; gtidSet?: string }): Promise<unknown> =>
      checkStart(connectionOf(server), () => ({ gtidSet: null, ...at }));
    const events = await select(connection, `SHOW BINLOG EVENTS IN '${file}'`);
    const rows = events.find((event) => event['Event_type'] === 'Write_rows');
    for (const position of [
      { file, pos },
      { file, pos: 4 },
    ])
      expect(await ask(position)).toEqual({ ...position, gtidSet: null });
    for (const amid of [Number(rows?.['Pos']), pos - 1])
      await expect(ask({ file, pos: amid })).rejects.toMatchObject({ code: 'CONFIG_INVALID', details: { file, pos: amid } });
    await expect(ask({ file, pos: pos + 1 })).rejects.toMatchObject({ code: 'SOURCE_BEHIND' });
    await expect(ask({ file: 'binlog.999999', pos: 4 })).rejects.toMatchObject({ code: 'SOURCE_BEHIND' });
    await expect(ask({ file, pos, gtidSet: 'nonsense' })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });

  it('reads over TLS, and refuses a certificate that it cannot verify', async () => {
    await connection.query("CREATE USER safe IDENTIFIED BY 'p' REQUIRE SSL; GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO safe");
    const start = await executed(server);
    await connection.query('INSERT INTO t VALUES (), ()');
    const as = { user: 'safe', password: 'p' };
    const items = await collectToEnd(server, start, { ...as, tls: { verify: false } });
    expect(rowsOf(items)[0]!.rows).toHaveLength(2);
    const refused = await collectToError(readerOptions(server, { start, ...as, tls: { verify: true } }));
    expect(refused.error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', details: { tls: 'authority' } });
    expect((await collectToError(readerOptions(server, { start, ...as }))).error).toMatchObject({ code: 'SOURCE_DENIED' });
    await connection.query('DROP USER safe');
  });

  it('has TLS on for a server elsewhere of which nothing is said, and takes the authority that the endpoint names', async () => {
    await connection.query("CREATE USER safe IDENTIFIED BY 'p' REQUIRE SSL; GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO safe");
    const start = await executed(server);
    await connection.query('INSERT INTO t VALUES (), ()');
    const as = { ...elsewhere, user: 'safe', password: 'p' };
    const unknown = await collectToError(readerOptions(server, { start, ...as }));
    expect(unknown.error).toMatchObject({ code: 'SOURCE_UNAVAILABLE', details: { tls: 'authority' } });
    const ca = await readFile(join(dirname(server.logFile ?? ''), 'data', 'ca.pem'), 'utf8');
    const items = await collectToEnd(server, start, { ...as, tls: { ca, verify: true } });
    expect(rowsOf(items)[0]!.rows).toHaveLength(2);
    await connection.query('DROP USER safe');
  });

  it('logs in elsewhere without TLS only where it knows the key of the server', async () => {
    await connection.query(
      "CREATE USER plain IDENTIFIED WITH caching_sha2_password BY 'p'; GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO plain",
    );
    const [status] = await select(connection, "SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'");
    const publicKey = String(status?.['Value']);
    const as = { ...elsewhere, tls: { mode: 'off' } as const, user: 'plain', password: 'p' };
    const start = await executed(server);
    const untrusted = await collectToError(readerOptions(server, { start, ...as }));
    expect(untrusted.error).toMatchObject({ code: 'SERVER_UNTRUSTED', message: expect.stringContaining('0.0.0.0') });
    const another = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const denied = await collectToError(readerOptions(server, { start, ...as, publicKey: another }));
    expect(denied.error).toMatchObject({ code: 'SOURCE_DENIED' });
    await connection.query('INSERT INTO t VALUES ()');
    expect(rowsOf(await collectToEnd(server, start, { ...as, publicKey }))[0]!.rows).toHaveLength(1);
    // now the server has the password in its cache, and would not ask for it until its next start
    expect((await collectToError(readerOptions(server, { start, ...as }))).error).toMatchObject({ code: 'SERVER_UNTRUSTED' });
    await connection.query('DROP USER plain');
  });

  it('says that nobody listens', async () => {
    const { error } = await collectToError(readerOptions(server, { start: 'now', port: 1 }));
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('ends when it is aborted, before and after the first item', async () => {
    const abort = new AbortController();
    const iterator = readBinlog(readerOptions(server, { start: 'now', signal: abort.signal }));
    await firstHeartbeat(iterator);
    const next = (async () => {
      for (;;) await iterator.next();
    })();
    abort.abort();
    await expect(next).rejects.toMatchObject({ code: 'ABORTED' });
    const { error } = await collectToError(readerOptions(server, { start: 'now', signal: abort.signal }));
    expect(error).toMatchObject({ code: 'ABORTED' });
  });

  it('ends when its loop is left', async () => {
    const iterator = readBinlog(readerOptions(server, { start: 'now' }));
    await firstHeartbeat(iterator);
    await iterator.return(undefined);
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('says that a start is not in the source, or no more', async () => {
    const error = async (start: { gtidSet: string } | { file: string; pos: number }): Promise<unknown> =>
      (await collectToError(readerOptions(server, { start }))).error;
    const { gtidSet } = await executed(server);
    const old = await stateOf(server);
    expect(await error({ gtidSet: '00000000-0000-0000-0000-000000000001:1-5' })).toMatchObject({ code: 'SOURCE_BEHIND' });
    expect(await error({ gtidSet: 'nonsense' })).toMatchObject({ code: 'CONFIG_INVALID' });
    expect(await error({ file: old.file, pos: 1e9 })).toMatchObject({ code: 'SOURCE_BEHIND' });
    expect(await error({ file: 'binlog.999999', pos: 4 })).toMatchObject({ code: 'SOURCE_BEHIND' });
    expect(await error({ file: old.file, pos: old.pos - 1 })).toMatchObject({ code: 'BINLOG_DECODE' });
    await connection.query('FLUSH BINARY LOGS; INSERT INTO t VALUES (); FLUSH BINARY LOGS; INSERT INTO t VALUES ()');
    const { file } = await stateOf(server);
    await connection.query(`PURGE BINARY LOGS TO '${file}'`);
    expect(await error({ gtidSet })).toMatchObject({ code: 'SOURCE_PURGED' });
    expect(await error({ gtidSet: '' })).toMatchObject({ code: 'SOURCE_PURGED' });
    expect(await error({ file: old.file, pos: old.pos })).toMatchObject({ code: 'SOURCE_PURGED' });
  });

  it('is cut off by another reader of its server id', async () => {
    const serverId = 4711;
    const first = readBinlog(readerOptions(server, { start: 'now', serverId }));
    await firstHeartbeat(first);
    const second = readBinlog(readerOptions(server, { start: 'now', serverId }));
    await firstHeartbeat(second);
    const cut = (async () => {
      for (;;) await first.next();
    })();
    await expect(cut).rejects.toMatchObject({ code: 'SERVER_ID_TAKEN' });
    await second.return(undefined);
  });

  it('gives a server id to one log at a time, under whatever name of its host, and to the same log again at once', async () => {
    const source = connectionOf(server);
    const giveBack = await holdServerId(source, { serverId: 4712, owner: 'log a' });
    await expect(
      holdServerId({ ...source, host: 'localhost' }, { serverId: 4712, owner: 'log b', closingSeconds: 0 }),
    ).rejects.toMatchObject({
      code: 'SERVER_ID_TAKEN',
    });
    const other = await holdServerId(source, { serverId: 4713, owner: 'log b' });
    const successor = await holdServerId(source, { serverId: 4712, owner: 'log a' });
    giveBack();
    // the successor has it now, or gets it
    const holder = async (): Promise<unknown> => (await select(connection, "SELECT IS_USED_LOCK('lutra.server-id.4712') AS id"))[0]!['id'];
    await expect.poll(holder).not.toBeNull();
    successor();
    await expect.poll(holder).toBeNull();
    (await holdServerId(source, { serverId: 4712, owner: 'log b' }))();
    other();
  });

  it('does not wait for ever for the server id of a source that has fallen silent', async () => {
    const open = net.createServer().listen(0, '127.0.0.1');
    const sockets: net.Socket[] = [];
    open.on('connection', (client) => {
      const upstream = net.connect(server.port, server.host);
      sockets.push(client, upstream);
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      upstream.pipe(client);
      // All that is asked after the login is lost.
      client.on('data', (bytes) => void (bytes.includes('SET SESSION') || bytes.includes('LOCK') || upstream.write(bytes)));
    });
    await once(open, 'listening');
    const { port } = open.address() as net.AddressInfo;
    const use = { serverId: 4714, owner: 'log a', answerMs: 200 };
    await expect(holdServerId({ ...connectionOf(server), port }, use)).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    for (const socket of sockets) socket.destroy();
    open.close();
  });

  it('says that the source went away when its connection is killed', async () => {
    const { error } = await dying(async () => {
      const [dump] = await select(connection, "SELECT ID FROM information_schema.PROCESSLIST WHERE COMMAND LIKE 'Binlog Dump%'");
      await connection.query(`KILL ${String(dump!['ID'])}`);
    });
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('delivers what was committed and says that the source went away when it is killed, and goes on after its restart', async () => {
    const start = await executed(server);
    await connection.query('INSERT INTO t VALUES (1001)');
    const { error, end } = await dying(() => server.kill());
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    await server.restart();
    await connect();
    await connection.query('USE flow; INSERT INTO t VALUES (1002)');
    const rest = await collectToEnd(server, { gtidSet: end.gtidSet! });
    expect(rowsOf(rest).map(({ rows: [row] }) => row!.after!['id'])).toEqual([1002]);
    const all = await collectToEnd(server, start);
    expect(rowsOf(all).map(({ rows: [row] }) => row!.after!['id'])).toEqual([1001, 1002]);
  });

  it('says that the source went away when it falls silent', async () => {
    const { error } = await dying(() => Promise.resolve(server.freeze()), 200);
    server.resume();
    expect(error).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  });

  it('never goes on in a binlog that was reset under it', async () => {
    const { error, end } = await dying(async () => {
      await connection.query(`${reset}; INSERT INTO t VALUES (); FLUSH BINARY LOGS; INSERT INTO t VALUES ()`);
    });
    expect(error).toMatchObject({ code: expect.stringMatching(/^(SOURCE_UNAVAILABLE|SOURCE_PURGED|BINLOG_DECODE)$/) });
    const again = await collectToError(readerOptions(server, { start: { gtidSet: end.gtidSet! } }));
    expect(again.error).toMatchObject({ code: 'SOURCE_BEHIND' });
  });

  it('says that a source has another history, also when it has given all GTIDs anew', async () => {
    await connection.query('INSERT INTO t VALUES (); INSERT INTO t VALUES ()');
    const { executed: gtidSet, file, pos, serverUuid } = await stateOf(server);
    const known = { file, pos, gtidSet, serverUuid: serverUuid! };
    const read = async (options: object = {}): Promise<unknown> => {
      const reader = readBinlog(readerOptions(server, { start: { gtidSet: gtidSet! }, known, ...options }));
      return firstHeartbeat(reader).then(
        () => reader.return(undefined),
        (error: unknown) => error,
      );
    };
    expect(await read()).toEqual({ done: true, value: undefined });
    await connection.query('INSERT INTO t VALUES (); FLUSH BINARY LOGS; INSERT INTO t VALUES ()');
    expect(await read()).toEqual({ done: true, value: undefined });
    await connection.query(reset);
    for (let i = 0; i < 60; i += 1) await connection.query('INSERT INTO t VALUES ()');
    expect(await read()).toMatchObject({ code: 'SOURCE_BEHIND' });
    // Where a transaction happens to begin at the very place, its GTID tells.
    const positions = (await select(connection, `SHOW BINLOG EVENTS IN '${(await stateOf(server)).file}'`)).filter(
      (row) => row['Event_type'] === 'Gtid',
    );
    const now = await stateOf(server);
    const at = { ...known, file: now.file, pos: Number(positions[0]!['Pos']) };
    expect(await read({ known: at })).toMatchObject({ code: 'SOURCE_BEHIND' });
    expect(await read({ known: { ...at, pos: at.pos + 1 } })).toMatchObject({ code: 'SOURCE_BEHIND' });
    expect(await read({ known: { ...at, serverUuid: 'another' } })).toEqual({ done: true, value: undefined });
    // Without GTIDs the same file and offset at another server are another position.
    expect(await read({ known: { ...at, gtidSet: null, serverUuid: 'another' } })).toMatchObject({ code: 'SOURCE_BEHIND' });
  });

  it('says that a source has another history, also when the new transactions are as long as the old ones', async () => {
    await connection.query(reset);
    for (let i = 0; i < 6; i += 1) await connection.query('INSERT INTO t VALUES ()');
    const { end } = (await collectToEnd(server, 'now')).at(-1) as Extract<SourceItem, { kind: 'heartbeat' }>;
    const { serverUuid } = await stateOf(server);
    const options = readerOptions(server, { start: { gtidSet: end.gtidSet! }, known: { ...end, serverUuid: serverUuid! } });
    await connection.query('INSERT INTO t VALUES (); FLUSH BINARY LOGS; INSERT INTO t VALUES ()');
    expect(rowsOf(await collectToEnd(server, options.start, { known: options.known }))).toHaveLength(2);
    const now = async (): Promise<unknown> => (await select(connection, 'SELECT UNIX_TIMESTAMP() AS s'))[0]!['s'];
    const before = await now();
    await vi.waitUntil(async () => (await now()) !== before, { timeout: 30_000 });
    await connection.query(reset);
    for (let i = 0; i < 9; i += 1) await connection.query('INSERT INTO t VALUES ()');
    const { error, items } = await collectToError(options);
    expect(error).toMatchObject({ code: 'SOURCE_BEHIND', message: expect.stringContaining('the file was made at') });
    expect(items).toEqual([]);
  });

  it('is asked when a file was made while there is much to send: what comes after the answer is left', async () => {
    await connection.query(reset);
    await connection.query('CREATE TABLE large (v LONGTEXT)');
    for (let i = 0; i < 5; i += 1) await connection.query("INSERT INTO large VALUES (REPEAT('x', 1000000))");
    await connection.query('DROP TABLE large');
    const { file, serverUuid } = await stateOf(server);
    const options = { ...readerOptions(server, { start: 'now' }), serverUuid };
    const { end } = (await collectToEnd(server, 'now')).at(-1) as Extract<SourceItem, { kind: 'heartbeat' }>;
    for (let i = 0; i < 10; i += 1) expect(await readFileCreated(options, file)).toBe(end.fileCreated);
    // What has come already is still given to a dump that is closed.
    for (let bufferBytes = 1; bufferBytes < 10 ** 7; bufferBytes *= 3)
      for await (const _ of shortDump({ ...options, bufferBytes }, { file, pos: fileStart })) break;
  });

  it('knows where a transaction can begin, at each offset of its binlog', async () => {
    await connection.query('INSERT INTO t VALUES (); INSERT INTO t VALUES ()');
    const { file, pos: end } = await stateOf(server);
    const begins = (await select(connection, `SHOW BINLOG EVENTS IN '${file}'`))
      .filter(({ Event_type }) => Event_type === 'Gtid')
      .slice(-2);
    const first = Number(begins[0]!['Pos']);
    const found: number[] = [];
    await withConnection({ ...readerOptions(server, { start: 'now' }) }, async (query) => {
      for (let pos = first; pos <= end; pos += 1) if (await isBetween(query, { file, pos })) found.push(pos);
    });
    expect(found).toEqual([...begins.map(({ Pos }) => Number(Pos)), end]);
  });

  /** A reader that is idle at the end of the binlog while `death` comes. */
  async function dying(death: () => Promise<void>, heartbeatMs = 100): Promise<{ error: unknown; end: { gtidSet: string | null } }> {
    const { executed: gtidSet, file, pos } = await stateOf(server);
    const iterator = readBinlog(readerOptions(server, { start: { gtidSet: gtidSet! }, heartbeatMs }));
    let end = { gtidSet, file, pos };
    let done = false;
    try {
      for (;;) {
        const { value } = await iterator.next();
        const item = value as SourceItem;
        if (item.kind !== 'heartbeat') continue;
        ({ end } = item as { end: typeof end });
        if (!done && item.end.pos === pos) {
          done = true;
          await death();
        }
      }
    } catch (error) {
      return { error, end };
    }
  }
});
