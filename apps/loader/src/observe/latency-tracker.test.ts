import type { RowEvent } from '@lutra/model';
import { Metrics } from '@lutra/telemetry';
import type { Span, Traces } from '@lutra/telemetry';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RecordPosition } from '../read/log-reader.js';
import { LatencyTracker } from './latency-tracker.js';

const start = 1_800_000_000_000;
let metrics: Metrics;
let spans: Span[];
let latencyTracker: LatencyTracker;

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] });
  metrics = new Metrics('loader', { processMetrics: false });
  spans = [];
  const traces: Traces = {
    follows: (seq) => seq % 2 === 1,
    published: () => undefined,
    applied: (span) => spans.push(span),
    close: async () => undefined,
  };
  latencyTracker = new LatencyTracker({ pipeline: 'ab.there', seq: 9 }, { metrics, traces });
  return () => vi.useRealTimers();
});

const position = (seq: number): RecordPosition => ({ log: 'L', logEpoch: 1, seq, nextOffset: seq + 5 });
const after = (ms: number): void => void vi.setSystemTime(start + ms);

function ended(seq: number, committedAt: number): void {
  latencyTracker.ended({ source: { tsMs: start + committedAt, gtid: `u:${seq}` } } as RowEvent, position(seq));
}

function commit(seq: number, rows: number, transactions: number): void {
  latencyTracker.committed({ position: position(seq), sourceUs: null, ops: rows === 0 ? {} : { c: rows }, transactions });
}

/** Sum and count of a hop's latencies; null while there is none. */
async function latency(hop: string): Promise<readonly [number, number] | null> {
  const text = await metrics.registry.metrics();
  const of = (what: string): string | undefined =>
    new RegExp(`^lutra_hop_seconds_${what}\\{.*hop="${hop}".*\\} (.*)$`, 'm').exec(text)?.[1];
  const count = of('count');
  return count === undefined ? null : [Number(Number(of('sum')).toFixed(6)), Number(count)];
}

describe('latencies', () => {
  it('are those of what waited longest, one for each batch and each target transaction', async () => {
    after(100);
    latencyTracker.batch(start + 40);
    ended(10, 10);
    ended(11, 30);
    after(150);
    latencyTracker.batch(start + 140);
    ended(12, 35);
    after(200);
    commit(11, 2, 2);
    after(300);
    commit(12, 1, 1);
    expect(await latency('read')).toEqual([0.07, 2]);
    expect(await latency('apply')).toEqual([0.25, 2]);
    expect(await latency('end_to_end')).toEqual([0.455, 2]);
    expect(await metrics.registry.metrics()).toContain(
      `lutra_last_event_timestamp_seconds{name="ab.there",app="loader"} ${start / 1000 + 0.035}`,
    );
  });

  it('are not made of transactions that had no row of this pipeline', async () => {
    latencyTracker.batch(start);
    ended(10, 0);
    commit(10, 0, 1);
    expect(await latency('apply')).toBeNull();
    ended(11, 0);
    commit(11, 1, 1);
    expect(spans.map(({ with: all }) => all)).toEqual([{ firstSeq: 11, lastSeq: 11, rows: 1, transactions: 1 }]);
  });

  it('are nothing where the source has a clock that is ahead', async () => {
    latencyTracker.batch(start + 50);
    ended(10, 60);
    commit(10, 1, 1);
    expect(await latency('read')).toEqual([0, 1]);
    expect(await latency('end_to_end')).toEqual([0, 1]);
  });
});

it('a followed transaction has a span from its batch to the COMMIT, with what went with it', () => {
  after(100);
  latencyTracker.batch(start + 90);
  for (const seq of [10, 11, 14]) ended(seq, 80);
  after(120);
  commit(14, 5, 3);
  const all = { firstSeq: 10, lastSeq: 14, rows: 5, transactions: 3 };
  expect(spans).toEqual([{ name: 'ab.there', log: 'L', seq: 11, startMs: start + 100, endMs: start + 120, with: all, gtid: 'u:14' }]);
});
