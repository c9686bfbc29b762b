/** Two servers, a channel and orders in memory, for the steps of an operation. */
import type { BarrierOrder, ChannelDocument, OperationDocument, WorkStatus } from '@lutra/model';
import { channelSchema } from '@lutra/model';
import type { AppliedPosition, Counted, OperationIo } from './operation-io.js';
import { afterAbort, afterStep } from './run-step.js';

export const uids = { there: 'aaaaaaaaaaaa', back: 'bbbbbbbbbbbb' } as const;

interface MemoryServer {
  readOnly: boolean;
  superReadOnly: boolean;
  /** Lutra's user may set read_only. */
  mayClose: boolean;
  isExempt: boolean;
  prepared: readonly string[] | null;
  pos: number;
  started: number;
}

export class MemoryOperation {
  readonly servers: Record<'a' | 'b', MemoryServer> = { a: server(), b: server() };
  readonly barriers = new Map<string, BarrierOrder>();
  readonly places = new Map<string, AppliedPosition>();
  /** What was done, in its order. */
  readonly done: string[] = [];
  counts: readonly Counted[] = [];
  workers: readonly WorkStatus[] = [worker('capture', 'a'), worker('capture', 'b'), worker('loader', 'there'), worker('loader', 'back')];
  level = 5;
  now = 1_000_000;
  channel: ChannelDocument;
  operation: OperationDocument;

  constructor(more: Partial<OperationDocument> = {}, { oneWay = false } = {}) {
    const way = (name: keyof typeof uids, source: string, target: string): object => ({
      name,
      uid: uids[name],
      source,
      target,
      routes: [{ schema: 's' }],
    });
    const pipelines = oneWay ? [way('there', 'a', 'b')] : [way('there', 'a', 'b'), way('back', 'b', 'a')];
    this.channel = channelSchema.parse({ name: 'c', pipelines, conflicts: { home: 'region-a' }, state: 'running' });
    const begun = {
      step: 'check',
      steps: [],
      waitsFor: null,
      confirmed: [],
      facts: { fences: {} },
      by: 'ada',
      reason: 'r',
      at: 0,
      endedAt: null,
    } as const;
    this.operation = {
      id: 'cccccccccccc',
      kind: 'drain',
      from: 'a',
      to: 'b',
      count: false,
      moveHome: false,
      accept: [],
      state: 'running',
      ...begun,
      ...more,
    };
  }

  /** One look. */
  async look(): Promise<OperationDocument> {
    const context = { name: 'c', operation: this.operation, channel: this.channel, io: this.io() };
    this.operation = await (this.operation.state === 'aborting' ? afterAbort(context) : afterStep(context));
    return this.operation;
  }

  /** Until nothing changes by itself any more; captures and loaders do what they are asked for. */
  async run(): Promise<OperationDocument> {
    for (let before: OperationDocument | null = null; before !== this.operation && this.operation.endedAt === null;) {
      before = this.operation;
      await this.look();
      this.work();
    }
    return this.operation;
  }

  confirm(): void {
    this.operation = { ...this.operation, confirmed: [...this.operation.confirmed, this.operation.step] };
  }

  /** Captures answer, loaders come to it. */
  work(): void {
    for (const [id, order] of this.barriers) {
      const answer = order.answer ?? { log: 'l', epoch: 1, seq: 100 + this.done.length, at: this.now };
      this.barriers.set(id, { ...order, answer });
      if (!('refused' in answer)) for (const uid of order.pipelines) this.places.set(uid, { log: answer.log, seq: answer.seq });
    }
  }

  io(): OperationIo {
    const of = (endpoint: string): MemoryServer => this.servers[endpoint as 'a' | 'b'];
    return {
      channel: () => Promise.resolve(this.channel),
      regionOf: (endpoint) => Promise.resolve(`region-${endpoint}`),
      statuses: () => Promise.resolve(this.workers),
      level: () => this.level,
      look: (endpoint) => Promise.resolve({ ...of(endpoint), flavor: 'mysql' as const, account: "'lutra'@'%'" }),
      prepared: (endpoint) => Promise.resolve(of(endpoint).prepared),
      end: (endpoint) => Promise.resolve({ file: 'binlog.000001', pos: of(endpoint).pos, server: endpoint, gtidSet: null }),
      setReadOnly: (endpoint, isClosed) => this.#close(endpoint, isClosed),
      barrier: (id) => Promise.resolve(this.barriers.get(id) ?? null),
      order: (id, order) => this.#did(`barrier at ${order.endpoint}`, () => this.barriers.set(id, order)),
      withdraw: (id) => Promise.resolve(void this.barriers.delete(id)),
      checkpoint: ({ uid }) => Promise.resolve(this.places.get(uid) ?? null),
      count: () => Promise.resolve(this.counts),
      setHome: (home) =>
        this.#did(`home ${home}`, () => (this.channel = { ...this.channel, conflicts: { ...this.channel.conflicts, home } })),
      setPaused: (pipelines, isPaused) =>
        this.#did(`${isPaused ? 'pause' : 'resume'} ${pipelines.join()}`, () => this.#pause(pipelines, isPaused)),
      now: () => this.now,
    };
  }

  #close(endpoint: string, isClosed: boolean): Promise<boolean> {
    const found = this.servers[endpoint as 'a' | 'b'];
    if (!found.mayClose) return Promise.resolve(false);
    found.readOnly = isClosed;
    this.done.push(`${isClosed ? 'close' : 'open'} ${endpoint}`);
    return Promise.resolve(true);
  }

  #pause(pipelines: readonly string[], isPaused: boolean): void {
    this.workers = this.workers.map((one) =>
      one.uid !== null && pipelines.includes(one.uid) ? { ...one, state: isPaused ? 'paused' : 'running' } : one,
    );
  }

  #did(what: string, work: () => unknown): Promise<void> {
    if (this.done.at(-1) !== what) this.done.push(what);
    work();
    return Promise.resolve();
  }
}

function server(): MemoryServer {
  return { readOnly: false, superReadOnly: false, mayClose: true, isExempt: true, prepared: [], pos: 4, started: 1_000 };
}

function worker(app: 'capture' | 'loader', name: string): WorkStatus {
  const uid = app === 'loader' ? uids[name as keyof typeof uids] : null;
  return { app, name: app === 'loader' ? `c.${name}` : name, uid, state: 'running', lagMs: 10, lastError: null } as unknown as WorkStatus;
}
