/** A real ZooKeeper for a test file, and what tests do with it. Every test has a root of its own. */
import { once } from 'node:events';
import { randomUUID } from 'node:crypto';
import { createLogger } from '@lutra/telemetry';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import { kept, running, zooKeeperServer } from '../../../../test/servers/index.js';
import type { ZooKeeperServer } from '../../../../test/servers/index.js';
import { openConnection } from '../connection.js';
import type { Connection } from '../connection.js';
import { Registry } from '../index.js';
import type { RegistryOptions } from '../index.js';
import { Proxy } from '../../../../test/network/index.js';

export const logger = createLogger('test', process.env['LOG_LEVEL'] ?? 'silent');
/** Long enough for a loaded machine not to lose it, short enough to wait for its end. */
export const sessionTimeoutMs = 5_000;

export interface Harness {
  readonly server: ZooKeeperServer;
  /** A started registry on the current test's root; stopped after the test. */
  open(options?: Partial<RegistryOptions>): Promise<Registry>;
  proxy(): Promise<Proxy>;
  /** The current test's root. */
  readonly root: string;
  /** Runs a change on the bare server, under the current root. */
  raw<T>(work: (connection: Connection, root: string) => Promise<T>): Promise<T>;
}

/** @param own a server that no other file uses, for a file that does more to it than a client can */
export function useZooKeeper({ own = false } = {}): Harness {
  const server = own ? zooKeeperServer() : kept.zooKeeper;
  const cleanUps: (() => Promise<void>)[] = [];
  const warnings: string[] = [];
  const onWarning = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`);
  let root = '';
  const nextRoot = (): void => {
    root = `/test-${randomUUID().slice(0, 8)}`;
  };
  nextRoot();
  beforeAll(async () => {
    process.on('warning', onWarning);
    await running(server);
  });
  afterAll(async () => {
    if (own) await server.stop();
    process.off('warning', onWarning);
  });
  afterEach(async () => {
    // One by one, last opened first: a proxy must outlive the registry that closes its session through it.
    for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
    nextRoot();
    // Listeners that pile up.
    expect(warnings.splice(0)).toEqual([]);
  });
  return {
    server,
    get root() {
      return root;
    },
    async open(options = {}) {
      const registry = new Registry({ connect: server.connect, root, sessionTimeoutMs, logger, ...options });
      cleanUps.push(() => registry.stop());
      await registry.start();
      return registry;
    },
    async proxy() {
      const proxy = await Proxy.start(server);
      cleanUps.push(() => proxy.stop());
      return proxy;
    },
    raw: (work) => withConnection(server, (connection) => work(connection, root)),
  };
}

async function withConnection<T>(server: ZooKeeperServer, work: (connection: Connection) => Promise<T>): Promise<T> {
  const opening = await openConnection({ server: server.connect, sessionTimeoutMs, ticket: null, boundMs: 20_000, logger });
  if (opening.kind !== 'open') throw new Error(`no connection: ${opening.kind}`);
  try {
    return await work(opening.connection);
  } finally {
    await opening.connection.close(2_000);
  }
}

/** Ends the session of a registry as its expiry would, from outside. The registry may take its session back while we do: then once more. */
export async function expire(registry: Registry, server: ZooKeeperServer): Promise<void> {
  const { ticket } = registry.session;
  await vi.waitFor(
    async () => {
      const opening = await openConnection({ server: server.connect, sessionTimeoutMs, ticket, boundMs: 20_000, logger });
      if (opening.kind === 'failed') throw new Error(`no connection: ${opening.reason}`);
      if (opening.kind === 'open') await opening.connection.close(2_000);
    },
    { timeout: 60_000, interval: 20 },
  );
}

/** Waits for a condition, bounded; the condition is an expectation. */
export function until(condition: () => unknown): Promise<unknown> {
  return vi.waitFor(condition, { timeout: 60_000, interval: 20 });
}

export async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort', { signal: AbortSignal.timeout(60_000) });
}

export async function untilConnected(registry: Registry, connected: boolean): Promise<void> {
  await until(() => expect(registry.connected).toBe(connected));
}
