/**
 * The loader pipeline against a log and a target that are lists in memory. The log has what crashes of captures leave: transactions without
 * an end, records of replaced leaders, heartbeats. The target fails at random, before or after it has committed. Each complete transaction
 * must be there once, whole and in order.
 */
import { Waits } from '@lutra/runtime';
import { randomBytes } from 'node:crypto';
import { RecordEncoder } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import type { Checkpoint } from '@lutra/marker';
import { replicationFingerprint, SyncError } from '@lutra/model';
import type {
  ChannelDocument,
  EndpointDocument,
  ErrorCode,
  RegionDocument,
  Route,
  RowEvent,
  SeedOrder,
  SuspendedByPerson,
  Suspension,
  PipelineUid,
  TableSchema,
  TreeRevision,
  WorkStatus,
} from '@lutra/model';
import type { ApplyConnection, SqlText, TargetTable } from '@lutra/mysql';
import { Keyring, sealPassword, TreeFollower } from '@lutra/registry';
import type { PositionBackup, UidEntry } from '@lutra/registry';
import { LiveWork, supervise, untilAbort } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryDdlTarget } from './ddl/memory-ddl-target.fixture.js';
import { runLoader } from './loader.pipeline.js';
import type { LoaderDeps } from './loader-run.js';
import type { LoaderIo } from './io.js';
import type { LoaderWork } from './assignments.js';
import { emptyDdl } from '../../../libs/avro/src/ddl-links.js';
import { storedChannel, uidOf } from '../../../libs/model/src/pipeline-uid.fixture.js';

type Failure = 'none' | 'before' | 'after';
type Statement = Pick<Checkpoint, 'epoch' | 'seq' | 'nextOffset' | 'logEpoch'>;

/** Of pipeline c.p, and of another one. */
const [ours, other] = [uidOf('c.p'), uidOf('c.q')];

const world = {
  log: [] as RawRecord[],
  batchSizes: [1] as number[],
  /** Of the texts that come next; then none fails. */
  failures: [] as Failure[],
  rows: [] as number[],
  /** The same, with their database: `shop 1`. */
  places: [] as string[],
  checkpoint: null as Checkpoint | null,
  /** Its statements stand among the rows, negative. */
  ddl: new MemoryDdlTarget(),
  /** Whose rows in lutra.checkpoint were given another owner. */
  fenced: [] as string[],
  /** What ZooKeeper keeps beside uids. */
  uids: new Map<PipelineUid, UidEntry>(),
  connections: 0,
  /** The channel's document at each look at ZooKeeper, the last one from then on; null: it does not answer. */
  looks: [] as (ChannelDocument | null)[],
  /** Of the configuration in ZooKeeper. */
  tree: null as TreeRevision | null,
  /** Of a process that has followed it for longer; null: it knows nothing. */
  follower: null as LoaderDeps['tree'] | null,
  /** lutra.suspended, and how its next writes end. */
  suspended: [] as readonly Suspension[],
  suspending: [] as Failure[],
  /** What a person wants suspended, and the order of seeding that stands, as ZooKeeper says. */
  wanted: [] as readonly SuspendedByPerson[],
  order: null as Pick<SeedOrder, 'id' | 'resumes'> | null,
  /** Of the target: whose definition is refused. */
  refuses: [] as string[],
  /** What its own log says about that; null: nothing, the definition is refused. */
  leftOutFor: null as ErrorCode | null,
  /** No order can be read. */
  away: false,
  /** Of the log, in ZooKeeper. */
  backup: null as Pick<PositionBackup, 'log' | 'seq' | 'routes'> | null,
  /** It is asked for and never comes. */
  isBackupSilent: false,
  /** Called before a batch of the topic is given out, with its first offset. */
  before: (async () => undefined) as (offset: number) => Promise<void>,
  /** Called once at the end of the topic, which may have more behind it. */
  more: null as (() => Promise<void>) | null,
  /** Each log has its own target: what an ended run still has under way must not reach the next one's. */
  generation: 0,
};

/** As ZooKeeper says it, in a history of writes that is told apart by its letter. */
const treeAt = (revision: number, letter = 'a'): TreeRevision => {
  const write = (of: number): string => letter.repeat(10) + String.fromCharCode(97 + Math.floor(of / 26), 97 + (of % 26));
  const recent = Array.from({ length: revision - 1 }, (_, index) => write(revision - 1 - index));
  return { revision, write: write(revision), by: 'test', at: 0, recent, adopted: 0 };
};

const kafka: LoaderIo['kafka'] = {
  admin: () => ({
    exists: async () => true,
    commitGroupOffset: async () => undefined,
    groupOffset: async () => null,
    offsets: async () => ({ start: 0, end: world.log.length }),
    close: async () => undefined,
  }),
  subscribe: async function* ({ offset, signal }) {
    let at = offset;
    const hasMore = async (): Promise<boolean> => {
      if (at >= world.log.length) {
        const { more } = world;
        world.more = null;
        await more?.();
      }
      return at < world.log.length;
    };
    for (let n = 0; await hasMore(); n += 1) {
      await world.before(at);
      const size = world.batchSizes[n % world.batchSizes.length] ?? 1;
      const batch = world.log.slice(at, at + size);
      yield batch;
      at += batch.length;
    }
    await untilAbort(signal);
  },
};

function statementOf(sql: string): Statement | null {
  const number = (name: string): number => Number(new RegExp(`, ${name} = (-?\\d+)`).exec(sql)?.[1]);
  if (!sql.includes('seq <')) return null;
  const epoch = Number(/epoch = IF\(epoch = (\d+)/.exec(sql)?.[1]);
  return { epoch, seq: number('seq'), nextOffset: number('next_offset'), logEpoch: number('log_epoch') };
}

function insertedBy(sql: string): { id: number; database: string }[] {
  return [...sql.matchAll(/INSERT INTO `(\w+)`([^;]*)/g)].flatMap(([, database = '', rows = '']) =>
    [...rows.matchAll(/\((\d+), '/g)].map(([, id]) => ({ id: Number(id), database })),
  );
}

/** A server that knows our texts only: the fence, inserts of (id, text), BEGIN and COMMIT. */
class FakeTarget {
  broken = false;
  readonly #generation = world.generation;
  #closed = false;
  #open: { rows: { id: number; database: string }[]; moved: Checkpoint | null; resumes?: string | undefined } | null = null;

  async run(text: SqlText): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.#generation !== world.generation) throw this.#cut();
    const failure = world.failures.shift() ?? 'none';
    if (failure === 'before') throw this.#cut();
    if (text.marks[0]?.does === 'begin') this.#open = { rows: [], moved: null };
    if (!this.#open) throw new Error('no transaction');
    this.#open.rows.push(...insertedBy(text.sql));
    this.#open.resumes ??= /UPDATE lutra\.suspended SET ended_at = .* AND database_name = '(\w+)'/.exec(text.sql)?.[1];
    this.#fence(text.sql);
    if (text.marks.at(-1)?.does === 'commit') this.#commit();
    if (failure === 'after') throw this.#cut();
  }

  #fence(sql: string): void {
    const { checkpoint } = world;
    const epoch = /epoch = IF\(epoch = (\d+)/.exec(sql)?.[1];
    if (epoch === undefined || !checkpoint || !this.#open) return;
    const statement = statementOf(sql);
    const forward = !statement || checkpoint.seq < statement.seq || checkpoint.nextOffset < statement.nextOffset;
    if (Number(epoch) !== checkpoint.epoch || !forward) throw new SyncError('FENCED', forward ? 'epoch' : 'position');
    if (statement) this.#open.moved = { ...checkpoint, ...statement, logId: 'L' };
  }

  #commit(): void {
    if (!this.#open?.moved) throw new Error('COMMIT without a position');
    world.rows.push(...this.#open.rows.map(({ id }) => id));
    world.places.push(...this.#open.rows.map(({ id, database }) => `${database} ${id}`));
    world.checkpoint = this.#open.moved;
    const { resumes } = this.#open;
    world.suspended = world.suspended.filter(({ database }) => database !== resumes);
    this.#open = null;
  }

  #cut(): SyncError {
    this.broken = true;
    this.#open = null;
    return new SyncError('TARGET_UNAVAILABLE', 'cut');
  }

  rollback = async (): Promise<void> => void (this.#open = null);
  close = async (): Promise<void> => {
    this.#open = null;
    if (!this.#closed) world.connections -= 1;
    this.#closed = true;
  };
}

/** A statement that takes effect once under its number, like one with a GTID of its own. */
function ddlTarget(): MemoryDdlTarget {
  return new MemoryDdlTarget({
    carryOut: async (sql) => {
      const failure = world.failures.shift() ?? 'none';
      const cut = new SyncError('TARGET_UNAVAILABLE', 'cut');
      if (failure === 'before') throw cut;
      world.rows.push(-Number(sql));
      if (failure === 'after') throw cut;
    },
    witness: (sql) => world.rows.includes(-Number(sql)),
  });
}

const column = { nullable: false, hasDefault: false, autoIncrement: false, generated: false, onUpdateTimestamp: false, unsigned: false };
const numbers = { length: null, characters: null, precision: null, scale: null };
const target = {
  database: 'shop',
  name: 't',
  engine: 'InnoDB',
  primaryKey: ['id'],
  uniqueKeys: [],
  foreignKeys: [],
  referenced: false,
  cascades: [],
  prefixKeys: [],
  triggers: 0,
  unguardedTriggers: [],
  firingTriggers: [],
  computed: [],
  changesChildren: false,
  server: { flavor: 'mysql', offsets: true, systemZone: '+00:00' },
  columns: [
    { ...column, ...numbers, name: 'id', type: 'int', columnType: 'int', charset: null, collation: null },
    {
      ...column,
      ...numbers,
      name: 'v',
      type: 'varchar',
      columnType: 'varchar(60000)',
      charset: 'latin1',
      collation: 'latin1_bin',
      length: 60_000,
      characters: 60_000,
    },
  ],
};

const server: LoaderIo['target'] = {
  takeOver: async (_, { pipeline, mayCreate }) => {
    const none = {
      pipeline,
      part: 0,
      lane: 0,
      logId: '',
      logEpoch: -1,
      seq: -1,
      nextOffset: 0,
      gtid: null,
      sourceUs: 0,
      origin: '',
      replayUntil: -1,
    };
    if (world.checkpoint?.pipeline !== pipeline) world.checkpoint = null;
    if (!world.checkpoint && !mayCreate) throw new SyncError('CHECKPOINT_MISSING', 'no row');
    world.checkpoint = { ...(world.checkpoint ?? { ...none, path: [], epoch: 0 }) };
    world.checkpoint = { ...world.checkpoint, epoch: world.checkpoint.epoch + 1 };
    return { checkpoint: world.checkpoint, created: false };
  },
  fence: async (_, uid) => void world.fenced.push(uid),
  sayRoutes: async (_, { routes }) => void (world.checkpoint = world.checkpoint && { ...world.checkpoint, routes }),
  loadTable: async (_, database) => {
    if (!world.refuses.includes(database)) return { ...target, database } as unknown as TargetTable;
    const refused = world.leftOutFor && { table: { database, name: 't', code: world.leftOutFor } };
    if (refused) throw new SyncError('TABLE_SUSPENDED', 'its log leaves it out', { refused });
    throw new SyncError('TABLE_MISSING', `${database}.t does not exist`, { details: { database, table: 't' } });
  },
  readSuspended: async () => world.suspended,
  tiedTables: async () => [],
  readSeeds: async () => [],
  isSeedWhole: async () => true,
  untickSeeds: async () => undefined,
  awaitSeedNoMore: async () => undefined,
  endSeeds: async () => undefined,
  missingTables: async () => [],
  createTable: async () => false,
  writeSuspended: async (_, position, { begun, ended }) => {
    const failure = world.suspending.shift() ?? 'none';
    if (failure === 'before') throw new SyncError('TARGET_UNAVAILABLE', 'cut');
    if (position.epoch !== world.checkpoint?.epoch) throw new SyncError('FENCED', 'epoch');
    world.suspended = [...world.suspended.filter((one) => !ended.some(({ database }) => database === one.database)), ...begun];
    if (failure === 'after') throw new SyncError('TARGET_UNAVAILABLE', 'cut');
  },
  connect: async () => {
    world.connections += 1;
    return new FakeTarget() as unknown as ApplyConnection;
  },
};

/** What one leader, or what is left of one, puts into the log. */
type Piece =
  | { readonly kind: 'transaction'; readonly rows: number; readonly large: boolean; readonly routed: boolean }
  | { readonly kind: 'partial'; readonly rows: number; readonly large: boolean }
  | { readonly kind: 'heartbeat' }
  /** `twice`: its capture was replaced behind it, and the next one publishes it again. */
  | { readonly kind: 'ddl'; readonly routed: boolean; readonly twice: boolean }
  | { readonly kind: 'unknown' }
  /** Rows that were read at the source; `comes`: how many of them came before their leader was replaced, null: all. */
  | { readonly kind: 'chunk'; readonly rows: number; readonly ours: boolean; readonly comes: number | null }
  | { readonly kind: 'void'; readonly rows: number };

const schemas = new Map<number, string>();
const ids = {
  register: async (_: string, json: string) => {
    const id = [...schemas].find(([, text]) => text === json)?.[0] ?? schemas.size + 1;
    schemas.set(id, json);
    return id;
  },
  byId: async (id: number) => schemas.get(id) ?? null,
};
const columns = [
  { name: 'id', type: 'int' },
  { name: 'v', type: 'varchar', charset: 'latin1', length: 60_000 },
] as const;
const table: TableSchema = { database: 'shop', name: 't', columns, primaryKey: ['id'] };
const elsewhere: TableSchema = { ...table, database: 'crm' };

const sourceFacts: Omit<RowEvent['source'], 'db'> = {
  version: '8',
  connector: 'mysql',
  name: 'a',
  table: 't',
  tsMs: 0,
  tsUs: 0,
  serverId: 1,
  gtid: null,
  file: 'f',
  pos: 4,
  event: 0,
  flags: 0,
  row: 0,
  origin: 'hangzhou',
  path: ['hangzhou'],
};

const mark = (revision: number) => ({ revision, write: treeAt(revision).write });

class LogBuilder {
  readonly records: RawRecord[] = [];
  readonly expected: number[] = [];
  readonly #encoder = new RecordEncoder({ topic: 't', endpoint: 'a', ids });
  #epoch = 0;
  #seq = 0;
  #id = 1;

  async add(piece: Piece): Promise<void> {
    switch (piece.kind) {
      case 'heartbeat': {
        const position = { file: 'f', pos: 4, gtidSet: null };
        const header = { kind: 'heartbeat', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
        return this.#push(
          await this.#encoder.encodeControl(header, {
            kind: 'heartbeat',
            endpoint: 'a',
            position,
            seen: {},
            resolutions: 0,
            publishedThrough: null,
            tsMs: Date.now(),
          }),
        );
      }
      case 'ddl': {
        const id = this.#id++;
        await this.#ddl(id, piece.routed);
        if (piece.twice) await this.leadership();
        if (piece.twice) await this.#ddl(id, piece.routed);
        if (piece.routed) this.expected.push(-id);
        return;
      }
      case 'unknown': {
        const header = { kind: 'watermark', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
        const body = { kind: 'watermark', endpoint: 'a', pipeline: 'x.y', token: 't', tsMs: 0 } as const;
        const record = await this.#encoder.encodeControl(header, body);
        const headers = { ...record.headers, 'lutra-kind': 'of-a-later-level', 'lutra-skip': '1' };
        return this.#push({ ...record, headers, value: Buffer.from('of no schema') });
      }
      case 'transaction': {
        const ids = await this.#rows(piece, { complete: true, epoch: this.#epoch });
        if (piece.routed) this.expected.push(...ids);
        return;
      }
      case 'chunk': {
        const rows = Math.min(piece.rows, piece.comes ?? piece.rows);
        await this.#chunkRecord(piece);
        const ids = await this.#rows({ rows, large: false, routed: true, op: 'r' }, { complete: rows === piece.rows, epoch: this.#epoch });
        if (piece.comes !== null) await this.leadership();
        if (piece.ours && rows === piece.rows) this.expected.push(...ids);
        return;
      }
      case 'partial':
        await this.#rows({ ...piece, routed: true }, { complete: false, epoch: this.#epoch });
        return this.leadership();
      case 'void': {
        const seq = this.#seq;
        if (this.#epoch > 1) await this.#rows({ rows: piece.rows, large: false, routed: true }, { complete: true, epoch: this.#epoch - 1 });
        this.#seq = seq;
      }
    }
  }

  /** As capture says at its start which routes it works with. */
  async routes(
    pipelines: Readonly<Record<string, string>>,
    { tables = [] as readonly string[], revision = 5, suspended = [] as readonly Suspension[] } = {},
  ): Promise<void> {
    const header = { kind: 'routes', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
    this.#push(
      await this.#encoder.encodeControl(header, {
        kind: 'routes',
        endpoint: 'a',
        tables,
        pipelines,
        names: Object.fromEntries(Object.keys(pipelines).map((uid) => [uid, uid === other ? 'c.q' : 'c.p'])),
        suspended,
        ...mark(revision),
        server: null,
        tsMs: 0,
      }),
    );
  }

  async #ddl(id: number, routed: boolean): Promise<void> {
    const header = { kind: 'ddl', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
    const { database } = routed ? table : elsewhere;
    const tables = [{ database, name: 't', role: 'subject', offset: 0, length: 1 }] as const;
    const record = { ...emptyDdl(), endpoint: 'a', id: `g:${id}`, sql: String(id), tables, origin: 'hangzhou', path: ['hangzhou'] };
    this.#push(await this.#encoder.encodeControl(header, record));
  }

  async #chunkRecord({ rows, ours: isOurs }: Extract<Piece, { kind: 'chunk' }>): Promise<void> {
    const header = { kind: 'chunk', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
    this.#push(
      await this.#encoder.encodeControl(header, {
        kind: 'chunk',
        endpoint: 'a',
        pipelines: isOurs ? [other, ours] : [other],
        id: 'x',
        purpose: 'resync',
        request: '',
        database: 'shop',
        table: 't',
        part: null,
        keys: [],
        rows,
        seen: {},
        tsMs: 0,
      }),
    );
  }

  /** A seed of crm.t begins. */
  async seed(request: string): Promise<void> {
    const header = { kind: 'seed', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
    const of = { endpoint: 'a', pipelines: [ours], request, database: 'crm', table: 't', onExisting: 'source', tsMs: 0 };
    this.#push(await this.#encoder.encodeControl(header, { kind: 'seed', ...of, phase: 'begin', definition: null, ends: [] }));
  }

  /** What home made of a row of crm.t. */
  async resolution(): Promise<void> {
    const header = { kind: 'resolution', log: 'L', seq: this.#seq++, epoch: this.#epoch } as const;
    const of = { endpoint: 'a', pipeline: 'c.q', channel: 'c', database: 'crm', table: 't', key: { id: 1 }, row: null, seen: {}, tsMs: 0 };
    this.#push(await this.#encoder.encodeControl(header, { kind: 'resolution', ...of }));
  }

  async leadership(): Promise<void> {
    this.#epoch += 1;
    const header = { kind: 'epoch', log: '', seq: -1, epoch: this.#epoch } as const;
    this.#push(await this.#encoder.encodeControl(header, { kind: 'epoch', endpoint: 'a', leader: 'x', tsMs: 0 }));
  }

  async #rows(
    what: { rows: number; large: boolean; routed: boolean; op?: 'c' | 'r' },
    how: { complete: boolean; epoch: number },
  ): Promise<number[]> {
    const to = what.routed ? table : elsewhere;
    const encoder = await this.#encoder.prepare(to);
    return Array.from({ length: what.rows }, (_, index) => {
      const id = this.#id++;
      const event: RowEvent = {
        op: what.op ?? 'c',
        before: null,
        after: { id, v: 'x'.repeat(what.large ? 50_000 : 1) },
        source: { ...sourceFacts, db: to.database },
        transaction: { id: 'x', totalOrder: index + 1, last: how.complete && index === what.rows - 1, seen: {}, session: null, end: null },
        tsMs: 0,
      };
      this.#push(encoder.encode({ kind: 'row', log: 'L', seq: this.#seq++, epoch: how.epoch }, event));
      return id;
    });
  }

  #push(record: Omit<RawRecord, 'offset' | 'timestampMs'>): void {
    this.records.push({ ...record, offset: this.records.length, timestampMs: 0 });
  }
}

const key = Keyring.of(randomBytes(32));
const endpoint = { host: 'h', port: 1, user: 'u', serverId: 1 };
const region = { name: 'hangzhou', description: '', kafka: { brokers: ['k:1'] } } as RegionDocument;
const shop: readonly Route[] = [{ schema: 'shop', table: '*' }];
const both: readonly Route[] = [...shop, { schema: 'crm', table: '*' }];
const channelOf = (routes: readonly Route[], name = 'p') =>
  storedChannel({ name: 'c', pipelines: [{ name, source: 'a', target: 'b', routes }] });
const latest = async (): Promise<{ document: ChannelDocument }> => {
  const document = world.looks.length > 1 ? world.looks.shift() : world.looks[0];
  if (document) return { document };
  throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
};
const work: LoaderWork = {
  id: 'c.p',
  uid: ours,
  channel: 'c',
  source: { ...endpoint, name: 'a', region: 'hangzhou', topic: { maxMessageBytes: 1_000_000 } } as EndpointDocument,
  sourceRegion: region,
  target: {
    ...endpoint,
    name: 'b',
    region: 'california',
    password: sealPassword(key, 'p', { ...endpoint, name: 'b' }),
  } as EndpointDocument,
  routes: shop,
  forwards: false,
  forwarded: false,
  paused: false,
  onUnsupported: 'suspend',
  ddl: { settings: undefined, bothWays: false, homes: [], home: null, isMesh: false },
  targetRegion: null,
  detector: null,
};
const routesFingerprint = (routes: readonly Route[]): string => replicationFingerprint({ routes: [...routes], forwards: false });
const uids = {
  read: async (uid: PipelineUid) => world.uids.get(uid) ?? null,
  all: async () => world.uids,
  begin: async () => undefined,
  fenced: async () => undefined,
};
const silent = { info() {}, debug() {}, warn() {}, error() {} } as unknown as LoaderDeps['logger'];
const registry = {
  uids,
  skips: {
    read: async () => {
      if (world.away) throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
      return null;
    },
  },
  logs: {
    read: () =>
      world.isBackupSilent ? new Promise<null>(() => undefined) : Promise.resolve(world.backup && { document: world.backup, version: 0 }),
  },
  omissions: { add: async () => undefined },
  channels: { latest },
  desired: { latest: async () => ({ document: { suspended: { [ours]: world.wanted } } }) },
  seeds: { read: async () => world.order && { document: world.order } },
  seedProgress: { write: async () => undefined },
  revision: { latest: async () => world.tree },
} as unknown as LoaderDeps['registry'];
const deps = (): LoaderDeps => ({
  registry,
  tree: world.follower ?? new TreeFollower(registry),
  schemas: ids as unknown as LoaderDeps['schemas'],
  secretKey: key,
  instance: 'host:1',
  level: { current: 1 },
  metrics: new Metrics('loader'),
  traces: null,
  logger: silent,
  status: {
    waits: new Waits(),
    status: { rows: 0, transactions: 0 } as WorkStatus,
    update: () => undefined,
    lagFrom: () => undefined,
  } as unknown as LoaderDeps['status'],
  events: { of: () => () => undefined } as unknown as LoaderDeps['events'],
  io: { target: server, kafka },
  ddl: { targetOf: (_, owned) => world.ddl.behind(owned), times: { pollMs: 0, metMs: 0 } },
});

async function load(
  done: (failures: readonly SyncError[]) => boolean,
  routes = shop,
  onUnsupported: LoaderWork['onUnsupported'] = 'suspend',
  detector: LoaderWork['detector'] = null,
  uid = ours,
): Promise<SyncError[]> {
  return loadLive(new LiveWork({ ...work, uid, routes, onUnsupported, detector }), done);
}

/** Works under one lease; each failure begins a new run, as in production. */
async function loadLive(live: LiveWork<LoaderWork>, done: (failures: readonly SyncError[]) => boolean): Promise<SyncError[]> {
  const stop = new AbortController();
  const failures: SyncError[] = [];
  const working = supervise({
    signal: stop.signal,
    backoff: { firstMs: 0, maxMs: 0 },
    run: (signal) => runLoader(deps(), live, { leaseNumber: 1, signal }),
    onFailure: (error, next) => {
      failures.push(error);
      if (next === 'wait') stop.abort();
    },
  });
  // What is missing then, the caller's comparison shows.
  await vi.waitUntil(() => stop.signal.aborted || done(failures), { timeout: 4_000, interval: 1 }).catch(() => undefined); // what is not done in time shows in what the test looks at
  stop.abort();
  await working;
  return failures;
}

const small = fc.integer({ min: 1, max: 4 });
const piece: fc.Arbitrary<Piece> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('transaction' as const), rows: small, large: fc.constant(false), routed: fc.boolean() }),
  },
  fc.record({
    kind: fc.constant('transaction' as const),
    rows: fc.integer({ min: 10, max: 25 }),
    large: fc.constant(true),
    routed: fc.constant(true),
  }),
  fc.record({ kind: fc.constant('partial' as const), rows: small, large: fc.constant(false) }),
  fc.record({ kind: fc.constant('partial' as const), rows: fc.integer({ min: 10, max: 25 }), large: fc.constant(true) }),
  { weight: 2, arbitrary: fc.constant({ kind: 'heartbeat' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('ddl' as const), routed: fc.boolean(), twice: fc.boolean() }) },
  fc.constant({ kind: 'unknown' as const }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('chunk' as const),
      rows: fc.integer({ min: 0, max: 4 }),
      ours: fc.boolean(),
      comes: fc.option(fc.integer({ min: 0, max: 4 })),
    }),
  },
  fc.record({ kind: fc.constant('void' as const), rows: small }),
);
const failure = fc.constantFrom<Failure[]>('none', 'none', 'before', 'after');

async function build(pieces: readonly Piece[]): Promise<LogBuilder> {
  world.generation += 1;
  world.ddl = ddlTarget();
  world.looks = [channelOf(shop)];
  Object.assign(world, { tree: treeAt(5), follower: null });
  Object.assign(world, {
    suspended: [],
    suspending: [],
    wanted: [],
    order: null,
    refuses: [],
    leftOutFor: null,
    backup: null,
    isBackupSilent: false,
    before: async () => undefined,
    more: null,
    away: false,
  });
  const log = new LogBuilder();
  await log.leadership();
  if (pieces.length > 0) await log.routes({ [ours]: routesFingerprint(shop) });
  for (const each of pieces) await log.add(each);
  return log;
}

afterEach(() => vi.restoreAllMocks());

describe('applying', () => {
  it('takes effect exactly once, whole and in order, whatever failed on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 12 }),
        fc.array(failure, { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        async (pieces, failures, batchSizes, patient) => {
          // Each look at the clock is a quarter of an hour after the last one: progress is saved after each batch.
          let now = Date.now();
          vi.restoreAllMocks();
          if (!patient) vi.spyOn(Date, 'now').mockImplementation(() => (now += 900_000));
          const log = await build(pieces);
          Object.assign(world, { log: log.records, batchSizes, failures: [...failures], rows: [], checkpoint: null, connections: 0 });
          const errors = await load(() => world.rows.length >= log.expected.length);
          expect(errors.filter((error) => error.code !== 'TARGET_UNAVAILABLE')).toEqual([]);
          expect(world.rows).toEqual(log.expected);
          expect(world.connections).toBe(0);
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('tries a failed commit again although the log is silent after it', async () => {
    const log = await build([{ kind: 'transaction', rows: 2, large: false, routed: true }]);
    Object.assign(world, { log: log.records, batchSizes: [10], failures: ['before'], rows: [], checkpoint: null, connections: 0 });
    const errors = await load(() => world.rows.length > 0);
    expect(world.rows).toEqual(log.expected);
    expect(errors.map((error) => error.code)).toEqual(['TARGET_UNAVAILABLE']);
  });
});

describe('a table that the routes take in while the loader runs', () => {
  const transaction = (rows: number, routed = true) => ({ kind: 'transaction', rows, large: false, routed }) as const;
  const fingerprint = (routes: readonly Route[]) => ({ [ours]: routesFingerprint(routes) });

  /** Two rows, then the rows of a table of the new routes behind the record that says so. */
  async function changed(
    now: Readonly<Record<string, string>>,
    batchSize: number,
    said: { readonly tables?: readonly string[]; readonly revision?: number } = {},
  ): Promise<LogBuilder> {
    const log = await build([]);
    await log.routes(fingerprint(shop));
    await log.add(transaction(2));
    await log.leadership();
    await log.routes(now, said);
    await log.add(transaction(3, false));
    await log.add(transaction(1));
    // Each look at the clock is a quarter of an hour after the last one: progress is saved after each batch.
    let clock = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => (clock += 900_000));
    Object.assign(world, { log: log.records, batchSizes: [batchSize], failures: [], rows: [], checkpoint: null, connections: 0 });
    return log;
  }

  const newest = [channelOf(shop), channelOf(both)];

  it.each([1, 2, 3, 20])('loses no row where the loader learns of them last, batches of %i', async (batchSize) => {
    await changed(fingerprint(both), batchSize);
    world.looks = [...newest];
    const failures = await load((known) => known.length > 0 || world.rows.length > 2);
    expect(new Set(failures.map((error) => error.code))).toEqual(new Set(['CONFIG_BEHIND']));
    // Up to the record, not beyond it.
    expect(world.rows).toEqual([1, 2]);
    expect(world.checkpoint?.seq).toBeLessThan(3);
    expect(await load(() => world.rows.length > 5, both)).toEqual([]);
    expect(world.rows).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('loses no row while ZooKeeper cannot say who is behind', async () => {
    await changed(fingerprint(both), 3);
    world.looks = [channelOf(shop), null, channelOf(shop), null, ...newest];
    const failures = await load((known) => known.some((error) => error.code === 'CONFIG_BEHIND') || world.rows.length > 2);
    expect(failures.map((error) => error.code)).toEqual(['ZOOKEEPER_UNAVAILABLE', 'ZOOKEEPER_UNAVAILABLE', 'CONFIG_BEHIND']);
    expect(world.rows).toEqual([1, 2]);
  });

  it('loses no row where a loader that knows older ones takes over', async () => {
    const log = await build([]);
    await log.routes(fingerprint(both));
    await log.add(transaction(1));
    await log.add(transaction(2, false));
    const known = log.records.splice(3);
    Object.assign(world, { log: log.records, batchSizes: [5], failures: [], rows: [], checkpoint: null, connections: 0 });
    world.looks = [channelOf(both)];
    expect(await load(() => world.rows.length > 0, both)).toEqual([]);
    world.log = [...log.records, ...known];
    expect((await load((failures) => failures.length > 2)).map((error) => error.code)).toContain('CONFIG_BEHIND');
    await load(() => world.rows.length > 2, both);
    expect(world.rows).toEqual([1, 2, 3]);
  });

  it('goes on where the record is older than its own, or where the topic holds its tables for another pipeline', async () => {
    const others = [
      [fingerprint([{ schema: 'old', table: '*' }]), []],
      [{ [other]: 'x' }, ['crm.*', '*.*']],
    ] as const;
    for (const [now, tables] of others) {
      await changed(now, 3, { tables });
      expect(await load(() => world.rows.length > 2)).toEqual([]);
      expect(world.rows).toEqual([1, 2, 6]);
    }
  });

  it('stops where the topic leaves its tables out', async () => {
    for (const tables of [[], ['crm.*', 'shop.t?']]) {
      await changed({ [other]: 'x' }, 3, { tables });
      expect((await load((known) => known.length > 0 || world.rows.length > 2))[0]).toMatchObject({ code: 'LOG_LACKS_TABLES' });
      expect(world.rows).toEqual([1, 2]);
    }
  });

  it('stops where ZooKeeper says less than the log, or than its checkpoint', async () => {
    await changed(fingerprint(both), 3, { revision: 6 });
    expect((await load((known) => known.length > 0 || world.rows.length > 2))[0]).toMatchObject({ code: 'CONFIG_REGRESSED' });
    expect(world.rows).toEqual([1, 2]);
    world.looks = [channelOf(both)];
    world.tree = treeAt(6);
    expect(await load(() => world.rows.length > 5, both)).toEqual([]);
    // It has passed the record: now only the checkpoint knows. Emptied, older, and another one.
    world.looks = [channelOf(shop)];
    for (const tree of [null, treeAt(5), treeAt(6, 'b'), treeAt(9, 'b')]) {
      world.tree = tree;
      world.log = [...world.log];
      expect((await load((known) => known.length > 0))[0]).toMatchObject({
        code: 'CONFIG_REGRESSED',
        message: expect.stringContaining('pipeline c.p: the checkpoint knows revision 6'),
        details: { known: 6, revision: tree?.revision ?? null },
      });
    }
    // An operator says that this one is right.
    world.tree = { ...treeAt(7, 'b'), recent: [], adopted: 7 };
    expect(await load(() => world.checkpoint?.routes?.revision === 7)).toEqual([]);
    expect(world.checkpoint?.routes).toEqual({ revision: 7, write: world.tree.write, fingerprint: routesFingerprint(shop) });
  });

  it('goes on by the documents of its process while the tree has regressed, unless what it meets may be newer', async () => {
    /** A process that has followed the tree up to here. */
    const knowing = (known: TreeRevision, routes: readonly Route[]): LoaderDeps['tree'] => ({
      channel: async () => ({ found: channelOf(routes), revision: known, regression: { known, tree: treeAt(3) } }),
      channels: () => Promise.reject(new Error('nobody asks')),
      look: async () => ({ known, tree: null }),
    });
    await changed(fingerprint(both), 3, { revision: 6 });
    world.tree = treeAt(3);
    for (const revision of [5, 6]) {
      world.follower = knowing(treeAt(revision), shop);
      expect((await load((known) => known.length > 0 || world.rows.length > 2))[0]).toMatchObject({ code: 'CONFIG_REGRESSED' });
      expect(world.rows).toEqual([1, 2]);
    }
    // The process follows them since a moment, and its work is told of them within the next.
    const { checkpoint } = world;
    world.checkpoint = checkpoint && { ...checkpoint, routes: { ...mark(6), fingerprint: routesFingerprint(both) } };
    world.follower = knowing(treeAt(6), both);
    expect((await load((known) => known.length > 0 || world.rows.length > 2))[0]).toMatchObject({ code: 'CONFIG_BEHIND' });
    world.checkpoint = checkpoint;
    expect((await load((known) => known.length > 0, both))[0]).toMatchObject({ code: 'CONFIG_REGRESSED' }); // the checkpoint says 6, and shop
    world.follower = knowing(treeAt(7), both);
    expect(await load(() => world.rows.length > 5, both)).toEqual([]);
    expect(world.rows).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('stops where the log was another’s while it was not there, and ZooKeeper is older than that', async () => {
    await changed({ [other]: 'x' }, 3, { tables: ['*.*'], revision: 6 });
    expect((await load((known) => known.length > 0 || world.rows.length > 2))[0]).toMatchObject({ code: 'CONFIG_REGRESSED' });
    expect(world.rows).toEqual([1, 2]);
  });

  it('does not begin in a log that was begun for others, whatever tables that holds', async () => {
    const log = await build([]);
    await log.routes({ [other]: 'x' }, { tables: ['shop.*'] });
    await log.add(transaction(2));
    await log.leadership();
    await log.routes(fingerprint(shop), { tables: ['shop.*'] });
    await log.add(transaction(2));
    Object.assign(world, { log: log.records, batchSizes: [3], failures: [], rows: [], checkpoint: null, connections: 0 });
    expect((await load((known) => known.length > 0 || world.rows.length > 0))[0]).toMatchObject({ code: 'LOG_START_UNKNOWN' });
    expect(world.rows).toEqual([]);
  });

  it('ends where its pipeline or its channel is gone', async () => {
    await changed({}, 3);
    for (const gone of [channelOf(shop, 'q'), { ...channelOf(shop), pipelines: [] }]) {
      world.looks = [channelOf(shop), gone];
      expect((await load((known) => known.length > 0))[0]).toMatchObject({ code: 'CONFIG_BEHIND' });
    }
    expect(world.rows).toEqual([1, 2]);
  });
});

describe('an edit while the loader runs', () => {
  const transaction = (rows: number, routed = true) => ({ kind: 'transaction', rows, large: false, routed }) as const;
  const moved: readonly Route[] = [{ schema: 'shop', table: '*', to: { schema: 'store' } }, ...both.slice(1)];
  const fingerprint = (routes: readonly Route[]) => ({ [ours]: routesFingerprint(routes) });
  const now = { onUnsupported: 'stop' } as const;

  /** Rows of shop and of crm by the old routes, a record of others in seq 12, and the same again. */
  async function edited(batchSize: number): Promise<void> {
    const log = await build([]);
    await log.routes(fingerprint(shop));
    for (const piece of [transaction(3), transaction(2, false), transaction(5), transaction(1)]) await log.add(piece);
    await log.routes(fingerprint(moved));
    for (const piece of [transaction(2), transaction(2, false), transaction(4)]) await log.add(piece);
    const none = { failures: [], rows: [], places: [], checkpoint: null, connections: 0 };
    Object.assign(world, { log: log.records, batchSizes: [batchSize], ...none });
  }
  const oldPlaces = [1, 2, 3, 6, 7, 8, 9, 10, 11].map((id) => `shop ${id}`);
  const newPlaces = ['store 12', 'store 13', 'crm 14', 'crm 15', ...[16, 17, 18, 19].map((id) => `store ${id}`)];
  /** Once, before a batch that begins there or later, or that has the record. */
  function offerAt(offset: number, live: LiveWork<LoaderWork>, next: Partial<LoaderWork>): void {
    let isDone = false;
    world.before = async (at) => {
      if (isDone || (at < offset && at + (world.batchSizes[0] ?? 1) <= 13)) return;
      isDone = true;
      if (next.routes) world.looks = [channelOf(next.routes)];
      live.offer({ ...live.newest, ...next });
    };
  }

  it.each([1, 2, 3, 20])('routes rows as they were published, in one run, whenever it is told; batches of %i', async (batchSize) => {
    for (const offset of [0, 3, 8, 12]) {
      await edited(batchSize);
      const live = new LiveWork(work);
      offerAt(offset, live, { routes: moved });
      expect(await loadLive(live, () => world.rows.length >= 17)).toEqual([]);
      expect(world.places, `told at ${offset}`).toEqual([...oldPlaces, ...newPlaces]);
      expect(world.checkpoint?.epoch).toBe(1);
      expect(world.checkpoint?.routes).toMatchObject({ revision: 5, fingerprint: routesFingerprint(moved) });
      expect(live.isTaken).toBe(true);
    }
  });

  it('of the routes waits for its record also where it comes while another edit is being taken', async () => {
    await edited(7);
    const live = new LiveWork(work);
    offerAt(7, live, now);
    // At the commit that the first edit waits for.
    const shift = (): Failure => {
      if (!live.isTaken && live.newest.routes === shop) {
        world.looks = [channelOf(moved)];
        live.offer({ ...live.newest, routes: moved });
      }
      return 'none';
    };
    world.failures = Object.assign([], { shift });
    expect(await loadLive(live, () => world.rows.length >= 17)).toEqual([]);
    world.failures = [];
    expect([world.places, world.checkpoint?.epoch, live.isTaken]).toEqual([[...oldPlaces, ...newPlaces], 1, true]);
  });

  it('waits at the record for what ZooKeeper has already and this process is not told of yet', async () => {
    await edited(3);
    const live = new LiveWork(work);
    world.looks = [channelOf(shop), channelOf(moved)];
    const failures = loadLive(live, () => world.rows.length >= 17);
    await vi.waitUntil(() => world.rows.length === 9, { interval: 1 });
    live.offer({ ...work, routes: moved });
    expect(await failures).toEqual([]);
    expect([world.places, world.checkpoint?.epoch]).toEqual([[...oldPlaces, ...newPlaces], 1]);
  });

  it('is taken though no record names it any more: the log holds it since before, as its backup says', async () => {
    for (const backup of [
      { log: 'L', seq: 13, routes: { revision: 5, tables: [], pipelines: fingerprint(moved) } },
      { log: 'L', seq: 99, routes: { revision: 5, tables: [], pipelines: fingerprint(moved) } },
      { log: 'M', seq: 13, routes: { revision: 5, tables: [], pipelines: fingerprint(moved) } },
    ]) {
      await edited(20);
      // Begins behind the record, by routes that were in force again.
      expect(await loadLive(new LiveWork({ ...work, routes: shop }), () => world.rows.length >= 15)).toEqual([]);
      Object.assign(world, { places: [], backup });
      const live = new LiveWork(work);
      let isOver = false;
      const done = loadLive(live, () => isOver);
      await vi.waitUntil(() => world.checkpoint?.epoch === 2, { interval: 1 });
      world.looks = [channelOf(moved)];
      live.offer({ ...work, routes: moved });
      for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      isOver = true;
      expect([await done, live.isTaken]).toEqual([[], backup.seq === 13 && backup.log === 'L']);
    }
  });

  it('holds up no row while ZooKeeper does not say whether the log holds it already', async () => {
    await edited(1);
    world.isBackupSilent = true;
    const live = new LiveWork(work);
    offerAt(3, live, { routes: moved });
    expect(await loadLive(live, () => world.rows.length >= 17)).toEqual([]);
    expect([world.places, world.checkpoint?.epoch]).toEqual([[...oldPlaces, ...newPlaces], 1]);
  });

  it('of anything else is taken at once between two transactions, also while the topic is silent, and never amid one', async () => {
    await edited(20);
    const { log } = world;
    const live = new LiveWork(work);
    // Ends amid the transaction of five rows.
    world.log = log.slice(0, 10);
    const [open, rest] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    world.more = async () => {
      open.resolve();
      await rest.promise;
      world.log = log.slice(0, 14);
    };
    world.looks = [channelOf(shop), channelOf(moved)];
    const failures = loadLive(live, () => world.rows.length >= 9 && live.isTaken);
    await open.promise;
    live.offer({ ...work, ...now });
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(live.isTaken).toBe(false);
    live.offer({ ...work, ...now, routes: moved });
    rest.resolve();
    expect(await failures).toEqual([]);
    expect(world.checkpoint?.epoch).toBe(1);
    world.log = log;
    const silent = new LiveWork({ ...work, routes: moved });
    const quiet = loadLive(
      silent,
      () => world.checkpoint?.epoch === 2 && world.rows.length >= 17 && silent.isTaken && silent.newest !== first,
    );
    const first = silent.newest;
    await vi.waitUntil(() => world.rows.length >= 17, { interval: 1 });
    // It needs no ZooKeeper, which may go away once it has told.
    Object.assign(world, { looks: [null], away: true });
    silent.offer({ ...first, ...now });
    expect([await quiet, silent.isTaken, world.checkpoint?.epoch]).toEqual([[], true, 2]);
  });

  it('loses and doubles no row, whatever fails on the way', async () => {
    const offsets = fc.integer({ min: 0, max: 13 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(failure, { maxLength: 8 }),
        offsets,
        fc.integer({ min: 1, max: 9 }),
        async (failures, offset, batchSize) => {
          await edited(batchSize);
          world.failures = [...failures];
          const live = new LiveWork(work);
          offerAt(offset, live, { routes: moved });
          const errors = await loadLive(live, () => world.rows.includes(19));
          expect(errors.filter(({ code }) => code !== 'TARGET_UNAVAILABLE' && code !== 'CONFIG_BEHIND')).toEqual([]);
          expect(world.rows.filter((id) => ![4, 5].includes(id))).toEqual([1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
          expect(world.places.slice(-8)).toEqual(newPlaces);
          expect(world.connections).toBe(0);
        },
      ),
      { numRuns: 40 },
    );
  }, 60_000);
});

it('an edit amid a chunk waits for its last row: at a position that is saved before it, its rows would pass by', async () => {
  const chunk = { kind: 'chunk', rows: 3, ours: true, comes: null } as const;
  await fc.assert(
    fc.asyncProperty(fc.array(failure, { maxLength: 6 }), fc.integer({ min: 2, max: 9 }), async (failures, offset) => {
      const log = await build([]);
      await log.routes({ [ours]: routesFingerprint(shop) });
      for (const each of [{ kind: 'transaction', rows: 2, large: false, routed: true } as const, chunk, chunk]) await log.add(each);
      const none = { rows: [], places: [], checkpoint: null, connections: 0 };
      Object.assign(world, { log: log.records, batchSizes: [1], failures: [...failures], ...none });
      const live = new LiveWork(work);
      world.before = async (at) => {
        if (at === offset && live.isTaken) live.offer({ ...live.newest, onUnsupported: 'stop' });
      };
      const errors = await loadLive(live, () => world.rows.length >= 8);
      world.before = async () => undefined;
      expect(errors.filter(({ code }) => code !== 'TARGET_UNAVAILABLE')).toEqual([]);
      expect(world.rows).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    }),
    { numRuns: 30 },
  );
}, 60_000);

describe('a pipeline whose name another one had', () => {
  const transaction = (rows: number, routed: boolean) => ({ kind: 'transaction', rows, large: false, routed }) as const;
  /** Under its name, as its channel has it now. */
  const created = (uid: PipelineUid) =>
    storedChannel({ name: 'c', pipelines: [{ name: 'p', source: 'a', target: 'b', routes: both, uid }] });
  const again = uidOf('c.p, created again');

  /** c.p carried shop, and was removed when it had applied row 3; c.q carries crm all the time. c.p is created anew, with both. */
  async function reused(uid: PipelineUid): Promise<void> {
    const log = await build([]);
    await log.routes({ [ours]: routesFingerprint(shop), [other]: 'x' }, { tables: ['shop.*', 'crm.*'] });
    await log.add(transaction(2, false));
    await log.add(transaction(1, true));
    Object.assign(world, { log: [...log.records], batchSizes: [9], failures: [], rows: [], checkpoint: null, connections: 0, fenced: [] });
    await load(() => world.rows.length > 0);
    expect(world.rows).toEqual([3]);
    await log.leadership();
    await log.routes({ [uid]: routesFingerprint(both), [other]: 'x' }, { tables: ['shop.*', 'crm.*'], revision: 6 });
    await log.add(transaction(1, false));
    await log.add(transaction(1, true));
    Object.assign(world, { log: log.records, looks: [created(uid)], tree: treeAt(6) });
  }

  it('does not go on at its position: known by the name, it would miss rows that the log has, without a word', async () => {
    await reused(ours);
    expect(await load(() => world.rows.length > 2, both)).toEqual([]);
    expect(world.rows).toEqual([3, 4, 5]);

    await reused(again);
    const [error] = await load((known) => known.length > 0, both, 'suspend', null, again);
    expect(error).toMatchObject({ code: 'LOG_START_UNKNOWN' });
    expect(error?.message).toMatch(/^pipeline c\.p .*an earlier pipeline c\.p \(uid [a-z2-7]{12}\), c\.q$/);
    expect(world.rows).toEqual([3]);
    // Told to begin at the start of the log, at a target that has nothing of it.
    world.checkpoint = { ...world.checkpoint!, pipeline: again, logId: 'L', logEpoch: 1, seq: -1, nextOffset: 0 };
    world.rows = [];
    expect(await load(() => world.rows.length > 4, both, 'suspend', null, again)).toEqual([]);
    expect(world.rows).toEqual([1, 2, 3, 4, 5]);
  });

  it('shuts out, before its first row, the loaders of pipelines that were removed from its target', async () => {
    const entry: UidEntry = {
      channel: 'c',
      pipeline: 'p',
      source: 'a',
      target: 'b',
      fingerprint: 'f',
      createdAt: 1,
      changedIn: 1,
      begunAt: 2,
    };
    const [gone, done, elsewhere] = ['gone', 'done', 'elsewhere'].map(uidOf) as [PipelineUid, PipelineUid, PipelineUid];
    await reused(again);
    world.uids = new Map([
      [ours, entry],
      [gone, { ...entry, removedAt: 3 }],
      [done, { ...entry, removedAt: 3, fencedAt: 4 }],
      [elsewhere, { ...entry, removedAt: 3, target: 'other' }],
    ]);
    await load((known) => known.length > 0, both, 'suspend', null, again);
    expect(world.fenced).toEqual([gone]);
    // One that has a row has done so.
    world.fenced = [];
    world.uids.set(again, entry);
    await load((known) => known.length > 0, both, 'suspend', null, again);
    expect(world.fenced).toEqual([]);
    world.uids = new Map();
  });

  it('is not begun where its row was lost', async () => {
    await reused(again);
    const entry = { channel: 'c', pipeline: 'p', source: 'a', target: 'b', fingerprint: 'f', createdAt: 1, changedIn: 1 };
    world.uids = new Map([[again, { ...entry, begunAt: 2 }]]);
    expect(await load((known) => known.length > 0, both, 'suspend', null, again)).toMatchObject([{ code: 'CHECKPOINT_MISSING' }]);
    world.uids = new Map();
  });
});

it('a target that was aimed at another server past control has its password sent to nobody', async () => {
  const leadership = { leaseNumber: 1, signal: new AbortController().signal };
  const aimed = { ...work, target: { ...work.target, host: 'stranger' } };
  await expect(runLoader(deps(), new LiveWork(aimed), leadership)).rejects.toMatchObject({ code: 'SECRET_UNREADABLE' });
});

describe('a table that is suspended', () => {
  const suspension: Suspension = { database: 'crm', name: 't', code: 'COLUMN_UNSUPPORTED', message: '', where: 'f:4', at: 0 };
  const fingerprint = { [ours]: routesFingerprint(both) };
  const transaction = (rows: number, routed: boolean) => ({ kind: 'transaction', rows, large: false, routed }) as const;
  const piece = fc.record({ kind: fc.constant('transaction' as const), rows: small, large: fc.constant(false), routed: fc.boolean() });

  /** Of the log, in its order: what is applied if the table (crm) is left out from a position on. */
  async function logOf(
    before: readonly Piece[],
    after: readonly Piece[],
    said: readonly Suspension[],
  ): Promise<{ readonly log: LogBuilder; readonly want: number[] }> {
    const log = await build([]);
    world.looks = [channelOf(both)];
    await log.routes(fingerprint);
    let next = 1;
    const want: number[] = [];
    const add = async (piece: Piece, takes: (routed: boolean) => boolean): Promise<void> => {
      await log.add(piece);
      if (piece.kind !== 'transaction') return;
      for (let row = 0; row < piece.rows; row += 1, next += 1) if (takes(piece.routed)) want.push(next);
    };
    for (const piece of before) await add(piece, () => true);
    await log.leadership();
    await log.routes(fingerprint, { suspended: said });
    for (const piece of after) await add(piece, (routed) => routed);
    Object.assign(world, { log: log.records, failures: [], rows: [], checkpoint: null, connections: 0 });
    return { log, want };
  }

  it('by capture: has every row before that position, none behind it, and the others theirs once, whatever failed on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 6 }),
        fc.array(piece, { minLength: 1, maxLength: 6 }),
        fc.array(failure, { maxLength: 8 }),
        fc.array(failure, { maxLength: 3 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
        async (before, after, failures, suspending, batchSizes) => {
          const { want } = await logOf(before, after, [suspension]);
          Object.assign(world, { failures: [...failures], suspending: [...suspending], batchSizes });
          const errors = await load(() => world.rows.length >= want.length && world.suspended.length > 0, both);
          expect(errors.filter((error) => error.code !== 'TARGET_UNAVAILABLE')).toEqual([]);
          expect(world.rows).toEqual(want);
          expect(world.suspended).toMatchObject([{ database: 'crm', name: 't', code: 'COLUMN_UNSUPPORTED' }]);
          // Who takes over knows it from the target, and from nowhere else.
          world.log = [...world.log];
        },
      ),
      { numRuns: 60 },
    );
  }, 60_000);

  it('stays so for an owner that begins behind the record, until the log says that it has left the routes', async () => {
    const { log, want } = await logOf([transaction(1, false)], [transaction(2, true)], [suspension]);
    await load(() => world.rows.length >= want.length, both);
    expect(world.checkpoint?.seq).toBeGreaterThan(3);
    await log.add(transaction(1, false));
    await log.add(transaction(1, true));
    world.log = log.records;
    await load(() => world.rows.length > want.length, both);
    expect(world.rows).toEqual([...want, 5]);
    // Taken out, brought by hand, taken in: each by a record of the log.
    const names = { [ours]: routesFingerprint(shop) };
    await log.leadership();
    await log.routes(names);
    world.looks = [channelOf(shop)];
    world.tree = treeAt(6);
    world.log = [...log.records];
    await load(() => world.suspended.length === 0, shop);
    expect(world.suspended).toEqual([]);
    await log.leadership();
    await log.routes(fingerprint, { revision: 7 });
    await log.add(transaction(1, false));
    world.looks = [channelOf(both)];
    world.tree = treeAt(7);
    world.log = [...log.records];
    await load(() => world.rows.length > want.length + 1, both);
    expect(world.rows).toEqual([...want, 5, 6]);
  });

  it('stays so where it was taken out and in again before the loader came by', async () => {
    const { log } = await logOf([], [transaction(1, true)], [suspension]);
    await log.add(transaction(1, false));
    await log.leadership();
    await log.routes({ [ours]: routesFingerprint(shop) });
    await log.leadership();
    await log.routes(fingerprint);
    await log.add(transaction(1, false));
    await log.add(transaction(1, true));
    world.log = log.records;
    await load(() => world.rows.length > 1, both);
    expect(world.rows).toEqual([1, 4]);
    expect(world.suspended).toHaveLength(1);
  });

  it('stays so for a loader that knows new routes and has not come to where the log begins with them', async () => {
    const { log } = await logOf([], [transaction(1, true)], [suspension]);
    await load(() => world.rows.length > 0, both);
    await log.leadership();
    await log.routes(fingerprint);
    await log.add(transaction(1, true));
    world.log = [...log.records];
    world.looks = [channelOf(shop)];
    await load(() => world.rows.length > 1, shop);
    expect(world.rows).toEqual([1, 2]);
    expect(world.suspended).toHaveLength(1);
  });

  it('stops a pipeline whose channel wants that, at the record, and again at each start', async () => {
    const { want } = await logOf([transaction(2, false)], [transaction(1, true)], [suspension]);
    const [error] = await load((failures) => failures.length > 0, both, 'stop');
    expect(error).toMatchObject({ code: 'TABLE_SUSPENDED', details: { database: 'crm', table: 't' } });
    expect(world.rows).toEqual([1, 2]);
    await load(() => world.rows.length >= want.length, both);
    expect((await load((failures) => failures.length > 0, both, 'stop'))[0]).toMatchObject({ code: 'TABLE_SUSPENDED' });
  });

  it('by its target: nothing of the transaction that met it is torn, and the others get it', async () => {
    for (const policy of ['suspend', 'stop'] as const) {
      const { want } = await logOf([transaction(2, true)], [transaction(2, false), transaction(3, true)], []);
      Object.assign(world, { refuses: ['crm'], batchSizes: [2] });
      const errors = await load((failures) => failures.length > 0 || world.rows.length >= want.length, both, policy);
      expect(errors.map(({ code }) => code)).toEqual(policy === 'stop' ? ['TABLE_MISSING'] : []);
      expect(world.rows).toEqual(policy === 'stop' ? [1, 2] : want);
      expect(world.suspended.map(({ code }) => code)).toEqual(policy === 'stop' ? [] : ['TABLE_MISSING']);
    }
  });

  it('where conflicts are decided: what home made of its rows is passed over, and the position behind each record of the routes is saved', async () => {
    const { log } = await logOf([], [], [suspension]);
    await log.resolution();
    await log.leadership();
    await log.routes(fingerprint, { suspended: [suspension] });
    world.log = log.records;
    const detector: LoaderWork['detector'] = {
      conflicts: { rules: [], retentionDays: 1 },
      targetRegion: region,
      back: [],
      otherWriters: [],
    };
    expect(await load((failures) => failures.length > 0 || world.checkpoint?.seq === 3, both, 'suspend', detector)).toEqual([]);
    expect([world.checkpoint?.seq, world.suspended.length]).toEqual([3, 1]);
    // The table has left the routes: the run ends, so that the windows of the next one have it.
    await log.leadership();
    await log.routes({ [ours]: routesFingerprint(shop) });
    Object.assign(world, { log: [...log.records], looks: [channelOf(shop)] });
    expect(await load((failures) => failures.length > 0 || world.checkpoint?.seq === 4, shop, 'suspend', detector)).toEqual([]);
    expect([world.checkpoint?.seq, world.suspended]).toEqual([4, []]);
  });

  it('because the log of its target leaves it out: as by its target, for the cause that the log names', async () => {
    for (const policy of ['suspend', 'stop'] as const) {
      const { want } = await logOf([transaction(2, true)], [transaction(2, false), transaction(3, true)], []);
      Object.assign(world, { refuses: ['crm'], leftOutFor: 'VALUE_UNSUPPORTED', batchSizes: [9] });
      const errors = await load((failures) => failures.length > 0 || world.rows.length >= want.length, both, policy);
      expect(errors.map(({ code }) => code)).toEqual(policy === 'stop' ? ['TABLE_SUSPENDED'] : []);
      if (policy === 'suspend') expect(world.rows).toEqual(want);
      expect(world.suspended.map(({ code }) => code)).toEqual(policy === 'stop' ? [] : ['VALUE_UNSUPPORTED']);
    }
  });
});

describe('a table that a person suspends', () => {
  const crm: SuspendedByPerson = { database: 'crm', name: 't', by: 'ada', reason: 'fixed', at: 5 };
  const transaction = (rows: number, routed: boolean) => ({ kind: 'transaction', rows, large: false, routed }) as const;
  const pieces = fc.array(
    fc.record({ kind: fc.constant('transaction' as const), rows: small, large: fc.constant(false), routed: fc.boolean() }),
    { maxLength: 4 },
  );
  const order = { id: 'new', resumes: [{ database: 'crm', name: 't' }] };

  class Told {
    #next = 1;
    readonly want: number[] = [];

    constructor(readonly log: LogBuilder) {}

    async add(all: readonly Piece[], takes: (routed: boolean) => boolean): Promise<void> {
      for (const piece of all) {
        await this.log.add(piece);
        if (piece.kind !== 'transaction') continue;
        for (let row = 0; row < piece.rows; row += 1, this.#next += 1) if (takes(piece.routed)) this.want.push(this.#next);
      }
      world.log = [...this.log.records];
    }
  }

  async function begin(): Promise<Told> {
    const log = await build([]);
    world.looks = [channelOf(both)];
    await log.routes({ [ours]: routesFingerprint(both) });
    Object.assign(world, { failures: [], rows: [], checkpoint: null, connections: 0, batchSizes: [3] });
    return new Told(log);
  }

  /** Owners come and go; the last row of the log is one that is applied. */
  const loads = (told: Told, suspended: readonly SuspendedByPerson[]) =>
    loadLive(new LiveWork({ ...work, routes: both, suspended }), () => world.rows.length >= told.want.length);

  it('has its rows up to where the pipeline stood, and from where its seed begins; the others have theirs once', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(pieces, pieces, pieces, pieces),
        fc.array(failure, { maxLength: 8 }),
        fc.array(failure, { maxLength: 2 }),
        async ([before, between, early, after], failures, suspending) => {
          const told = await begin();
          const last = [transaction(1, true)];
          await told.add([...before, ...last], () => true);
          await loads(told, []);
          world.wanted = [crm];
          Object.assign(world, { failures: [...failures], suspending: [...suspending] });
          await told.add([...between, ...last], (routed) => routed);
          const errors = await loads(told, [crm]);
          // It is to come back: what lies before the beginning of its seed belongs to the seed.
          Object.assign(world, { wanted: [], order });
          await told.add([...early, ...last], (routed) => routed);
          errors.push(...(await loads(told, [])));
          expect(world.suspended).toMatchObject([{ database: 'crm', code: 'TABLE_SUSPENDED_BY_PERSON', message: 'ada: fixed' }]);
          await told.log.seed('new');
          await told.add([...after, ...last], () => true);
          errors.push(...(await loads(told, [])));
          expect(errors.filter(({ code }) => code !== 'TARGET_UNAVAILABLE')).toEqual([]);
          expect(world.rows).toEqual(told.want);
          expect(world.suspended).toEqual([]);
        },
      ),
      { numRuns: 15 },
    );
  }, 60_000);

  it('is suspended while its pipeline runs, at no row of a transaction that is open', async () => {
    const told = await begin();
    await told.add([transaction(2, false), transaction(3, true)], () => true);
    const live = new LiveWork<LoaderWork>({ ...work, routes: both });
    world.more = async () => {
      world.wanted = [crm];
      live.offer({ ...work, routes: both, suspended: [crm] });
      await told.log.add(transaction(2, false));
      await told.add([transaction(1, true)], (routed) => routed);
    };
    told.want.push(8);
    const errors = await loadLive(live, () => world.suspended.length > 0 && world.rows.length >= 6);
    expect(errors).toEqual([]);
    expect(world.suspended).toHaveLength(1);
    expect(world.rows).toEqual([1, 2, 3, 4, 5, 8]);
  });

  it('stays so at the beginning of a seed that another order began, and is not suspended by an edit that was taken back', async () => {
    const told = await begin();
    world.wanted = [crm];
    await told.add([transaction(1, true)], () => true);
    await loads(told, [crm]);
    Object.assign(world, { wanted: [], order });
    await told.log.seed('old');
    await told.add([transaction(1, false), transaction(1, true)], (routed) => routed);
    await loads(told, [crm]);
    expect([world.rows, world.suspended.length]).toEqual([[1, 3], 1]);
    await told.log.seed('new');
    await told.add([transaction(1, false)], () => true);
    // Its copy of the configuration is an old one.
    await loads(told, [crm]);
    await loads(told, [crm]);
    expect([world.rows, world.suspended]).toEqual([[1, 3, 4], []]);
  });
});
