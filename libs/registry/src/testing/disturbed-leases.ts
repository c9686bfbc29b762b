/** Three registries want one lease, while their connections are cut and their sessions ended at random moments. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Proxy } from '../../../../test/network/index.js';
import type { Registry } from '../index.js';
import { contenders } from '../lease-nodes.js';
import { expire, until, untilConnected } from './harness.js';
import type { Harness } from './harness.js';

const path = 'capture/orders';
const never = new AbortController().signal;

/**
 * @param rounds how often each takes the lease
 * @returns how often it was granted
 */
export async function disturbedLeases(zooKeeper: Harness, rounds: number): Promise<number> {
  /** Who holds the lease, as far as ZooKeeper can know. */
  let holder: { readonly registry: Registry; readonly session: number } | null = null;
  let last = 0;
  let granted = 0;
  const ended = new Map<Registry, number>();
  const chaos = new AbortController();
  const contend = async (registry: Registry): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const grant = await registry.lease(path).acquire(never);
      expect(holder === null || (ended.get(holder.registry) ?? 0) >= holder.session).toBe(true);
      expect(grant.number).toBeGreaterThan(last);
      last = grant.number;
      granted += 1;
      const own = { registry, session: registry.session.number };
      holder = own;
      await delay(Math.random() * 40);
      if (holder === own) holder = null;
      await grant.release();
    }
  };
  const endSession = async (registry: Registry): Promise<void> => {
    if (!registry.connected) return;
    const { number } = registry.session;
    ended.set(registry, number);
    await expire(registry, zooKeeper.server);
  };
  const disturb = async (registry: Registry, proxy: Proxy): Promise<void> => {
    while (!chaos.signal.aborted) {
      await delay(20 + Math.random() * 150);
      if (Math.random() < 0.3) await endSession(registry);
      proxy.cut();
      // Only then the next one, so that `ended` is true of the session that was ended.
      await untilSettled(registry);
    }
  };
  const proxies = await Promise.all([zooKeeper.proxy(), zooKeeper.proxy(), zooKeeper.proxy()]);
  const registries = await Promise.all(proxies.map((proxy) => zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 30_000 })));
  const disturbing = registries.map((registry, at) => disturb(registry, proxies[at] as Proxy));
  await Promise.all(registries.map(contend)).finally(() => chaos.abort());
  await Promise.all(disturbing);
  await until(async () => expect(await zooKeeper.raw((connection, root) => contenders(connection, `${root}/leases/${path}`))).toEqual([]));
  return granted;
}

/** Connected, and whatever was to be learnt about the session is learnt. */
async function untilSettled(registry: Registry): Promise<void> {
  await untilConnected(registry, false);
  await untilConnected(registry, true);
}
