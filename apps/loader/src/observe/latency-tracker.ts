/**
 * The way of transactions through the loader, from the Kafka batch that brought them to the COMMIT that took them: latencies and spans.
 * Knows what was read and is not committed yet, one small note per transaction; says one latency per batch or target transaction, of what
 * waited longest.
 */
import type { RowEvent } from '@lutra/model';
import type { Hop, Metrics, Traces } from '@lutra/telemetry';
import type { RecordPosition } from '../read/log-reader.js';
import { total } from '../assemble/source-transaction.js';
import type { Committed } from '../commit/target-writer.js';

interface Note {
  readonly seq: number;
  readonly commitMs: number;
  readonly readMs: number;
  readonly gtid: string | null;
}

export class LatencyTracker {
  readonly #pipeline: string;
  readonly #metrics: Metrics;
  readonly #traces: Traces | null;
  #readMs = 0;
  #notes: Note[] = [];
  /** seq up to which all is committed. */
  #seq: number;

  constructor(of: { pipeline: string; seq: number }, { metrics, traces = null }: { metrics: Metrics; traces?: Traces | null | undefined }) {
    this.#pipeline = of.pipeline;
    this.#seq = of.seq;
    this.#metrics = metrics;
    this.#traces = traces;
  }

  /** A Kafka batch came, made at `madeMs`. */
  batch(madeMs: number): void {
    this.#readMs = Date.now();
    this.#observe('read', madeMs);
  }

  /** The last row of a transaction was read. */
  ended({ source }: RowEvent, { seq }: RecordPosition): void {
    this.#notes.push({ seq, commitMs: source.tsMs, readMs: this.#readMs, gtid: source.gtid });
  }

  committed({ position, ops, transactions }: Committed): void {
    const rest = this.#notes.findIndex(({ seq }) => seq > position.seq);
    const notes = this.#notes.splice(0, rest === -1 ? this.#notes.length : rest);
    const rows = total(ops);
    const [first] = notes;
    const last = notes.at(-1);
    const all = { firstSeq: this.#seq + 1, lastSeq: position.seq, rows, transactions };
    this.#seq = position.seq;
    // Without a row of this pipeline nothing was committed at the target.
    if (!first || !last || rows === 0) return;
    this.#observe('apply', first.readMs);
    this.#observe('end_to_end', first.commitMs);
    this.#metrics.lastEvent.set({ name: this.#pipeline }, last.commitMs / 1000);
    this.#trace(notes, { log: position.log, with: all, gtid: last.gtid });
  }

  #trace(notes: readonly Note[], of: Pick<Parameters<Traces['applied']>[0], 'log' | 'with' | 'gtid'>): void {
    const traces = this.#traces;
    if (!traces) return;
    const endMs = Date.now();
    for (const { seq, readMs } of notes)
      if (traces.follows(seq)) traces.applied({ ...of, name: this.#pipeline, seq, startMs: readMs, endMs });
  }

  /** Clocks of two machines may differ: less than nothing is nothing. */
  #observe(hop: Exclude<Hop, 'publish'>, sinceMs: number): void {
    this.#metrics.hopSeconds.observe({ name: this.#pipeline, hop }, Math.max(0, Date.now() - sinceMs) / 1000);
  }
}
