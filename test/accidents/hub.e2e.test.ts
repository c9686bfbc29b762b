/**
 * Three regions and a hub: hangzhou ↔ california ↔ oregon, each neighbour with a channel and a home of its own. What is written anywhere
 * comes to the others once, through california, whatever is killed meanwhile, and goes round nowhere; what all change at once ends alike.
 * And a cascade, one way.
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
} from '../harness/index.js';
import { grantDatabase } from '../harness/endpoint-setup.js';
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
      connection.query(
        `CREATE DATABASE tour; CREATE TABLE tour.t (id VARCHAR(20) PRIMARY KEY, n INT NOT NULL, last VARCHAR(20) NOT NULL);
         CREATE TABLE tour.shared (id INT PRIMARY KEY, n INT NOT NULL, u VARCHAR(20) NULL UNIQUE, last VARCHAR(20) NOT NULL);
         CREATE DATABASE river; CREATE TABLE river.t (id INT PRIMARY KEY, v VARCHAR(20) NOT NULL)`,
      ),
    );
    for (const database of ['tour', 'river']) await grantDatabase(one, database);
  }
  const { a, b } = stack.endpoints;
  const leaf = (name: string, endpoint: string, home: string) => ({
    name,
    pipelines: [
      { name: 'in', source: endpoint, target: b, routes: [{ schema: 'tour' }] },
      { name: 'out', source: b, target: endpoint, routes: [{ schema: 'tour' }], forwards: true },
    ],
    conflicts: {
      home,
      rules: [{ schema: 'tour', table: 'shared', policy: 'merge' as const, columns: { n: 'delta' as const } }],
    },
  });
  // Of two neighbours the one that is nearer to hangzhou has the last word.
  await stack.api.createChannel(leaf('near', a, stack.regions.a));
  await stack.api.createChannel(leaf('far', `mysql-${far}`, stack.regions.b));
  // Both are there before the first starts: so the log of the middle begins for both.
  for (const name of ['near', 'far']) await stack.api.channelAction(name, 'start');
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

/** Resolves when all have it alike with so many rows. */
async function alike(rows: number, table = 'tour.t'): Promise<void> {
  await all(`SELECT * FROM ${table} ORDER BY id`, (found) => found.length === rows);
}

/** Resolves when all answer alike, and so. */
async function all(sql: string, so: (rows: readonly RowDataPacket[]) => boolean): Promise<void> {
  let answers: (readonly RowDataPacket[])[] = [];
  const found = await until(async () => {
    answers = await Promise.all([0, 1, 2].map((at) => run(at, sql)));
    return so(answers[0]!) && new Set(answers.map((rows) => JSON.stringify(rows))).size === 1 ? true : undefined;
  }, 90_000);
  expect(found, found ? '' : `${JSON.stringify(answers)} ${await report()}`).toBe(true);
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
    const out = (await stack.api.channelStatus('far')).pipelines.find(({ name }) => name === 'out')?.uid ?? '';
    expect(await run(2, `SELECT origin, path FROM lutra.checkpoint WHERE pipeline = '${out}'`)).toMatchObject([
      { origin: a, path: `${a},${b}` },
    ]);
  });

  it('ends alike in all three what all change at once, though its capture is killed meanwhile', async () => {
    onTestFailed(async () => console.error(await report(), await stack.saveLogs()));
    await run(1, "INSERT INTO tour.shared VALUES (1, 0, NULL, ''), (2, 0, NULL, ''), (3, 0, NULL, '')");
    await alike(3, 'tour.shared');
    const each = async (action: 'pause' | 'start'): Promise<unknown> =>
      Promise.all(['near', 'far'].map((name) => stack.api.channelAction(name, action)));
    await each('pause');
    const paused = async (): Promise<true | undefined> => {
      const statuses = await Promise.all(['near', 'far'].map((name) => stack.api.channelStatus(name)));
      return statuses.every(({ pipelines }) => pipelines.every(({ target }) => target.state === 'paused')) || undefined;
    };
    expect(await until(paused)).toBe(true);
    // Nobody sees what the others do: a counter, a column that all write, and a unique value that all want.
    for (const [at, n] of [1, 10, 100].entries())
      await run(
        at,
        `BEGIN; UPDATE tour.shared SET n = n + ${n}, last = '${at}' WHERE id = 1; UPDATE tour.shared SET u = 'x' WHERE id = ${at + 1}; COMMIT`,
      );
    await each('start');
    await stack.capture.b.kill();
    await stack.capture.b.restart();
    const decided = [
      { id: 1, n: 111, u: 'x', last: '0' },
      { id: 2, n: 0, u: null, last: '' },
      { id: 3, n: 0, u: null, last: '' },
    ];
    await all('SELECT id, n, u, last FROM tour.shared ORDER BY id', (rows) => JSON.stringify(rows) === JSON.stringify(decided));
    const logged = await Promise.all(
      [0, 1, 2].map((at) => run(at, 'SELECT DISTINCT pipeline, final FROM lutra.conflict ORDER BY pipeline')),
    );
    expect(logged).toEqual([
      [{ pipeline: 'near.out', final: 1 }],
      [
        { pipeline: 'far.in', final: 1 },
        { pipeline: 'near.in', final: 0 },
      ],
      [{ pipeline: 'far.out', final: 0 }],
    ]);
  });
});

describe('a cascade', () => {
  it('hands on what its middle made of a row that was not as it should be', async () => {
    onTestFailed(async () => console.error(await report(), await stack.saveLogs()));
    const { a, b } = stack.endpoints;
    const routes = [{ schema: 'river' }];
    await stack.api.createChannel({
      name: 'river',
      pipelines: [
        { name: 'upper', source: a, target: b, routes },
        { name: 'lower', source: b, target: `mysql-${far}`, routes, forwards: true },
      ],
      conflicts: { rules: [{ schema: 'river', table: 't', policy: 'overwrite' }] },
    });
    // Its tables are empty, and its topics are not: it begins at their ends, once these hold its tables.
    for (const pipeline of ['upper', 'lower']) {
      const path = `/api/v1/channels/river/pipelines/${pipeline}/restart`;
      const order = { at: 'end', reason: 'empty tables', accept: true };
      await until(async () => stack.api.request('POST', path, order).catch(() => undefined), 60_000);
    }
    await stack.api.channelAction('river', 'start');
    expect(await until(async () => (await runs('river')) || undefined)).toBe(true);
    await run(0, "INSERT INTO river.t VALUES (1, 'one'), (2, 'two')");
    await alike(2, 'river.t');
    // Written in the middle, and at the lower end: what comes from the source replaces both.
    await run(1, "UPDATE river.t SET v = 'middle' WHERE id = 1");
    await run(2, 'DELETE FROM river.t WHERE id = 2');
    await run(0, "UPDATE river.t SET v = CONCAT(v, ' again')");
    await all(
      'SELECT * FROM river.t ORDER BY id',
      (rows) => JSON.stringify(rows) === '[{"id":1,"v":"one again"},{"id":2,"v":"two again"}]',
    );
    expect(await run(1, "SELECT row_key, type, winner FROM lutra.conflict WHERE pipeline = 'river.upper'")).toMatchObject([
      { type: 'update-differs', winner: 'incoming' },
    ]);
  });
});
