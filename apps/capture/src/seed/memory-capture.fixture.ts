/** For tests: a capture of a real source whose Kafka and ZooKeeper are lists in memory, and a reader of its log. */
import { randomBytes } from 'node:crypto';
import { RecordDecoder } from '@lutra/avro';
import type { RawRecord } from '@lutra/bus';
import { admit, freshLog, rowToJson } from '@lutra/model';
import type {
  ChunkRecord,
  DdlRecord,
  EndpointDocument,
  LogRecord,
  RegionDocument,
  Row,
  Route,
  RowEvent,
  SeedActivity,
  SeededTable,
  SeedOrder,
  SeedProgress,
  SeedRecord,
  TableSchema,
  WorkStatus,
} from '@lutra/model';
import { Keyring, sealPassword, TreeFollower } from '@lutra/registry';
import { LiveWork, Waits } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import type { MysqlServer } from '../../../../test/servers/index.js';
import { routesOf } from '../assignments.js';
import type { CaptureWork } from '../assignments.js';
import { runCapture } from '../capture.pipeline.js';
import type { CaptureDeps } from '../capture-run.js';
import { serversIo } from '../io.js';
import type { CaptureIo } from '../io.js';
import { recordsOf } from '../../../../libs/bus/test/records-of.js';

export const uid = uidOf('ab.there');
const key = Keyring.of(randomBytes(32));
const schemas = new Map<number, string>();
const ids = {
  register: async (_: string, json: string) => {
    const known = [...schemas].find(([, text]) => text === json)?.[0] ?? schemas.size + 1;
    schemas.set(known, json);
    return known;
  },
  byId: async (id: number) => schemas.get(id) || null,
};

/** What the log says, in order: a change, a chunk with its rows, a schema change. */
export type LogEntry =
  | { readonly kind: 'change'; readonly table: TableSchema; readonly event: RowEvent }
  | { readonly kind: 'chunk'; readonly chunk: ChunkRecord; readonly table: TableSchema | null; readonly rows: readonly RowEvent[] }
  | { readonly kind: 'seed'; readonly record: SeedRecord }
  | { readonly kind: 'ddl'; readonly record: DdlRecord };

export class MemoryCapture {
  readonly #log: RawRecord[] = [];
  #work: CaptureWork;
  #live: LiveWork<CaptureWork> | null = null;
  readonly #tree: CaptureDeps['tree'];
  #entries: LogEntry[] = [];
  readonly #decoder = new RecordDecoder({ ids });
  #admitted = freshLog;
  #read = 0;
  #open: { chunk: ChunkRecord; table: TableSchema | null; rows: RowEvent[] } | null = null;
  #seq = -1;
  #logId = '';
  #stop: AbortController | null = null;
  #running: Promise<unknown> = Promise.resolve();
  order: SeedOrder | null = null;
  /** Of another pipeline, whose capture is away. */
  other: { readonly uid: string; readonly order: SeedOrder; progress: SeedProgress } | null = null;
  /** Chunks from this number on are applied by nobody. */
  appliesUpTo = Infinity;
  /** The loader says that it is no further. */
  saysUpTo = Infinity;
  seeds: readonly SeedActivity[] = [];
  lagMs = 0;
  /** By the loader. */
  suspended: readonly string[] = [];

  constructor(server: Pick<MysqlServer, 'host' | 'port' | 'user' | 'password'>, routes: readonly Route[], serverId = 77) {
    const { host, port, user } = server;
    const endpoint = {
      name: 'a',
      region: 'hangzhou',
      host,
      port,
      user,
      serverId,
      start: { from: 'now' },
      topic: { replicationFactor: 1, minInsyncReplicas: 1, retentionMs: 1, maxMessageBytes: 1_000_000 },
      password: sealPassword(key, server.password, { name: 'a', host, port, user }),
    } as EndpointDocument;
    const region = { name: 'hangzhou', description: '', kafka: { brokers: ['k:1'] } } as RegionDocument;
    const channel = storedChannel({ name: 'ab', pipelines: [{ name: 'there', source: 'a', target: 'b', routes }] });
    const rest = { forwarded: [], stopping: [], writers: [], isTarget: false, otterTables: {}, carried: { [uid]: routes } };
    this.#work = { endpoint, region, routes, ...routesOf('a', [channel]), ...rest };
    const registry = {
      channels: { listLatest: async () => ({ documents: [channel], invalid: [] }) },
      revision: { latest: async () => ({ revision: 1, write: 'a'.repeat(12), by: 't', at: 0, recent: [], adopted: 0 }) },
    } as unknown as CaptureDeps['registry'];
    this.#tree = new TreeFollower(registry);
    this.#registry = this.#registryOf(registry);
  }

  readonly #registry: CaptureDeps['registry'];

  start(): void {
    const stop = new AbortController();
    this.#stop = stop;
    const work = (this.#live = new LiveWork(this.#work));
    this.#running = runCapture(this.#deps(), work, { leaseNumber: 1, signal: stop.signal }).catch((error: unknown) => {
      if (!stop.signal.aborted) this.failure = error;
    });
  }

  failure: unknown = null;

  /** Other tables, from now on. */
  carry(routes: readonly Route[]): void {
    this.#work = { ...this.#work, carried: { [uid]: routes } };
    this.#live?.offer(this.#work);
  }

  #suspended(): readonly object[] {
    return this.suspended.map((table) => ({ database: table.split('.')[0], name: table.split('.')[1] }));
  }

  /** Records, the void ones too: behind the first three everything that is written to the source comes. */
  get published(): number {
    return this.#log.length;
  }

  async kill(): Promise<void> {
    this.#stop?.abort();
    await this.#running;
    this.#open = null;
  }

  /** All that is in the log by now. */
  entries(): Promise<readonly LogEntry[]> {
    const read = this.#reading.then(() => this.#readOn());
    this.#reading = read.catch(() => undefined); // it is killed
    return read;
  }

  #reading: Promise<unknown> = Promise.resolve();

  async #readOn(): Promise<readonly LogEntry[]> {
    for (; this.#read < this.#log.length; this.#read += 1) {
      const record = await this.#decoder.decode(this.#log[this.#read] as RawRecord);
      const { verdict, state } = admit(this.#admitted, record.header, record.offset);
      this.#admitted = state;
      if (verdict === 'epoch') this.#open = null;
      if (verdict === 'valid' || verdict === 'anew') this.#follow(record);
    }
    return this.#entries;
  }

  #follow({ body, header }: LogRecord): void {
    this.#seq = header.seq;
    this.#logId = header.log;
    const open = this.#open;
    if (open && open.rows.length < open.chunk.rows && !(body.kind === 'row' && body.event.op === 'r')) throw new Error('a chunk is void');
    if (body.kind === 'seed' || body.kind === 'ddl') this.#entries.push({ kind: body.kind, record: body } as LogEntry);
    if (body.kind === 'chunk') this.#open = { chunk: body, table: null, rows: [] };
    if (body.kind === 'row' && body.event.op === 'r' && open) {
      open.table = body.table;
      open.rows.push(body.event);
      if (body.event.transaction.last !== (open.rows.length === open.chunk.rows)) throw new Error('last is not on the last row');
    } else if (body.kind === 'row') this.#entries.push({ kind: 'change', table: body.table, event: body.event });
    const now = this.#open;
    if (now && now.rows.length === now.chunk.rows) {
      this.#entries.push({ kind: 'chunk', ...now });
      this.#open = null;
    }
  }

  /** As a loader would say it that has applied everything. */
  async #progress(): Promise<SeedProgress | null> {
    const order = this.order;
    if (!order) return null;
    const tables = new Map<string, SeededTable>();
    const counts = { inserted: 0, equal: 0, replaced: 0, kept: 0, yielded: 0, clashes: 0, endedAt: null };
    let chunks = 0;
    for (const entry of await this.entries()) {
      if (entry.kind === 'seed' && entry.record.request === order.id) {
        const { database, table, phase, ends } = entry.record;
        const name = `${database}.${table}`;
        const keys = ends.map(rowToJson);
        const parts = { cursors: [null, ...keys], ends: [...keys, null], whole: [false, ...keys.map(() => false)] };
        const begun = tables.get(name);
        const isAnew = !begun || (phase === 'begin' && begun.state === 'cancelled');
        const known: SeededTable = isAnew ? { database, table, state: 'seeding', ...parts, ...counts } : begun;
        tables.set(name, { ...known, state: phase === 'end' ? 'done' : phase === 'cancel' ? 'cancelled' : 'seeding' });
      }
      if (entry.kind !== 'chunk' || entry.chunk.request !== order.id || entry.chunk.part === null) continue;
      const { database, table, part } = entry.chunk;
      const known = tables.get(`${database}.${table}`);
      const text = (row: Row | null): string | null => row && rowToJson(row);
      if (!known) throw new Error(`a chunk of ${table}, which has not begun`);
      const { part: i } = part;
      if (++chunks > this.appliesUpTo || known.cursors[i] !== text(part.from)) continue;
      const to = text(part.to);
      const cursors = known.cursors.with(i, to ?? known.cursors[i] ?? null);
      tables.set(`${database}.${table}`, { ...known, cursors, whole: known.whole.with(i, to === null || to === known.ends[i]) });
    }
    return { request: order.id, tables: [...tables.values()], at: 0 };
  }

  #otherOf(name: string): MemoryCapture['other'] {
    return this.other?.uid === name ? this.other : null;
  }

  #registryOf(registry: CaptureDeps['registry']): CaptureDeps['registry'] {
    const logs = { document: null as never, version: -1 };
    const found = <T>(document: T | null) => (document === null ? null : { document, version: 1 });
    return {
      channels: registry.channels,
      revision: registry.revision,
      logs: {
        read: async () => (logs.version < 0 ? null : { ...logs }),
        write: async (_: string, document: never, version: number | null) =>
          Object.assign(logs, { document, version: (version ?? -1) + 1 }).version,
      },
      restarts: { read: async () => null },
      omissions: { add: async () => undefined },
      seeds: {
        names: async () => (this.order ? [uid] : []),
        read: async (name: string) => found(name === uid ? this.order : (this.#otherOf(name)?.order ?? null)),
      },
      seedProgress: {
        read: async (name: string) => found(name === uid ? await this.#progress() : (this.#otherOf(name)?.progress ?? null)),
      },
      status: {
        list: async () => [
          {
            app: 'loader',
            uid,
            state: 'running',
            lagMs: this.lagMs,
            log: this.#logId,
            seq: Math.min(this.#seq, this.saysUpTo),
            updatedAt: Date.now(),
            suspended: this.#suspended(),
          } as unknown as WorkStatus,
        ],
      },
    } as unknown as CaptureDeps['registry'];
  }

  #deps(): CaptureDeps {
    const status = {
      waits: new Waits(),
      status: { rows: 0, transactions: 0, lagMs: null, marked: 0, skipped: 0, ignored: 0, routes: null },
      update: (part: Partial<WorkStatus>) => void (this.seeds = part.seeds ?? this.seeds),
      lagFrom: () => undefined,
    };
    return {
      registry: this.#registry,
      tree: this.#tree,
      schemas: ids as unknown as CaptureDeps['schemas'],
      secretKey: key,
      instance: 'host:1',
      level: { current: 3 },
      metrics: new Metrics('capture', { processMetrics: false }),
      traces: null,
      events: { of: () => () => undefined } as unknown as CaptureDeps['events'],
      logger: {
        info() {},
        debug() {},
        warn: (...said: unknown[]) => void this.warnings.push(said),
        error() {},
      } as unknown as CaptureDeps['logger'],
      status: status as unknown as CaptureDeps['status'],
      io: { source: serversIo.source, kafka: this.#kafka() },
      seedWaits: { pollMs: 100, resendAfterMs: 1_000, retryMs: 200 },
    };
  }

  readonly warnings: unknown[][] = [];

  #kafka(): CaptureIo['kafka'] {
    const log = this.#log;
    return {
      admin: () => ({
        ensureTopic: async () => 'verified',
        requestLimit: async () => null,
        offsets: async () => ({ start: 0, end: log.length }),
        close: async () => undefined,
      }),
      publisher: () => ({
        limitRequests() {},
        publish: async (batch) => {
          const firstOffset = log.length;
          log.push(...recordsOf(batch).map((record, index) => ({ ...record, offset: firstOffset + index, timestampMs: 0 })));
          return { firstOffset, nextOffset: log.length };
        },
        close: async () => undefined,
      }),
      readRange: async function* ({ from, to }) {
        yield log.slice(from, to);
      },
    };
  }
}

export function orderOf(part: Partial<SeedOrder> = {}): SeedOrder {
  return {
    id: `order-${Math.random()}`,
    tables: ['shop.*'],
    chunkRows: 7,
    parallel: 4,
    rowsPerSecond: null,
    maxLagMs: 60_000,
    onExisting: 'source',
    createTables: true,
    state: 'running',
    after: [],
    by: 'test',
    at: 0,
    ...part,
  };
}
