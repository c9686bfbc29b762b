/** The chunk reader of one leadership, and where it meets the binlog reader. */
import { toSyncError } from '@lutra/model';
import type { SeedActivity, TableName } from '@lutra/model';
import type { CaptureRun } from '../capture-run.js';
import type { Acknowledged, LogWriter } from '../stream/log-writer.js';
import type { Boundary } from '../stream/output.js';
import type { Routing } from '../stream/routing.js';
import type { Verified } from '../verify/verify.js';
import type { KeyAsk, KeyAsks } from './key-ask.js';
import type { Log } from './chunk-records.js';
import { KeyChunks } from './key-chunks.js';
import { Places } from './places.js';
import type { Place } from './places.js';
import { SeedOrders } from './seed-orders.js';
import { seedWaits } from './seed-run.js';
import { SeedSessions } from './seed-session.js';
import { Windows } from './windows.js';

export interface SeedingOptions {
  readonly writer: LogWriter;
  readonly routing: Routing;
  lagMs(): number | null;
}

/** So long after a change chunks make way for the next one. */
const writtenMs = 10_000;

/** A record that fails has taken its number: nothing may be written behind it. */
export function fatally(run: CaptureRun, writer: LogWriter): Log {
  const fatal = (error: unknown): never => {
    run.end(error);
    throw error;
  };
  return {
    rows: (table, events) => writer.rows(table, events).catch(fatal),
    control: (record) => writer.control(record).catch(fatal),
    get lastSeq() {
      return writer.lastSeq;
    },
  };
}

/** Of what follows, what the log has already. */
interface LeftInLog {
  readonly publishedThrough: string | null;
  readonly resolutions: number;
}

export class Seeding implements KeyAsks {
  readonly places = new Places();
  readonly windows = new Windows();
  readonly #sessions: SeedSessions;
  readonly #orders: SeedOrders;
  readonly #keys: KeyChunks;
  /** A change came to the log, ms since 1970. */
  #writtenAt = 0;
  /** Routes were announced where nothing may be published yet. */
  #isOwed = false;

  constructor(run: CaptureRun, { state, claim }: Verified, { writer, routing, lagMs }: SeedingOptions) {
    const { deps, endpoint, signal } = run;
    const { flavor: connector, version, serverId } = state;
    const { registry, metrics, logger, status, level } = deps;
    const { name, region } = endpoint;
    this.#sessions = new SeedSessions(run.source, state);
    const shared = {
      places: this.places,
      windows: this.windows,
      sessions: this.#sessions,
      lagMs,
      signal,
      log: fatally(run, writer),
      facts: { endpoint: name, region, connector, version, serverId },
      work: () => run.work,
      routes: () => routing.now,
      level: () => level.current,
      isWritten: () => Date.now() - this.#writtenAt < writtenMs,
      warn: (about: object, message: string) => logger.warn(about, message),
    };
    this.#keys = new KeyChunks(shared);
    this.#orders = new SeedOrders({
      ...shared,
      registry,
      logId: claim.log,
      waits: deps.seedWaits ?? seedWaits,
      ends: (error) => run.end(error),
      rowsRead: (rows) => metrics.seedRows.inc({ name }, rows),
      tell: (seeds) => {
        status.update({ seeds });
        this.#measure(run, seeds);
      },
    });
  }

  /** Other routes are in force: the reader waits until what begins with them was told, before a change of it comes. */
  async announced(place: Place, left: LeftInLog): Promise<void> {
    this.#isOwed = left.publishedThrough !== null || left.resolutions > 0;
    if (this.#isOwed) return;
    await this.places.reached(place);
    this.places.leave();
    await this.#orders.look().catch((error: unknown) => {
      // What does not pass by itself holds up the seed, and not the log; its status says why.
      if (toSyncError(error).outcome !== 'stop') throw error;
    });
    const visit = this.places.enter();
    if (visit) await visit;
  }

  /** @throws SyncError ABORTED */
  async run(): Promise<void> {
    try {
      await Promise.all([this.#orders.run(), this.#keys.run()]);
    } finally {
      await this.#sessions.close();
    }
  }

  /** Of any part of this leadership. */
  ask(ask: KeyAsk): void {
    this.#keys.ask(ask);
  }

  statement(tables: readonly TableName[]): void {
    this.windows.statement(tables);
  }

  reached(boundary: Boundary, resolutions: number): Promise<void> | void {
    if (boundary.publishedThrough !== null || resolutions > 0) return this.places.left();
    if (this.#isOwed) return this.announced(boundary, { publishedThrough: null, resolutions: 0 });
    return this.places.reached(boundary);
  }

  acknowledged(records: readonly Acknowledged[]): void {
    if (records.some(({ row }) => row !== null && row.op !== 'r')) this.#writtenAt = Date.now();
    const last = records.at(-1);
    if (last) this.#keys.acknowledged(last.header.seq);
  }

  #measure({ deps: { metrics }, endpoint: { name } }: CaptureRun, seeds: readonly SeedActivity[]): void {
    const tables = seeds.reduce((sum, seed) => sum + seed.tables, 0);
    const done = seeds.reduce((sum, seed) => sum + seed.tablesDone, 0);
    metrics.seedTables.set({ name, state: 'done' }, done);
    metrics.seedTables.set({ name, state: 'left' }, tables - done);
  }
}
