/**
 * ZooKeeper loses everything while both sides write. With a backup the tree is whole again, and captures and loaders go on from log and
 * checkpoint by themselves. The new ZooKeeper's lease numbers begin low: epochs go on from the log and the rows all the same.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { newPipelineUid } from '@lutra/model';
import type { ChannelDocument } from '@lutra/model';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { expectEqual, openShopOn, seedOf } from '../scenarios/shop-stack.js';
import { ApiError, differencesFromWritten, lutraPassword, readTopic, sides, startStack, startWorkload } from '../harness/index.js';
import type { Stack, Workload } from '../harness/index.js';
import { isClaim, logLines } from './log-lines.js';

const boundMs = 90_000;
const seed = seedOf();

let stack: Stack;
let workloads: Workload[];

beforeAll(async () => {
  // Apps that saw more than a new ZooKeeper knows come back to it after five sessions' time.
  stack = await startStack({ environment: { LUTRA_SESSION_MS: '2000' } });
  await raiseLeaseNumbers();
  await openShopOn(stack);
  workloads = sides.map((side) => startWorkload({ side, connection: stack.connection(side), seed, writers: 2, transactionsPerSecond: 10 }));
  await stack.drain();
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

it(`goes on from a backup by itself, seed ${seed}`, { timeout: 240_000 }, async () => {
  onTestFailed(keepLogs);
  const exported = await stack.api.request<object>('GET', '/api/v1/backup');
  const before = await epochs();
  const lostAt = Date.now();
  await stack.zooKeeper.loseData();
  await stack.zooKeeper.start();
  await imported(exported);
  await stack.waitUntilRunning(boundMs);
  await stack.drain(boundMs);
  const after = await epochs(lostAt);
  for (const [name, { epoch }] of Object.entries(before)) {
    expect(after[name]?.lease, `lease of ${name}`).toBeLessThan(epoch);
    expect(after[name]?.epoch, `epoch of ${name}`).toBeGreaterThan(epoch);
  }
});

it('goes on without a backup when its documents are written again, while the apps live', { timeout: 240_000 }, async () => {
  onTestFailed(keepLogs);
  const { api } = stack;
  const list = (kind: string): Promise<readonly object[]> => api.request('GET', `/api/v1/${kind}`);
  const [regions, endpoints] = [await list('regions'), await list('endpoints')];
  const channels = await api.request<readonly ChannelDocument[]>('GET', '/api/v1/channels');
  await stack.zooKeeper.loseData();
  await stack.zooKeeper.start();
  await stack.control.waitReady(boundMs);
  // The apps work on meanwhile. Whoever writes the documents again says that this is the tree, and with that all work ends.
  await api.request('POST', '/api/v1/revision/adopt', { reason: 'there is no export', accept: true });
  for (const region of regions) await api.request('POST', '/api/v1/regions', region);
  for (const endpoint of endpoints) await api.request('POST', '/api/v1/endpoints', { ...endpoint, password: lutraPassword });
  for (const channel of channels) {
    const pipelines = channel.pipelines.map(({ uid: adopt, ...pipeline }) => ({ ...pipeline, adopt }));
    await api.request('POST', '/api/v1/channels', { ...channel, pipelines, state: undefined, attempt: undefined });
  }
  await untilCaptured(() => stack.startChannel(boundMs));
  await stack.drain(boundMs);
});

it('goes on when all apps are started again', { timeout: 240_000 }, async () => {
  onTestFailed(keepLogs);
  await Promise.all(stack.apps.map((app) => app.kill()));
  await Promise.all(stack.apps.map((app) => app.start()));
  for (const app of stack.apps) await app.waitReady();
  await stack.waitUntilRunning(boundMs);
  await stack.drain(boundMs);
});

it('ends with both sides equal and each row once', { timeout: 240_000 }, async () => {
  onTestFailed(keepLogs);
  const written = await Promise.all(workloads.map((workload) => workload.stop()));
  await stack.drain();
  await expectEqual(stack);
  for (const [index, side] of sides.entries()) {
    const report = await readTopic(stack, side);
    expect(report.holes).toEqual([]);
    const totals = written[index];
    expect(totals && differencesFromWritten(report, [totals])).toEqual([]);
  }
});

/** Refused with 503 until control has a session again, and for the level until each app has joined. A second time changes nothing. */
async function imported(document: object): Promise<void> {
  const deadline = Date.now() + boundMs;
  const post = (): Promise<{ written: number; kept: number }> => stack.api.request('POST', '/api/v1/restore', document);
  for (;;) {
    try {
      const first = await post();
      const second = await post();
      expect(first.written).toBeGreaterThan(0);
      expect(second).toEqual({ written: 0, kept: first.written + first.kept });
      return;
    } catch (error) {
      const passes = error instanceof ApiError && (error.status === 503 || /cannot be shown to know it/.test(error.message));
      if (!passes || Date.now() > deadline) throw error;
      await sleep(300);
    }
  }
}

/** The captures may not have met the new tree yet: until they have, they read their servers under the ids of the endpoints. */
async function untilCaptured(start: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + boundMs;
  for (;;) {
    try {
      return await start();
    } catch (error) {
      const isHeld = error instanceof ApiError && /another live endpoint of Lutra reads this server/.test(error.message);
      if (!isHeld || Date.now() > deadline) throw error;
      await sleep(300);
    }
  }
}

interface Leadership {
  readonly lease: number;
  readonly epoch: number;
}

/** The last one of each capture and loader. */
async function epochs(since = 0): Promise<Record<string, Leadership>> {
  const workers = stack.apps.filter(({ app }) => app !== 'control');
  const entries = await Promise.all(
    workers.map(async (app) => {
      const lines = await logLines(app, since);
      const lease = lines.findLast(({ msg }) => msg === 'lease granted')?.number ?? NaN;
      return [app.name, { lease, epoch: lines.findLast(isClaim)?.epoch ?? NaN }] as const;
    }),
  );
  return Object.fromEntries(entries);
}

/** As after months of work: a new ZooKeeper counts from 1 again. */
async function raiseLeaseNumbers(): Promise<void> {
  const registry = new Registry({ connect: stack.zooKeeper.connect, root: '/months', logger: createLogger('months', 'silent') });
  await registry.start(AbortSignal.timeout(30_000));
  const facts = { channel: 'month', pipeline: 'p', source: 'a', target: 'b', fingerprint: 'f' };
  for (let at = 0; at < 3000; at += 100) await Promise.all(Array.from({ length: 100 }, () => registry.uids.begin(newPipelineUid(), facts)));
  await registry.stop();
}

async function keepLogs(): Promise<void> {
  console.error(await stack.report(), await stack.saveLogs());
}
