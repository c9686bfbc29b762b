import type { WorkStatus } from '@lutra/model';
import type { StatusReporter } from '@lutra/runtime';
import { Metrics } from '@lutra/telemetry';
import type { Span, Traces } from '@lutra/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Acknowledged } from '../stream/log-writer.js';
import { Progress } from './progress.js';

const start = 1_800_000_000_000;
let metrics: Metrics;
let spans: Span[];
let progress: Progress;

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] });
  metrics = new Metrics('capture', { processMetrics: false });
  spans = [];
  const traces: Traces = {
    follows: (seq) => seq === 8,
    published: (span) => spans.push(span),
    applied: () => undefined,
    close: async () => undefined,
  };
  const status = {
    status: { rows: 0, transactions: 0, marked: 0 } as WorkStatus,
    update: () => undefined,
    lagFrom: () => undefined,
  } as unknown as StatusReporter;
  progress = new Progress({ metrics, status, traces }, 'a');
});
afterEach(() => void vi.useRealTimers());

const record = (seq: number, row: { last: boolean; commitMs: number }): Acknowledged => ({
  header: { kind: 'row', log: 'L', seq, epoch: 1 },
  offset: seq + 5,
  bytes: 100,
  count: 1,
  row: { op: 'c', ...row, gtid: row.last ? `u:${seq}` : null },
  control: null,
});

const boundary = {
  kind: 'boundary',
  end: { file: 'b.1', pos: 4, gtidSet: null },
  seen: {},
  marked: false,
  skipped: false,
  rows: 0,
  publishedThrough: null,
} as const;

it('one request has one latency, of the transaction that waited longest, and a span for each that is followed', async () => {
  progress.acknowledged([
    record(6, { last: true, commitMs: start - 40 }),
    record(7, { last: false, commitMs: start - 30 }),
    record(8, { last: true, commitMs: start - 30 }),
    record(9, { last: true, commitMs: start - 20 }),
    record(10, { last: false, commitMs: start - 10 }),
  ]);
  const text = await metrics.registry.metrics();
  expect(text).toContain('lutra_hop_seconds_sum{app="capture",name="a",hop="publish"} 0.04');
  expect(text).toContain('lutra_hop_seconds_count{app="capture",name="a",hop="publish"} 1');
  expect(text).toContain(`lutra_last_event_timestamp_seconds{name="a",app="capture"} ${start / 1000 - 0.02}`);
  const all = { firstSeq: 6, lastSeq: 10, rows: 5, transactions: 3 };
  expect(spans).toEqual([{ name: 'a', log: 'L', seq: 8, startMs: start - 30, endMs: start, with: all, gtid: 'u:9' }]);
});

const writer = { queuedBytes: 0, lastSeq: -1 };

it('what is not published is counted: events passed over, and transactions without a row of ours', async () => {
  progress.filtered();
  progress.filtered();
  progress.boundary({ ...boundary, commitTimeUs: start * 1000 }, writer);
  progress.boundary({ ...boundary, commitTimeUs: start * 1000, marked: true }, writer);
  progress.boundary({ ...boundary, commitTimeUs: start * 1000, rows: 3 }, writer);
  progress.boundary({ ...boundary, commitTimeUs: null }, writer);
  const text = await metrics.registry.metrics();
  expect(text).toContain('lutra_filtered_events_total{name="a",app="capture"} 2');
  expect(text).toContain('lutra_filtered_transactions_total{name="a",app="capture"} 1');
  expect(text).toContain('lutra_marked_transactions_total{name="a",app="capture"} 1');
});
