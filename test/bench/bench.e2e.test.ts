/**
 * The bench itself, at a scale that says nothing about speed: every stage runs, the figures have their shape, and the rows are equal.
 * Without bulk, which differs from oltp in what is written and in nothing else.
 */
import { expect, it } from 'vitest';
import { type Figure, type Metric, metrics, type Stage } from './figures.js';
import { BenchRun } from './run.js';

const throughput: Metric[] = [
  'rowsPerSecond',
  'rowsPerSecondFromCommand',
  'ratioToNative',
  'ratioToNativeFromCommand',
  'cpuMicrosPerRow',
  'rssBytes',
];
const latency: Metric[] = ['cpuMicrosPerRow', 'rssBytes', 'latencyP50Ms', 'latencyP95Ms', 'latencyP99Ms', 'latencyMaxMs'];

it('every stage is measured, and the rows are the same everywhere', { timeout: 120_000 }, async () => {
  const lines: string[] = [];
  const run = new BenchRun({
    workloads: ['oltp', 'latency'],
    mysql: '9.7',
    scale: 0.002,
    repeat: 1,
    log: (line) => lines.push(line),
  });
  const { equal, figures, lines: report } = await run.run();
  expect(equal, report.join('\n')).toBe(true);
  const there = (workload: Figure['workload'], stage: Stage): Metric[] =>
    figures.filter((figure) => figure.workload === workload && figure.stage === stage).map(({ metric }) => metric);
  for (const stage of ['capture', 'loader', 'endToEnd', 'mysqlbinlog'] as const) expect(there('oltp', stage)).toEqual(throughput);
  expect(there('oltp', 'native')).toEqual(throughput.filter((metric) => !metric.startsWith('ratio')));
  for (const stage of ['endToEnd', 'native'] as const) expect(there('latency', stage)).toEqual(latency);
  for (const { metric, value, min, max, unit } of figures) {
    expect(unit).toBe(metrics[metric]);
    expect(Number.isFinite(value) && min <= value && value <= max, `${metric} ${value}, ${min} to ${max}`).toBe(true);
  }
  expect(lines.filter((line) => line.includes('sync_binlog=1, innodb_flush_log_at_trx_commit=1'))).toHaveLength(3);
});
