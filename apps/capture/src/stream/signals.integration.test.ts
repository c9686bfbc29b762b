/** What loaders and applications say to capture through tables, from a real server's binlog to what the topic gets. */
import { checkpointStatement, createStatement, openingStatement, resolutionStatement, watermarkStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { readBinlog, sourceState } from '@lutra/binlog';
import { createRouter } from '@lutra/model';
import type { Suspension } from '@lutra/model';
import { quoteText, writeSuspended } from '@lutra/mysql';
import { createLogger } from '@lutra/telemetry';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareEndpoint } from '../../../../test/harness/index.js';
import { mysqlServer } from '../../../../test/servers/index.js';
import type { Output } from './output.js';
import { isOwnTable } from './own-tables.js';
import { TransactionTracker } from './transactions.js';

const checkpoint: Checkpoint = {
  pipeline: 'shop.there',
  part: 0,
  lane: 0,
  logId: 'L',
  logEpoch: 1,
  seq: 41,
  nextOffset: 50,
  gtid: null,
  sourceUs: 0,
  origin: 'california',
  path: ['california'],
  epoch: 1,
  replayUntil: -1,
};

describe.each(['8.0', '9.7'] as const)('MySQL %s', (version) => {
  const server = mysqlServer({ version, serverId: 1 });
  const { pipeline } = checkpoint;
  let connection: Connection;
  beforeAll(async () => {
    await server.start();
    await prepareEndpoint(server);
    const { host, port, user, password } = server;
    connection = await createConnection({ host, port, user, password, multipleStatements: true });
    await connection.query(
      'CREATE DATABASE shop; CREATE TABLE shop.t (id BIGINT PRIMARY KEY, v VARBINARY(9)); CREATE TABLE shop.log (id INT)',
    );
    await connection.query(createStatement(checkpoint));
  });
  afterAll(async () => {
    connection?.destroy();
    await server.stop();
  });

  /** What is written gives, without heartbeats: a row as its id, a signal as its record, a boundary as how many rows were published. */
  async function published(write: () => Promise<unknown>): Promise<readonly unknown[]> {
    const source = { host: server.host, port: server.port, user: server.user, password: server.password };
    const from = await sourceState(source);
    await write();
    const { file, pos } = await sourceState(source);
    const router = createRouter([{ schema: 'shop', table: 't' }]);
    const options = {
      endpoint: 'a',
      region: 'hangzhou',
      connector: 'mysql',
      version,
      copies: { originOf: () => null },
      level: () => 3,
      foldsNames: false,
      seen: {},
      publishedThrough: null,
      now: () => 7,
    } as const;
    const tracker = new TransactionTracker({ ...options, router, forwarded: createRouter([]) });
    const outputs: Output[] = [];
    for await (const item of readBinlog({
      ...source,
      serverId: 99,
      start: { file: from.file, pos: from.pos },
      wants: (table) => isOwnTable(table) || router(table) !== null,
      logger: createLogger('test', 'silent'),
      signal: AbortSignal.timeout(60_000),
    })) {
      outputs.push(...tracker.accept(item));
      if ('end' in item && item.end.file === file && item.end.pos >= pos) break;
    }
    return outputs.flatMap(shown);
  }

  function shown(output: Output): readonly unknown[] {
    if (output.kind === 'row') return [Number(output.event.after?.['id'])];
    if (output.kind === 'rows') return output.read().map(({ after }) => Number(after?.['id']));
    if (output.kind === 'signal') return [output.record];
    if (output.kind === 'suspended') return [output.rows];
    if (output.kind === 'ignored') return [`ignored ${output.what}`];
    return output.kind === 'boundary' && output.commitTimeUs !== null ? [`${output.rows} rows${output.skipped ? ', skipped' : ''}`] : [];
  }

  it('gives a watermark behind all that was committed before it, each time that it is written', async () => {
    const again = watermarkStatement(pipeline, 'token-1');
    const texts = ['INSERT INTO shop.t VALUES (1, 1)', again, 'INSERT INTO shop.t VALUES (2, 2)', again];
    expect(await published(() => connection.query(texts.join('; ')))).toEqual([
      1,
      '1 rows',
      { kind: 'watermark', endpoint: 'a', pipeline, token: 'token-1', tsMs: 7 },
      '0 rows',
      2,
      '1 rows',
      { kind: 'watermark', endpoint: 'a', pipeline, token: 'token-1', tsMs: 7 },
      '0 rows',
    ]);
  });

  it("gives the resolutions of a loader's transaction with the seq that its last marker names, and not one of its rows", async () => {
    const resolution = { pipeline, channel: 'shop', database: 'shop', table: 't', key: { id: 9007199254740993n } };
    const row = { id: 9007199254740993n, v: Buffer.from('00ff27', 'hex') };
    const texts = [
      'BEGIN',
      openingStatement(checkpoint),
      resolutionStatement({ ...resolution, row }, 0, quoteText),
      'INSERT INTO shop.t VALUES (3, 3)',
      resolutionStatement({ ...resolution, row: null }, 1, quoteText),
      checkpointStatement({ ...checkpoint, seq: 42 }),
      'COMMIT',
    ];
    expect(await published(() => connection.query(texts.join('; ')))).toEqual([
      expect.objectContaining({ kind: 'resolution', key: resolution.key, row, seen: { 'shop.there': { log: 'L', seq: 42 } } }),
      expect.objectContaining({ kind: 'resolution', key: resolution.key, row: null, seen: { 'shop.there': { log: 'L', seq: 42 } } }),
      '0 rows',
    ]);
  });

  it('gives the tables that a loader has suspended, before the end of the transaction that says so; not what has ended', async () => {
    const of = { database: 'shop', code: 'COLUMN_MISSING', message: 'no v', where: 'seq 7', at: 1 } as const;
    const begun: readonly Suspension[] = [
      { ...of, name: 'Übersicht' },
      { ...of, name: 'child', because: 'shop.Übersicht' },
    ];
    const { host, port, user, password } = server;
    const target = { host, port, user, password };
    const position = { ...checkpoint, seq: 7 };
    const said = begun.map(({ name, because = '' }) => {
      return { pipeline, table: { database: 'shop', name }, code: of.code, message: of.message, because };
    });
    expect(await published(() => writeSuspended(target, position, { begun, ended: [] }))).toEqual([said, '0 rows']);
    expect(await published(() => writeSuspended(target, position, { begun: [], ended: begun }))).toEqual(['0 rows']);
    expect(await published(() => writeSuspended(target, position, { begun: begun.slice(1), ended: [] }))).toEqual([
      said.slice(1),
      '0 rows',
    ]);
  });

  it('passes over what an application does not want replicated, with no more rights than that takes', async () => {
    await connection.query(
      `CREATE USER app@'%' IDENTIFIED BY 'a'; GRANT SELECT, UPDATE ON lutra.skip TO app@'%'; GRANT ALL ON shop.* TO app@'%';
       CREATE DATABASE retl; CREATE TABLE retl.retl_mark (ID BIGINT PRIMARY KEY AUTO_INCREMENT, CHANNEL_ID INT, CHANNEL_INFO VARCHAR(128));
       GRANT INSERT ON retl.* TO app@'%'`,
    );
    const { host, port } = server;
    const app = await createConnection({ host, port, user: 'app', password: 'a', multipleStatements: true });
    const skip = 'UPDATE lutra.skip SET n = n + 1 WHERE id = 1';
    const mark = "INSERT INTO retl.retl_mark (CHANNEL_INFO) VALUES ('app_SYNC')";
    const texts = [
      `BEGIN; ${skip}; INSERT INTO shop.t VALUES (11, 1); COMMIT`,
      `BEGIN; INSERT INTO shop.log VALUES (1); ${mark}; INSERT INTO shop.t VALUES (12, 1); COMMIT`,
      `BEGIN; INSERT INTO shop.t VALUES (13, 1); ${skip}; INSERT INTO shop.t VALUES (14, 1); COMMIT`,
      'INSERT INTO shop.t VALUES (15, 1)',
    ];
    expect(await published(() => app.query(texts.join('; ')))).toEqual([
      '0 rows, skipped',
      '0 rows, skipped',
      'ignored skip',
      13,
      14,
      '2 rows',
      15,
      '1 rows',
    ]);
    await app.end();
  });
});
