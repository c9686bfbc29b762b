import { expect, test } from 'vitest';
import type { Stage } from './figures.js';
import { fileMeasurements, seedMeasurements, type StageResult } from './stage-result.js';

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

test('files are compared with the median of the same tree by rsync, and with plain aria2c', () => {
  const results = [
    result('smallRsync', 1),
    result('small', 2, {
      usage: {
        loader: { cpuMicros: 2_000, rssBytes: 5 },
        filesTarget: { cpuMicros: 1_000, rssBytes: 6 },
        kafka: { cpuMicros: 9, rssBytes: 9 },
      },
      more: { megabytesPerSecond: 3 },
    }),
    result('smallRsync', 3),
    result('smallAria2', 4, { usage: { tool: { cpuMicros: 5_000, rssBytes: 0 } } }),
    result('largeRsync', 1),
  ];
  const of = (stage: Stage) =>
    Object.fromEntries(fileMeasurements(results).flatMap((one) => (one.stage === stage ? [[one.metric, one.value]] : [])));
  expect(of('small')).toEqual({
    filesPerSecond: 500,
    megabytesPerSecond: 3,
    ratioToRsync: 0.75,
    ratioToAria2: 2,
    loaderRssBytes: 5,
    filesTargetRssBytes: 6,
    cpuMicrosPerRow: 3,
  });
  expect(of('smallAria2')).toEqual({ filesPerSecond: 250, cpuMicrosPerRow: 5 });
});
