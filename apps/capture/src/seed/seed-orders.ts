/**
 * Orders to seed that stand in ZooKeeper for the pipelines of an endpoint: each becomes a run, until it is paused, cancelled or another.
 * An order is taken only when the log announces what its pipeline carries: a change before that would be in no log.
 */
import { createRouter, isSeedDone, toSyncError } from '@lutra/model';
import type { Router, SeedActivity, SeedOrder, SeedProgress, TableName, WorkStatus } from '@lutra/model';
import type { Registry } from '@lutra/registry';
import { sleep } from '@lutra/runtime';
import { InFlight } from './in-flight.js';
import type { Obstacle } from './pace.js';
import { SeedRun } from './seed-run.js';
import type { SeedRunDeps } from './seed-run.js';
import { listTables } from './table-list.js';
import { loadTable } from '@lutra/mysql';
import type { CaptureWork } from '../assignments.js';
import type { Routes } from '../stream/routing.js';

export interface SeedOrdersDeps extends Omit<SeedRunDeps, 'list' | 'load' | 'standing' | 'obstacle' | 'appliedSeq'> {
  readonly registry: Pick<Registry, 'seeds' | 'seedProgress' | 'status'>;
  /** What is in force. */
  work(): CaptureWork;
  routes(): Routes;
  /** Of our log. */
  readonly logId: string;
  /** The cluster's. */
  level(): number;
  /** Applications have written what the log carries, lately. */
  isWritten(): boolean;
  tell(activities: readonly SeedActivity[]): void;
}

interface Taken {
  readonly text: string;
  readonly order: SeedOrder;
  readonly run: SeedRun;
  readonly ended: AbortController;
  readonly inFlight: InFlight;
  isBegun: boolean;
  waitingFor: string | null;
}

/** Before this level nothing of seeding is written. */
const seedLevel = 2;

export class SeedOrders {
  readonly #deps: SeedOrdersDeps;
  readonly #taken = new Map<string, Taken>();
  #statuses: readonly WorkStatus[] = [];
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: SeedOrdersDeps) {
    this.#deps = deps;
  }

  /** Until the signal aborts. What fails is tried again: replication does not wait for seeds. @throws SyncError ABORTED */
  async run(): Promise<void> {
    const { signal, waits, warn, tell } = this.#deps;
    for (let last = ''; ;) {
      await this.look().then(
        () => (last = ''),
        (error: unknown) => {
          const reason = String(error);
          if (reason !== last && !signal.aborted) warn({ reason }, 'cannot look after orders to seed');
          last = reason;
        },
      );
      if (this.#taken.size > 0 || this.#told) tell(this.#activities());
      this.#told = this.#taken.size > 0;
      await sleep(waits.pollMs, signal);
    }
  }

  #told = false;

  /** One at a time. @throws SyncError ZOOKEEPER_UNAVAILABLE, SOURCE_* */
  look(): Promise<void> {
    const looked = this.#looking.then(() => this.#look());
    this.#looking = looked.catch(() => undefined); // the caller has it
    return looked;
  }

  #activities(): readonly SeedActivity[] {
    return [...this.#taken.values()].map(({ run, waitingFor }) => {
      const activity = run.activity();
      return waitingFor === null ? activity : { ...activity, waitingFor };
    });
  }

  async #look(): Promise<void> {
    const { registry, level, work } = this.#deps;
    if (level() < seedLevel) return;
    const { pipelines } = work();
    const names = (await registry.seeds.names()).filter((uid) => pipelines[uid] !== undefined);
    for (const uid of this.#taken.keys()) if (!names.includes(uid)) this.#end(uid);
    if (names.length === 0) return;
    this.#statuses = await registry.status.list();
    let failure: unknown;
    // One that cannot be read does not hold up the others.
    for (const uid of names)
      await this.#follow(uid).catch((error: unknown) => {
        // What passes is told first: the beginning of that one is still to come, and the reader waits for it.
        if (failure === undefined || toSyncError(failure).outcome === 'stop') failure = error;
      });
    if (failure !== undefined) throw failure;
  }

  async #follow(uid: string): Promise<void> {
    const { registry } = this.#deps;
    const order = (await registry.seeds.read(uid))?.document ?? null;
    if (!order) return this.#end(uid);
    const text = JSON.stringify(order);
    let taken = this.#taken.get(uid);
    if (taken?.text !== text) {
      if (taken?.order.id !== order.id) this.#leave(uid);
      this.#drop(uid);
      taken = this.#take(uid, order, text);
    }
    const { seq = null, updatedAt: at = 0 } = this.#loader(uid) ?? {};
    if (seq !== null) taken.inFlight.look({ seq, at }, this.#deps.log.lastSeq);
    const progress = await this.#progress(uid, order);
    if (order.state === 'cancelled' && !taken.isBegun) {
      taken.isBegun = true;
      this.#leave(uid);
      taken.run.cancel(progress);
    }
    if (order.state === 'paused') this.#keep(order, progress);
    if (order.state !== 'running') return;
    if (!taken.isBegun) await this.#begin(taken, uid, progress);
    if (taken.isBegun) taken.run.ticked(progress);
  }

  /** What moves unseen while it is paused is sent when it goes on, also by a capture that has not read any of it. */
  #keep({ id }: SeedOrder, progress: SeedProgress | null): void {
    for (const { database, table: name, state } of progress?.tables ?? [])
      if (state === 'seeding') this.#deps.windows.follow(id, { database, name });
  }

  #take(uid: string, order: SeedOrder, text: string): Taken {
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#deps.signal, ended.signal]);
    const run = new SeedRun({ ...this.#deps, signal, ...this.#about(uid) }, { uid, order });
    const inFlight = new InFlight({ least: order.parallel * order.chunkRows, maxLagMs: order.maxLagMs });
    const taken = { text, order, run, ended, inFlight, isBegun: false, waitingFor: null };
    this.#taken.set(uid, taken);
    return taken;
  }

  /** No order of it is under way any more. */
  #leave(uid: string): void {
    const request = this.#taken.get(uid)?.order.id;
    if (request !== undefined) this.#deps.windows.leave(request);
  }

  #end(uid: string): void {
    this.#leave(uid);
    this.#drop(uid);
  }

  #drop(uid: string): void {
    this.#taken.get(uid)?.ended.abort();
    this.#taken.delete(uid);
  }

  #about(uid: string): Pick<SeedRunDeps, 'list' | 'load' | 'standing' | 'obstacle' | 'appliedSeq'> {
    const { sessions, windows, routes, work } = this.#deps;
    const carried = (): Router => createRouter(work().carried?.[uid] ?? []);
    return {
      standing: (table) => {
        if (carried()(table) === null) return 'left';
        const isOne = ({ database, name }: TableName): boolean => database === table.database && name === table.name;
        const there = this.#workingLoader(uid)?.suspended?.some(isOne);
        return there || routes().here.router(table) === null ? 'suspended' : 'carried';
      },
      list: (order) =>
        sessions.use((session) => {
          return listTables(session, order, { carried: [carried(), routes().here.router], watch: (table) => windows.watch(table) });
        }),
      load: ({ database, name }) => sessions.use((session) => loadTable(session, database, name)),
      obstacle: (order) => this.#obstacle(uid, order),
      appliedSeq: () => this.#loader(uid)?.seq ?? -1,
    };
  }

  async #begin(taken: Taken, uid: string, progress: SeedProgress | null): Promise<void> {
    const { work, routes, warn } = this.#deps;
    if (routes().announced.pipelines[uid] !== work().pipelines[uid]) return;
    try {
      // At once, whatever comes first: a change of another pipeline may meet the tables before.
      await taken.run.begin(progress);
    } catch (error) {
      taken.waitingFor = String(error);
      throw error;
    }
    taken.waitingFor = await this.#hold(taken.order, uid);
    if (taken.waitingFor !== null) return;
    taken.isBegun = true;
    taken.run.run().catch((error: unknown) => {
      if (!taken.ended.signal.aborted && !this.#deps.signal.aborted) warn({ reason: String(error) }, 'a seed has ended');
    });
  }

  /** Seeds that come before it. What targets say of one that is done holds while the capture that has carried it out is away. */
  async #hold(order: SeedOrder, own: string): Promise<string | null> {
    for (const uid of order.after) {
      const before = uid === own ? null : ((await this.#deps.registry.seeds.read(uid))?.document ?? null);
      if (!before || before.state === 'cancelled') continue;
      const isTold = this.#statuses.some(({ seeds }) =>
        seeds?.some((seed) => seed.uid === uid && seed.request === before.id && seed.state === 'done'),
      );
      const progress = isTold ? null : await this.#progress(uid, before);
      if (!isTold && !(progress && isSeedDone(progress, before.id))) return `the seed of pipeline ${uid}, which comes first`;
    }
    return null;
  }

  async #progress(uid: string, { id }: SeedOrder): Promise<SeedProgress | null> {
    const progress = (await this.#deps.registry.seedProgress.read(uid))?.document ?? null;
    return progress?.request === id ? progress : null;
  }

  #loader(uid: string): WorkStatus | undefined {
    return this.#statuses.find((status) => status.app === 'loader' && status.uid === uid && status.log === this.#deps.logId);
  }

  #workingLoader(uid: string): WorkStatus | undefined {
    return this.#statuses.find((status) => status.app === 'loader' && status.uid === uid && status.state !== 'standby');
  }

  #obstacle(uid: string, { maxLagMs }: SeedOrder): Obstacle {
    const name = this.#deps.work().names[uid] ?? uid;
    const loader = this.#workingLoader(uid);
    if (!loader || (loader.state !== 'running' && loader.state !== 'waiting')) return `the loader of pipeline ${name}, which does not work`;
    if ((loader.lagMs ?? 0) > maxLagMs) return `pipeline ${name}, which is ${loader.lagMs} ms behind`;
    const own = this.#deps.lagMs();
    if (own !== null && own > maxLagMs) return `capture, which is ${own} ms behind`;
    const isFull = this.#deps.isWritten() && this.#taken.get(uid)?.inFlight.isFull(this.#deps.log.lastSeq);
    return isFull ? `pipeline ${name}, which applies what was sent before` : null;
  }
}
