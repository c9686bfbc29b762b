/**
 * latency: a steady rate of single-row transactions, and for each row the time from the answer to its COMMIT at the source until a reader
 * at the other side, which asks again and again, sees it. First with Lutra, then with MySQL's own replication.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise';
import type { Log } from '../harness/index.js';
import { insertEntries, withConnections } from './backlogs.js';
import type { Bench } from './bench-stack.js';
import { entry, tableName } from './entries.js';
import { type Measurement, percentile } from './figures.js';
import { type StageResult, usageMeasurements } from './stage-result.js';
import { measured, settle } from './stage.js';

export const latencyDatabase = 'latency';
export const transactionsPerSecond = 300;

const connections = 8;
const preloaded = 2_000;
const arrivalBoundMs = 60_000;

interface Steady {
  readonly from: ConnectionOptions;
  readonly to: ConnectionOptions;
  readonly firstId: number;
  readonly rows: number;
}

/** As measureThroughput: both ways have everything, and stand still, before and afterwards. */
export async function measureLatency(
  bench: Bench,
  { seconds, log }: { readonly seconds: number; readonly log: Log },
): Promise<StageResult[]> {
  const { stack, replica } = bench;
  const from = stack.connection('a');
  const rows = Math.ceil(seconds * transactionsPerSecond);
  log(`latency: ${transactionsPerSecond} single-row transactions/s for ${seconds} s; ${preloaded} rows are replicated first`);
  await bench.run();
  await insertEntries(from, latencyDatabase, { first: 1, count: preloaded });
  await settle(bench);

  await stack.startChannel();
  const ours = await measureStage(bench, 'endToEnd', { from, to: stack.connection('b'), firstId: preloaded + 1, rows, log });
  log(`latency, endToEnd: ${rows} rows, p50 ${percentile(ours.latenciesMs ?? [], 50).toFixed(1)} ms`);
  await settle(bench);

  await replica.run();
  const native = await measureStage(bench, 'native', { from, to: replica.at, firstId: preloaded + rows + 1, rows, log });
  log(`latency, native: ${rows} rows, p50 ${percentile(native.latenciesMs ?? [], 50).toFixed(1)} ms`);
  await stack.startChannel();
  await settle(bench);
  return [ours, native];
}

export function latencyMeasurements(results: readonly StageResult[]): Measurement[] {
  return results.flatMap((result) => {
    const { stage, latenciesMs = [] } = result;
    return [
      ...usageMeasurements(result),
      { stage, metric: 'latencyP50Ms', value: percentile(latenciesMs, 50) },
      { stage, metric: 'latencyP95Ms', value: percentile(latenciesMs, 95) },
      { stage, metric: 'latencyP99Ms', value: percentile(latenciesMs, 99) },
      { stage, metric: 'latencyMaxMs', value: percentile(latenciesMs, 100) },
    ];
  });
}

async function measureStage(
  bench: Bench,
  stage: 'endToEnd' | 'native',
  { log, ...steady }: Steady & { readonly log: Log },
): Promise<StageResult> {
  let latenciesMs: number[] = [];
  const result = await measured(bench, stage, async () => {
    const begin = performance.now();
    latenciesMs = await latencies(steady, log);
    return { rows: steady.rows, begin, first: { at: begin, rows: 0 }, last: performance.now() };
  });
  return { ...result, latenciesMs };
}

/** Milliseconds, by row. A row that is seen before the writer's answer has come counts as 0. */
async function latencies(steady: Steady, log: Log): Promise<number[]> {
  const committed: number[] = [];
  const watching = sightings(steady);
  watching.catch(() => undefined); // the writers end first
  const begin = performance.now();
  await writeSteadily(steady, committed);
  // Less than was wanted where the source itself is too slow: then the figures are of this rate.
  log(`latency: written at ${((1000 * steady.rows) / (performance.now() - begin)).toFixed(0)} transactions/s`);
  const seen = await watching;
  return committed.map((at, index) => Math.max(0, (seen[index] ?? Infinity) - at));
}

/** A transaction is due every so often, whatever became of those before it. */
async function writeSteadily({ from, firstId, rows }: Steady, committed: number[]): Promise<void> {
  const begin = performance.now();
  let next = 0;
  await withConnections(from, { database: latencyDatabase, count: connections }, async (connection) => {
    while (next < rows) {
      const index = next++;
      const wait = begin + (1000 * index) / transactionsPerSecond - performance.now();
      if (wait > 0) await sleep(wait);
      await connection.query(`INSERT INTO ${tableName} VALUES ?`, [[entry(firstId + index)]]);
      committed[index] = performance.now();
    }
  });
}

/**
 * When each row was seen. Asks for what lies behind the rows that are there without a gap: commits of several connections need not come in
 * order of id.
 */
async function sightings({ to, firstId, rows }: Steady): Promise<number[]> {
  const connection = await createConnection({ ...to, database: latencyDatabase });
  const seen: number[] = [];
  let low = 0;
  let last = performance.now();
  try {
    while (low < rows) {
      const [found] = await connection.query<RowDataPacket[]>(`SELECT id FROM ${tableName} WHERE id >= ?`, [firstId + low]);
      const now = performance.now();
      for (const row of found) seen[Number(row['id']) - firstId] ??= now;
      if (found.length > 0) last = now;
      while (seen[low] !== undefined) low += 1;
      if (now - last > arrivalBoundMs) throw new Error(`row ${low + 1} of ${rows} did not arrive within ${arrivalBoundMs / 1000} s`);
    }
    return seen;
  } finally {
    connection.destroy();
  }
}
