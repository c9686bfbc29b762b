/**
 * What capture counts: its status, its metrics and its traces, from what was acknowledged and from the boundaries that it passed. Metrics
 * are touched once per request or transaction, never per row.
 */
import type { SourceEnd } from '@lutra/binlog';
import type { StatusReporter } from '@lutra/runtime';
import type { Metrics, Traces } from '@lutra/telemetry';
import type { Acknowledged } from '../stream/log-writer.js';
import type { Boundary } from '../stream/output.js';
import { SourceLag } from './source-lag.js';

/** A transaction without a row for us is no news while it is as young as this. */
const idleAfterMs = 2_000;

interface ProgressDeps {
  readonly metrics: Metrics;
  readonly status: StatusReporter;
  readonly traces?: Traces | null;
}

interface Sums {
  rows: number;
  transactions: number;
  bytes: number;
  /** The ends of the first and the last transaction. */
  firstEnd: Acknowledged | null;
  lastEnd: Acknowledged | null;
}

export class Progress {
  readonly #deps: ProgressDeps;
  readonly #endpoint: string;
  /** Rows events of tables without a route, since the last boundary. */
  #filtered = 0;
  readonly #lag = new SourceLag();
  #isLagTold = false;

  constructor(deps: ProgressDeps, endpoint: string) {
    this.#deps = deps;
    this.#endpoint = endpoint;
  }

  /** Behind the source; null: not known yet. */
  lagMs(): number | null {
    return this.#lag.ms();
  }

  /** A rows event was passed over unread. */
  filtered(): void {
    this.#filtered += 1;
  }

  /** The source was asked where its binlog ends. */
  looked(end: SourceEnd): void {
    const { file, pos, at } = end;
    this.#lag.looked(end);
    this.#deps.status.update({ sourceEnd: { file, pos, at } });
  }

  /** What was asked for in the source and not done. */
  ignored(what: 'resolution' | 'skip'): void {
    const { status, metrics } = this.#deps;
    status.update({ ignored: status.status.ignored + 1 });
    metrics.ignoredRequests.inc({ name: this.#endpoint, what });
  }

  acknowledged(records: readonly Acknowledged[]): void {
    const { status } = this.#deps;
    const sums: Sums = { rows: 0, transactions: 0, bytes: 0, firstEnd: null, lastEnd: null };
    let { routes } = status.status;
    let commitMs: number | null = null;
    for (const record of records) {
      const { row, control } = record;
      sums.bytes += record.bytes;
      if (control?.kind === 'routes') routes = control.pipelines;
      if (!row) continue;
      sums.rows += record.count;
      commitMs = row.commitMs;
      if (!row.last) continue;
      sums.transactions += 1;
      sums.firstEnd ??= record;
      sums.lastEnd = record;
    }
    const last = records.at(-1);
    if (!last) return;
    if (commitMs !== null) this.#lag.handled(Date.now() - commitMs);
    this.#lag.acknowledged(last.header.seq);
    this.#tellLag();
    status.update({
      rows: status.status.rows + sums.rows,
      transactions: status.status.transactions + sums.transactions,
      seq: last.header.seq,
      offset: last.offset + 1,
      routes,
      log: last.header.log,
    });
    this.#deps.metrics.lastProgress.set({ name: this.#endpoint }, Date.now() / 1000);
    this.#count(records, sums);
    this.#observe(records, sums);
  }

  /** `lastSeq`: of the last record of what lies before. */
  boundary(boundary: Boundary, { queuedBytes, lastSeq }: { queuedBytes: number; lastSeq: number }): void {
    const { status, metrics } = this.#deps;
    status.update({
      position: boundary.end,
      marked: status.status.marked + (boundary.marked ? 1 : 0),
      skipped: status.status.skipped + (boundary.skipped ? 1 : 0),
    });
    this.#age(boundary, queuedBytes);
    this.#lag.read(boundary.end, lastSeq);
    this.#tellLag();
    const name = this.#endpoint;
    if (boundary.marked) metrics.markedTransactions.inc({ name });
    if (boundary.skipped) metrics.skippedTransactions.inc({ name });
    else if (!boundary.marked && boundary.commitTimeUs !== null && boundary.rows === 0) metrics.filteredTransactions.inc({ name });
    if (this.#filtered > 0) metrics.filteredEvents.inc({ name }, this.#filtered);
    this.#filtered = 0;
    metrics.queueBytes.set({ name }, queuedBytes);
  }

  #age({ commitTimeUs, rows }: Boundary, queuedBytes: number): void {
    if (commitTimeUs === null) return queuedBytes === 0 ? this.#lag.idle() : undefined;
    const ageMs = Date.now() - commitTimeUs / 1000;
    if (rows === 0) this.#lag.handled(ageMs < idleAfterMs ? 0 : ageMs);
  }

  /** Not before it is known: until then the run before says how far behind we are. */
  #tellLag(): void {
    if (this.#isLagTold || !this.#lag.isKnown) return;
    this.#isLagTold = true;
    this.#deps.status.lagFrom(() => this.#lag.ms());
  }

  #count(records: readonly Acknowledged[], sums: Sums): void {
    const { metrics } = this.#deps;
    const name = this.#endpoint;
    const byOp = new Map<string, number>();
    for (const { row, count } of records) if (row) byOp.set(row.op, (byOp.get(row.op) ?? 0) + count);
    for (const [op, count] of byOp) metrics.rows.inc({ name, op }, count);
    metrics.transactions.inc({ name }, sums.transactions);
    metrics.publishedBytes.inc({ name }, sums.bytes);
  }

  /** One latency per request, of the transaction that waited longest; a span for each that is followed. */
  #observe(records: readonly Acknowledged[], { firstEnd, lastEnd, rows, transactions }: Sums): void {
    if (!firstEnd?.row || !lastEnd?.row) return;
    const { metrics, traces } = this.#deps;
    const name = this.#endpoint;
    const endMs = Date.now();
    metrics.hopSeconds.observe({ name, hop: 'publish' }, Math.max(0, endMs - firstEnd.row.commitMs) / 1000);
    metrics.lastEvent.set({ name }, lastEnd.row.commitMs / 1000);
    if (!traces) return;
    const [first = firstEnd] = records;
    const all = { firstSeq: first.header.seq - first.count + 1, lastSeq: (records.at(-1) ?? lastEnd).header.seq, rows, transactions };
    const { gtid } = lastEnd.row;
    for (const { header, row } of records)
      if (row?.last && traces.follows(header.seq))
        traces.published({ name, log: header.log, seq: header.seq, startMs: row.commitMs, endMs, with: all, gtid });
  }
}
