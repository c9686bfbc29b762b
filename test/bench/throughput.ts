/**
 * bulk and oltp: how fast a backlog is worked off. The backlog is written first; then MySQL's own replication, mysqlbinlog, capture alone
 * and the loader alone take it one after the other; then an equal backlog in a second database is taken by capture and loader at once, and
 * by MySQL's own replication again.
 */
import type { Log } from '../harness/index.js';
import { type Backlog, insertEntries } from './backlogs.js';
import type { Bench } from './bench-stack.js';

import type { Stage } from './figures.js';
import { timeMysqlbinlog } from './mysqlbinlog.js';
import { sampleUntil, timingOf } from './samples.js';
import type { StageResult } from './stage-result.js';
import { catchUp, measured, settle } from './stage.js';
import { loadAverage } from './settings.js';

/** Source transactions (before, up to]. */
interface Written {
  readonly before: number;
  readonly upTo: number;
  readonly rows: number;
  readonly rowsPerTransaction: number;
}

export function databasesOf({ name }: Pick<Backlog, 'name'>): [string, string] {
  return [`${name}_1`, `${name}_2`];
}

/** Both ways have everything, and stand still, before and afterwards. */
export async function measureThroughput(bench: Bench, backlog: Backlog, log: Log): Promise<StageResult[]> {
  const [first, second] = databasesOf(backlog);
  const results: StageResult[] = [];
  const keep = (result: StageResult | undefined): void => {
    if (!result) return;
    results.push(result);
    const seconds = (result.timing.last - result.timing.begin) / 1000;
    log(`${backlog.name}, ${result.stage}: ${result.timing.rows} rows in ${seconds.toFixed(1)} s (load average ${loadAverage()})`);
  };
  log(`${backlog.name}: ${backlog.what}; ${backlog.preloaded} rows are replicated first`);
  await bench.run();
  for (const database of [first, second]) {
    await insertEntries(bench.stack.connection('a'), database, { first: 1, count: backlog.preloaded });
  }
  await settle(bench);

  const binlog = await bench.nextBinlog();
  const one = await write(bench, { backlog, database: first, log });
  keep(await native(bench, one));
  keep(await mysqlbinlog(bench, { binlog, rows: one.rows }));
  keep(await capture(bench, one));
  keep(await loader(bench, { written: one, stage: 'loader' }));
  await bench.quiet();

  const two = await write(bench, { backlog, database: second, log });
  keep(await loader(bench, { written: two, stage: 'endToEnd' }));
  await bench.quiet();
  keep(await native(bench, two));
  return results;
}

async function write(
  bench: Bench,
  { backlog, database, log }: { readonly backlog: Backlog; readonly database: string; readonly log: Log },
): Promise<Written> {
  const { rowsPerTransaction, transactions } = backlog;
  const before = await bench.committed();
  const begin = performance.now();
  await backlog.write(bench.stack.connection('a'), database);
  const upTo = await bench.committed();
  if (upTo - before !== transactions) throw new Error(`${upTo - before} transactions were written instead of ${transactions}`);
  log(`${backlog.name}: the backlog is written in ${database} (${((performance.now() - begin) / 1000).toFixed(1)} s)`);
  return { before, upTo, rows: transactions * rowsPerTransaction, rowsPerTransaction };
}

async function native(bench: Bench, written: Written): Promise<StageResult> {
  return measured(bench, 'native', async () => {
    const watched = await catchUp(bench, written.upTo);
    return timingOf(watched, written.rows, (count) => Math.max(0, count - written.before) * written.rowsPerTransaction);
  });
}

async function mysqlbinlog(bench: Bench, { binlog, rows }: { readonly binlog: string; readonly rows: number }) {
  const result = await timeMysqlbinlog(bench.stack.mysql.a, { from: binlog, rows });
  return result && { stage: 'mysqlbinlog' as const, timing: result.timing, usage: { mysqlbinlog: result.usage } };
}

/** A paused channel captures, and its loaders wait. */
async function capture(bench: Bench, { rows }: Written): Promise<StageResult> {
  const { stack, topic } = bench;
  const base = await topic.end();
  return measured(bench, 'capture', async (done) => {
    const samples = await sampleUntil({
      command: () => stack.api.channelAction(stack.channel, 'pause'),
      read: () => topic.end(),
      reached: (end) => end >= base + rows,
      settledMs: 500, // a few records are none of rows: what is missing must come before it stands still
      verify: () => bench.verify(),
    });
    await done();
    const found = await topic.rowsBetween(base, await topic.end());
    if (found.rows !== rows) throw new Error(`capture wrote ${found.rows} rows instead of ${rows}`);
    return timingOf(samples, rows, (end) => (end > found.last ? rows : Math.max(0, end - found.first)));
  });
}

/** Of what the topic holds (loader), or of what capture brings meanwhile (endToEnd). */
async function loader(bench: Bench, { written, stage }: { readonly written: Written; readonly stage: Stage }): Promise<StageResult> {
  const { stack } = bench;
  return measured(bench, stage, async () => {
    const watched = await sampleUntil({
      command: () => stack.api.channelAction(stack.channel, 'start'),
      read: () => bench.applied(),
      reached: (count) => count >= written.upTo,
      verify: () => bench.verify(),
    });
    return timingOf(watched, written.rows, (count) => Math.max(0, count - written.before) * written.rowsPerTransaction);
  });
}
