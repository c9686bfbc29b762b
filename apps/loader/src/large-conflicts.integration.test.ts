/**
 * Large transactions that meet conflicts, one after the other, while there is a backlog: a real target, the logs are lists in memory. What
 * the target's own log says is read once for all of them.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { conflictRuleSchema, rowsTopic } from '@lutra/model';
import type { EndpointDocument, RegionDocument, Route, TableSchema, WorkStatus } from '@lutra/model';
import { Session } from '@lutra/mysql';
import { Keyring, sealPassword, TreeFollower } from '@lutra/registry';
import { LiveWork, supervise, Waits } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { MemoryIds } from '../../../libs/avro/test/samples.js';
import { storedChannel, uidOf } from '../../../libs/model/src/pipeline-uid.fixture.js';
import { TestServer } from '../../../libs/mysql/src/mysql.fixture.js';
import type { LoaderWork } from './assignments.js';
import { MemoryDdlTarget } from './ddl/memory-ddl-target.fixture.js';
import { serversIo } from './io.js';
import type { KafkaPort } from './io.js';
import { runLoader } from './loader.pipeline.js';
import type { LoaderDeps } from './loader-run.js';
import { mark, MemoryLog } from './memory-log.fixture.js';

const [ours, back] = [uidOf('c.p'), uidOf('c.q')];
const [from, to] = [rowsTopic('a'), rowsTopic('b')];
const ids = new MemoryIds();
const table = (of: string): TableSchema => ({
  database: of,
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'v', type: 'varchar', charset: 'latin1', length: 60_000 },
  ],
  primaryKey: ['id'],
});
const large = 'x'.repeat(50_000);

let server: TestServer;
let database: string;
let capture: Session;
/** The log of the source, and that of the target. */
let there: MemoryLog;
let here: MemoryLog;
/** Topics, each time one is read from. */
let reads: string[];
/** Called before the source's log is read again. */
let again: () => Promise<void>;

beforeAll(async () => {
  server = await TestServer.shared('9.7');
  capture = await Session.open(server.options, 'target');
  database = await server.database();
  await server.run(`CREATE TABLE ${database}.t (id int primary key, v varchar(60000) character set latin1)`);
  const of = { ids, pipeline: ours, table: table(database) };
  there = new MemoryLog({ ...of, topic: from, origin: 'hangzhou' });
  here = new MemoryLog({ ...of, topic: to, origin: 'california' });
  reads = [];
});
afterAll(async () => {
  await capture.close();
  await server.stop();
});

/** Watermarks that are published. */
const told = new Set<string>();
/** The capture of the target publishes each watermark that stands there. */
async function published(): Promise<void> {
  const [{ rows } = { rows: [] }] = await capture.execute(
    `SELECT content FROM lutra.signal WHERE pipeline = '${ours}' AND kind = 'watermark'`,
  );
  for (const { content } of rows) if (!told.has(String(content))) await here.watermark(String(content));
  for (const { content } of rows) told.add(String(content));
}

const kafka: KafkaPort = {
  admin: () => ({
    exists: async () => true,
    offsets: async (topic) => ({ start: 0, end: (topic === to ? here : there).records.length }),
    groupOffset: async () => null,
    commitGroupOffset: async () => undefined,
    close: async () => undefined,
  }),
  subscribe: async function* ({ topic, offset, signal }) {
    const { records } = topic === to ? here : there;
    if (topic === from && reads.includes(from)) await again();
    reads.push(topic);
    for (let at = offset; !signal.aborted;) {
      if (topic === to) await published();
      const batch = records.slice(at, at + 7);
      at += batch.length;
      if (batch.length > 0) yield batch;
      else await delay(2);
    }
  },
};

const key = Keyring.of(randomBytes(32));
const region = (name: string) => ({ name, description: '', kafka: { brokers: ['k:1'] } }) as RegionDocument;
const endpoint = (name: string, of: string): EndpointDocument => {
  const { password, ...login } = server.options;
  const open = { ...login, name, region: of, serverId: 1, topic: { maxMessageBytes: 1_000_000 } };
  return { ...open, password: sealPassword(key, password ?? '', open) } as EndpointDocument;
};

function workOf(routes: readonly Route[]): LoaderWork {
  const conflicts = { home: 'california', rules: [conflictRuleSchema.parse({ policy: 'home' })], retentionDays: 1 };
  return {
    id: 'c.p',
    uid: ours,
    channel: 'c',
    source: endpoint('a', 'hangzhou'),
    sourceRegion: region('hangzhou'),
    target: endpoint('b', 'california'),
    routes,
    forwards: false,
    forwarded: false,
    paused: false,
    onUnsupported: 'stop',
    targetRegion: region('california'),
    detector: { conflicts, targetRegion: region('california'), back: [{ uid: back, routes }], otherWriters: [] },
  };
}

function depsOf(routes: readonly Route[]): LoaderDeps {
  const channel = storedChannel({ name: 'c', pipelines: [{ name: 'p', source: 'a', target: 'b', routes }] });
  const registry = {
    uids: { read: async () => null, all: async () => new Map(), begin: async () => undefined, fenced: async () => undefined },
    skips: { read: async () => null },
    logs: { read: async () => null },
    omissions: { add: async () => undefined },
    channels: { latest: async () => ({ document: channel }) },
    revision: { latest: async () => ({ ...mark, by: 'test', at: 0, recent: [], adopted: 0 }) },
  } as unknown as LoaderDeps['registry'];
  return {
    registry,
    tree: new TreeFollower(registry),
    schemas: ids as unknown as LoaderDeps['schemas'],
    secretKey: key,
    instance: 'host:1',
    level: { current: 1 },
    metrics: new Metrics('loader', { processMetrics: false }),
    traces: null,
    logger: { info() {}, debug() {}, warn() {}, error() {} } as unknown as LoaderDeps['logger'],
    status: {
      waits: new Waits(),
      status: { rows: 0, transactions: 0 } as WorkStatus,
      update: () => undefined,
      lagFrom: () => undefined,
    } as unknown as LoaderDeps['status'],
    events: { of: () => () => undefined } as unknown as LoaderDeps['events'],
    io: { target: serversIo.target, kafka },
    ddl: { targetOf: () => new MemoryDdlTarget() },
  };
}

/** Rows of one transaction, which together are too large to hold. */
const tenFrom = (id: number) => Array.from({ length: 10 }, (_, i) => ({ before: null, after: { id: id + i, v: large } }));

test('the target’s own log is read once, however many of them meet a conflict, and what it says meanwhile counts', async () => {
  const routes: readonly Route[] = [{ schema: database, table: '*' }];
  await there.led(routes);
  await here.led(routes);
  const both = [3, 13, 23, 33];
  for (const id of both) {
    await server.run(`INSERT INTO ${database}.t VALUES (${id}, 'here')`);
    await here.changed([{ before: null, after: { id, v: 'here' } }]);
  }
  // Nothing of it is left at the target, so only its log can tell.
  const gone = { id: 5, v: 'gone' };
  again = async () => {
    await here.changed([{ before: null, after: gone }]);
    await here.changed([{ before: gone, after: null }]);
    again = async () => undefined;
  };
  await there.changed(tenFrom(1));
  await there.changed([{ before: null, after: { id: 100, v: 'small' } }]);
  await there.changed(tenFrom(11));
  // Its capture was replaced in the middle.
  await there.changed(tenFrom(21).slice(0, 9), { complete: false });
  await there.led(routes);
  await there.changed(tenFrom(21));
  await there.changed(tenFrom(31));

  const stop = new AbortController();
  const failures: string[] = [];
  const working = supervise({
    signal: stop.signal,
    backoff: { firstMs: 0, maxMs: 0 },
    run: (signal) => runLoader(depsOf(routes), new LiveWork(workOf(routes)), { leaseNumber: 1, signal }),
    onFailure: (error) => {
      failures.push(`${error.code} ${error.message}`);
      stop.abort();
    },
  });
  const end = await Session.open(server.options, 'target');
  const applied = async (): Promise<number> => (await end.query(`SELECT id FROM ${database}.t`)).length;
  await vi.waitUntil(async () => stop.signal.aborted || (await applied()) === 40, { timeout: 30_000, interval: 20 }).catch(() => undefined); // what is missing then, the comparison shows
  stop.abort();
  await working;

  expect(failures).toEqual([]);
  const kept = await server.query(`SELECT id FROM ${database}.t WHERE v = 'here' ORDER BY id`);
  expect(kept.map(({ id }) => Number(id))).toEqual(both);
  expect(await applied()).toBe(40);
  const conflicts = await server.query(`SELECT row_key, winner FROM lutra.conflict WHERE uid = '${ours}' ORDER BY id`);
  expect(conflicts).toEqual([3, 5, 13, 23, 33].map((id) => ({ row_key: JSON.stringify({ id }), winner: 'existing' })));
  expect(reads.filter((topic) => topic === to)).toEqual([to]);
  await end.close();
}, 60_000);
