/** What the loader counts: its status, its metrics, and the consumer-group offset that lag tools read. */
import type { BusAdmin } from '@lutra/bus';
import { toSyncError } from '@lutra/model';
import type { ControlRecord } from '@lutra/model';
import type { StatusReporter } from '@lutra/runtime';
import type { Logger, Metrics } from '@lutra/telemetry';
import type { Place } from './log-reader.js';
import type { Committed } from './target-writer.js';

const groupOffsetMs = 5_000;

export class Progress {
  readonly #deps: { readonly status: StatusReporter; readonly metrics: Metrics; readonly logger: Logger };
  readonly #of: { readonly pipeline: string; readonly topic: string; readonly admin: BusAdmin };
  #groupAt = 0;
  #groupBusy = false;
  #uncommitted = false;
  #transactions = 0;

  constructor(
    deps: { readonly status: StatusReporter; readonly metrics: Metrics; readonly logger: Logger },
    of: { pipeline: string; topic: string; admin: BusAdmin },
  ) {
    this.#deps = deps;
    this.#of = of;
  }

  /** Applied in this run. */
  get transactions(): number {
    return this.#transactions;
  }

  committed(committed: Committed): void {
    this.#transactions += committed.transactions;
    const { status, metrics } = this.#deps;
    const name = this.#of.pipeline;
    let rows = 0;
    for (const [op, count] of Object.entries(committed.ops)) {
      metrics.rows.inc({ name, op }, count);
      rows += count;
    }
    metrics.transactions.inc({ name }, committed.transactions);
    const lagMs = committed.sourceUs === null ? status.status.lagMs : Math.max(0, Math.round(Date.now() - committed.sourceUs / 1000));
    status.update({
      rows: status.status.rows + rows,
      transactions: status.status.transactions + committed.transactions,
      log: committed.place.log,
      seq: committed.place.seq,
      offset: committed.place.nextOffset,
      lagMs,
      // Not when the run began: what fails again and again would show for an instant only, and run between.
      lastError: null,
    });
    this.#uncommitted = false;
    this.#commitGroup(committed.place.nextOffset);
  }

  /** A heartbeat says that at its time everything before it had been published: that old, and no older, is what we have applied. */
  control(control: ControlRecord, place: Place): void {
    if (control.kind !== 'heartbeat' || this.#uncommitted) return;
    const lagMs = Math.max(0, Date.now() - control.tsMs);
    this.#deps.status.update({ log: place.log, seq: place.seq, offset: place.nextOffset, lagMs, lastError: null });
    this.#commitGroup(place.nextOffset);
  }

  /** Rows were read that are not committed yet: heartbeats after them say nothing. */
  row(): void {
    this.#uncommitted = true;
  }

  /** For lag tools only: nobody reads from this offset. */
  #commitGroup(offset: number): void {
    if (this.#groupBusy || Date.now() - this.#groupAt < groupOffsetMs) return;
    this.#groupBusy = true;
    this.#groupAt = Date.now();
    const { admin, pipeline, topic } = this.#of;
    admin
      .commitGroupOffset(`lutra.${pipeline}`, topic, 0, offset)
      .catch((error: unknown) =>
        this.#deps.logger.debug({ code: toSyncError(error).code }, 'cannot commit the group offset; only lag tools miss it'),
      )
      .finally(() => (this.#groupBusy = false));
  }
}
