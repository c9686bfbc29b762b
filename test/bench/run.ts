/** A bench from start to end: each repetition on servers of its own, all rows compared after each workload. */
import { compareDatabases, type Difference, type Log } from '../harness/index.js';
import { type Backlog, bulk, oltp } from './backlogs.js';
import { Bench } from './bench-stack.js';
import { measureCodec } from './codec.js';
import { measureFiles } from './files.js';
import { FilesBench } from './files-bench.js';
import { type Figure, type Measurement, type ReplicatedWorkload, replicatedWorkloads, summarise, type WorkloadName } from './figures.js';
import { latencyDatabase, latencyMeasurements, measureLatency } from './latency.js';
import { reportLines } from './report.js';
import { measureSeed } from './seed.js';
import { SeedBench } from './seed-bench.js';
import { serverSettings } from './settings.js';
import { fileMeasurements, seedMeasurements, type StageResult, throughputMeasurements } from './stage-result.js';
import { databasesOf, measureThroughput } from './throughput.js';
import { VerifyBench } from './verify.js';

export interface RunOptions {
  readonly workloads: readonly WorkloadName[];
  readonly mysql: '8.0' | '9.7';
  readonly scale: number;
  readonly repeat: number;
  readonly profile?: string | undefined;
  readonly twoWay?: boolean;
  readonly textKey?: boolean;
  readonly log: Log;
}

export interface BenchReport {
  /** The same rows everywhere, after every workload. */
  readonly equal: boolean;
  readonly figures: readonly Figure[];
  /** For people. */
  readonly lines: readonly string[];
}

const latencySeconds = 60;

type AnyBench = Bench | SeedBench | VerifyBench | FilesBench;

export class BenchRun {
  readonly #options: RunOptions;
  readonly #results = new Map<WorkloadName, StageResult[]>();
  readonly #measurements = new Map<WorkloadName, Measurement[]>();
  readonly #differences: string[] = [];
  #settings: readonly string[] = [];
  #bench: AnyBench | undefined;
  #comparedRows = 0;

  constructor(options: RunOptions) {
    this.#options = options;
  }

  async run(): Promise<BenchReport> {
    const { workloads, repeat, log } = this.#options;
    const replicated = replicatedWorkloads.filter((name) => workloads.includes(name));
    for (let repetition = 1; repetition <= repeat; repetition++) {
      if (repeat > 1) log(`repetition ${repetition} of ${repeat}`);
      if (replicated.length > 0) await this.#replicate(replicated);
      if (workloads.includes('seed')) await this.#seed();
      if (workloads.includes('files')) await this.#files();
      if (workloads.includes('codec')) this.#keep('codec', [], await measureCodec(this.#options));
    }
    return this.#report();
  }

  async #replicate(workloads: readonly ReplicatedWorkload[]): Promise<void> {
    const { mysql, log, profile, twoWay = false, textKey = false } = this.#options;
    const databases = workloads.flatMap((name) => this.#databases(name));
    await this.#with(new Bench({ mysql, databases, log, profile, twoWay, textKey }), async (bench) => {
      this.#settings = await serverSettings(bench);
      for (const line of this.#settings) log(line);
      for (const name of workloads) await this.#measure(bench, name);
    });
  }

  /** Whatever is not equal afterwards is an error. */
  async #seed(): Promise<void> {
    const { mysql, scale, log, profile } = this.#options;
    const options = { mysql, scale, log, profile };
    const seeded = await this.#with(new SeedBench(options), async (bench) => {
      this.#settings = await bench.settings();
      for (const line of this.#settings) log(line);
      const { results, comparedRows } = await measureSeed(bench);
      this.#comparedRows += comparedRows;
      return results;
    });
    const verified = await this.#with(await VerifyBench.open(options), (bench) => bench.measure());
    this.#keep('seed', [...seeded, ...verified], seedMeasurements([...seeded, ...verified]));
  }

  async #files(): Promise<void> {
    const { mysql, scale, log, profile } = this.#options;
    await this.#with(await FilesBench.open({ mysql, scale, log, profile }), async (bench) => {
      this.#settings = await bench.settings();
      for (const line of this.#settings) log(line);
      const { results, comparedRows, differences } = await measureFiles(bench);
      this.#comparedRows += comparedRows;
      this.#differences.push(...differences);
      this.#keep('files', results, fileMeasurements(results));
    });
  }

  async #with<B extends AnyBench, T>(bench: B, work: (bench: B) => Promise<T>): Promise<T> {
    this.#bench = bench;
    try {
      await bench.start();
      return await work(bench);
    } finally {
      await bench.stop();
    }
  }

  /** Whatever is under way fails then. */
  async stop(): Promise<void> {
    await this.#bench?.stop();
  }

  async saveLogs(): Promise<string | undefined> {
    return this.#bench?.stack.saveLogs();
  }

  async #measure(bench: Bench, name: ReplicatedWorkload): Promise<void> {
    const { log, scale } = this.#options;
    const results =
      name === 'latency'
        ? await measureLatency(bench, { seconds: Math.max(1, latencySeconds * scale), log })
        : await measureThroughput(bench, this.#backlog(name), log);
    const measurements = name === 'latency' ? latencyMeasurements(results) : throughputMeasurements(results);
    this.#keep(name, results, measurements);
    await this.#compare(bench, name);
  }

  #keep(name: WorkloadName, results: readonly StageResult[], measurements: readonly Measurement[]): void {
    this.#results.set(name, [...(this.#results.get(name) ?? []), ...results]);
    this.#measurements.set(name, [...(this.#measurements.get(name) ?? []), ...measurements]);
  }

  async #compare({ stack, replica }: Bench, name: ReplicatedWorkload): Promise<void> {
    this.#options.log(`${name}: comparing every row of the target and of the replica with the source's`);
    const others = [
      ['Lutra', stack.connection('b')],
      ["MySQL's own replication", replica.at],
    ] as const;
    for (const [who, b] of others) {
      const { differences, rows } = await compareDatabases({ a: stack.connection('a'), b, databases: this.#databases(name) });
      this.#differences.push(...differences.map((difference) => `${who}: ${describe(difference)}`));
      this.#comparedRows += rows;
    }
  }

  #report(): BenchReport {
    const { workloads } = this.#options;
    const figures = workloads.flatMap((name) => summarise(name, this.#measurements.get(name) ?? []));
    const tables = workloads.flatMap((name) => {
      const own = figures.filter(({ workload }) => workload === name);
      return [`${name}: ${this.#what(name)}`, ...reportLines(name, own, this.#results.get(name) ?? []), ''];
    });
    const equal = this.#differences.length === 0;
    const verdict = equal
      ? [`equal: ${this.#comparedRows.toLocaleString('en-US')} rows compared`]
      : ['NOT EQUAL:', ...this.#differences.slice(0, 20)];
    return { equal, figures, lines: [...this.#settings, '', ...tables, 'cpu: µs/row of each process, user and system', ...verdict] };
  }

  #what(name: WorkloadName): string {
    switch (name) {
      case 'latency':
        return 'milliseconds from the answer to COMMIT to the sight of the row at the other side';
      case 'files':
        return 'files that rows name, until the rows are visible';
      case 'seed':
        return 'rows that are there are copied, and verified';
      case 'codec':
        return 'in this process, without a server';
      case 'bulk':
      case 'oltp':
        return this.#backlog(name).what;
    }
  }

  #backlog(name: 'bulk' | 'oltp'): Backlog {
    return (name === 'bulk' ? bulk : oltp)(this.#options.scale);
  }

  #databases(name: ReplicatedWorkload): readonly string[] {
    return name === 'latency' ? [latencyDatabase] : databasesOf({ name });
  }
}

function describe({ table, kind, key, columns }: Difference): string {
  return `${table}${key ? ` ${key}` : ''}: ${kind}${columns.length > 0 ? ` in ${columns.join(', ')}` : ''}`;
}
