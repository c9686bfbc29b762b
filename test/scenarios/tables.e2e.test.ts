/**
 * Tables that come into a running two-way channel, and leave it, while others are written to. The status says from when on a new one is
 * carried; a loader that learns of it last passes none of its rows; the others lose nothing and double nothing.
 */
import { createConnection, type RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed, onTestFinished } from 'vitest';
import { type OneWay, openOneWay } from '../accidents/one-way.js';
import { Network } from '../network/index.js';
import {
  ApiError,
  type ChannelStatus,
  compareDatabases,
  lutraPassword,
  type Side,
  sides,
  type Stack,
  startStack,
  withAdministrator,
} from '../harness/index.js';
import { dumps, loadRows, loadStructure, loadTriggers } from './dumps.js';

const bounded = { timeout: 30_000, interval: 100 };
let network: Network;
let stack: Stack;

beforeAll(async () => {
  network = await Network.open();
  stack = await startStack({ mysql: '9.7', network });
  for (const side of sides) {
    await at(side, 'CREATE DATABASE live');
    for (const table of ['t', 'u']) await at(side, `CREATE TABLE live.${table} (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)`);
    for (const name of dumps) {
      await at(side, `CREATE DATABASE ${name}`);
      await loadStructure(stack, side, { name, into: name });
    }
  }
  const routes = [{ schema: 'live', table: 't' }, ...dumps.map((schema) => ({ schema }))];
  await stack.createChannel({ databases: ['live', ...dumps], routes });
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
async function inForce(): Promise<void> {
  await expect.poll(async () => (await status()).routes, bounded).toBe('in force');
}

/** PUT: these tables in both directions, and the probes. */
async function route(tables: readonly string[]): Promise<void> {
  const path = `/api/v1/channels/${stack.channel}`;
  const channel = await stack.api.request<{ pipelines: { routes: { schema: string; table: string }[] }[] }>('GET', path);
  const routes = tables.map((table) => ({ schema: 'live', table }));
  const pipelines = channel.pipelines.map((pipeline) => ({
    ...pipeline,
    routes: [...routes, ...pipeline.routes.filter(({ schema }) => schema !== 'live')],
  }));
  const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json', 'if-match': '*' };
  const body = JSON.stringify({ ...channel, pipelines });
  const response = await fetch(`${stack.control.url}${path}`, { method: 'PUT', headers, body });
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
  it('is replicated both ways from when the status says so', { timeout: 90_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    await inForce();
    const stop = load();
    onTestFinished(async () => void (await stop()));
    await route(['t', 'u']);
    await inForce();
    await at('a', 'INSERT INTO live.u VALUES (1, 0), (3, 0), (5, 0)');
    await at('a', 'UPDATE live.u SET n = 1');
    await at('a', 'INSERT INTO live.u VALUES (7, 0)');
    await at('b', 'INSERT INTO live.u VALUES (2, 0), (4, 0)');
    expect(await stop()).toBeGreaterThan(100);
    await stack.drain();
    expect(await rowsOf('b', 'u')).toHaveLength(6);
    for (const table of ['t', 'u']) expect(await rowsOf('b', table)).toEqual(await rowsOf('a', table));
  });

  it('is not replicated any more once it left; the others go on', { timeout: 60_000 }, async () => {
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

describe('a dump that mysqldump wrote', () => {
  it('comes through a running channel both ways, and work goes on', { timeout: 90_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    await inForce();
    const [cinema, payroll] = dumps.map((name) => ({ name, into: name }));
    await Promise.all([loadRows(stack, 'a', cinema!), loadRows(stack, 'b', payroll!)]);
    await Promise.all([loadTriggers(stack, 'b', cinema!), stack.drain()]);
    await at('b', "INSERT INTO cinema.film (title, description) VALUES ('THE LAST', 'written by a trigger, too')");
    await at('b', "UPDATE cinema.film SET title = CONCAT(title, '!') WHERE film_id % 3 = 0");
    await at('b', 'CALL cinema.lend(5, 1)');
    await at('a', 'DELETE FROM payroll.worker WHERE worker_no % 7 = 0');
    await at('a', 'UPDATE payroll.wage SET from_date = from_date + INTERVAL 2 YEAR WHERE worker_no % 5 = 1 ORDER BY from_date DESC');
    await stack.drain();
    const [a, b] = [stack.connection('a'), stack.connection('b')];
    const found = await compareDatabases({ a, b, databases: dumps });
    expect(found).toMatchObject({ differing: 0, differences: [] });
    expect(found.rows).toBeGreaterThan(2_000);
    const texts = 'SELECT COUNT(*) AS n FROM cinema.film LEFT JOIN cinema.film_text USING (film_id, title) WHERE film_text.film_id IS NULL';
    expect(await at('a', texts)).toEqual([{ n: '0' }]);
  });

  it('comes through a running channel one way', { timeout: 90_000 }, async () => {
    const way = await openOneWay(stack, { start: false });
    onTestFailed(async () => console.error(JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
    const into = way.database;
    for (const side of sides) for (const name of dumps) await loadStructure(stack, side, { name, into });
    await way.start();
    await way.runs();
    for (const name of dumps) await loadRows(stack, way.from, { name, into });
    await way.atSource("INSERT INTO t VALUES (1, 'behind the dumps')");
    await way.arrives();
    const [a, b] = [stack.connection('a'), stack.connection('b')];
    const found = await compareDatabases({ a, b, databases: [into] });
    expect(found).toMatchObject({ differing: 0, differences: [] });
    expect(found.rows).toBeGreaterThan(2_000);
    await way.close();
  });
});

describe('a table that another channel carries already', () => {
  /** So the loader knows its shape and needs nothing of ZooKeeper to read its rows; what it passes is not fetched again. */
  async function openWay(): Promise<OneWay> {
    const way = await openOneWay(stack, { start: false });
    const copies = `${way.database}_copies`;
    const create = 'CREATE TABLE u (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)';
    await way.atSource(create);
    await way.atTarget(`${create}; CREATE DATABASE ${copies}; CREATE TABLE ${copies}.u LIKE u`);
    await way.atTarget(`GRANT SELECT, INSERT, UPDATE, DELETE, TRIGGER ON ${copies}.* TO '${way.user}'@'%'`);
    const { host, port } = stack.mysql[way.to];
    const access = { region: stack.regions[way.to], host, port, user: way.user, password: lutraPassword };
    await stack.api.createEndpoint({ name: `${way.name}-copies`, ...access, serverId: way.serverId + 900 });
    const source = way.endpoints.source;
    const also = {
      name: 'copies',
      source,
      target: `${way.name}-copies`,
      routes: [{ schema: way.database, table: 'u', to: { schema: copies } }],
    };
    await stack.api.createChannel({ name: `${way.name}-copies`, pipelines: [also] });
    await carry(way, ['t']);
    await way.start();
    await way.runs();
    await stack.api.channelAction(`${way.name}-copies`, 'start');
    await expect.poll(async () => (await stack.api.channelStatus(`${way.name}-copies`)).routes, bounded).toBe('in force');
    return way;
  }
  const carry = (way: OneWay, tables: readonly string[], query = ''): Promise<void> => {
    const routes = tables.map((table) => ({ schema: way.database, table }));
    return way.change(`channels/${way.name}`, { pipelines: [{ name: 'rows', ...way.endpoints, routes }] }, query);
  };

  it('loses no row where the loader learns last that it carries it too', { timeout: 90_000 }, async () => {
    const way = await openWay();
    onTestFailed(async () => console.error(JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
    await way.atSource('INSERT INTO u VALUES (1, 0)');
    await way.write(1);
    await way.arrives(); // so the row of u was passed
    const release = network.disturb('zookeeper', { kind: 'hold', who: (client) => client === stack.loader[way.to].name });
    try {
      const routes = async (): Promise<string | undefined> => {
        const { uid, source } = await way.status();
        return source.worker?.routes?.[uid];
      };
      const before = await routes();
      // Without the checks, which would take their time while the loader's session runs out.
      await carry(way, ['t', 'u'], '?force=true');
      await expect.poll(async () => (await routes()) ?? before, bounded).not.toBe(before);
      expect(await way.status()).toMatchObject({ routes: 'pending', routesReason: expect.stringContaining('loader') });
      const seq = async (): Promise<number> => (await way.status()).source.worker?.seq ?? 0;
      const published = await seq();
      await way.atSource('INSERT INTO u VALUES (2, 0)');
      await way.atSource('INSERT INTO u VALUES (3, 0)');
      await way.write(2);
      // Three rows: heartbeats may come between.
      await expect.poll(seq, bounded).toBeGreaterThanOrEqual(published + 3);
    } finally {
      release();
    }
    await expect.poll(async () => (await way.status()).routes, bounded).toBe('in force');
    await way.arrives();
    expect((await way.atTarget('SELECT id FROM u ORDER BY id')).map((row) => Number(row['id']))).toEqual([2, 3]);
    // The other channel first: it keeps the capture that close() waits for.
    await stack.api.channelAction(`${way.name}-copies`, 'stop');
    await way.close();
  });
});
