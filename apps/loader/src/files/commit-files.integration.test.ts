/** Rows and what is said of their files in one transaction of a real server, under the user of docs/02-setup.md. */
import type { FileRule, Row, RowEvent, TableSchema } from '@lutra/model';
import { readFilePlacing, takeOver } from '@lutra/mysql';
import type { ConnectionOptions } from '@lutra/mysql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { TestServer, versions } from '../../../../libs/mysql/src/mysql.fixture.js';
import { SourceTransaction } from '../assemble/source-transaction.js';
import { MergeBuffer } from '../assemble/merge-buffer.js';
import { CommitQueue } from '../commit/commit-queue.js';
import { TargetWriter } from '../commit/target-writer.js';
import { serversIo } from '../io.js';
import { Statements } from '../plan/statements.js';
import { memoryStage } from './memory-stage.fixture.js';

const logId = '00000000-0000-4000-8000-000000000001';
const rule = { root: 'pics', path: '{v}', immutable: true, deletes: 'trash', missing: 'stop', waitSeconds: 0 } as FileRule;

describe.each(versions)('files of rows on %s', (version) => {
  let server: TestServer;
  let least: ConnectionOptions;
  let rooms = 0;
  const writers: TargetWriter[] = [];

  beforeAll(async () => {
    server = await TestServer.shared(version);
    least = await server.leastPrivileged();
  });
  afterAll(async () => {
    for (const writer of writers) await writer.dispose();
    await server?.stop();
  });

  async function open() {
    const database = await server.database();
    await server.run(`CREATE TABLE ${database}.t (id int primary key, v varchar(100) collate utf8mb4_bin)`);
    await server.grant(database);
    const uid = uidOf(`c.files${++rooms}-${version}`);
    const { checkpoint } = await takeOver(least, { pipeline: uid, part: 0, lease: 5, mayCreate: true });
    const writer = new TargetWriter({ target: least, port: serversIo.target, key: checkpoint, observe: () => undefined });
    writers.push(writer);
    const { service, files } = memoryStage(rule, { pipeline: uid, epoch: checkpoint.epoch });
    const start = { ...checkpoint, logId, origin: 'a', path: ['a'] };
    const queue = new CommitQueue({ checkpoint: start, sourceRegion: 'a', writer, detector: null, files, onCommitted: () => undefined });
    const merge = new MergeBuffer({ statements: new Statements({ exact: false }), transactions: queue });
    return { database, uid, service, files, queue, merge, target: await writer.loadTable(database, 't') };
  }
  type Room = Awaited<ReturnType<typeof open>>;

  function transaction(
    { database, files, target, service }: Room,
    seq: number,
    images: readonly (readonly [Row | null, Row | null])[],
  ): SourceTransaction {
    const columns = [
      { name: 'id', type: 'int' },
      { name: 'v', type: 'varchar', charset: 'utf8mb4', length: 400 },
    ] as unknown as TableSchema['columns'];
    const source: TableSchema = { database, name: 't', columns, primaryKey: ['id'] };
    const event = {
      source: { gtid: null, tsUs: 1, origin: 'a', path: ['a'] },
      transaction: { id: `u:${seq}`, seen: {} },
    } as unknown as RowEvent;
    const made = new SourceTransaction(event, { log: logId, logEpoch: 1, seq, nextOffset: seq + 1 }, -1);
    for (const [before, after] of images) {
      if (after) service.source.set(`pics/${String(after['v'])}`, `bytes of ${String(after['v'])}`);
      const op = before === null ? 'c' : after === null ? 'd' : 'u';
      made.count(op);
      made.hold({ op, before, after, source, target });
      const named = files.filesOf(source, { before, after });
      if (named) made.name(named);
    }
    return made;
  }

  const entries = async ({ uid }: Room) =>
    (
      await server.query(
        `SELECT CAST(path AS CHAR) AS path, state, CAST(n AS CHAR) AS n FROM lutra.file WHERE pipeline = '${uid}' ORDER BY path`,
      )
    ).map((row) =>
      Object.values(row as object)
        .map(String)
        .join(' '),
    );

  test('are written with the rows, with the number of their placing; a row that goes marks its file', async () => {
    const room = await open();
    const [x, y] = [
      { id: 1, v: 'ä x' },
      { id: 2, v: 'y' },
    ];
    await room.merge.add(transaction(room, 1, [[null, x]]));
    await room.merge.add(transaction(room, 2, [[null, y]]));
    await room.merge.flush();
    await room.queue.drained();
    const n = await readFilePlacing(least, room.uid);
    expect((await entries(room)).map((entry) => entry.replace(/ \d+$/, ''))).toEqual(['ä x placed', 'y placed']);
    await room.merge.add(transaction(room, 3, [[y, null]]));
    await room.merge.flush();
    await room.queue.drained();
    expect(await entries(room)).toContain(`y trash ${n + 1}`);
    expect(await server.query(`SELECT id FROM ${room.database}.t`)).toHaveLength(1);
  });

  test('of a transaction that is refused are taken back; those before it stay', async () => {
    const room = await open();
    await server.run(`INSERT INTO ${room.database}.t VALUES (2, 'other')`);
    await room.merge.add(transaction(room, 1, [[null, { id: 1, v: 'x' }]]));
    await room.merge.add(transaction(room, 2, [[null, { id: 2, v: 'y' }]]));
    await room.merge.flush();
    await expect(room.queue.drained()).rejects.toMatchObject({ code: 'ROW_CONFLICT', details: { seq: 2 } });
    expect(room.service.bytesAt({ root: 'pics', path: 'x' })).toBe('bytes of x');
    expect(room.service.bytesAt({ root: 'pics', path: 'y' })).toBeUndefined();
    expect((await entries(room)).map((entry) => entry.replace(/ \d+$/, ''))).toEqual(['x placed']);
  });

  test('that come behind their rows move no position', async () => {
    const room = await open();
    await room.merge.add(transaction(room, 1, [[null, { id: 1, v: 'x' }]]));
    await room.merge.flush();
    await room.queue.drained();
    const before = await server.query(`SELECT seq, epoch FROM lutra.checkpoint WHERE pipeline = '${room.uid}'`);
    const late = transaction(room, 9, [[null, { id: 3, v: 'late' }]]);
    await room.files.ready([late]);
    await room.queue.aside({ comes: late.files?.comes ?? [], leaves: [] });
    expect(await server.query(`SELECT seq, epoch FROM lutra.checkpoint WHERE pipeline = '${room.uid}'`)).toEqual(before);
    expect(await entries(room)).toContainEqual(expect.stringMatching(/^late placed/));
    expect(await server.query(`SELECT id FROM ${room.database}.t WHERE id = 3`)).toEqual([]);
  });
});
