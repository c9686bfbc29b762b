import type { WorkStatus } from '@lutra/model';
import type { StatusReporter } from '@lutra/runtime';
import { createLogger, Metrics } from '@lutra/telemetry';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Progress } from './progress.js';

const start = 1_800_000_000_000;
let lagMs: (() => number | null) | null;
let progress: Progress;

beforeEach(() => {
  vi.useFakeTimers({ now: start, toFake: ['Date'] });
  lagMs = null;
  const status = {
    status: { rows: 0, transactions: 0 } as WorkStatus,
    update: () => undefined,
    lagFrom: (measure: () => number | null) => (lagMs = measure),
  } as unknown as StatusReporter;
  const deps = {
    status,
    metrics: new Metrics('loader', { processMetrics: false }),
    logger: createLogger('loader', 'silent'),
  };
  progress = new Progress(deps, { pipeline: 'p', group: 'g', topic: 't', admin: { commitGroupOffset: async () => undefined }, seq: -1 });
});
afterEach(() => void vi.useRealTimers());

const position = (seq: number) => ({ log: 'L', logEpoch: 1, seq, nextOffset: seq + 1 });

it('a loader that always has the next rows in hand is as far behind as what it has not committed', () => {
  for (let n = 0; n <= 60; n += 1) {
    vi.setSystemTime(start + n * 1000);
    progress.batch([{ timestampMs: Date.now() } as never]);
    progress.row({ source: { tsMs: Date.now(), gtid: null }, transaction: { last: true } } as never, position(n));
    if (n > 0) progress.committed({ position: position(n - 1), sourceUs: Date.now() * 1000, ops: { c: 1 }, transactions: 1 });
  }
  expect(lagMs?.()).toBe(0);
  vi.setSystemTime(start + 64_000);
  expect(lagMs?.()).toBe(4000);
});
