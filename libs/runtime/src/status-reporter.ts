/** Gathers what a worker says about itself and publishes it, at most once a second and at least every five. Never fails the work. */
import type { ConfigurationState, ErrorReport, SyncError, WorkStatus } from '@lutra/model';
import { Waits } from './waits.js';

/** Where statuses go: see StatusBudget. */
export interface StatusSink {
  /** Takes it; nobody waits until it is written. */
  publish(status: WorkStatus): void;
  clear(app: WorkStatus['app'], name: string, instance: string): Promise<void>;
}

export function errorReport(error: SyncError): ErrorReport {
  return { code: error.code, message: error.message, help: error.help, at: Date.now(), details: { ...error.details } };
}

const idleStatus = {
  uid: null,
  state: 'starting',
  waitingFor: null,
  epoch: null,
  rows: 0,
  transactions: 0,
  rowsPerSecond: 0,
  lagMs: null,
  position: null,
  sourceEnd: null,
  prepared: null,
  log: null,
  seq: null,
  offset: null,
  marked: 0,
  skipped: 0,
  ignored: 0,
  routes: null,
  suspended: null,
  resync: null,
  configuration: null,
  lastError: null,
} as const satisfies Partial<WorkStatus>;

const resting: ReadonlySet<WorkStatus['state']> = new Set(['standby', 'paused', 'stopped']);

const minIntervalMs = 1_000;
const maxIntervalMs = 5_000;

export interface ReporterOptions {
  readonly app: WorkStatus['app'];
  readonly name: string;
  readonly instance: string;
  readonly sink: StatusSink;
  configuration?(): ConfigurationState | null;
  /** Sees every status before it is published: for metrics. */
  onStatus(status: WorkStatus): void;
}

/** Work that may wait for something: where it rests or has failed, `waitingFor` says why already. */
const working: ReadonlySet<WorkStatus['state']> = new Set(['starting', 'running']);

export class StatusReporter {
  /** What lasts of these stands in `waitingFor`, unless that says something else. */
  readonly waits = new Waits();
  readonly #options: ReporterOptions;
  readonly #timer: NodeJS.Timeout;
  #status: WorkStatus;
  #changed = true;
  #closed = false;
  #lastAt = 0;
  #lastRows = 0;
  #lag: (() => number | null) | null = null;
  /** The `waitingFor` that was published last. */
  #published: string | null = null;

  constructor(options: ReporterOptions) {
    this.#options = options;
    this.#status = { ...idleStatus, app: options.app, name: options.name, instance: options.instance, updatedAt: Date.now() };
    this.#timer = setInterval(() => this.#tick(), minIntervalMs);
    this.#tick();
  }

  get status(): WorkStatus {
    return this.#status;
  }

  /** Merges; a change of state is published at once. */
  update(part: Partial<WorkStatus>): void {
    const stateChanged = part.state !== undefined && part.state !== this.#status.state;
    this.#status = { ...this.#status, ...part };
    this.#changed = true;
    if (stateChanged) this.#publish();
  }

  /** `measure` says the lag from now on, in ms, also when the work that gave it has ended: a lag grows while nothing works. */
  lagFrom(measure: () => number | null): void {
    this.#lag = measure;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#closed = true;
    const { sink, app, name, instance } = this.#options;
    await sink.clear(app, name, instance).catch(() => undefined); // the node is ephemeral: the session's end removes it too
  }

  #tick(): void {
    const elapsed = Date.now() - this.#lastAt;
    const rate = this.#lastAt === 0 ? 0 : Math.max(0, Math.round(((this.#status.rows - this.#lastRows) * 1000) / Math.max(1, elapsed)));
    const lagMs = this.#lagMs();
    if (this.#waitingFor() !== this.#published || !this.#isSameConfiguration()) this.#changed = true;
    if (rate !== this.#status.rowsPerSecond || lagMs !== this.#status.lagMs) {
      this.#status = { ...this.#status, rowsPerSecond: rate, lagMs };
      this.#changed = true;
    }
    if (this.#changed || elapsed >= maxIntervalMs) this.#publish();
  }

  #waitingFor(): string | null {
    const { state, waitingFor } = this.#status;
    return waitingFor ?? (working.has(state) ? this.waits.told(Date.now()) : null);
  }

  #isSameConfiguration(): boolean {
    const [told, now] = [this.#status.configuration, this.#options.configuration?.() ?? null];
    return told?.write === now?.write && told?.regressed === now?.regressed;
  }

  /** Who rests or stands by is behind nothing. */
  #lagMs(): number | null {
    return this.#lag === null || resting.has(this.#status.state) ? null : this.#lag();
  }

  #publish(): void {
    if (this.#closed) return;
    this.#changed = false;
    const now = Date.now();
    this.#status = { ...this.#status, lagMs: this.#lagMs(), configuration: this.#options.configuration?.() ?? null, updatedAt: now };
    this.#lastRows = this.#status.rows;
    this.#lastAt = now;
    this.#published = this.#waitingFor();
    const shown = { ...this.#status, waitingFor: this.#published };
    this.#options.onStatus(shown);
    this.#options.sink.publish(shown);
  }
}
