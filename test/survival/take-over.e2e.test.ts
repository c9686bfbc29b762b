/**
 * The working capture and loader of a region are killed, frozen or cut off from ZooKeeper while both sides write: the standby takes over,
 * and what the replaced one does afterwards changes nothing. The times are printed; no test hangs on them. LUTRA_TAKE_OVERS asks for more
 * rounds.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { expectEqual, openShop, seedOf } from '../scenarios/shop-stack.js';
import { Network } from '../network/index.js';
import { differencesFromWritten, readTopic, sides, startWorkload } from '../harness/index.js';
import type { AppProcess, Side, Stack, Workload } from '../harness/index.js';
import { AppLogs } from './app-logs.js';
import { isClaim, logLines } from './log-lines.js';

const rounds = Number(process.env['LUTRA_TAKE_OVERS'] ?? 1);
const sessionMs = process.env['LUTRA_SESSION_MS'];
const boundMs = 60_000;
const seed = seedOf();

interface Role {
  readonly active: AppProcess;
  readonly standby: AppProcess;
}

let network: Network;
let stack: Stack;
let logs: AppLogs;
let workloads: Workload[];

beforeAll(async () => {
  network = await Network.open();
  // ZooKeeper's own tick, as in production: it decides when a session is over.
  const options = { network, standbys: true, zooKeeperExtra: { tickTime: '2000' } };
  stack = await openShop({ ...options, ...(sessionMs ? { environment: { LUTRA_SESSION_MS: sessionMs } } : {}) });
  logs = new AppLogs(stack.apps);
  workloads = sides.map((side) => startWorkload({ side, connection: stack.connection(side), seed, writers: 2, transactionsPerSecond: 20 }));
  const at = Date.now();
  await stack.drain();
  console.log(`rows of both sides arrive after ${((Date.now() - at) / 1000).toFixed(1)} s when nothing happens`);
}, 240_000);
afterAll(async () => {
  await stack?.stop();
  await network?.close();
}, 60_000);

const repeats = Array.from({ length: rounds }, (_, index) => index + 1);

describe.each(repeats)(`under load, seed ${seed}, round %i`, () => {
  it('the standbys of a killed capture and loader take over', { timeout: 120_000 }, async () => {
    onTestFailed(keepLogs);
    const roles = await rolesOf('a');
    const at = Date.now();
    await Promise.all(roles.map(({ active }) => active.kill()));
    await followed('kill -9', roles, at);
    for (const { active } of roles) {
      await active.start();
      await active.waitReady();
    }
  });

  it('a frozen capture and loader are replaced, and stand by when they wake', { timeout: 120_000 }, async () => {
    onTestFailed(keepLogs);
    const roles = await rolesOf('b');
    const at = Date.now();
    for (const { active } of roles) active.freeze();
    await followed('freeze', roles, at);
    const wokenAt = Date.now();
    for (const { active } of roles) active.resume();
    await gaveUp(roles, wokenAt);
  });

  it('a capture and a loader whose sessions expire while they work are fenced', { timeout: 120_000 }, async () => {
    onTestFailed(keepLogs);
    const roles = await rolesOf('a');
    const names = roles.map(({ active }) => active.name);
    const at = Date.now();
    const heal = network.disturb('zookeeper', { kind: 'cut', who: (client) => client !== undefined && names.includes(client) });
    try {
      await followed('cut from ZooKeeper', roles, at);
    } finally {
      heal();
    }
    await gaveUp(roles, at);
  });
});

it('both sides are equal, and the topics hold each row once', { timeout: 120_000 }, async () => {
  onTestFailed(keepLogs);
  const written = await Promise.all(workloads.map((workload) => workload.stop()));
  await stack.drain();
  await expectEqual(stack);
  for (const [index, side] of sides.entries()) {
    const report = await readTopic(stack, side);
    expect(report.holes).toEqual([]);
    const totals = written[index];
    expect(totals && differencesFromWritten(report, [totals])).toEqual([]);
    // Each take-over began an epoch.
    expect(report.epochs).toBeGreaterThan(rounds);
    console.log(`${report.topic}: ${report.epochs} epochs, ${report.voided} void records, ${report.transactions} transactions`);
  }
});

/** Who works and who stands by: the capture of a side, and the loader that writes to it. */
async function rolesOf(side: Side): Promise<readonly Role[]> {
  return Promise.all(
    (['capture', 'loader'] as const).map(async (name) => {
      const pair = [stack[name][side], stack.second?.[name][side]].filter((app) => app !== undefined);
      const active = await logs.active(pair);
      const standby = pair.find((app) => app !== active);
      if (!active || !standby) throw new Error(`no standby of ${name} in ${stack.regions[side]}`);
      return { active, standby };
    }),
  );
}

/** The standbys say that they took over, after the lease was granted to them; and data flows. */
async function followed(what: string, roles: readonly Role[], at: number): Promise<void> {
  await Promise.all(
    roles.map(async ({ standby }) => {
      const lines = await until(async () => {
        const since = await logLines(standby, at);
        return since.some(isClaim) ? since : undefined;
      }, `${standby.name} takes over`);
      const granted = lines.findIndex(({ msg }) => msg === 'lease granted');
      const claimed = lines.findIndex(isClaim);
      expect(granted).toBeGreaterThanOrEqual(0);
      expect(claimed).toBeGreaterThan(granted);
      const seconds = (index: number): string => (((lines[index]?.time ?? NaN) - at) / 1000).toFixed(1);
      console.log(`${what}: ${standby.name} had the lease after ${seconds(granted)} s, took over after ${seconds(claimed)} s`);
    }),
  );
  // A probe row of each side is on the other one: what was written since is there too.
  await stack.drain(boundMs);
  console.log(`${what}: rows of both sides arrive after ${((Date.now() - at) / 1000).toFixed(1)} s`);
}

/** The replaced ones learn that they are, by the lease or by the fence, and do not take it back. */
async function gaveUp(roles: readonly Role[], at: number): Promise<void> {
  for (const { active, standby } of roles) {
    const lost = await until(async () => {
      const lines = await logLines(active, at);
      return lines.find(({ msg, code }) => msg === 'lease lost' || code === 'FENCED' || code === 'LEASE_LOST');
    }, `${active.name} learns that it was replaced`);
    console.log(`${active.name}: ${lost.msg} (${lost.code ?? lost.why})`);
    await until(async () => (await logLines(active, at)).find(({ msg }) => msg === 'lease lost'), `${active.name} lost its lease`);
    expect((await logLines(active, at)).filter(isClaim)).toEqual([]);
    expect(await logs.active([active, standby])).toBe(standby);
  }
}

async function until<T>(look: () => Promise<T | undefined>, what: string): Promise<T> {
  const deadline = Date.now() + boundMs;
  while (Date.now() < deadline) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(100);
  }
  throw new Error(`in vain for ${boundMs / 1000} s: ${what}`);
}

async function keepLogs(): Promise<void> {
  console.error(await stack.report(), await stack.saveLogs());
}
