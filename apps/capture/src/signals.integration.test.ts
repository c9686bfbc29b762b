/** What loaders and applications say to capture through tables, from a real server's binlog to what the topic gets. */
import { checkpointStatement, createStatement, openingStatement, remedyStatement, watermarkStatement } from '@lutra/marker';
import type { Checkpoint } from '@lutra/marker';
import { readBinlog, sourceState } from '@lutra/binlog';
import { createRouter } from '@lutra/model';
import { quoteText } from '@lutra/mysql';
import { createLogger } from '@lutra/telemetry';
import type { Connection } from 'mysql2/promise';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prepareEndpoint } from '../../../test/scenarios/index.js';
import { mysqlServer } from '../../../test/servers/index.js';
import { isOwnTable, TransactionTracker } from './transactions.js';
import type { Output } from './transactions.js';

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

  /** What the statements give, without heartbeats: a row as its id, a signal as its record, a boundary as how many rows were published. */
  async function published(...statements: readonly string[]): Promise<readonly unknown[]> {
    const source = { host: server.host, port: server.port, user: server.user, password: server.password };
    const from = await sourceState(source);
    await connection.query(statements.join('; '));
    const { file, pos } = await sourceState(source);
    const router = createRouter([{ schema: 'shop', table: 't' }]);
    const options = { endpoint: 'a', region: 'hangzhou', connector: 'mysql', version, ddl: 'stop', seen: {}, now: () => 7 } as const;
    const tracker = new TransactionTracker({ ...options, router });
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
    if (output.kind === 'signal') return [output.record];
    if (output.kind === 'ignored') return [`ignored ${output.what}`];
    return output.kind === 'boundary' && output.commitTimeUs !== null ? [`${output.rows} rows`] : [];
  }

  it('gives a watermark behind all that was committed before it, each time that it is written', async () => {
    const again = watermarkStatement(pipeline, 'token-1');
    expect(await published('INSERT INTO shop.t VALUES (1, 1)', again, 'INSERT INTO shop.t VALUES (2, 2)', again)).toEqual([
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

  it("gives the remedies of a loader's transaction with the seq that its last marker names, and not one of its rows", async () => {
    const remedy = { pipeline, database: 'shop', table: 't', key: { id: 9007199254740993n } };
    const row = { id: 9007199254740993n, v: Buffer.from('00ff27', 'hex') };
    expect(
      await published(
        'BEGIN',
        openingStatement(checkpoint),
        remedyStatement({ ...remedy, row }, 0, quoteText),
        'INSERT INTO shop.t VALUES (3, 3)',
        remedyStatement({ ...remedy, row: null }, 1, quoteText),
        checkpointStatement({ ...checkpoint, seq: 42 }),
        'COMMIT',
      ),
    ).toEqual([
      expect.objectContaining({ kind: 'remedy', key: remedy.key, row, seen: { california: { log: 'L', seq: 42 } } }),
      expect.objectContaining({ kind: 'remedy', key: remedy.key, row: null, seen: { california: { log: 'L', seq: 42 } } }),
      '0 rows',
    ]);
  });
});
