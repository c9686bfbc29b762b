/**
 * Tables that come into a running two-way channel, and leave it, while others are written to. The status says from when on a new one is carried;
 * a loader that learns of it last passes none of its rows; the others lose nothing and double nothing.
 */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { Network } from '../network/index.js';
import {
  ApiError,
  type ChannelStatus,
  type PipelineStatus,
  type Side,
  sides,
  type Stack,
  startStack,
  withAdministrator,
} from '../scenarios/index.js';

const bounded = { timeout: 30_000, interval: 100 };
let network: Network;
let stack: Stack;

beforeAll(async () => {
  network = await Network.open();
  stack = await startStack({ mysql: '9.7', network });
  for (const side of sides) {
    await at(side, 'CREATE DATABASE live');
    for (const table of ['t', 'u']) await at(side, `CREATE TABLE live.${table} (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`);
  }
  await stack.createChannel({ databases: ['live'], routes: [{ schema: 'live', table: 't' }] });
  await stack.startChannel();
}, 240_000);
afterAll(async () => {
  await stack?.stop();
  await network?.close();
});

async function at(side: Side, sql: string): Promise<RowDataPacket[]> {
  return withAdministrator(stack.mysql[side], async (connection) => (await connection.query<RowDataPacket[]>(sql))[0]);
}
const status = (): Promise<ChannelStatus> => stack.api.channelStatus(stack.channel);
async function fromA(): Promise<PipelineStatus> {
  const [pipeline] = (await status()).pipelines;
  if (!pipeline) throw new Error('a channel without a pipeline');
  return pipeline;
}
const inForce = (): Promise<void> => expect.poll(async () => (await status()).routes, bounded).toBe('in force');

/** PUT: these tables in both directions, and the probes. */
async function route(tables: readonly string[], { force = false } = {}): Promise<void> {
  const path = `/api/v1/channels/${stack.channel}`;
  const channel = await stack.api.request<{ pipelines: { routes: { schema: string; table: string }[] }[] }>('GET', path);
  const routes = tables.map((table) => ({ schema: 'live', table }));
  const pipelines = channel.pipelines.map((pipeline) => ({
    ...pipeline,
    routes: [...routes, ...pipeline.routes.filter(({ schema }) => schema !== 'live')],
  }));
  const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json', 'if-match': '*' };
  const body = JSON.stringify({ ...channel, pipelines });
  const response = await fetch(`${stack.control.url}${path}${force ? '?force=true' : ''}`, { method: 'PUT', headers, body });
  if (!response.ok) throw new ApiError(`PUT ${path}`, response.status, await response.json());
}

/** Writes to t, each side to rows of its own, until the function that it returns is called; resolves to the transactions. */
function load(): () => Promise<number> {
  let wanted = true;
  const write = async (side: Side): Promise<number> => {
    const connection = await createConnection(stack.connection(side));
    const first = side === 'a' ? 1 : 2;
    let id = first;
    for (; wanted; id += 2) {
      await connection.query(`INSERT INTO live.t VALUES (${id}, 0)`);
      await connection.query(`UPDATE live.t SET n = n + 1 WHERE id IN (${id}, ${id - 2}, ${id - 20})`);
    }
    await connection.end();
    return id;
  };
  const writers = sides.map(write);
  return async () => {
    wanted = false;
    return (await Promise.all(writers)).reduce((sum, last) => sum + last, 0);
  };
}

const rowsOf = async (side: Side, table: string): Promise<unknown> => at(side, `SELECT * FROM live.${table} ORDER BY id`);

describe('a table of a running channel', () => {
  it('is carried from when the status says so, also where a loader learns of it last', { timeout: 90_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    await inForce();
    const stop = load();
    onTestFinished(async () => void (await stop()));
    const release = network.disturb('zookeeper', { kind: 'hold', who: (client) => client === stack.loader.b.name });
    try {
      const { id, source } = await fromA();
      const before = source.worker?.routes?.[id];
      expect(before).toBeDefined();
      // Without the checks, which would take their time while the loader's session runs out.
      await route(['t', 'u'], { force: true });
      await expect.poll(async () => (await fromA()).source.worker?.routes?.[id] ?? before, bounded).not.toBe(before);
      expect(await fromA()).toMatchObject({ routes: 'pending', routesReason: expect.stringContaining('loader') });
      await at('a', 'INSERT INTO live.u VALUES (1, 0), (3, 0), (5, 0)');
      const [executed] = await at('a', 'SELECT @@GLOBAL.gtid_executed AS s');
      const passed = async (): Promise<boolean> => {
        const position = (await fromA()).position?.gtidSet ?? '';
        const [row] = await at('a', `SELECT GTID_SUBSET('${String(executed?.['s'])}', '${position}') AS yes`);
        return Number(row?.['yes']) === 1;
      };
      await expect.poll(passed, bounded).toBe(true);
    } finally {
      release();
    }
    await inForce();
    await at('a', 'UPDATE live.u SET n = 1');
    await at('a', 'INSERT INTO live.u VALUES (7, 0)');
    await at('b', 'INSERT INTO live.u VALUES (2, 0), (4, 0)');
    expect(await stop()).toBeGreaterThan(100);
    await stack.drain();
    expect(await rowsOf('b', 'u')).toHaveLength(6);
    for (const table of ['t', 'u']) expect(await rowsOf('b', table)).toEqual(await rowsOf('a', table));
  });

  it('is not carried any more once it left; the others go on', { timeout: 60_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    await route(['t']);
    await inForce();
    await at('a', 'INSERT INTO live.u VALUES (9, 0)');
    await at('b', 'INSERT INTO live.u VALUES (8, 0)');
    await at('a', 'INSERT INTO live.t VALUES (1000001, 0)');
    await stack.drain();
    expect(await rowsOf('b', 't')).toEqual(await rowsOf('a', 't'));
    const ids = async (side: Side): Promise<unknown> =>
      (await at(side, 'SELECT id FROM live.u WHERE id > 7')).map((row) => Number(row['id']));
    expect([await ids('a'), await ids('b')]).toEqual([[9], [8]]);
  });

  it('that is missing at the target is refused, and nothing changes', { timeout: 60_000 }, async () => {
    await at('a', 'CREATE TABLE live.gone (id BIGINT PRIMARY KEY)');
    const refused = await route(['t', 'gone']).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      status: 409,
      body: { details: { problems: [{ id: 'table-missing', what: expect.stringContaining('live.gone does not exist at the target') }] } },
    });
    expect((await status()).routes).toBe('in force');
  });
});
