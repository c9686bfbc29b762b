/** A pipeline whose log is a list in memory, with a real target: whole runs of its loader, one after the other, and what a person says. */
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { conflictRuleSchema, rowsTopic, SyncError } from '@lutra/model';
import type {
  DdlSettings,
  EndpointDocument,
  OperationalEvent,
  PipelineUid,
  RegionDocument,
  Route,
  Suspension,
  WorkStatus,
} from '@lutra/model';
import { Session } from '@lutra/mysql';
import { Keyring, sealPassword, TreeFollower } from '@lutra/registry';
import type { NewOmission, SkipOrder } from '@lutra/registry';
import { LiveWork, supervise, Waits } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import type { MemoryIds } from '../../../../libs/avro/test/samples.js';
import { storedChannel } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import type { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import type { LoaderWork } from '../assignments.js';
import { serversIo } from '../io.js';
import type { KafkaPort } from '../io.js';
import type { LoaderDeps } from '../loader-run.js';
import { runLoader } from '../loader.pipeline.js';
import { mark, MemoryLog } from '../memory-log.fixture.js';
import { MemoryDdlTarget } from './memory-ddl-target.fixture.js';

const key = Keyring.of(randomBytes(32));
const region = (name: string) => ({ name, description: '', kafka: { brokers: ['k:1'] } }) as RegionDocument;

export const oneWay = { bothWays: false, homes: [], home: null, isMesh: false } as const;

export interface HoldRoomOptions {
  readonly server: TestServer;
  readonly ids: MemoryIds;
  readonly uid: PipelineUid;
  readonly routes: readonly Route[];
  readonly log: MemoryLog;
  /** Both ways: the target's own log, and the pipeline that reads it. */
  readonly back?: { readonly log: MemoryLog; readonly uid: PipelineUid; readonly routes: readonly Route[] };
  readonly settings?: DdlSettings;
  /** Both ways: the region that is at home of all tables; left out: hangzhou. */
  readonly home?: string;
  /** What carries schema changes out; left out: a target of schema changes in memory. */
  readonly targetOf?: LoaderDeps['ddl']['targetOf'];
  /** Endpoint and region of the source, and of the target. */
  readonly from?: readonly [string, string];
  readonly to?: readonly [string, string];
}

export class HoldRoom {
  readonly target: MemoryDdlTarget;
  readonly live: LiveWork<LoaderWork>;
  readonly statuses: Partial<WorkStatus>[] = [];
  readonly events: OperationalEvent[] = [];
  readonly omissions: NewOmission[] = [];
  readonly failures: string[] = [];
  /** Of each topic: how many read it now. */
  readonly readers = new Map<string, number>();
  order: SkipOrder | null = null;
  /** ZooKeeper takes no omission so often. */
  away = 0;
  status: Partial<WorkStatus> = {};
  readonly #options: HoldRoomOptions;
  readonly #capture: Session;
  readonly #changes: Session;
  readonly #told = new Set<string>();
  #stop = new AbortController();
  #working: Promise<void> = Promise.resolve();

  private constructor(options: HoldRoomOptions, capture: Session, changes: Session) {
    this.#options = options;
    this.#capture = capture;
    this.#changes = changes;
    this.live = new LiveWork(this.#workOf());
    this.target = new MemoryDdlTarget({ carryOut: async (sql) => void (await changes.query(sql)) });
  }

  static async open(options: HoldRoomOptions): Promise<HoldRoom> {
    const open = (): Promise<Session> => Session.open(options.server.options, 'target');
    return new HoldRoom(options, await open(), await open());
  }

  /** A process takes the pipeline over. */
  start(): void {
    this.#stop = new AbortController();
    this.#working = supervise({
      signal: this.#stop.signal,
      backoff: { firstMs: 0, maxMs: 0 },
      run: (signal) => runLoader(this.#deps(), this.live, { leaseNumber: 1, signal }),
      onFailure: (error, next) => {
        this.failures.push(`${error.code} ${error.message}`);
        if (next === 'wait') this.#stop.abort();
      },
    });
  }

  /** … and ends. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#working;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#capture.close();
    await this.#changes.close();
  }

  answer(of: NonNullable<SkipOrder['answer']>): void {
    const { hold } = this.status;
    if (hold) this.order = { log: hold.log, seq: hold.seq, answer: of, by: 'ann', reason: 'so', at: 1 };
  }

  offer(change: Partial<LoaderWork>): void {
    this.live.offer({ ...this.live.newest, ...change });
  }

  /** `lutra.suspended`, as an earlier run has left it. */
  async suspend({ database, name, code }: Pick<Suspension, 'database' | 'name' | 'code'>): Promise<void> {
    const { server, uid } = this.#options;
    const columns = 'pipeline, database_name, table_name, code, message, because, log_id, seq';
    await server.run(`INSERT INTO lutra.suspended (${columns}) VALUES ('${uid}', '${database}', '${name}', '${code}', '', '', 'L', 0)`);
  }

  get phases(): readonly string[] {
    return this.events.map((event) => (event.type === 'ddl' ? [event.phase, event.reason].filter(Boolean).join(' ') : event.type));
  }

  /** The capture of the target publishes each watermark that stands there. */
  async #published(log: MemoryLog): Promise<void> {
    const of = `pipeline = '${this.#options.uid}' AND kind = 'watermark'`;
    const [{ rows } = { rows: [] }] = await this.#capture.execute(`SELECT content FROM lutra.signal WHERE ${of}`);
    for (const { content } of rows) {
      if (this.#told.has(String(content))) continue;
      this.#told.add(String(content));
      await log.watermark(String(content), this.#options.uid);
    }
  }

  #kafka(): KafkaPort {
    const { log, back, from = fromHere } = this.#options;
    const logOf = (topic: string): MemoryLog => (topic === rowsTopic(from[0]) || !back ? log : back.log);
    const reading = (topic: string, by: number): void => void this.readers.set(topic, (this.readers.get(topic) ?? 0) + by);
    const published = (of: MemoryLog): Promise<void> => this.#published(of);
    return {
      admin: () => ({
        exists: async () => true,
        offsets: async (topic) => ({ start: 0, end: logOf(topic).records.length }),
        groupOffset: async () => null,
        commitGroupOffset: async () => undefined,
        close: async () => undefined,
      }),
      subscribe: async function* ({ topic, offset, signal }) {
        reading(topic, 1);
        try {
          for (let at = offset; !signal.aborted;) {
            if (back && logOf(topic) === back.log) await published(back.log);
            const batch = logOf(topic).records.slice(at, at + 7);
            at += batch.length;
            if (batch.length > 0) yield batch;
            else await delay(2);
          }
        } finally {
          reading(topic, -1);
        }
      },
    };
  }

  #workOf(): LoaderWork {
    const { uid, routes, back, settings, from = fromHere, to = toThere } = this.#options;
    const { home = 'hangzhou' } = this.#options;
    const conflicts = { home, rules: [conflictRuleSchema.parse({ policy: 'home' })], retentionDays: 1 };
    const reverse = back && [{ uid: back.uid, routes: back.routes }];
    return {
      id: 'c.p',
      uid,
      channel: 'c',
      source: this.#endpoint(...from),
      sourceRegion: region(from[1]),
      target: this.#endpoint(...to),
      routes,
      forwards: false,
      forwarded: false,
      paused: false,
      onUnsupported: 'stop',
      ddl: { settings, ...oneWay, ...(back && { bothWays: true, home: conflicts.home }) },
      targetRegion: region(to[1]),
      detector: reverse ? { conflicts, targetRegion: region(to[1]), back: reverse, otherWriters: [] } : null,
    };
  }

  #endpoint(name: string, of: string): EndpointDocument {
    const { password, ...login } = this.#options.server.options;
    const open = { ...login, name, region: of, serverId: 1, topic: { maxMessageBytes: 1_000_000 } };
    return { ...open, password: sealPassword(key, password ?? '', open) } as EndpointDocument;
  }

  #registry(): LoaderDeps['registry'] {
    const { uid } = this.#options;
    const channel = () =>
      storedChannel({ name: 'c', pipelines: [{ name: 'p', source: 'a', target: 'b', uid, routes: this.live.newest.routes }] });
    return {
      uids: { read: async () => null, all: async () => new Map(), begin: async () => undefined, fenced: async () => undefined },
      skips: { read: async () => this.order, remove: async () => void (this.order = null) },
      logs: { read: async () => null },
      omissions: { add: async (_: string, given: readonly NewOmission[]) => this.#omit(given) },
      channels: { latest: async () => ({ document: channel() }) },
      revision: { latest: async () => ({ ...mark, by: 'test', at: 0, recent: [], adopted: 0 }) },
    } as unknown as LoaderDeps['registry'];
  }

  #omit(given: readonly NewOmission[]): void {
    if (this.away-- > 0) throw new SyncError('ZOOKEEPER_UNAVAILABLE', 'away');
    this.omissions.push(...given);
  }

  #deps(): LoaderDeps {
    const registry = this.#registry();
    const update = (part: Partial<WorkStatus>): void => {
      this.status = { ...this.status, ...part };
      this.statuses.push(part);
    };
    return {
      registry,
      tree: new TreeFollower(registry),
      schemas: this.#options.ids as unknown as LoaderDeps['schemas'],
      secretKey: key,
      instance: 'host:1',
      level: { current: 3 },
      metrics: new Metrics('loader', { processMetrics: false }),
      traces: null,
      logger: { info() {}, debug() {}, warn() {}, error() {} } as unknown as LoaderDeps['logger'],
      status: {
        waits: new Waits(),
        status: { rows: 0, transactions: 0 },
        update,
        lagFrom: () => undefined,
      } as unknown as LoaderDeps['status'],
      events: { of: () => (event: OperationalEvent) => void this.events.push(event) } as unknown as LoaderDeps['events'],
      io: { target: serversIo.target, kafka: this.#kafka() },
      ddl: { targetOf: this.#options.targetOf ?? ((_, owned) => this.target.behind(owned)), times: { pollMs: 5, metMs: 10 } },
    };
  }
}

const fromHere = ['a', 'hangzhou'] as const;
const toThere = ['b', 'california'] as const;
