/** What capture counts: its status and its metrics, from what was acknowledged and from the boundaries that it passed. */
import type { StatusReporter } from '@lutra/runtime';
import type { Metrics } from '@lutra/telemetry';
import type { Acknowledged } from './log-writer.js';
import type { Boundary } from './output.js';

/** Behind this many ms, a source without news is simply idle. */
const idleAfterMs = 2_000;

export class Progress {
  readonly #deps: { readonly metrics: Metrics; readonly status: StatusReporter };
  readonly #endpoint: string;

  constructor(deps: { readonly metrics: Metrics; readonly status: StatusReporter }, endpoint: string) {
    this.#deps = deps;
    this.#endpoint = endpoint;
  }

  acknowledged(records: readonly Acknowledged[]): void {
    const { status } = this.#deps;
    let rows = 0;
    let transactions = 0;
    let bytes = 0;
    let { routes } = status.status;
    let commitMs: number | null = null;
    for (const { row, control, bytes: size } of records) {
      bytes += size;
      if (control?.kind === 'routes') routes = control.pipelines;
      if (!row) continue;
      rows += 1;
      if (row.last) transactions += 1;
      commitMs = row.commitMs;
    }
    const last = records.at(-1);
    if (!last) return;
    const lagMs = commitMs === null ? status.status.lagMs : Math.max(0, Date.now() - commitMs);
    status.update({
      rows: status.status.rows + rows,
      transactions: status.status.transactions + transactions,
      seq: last.header.seq,
      offset: last.offset + 1,
      lagMs,
      routes,
      log: last.header.log,
    });
    this.#count(records, { transactions, bytes });
  }

  boundary(boundary: Boundary, queuedBytes: number): void {
    const { status, metrics } = this.#deps;
    const idle = boundary.commitTimeUs === null && queuedBytes === 0;
    status.update({
      position: boundary.end,
      marked: status.status.marked + (boundary.marked ? 1 : 0),
      ...(idle || (boundary.commitTimeUs !== null && Date.now() - boundary.commitTimeUs / 1000 < idleAfterMs && boundary.rows === 0)
        ? { lagMs: 0 }
        : {}),
    });
    if (boundary.marked) metrics.markedTransactions.inc({ name: this.#endpoint });
    if (boundary.skipped) metrics.skippedTransactions.inc({ name: this.#endpoint });
    metrics.queueBytes.set({ name: this.#endpoint }, queuedBytes);
  }

  #count(records: readonly Acknowledged[], sums: { transactions: number; bytes: number }): void {
    const { metrics } = this.#deps;
    const name = this.#endpoint;
    const byOp = new Map<string, number>();
    for (const { row } of records) if (row) byOp.set(row.op, (byOp.get(row.op) ?? 0) + 1);
    for (const [op, count] of byOp) metrics.rows.inc({ name, op }, count);
    metrics.transactions.inc({ name }, sums.transactions);
    metrics.publishedBytes.inc({ name }, sums.bytes);
  }
}
