/**
 * The capture pipeline against a log, a source and a ZooKeeper that are lists in memory, so that a request can fail at any place: lost,
 * written without an answer, or arriving late, after the next leader's epoch record. A reader of the log must find each transaction once.
 */
import { Waits } from '@lutra/runtime';
import { randomBytes } from 'node:crypto';
import { RecordDecoder } from '@lutra/avro';
import { gtidContains } from '@lutra/binlog';
import type { SourceState } from '@lutra/binlog';
import type { Published, RawRecord } from '@lutra/bus';
import { admit, freshLog, ofTable, replicationFingerprint, SyncError, toSyncError } from '@lutra/model';
import type {
  ChannelDocument,
  EndpointDocument,
  FilePosition,
  LogState,
  RegionDocument,
  RestartOrder,
  Route,
  SourceItem,
  Suspension,
  TableSchema,
  TreeRevision,
  WorkStatus,
} from '@lutra/model';
import { Keyring, sealPassword, TreeFollower } from '@lutra/registry';
import type { PositionBackup, PositionBackupStore, RestartStore } from '@lutra/registry';
import { aborted, LiveWork, supervise, untilAbort } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { runCapture } from './capture.pipeline.js';
import type { CaptureDeps } from './capture-run.js';
import type { CaptureIo } from './io.js';
import { MemoryStore } from './resync/resync-store.fixture.js';
import { marker, resolution, signals, suspends } from './stream/loader-writes.fixture.js';
import { writersOf } from './stream/suspended-here.js';
import { routesOf } from './assignments.js';
import type { CaptureWork } from './assignments.js';
import { emptyDdl } from '../../../libs/avro/src/ddl-links.js';
import { recordsOf } from '../../../libs/bus/test/records-of.js';
import { storedChannel, uidOf } from '../../../libs/model/src/pipeline-uid.fixture.js';

const session = { sqlMode: 0, timeZone: '+00:00', lcTimeNames: 0, collation: 45 };

type Fault = 'lost' | 'unanswered' | { readonly arrivesAfter: number };
type Out = Omit<RawRecord, 'offset' | 'timestampMs'>;

const world = {
  log: [] as RawRecord[],
  start: 0,
  late: null as { batch: readonly Out[]; after: number } | null,
  /** Called for every request. */
  fault: (() => null) as (request: number) => Fault | null,
  requests: 0,
  items: [] as SourceItem[],
  channels: { documents: [] as ChannelDocument[], invalid: [] as string[] },
  /** Of the configuration in ZooKeeper. */
  tree: null as TreeRevision | null,
  /** Of a process that has followed it for longer; null: it knows nothing. */
  follower: null as CaptureDeps['tree'] | null,
  gtidMode: true,
  /** Tables whose rows cannot be read from a transaction on. */
  unreadable: {} as Readonly<Record<string, number>>,
  /** lutra.suspended at the server. */
  standing: [] as readonly Suspension[],
  /** lutra.resync at the server, and the cluster's level. */
  resync: new MemoryStore(),
  level: 1,
  /** Readers of the binlog that wait at its end; and those that have begun. */
  idle: 0,
  reads: 0,
  /** Called before an item is given out. */
  before: (async () => undefined) as (item: SourceItem) => Promise<void>,
};

/** As ZooKeeper says it, in a history of writes that is told apart by its letter. */
const treeAt = (revision: number, letter = 'a'): TreeRevision => {
  const write = (of: number): string => letter.repeat(10) + String.fromCharCode(97 + Math.floor(of / 26), 97 + (of % 26));
  const recent = Array.from({ length: revision - 1 }, (_, index) => write(revision - 1 - index));
  return { revision, write: write(revision), by: 'test', at: 0, recent, adopted: 0 };
};

function append(batch: readonly Out[]): number {
  const first = world.log.length;
  world.log.push(...batch.map((record, index) => ({ ...record, offset: first + index, timestampMs: 0 })));
  return first;
}
/** What was sent by a leader that has given up arrives behind one of the requests that follow. */
function appendLate(): void {
  if (!world.late || world.late.after-- > 0) return;
  append(world.late.batch);
  world.late = null;
}

const kafka: CaptureIo['kafka'] = {
  admin: () => ({
    ensureTopic: async () => 'verified',
    requestLimit: async () => null,
    offsets: async () => ({ start: world.start, end: world.log.length }),
    close: async () => undefined,
  }),
  publisher: () => {
    let turn: Promise<unknown> = Promise.resolve();
    let failure: SyncError | null = null;
    const deliver = async (batch: readonly Out[]): Promise<Published> => {
      if (failure) throw failure; // each is final
      await new Promise((resolve) => setImmediate(resolve));
      const fault = world.fault(world.requests++);
      if (fault === null) {
        const firstOffset = append(batch);
        appendLate();
        return { firstOffset, nextOffset: firstOffset + batch.length };
      }
      if (fault === 'unanswered') append(batch);
      if (typeof fault === 'object') world.late = { batch, after: fault.arrivesAfter };
      throw (failure = new SyncError('KAFKA_UNAVAILABLE', 'no answer'));
    };
    return {
      limitRequests() {},
      publish(batch) {
        const published = turn.then(() => deliver(recordsOf(batch)));
        turn = published.catch(() => undefined); // the caller has it from `published`
        return published;
      },
      close: async () => undefined,
    };
  },
  readRange: async function* ({ from, to }) {
    yield world.log.slice(from, to);
  },
};

const uuid = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
/** Of a schema change that a loader runs here. */
const witness = '4c757472-71ca-11e1-9e33-c80aa9429562:1';
const setOf = (last: number): string => (last === 0 ? '' : `${uuid}:1-${last}`);

const sourceNow = (): SourceState => ({
  flavor: 'mysql',
  version: '8',
  serverUuid: 'S',
  serverId: 1,
  lowerCaseTableNames: 0,
  purged: '',
  gtidMode: world.gtidMode,
  executed: setOf(world.items.filter(({ kind }) => kind === 'begin').length),
  file: 'binlog.1',
  pos: 4,
  onlyDatabases: [],
  neverDatabases: [],
});

const server: CaptureIo['source'] = {
  holdServerId: async () => () => undefined,
  resyncs: () => world.resync,
  probe: async () => null,
  copy: async (_, gtid) => (gtid === witness ? { origin: 'california', path: ['california'] } : null),
  collation: async () => 8,
  suspended: async (_, writers) =>
    writers.flatMap(({ uid }) =>
      world.standing.map(({ database, name, code, message, because = '' }) => ({
        pipeline: uid,
        table: { database, name },
        code,
        message,
        because,
      })),
    ),
  state: async () => ({ ...sourceNow(), executed: '' }),
  checkStart: async (_, choose) => choose({ ...sourceNow(), gtidMode: true }),
  read: async function* ({ start, signal, wants }) {
    const gtidSet = start !== 'now' && 'gtidSet' in start ? start.gtidSet : '';
    let transaction = 0;
    let gtid = '';
    world.reads += 1;
    for (const item of world.items) {
      if (item.kind === 'begin') transaction += 1;
      if (item.kind === 'begin' || item.kind === 'ddl') gtid = item.gtid ?? '';
      if (gtidSet !== '' && gtid !== '' && gtidContains(gtidSet, gtid)) continue;
      await world.before(item);
      if (signal.aborted) throw aborted(signal);
      const unreadable = item.kind === 'rows' && transaction >= (world.unreadable[item.table.name] ?? Infinity);
      if (unreadable && wants(item.table)) throw refused(item.table, item.at);
      if (!unreadable) yield item;
    }
    world.idle += 1;
    await untilAbort(signal);
  },
};

function refused({ database, name }: TableSchema, at: FilePosition): unknown {
  const error = new SyncError('COLUMN_UNSUPPORTED', `${database}.${name}.v: not supported`, { details: { ...at } });
  return ofTable(error, { database, name });
}

const table: TableSchema = { database: 'shop', name: 't', columns: [{ name: 'id', type: 'int' }], primaryKey: ['id'] };
function source(transactions: number, rows: number): SourceItem[] {
  return Array.from({ length: transactions }, (_, index): SourceItem[] => {
    const n = index + 1;
    const at = { file: 'binlog.1', pos: n * 100 };
    return [
      { kind: 'begin', gtid: `${uuid}:${n}`, at, commitTimeUs: 1, serverId: 1, session },
      ...Array.from({ length: rows }, (__, row): SourceItem => ({
        kind: 'rows',
        flags: 0,
        table,
        op: 'c',
        rows: [{ before: null, after: { id: n * 1000 + row } }],
        at,
        bytes: 50,
      })),
      { kind: 'commit', end: { file: 'binlog.1', pos: n * 100 + 50, gtidSet: setOf(n) } },
    ];
  }).flat();
}
const expectedIds = (transactions: number, rows: number): number[] =>
  Array.from({ length: transactions * rows }, (_, index) => (Math.floor(index / rows) + 1) * 1000 + (index % rows));

const schemas = new Map<number, string>();
const ids = {
  register: async (_: string, json: string) => {
    const known = [...schemas].find(([, text]) => text === json)?.[0] ?? schemas.size + 1;
    schemas.set(known, json);
    return known;
  },
  byId: async (id: number) => schemas.get(id) || null,
};

/** Rows of the transactions that any reader sees whole. */
async function read(): Promise<number[]> {
  const decoder = new RecordDecoder({ ids });
  const seen: number[] = [];
  let state: LogState = freshLog;
  let open: number[] = [];
  for (const raw of world.log) {
    const { header, body, offset } = await decoder.decode(raw);
    const next = admit(state, header, offset);
    state = next.state;
    if (next.verdict === 'epoch') open = [];
    if (next.verdict !== 'valid') continue;
    if (body.kind !== 'row' && open.length > 0) throw new Error(`a ${body.kind} record inside a transaction`);
    if (body.kind !== 'row') continue;
    expect(body.event.transaction.totalOrder).toBe(open.push(Number(body.event.after?.['id'])));
    if (!body.event.transaction.last) continue;
    seen.push(...open);
    open = [];
  }
  return seen;
}

/** `writes` says whether ZooKeeper takes a copy now. */
function backupStore(
  writes: () => boolean = () => true,
): PositionBackupStore & { backup: { document: PositionBackup; version: number } | null } {
  const store = {
    backup: null as { document: PositionBackup; version: number } | null,
    read: async () => store.backup,
    write: async (_: string, document: PositionBackup, version: number | null) => {
      if (!writes()) throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
      if ((store.backup?.version ?? null) !== version) throw new SyncError('CONFIG_CONFLICT', 'another wrote');
      store.backup = { document, version: (version ?? -1) + 1 };
      return store.backup.version;
    },
    remove: async () => undefined,
  };
  return store;
}

const silent = { info() {}, debug() {}, warn() {}, error() {} } as unknown as CaptureDeps['logger'];
const key = Keyring.of(randomBytes(32));
const endpoint = {
  name: 'a',
  region: 'hangzhou',
  host: 'h',
  port: 1,
  user: 'u',
  serverId: 1,
  start: { from: 'now' },
  // Small requests: a transaction is spread over several.
  topic: { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: 1, maxMessageBytes: 1500 },
  password: sealPassword(key, 'p', { name: 'a', host: 'h', port: 1, user: 'u' }),
} as EndpointDocument;
const region = { name: 'hangzhou', description: '', kafka: { brokers: ['k:1'] } } as RegionDocument;

const shop = [{ schema: 'shop', table: '*' }];
const channelOf = (routes: readonly Route[], more: object = {}) =>
  storedChannel({ name: 'ab', pipelines: [{ name: 'there', source: 'a', target: 'b', routes, ...more }] });
const workOn = (routes: readonly Route[]): CaptureWork => ({
  endpoint,
  region,
  routes,
  ...routesOf('a', [channelOf(routes)]),
  forwarded: [],
  stopping: [],
  writers: [],
  isTarget: false,
  otterTables: {},
});
const work = workOn(shop);

const noOrder = { read: async () => null } as unknown as RestartStore;

function deps(logs: PositionBackupStore, updates: Partial<WorkStatus>[] = [], restarts = noOrder): CaptureDeps {
  const status = {
    waits: new Waits(),
    status: { rows: 0, transactions: 0, lagMs: null, marked: 0 },
    update: (part: Partial<WorkStatus>) => updates.push(part),
    lagFrom: () => undefined,
  };
  const registry = {
    logs,
    restarts,
    omissions: { add: async () => undefined },
    channels: { listLatest: async () => world.channels },
    revision: { latest: async () => world.tree },
  } as unknown as CaptureDeps['registry'];
  return {
    registry,
    tree: world.follower ?? new TreeFollower(registry),
    schemas: ids as unknown as CaptureDeps['schemas'],
    secretKey: key,
    instance: 'host:1',
    level: { current: world.level },
    metrics: new Metrics('capture'),
    traces: null,
    events: { of: () => () => undefined } as unknown as CaptureDeps['events'],
    logger: silent,
    status: status as unknown as CaptureDeps['status'],
    io: { source: server, kafka },
  };
}

/** Works under one lease until everything is published; each failure begins a new run, as in production. */
async function capture(
  logs: PositionBackupStore,
  done: () => Promise<boolean>,
  restarts = noOrder,
  assigned: CaptureWork | LiveWork<CaptureWork> = work,
): Promise<SyncError[]> {
  const on = assigned instanceof LiveWork ? assigned : new LiveWork(assigned);
  const stop = new AbortController();
  const failures: SyncError[] = [];
  const working = supervise({
    signal: stop.signal,
    backoff: { firstMs: 0, maxMs: 0 },
    run: (signal) => runCapture(deps(logs, [], restarts), on, { leaseNumber: 7, signal }),
    onFailure: (error, next) => {
      failures.push(error);
      if (next === 'wait') stop.abort();
    },
  });
  await vi.waitFor(async () => expect(stop.signal.aborted || (await done())).toBe(true), { timeout: 10_000, interval: 1 });
  stop.abort();
  await working;
  return failures;
}

beforeEach(() => {
  Object.assign(world, {
    log: [],
    start: 0,
    late: null,
    fault: () => null,
    requests: 0,
    items: [],
    gtidMode: true,
    idle: 0,
    reads: 0,
    before: async () => undefined,
    unreadable: {},
    standing: [],
  });
  world.channels = { documents: [channelOf(shop)], invalid: [] };
  Object.assign(world, { tree: treeAt(5), follower: null, resync: new MemoryStore(), level: 1 });
});

describe('a failure at any request', () => {
  const transactions = 4;
  const rows = 4;
  const want = expectedIds(transactions, rows);
  const complete = async () => world.idle > 0 && world.late === null && (await read()).length >= want.length;
  const faults: [string, Fault][] = [
    ['lost', 'lost'],
    ['written but not answered', 'unanswered'],
    ['arriving right after the next epoch record', { arrivesAfter: 0 }],
    ['arriving amid the next leadership', { arrivesAfter: 2 }],
  ];
  const backups: [string, () => boolean][] = [
    ['with', () => true],
    ['without', () => false],
  ];
  for (const [backupName, writes] of backups)
    for (const [name, fault] of faults)
      it(`that is ${name}, ${backupName} copies in ZooKeeper, loses and doubles nothing`, async () => {
        world.items = source(transactions, rows);
        for (let at = 0; at < 14; at += 1) {
          Object.assign(world, { log: [], late: null, requests: 0, idle: 0 });
          world.fault = (request) => (request === at ? fault : null);
          const failures = await capture(backupStore(writes), complete);
          expect(await read(), `request ${at}: ${failures.map(String).join()}`).toEqual(want);
          expect(failures.filter((error) => error.outcome === 'stop')).toEqual([]);
        }
      });
});

const change = (id: number): SourceItem => ({
  kind: 'rows',
  flags: 0,
  table,
  op: 'c',
  rows: [{ before: null, after: { id } }],
  at: { file: 'binlog.1', pos: 4 },
  bytes: 50,
});

/** Rows, resolutions and statements that any reader takes, with what they had seen; a CREATE … SELECT that comes twice, once. */
async function contents(): Promise<string[]> {
  const decoder = new RecordDecoder({ ids });
  const found: string[] = [];
  let state: LogState = freshLog;
  let open: string[] = [];
  for (const raw of world.log) {
    const { header, body, offset } = await decoder.decode(raw);
    const next = admit(state, header, offset);
    state = next.state;
    if (next.verdict === 'epoch') open = [];
    if (next.verdict !== 'valid' || (body.kind !== 'row' && body.kind !== 'resolution' && body.kind !== 'ddl')) continue;
    if (body.kind === 'row') open.push(`${String(body.event.after?.['id'])} ${body.event.transaction.seen['c.p']?.seq ?? ''}`.trim());
    if (body.kind === 'resolution') open.push(`resolution ${String(body.key['id'])} ${body.seen['c.p']?.seq ?? ''}`.trim());
    if (body.kind === 'ddl') {
      expect(open).toEqual([]);
      expect(body.session.collationDatabase).toBe(body.statement === 'CREATE TABLE' ? 8 : null);
      expect(body.path).toEqual(body.id === witness ? ['california', 'hangzhou'] : ['hangzhou']);
      open.push(`${body.statement.split(' ')[0]} ${body.id} ${body.seen['c.p']?.seq}`);
    }
    if (body.kind === 'row' && !body.event.transaction.last) continue;
    found.push(...(open[0] === found.at(-1) && open[0]?.includes('/create') ? [] : open));
    open = [];
  }
  return found;
}

describe('a failure at any request, where what a loader wrote is forwarded', () => {
  const inside: readonly (readonly SourceItem[])[] = [
    [marker(10), change(1), signals(resolution(0, 11), resolution(1, 12))],
    [marker(20), signals(resolution(0, 21))],
    [marker(30), change(3), change(4), signals(resolution(0, 31))],
    [change(5)],
    [marker(40), change(6)],
    [marker(50), change(7), signals(resolution(0, 51))],
    [change(8)],
    [marker(60), change(9), signals(resolution(0, 61), resolution(1, 62))],
  ];
  const items = inside.flatMap((rows, index): readonly SourceItem[] => {
    const n = index + 1;
    const at = { file: 'binlog.1', pos: n * 100 };
    const end = { file: 'binlog.1', pos: n * 100 + 50, gtidSet: setOf(n) };
    return [{ kind: 'begin', gtid: `${uuid}:${n}`, at, commitTimeUs: 1, serverId: 1, session }, ...rows, { kind: 'commit', end }];
  });
  // Resolution records have seen their own transaction, rows what came before theirs.
  const all = [
    '1',
    'resolution 11 10',
    'resolution 12 10',
    'resolution 21 20',
    '3 20',
    '4 20',
    'resolution 31 30',
    '5 30',
    '6 30',
    '7 40',
    'resolution 51 50',
    '8 50',
    '9 50',
    'resolution 61 60',
    'resolution 62 60',
  ];

  for (const fault of ['lost', 'unanswered', { arrivesAfter: 0 }, { arrivesAfter: 2 }] satisfies Fault[])
    it(`loses and doubles no row and no resolution, and discards nothing that was seen: ${JSON.stringify(fault)}`, async () => {
      const forwarding = { ...work, forwarded: shop };
      for (let at = 0; at < 16; at += 1) {
        Object.assign(world, { log: [], late: null, requests: 0, idle: 0, items });
        world.fault = (request) => (request === at ? fault : null);
        const done = async (): Promise<boolean> => world.idle > 0 && world.late === null && (await contents()).length >= all.length;
        const failures = await capture(backupStore(), done, noOrder, forwarding);
        expect(await contents(), `request ${at}: ${failures.map(String).join()}`).toEqual(all);
      }
    });
});

describe('a failure at any request, with schema changes', () => {
  const [incarnation = '', n = ''] = witness.split(':');
  const intent: SourceItem = {
    ...change(0),
    table: { database: 'lutra', name: 'ddl', columns: [], primaryKey: [] },
    rows: [{ before: null, after: { incarnation, n: BigInt(n), origin: 'california', path: 'california' } }],
  } as SourceItem;
  const all = (last: number): string => `${setOf(last)}${last >= 4 ? `,${witness}` : ''}`;
  const whole = (of: number, ...rows: readonly SourceItem[]): readonly SourceItem[] => [
    { kind: 'begin', gtid: `${uuid}:${of}`, at: { file: 'binlog.1', pos: of * 100 }, commitTimeUs: 1, serverId: 1, session },
    ...rows,
    { kind: 'commit', end: { file: 'binlog.1', pos: of * 100 + 50, gtidSet: of === 4 ? setOf(4) : all(of) } },
  ];
  const statement = (sql: string, gtid: string, [pos, gtidSet]: readonly [number, string]): SourceItem =>
    ({
      kind: 'ddl',
      gtid,
      database: 'shop',
      sql,
      readings: [{ text: sql, ansiQuotes: false, noBackslashEscapes: false, singleByte: false, flavor: 'mysql' }],
      doubt: null,
      session: emptyDdl().session,
      sessionDoubt: null,
      rowsFollow: sql.endsWith('START TRANSACTION'),
      at: { file: 'binlog.1', pos },
      end: { file: 'binlog.1', pos, gtidSet },
    }) satisfies SourceItem;
  const items = [
    ...whole(1, marker(10), change(1), signals(resolution(0, 11), resolution(1, 12))),
    statement('ALTER TABLE t ADD c INT', `${uuid}:2`, [250, all(2)]),
    ...whole(3, marker(30), change(3), signals(resolution(0, 31))),
    ...whole(4, marker(30), intent),
    statement('ALTER TABLE t ADD d INT', witness, [460, all(4)]),
    ...whole(5, change(5)),
    statement('CREATE TABLE x (id INT) START TRANSACTION', `${uuid}:6`, [600, all(5)]),
    ...whole(6, change(61), change(62)),
    ...whole(7, marker(70), change(7)),
    statement('DROP TABLE x', `${uuid}:8`, [850, all(8)]),
    ...whole(9, change(9)),
  ];
  const expected = [
    '1',
    'resolution 11 10',
    'resolution 12 10',
    `ALTER ${uuid}:2 10`,
    '3 10',
    'resolution 31 30',
    `ALTER ${witness} 30`,
    '5 30',
    `CREATE ${uuid}:6/create 30`,
    '61 30',
    '62 30',
    '7 30',
    `DROP ${uuid}:8 70`,
    '9 70',
  ];

  for (const fault of ['lost', 'unanswered', { arrivesAfter: 0 }, { arrivesAfter: 2 }] satisfies Fault[])
    it(`has each of them once, at its place: ${JSON.stringify(fault)}`, async () => {
      const forwarding = { ...work, forwarded: shop };
      for (let at = 0; at < 22; at += 1) {
        Object.assign(world, { log: [], late: null, requests: 0, idle: 0, items, level: 3 });
        world.fault = (request) => (request === at ? fault : null);
        const done = async (): Promise<boolean> => world.idle > 0 && world.late === null && (await contents()).length >= expected.length;
        const failures = await capture(backupStore(), done, noOrder, forwarding);
        expect(await contents(), `request ${at}: ${failures.map(String).join()}`).toEqual(expected);
      }
    });

  it('waits below level 3, and goes on by itself at it', async () => {
    Object.assign(world, { items, level: 2 });
    const failures = await capture(backupStore(), async () => {
      if (world.reads > 2) world.level = 3;
      return (await contents()).some((each) => each.startsWith('DROP'));
    });
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['DDL_UNSUPPORTED']));
    expect((await contents()).filter((each) => each.startsWith('ALTER'))).toEqual([`ALTER ${uuid}:2 10`]);
  });
});

describe('what a log says about itself', () => {
  it('is not new because retention left only the epoch records of claims that failed', async () => {
    const logs = backupStore();
    world.items = source(2, 1);
    await capture(logs, async () => world.idle > 0 && logs.backup !== null);
    world.gtidMode = false;
    const refused = await capture(logs, async () => false);
    expect(refused.at(-1)?.code).toBe('SOURCE_SETTINGS');
    world.gtidMode = true;
    // Everything but the last record, an epoch record, is removed.
    world.start = world.log.length - 1;
    world.log = world.log.map((record, offset) => (offset < world.start ? ({ offset } as RawRecord) : record));
    const failures = await capture(logs, async () => world.idle > 1);
    expect(failures.at(-1)?.code).toBe('LOG_EMPTIED');
  });

  it('can be read by nobody else’s copy: one that is written while we look is no sign of a lost tail', async () => {
    const logs = backupStore();
    world.items = source(2, 1);
    await capture(logs, async () => world.idle > 0 && logs.backup !== null);
    // Another leader, awake again, is quick: between our two looks it writes a heartbeat and its copy.
    const heartbeat = world.log[logs.backup!.document.offset]!;
    const { read: honest } = logs;
    let looked = false;
    const racing: PositionBackupStore = {
      ...logs,
      read: async () => {
        if (!looked) {
          looked = true;
          const offset = append([{ ...heartbeat, headers: { ...heartbeat.headers, 'lutra-seq': String(world.log.length - 1) } }]);
          logs.backup = { document: { ...logs.backup!.document, seq: offset - 1, offset }, version: logs.backup!.version + 1 };
        }
        return honest('a');
      },
    };
    const failures = await capture(racing, async () => world.idle > 1);
    expect(failures.map((error) => error.code)).not.toContain('LOG_TRUNCATED');
  });
});

describe('an order to go on elsewhere', () => {
  const order = (gtidSet: string): RestartOrder => ({ id: 'order 1', start: { from: 'gtid', gtidSet }, reason: 'tested', at: 0 });
  const ordered = (document: RestartOrder, faults: { done: number } = { done: 0 }): RestartStore & { waits: boolean } => {
    const store = {
      waits: true,
      read: async () => (store.waits ? { document, version: 3 } : null),
      done: async (_: string, version: number) => {
        expect(version).toBe(3);
        if (faults.done-- > 0) throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
        store.waits = false;
      },
      waiting: async () => [],
      order: async () => undefined,
      ordering: async () => null,
      withdraw: async () => undefined,
      withdrawing: async () => null,
    };
    return store;
  };
  const restartsInLog = async (): Promise<string[]> => {
    const decoder = new RecordDecoder({ ids });
    const found: string[] = [];
    let state: LogState = freshLog;
    for (const raw of world.log) {
      const { header, body, offset } = await decoder.decode(raw);
      const next = admit(state, header, offset);
      state = next.state;
      if (next.verdict === 'valid' && body.kind === 'restart') found.push(body.id);
    }
    return found;
  };
  /** A log with transaction 1, before a source with five: what is ordered leaves out 2 and 3. */
  const begin = async (logs: PositionBackupStore): Promise<void> => {
    Object.assign(world, { log: [], late: null, requests: 0, idle: 0, fault: () => null, items: source(1, 2) });
    await capture(logs, async () => world.idle > 0 && (await read()).length === 2);
    Object.assign(world, { requests: 0, idle: 0, items: source(5, 2) });
  };
  const want = [1000, 1001, 4000, 4001, 5000, 5001];
  const complete = async () => world.idle > 0 && world.late === null && (await read()).length >= want.length;

  it('is carried out once, whichever request fails and however', async () => {
    for (const fault of ['lost', 'unanswered', { arrivesAfter: 0 }, { arrivesAfter: 2 }] satisfies Fault[])
      for (let at = 0; at < 6; at += 1) {
        const logs = backupStore();
        await begin(logs);
        world.fault = (request) => (request === at ? fault : null);
        const store = ordered(order(setOf(3)));
        const failures = await capture(logs, complete, store);
        expect(await read(), `${JSON.stringify(fault)} at ${at}: ${failures.map(String).join()}`).toEqual(want);
        expect(await restartsInLog()).toEqual(['order 1']);
        expect(store.waits).toBe(false);
      }
  });

  it('is not carried out again when ZooKeeper is restored from a copy in which it waits, though another one came after it', async () => {
    const logs = backupStore();
    await begin(logs);
    const older = logs.backup;
    await capture(logs, complete, ordered(order(setOf(3))));
    Object.assign(world, { idle: 0, items: source(8, 2) });
    await capture(logs, async () => world.idle > 0 && (await read()).includes(8001), ordered({ ...order(setOf(6)), id: 'order 2' }));
    const rows = await read();
    Object.assign(world, { idle: 0 });
    logs.backup = older;
    const revived = ordered(order(setOf(3)));
    expect(await capture(logs, async () => world.idle > 0 && !revived.waits, revived)).toEqual([]);
    expect(await restartsInLog()).toEqual(['order 1', 'order 2']);
    expect(await read()).toEqual(rows);
  });

  it('is carried out once when ZooKeeper goes away between the record and the mark', async () => {
    const logs = backupStore();
    await begin(logs);
    const store = ordered(order(setOf(3)), { done: 2 });
    const failures = await capture(logs, complete, store);
    expect(failures.map(({ code }) => code)).toEqual(['ZOOKEEPER_UNAVAILABLE', 'ZOOKEEPER_UNAVAILABLE']);
    expect(await read()).toEqual(want);
    expect(await restartsInLog()).toEqual(['order 1']);
  });

  it('waits, and publishes nothing, while it would bring twice what the log has', async () => {
    const logs = backupStore();
    await begin(logs);
    const store = ordered(order(''));
    const failures = await capture(logs, complete, store);
    expect(failures.map(({ code }) => code)).toEqual(['CONFIG_INVALID']);
    expect(failures[0]?.message).toMatch(/endpoint a: the restart that was ordered \(tested\): .*:1\b/);
    expect(store.waits).toBe(true);
    expect(await read()).toEqual([1000, 1001]);
  });
});

describe('what the outside sees', () => {
  it('is not "running" before the log says where it begins', async () => {
    const updates: Partial<WorkStatus>[] = [];
    world.fault = (request) => (request === 0 ? null : 'lost');
    const leadership = { leaseNumber: 1, signal: new AbortController().signal };
    await expect(runCapture(deps(backupStore(), updates), new LiveWork(work), leadership)).rejects.toMatchObject({
      code: 'KAFKA_UNAVAILABLE',
    });
    expect(updates.some((part) => part.state === 'running')).toBe(false);
  });

  it('an endpoint that was aimed at another server past control has its password sent to nobody', async () => {
    const leadership = { leaseNumber: 1, signal: new AbortController().signal };
    const aimed = { ...work, endpoint: { ...work.endpoint, host: 'stranger' } };
    await expect(runCapture(deps(backupStore()), new LiveWork(aimed), leadership)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
  });

  it('is told who ended a leadership', async () => {
    const logs = backupStore();
    world.items = source(1, 1);
    const stolen: PositionBackupStore = { ...logs, write: () => Promise.reject(new SyncError('CONFIG_CONFLICT', 'another wrote')) };
    const leadership = { leaseNumber: 1, signal: new AbortController().signal };
    const error = await runCapture(deps(stolen), new LiveWork(work), leadership).catch(toSyncError);
    expect(error).toMatchObject({ code: 'LEASE_LOST' });
  });
});

describe('the routes of a new leader', () => {
  const leadership = { leaseNumber: 1, signal: new AbortController().signal };
  const crm = [...shop, { schema: 'crm', table: '*' }];

  it('are the newest, or it publishes nothing: what it passed over nobody would read again', async () => {
    world.items = source(1, 1);
    const again = channelOf(shop, { uid: uidOf('created again under its name') });
    for (const newest of [channelOf(crm), again]) {
      world.channels = { documents: [newest], invalid: [] };
      await expect(runCapture(deps(backupStore()), new LiveWork(work), leadership)).rejects.toMatchObject({ code: 'CONFIG_BEHIND' });
    }
    world.channels = { documents: [], invalid: ['ab'] };
    await expect(runCapture(deps(backupStore()), new LiveWork(work), leadership)).rejects.toMatchObject({ code: 'CONFIG_BEHIND' });
    expect(await read()).toEqual([]);
    expect(new Set(await kinds())).toEqual(new Set(['epoch']));
  });

  /** Starts a capture with these routes in this tree, until it publishes a row or stops. */
  async function runIn(tree: TreeRevision | null, routes: readonly Route[], known: PositionBackupStore): Promise<SyncError[]> {
    world.channels = { documents: [channelOf(routes)], invalid: [] };
    world.tree = tree;
    const before = (await kinds()).length;
    return capture(known, async () => (await kinds()).slice(before).includes('row'), noOrder, workOn(routes));
  }

  it('are of a tree that continues the one that the log was written by, or it stops before its first row', async () => {
    const logs = backupStore();
    world.items = source(1, 1);
    expect(await runIn(treeAt(6), crm, logs)).toEqual([]);
    world.items = source(2, 1);
    // Emptied, an older copy, an older copy that was written to since, another one; also with the same routes.
    for (const tree of [null, treeAt(5), treeAt(6, 'b'), treeAt(9, 'b')])
      for (const routes of [[...shop], crm])
        for (const known of [logs, backupStore()])
          expect(await runIn(tree, routes, known)).toMatchObject([
            {
              code: 'CONFIG_REGRESSED',
              details: { endpoint: 'a', known: 6, knownWrite: treeAt(6).write, revision: tree?.revision ?? null },
            },
          ]);
    expect(await read()).toEqual([1000]);
    expect((await runIn(null, crm, logs))[0]?.message).toContain('ZooKeeper has none');
    expect(await runIn(treeAt(6), crm, logs)).toEqual([]);
    world.items = source(3, 1);
    expect(await runIn({ ...treeAt(7, 'b'), recent: [], adopted: 7 }, [...shop], logs)).toEqual([]);
    expect(await routesInLog()).toMatchObject([{ revision: 6 }, { revision: 6 }, { revision: 7, write: treeAt(7, 'b').write }]);
  });

  it('are told to be of another tree also where that lacks the schema of a row in the log', async () => {
    const logs = backupStore();
    world.items = source(1, 1);
    expect(await runIn(treeAt(6), crm, logs)).toEqual([]);
    const lost = [...schemas].filter(([, text]) => !text.includes('lutra.control'));
    expect(lost).not.toHaveLength(0);
    for (const [id] of lost) schemas.set(id, '');
    world.tree = treeAt(5);
    await expect(runCapture(deps(backupStore()), new LiveWork(workOn(crm)), leadership)).rejects.toMatchObject({
      code: 'CONFIG_REGRESSED',
    });
    world.tree = treeAt(6);
    await expect(runCapture(deps(backupStore()), new LiveWork(workOn(crm)), leadership)).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' });
    for (const [id, text] of lost) schemas.set(id, text);
  });

  it('in a tree without a revision are none that may be announced', async () => {
    world.items = source(1, 1);
    expect(await runIn(null, shop, backupStore())).toMatchObject([{ code: 'CONFIG_REGRESSED', details: { known: null, revision: null } }]);
  });

  it('are those of its process while the tree has regressed, unless the log has others that may be newer', async () => {
    const logs = backupStore();
    world.items = source(1, 1);
    expect(await runIn(treeAt(6), crm, logs)).toEqual([]);
    /** A process that has followed the tree up to here. */
    const knowing = (known: TreeRevision, routes: readonly Route[]): CaptureDeps['tree'] => ({
      channels: async () => ({
        found: { documents: [channelOf(routes)], invalid: [] },
        revision: known,
        regression: { known, tree: null },
      }),
      channel: () => Promise.reject(new Error('nobody asks')),
      look: async () => ({ known, tree: null }),
    });
    world.items = source(2, 1);
    const waiting = { done: 0, read: async () => ({ document: order, version: 0 }), id: '' };
    const order = { id: 'old', start: { from: 'now' }, reason: 'tested', at: 1 } as const;
    // The process follows them since a moment, and its work is told of them within the next.
    world.follower = knowing(treeAt(6), crm);
    await expect(runCapture(deps(logs), new LiveWork(workOn([...shop])), leadership)).rejects.toMatchObject({ code: 'CONFIG_BEHIND' });
    for (const [known, routes, code] of [
      [treeAt(5), crm, 'CONFIG_REGRESSED'],
      [treeAt(6), [...shop], 'CONFIG_REGRESSED'],
      [treeAt(6), crm, null],
      [treeAt(7), [...shop], null],
    ] as const) {
      world.follower = knowing(known, routes);
      world.tree = null;
      const [before, idle] = [(await kinds()).length, world.idle];
      const done = async (): Promise<boolean> => (await kinds()).slice(before).includes('routes') && world.idle > idle;
      const failures = await capture(logs, done, waiting as unknown as RestartStore, workOn(routes));
      expect([known.revision, routes.length, ...failures.map((error) => error.code)]).toEqual(
        code ? [known.revision, routes.length, code] : [known.revision, routes.length],
      );
    }
    expect(await read()).toEqual([1000, 2000]);
    expect(await kinds()).not.toContain('restart');
  });

  it('are written before its first row, pipeline by pipeline, and shown when they are in the log', async () => {
    const updates: Partial<WorkStatus>[] = [];
    world.items = source(1, 1);
    world.channels = { documents: [channelOf(crm)], invalid: ['of others'] };
    const stop = new AbortController();
    const running = runCapture(deps(backupStore(), updates), new LiveWork(workOn(crm)), { leaseNumber: 1, signal: stop.signal });
    await vi.waitFor(() => expect(updates.at(-1)?.seq).toBe(2));
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await kinds()).toEqual(['epoch', 'heartbeat', 'routes', 'row']);
    expect(updates.findLast((part) => part.routes)?.routes).toEqual({
      [uidOf('ab.there')]: replicationFingerprint({ routes: crm, forwards: false }),
    });
  });
});

async function routesInLog(): Promise<unknown[]> {
  const decoder = new RecordDecoder({ ids });
  const found: unknown[] = [];
  for (const raw of world.log) {
    const { body } = await decoder.decode(raw);
    if (body.kind === 'routes') found.push(body);
  }
  return found;
}

async function kinds(): Promise<string[]> {
  const decoder = new RecordDecoder({ ids });
  const found: string[] = [];
  for (const raw of world.log) found.push((await decoder.decode(raw)).header.kind);
  return found;
}

describe('a table that cannot be read', () => {
  const bad: TableSchema = { ...table, name: 'bad' };
  const other = (item: SourceItem): SourceItem =>
    item.kind === 'rows' ? { ...item, table: bad, rows: item.rows.map(({ after }) => ({ before: null, after })) } : item;
  /** Each transaction has rows of both tables, those of `bad` among them. */
  const mixed = (): SourceItem[] => source(4, 4).flatMap((item) => (item.kind === 'rows' ? [item, other(item)] : [item]));

  /** Ids by table, and what each `routes` record says is suspended; no row may stand behind a record that leaves it out. */
  async function readBoth(): Promise<{ readonly t: number[]; readonly bad: number[]; readonly suspended: readonly string[] }> {
    const decoder = new RecordDecoder({ ids });
    const found = { t: [] as number[], bad: [] as number[] };
    let open: { name: 't' | 'bad'; id: number }[] = [];
    let suspended: readonly string[] = [];
    let state: LogState = freshLog;
    for (const raw of world.log) {
      const { header, body, offset } = await decoder.decode(raw);
      const next = admit(state, header, offset);
      state = next.state;
      if (next.verdict === 'epoch') open = [];
      if (next.verdict !== 'valid') continue;
      if (body.kind === 'routes') {
        const names = (body.suspended ?? []).map(({ name }) => name);
        // What is suspended stays so.
        expect(names).toEqual(expect.arrayContaining([...suspended]));
        suspended = names;
      }
      if (body.kind !== 'row') continue;
      const name = body.table.name as 't' | 'bad';
      expect(suspended).not.toContain(name);
      open.push({ name, id: Number(body.event.after?.['id']) });
      if (!body.event.transaction.last) continue;
      for (const row of open) found[row.name].push(row.id);
      open = [];
    }
    return { ...found, suspended };
  }

  const want = expectedIds(4, 4);
  const done = async () => world.idle > 0 && world.late === null && (await readBoth()).t.length >= want.length;

  it.each<Fault>(['lost', 'unanswered', { arrivesAfter: 0 }])(
    'costs itself: a request that fails (%s) loses and doubles nothing of the others',
    async (fault) => {
      for (let at = 0; at < 16; at += 1) {
        Object.assign(world, { log: [], late: null, requests: 0, idle: 0, items: mixed(), unreadable: { bad: 3 } });
        world.fault = (request) => (request === at ? fault : null);
        const failures = await capture(backupStore(), done);
        const found = await readBoth();
        expect(found, `request ${at}: ${failures.map(String).join()}`).toMatchObject({ t: want, suspended: ['bad'] });
        // A prefix of what could be read.
        expect(expectedIds(2, 4).slice(0, found.bad.length)).toEqual(found.bad);
        expect(failures.filter((error) => error.outcome === 'stop')).toEqual([]);
      }
    },
  );

  it('stays suspended in a new process and when it can be read again, until it has left the routes', async () => {
    Object.assign(world, { items: mixed(), unreadable: { bad: 3 } });
    const logs = backupStore();
    await capture(logs, done);
    Object.assign(world, { unreadable: {}, idle: 0, items: [...mixed(), ...more(5)] });
    await capture(logs, async () => world.idle > 0 && (await readBoth()).t.includes(5000));
    expect((await readBoth()).suspended).toEqual(['bad']);
    const without = workOn([{ ...shop[0]!, exclude: ['bad'] }]);
    world.channels.documents = [channelOf(without.routes)];
    Object.assign(world, { idle: 0, items: [...mixed(), ...more(5), ...more(6)] });
    await capture(logs, async () => world.idle > 0 && (await lastRoutes()).suspended.length === 0, noOrder, without);
    expect(await lastRoutes()).toEqual({ tables: ['shop.* except bad'], suspended: [] });
  });

  it('stops the endpoint where a channel says so, and the error names both recovery actions', async () => {
    const stopping = [{ channel: 'ab', routes: shop }];
    Object.assign(world, { items: mixed(), unreadable: { bad: 1 } });
    const [error] = await capture(backupStore(), async () => false, noOrder, { ...work, stopping });
    expect(error).toMatchObject({ code: 'COLUMN_UNSUPPORTED', details: { database: 'shop', table: 'bad', channels: 'ab' } });
    expect(error?.message).toMatch(/"shop.bad" into "exclude" .* channel ab.*"onUnsupported": "suspend"/);
  });

  it('does not matter to a channel that does not route it', async () => {
    Object.assign(world, { items: mixed(), unreadable: { bad: 1 } });
    const stopping = [{ channel: 'cd', routes: [{ schema: 'shop', table: 't' }] }];
    expect(await capture(backupStore(), done, noOrder, { ...work, stopping })).toEqual([]);
    expect(await readBoth()).toMatchObject({ t: want, bad: [], suspended: ['bad'] });
  });

  describe('or was suspended here by a loader, where something comes back', () => {
    const both = storedChannel({
      name: 'ab',
      onUnsupported: 'suspend',
      pipelines: [
        { name: 'there', source: 'a', target: 'b', routes: shop },
        { name: 'back', source: 'b', target: 'a', routes: shop },
      ],
    });
    const twoWay: CaptureWork = { ...work, writers: writersOf('a', [both]) };
    /** The third transaction is a loader's, which says so. */
    const told = (...said: SourceItem[]): SourceItem[] => {
      const rows = mixed();
      const third = rows.findIndex((item) => item.kind === 'begin' && item.gtid === `${uuid}:3`);
      const end = rows.findIndex((item, i) => i > third && item.kind === 'commit');
      return [...rows.slice(0, third + 1), marker(5), ...said, ...rows.slice(end)];
    };
    const left = want.filter((id) => Math.floor(id / 1000) !== 3);
    const all = async () => world.idle > 0 && world.late === null && (await readBoth()).t.length >= left.length;
    beforeEach(() => void (world.channels = { documents: [both], invalid: [] }));

    it.each<Fault>(['lost', 'unanswered', { arrivesAfter: 0 }])('is left out from there on, whatever request fails (%s)', async (fault) => {
      for (let at = 0; at < 16; at += 1) {
        Object.assign(world, {
          log: [],
          late: null,
          requests: 0,
          idle: 0,
          items: told(suspends('bad'), suspends('worse', { because: 'shop.bad' })),
        });
        world.fault = (request) => (request === at ? fault : null);
        const failures = await capture(backupStore(), all, noOrder, twoWay);
        const found = await readBoth();
        expect(found, `request ${at}: ${failures.map(String).join()}`).toMatchObject({ t: left, suspended: ['bad', 'worse'] });
        expect(expectedIds(2, 4).slice(0, found.bad.length)).toEqual(found.bad);
        expect(failures.filter((error) => error.outcome === 'stop')).toEqual([]);
      }
    });

    it('is left out from the beginning where it stands at the server, also for a log that goes on elsewhere', async () => {
      const standing: readonly Suspension[] = [
        { database: 'shop', name: 'bad', code: 'TABLE_MISSING', message: 'gone', where: 'seq 5', at: 1 },
      ];
      Object.assign(world, { items: mixed(), standing });
      expect(await capture(backupStore(), done, noOrder, twoWay)).toEqual([]);
      expect(await readBoth()).toMatchObject({ t: want, bad: [], suspended: ['bad'] });
    });

    it('is not, where that has ended, the pipeline flows one way, or it has left the routes', async () => {
      const excluded = suspends('bad', { pipeline: uidOf('ab.other') });
      Object.assign(world, {
        items: told(suspends('bad', { ended_at: '2026-01-01 00:00:00.000' }), suspends('elsewhere', { database_name: 'crm' }), excluded),
      });
      expect(await capture(backupStore(), all, noOrder, twoWay)).toEqual([]);
      expect(await readBoth()).toMatchObject({ t: left, bad: left, suspended: [] });
    });

    it('stops the endpoint where another channel wants that; and nothing is published by what is not the newest', async () => {
      world.items = told(suspends('bad'));
      const [error] = await capture(backupStore(), async () => false, noOrder, { ...twoWay, stopping: [{ channel: 'cd', routes: shop }] });
      expect(error).toMatchObject({ code: 'TABLE_SUSPENDED', details: { database: 'shop', table: 'bad', channels: 'cd' } });
      expect(error?.message).toMatch(/pipeline ab.back does not write shop.bad any more.*gone.*"exclude"/);
      world.log = [];
      await expect(
        runCapture(deps(backupStore()), new LiveWork(work), { leaseNumber: 1, signal: AbortSignal.timeout(9_000) }),
      ).rejects.toMatchObject({
        code: 'CONFIG_BEHIND',
      });
      expect(await kinds()).toEqual(['epoch']);
    });
  });

  function more(n: number): SourceItem[] {
    const at = { file: 'binlog.1', pos: n * 100 };
    const row = { kind: 'rows', flags: 0, op: 'c', at, bytes: 50, rows: [{ before: null, after: { id: n * 1000 } }] } as const;
    return [
      { kind: 'begin', gtid: `${uuid}:${n}`, at, commitTimeUs: 1, serverId: 1, session },
      { ...row, table },
      { ...row, table: bad },
      { kind: 'commit', end: { file: 'binlog.1', pos: n * 100 + 50, gtidSet: setOf(n) } },
    ];
  }

  async function lastRoutes(): Promise<{ readonly tables: readonly string[]; readonly suspended: readonly string[] }> {
    const decoder = new RecordDecoder({ ids });
    let last = { tables: [] as readonly string[], suspended: [] as readonly string[] };
    for (const raw of world.log) {
      const { body } = await decoder.decode(raw);
      if (body.kind === 'routes') last = { tables: body.tables, suspended: (body.suspended ?? []).map(({ name }) => name) };
    }
    return last;
  }
});

describe('an edit of the routes while capture runs', () => {
  const crm: readonly Route[] = [{ schema: 'crm', table: '*' }];
  const both = [...shop, ...crm];
  const elsewhere: TableSchema = { ...table, database: 'crm' };
  const total = 6;
  /** Each transaction has two rows of both tables, but for those of which only crm's are left. */
  const items = (only: readonly number[] = []): SourceItem[] =>
    source(total, 2).flatMap((item): SourceItem[] => {
      if (item.kind !== 'rows') return [item];
      const n = Math.floor(Number(item.rows[0]?.after?.['id']) / 1000);
      return [...(only.includes(n) ? [] : [item]), { ...item, table: elsewhere }];
    });

  interface Found {
    readonly shop: number[];
    readonly crm: number[];
  }

  /** Ids by table. No row stands behind a record of routes that do not have its table, nor outside of a whole transaction. */
  async function found(): Promise<Found> {
    const decoder = new RecordDecoder({ ids });
    const rows: Found = { shop: [], crm: [] };
    let open: { database: 'shop' | 'crm'; id: number }[] = [];
    let tables: readonly string[] = [];
    let state: LogState = freshLog;
    for (const raw of world.log) {
      const { header, body, offset } = await decoder.decode(raw);
      const next = admit(state, header, offset);
      state = next.state;
      if (next.verdict === 'epoch') open = [];
      if (next.verdict !== 'valid') continue;
      if (body.kind === 'routes') tables = body.tables;
      if (body.kind !== 'row') continue;
      const database = body.table.database as 'shop' | 'crm';
      expect(tables).toContain(`${database}.*`);
      open.push({ database, id: Number(body.event.after?.['id']) });
      if (!body.event.transaction.last) continue;
      for (const { database: where, id } of open) rows[where].push(id);
      open = [];
    }
    return rows;
  }

  /** Offered amid transaction `n`, once; checked before its next row comes. */
  function editAt(n: number, live: LiveWork<CaptureWork>, routes: readonly Route[]): void {
    let isDone = false;
    world.before = async (item) => {
      if (isDone || item.kind !== 'rows' || item.rows[0]?.after?.['id'] !== n * 1000 || item.table !== elsewhere) return;
      isDone = true;
      world.channels = { documents: [channelOf(routes)], invalid: [] };
      live.offer(workOn(routes));
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
  }
  const idle = async (): Promise<boolean> => world.idle > 0 && world.late === null;
  const from = (first: number): number[] => expectedIds(total, 2).filter((id) => id >= first * 1000);

  it('takes effect between two transactions, at one place of the log, and the dump goes on', async () => {
    for (const [before, after, want] of [
      [shop, both, { shop: from(1), crm: from(3) }],
      [both, crm, { shop: from(1).filter((id) => id < 3000), crm: from(1) }],
    ] as const) {
      Object.assign(world, { log: [], idle: 0, reads: 0, items: items() });
      world.channels = { documents: [channelOf(before)], invalid: [] };
      const live = new LiveWork(workOn(before));
      editAt(2, live, after);
      const done = async (): Promise<boolean> => (await idle()) && (await found()).crm.at(-1) === total * 1000 + 1;
      expect(await capture(backupStore(), done, noOrder, live)).toEqual([]);
      expect(await found()).toEqual(want);
      expect([world.reads, live.isTaken]).toEqual([1, true]);
      expect((await kinds()).filter((kind) => kind === 'epoch')).toHaveLength(1);
    }
  });

  it.each<Fault>(['lost', 'unanswered', { arrivesAfter: 0 }, { arrivesAfter: 2 }])(
    'publishes nothing that it had passed behind what came later, whatever request fails (%s)',
    async (fault) => {
      for (let at = 0; at < 14; at += 1) {
        // The first transactions are crm's alone: while it is not routed, no row of the log names them.
        Object.assign(world, { log: [], late: null, requests: 0, idle: 0, items: items([1, 2, 3, 4]) });
        world.channels = { documents: [channelOf(shop)], invalid: [] };
        world.fault = (request) => (request === at ? fault : null);
        const live = new LiveWork(workOn(shop));
        editAt(3, live, both);
        const done = async (): Promise<boolean> => (await idle()) && (await found()).crm.at(-1) === total * 1000 + 1;
        const failures = await capture(backupStore(), done, noOrder, live);
        const rows = await found();
        const why = `request ${at}: ${failures.map(String).join()}`;
        expect(rows.shop, why).toEqual(from(5));
        expect(rows.crm, why).toEqual(from(1).slice(-rows.crm.length));
        expect(rows.crm.length, why).toBeGreaterThanOrEqual(from(4).length);
      }
    },
  );

  it('stays out of force while ZooKeeper says something else, and the old routes go on', async () => {
    Object.assign(world, { items: items() });
    const live = new LiveWork(work);
    editAt(2, live, both);
    const { before } = world;
    // Somebody has taken it back before it is looked at.
    world.before = (item) => {
      const edited = before(item);
      world.channels = { documents: [channelOf(shop)], invalid: [] };
      return edited;
    };
    const done = async (): Promise<boolean> => (await idle()) && (await found()).shop.length === total * 2;
    expect(await capture(backupStore(), done, noOrder, live)).toEqual([]);
    expect(await found()).toEqual({ shop: from(1), crm: [] });
    expect(live.isTaken).toBe(false);
  });

  it('begins anew under the same lease where the endpoint is written to from now on: the look for markers would cut off the dump', async () => {
    Object.assign(world, { items: items() });
    const live = new LiveWork(work);
    let offered = false;
    world.before = async (item) => {
      if (offered || item.kind !== 'commit') return;
      offered = true;
      live.offer({ ...work, isTarget: true });
      for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    };
    const done = async (): Promise<boolean> => world.reads > 1 && (await idle()) && (await found()).shop.length === total * 2;
    expect(await capture(backupStore(), done, noOrder, live)).toEqual([]);
    expect(await found()).toEqual({ shop: from(1), crm: [] });
    expect([world.reads, live.isTaken]).toEqual([2, true]);
  });
});

describe("a request in otter's retl_buffer", () => {
  const [begin, first, second, commit] = source(1, 2) as [SourceItem, SourceItem, SourceItem, SourceItem];
  const image = { before: null, after: { id: 1, table_id: 0, full_name: 'shop.t', type: 'I', pk_data: '5' } };
  const buffer: TableSchema = { database: 'retl', name: 'retl_buffer', columns: [], primaryKey: [] };
  const at = { file: 'binlog.1', pos: 100 };
  const asked: SourceItem = { kind: 'rows', flags: 0, table: buffer, op: 'c', rows: [image], at, bytes: 50 };
  const entries = () => [...world.resync.entries.values()].map(({ table: { name }, rowKey }) => [name, rowKey]);

  it('is recorded before the log is past its transaction, so that it is not lost where that fails', async () => {
    Object.assign(world, { items: [begin, first, asked, second, commit], level: 2 });
    const { insert } = MemoryStore.prototype;
    let failures = 2;
    world.resync.insert = async (of) => {
      // Whatever was handed on by then is in the log.
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (failures-- > 0) throw new SyncError('SOURCE_UNAVAILABLE', 'away');
      await insert.call(world.resync, of);
    };
    const complete = async () => world.idle > 0 && (await read()).length >= 2;
    const failed = await capture(backupStore(), complete);
    expect(failed.map(({ code }) => code)).toEqual(['SOURCE_UNAVAILABLE', 'SOURCE_UNAVAILABLE']);
    expect(await read()).toEqual(expectedIds(1, 2));
    expect(entries()).toEqual([['t', '["5"]']]);
  });

  it('that can never be recorded stops nothing', async () => {
    Object.assign(world, { items: [begin, first, asked, second, commit], level: 2 });
    world.resync.before = () => {
      throw new SyncError('TABLE_MISSING', 'lutra.resync does not exist');
    };
    const complete = async () => world.idle > 0 && (await read()).length >= 2;
    expect(await capture(backupStore(), complete)).toEqual([]);
    expect([await read(), entries()]).toEqual([expectedIds(1, 2), []]);
  });
});
