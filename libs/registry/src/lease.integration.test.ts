/** Leases on a real ZooKeeper: who may hold one, who is next, and when a holder learns that it is no longer the holder. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { LeaseGrant, Registry } from './index.js';
import { contenders } from './lease-nodes.js';
import { disturbedLeases } from './testing/disturbed-leases.js';
import { expire, sessionTimeoutMs, until, untilAborted, untilConnected, useZooKeeper } from './testing/harness.js';
import { writtenRegions } from './testing/written-documents.js';

const zooKeeper = useZooKeeper({ own: true });
const path = 'capture/orders';
const never = new AbortController().signal;

interface Waiting {
  grant: LeaseGrant | null;
  readonly granted: Promise<LeaseGrant>;
}

function acquire(registry: Registry, signal = never): Waiting {
  const waiting: Waiting = { grant: null, granted: registry.lease(path).acquire(signal) };
  void note(waiting);
  return waiting;
}

async function note(waiting: Waiting): Promise<void> {
  waiting.grant = await waiting.granted.catch(() => null); // ended while it waited
}

const inLine = (): Promise<readonly string[]> => zooKeeper.raw((connection, root) => contenders(connection, `${root}/leases/${path}`));
const untilInLine = (count: number): Promise<unknown> => until(async () => expect(await inLine()).toHaveLength(count));

describe('a lease', () => {
  test('goes to one at a time, in the order they came, with growing numbers', async () => {
    const registries = [await zooKeeper.open(), await zooKeeper.open(), await zooKeeper.open()];
    const waiting: Waiting[] = [];
    for (const [at, registry] of registries.entries()) {
      waiting.push(acquire(registry));
      await untilInLine(at + 1);
    }
    const numbers: number[] = [];
    for (const [at, { granted }] of waiting.entries()) {
      const grant = await granted;
      numbers.push(grant.number);
      expect(waiting.slice(at + 1).map((next) => next.grant)).toEqual(waiting.slice(at + 1).map(() => null));
      await grant.release();
      await grant.release();
      expect(grant.lost.aborted).toBe(false);
    }
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
    expect(new Set(numbers).size).toBe(3);
    expect(await inLine()).toEqual([]);
  });

  test('is held by one at a time while many take and give it', async () => {
    let holders = 0;
    let last = 0;
    const contend = async (registry: Registry): Promise<void> => {
      for (let round = 0; round < 10; round += 1) {
        const grant = await registry.lease(path).acquire(never);
        holders += 1;
        expect(holders).toBe(1);
        expect(grant.number).toBeGreaterThan(last);
        last = grant.number;
        await delay(1);
        holders -= 1;
        await grant.release();
      }
    };
    const registries = await Promise.all([zooKeeper.open(), zooKeeper.open(), zooKeeper.open()]);
    // Two contenders in one process are two contenders.
    await Promise.all([...registries, ...registries].map(contend));
    expect(await inLine()).toEqual([]);
  });

  test('is not waited for any longer than told', async () => {
    const holder = await zooKeeper.open();
    const grant = await holder.lease(path).acquire(never);
    const standby = await zooKeeper.open();
    for (let round = 0; round < 20; round += 1) {
      const stop = new AbortController();
      const { granted } = acquire(standby, stop.signal);
      await untilInLine(2);
      stop.abort();
      await expect(granted).rejects.toMatchObject({ code: 'ABORTED' });
      await untilInLine(1);
    }
    await grant.release();
    const next = await standby.lease(path).acquire(never);
    expect(next.number).toBeGreaterThan(grant.number);
    await expect(standby.lease(path).acquire(AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });

  test('skips a standby that went before its turn', async () => {
    const [holder, middle, last] = [await zooKeeper.open(), await zooKeeper.open(), await zooKeeper.open()];
    const grant = await holder.lease(path).acquire(never);
    const stop = new AbortController();
    const second = acquire(middle, stop.signal);
    await untilInLine(2);
    const third = acquire(last);
    await untilInLine(3);
    stop.abort();
    await expect(second.granted).rejects.toMatchObject({ code: 'ABORTED' });
    await untilInLine(2);
    expect(third.grant).toBeNull();
    await grant.release();
    await third.granted;
  });

  test('is lost when the registry stops, before the next one gets it', async () => {
    const holder = await zooKeeper.open();
    const grant = await holder.lease(path).acquire(never);
    const next = acquire(await zooKeeper.open());
    await untilInLine(2);
    const stopped = holder.stop();
    expect(grant.lost.aborted).toBe(true);
    await stopped;
    await next.granted;
  });

  test('is lost when its node is removed', async () => {
    const holder = await zooKeeper.open();
    const grant = await holder.lease(path).acquire(never);
    const [node] = await inLine();
    await zooKeeper.raw((connection, root) => connection.remove(`${root}/leases/${path}/${node}`, -1));
    await untilAborted(grant.lost);
    expect(grant.lost.reason).toMatchObject({ code: 'LEASE_LOST' });
    await grant.release();
  });
});

describe('an expired session', () => {
  test('loses the lease; the old holder can stand in line again', async () => {
    const holder = await zooKeeper.open();
    const grant = await holder.lease(path).acquire(never);
    const next = acquire(await zooKeeper.open());
    await untilInLine(2);
    await expire(holder, zooKeeper.server);
    const second = await next.granted;
    await untilAborted(grant.lost);
    expect(grant.lost.reason).toMatchObject({ code: 'LEASE_LOST' });
    expect(second.number).toBeGreaterThan(grant.number);
    await grant.release();
    const again = acquire(holder);
    await untilInLine(2);
    await second.release();
    expect((await again.granted).number).toBeGreaterThan(second.number);
  });

  test('of a standby does not cost it its position for ever', async () => {
    const holder = await zooKeeper.open();
    const grant = await holder.lease(path).acquire(never);
    const standby = await zooKeeper.open();
    const next = acquire(standby);
    await untilInLine(2);
    const [, before] = await inLine();
    await expire(standby, zooKeeper.server);
    await until(async () => expect((await inLine()).filter((name) => name !== before)).toHaveLength(2));
    expect(next.grant).toBeNull();
    await grant.release();
    await next.granted;
  });
});

describe('a holder that is cut off', () => {
  test('works on until it learns that another took over', async () => {
    const proxy = await zooKeeper.proxy();
    const holder = await zooKeeper.open({ connect: proxy.connect });
    const grant = await holder.lease(path).acquire(never);
    const next = acquire(await zooKeeper.open());
    await untilInLine(2);
    proxy.mode = 'silent';
    const second = await next.granted;
    await untilConnected(holder, false);
    expect(grant.lost.aborted).toBe(false);
    proxy.mode = 'open';
    await untilAborted(grant.lost);
    expect(second.lost.aborted).toBe(false);
  });

  test('keeps the lease when it is back within its session', async () => {
    const proxy = await zooKeeper.proxy();
    const holder = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 30_000 });
    const grant = await holder.lease(path).acquire(never);
    const next = acquire(await zooKeeper.open());
    await untilInLine(2);
    for (let round = 0; round < 5; round += 1) {
      proxy.cut();
      await untilConnected(holder, false);
      await untilConnected(holder, true);
    }
    expect(holder.session.number).toBe(1);
    await holder.regions.get('none'); // a round trip after the last check was sent
    expect(grant.lost.aborted).toBe(false);
    expect(next.grant).toBeNull();
    await grant.release();
    await next.granted;
  });

  test('and releases gives the lease up when it is back', async () => {
    const proxy = await zooKeeper.proxy();
    const holder = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 30_000 });
    const grant = await holder.lease(path).acquire(never);
    const next = acquire(await zooKeeper.open());
    await untilInLine(2);
    proxy.mode = 'refuse';
    proxy.cut();
    await untilConnected(holder, false);
    await grant.release();
    expect(next.grant).toBeNull();
    proxy.mode = 'open';
    await next.granted;
    expect(holder.session.number).toBe(1);
  });

  test('while taking its position does not wait for itself', async () => {
    const proxy = await zooKeeper.proxy();
    const registry = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 30_000 });
    await (await registry.lease(path).acquire(never)).release(); // the folder, so that one request creates the node
    for (let round = 0; round < 3; round += 1) {
      await registry.regions.get('none');
      proxy.swallowAfter(1); // the list comes first; the answer to the creation is lost
      const waiting = acquire(registry);
      await untilInLine(1);
      expect(waiting.grant).toBeNull();
      proxy.mode = 'open';
      proxy.cut();
      const grant = await waiting.granted;
      expect(await inLine()).toHaveLength(1);
      await grant.release();
    }
    expect(registry.session.number).toBe(1);
  });

  test('while taking its position leaves nothing behind when it is told to stop', async () => {
    const proxy = await zooKeeper.proxy();
    const registry = await zooKeeper.open({ connect: proxy.connect, sessionTimeoutMs: 30_000 });
    await (await registry.lease(path).acquire(never)).release();
    proxy.swallowAfter(1);
    const stop = new AbortController();
    const { granted } = acquire(registry, stop.signal);
    await untilInLine(1);
    stop.abort();
    proxy.mode = 'open';
    proxy.cut();
    await expect(granted).rejects.toMatchObject({ code: 'ABORTED' });
    await untilInLine(0);
    expect(registry.session.number).toBe(1);
  });
});

test('while connections are cut and sessions end, nobody is let in beside a holder whose session lives', async () => {
  expect(await disturbedLeases(zooKeeper, 3)).toBe(9);
});

describe('when ZooKeeper is down for a while', () => {
  test('the holder works on and keeps the lease', async () => {
    const holder = await zooKeeper.open({ sessionTimeoutMs: 30_000 });
    const grant = await holder.lease(path).acquire(never);
    const standby = await zooKeeper.open({ sessionTimeoutMs: 30_000 });
    const next = acquire(standby);
    await untilInLine(2);
    await zooKeeper.server.kill();
    await untilConnected(holder, false);
    await untilConnected(standby, false);
    await delay(5_000); // the outage under test
    expect(grant.lost.aborted).toBe(false);
    await zooKeeper.server.restart();
    await untilConnected(holder, true);
    await untilConnected(standby, true);
    await holder.regions.get('none');
    await standby.regions.get('none');
    expect(grant.lost.aborted).toBe(false);
    expect(next.grant).toBeNull();
    await grant.release();
    expect((await next.granted).number).toBeGreaterThan(grant.number);
  });

  test('or was made anew, without its past, the holder learns that the lease is lost', async () => {
    const holder = await zooKeeper.open({ sessionTimeoutMs: 2_000 });
    await writtenRegions(holder).create({ name: 'north', description: '', kafka: { brokers: ['kafka:9092'] } });
    const grant = await holder.lease(path).acquire(never);
    await zooKeeper.server.stop();
    await zooKeeper.server.restart();
    await untilAborted(grant.lost);
    await untilConnected(holder, true);
    expect(await holder.regions.get('north')).toBeNull();
    await holder.lease(path).acquire(never);
  });

  test('a frozen ZooKeeper is noticed, and the work goes on when it thaws', async () => {
    const holder = await zooKeeper.open();
    await holder.lease(path).acquire(never);
    zooKeeper.server.freeze();
    try {
      await untilConnected(holder, false);
    } finally {
      zooKeeper.server.resume();
    }
    await untilConnected(holder, true);
    // Whether the session outlived the frost or not: there is one holder in the end.
    const standby = acquire(await zooKeeper.open());
    await until(() => expect(holder.connected).toBe(true));
    await holder.stop();
    await standby.granted;
  });
});

describe('a holder that is killed', () => {
  const children = new Set<ChildProcess>();
  afterEach(() => {
    for (const child of children) child.kill('SIGKILL');
    children.clear();
  });

  /** Resolves with the number of its grant. */
  async function holdElsewhere(): Promise<{ readonly child: ChildProcess; readonly number: number }> {
    const script = fileURLToPath(new URL('./testing/hold-lease.ts', import.meta.url));
    const args = [zooKeeper.server.connect, zooKeeper.root, path, String(sessionTimeoutMs)];
    const child = fork(script, args, { execArgv: ['--import', 'tsx'], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    children.add(child);
    if (!child.stdout) throw new Error('no stdout');
    const [line] = await once(child.stdout, 'data', { signal: AbortSignal.timeout(60_000) });
    return { child, number: Number(String(line)) };
  }

  test('is replaced by a standby', async () => {
    const { child, number } = await holdElsewhere();
    const next = acquire(await zooKeeper.open());
    await untilInLine(2);
    expect(next.grant).toBeNull();
    child.kill('SIGKILL');
    expect((await next.granted).number).toBeGreaterThan(number);
  });

  test('and started again waits for its own old session, then holds the lease anew', async () => {
    const first = await holdElsewhere();
    first.child.kill('SIGKILL');
    await once(first.child, 'exit');
    expect(await inLine()).toHaveLength(1);
    const second = await holdElsewhere();
    expect(second.number).toBeGreaterThan(first.number);
    expect(await inLine()).toHaveLength(1);
  });
});
