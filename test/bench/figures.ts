/** What a run measures, in words that stay: the shape of `--json`. Pure. */
export const replicatedWorkloads = ['bulk', 'oltp', 'latency'] as const;
export type ReplicatedWorkload = (typeof replicatedWorkloads)[number];
export const workloadNames = [...replicatedWorkloads, 'seed', 'files', 'codec'] as const;
export type WorkloadName = (typeof workloadNames)[number];

/** Of the workload seed. */
export const seedStages = [
  'dump',
  'clone',
  'seed',
  'seedWithWriters',
  'readingLoopback',
  'verifyLoopback',
  'reading',
  'verify',
  'verifyDamaged',
] as const;

/** Of the workload codec. */
export const codecStages = ['encode', 'encodeUpdates', 'decode', 'decodeUpdates'] as const;

/** Of the workload files: each tree by Lutra, and by other tools. */
export const fileTrees = ['small', 'smallFar', 'tiny', 'large'] as const;
export type FileTree = (typeof fileTrees)[number];
export const fileTools = ['Rsync', 'Aria2', 'Tar'] as const;
export type FileTool = (typeof fileTools)[number];
export type FileStage = FileTree | `${FileTree}${FileTool}`;
export const fileStages = fileTrees.flatMap((tree): readonly FileStage[] => [
  tree,
  ...fileTools.map((tool): FileStage => `${tree}${tool}`),
]);

export function ofFileStages<T>(value: T): Readonly<Record<FileStage, T>> {
  return Object.fromEntries(fileStages.map((stage) => [stage, value])) as Record<FileStage, T>;
}

export const stages = ['capture', 'loader', 'endToEnd', 'native', 'mysqlbinlog', ...seedStages, ...codecStages, ...fileStages] as const;
export type Stage = (typeof stages)[number];

/** Unit of each metric. */
export const metrics = {
  /** From the first rows that were seen done to the last one; codec: of CPU time. */
  rowsPerSecond: 'rows/s',
  /** From the command that starts the stage to the last row: with its start. */
  rowsPerSecondFromCommand: 'rows/s',
  /** rowsPerSecond over that of MySQL's own replication in the same run. */
  ratioToNative: 'ratio',
  ratioToNativeFromCommand: 'ratio',
  /** User and system time: of capture and loader, of the replica's mysqld (native), of mysqlbinlog. */
  cpuMicrosPerRow: 'µs/row',
  /** Peak of the stage; endToEnd: of capture and of the loader, added. */
  rssBytes: 'bytes',
  /** rowsPerSecondFromCommand of seed over that of mysqldump piped into mysql. */
  ratioToDump: 'ratio',
  /** Time of reading the rows over time of verifying them, on the same line. */
  ratioToReading: 'ratio',
  /** Bytes that a verification exchanges with the source, over those of its rows. */
  sentToRows: 'ratio',
  /** Of files: until their rows are visible. */
  filesPerSecond: 'files/s',
  megabytesPerSecond: 'MB/s',
  /** filesPerSecond over that of `rsync --whole-file --fsync` through its daemon, and of plain aria2c, in the same run. */
  ratioToRsync: 'ratio',
  ratioToAria2: 'ratio',
  captureRssBytes: 'bytes',
  loaderRssBytes: 'bytes',
  /** Of the files app at the source, and at the target; of its aria2. */
  filesSourceRssBytes: 'bytes',
  filesTargetRssBytes: 'bytes',
  aria2RssBytes: 'bytes',
  latencyP50Ms: 'ms',
  latencyP95Ms: 'ms',
  latencyP99Ms: 'ms',
  latencyMaxMs: 'ms',
} as const;
export type Metric = keyof typeof metrics;

/** One metric in one repetition. */
export interface Measurement {
  readonly stage: Stage;
  readonly metric: Metric;
  readonly value: number;
}

/** The median over all measurements, with the least and the greatest. */
export interface Figure extends Measurement {
  readonly workload: WorkloadName;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}

export function summarise(workload: WorkloadName, measurements: readonly Measurement[]): Figure[] {
  return stages.flatMap((stage) =>
    (Object.keys(metrics) as Metric[]).flatMap((metric) => {
      const values = measurements.filter((one) => one.stage === stage && one.metric === metric).map(({ value }) => value);
      if (values.length === 0) return [];
      const [value, min, max] = [median(values), Math.min(...values), Math.max(...values)];
      return [{ workload, stage, metric, value, min, max, unit: metrics[metric] }];
    }),
  );
}

/** Of two in the middle: their mean. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return low === undefined || high === undefined ? Number.NaN : (low + high) / 2;
}

/** Nearest rank. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** How a stage went, by one clock. */
export interface Timing {
  readonly rows: number;
  /** The command. */
  readonly begin: number;
  /** When the first progress was seen, and how many rows that were. */
  readonly first: { readonly at: number; readonly rows: number };
  /** When the last row was seen done. */
  readonly last: number;
}

export function rates({ rows, begin, first, last }: Timing): Record<'rowsPerSecond' | 'rowsPerSecondFromCommand', number> {
  const fromCommand = (1000 * rows) / (last - begin);
  // All at once: nothing lies between the first and the last.
  return {
    rowsPerSecond: first.rows < rows ? (1000 * (rows - first.rows)) / (last - first.at) : fromCommand,
    rowsPerSecondFromCommand: fromCommand,
  };
}
