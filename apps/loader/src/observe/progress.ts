/** What the loader counts: its status, its metrics and traces, and the consumer-group offset that lag tools read. */
import type { BusAdmin, RawRecord } from '@lutra/bus';
import { toSyncError } from '@lutra/model';
import type { ControlRecord, RowEvent } from '@lutra/model';
import type { StatusReporter } from '@lutra/runtime';
import type { Logger, Metrics, Traces } from '@lutra/telemetry';
import type { Applier } from '../assemble/applier.js';
import type { RecordPosition } from '../read/log-reader.js';
import { LatencyTracker } from './latency-tracker.js';
import type { Committed } from '../commit/target-writer.js';
import { TopicLag } from './topic-lag.js';

const groupOffsetMs = 5_000;

interface ProgressDeps {
  readonly status: StatusReporter;
  readonly metrics: Metrics;
  readonly traces?: Traces | null;
  readonly logger: Logger;
}

interface ProgressOf {
  /** `<channel>.<pipeline>` */
  readonly pipeline: string;
  /** Consumer group. */
  readonly group: string;
  readonly topic: string;
  readonly admin: Pick<BusAdmin, 'commitGroupOffset'>;
}

export class Progress {
  readonly #deps: ProgressDeps;
  readonly #of: ProgressOf;
  readonly #latencyTracker: LatencyTracker;
  #groupAt = 0;
  #groupBusy = false;
  /** Behind the last record of the last batch. */
  #readTo = 0;
  #transactions = 0;
  /** Rows without a route that are counted. */
  #unrouted = 0;
  readonly #lag = new TopicLag();
  #isLagTold = false;

  /** `seq`: up to which all is applied. */
  constructor(deps: ProgressDeps, of: ProgressOf & { readonly seq: number }) {
    this.#deps = deps;
    this.#of = of;
    this.#latencyTracker = new LatencyTracker(of, deps);
  }

  /** Applied in this run. */
  get transactions(): number {
    return this.#transactions;
  }

  /** A Kafka batch was read. */
  batch([record]: readonly RawRecord[]): void {
    this.#lag.batch();
    if (record) this.#latencyTracker.batch(record.timestampMs);
  }

  /**
   * … and worked off, but for the commit of its last rows. `streaming`: they are at the target, in a large transaction whose end may be
   * far. Wants an Applier.
   */
  batchDone({ unrouted, waitingBytes, streaming }: Pick<Applier, 'unrouted' | 'waitingBytes' | 'streaming'>, last?: RawRecord): void {
    if (last) this.#readTo = last.offset + 1;
    this.#tellOffset();
    const { metrics } = this.#deps;
    const name = this.#of.pipeline;
    metrics.filteredRows.inc({ name }, unrouted - this.#unrouted);
    this.#unrouted = unrouted;
    metrics.queueBytes.set({ name }, waitingBytes);
    if (streaming) metrics.lastProgress.set({ name }, Date.now() / 1000);
  }

  /** Another applier follows this one. */
  handedOver({ unrouted }: Pick<Applier, 'unrouted'>): void {
    this.#deps.metrics.filteredRows.inc({ name: this.#of.pipeline }, unrouted - this.#unrouted);
    this.#unrouted = 0;
  }

  committed(committed: Committed): void {
    this.#latencyTracker.committed(committed);
    this.#transactions += committed.transactions;
    const { status, metrics } = this.#deps;
    const name = this.#of.pipeline;
    let rows = 0;
    for (const [op, count] of Object.entries(committed.ops)) {
      metrics.rows.inc({ name, op }, count);
      rows += count;
    }
    metrics.transactions.inc({ name }, committed.transactions);
    metrics.lastProgress.set({ name }, Date.now() / 1000);
    this.#lag.applied(committed.position.seq, committed.sourceUs === null ? null : committed.sourceUs / 1000);
    status.update({
      rows: status.status.rows + rows,
      transactions: status.status.transactions + committed.transactions,
      log: committed.position.log,
      seq: committed.position.seq,
      offset: committed.position.nextOffset,
      // Not when the run began: what fails again and again would show for an instant only, and run between.
      lastError: null,
    });
    this.#tellLag();
    this.#tellOffset();
    this.#commitGroup(committed.position.nextOffset);
  }

  /** A heartbeat says that at its time everything before it had been published: that old, and no older, is what we have applied. */
  control(control: ControlRecord, position: RecordPosition): void {
    if (control.kind !== 'heartbeat' || this.#lag.isPending) return;
    this.#lag.applied(position.seq, control.tsMs);
    this.#tellLag();
    this.#deps.metrics.lastProgress.set({ name: this.#of.pipeline }, Date.now() / 1000);
    this.#deps.status.update({ log: position.log, seq: position.seq, offset: position.nextOffset, lastError: null });
    this.#commitGroup(position.nextOffset);
  }

  /** Rows were read that are not committed yet: heartbeats after them say nothing. */
  row(event: RowEvent, position: RecordPosition): void {
    this.#lag.read(position.seq, event.transaction.last, event.source.tsMs);
    if (event.transaction.last) this.#latencyTracker.ended(event, position);
  }

  /** The same of what home made of a row, and of a chunk without rows. */
  resolution({ tsMs }: ControlRecord, { seq }: RecordPosition): void {
    this.#lag.read(seq, true, tsMs);
  }

  /** The open transaction is void. */
  discarded(): void {
    this.#lag.discarded();
  }

  /** Not before it is known: until then the run before says how far behind we are. */
  #tellLag(): void {
    if (this.#isLagTold || !this.#lag.isKnown) return;
    this.#isLagTold = true;
    this.#deps.status.lagFrom(() => this.#lag.ms());
  }

  /** The topic of a capture that has stopped may end with records without rows, and an operator waits until nothing is behind. */
  #tellOffset(): void {
    const { status } = this.#deps;
    if (!this.#lag.isPending && this.#readTo > (status.status.offset ?? 0)) status.update({ offset: this.#readTo });
  }

  /** For lag tools: nobody reads from this offset. */
  #commitGroup(offset: number): void {
    if (this.#groupBusy || Date.now() - this.#groupAt < groupOffsetMs) return;
    this.#groupBusy = true;
    this.#groupAt = Date.now();
    const { admin, group, topic } = this.#of;
    admin
      .commitGroupOffset(group, topic, 0, offset)
      .catch((error: unknown) =>
        this.#deps.logger.debug({ code: toSyncError(error).code }, 'cannot commit the group offset; only lag tools miss it'),
      )
      .finally(() => (this.#groupBusy = false));
  }
}
