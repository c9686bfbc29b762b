/**
 * Every metric of every app, declared here and nowhere else, each on a registry of its own (never prom-client's global one, so that two
 * apps in one test process do not share counters). `name` is an endpoint (capture), a pipeline id (loader) or a connection (control).
 */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { ErrorCode, WorkState, WorkStatus } from '@lutra/model';

export interface MetricsOptions {
  /** The process's own CPU, memory and event loop; on by default. */
  readonly processMetrics?: boolean;
}

const workStates: readonly WorkState[] = ['starting', 'standby', 'running', 'waiting', 'paused', 'stopped', 'failed'];

/** Seconds: a batch of a nearby server takes milliseconds, one that waits for locks tens of seconds. */
const applyBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export class Metrics {
  readonly registry: Registry;

  readonly connected: Gauge<'name'>;
  readonly state: Gauge<'name' | 'state'>;
  readonly lagSeconds: Gauge<'name'>;
  readonly epoch: Gauge<'name'>;
  readonly seq: Gauge<'name'>;
  readonly queueBytes: Gauge<'name'>;
  readonly rows: Counter<'name' | 'op'>;
  readonly transactions: Counter<'name'>;
  readonly markedTransactions: Counter<'name'>;
  readonly skippedTransactions: Counter<'name'>;
  readonly publishedBytes: Counter<'name'>;
  readonly errors: Counter<'name' | 'code'>;
  readonly applySeconds: Histogram<'name'>;
  readonly conflicts: Counter<'name' | 'type' | 'policy' | 'winner'>;
  readonly watermarkSeconds: Histogram<'name'>;
  readonly windowKeys: Gauge<'name'>;
  readonly httpRequests: Counter<'method' | 'status'>;

  /** `app` becomes a label of every series. */
  constructor(app: 'capture' | 'loader' | 'control', { processMetrics = true }: MetricsOptions = {}) {
    const registry = new Registry();
    registry.setDefaultLabels({ app });
    const registers = [registry];
    const gauge = <T extends string>(name: string, help: string, labelNames: readonly T[]): Gauge<T> =>
      new Gauge({ name, help, labelNames, registers });
    const counter = <T extends string>(name: string, help: string, labelNames: readonly T[]): Counter<T> =>
      new Counter({ name, help, labelNames, registers });

    this.registry = registry;
    this.connected = gauge('lutra_connected', '1 while the source, target or service answers', ['name']);
    this.state = gauge('lutra_state', '1 for the state the work is in, 0 for the others', ['name', 'state']);
    this.lagSeconds = gauge('lutra_lag_seconds', "From the source's commit to now, of the last transaction handled", ['name']);
    this.epoch = gauge('lutra_epoch', 'Number of the leadership (capture) or ownership (loader)', ['name']);
    this.seq = gauge('lutra_seq', 'seq of the last record written (capture) or applied (loader)', ['name']);
    this.queueBytes = gauge('lutra_queue_bytes', 'Bytes read and not handed on yet', ['name']);
    this.rows = counter('lutra_rows_total', 'Row events published or applied', ['name', 'op']);
    this.transactions = counter('lutra_transactions_total', 'Source transactions published or applied', ['name']);
    this.markedTransactions = counter('lutra_marked_transactions_total', 'Transactions of loaders, read and not published as new', [
      'name',
    ]);
    this.skippedTransactions = counter('lutra_skipped_transactions_total', 'Transactions that an application did not want replicated', [
      'name',
    ]);
    this.publishedBytes = counter('lutra_published_bytes_total', 'Bytes of records acknowledged by Kafka', ['name']);
    this.errors = counter('lutra_errors_total', 'Errors by code', ['name', 'code']);
    this.applySeconds = new Histogram({
      name: 'lutra_apply_seconds',
      help: 'Time of one transaction at the target, from BEGIN to the answer to COMMIT',
      labelNames: ['name'],
      buckets: applyBuckets,
      registers,
    });
    this.conflicts = counter('lutra_conflicts_total', 'Conflicts decided, by type, policy and the side that won', [
      'name',
      'type',
      'policy',
      'winner',
    ]);
    this.watermarkSeconds = new Histogram({
      name: 'lutra_conflict_watermark_seconds',
      help: 'Time that a target transaction waits, before it commits, for the capture of its target',
      labelNames: ['name'],
      buckets: applyBuckets,
      registers,
    });
    this.windowKeys = gauge('lutra_conflict_window_keys', 'Keys changed lately at the target that incoming rows are held against', [
      'name',
    ]);
    this.httpRequests = counter('lutra_http_requests_total', 'HTTP requests answered', ['method', 'status']);
    if (processMetrics) collectDefaultMetrics({ register: registry });
  }

  /** Sets the gauges that a status implies. Counters are the app's own: they must not go back when work changes hands. */
  report(status: WorkStatus): void {
    const { name } = status;
    for (const state of workStates) this.state.set({ name, state }, state === status.state ? 1 : 0);
    setOrRemove(this.lagSeconds, name, status.lagMs === null ? null : status.lagMs / 1000);
    setOrRemove(this.epoch, name, status.epoch);
    setOrRemove(this.seq, name, status.seq);
  }

  countError(name: string, code: ErrorCode): void {
    this.errors.inc({ name, code });
  }

  /** Drops the gauges of work that this process gave up, so that they do not stand still at their last value. */
  forget(name: string): void {
    for (const state of workStates) this.state.remove({ name, state });
    for (const gauge of [this.connected, this.lagSeconds, this.epoch, this.seq, this.queueBytes]) gauge.remove({ name });
  }
}

/** An unknown value is no series: 0 would be a lie. */
function setOrRemove(gauge: Gauge<'name'>, name: string, value: number | null): void {
  if (value === null) gauge.remove({ name });
  else gauge.set({ name }, value);
}
