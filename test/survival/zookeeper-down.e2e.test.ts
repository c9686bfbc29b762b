/**
 * ZooKeeper is down for long while both sides write: rows go on flowing both ways, nobody takes anything over, memory does not grow, and
 * when it is back everything goes on without a restart. LUTRA_OUTAGE_SECONDS says for how long (default 20).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { expectEqual, openShop, seedOf } from '../scenarios/shop-stack.js';
import { differencesFromWritten, readTopic, shopTables, sides, startWorkload } from '../harness/index.js';
import type { AppProcess, Stack, Workload } from '../harness/index.js';
import { isClaim, logLines } from './log-lines.js';

const outageSeconds = Number(process.env['LUTRA_OUTAGE_SECONDS'] ?? 20);
/** What a process may need more at the end of the outage than soon after its beginning. */
const growthBytes = 40 * 1024 * 1024;
/** All of the shop but the one for large transactions. */
const tablesOfTheMix = shopTables.length - 1;
const seed = seedOf();

let stack: Stack;

beforeAll(async () => {
  stack = await openShop({ standbys: true });
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

const restMs = 240_000;
it(`data flows for ${outageSeconds} s without ZooKeeper, seed ${seed}`, { timeout: outageSeconds * 1000 + restMs }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  const workloads = sides.map((side) =>
    startWorkload({ side, connection: stack.connection(side), seed, writers: 2, transactionsPerSecond: 40 }),
  );
  const pids = stack.apps.map(({ pid }) => pid);
  await everyTableWritten(workloads);
  await stack.drain();

  await stack.zooKeeper.kill();
  const downAt = Date.now();
  const memory = await outage(workloads, downAt);
  expect(await claimsSince(downAt), 'nobody takes over').toEqual([]);
  for (const { name, before, after } of memory) expect(after - before, `memory of ${name}`).toBeLessThan(growthBytes);

  await stack.zooKeeper.restart();
  for (const app of stack.apps) await app.waitReady();
  await stack.waitUntilRunning();
  await wholeStatus();
  await stack.drain(); // under load: what is written after the return arrives too
  const written = await Promise.all(workloads.map((workload) => workload.stop()));
  await stack.drain();
  await expectEqual(stack);
  for (const [index, side] of sides.entries()) {
    const report = await readTopic(stack, side);
    expect(report.holes).toEqual([]);
    const totals = written[index];
    expect(totals && differencesFromWritten(report, [totals])).toEqual([]);
  }
  expect(
    stack.apps.map(({ pid }) => pid),
    'no process ended',
  ).toEqual(pids);
  const claims = await claimsSince(downAt);
  console.log(`ZooKeeper was down for ${outageSeconds} s; take-overs after its return: ${claims.length}`);
  // A server that comes back with its data takes the sessions up again: whoever worked goes on.
  expect(claims).toEqual([]);
});

interface Memory {
  readonly name: string;
  readonly before: number;
  readonly after: number;
}

/** Until the time is up: probe after probe arrives on the other side. */
async function outage(workloads: readonly Workload[], downAt: number): Promise<readonly Memory[]> {
  const endAt = downAt + outageSeconds * 1000;
  const before = new Map<string, number>();
  let arrived = 0;
  while (Date.now() < endAt) {
    await stack.drain(60_000); // a probe row of each side is written now, and reaches the other side
    arrived += 1;
    // Not in the first seconds: buffers of the load have their size by then.
    if (before.size === 0 && Date.now() > downAt + Math.min(60_000, outageSeconds * 300)) {
      for (const app of stack.apps) before.set(app.name, await app.rssBytes());
    }
    await sleep(500);
  }
  expect(stack.zooKeeper.pid, 'ZooKeeper is still down').toBeUndefined();
  expect(arrived).toBeGreaterThan(2);
  for (const workload of workloads) expect(workload.failure).toBeUndefined();
  const memory = await Promise.all(stack.apps.map((app) => memoryOf(app, before.get(app.name) ?? 0)));
  const mega = (bytes: number): string => `${Math.round(bytes / 1024 / 1024)} MB`;
  console.log(`${arrived} probes of each side arrived without ZooKeeper`);
  for (const { name, before: first, after } of memory) console.log(`${name}: ${mega(first)} → ${mega(after)}`);
  return memory;
}

/** The first row of a table that no process has ever seen needs ZooKeeper, for the id of its schema. */
async function everyTableWritten(workloads: readonly Workload[]): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!workloads.every(({ totals }) => Object.keys(totals.tables).length === tablesOfTheMix)) {
    if (Date.now() > deadline) throw new Error(`not all tables are written: ${Object.keys(workloads[0]?.totals.tables ?? {}).join()}`);
    await sleep(100);
  }
}

async function memoryOf(app: AppProcess, before: number): Promise<Memory> {
  return { name: app.name, before, after: await app.rssBytes() };
}

async function claimsSince(at: number): Promise<readonly string[]> {
  const all = await Promise.all(
    stack.apps.map(async ({ name }, index) => {
      const app = stack.apps[index];
      return app ? (await logLines(app, at)).filter(isClaim).map(({ msg }) => `${name}: ${msg}`) : [];
    }),
  );
  return all.flat();
}

/** Each end has one that works and one that stands by, and nobody of the time before is shown. */
async function wholeStatus(): Promise<void> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const { pipelines } = await stack.api.channelStatus(stack.channel);
    const ends = pipelines.flatMap(({ source, target }) => [source, target]);
    const shown = ends.map(({ state, standbys }) => ({ state, standbys: standbys.length }));
    if (shown.every(({ state, standbys }) => state === 'running' && standbys === 1)) return;
    if (Date.now() > deadline) expect(shown).toEqual(ends.map(() => ({ state: 'running', standbys: 1 })));
    await sleep(200);
  }
}
