/**
 * Three regions and a hub: hangzhou ↔ california ↔ oregon. What is written anywhere comes to the others once, through california, whatever is killed
 * meanwhile, and goes round nowhere.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import {
  type AppProcess,
  lutraPassword,
  lutraUser,
  prepareEndpoint,
  readTopic,
  type Stack,
  startStack,
  withAdministrator,
} from '../scenarios/index.js';
import { grantDatabase } from '../scenarios/endpoint-setup.js';
import { mysqlServer } from '../servers/index.js';
import { until } from './one-way.js';

const far = 'oregon';
const server = mysqlServer({ version: '9.7', serverId: 3, name: `mysql-${far}` });
const transactions = 60;
let stack: Stack;
let apps: readonly AppProcess[] = [];

beforeAll(async () => {
  stack = await startStack({ mysql: '9.7' });
  await server.start();
  await prepareEndpoint(server);
  apps = (['capture', 'loader'] as const).map((app) => stack.appOf(app, far));
  await Promise.all(apps.map((app) => app.start()));
  await stack.api.createRegion({ name: far, kafka: { brokers: stack.kafka.bootstrap.split(',') } });
  const { host, port } = server;
  await stack.api.createEndpoint({
    name: `mysql-${far}`,
    region: far,
    host,
    port,
    user: lutraUser,
    password: lutraPassword,
    serverId: 1003,
  });
  for (const one of servers()) {
    await withAdministrator(one, (connection) =>
      connection.query('CREATE DATABASE tour; CREATE TABLE tour.t (id VARCHAR(20) PRIMARY KEY, n INT NOT NULL, last VARCHAR(20) NOT NULL)'),
    );
    await grantDatabase(one, 'tour');
  }
  const { a, b } = stack.endpoints;
  const leaf = (name: string, endpoint: string) => ({
    name,
    pipelines: [
      { name: 'in', source: endpoint, target: b, routes: [{ schema: 'tour' }] },
      { name: 'out', source: b, target: endpoint, routes: [{ schema: 'tour' }], forwards: true },
    ],
  });
  for (const [name, endpoint] of [
    ['near', a],
    ['far', `mysql-${far}`],
  ] as const) {
    await stack.api.createChannel(leaf(name, endpoint));
    await stack.api.channelAction(name, 'start');
  }
  // A new log begins with what is committed from then on.
  expect(await until(async () => ((await runs('near')) && (await runs('far'))) || undefined, 90_000)).toBe(true);
}, 240_000);
afterAll(async () => {
  await Promise.all(apps.map((app) => app.stop()));
  await server.stop();
  await stack?.stop();
});

async function runs(channel: string): Promise<boolean> {
  const { pipelines } = await stack.api.channelStatus(channel);
  return pipelines.every(({ source, target }) => source.state === 'running' && target.state === 'running');
}

const servers = () => [stack.mysql.a, stack.mysql.b, server];

function run(at: number, sql: string): Promise<readonly RowDataPacket[]> {
  return withAdministrator(servers()[at]!, async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}

const table = async (at: number): Promise<string> => JSON.stringify(await run(at, 'SELECT id, n, last FROM tour.t ORDER BY id'));

/** Resolves to the table when all have it alike with so many rows. */
async function alike(rows: number): Promise<void> {
  const found = await until(async () => {
    const tables = await Promise.all([0, 1, 2].map(table));
    const counted = (JSON.parse(tables[0]!) as unknown[]).length;
    return counted === rows && new Set(tables).size === 1 ? true : undefined;
  }, 90_000);
  expect(found, found ? '' : await report()).toBe(true);
}

async function report(): Promise<string> {
  const statuses = await Promise.all(['near', 'far'].map((name) => stack.api.channelStatus(name)));
  return JSON.stringify(statuses, null, 1);
}

describe('a hub between two regions', () => {
  it('carries the rows of each to the other once, though its capture and its loaders are killed meanwhile', async () => {
    onTestFailed(async () => console.error(await report(), await stack.saveLogs()));
    const write = async (at: number): Promise<void> => {
      for (let n = 0; n < transactions; n += 1)
        await run(
          at,
          `BEGIN; INSERT INTO tour.t VALUES ('${at}-${n}', 1, ''); UPDATE tour.t SET n = n + 1 WHERE id = '${at}-${n}'; COMMIT`,
        );
    };
    const killed = async (): Promise<void> => {
      for (const app of [stack.capture.b, stack.loader.b, apps[1]!]) {
        await app.kill();
        await app.restart();
      }
    };
    await Promise.all([write(0), write(1), write(2), killed()]);
    await alike(3 * transactions);

    // A row goes on from one end to the other and back, changed in each place by who has seen it there.
    for (const [turn, at] of [0, 2, 1, 2, 0].entries()) {
      await run(at, `UPDATE tour.t SET n = n + 1, last = 'turn ${turn}' WHERE id = '0-0'`);
      await alike(3 * transactions);
    }
    expect(await run(1, "SELECT n, last FROM tour.t WHERE id = '0-0'")).toMatchObject([{ n: 7, last: 'turn 4' }]);
  });

  it('publishes what it forwards with origin and path; the others publish their own rows only', async () => {
    const [hub, near] = [await readTopic(stack, 'b', { database: 'tour', keepEvents: true }), await readTopic(stack, 'a')];
    const own = 2 * transactions;
    const { a, b } = stack.regions;
    expect(hub.holes).toEqual([]);
    expect(hub.origins).toEqual({ [a]: own + 2, [b]: own + 1, [far]: own + 2 });
    const paths = new Set(hub.events.map(({ source: { path } }) => path.join()));
    expect([...paths].toSorted()).toEqual([b, `${a},${b}`, `${far},${b}`].toSorted());
    expect(near.origins).toEqual({ [a]: own + 2 });
    expect(await run(2, "SELECT origin, path FROM lutra.checkpoint WHERE pipeline = 'far.out'")).toMatchObject([
      { origin: a, path: `${a},${b}` },
    ]);
  });
});
