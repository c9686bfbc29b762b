/** The worker with a real ZooKeeper and real servers: an order is carried out under the lease, and what was found stands in ZooKeeper. */
import { randomUUID } from 'node:crypto';
import type { BesideDeps } from '@lutra/host';
import type { ChannelDocument, EndpointDocument, OperationalEvent, RegionDocument, VerificationOrder } from '@lutra/model';
import { Keyring, sealPassword } from '@lutra/registry';
import type { Configuration, Registry } from '@lutra/registry';
import { Metrics } from '@lutra/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestServer } from '../../../../libs/mysql/src/mysql.fixture.js';
import { logger, until, useZooKeeper } from '../../../../libs/registry/src/testing/harness.js';
import { uidOf } from '../../../../libs/model/src/pipeline-uid.fixture.js';
import { workStatus } from '../../../../libs/model/src/work-status.fixture.js';
import { readBinlogEnd } from '@lutra/mysql';
import { Verifier } from './verifier.js';

const zooKeeper = useZooKeeper();
const keyring = Keyring.of(Buffer.alloc(32, 1));
const database = `w${randomUUID().slice(0, 8)}`;
let servers: readonly [TestServer, TestServer];

beforeAll(async () => {
  servers = [await TestServer.shared('8.0'), await TestServer.shared('9.7')];
  for (const server of servers) {
    await server.run(`CREATE DATABASE ${database} CHARACTER SET utf8mb4; CREATE TABLE ${database}.t (id INT PRIMARY KEY, v INT)`);
    await server.run(`INSERT INTO ${database}.t VALUES (1, 1), (2, 2)`);
  }
});
afterAll(async () => {
  for (const server of servers) {
    await server.run(`DROP DATABASE ${database}`);
    await server.stop();
  }
});

function configuration(): Configuration {
  const endpoint = (name: string, { host, port, user, password }: TestServer['options']): EndpointDocument => {
    const login = { name, host, port, user };
    return {
      ...login,
      password: sealPassword(keyring, password, login),
      region: `r${name}`,
      topic: {},
    } as EndpointDocument;
  };
  const endpoints = new Map(servers.map((server, i) => ['ab'[i] ?? '', endpoint('ab'[i] ?? '', server.options)]));
  const regions = new Map(['ra', 'rb'].map((name) => [name, { name } as RegionDocument]));
  const pipelines = [{ name: 'there', uid: uidOf('c.there'), source: 'a', target: 'b', routes: [{ schema: database, table: '*' }] }];
  const channel = { name: 'c', pipelines, conflicts: { rules: [] } } as unknown as ChannelDocument;
  return { endpoints, regions, channels: new Map([['c', channel]]) };
}

/** What capture and loader say while all is published and applied. */
async function sayApplied(registry: Registry): Promise<void> {
  const end = await readBinlogEnd(servers[0].admin);
  const known = await registry.logs.read('a');
  const position = { file: end.file, pos: end.pos, gtidSet: null };
  const backup = { log: 'l', epoch: 1, seq: 9, offset: 9, position, server: end.server, seen: {}, updatedAt: 1 };
  await registry.logs.write('a', backup, known?.version ?? null);
  await registry.status.publish(workStatus({ app: 'loader', name: 'c.there', uid: uidOf('c.there'), state: 'running', log: 'l', seq: 9 }));
}

test('an order is carried out once, by one of two processes, and a row that is behind is unsettled where the pipeline has stopped', async () => {
  const registry = await zooKeeper.open();
  const events: OperationalEvent[] = [];
  const deps = {
    registry,
    secretKey: keyring,
    level: { current: 2 },
    metrics: new Metrics('loader', { processMetrics: false }),
    events: { of: () => (event: OperationalEvent) => void events.push(event) },
    logger,
  } as unknown as BesideDeps;
  await sayApplied(registry);
  const of = { region: 'rb', only: null };
  const verifiers = [new Verifier(deps), new Verifier(deps)];
  try {
    for (const verifier of verifiers) verifier.follow(configuration(), of);
    const order: VerificationOrder = { id: 'one', tables: ['*.*'], repeat: 'once', share: 1, state: 'running', by: 'me', at: 1 };
    await registry.verifications.write('c', order);
    const result = async () => (await registry.verificationResults.read('c'))?.document;
    await until(async () => expect(await result()).toMatchObject({ request: 'one', endedAt: expect.any(Number) }));
    expect((await result())?.tables).toMatchObject([{ pipeline: 'there', table: 't', verdict: 'equal', rows: 2, log: 'l', seq: 9 }]);
    expect(events.map((event) => 'phase' in event && event.phase)).toEqual(['begin', 'end']);

    await servers[0].run(`INSERT INTO ${database}.t VALUES (3, 3)`);
    await sayApplied(registry);
    await registry.status.publish(workStatus({ app: 'loader', name: 'c.there', uid: uidOf('c.there'), state: 'failed', log: 'l', seq: 5 }));
    await registry.verifications.write('c', { ...order, id: 'two' });
    await until(async () => expect(await result()).toMatchObject({ request: 'two', endedAt: expect.any(Number) }));
    expect((await result())?.tables).toMatchObject([
      { verdict: 'unsettled', missingHere: 0, notes: ['1 rows differ, and pipeline c.there stopped at seq 5'] },
    ]);
    expect(await deps.metrics.registry.metrics()).toContain('lutra_verified_tables{name="c",verdict="unsettled",app="loader"} 1');
  } finally {
    for (const verifier of verifiers) await verifier.close();
  }
});
