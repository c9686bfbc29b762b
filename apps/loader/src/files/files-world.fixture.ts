/**
 * A log, a target and files apps that are lists in memory: for tests of whole runs of a loader with files. The target takes our texts only,
 * and looks at each COMMIT whether each file that a row names is there with its bytes.
 */
import { randomBytes } from 'node:crypto';
import type { SyncError as Failed, Route, Row, TableSchema, WorkStatus } from '@lutra/model';
import { SyncError } from '@lutra/model';
import type { Checkpoint } from '@lutra/marker';
import type { ApplyConnection, LeavingFile, SqlText, TargetTable } from '@lutra/mysql';
import { Keyring, sealPassword, TreeFollower } from '@lutra/registry';
import { LiveWork, supervise, untilAbort, Waits } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import { MemoryIds } from '../../../../libs/avro/test/samples.js';
import { MemoryFiles } from '../../../../libs/files/src/memory-files.fixture.js';
import { storedChannel, uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { MemoryDdlTarget } from '../ddl/memory-ddl-target.fixture.js';
import { runLoader } from '../loader.pipeline.js';
import type { LoaderDeps } from '../loader-run.js';
import type { LoaderIo } from '../io.js';
import type { LoaderWork } from '../assignments.js';
import { mark, MemoryLog } from '../memory-log.fixture.js';
import type { FileStore } from './files-io.js';

export type TargetFailure = 'none' | 'before' | 'after' | 'refused';

interface FileEntry extends LeavingFile {
  readonly state: 'placed' | 'trash' | 'remove';
}

interface Tables {
  readonly rows: ReadonlyMap<number, string>;
  readonly files: ReadonlyMap<string, FileEntry>;
  readonly missing: ReadonlyMap<string, string>;
  readonly places: ReadonlyMap<string, number>;
  readonly checkpoint: Checkpoint | null;
}

const uid = uidOf('c.p');
export const table: TableSchema = {
  database: 'shop',
  name: 't',
  columns: [
    { name: 'id', type: 'int' },
    { name: 'v', type: 'varchar', charset: 'latin1', length: 100 },
  ] as unknown as TableSchema['columns'],
  primaryKey: ['id'],
};
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
      columnType: 'varchar(100)',
      charset: 'latin1',
      collation: 'latin1_bin',
      length: 100,
      characters: 100,
    },
  ],
} as unknown as TargetTable;

const key = Keyring.of(randomBytes(32));
const endpoint = { host: 'h', port: 1, user: 'u', serverId: 1 };
const region = { name: 'hangzhou', description: '', kafka: { brokers: ['k:1'] } };

export class FilesWorld {
  readonly files = new MemoryFiles();
  tables: Tables = { rows: new Map(), files: new Map(), missing: new Map(), places: new Map(), checkpoint: null };
  readonly log = new MemoryLog({ ids, topic: 't', origin: 'hangzhou', table, pipeline: uid });
  /** Of the texts that come next; then none fails. */
  failures: TargetFailure[] = [];
  batchSize = 3;
  /** Called when a run has failed, before the next one. */
  onError = (): void => undefined;
  /** Texts that reached the target. */
  texts = 0;
  readonly events: unknown[] = [];
  readonly statuses: Partial<WorkStatus>[] = [];
  readonly errors: Failed[] = [];
  readonly routes: readonly Route[];
  readonly live: LiveWork<LoaderWork>;
  /** What ends runs that failed must not reach what the next one works with. */
  #broken: string[] = [];
  #level = 4;

  constructor(rule: Partial<NonNullable<Route['files']>[number]> | null) {
    const whole = { root: 'pics', path: '{v}', immutable: true, deletes: 'trash', missing: 'stop', waitSeconds: 0, ...rule } as const;
    this.routes = [{ schema: 'shop', table: '*', ...(rule && { files: [whole] }) }];
    this.live = new LiveWork(this.work(this.routes));
  }

  work(routes: readonly Route[]): LoaderWork {
    return {
      id: 'c.p',
      uid,
      channel: 'c',
      source: { ...endpoint, name: 'a', region: 'hangzhou', topic: { maxMessageBytes: 1_000_000 } },
      sourceRegion: region,
      target: { ...endpoint, name: 'b', region: 'california', password: sealPassword(key, 'p', { ...endpoint, name: 'b' }) },
      routes,
      forwards: false,
      forwarded: false,
      paused: false,
      onUnsupported: 'stop',
      ddl: { settings: undefined, bothWays: false, homes: [], home: null, isMesh: false },
      targetRegion: region,
      detector: null,
    } as unknown as LoaderWork;
  }

  /** Each list is one transaction: id → path, null: deleted. Its files are in the source, unless `lacks`. */
  async add(
    rows: readonly (readonly [id: number, path: string | null])[],
    before: ReadonlyMap<number, string>,
    lacks = false,
  ): Promise<void> {
    const known = new Map(before);
    const changes = rows.map(([id, path]) => {
      const was = known.get(id);
      if (path !== null && !lacks) this.files.source.set(`pics/${path}`, `bytes of ${path}`);
      if (path === null) known.delete(id);
      else known.set(id, path);
      const image = (v: string | undefined | null): Row | null => (v === undefined || v === null ? null : { id, v });
      return { before: image(was), after: image(path) };
    });
    await this.log.changed(changes);
  }

  /** Until `done`, or what is not tried again. */
  async load(done: () => boolean): Promise<void> {
    const stop = new AbortController();
    const working = supervise({
      signal: stop.signal,
      backoff: { firstMs: 0, maxMs: 0 },
      run: (signal) => runLoader(this.#deps(), this.live, { leaseNumber: 1, signal }),
      onFailure: (error, next) => {
        this.errors.push(error);
        this.onError();
        if (next === 'wait') stop.abort();
      },
    });
    for (let i = 0; i < 20_000 && !stop.signal.aborted && !done(); i += 1) await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort();
    await working;
  }

  /** Paths that rows name and that are not there as they must be. */
  get wrong(): readonly string[] {
    const named = [...this.tables.rows.values()].filter((path) => !this.tables.missing.has(`pics/${path}`));
    return [...new Set(named)].filter((path) => this.files.bytesAt({ root: 'pics', path }) !== `bytes of ${path}`);
  }

  /** At COMMIT. */
  commit(tables: Tables): void {
    this.tables = tables;
    if (this.wrong.length > 0) this.#broken.push(`a row without its file: ${this.wrong.join()}`);
  }

  get broken(): readonly string[] {
    return this.#broken;
  }

  #deps(): LoaderDeps {
    const none = async () => undefined;
    const registry = {
      uids: { read: async () => null, all: async () => new Map(), begin: none, fenced: none },
      skips: { read: async () => null },
      logs: { read: async () => null },
      omissions: { add: none },
      channels: { latest: async () => ({ document: this.#channel }) },
      revision: { latest: async () => tree },
    };
    const status = { rows: 0, transactions: 0 } as WorkStatus;
    return {
      registry,
      tree: new TreeFollower(registry as never),
      schemas: ids,
      secretKey: key,
      instance: 'host:1',
      level: { current: this.#level },
      metrics: new Metrics('loader', { processMetrics: false }),
      traces: null,
      logger: { info() {}, debug() {}, warn() {}, error() {} },
      status: {
        waits: new Waits(),
        status,
        update: (part: Partial<WorkStatus>) => void this.statuses.push(Object.assign(status, part) && part),
        lagFrom: () => undefined,
      },
      events: { of: () => (event: unknown) => void this.events.push(event) },
      io: { target: this.#target(), kafka: this.#kafka(), files: { service: () => this.files, store: this.#store() } },
      ddl: { targetOf: (_: unknown, owned: never) => new MemoryDdlTarget().behind(owned) },
    } as unknown as LoaderDeps;
  }

  get #channel() {
    return storedChannel({ name: 'c', pipelines: [{ name: 'p', source: 'a', target: 'b', routes: this.routes }] });
  }

  #kafka(): LoaderIo['kafka'] {
    const { log, batchSize } = this;
    return {
      admin: () => ({
        exists: async () => true,
        commitGroupOffset: async () => undefined,
        groupOffset: async () => null,
        offsets: async () => ({ start: 0, end: log.records.length }),
        close: async () => undefined,
      }),
      subscribe: async function* ({ offset, signal }) {
        for (let at = offset; ;) {
          const batch = log.records.slice(at, at + batchSize);
          at += batch.length;
          if (batch.length > 0) yield batch;
          else await Promise.race([untilAbort(signal), new Promise((resolve) => setTimeout(resolve, 5))]);
        }
      },
    };
  }

  #target(): LoaderIo['target'] {
    const none = async () => undefined;
    return {
      takeOver: async () => {
        const { checkpoint } = this.tables;
        const first = {
          pipeline: uid,
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
          path: [],
          epoch: 0,
        };
        const next = { ...(checkpoint ?? first), epoch: (checkpoint?.epoch ?? 0) + 1 } as Checkpoint;
        this.tables = { ...this.tables, checkpoint: next };
        return { checkpoint: next, created: false };
      },
      fence: none,
      sayRoutes: async (_: unknown, { routes }: Pick<Checkpoint, 'routes'>) => {
        const { checkpoint } = this.tables;
        this.tables = { ...this.tables, checkpoint: checkpoint && { ...checkpoint, ...(routes && { routes }) } };
      },
      loadTable: async () => target,
      readSuspended: async () => [],
      tiedTables: async () => [],
      readSeeds: async () => [],
      isSeedWhole: async () => true,
      untickSeeds: none,
      awaitSeedNoMore: none,
      endSeeds: none,
      missingTables: async () => [],
      createTable: async () => false,
      writeSuspended: none,
      connect: async () => new FakeConnection(this) as unknown as ApplyConnection,
    };
  }

  #store(): FileStore {
    return {
      readPlacing: async () => this.tables.places,
      beginPlacing: async (_target, _pipeline, roots) => {
        this.tables = { ...this.tables, places: new Map([...roots.map((root) => [root, 0] as const), ...this.tables.places]) };
      },
      readLeaving: async () => [...this.tables.files.values()].filter(({ state }) => state !== 'placed'),
      readMissing: async (_target, _pipeline, { after = '0' }) => {
        const all = after === '0' ? [...this.tables.missing] : [];
        return all.map(([name, rowKey], i) => ({ id: String(i + 1), root: 'pics', path: name.slice(5), sha256: null, table, key: rowKey }));
      },
      letGo: async (_target, files, { mark, naming, remove, onLater }) => {
        for (const file of files) {
          const name = `${file.root}/${file.path}`;
          const isLeaving = (): boolean => this.tables.files.get(name)?.n === file.n && this.tables.files.get(name)?.state !== 'placed';
          const put = (state: 'placed' | null): void => {
            const rest = new Map(this.tables.files);
            rest.delete(name);
            if (state) rest.set(name, { ...file, state });
            if (isLeaving()) this.tables = { ...this.tables, files: rest };
          };
          const marked = await mark(file);
          if (marked === null) onLater(file, 'busy');
          else if (!isLeaving()) continue;
          else if ((await naming({ query: async () => [] })(file)) === 'named') put('placed');
          else if (await remove(file, marked)) put(null);
          else onLater(file, 'busy');
        }
      },
      othersPlacing: async () => [],
      takeOver: async () => Promise.reject(new Error('nobody is removed')),
      inheritLeaving: async () => undefined,
      baseTables: async () => [table],
      tablesWithColumnsOf: async (_queries, rules) => new Map(rules.map((rule) => [rule, [table]])),
      isNamed: async (_queries, _table, { path }) => [...this.tables.rows.values()].includes(path),
    };
  }
}

const ids = new MemoryIds();
const tree = { ...mark, by: 'test', at: 0, recent: [], adopted: 0 };

/** A server that knows our texts only. */
class FakeConnection {
  broken = false;
  readonly armed = 0;
  readonly #world: FilesWorld;
  #open: Tables | null = null;

  constructor(world: FilesWorld) {
    this.#world = world;
  }

  async run({ sql, marks }: SqlText): Promise<readonly unknown[]> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#world.texts += 1;
    const failure = this.#world.failures.shift() ?? 'none';
    if (failure === 'before') throw this.#cut();
    if (failure === 'refused') throw this.#refused();
    if (marks[0]?.does === 'begin') this.#open = this.#world.tables;
    if (!this.#open) throw new Error('no transaction');
    for (const statement of sql.split(';\n')) this.#open = applied(this.#open, statement);
    if (marks.at(-1)?.does === 'commit') {
      this.#world.commit(this.#open);
      this.#open = null;
    }
    if (failure === 'after') throw this.#cut();
    return [];
  }

  rollback = async (): Promise<void> => void (this.#open = null);
  close = async (): Promise<void> => void (this.#open = null);

  #cut(): SyncError {
    this.broken = true;
    this.#open = null;
    return new SyncError('TARGET_UNAVAILABLE', 'cut');
  }

  #refused(): SyncError {
    this.#open = null;
    return new SyncError('TARGET_CHANGED', 'somebody has altered the table');
  }
}

function applied(tables: Tables, sql: string): Tables {
  if (sql.startsWith('UPDATE lutra.checkpoint')) return moved(tables, sql);
  if (sql.startsWith('INSERT INTO lutra.file_place')) {
    const [, root = '', n] = /VALUES \('\w+', '(\w+)', (\d+)\)/.exec(sql) ?? [];
    return { ...tables, places: new Map([...tables.places, [root, Number(n)]]) };
  }
  const files = new Map(tables.files);
  const missing = new Map(tables.missing);
  const rows = new Map(tables.rows);
  const text = (hex = ''): string => Buffer.from(hex, 'hex').toString();
  if (sql.startsWith('INSERT INTO lutra.file (')) {
    for (const found of sql.matchAll(/\('(\w+)', x'\w+', x'(\w+)', x'(\w+)', (\d+), (\d+), (\d+), (\d+), '\w+', (\d+), 'placed'/g)) {
      const [, root = '', path = '', sha256 = '', size = '', mtimeNs = '', dev = '', ino = '', n = ''] = found;
      const name = text(path);
      files.set(`${root}/${name}`, {
        root,
        path: name,
        sha256,
        size: Number(size),
        mtimeNs,
        dev,
        ino,
        pipeline: uid,
        n: Number(n),
        way: 'trash',
        state: 'placed',
      });
    }
  } else if (sql.startsWith('UPDATE lutra.file SET')) {
    const [, way = '', n = ''] = /state = '(\w+)', pipeline = '\w+', n = (\d+)/.exec(sql) ?? [];
    for (const [name, file] of files)
      if (sql.includes(MemoryFiles.sha256(file.path)))
        files.set(name, { ...file, state: way as 'trash', way: way as 'trash', n: Number(n) });
  } else if (sql.startsWith('INSERT INTO lutra.file_missing')) {
    for (const [, root = '', path = '', rowKey = ''] of sql.matchAll(/'(\w+)', x'\w+', x'(\w+)', NULL, 'shop', 't', '([^']*)'/g))
      missing.set(`${root}/${text(path)}`, rowKey);
  } else if (sql.startsWith('DELETE FROM lutra.file_missing')) {
    for (const name of missing.keys()) if (sql.includes(MemoryFiles.sha256(name.slice(5)))) missing.delete(name);
  } else if (/^(INSERT|REPLACE) INTO `shop`/.test(sql)) {
    for (const [, id, path = ''] of sql.matchAll(/\((\d+), '([^']*)'\)/g)) rows.set(Number(id), path);
  } else if (sql.startsWith('UPDATE `shop`')) {
    rows.set(Number(/WHERE.*`id` = (\d+)/.exec(sql)?.[1]), /`v` = '([^']*)'/.exec(sql)?.[1] ?? '');
  } else if (sql.startsWith('DELETE FROM `shop`')) {
    for (const [id] of sql.slice(sql.indexOf('WHERE')).matchAll(/\d+/g)) rows.delete(Number(id));
  }
  return { ...tables, rows, files, missing };
}

function moved(tables: Tables, sql: string): Tables {
  const { checkpoint } = tables;
  const epoch = Number(/epoch = IF\(epoch = (\d+)/.exec(sql)?.[1]);
  if (epoch !== checkpoint?.epoch) throw new SyncError('FENCED', 'epoch');
  if (!sql.includes('seq <')) return tables;
  const number = (name: string): number => Number(new RegExp(`, ${name} = (-?\\d+)`).exec(sql)?.[1]);
  const to = { seq: number('seq'), nextOffset: number('next_offset'), logEpoch: number('log_epoch') };
  if (checkpoint.seq >= to.seq && checkpoint.nextOffset >= to.nextOffset) throw new SyncError('FENCED', 'position');
  return { ...tables, checkpoint: { ...checkpoint, ...to, logId: 'log-hangzhou' } };
}
