/** The command line of `npm run bench`. */
import { readChoice, readNumber, readWords } from '../harness/command-line.js';
import { replicatedWorkloads, type WorkloadName, workloadNames } from './figures.js';

export interface BenchOptions {
  readonly workloads: readonly WorkloadName[];
  readonly mysql: '8.0' | '9.7';
  /** 1: 300,000 rows, 50,000 transactions, 60 s; seed: a million rows, and 5 million that are verified; files: 3 × 20,000, 4 × 1 GiB. */
  readonly scale: number;
  readonly repeat: number;
  /** Where to write the figures. */
  readonly json: string | undefined;
  /** Where captures and loaders leave CPU profiles. */
  readonly profile: string | undefined;
  /** Both ways, with what looking for conflicts costs. */
  readonly twoWay: boolean;
  /** The table has a unique key over text. */
  readonly textKey: boolean;
  readonly help: boolean;
}

export const usage = `usage: npm run bench [-- options]

Measures Lutra one way, hangzhou → california, on free ports of 127.0.0.1, and MySQL's own replication beside it: the same rows, the same
durable settings, one after the other. Compares every row afterwards. Exit code 0: all equal. See docs/06-bench.md.

  --workload W   bulk, oltp, latency, seed, files or codec (default: the first three)
  --mysql V      8.0 or 9.7 (default 9.7), all three servers
  --scale S      of the amounts of rows and of the time, for small trials (default 1)
  --repeat N     how often; the value is then the median (default 1)
  --two-way      the channel goes both ways, so that the loader looks for conflicts; writes are still at hangzhou only
  --text-key     the table has a unique key over a VARCHAR, each row another value
  --json FILE    write the figures there: [{workload, stage, metric, value, min, max, unit}]
  --profile DIR  let the apps write CPU profiles there (they are slower then)
  --help         print this`;

/** @throws UsageError */
export function readOptions(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const;
  const values = readWords(args, {
    workload: text,
    mysql: text,
    scale: text,
    repeat: text,
    json: text,
    profile: text,
    'two-way': { type: 'boolean' },
    'text-key': { type: 'boolean' },
    help: { type: 'boolean', short: 'h' },
  });
  const workload = readChoice('workload', values.workload, workloadNames);
  return {
    workloads: workload ? [workload] : replicatedWorkloads,
    mysql: readChoice('mysql', values.mysql, ['8.0', '9.7']) ?? '9.7',
    scale: readNumber('scale', values.scale, { least: 0.001, most: 100, fraction: true }) ?? 1,
    repeat: readNumber('repeat', values.repeat, { least: 1, most: 100 }) ?? 1,
    json: values.json,
    profile: values.profile,
    twoWay: values['two-way'] ?? false,
    textKey: values['text-key'] ?? false,
    help: values.help ?? false,
  };
}
