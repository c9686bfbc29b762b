import { expect, test } from 'vitest';
import type { Stage } from './figures.js';
import { seedMeasurements, type StageResult } from './stage-result.js';

const result = (stage: Stage, seconds: number, more: Partial<StageResult> = {}): StageResult => ({
  stage,
  timing: { rows: 1_000, begin: 0, first: { at: 0, rows: 0 }, last: 1_000 * seconds },
  usage: {},
  ...more,
});

test('a seed is compared with the median of the dumps, a verification with reading on the same line', () => {
  const results = [
    result('dump', 2),
    result('dump', 2),
    result('seed', 4, { usage: { capture: { cpuMicros: 1, rssBytes: 7 }, loader: { cpuMicros: 1, rssBytes: 8 } } }),
    result('readingLoopback', 1),
    result('verifyLoopback', 10),
    result('reading', 100),
    result('verify', 10, { more: { sentToRows: 0.001 } }),
  ];
  const of = (stage: Stage) =>
    Object.fromEntries(seedMeasurements(results).flatMap((one) => (one.stage === stage ? [[one.metric, one.value]] : [])));
  expect(of('dump')).toEqual({ rowsPerSecondFromCommand: 500 });
  expect(of('seed')).toEqual({ rowsPerSecondFromCommand: 250, ratioToDump: 0.5, captureRssBytes: 7, loaderRssBytes: 8 });
  expect(of('verifyLoopback')).toEqual({ rowsPerSecondFromCommand: 100, ratioToReading: 0.1 });
  expect(of('verify')).toEqual({ rowsPerSecondFromCommand: 100, ratioToReading: 10, sentToRows: 0.001 });
});
