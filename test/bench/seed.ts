/**
 * seed: how fast rows that are there are copied, beside mysqldump piped into mysql and CLONE; then again while applications write, with the
 * lag of their changes. After that verify.ts, on a stack of its own.
 */
import { clone, dumpAndLoad, whole } from './dump.js';
import { percentile, type Stage, type Timing } from './figures.js';
import { ProcessMeter } from './process-meter.js';
import { live, quiet, type SeedBench, written } from './seed-bench.js';
import { whileWriting } from './seed-writers.js';
import { loadAverage } from './settings.js';
import type { StageResult } from './stage-result.js';

export async function measureSeed(bench: SeedBench): Promise<{ readonly results: readonly StageResult[]; readonly comparedRows: number }> {
  const { stack, dumped, options } = bench;
  const { a } = stack.mysql;
  const results: StageResult[] = [];
  const keep = (result: StageResult): void => {
    results.push(result);
    options.log(`seed, ${lineOf(result)}`);
  };
  const rows = await bench.fill(quiet);
  options.log(`seed: ${rows} rows in two tables of sysbench and a shop`);
  const dump = async (): Promise<void> =>
    keep(await measured(bench, 'dump', () => dumpAndLoad({ from: a, to: dumped, database: quiet, rows })));
  await dump();
  const cloned = await clone({ from: a, rows });
  if (cloned) keep({ stage: 'clone', timing: cloned, usage: {} });
  keep(await measured(bench, 'seed', () => timed(rows, bench.seed(quiet))));
  await dump();
  const more = await bench.fill(written);
  keep(await seedWithWriters(bench, more));
  await stack.drain();
  return { results, comparedRows: await compared(bench) };
}

/** @throws where any row differs */
async function compared(bench: SeedBench): Promise<number> {
  const { stack, dumped } = bench;
  const { b } = stack.mysql;
  let all = 0;
  for (const [server, database] of [
    [b, quiet],
    [dumped, quiet],
    [b, written],
  ] as const) {
    const { differences, rows } = await bench.compare(server, database);
    if (differences.length > 0) throw new Error(`${server.name}, ${database}: not equal: ${JSON.stringify(differences.slice(0, 5))}`);
    all += rows;
  }
  return all;
}

async function seedWithWriters(bench: SeedBench, rows: number): Promise<StageResult> {
  const { stack, options } = bench;
  let latencies: readonly number[] = [];
  const result = await measured(bench, 'seedWithWriters', async () => {
    const { promise: begun, resolve, reject } = Promise.withResolvers<void>();
    const seeding = timed(rows, bench.seed(written, resolve));
    seeding.catch(reject);
    await begun;
    const of = { from: stack.connection('a'), to: stack.connection('b'), database: written, heartbeat: `${live}.heartbeat` };
    const { transactions, latenciesMs } = await whileWriting(of, seeding);
    latencies = latenciesMs;
    options.log(`seed: ${transactions} transactions were written meanwhile`);
    return seeding;
  });
  const at = (percent: number): number => percentile(latencies, percent);
  return { ...result, more: { latencyP50Ms: at(50), latencyP95Ms: at(95), latencyP99Ms: at(99), latencyMaxMs: at(100) } };
}

async function timed(rows: number, work: Promise<unknown>): Promise<Timing> {
  const begin = performance.now();
  await work;
  return whole(rows, begin);
}

async function measured({ pids }: Pick<SeedBench, 'pids'>, stage: Stage, work: () => Promise<Timing>): Promise<StageResult> {
  const meter = await ProcessMeter.begin(pids);
  const timing = await work();
  const { capture, loader, ...servers } = await meter.read();
  return { stage, timing, usage: stage === 'dump' ? servers : { capture, loader, ...servers } };
}

export function lineOf({ stage, timing: { rows, begin, last } }: StageResult): string {
  const seconds = (last - begin) / 1000;
  return `${stage}: ${rows} rows in ${seconds.toFixed(1)} s (load average ${loadAverage()})`;
}
