/** The table for people: a line for each stage. Pure. */
import {
  type Figure,
  fileTools,
  type FileStage,
  type FileTree,
  fileTrees,
  median,
  type Metric,
  type Stage,
  stages,
  type WorkloadName,
} from './figures.js';
import { processNames, type StageResult } from './stage-result.js';

const fileTitles: Readonly<Record<FileTree, string>> = {
  small: 'Lutra, small',
  smallFar: 'Lutra, small, 200 ms away',
  tiny: 'Lutra, tiny',
  large: 'Lutra, large',
};
const toolTitles = { Rsync: 'rsync --fsync', Aria2: 'aria2c -j16', Tar: 'tar | tar, sync' } as const;

const titles: Readonly<Record<Stage, string>> = {
  capture: 'capture (binlog → Kafka)',
  loader: 'loader (Kafka → target)',
  endToEnd: 'Lutra, end to end',
  native: "MySQL's own replication",
  mysqlbinlog: 'mysqlbinlog > /dev/null',
  dump: 'mysqldump | mysql',
  clone: 'CLONE LOCAL (files of the whole server)',
  seed: 'seed, nobody writes',
  seedWithWriters: 'seed, with writers',
  readingLoopback: 'reading the rows',
  verifyLoopback: 'verify, equal',
  reading: 'reading the rows, slow line',
  verify: 'verify, equal, slow line',
  verifyDamaged: 'verify, 20 rows differ, slow line',
  encode: 'binlog events → records, inserts',
  encodeUpdates: 'binlog events → records, updates',
  decode: 'records → SQL, inserts',
  decodeUpdates: 'records → SQL, updates',
  ...(Object.fromEntries(
    fileTrees.flatMap((tree) => [[tree, fileTitles[tree]], ...fileTools.map((tool) => [`${tree}${tool}`, `  ${toolTitles[tool]}`])]),
  ) as Record<FileStage, string>),
};

const columnsOf = (workload: WorkloadName): readonly Column[] => {
  switch (workload) {
    case 'latency':
      return latencyColumns;
    case 'seed':
      return seedColumns;
    case 'files':
      return fileColumns;
    case 'codec':
      return codecColumns;
    case 'bulk':
    case 'oltp':
      return throughputColumns;
  }
};

export function reportLines(workload: WorkloadName, figures: readonly Figure[], results: readonly StageResult[]): string[] {
  const present = stages.filter((stage) => figures.some((figure) => figure.stage === stage));
  const columns = columnsOf(workload);
  const used = processNames.filter((name) => results.some(({ usage }) => (usage[name]?.cpuMicros ?? 0) > 0));
  const head = ['', ...columns.map(([title]) => title), ...used.map((name) => `cpu ${name}`)];
  const rows = present.map((stage) => {
    const text = (metric: Metric, show: (value: number) => string): string => {
      const figure = figures.find((one) => one.stage === stage && one.metric === metric);
      if (!figure) return '–';
      const [value, min, max] = [show(figure.value), show(figure.min), show(figure.max)];
      return min === max ? value : `${value} (${min}–${max})`;
    };
    const own = results.filter((result) => result.stage === stage);
    const cpu = used.map((name) => {
      const values = own.flatMap(({ usage, timing }) => (usage[name] ? [usage[name].cpuMicros / timing.rows] : []));
      return values.length > 0 ? median(values).toFixed(1) : '–';
    });
    return [titles[stage], ...columns.map(([, metric, show]) => text(metric, show)), ...cpu];
  });
  return table([head, ...rows]);
}

type Column = readonly [string, Metric, (value: number) => string];

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');
const ratio = (value: number): string => value.toFixed(2);
const milliseconds = (value: number): string => value.toFixed(1);
const megabytes = (value: number): string => `${(value / 2 ** 20).toFixed(0)} MB`;

const throughputColumns: readonly Column[] = [
  ['rows/s', 'rowsPerSecond', whole],
  ['to native', 'ratioToNative', ratio],
  ['rows/s from command', 'rowsPerSecondFromCommand', whole],
  ['to native', 'ratioToNativeFromCommand', ratio],
  ['peak RSS', 'rssBytes', megabytes],
];

const codecColumns: readonly Column[] = [['rows/s of CPU time', 'rowsPerSecond', whole]];

const latencyColumns: readonly Column[] = [
  ['p50 ms', 'latencyP50Ms', milliseconds],
  ['p95 ms', 'latencyP95Ms', milliseconds],
  ['p99 ms', 'latencyP99Ms', milliseconds],
  ['max ms', 'latencyMaxMs', milliseconds],
  ['peak RSS', 'rssBytes', megabytes],
];

const seedColumns: readonly Column[] = [
  ['rows/s', 'rowsPerSecondFromCommand', whole],
  ['to dump', 'ratioToDump', ratio],
  ['to reading', 'ratioToReading', ratio],
  ['rows / sent', 'sentToRows', (value) => whole(1 / value)],
  ['max lag ms', 'latencyMaxMs', milliseconds],
  ['capture', 'captureRssBytes', megabytes],
  ['loader', 'loaderRssBytes', megabytes],
];

const fileColumns: readonly Column[] = [
  ['files/s', 'filesPerSecond', whole],
  ['MB/s', 'megabytesPerSecond', milliseconds],
  ['to rsync', 'ratioToRsync', ratio],
  ['to aria2c', 'ratioToAria2', ratio],
  ['capture', 'captureRssBytes', megabytes],
  ['loader', 'loaderRssBytes', megabytes],
  ['files, source', 'filesSourceRssBytes', megabytes],
  ['files, target', 'filesTargetRssBytes', megabytes],
  ['aria2', 'aria2RssBytes', megabytes],
];

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '),
  );
}
