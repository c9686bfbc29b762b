/** One stage of one run, and the measurements that come out of the stages of one run. Pure. */
import { ofFileStages, type Measurement, median, type Metric, rates, type Stage, type Timing } from './figures.js';
import type { Usage } from './process-meter.js';

/** Of the workload files. */
const fileProcesses = ['filesSource', 'filesTarget', 'aria2', 'tool'] as const;
export const processNames = ['capture', 'loader', 'kafka', 'source', 'target', 'replica', 'mysqlbinlog', ...fileProcesses] as const;
export type ProcessName = (typeof processNames)[number];

export interface StageResult {
  readonly stage: Stage;
  readonly timing: Timing;
  readonly usage: Readonly<Partial<Record<ProcessName, Usage>>>;
  /** Of each row: from the answer to COMMIT at the source to its sight at the other side. */
  readonly latenciesMs?: readonly number[];
  /** What the stage itself says of more. */
  readonly more?: Readonly<Partial<Record<Metric, number>>>;
}

/** Whose CPU time and memory stand for a stage. */
const processesOf: Readonly<Record<Stage, readonly ProcessName[]>> = {
  capture: ['capture'],
  loader: ['loader'],
  endToEnd: ['capture', 'loader'],
  native: ['replica'],
  mysqlbinlog: ['mysqlbinlog'],
  dump: ['source', 'target'],
  clone: ['source'],
  seed: ['capture', 'loader'],
  seedWithWriters: ['capture', 'loader'],
  readingLoopback: ['source'],
  verifyLoopback: ['loader'],
  reading: ['source'],
  verify: ['loader'],
  verifyDamaged: ['loader'],
  encode: [],
  encodeUpdates: [],
  decode: [],
  decodeUpdates: [],
  ...ofFileStages(['capture', 'loader', ...fileProcesses]),
};

/** Ratios are to the median of MySQL's own replication in the same run. */
export function usageMeasurements({ stage, timing, usage }: StageResult): Measurement[] {
  const sum = (key: keyof Usage): number => processesOf[stage].reduce((all, name) => all + (usage[name]?.[key] ?? 0), 0);
  return [
    { stage, metric: 'cpuMicrosPerRow', value: sum('cpuMicros') / timing.rows },
    { stage, metric: 'rssBytes', value: sum('rssBytes') },
  ];
}

export function throughputMeasurements(results: readonly StageResult[]): Measurement[] {
  const natives = results.filter(({ stage }) => stage === 'native').map(({ timing }) => rates(timing));
  const native = {
    rowsPerSecond: median(natives.map(({ rowsPerSecond }) => rowsPerSecond)),
    rowsPerSecondFromCommand: median(natives.map(({ rowsPerSecondFromCommand }) => rowsPerSecondFromCommand)),
  };
  return results.flatMap((result) => {
    const { stage } = result;
    const { rowsPerSecond, rowsPerSecondFromCommand } = rates(result.timing);
    return [
      { stage, metric: 'rowsPerSecond', value: rowsPerSecond },
      { stage, metric: 'rowsPerSecondFromCommand', value: rowsPerSecondFromCommand },
      ...(stage === 'native'
        ? []
        : ([
            { stage, metric: 'ratioToNative', value: rowsPerSecond / native.rowsPerSecond },
            { stage, metric: 'ratioToNativeFromCommand', value: rowsPerSecondFromCommand / native.rowsPerSecondFromCommand },
          ] as const)),
      ...usageMeasurements(result),
    ];
  });
}

/** Of the workload seed. Ratios are to the median of dumps, and to the reading on the same line. */
export function seedMeasurements(results: readonly StageResult[]): Measurement[] {
  const rate = ({ timing }: StageResult): number => rates(timing).rowsPerSecondFromCommand;
  const medianOf = (stage: Stage): number => median(results.filter((result) => result.stage === stage).map(rate));
  const ratioOf = (result: StageResult): Partial<Record<Metric, number>> => {
    const other = ratioOfStage[result.stage];
    return other ? { [other.metric]: rate(result) / medianOf(other.stage) } : {};
  };
  return results.flatMap((result) => {
    const { stage, usage, more = {} } = result;
    const rss = {
      ...(usage.capture && { captureRssBytes: usage.capture.rssBytes }),
      ...(usage.loader && { loaderRssBytes: usage.loader.rssBytes }),
    };
    const values = { rowsPerSecondFromCommand: rate(result), ...ratioOf(result), ...rss, ...more };
    return Object.entries(values).map(([metric, value]): Measurement => ({ stage, metric: metric as Metric, value }));
  });
}

/** Of the workload files. Ratios are to the medians of the tools on the same tree. */
export function fileMeasurements(results: readonly StageResult[]): Measurement[] {
  const rate = ({ timing }: StageResult): number => rates(timing).rowsPerSecondFromCommand;
  return results.flatMap((result) => {
    const { stage, usage, more = {} } = result;
    const ratios = (['Rsync', 'Aria2'] as const).flatMap((tool) => {
      const others = results.filter((other) => other.stage === `${stage}${tool}`).map(rate);
      return others.length > 0 ? [[`ratioTo${tool}`, rate(result) / median(others)] as const] : [];
    });
    const rss = (['capture', 'loader', 'filesSource', 'filesTarget', 'aria2'] as const).flatMap((name) =>
      usage[name] ? [[`${name}RssBytes`, usage[name].rssBytes] as const] : [],
    );
    const [cpu] = usageMeasurements(result);
    const values: Partial<Record<Metric, number>> = {
      filesPerSecond: rate(result),
      ...more,
      ...Object.fromEntries([...ratios, ...rss]),
      cpuMicrosPerRow: cpu?.value ?? 0,
    };
    return Object.entries(values).map(([metric, value]): Measurement => ({ stage, metric: metric as Metric, value }));
  });
}

const ratioOfStage: Readonly<Partial<Record<Stage, { readonly metric: Metric; readonly stage: Stage }>>> = {
  seed: { metric: 'ratioToDump', stage: 'dump' },
  seedWithWriters: { metric: 'ratioToDump', stage: 'dump' },
  verify: { metric: 'ratioToReading', stage: 'reading' },
  verifyDamaged: { metric: 'ratioToReading', stage: 'reading' },
  verifyLoopback: { metric: 'ratioToReading', stage: 'readingLoopback' },
};
