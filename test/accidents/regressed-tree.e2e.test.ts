/**
 * A configuration in ZooKeeper that goes back: its data are restored from a copy, emptied, or another tree is named. Apps at work keep the
 * documents that they have, and say it. Apps that start stop by name before their first row. Nothing old comes alive before a person adopts
 * the tree.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { ApiError, type AppProcess, lutraPassword, sides, type Stack, startStack, withAdministrator } from '../harness/index.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

const limits = { timeout: 240_000 };
/** An app that saw more than the ZooKeeper that it meets comes back to it after five sessions' time. */
const sessionMs = '2000';
const boundMs = 60_000;

let stack: Stack;
let way: OneWay;
/** Copies of ZooKeeper's data: while a table was not in the routes, and with it. */
let older: string;
let newest: string;
let more: string;
let rows = 0;

beforeAll(async () => {
  stack = await startStack({ environment: { LUTRA_SESSION_MS: sessionMs } });
  way = await openOneWay(stack);
  more = `${way.database}_more`;
  const create = `CREATE DATABASE ${more}; CREATE TABLE ${more}.t (id INT); GRANT ALL ON ${more}.* TO 'lutra'@'%'`;
  for (const side of sides) await withAdministrator(way.servers[side], (connection) => connection.query(create));
  // The older copy knows the schema of the table that it does not carry: without that nobody could read on in the log.
  await routes(way.database, more);
  await flows(['t', `${more}.t`]);
  await routes(way.database);
  await flows(['t']);
  older = await stack.zooKeeper.saveData();
  await routes(way.database, more);
  await flows(['t', `${more}.t`]);
  newest = await stack.zooKeeper.saveData();
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

const pipelines = (...schemas: readonly string[]): readonly object[] => [
  { name: 'rows', ...way.endpoints, routes: schemas.map((schema) => ({ schema })) },
];
async function routes(...schemas: readonly string[]): Promise<void> {
  await way.change(`channels/${way.name}`, { pipelines: pipelines(...schemas) }, '?force=true');
  expect(await until(async () => (await way.status()).routes === 'in force' || undefined)).toBe(true);
}
const workers = (): readonly AppProcess[] => [stack.capture[way.from], stack.loader[way.to]];
const idsOf = async (table: string): Promise<readonly number[]> =>
  (await way.atTarget(`SELECT id FROM ${table} ORDER BY id`)).map((row) => Number(row['id']));

/** A row more at the source in each of these tables arrives once; `t` has a second column. */
async function flows(tables: readonly string[]): Promise<void> {
  rows += 1;
  for (const table of tables) await way.atSource(`INSERT INTO ${table} (id) VALUES (${rows})`);
  for (const table of tables) {
    const wanted = (await way.atSource(`SELECT id FROM ${table} ORDER BY id`)).map((row) => Number(row['id']));
    await until(async () => ((await idsOf(table)).length >= wanted.length ? true : undefined), boundMs);
    expect(await idsOf(table), JSON.stringify(await way.status().catch(() => null))).toEqual(wanted);
  }
}

interface Told {
  readonly revision: { readonly revision: number } | null;
  readonly highest: number;
  readonly regressed: readonly { readonly app: string; readonly name: string | null; readonly is: string }[];
}
const told = (): Promise<Told> => stack.api.request<Told>('GET', '/api/v1/revision');

async function healthOf(app: AppProcess): Promise<{ readonly ok: boolean; readonly reasons: readonly string[] }> {
  return (await fetch(`${app.url}/health/ready`)).json() as Promise<{ ok: boolean; reasons: readonly string[] }>;
}

/** Both workers and control, by health, status and metrics. */
async function isSaid(is: 'working' | 'stopped'): Promise<void> {
  const names = [`capture ${way.endpoints.source} ${is}`, `loader ${way.pipeline} ${is}`];
  const said = async (): Promise<readonly string[]> =>
    (await told().catch(() => ({ regressed: [] }))).regressed.map((one) => `${one.app} ${one.name} ${one.is}`);
  expect(await until(async () => contains(await said(), names) || undefined, boundMs), String(await said())).toBe(true);
  if (is === 'stopped') return;
  for (const app of workers()) {
    expect(await healthOf(app)).toMatchObject({ ok: false, reasons: [expect.stringContaining('CONFIG_REGRESSED')] });
    expect(await (await fetch(`${app.url}/metrics`)).text()).toMatch(/^lutra_configuration_regressed\{app="\w+"\} 1$/m);
  }
  expect(await healthOf(stack.control)).toMatchObject({ ok: true, reasons: [expect.stringContaining('CONFIG_REGRESSED')] });
}

function contains(all: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((one) => all.includes(one));
}

async function isFollowed(): Promise<void> {
  const quiet = async (): Promise<true | undefined> => {
    const healths = await Promise.all([...workers(), stack.control].map((app) => healthOf(app).catch(() => null)));
    return healths.every((health) => health?.ok && health.reasons.length === 0) || undefined;
  };
  expect(await until(quiet, boundMs), JSON.stringify(await told().catch(() => null))).toBe(true);
}

async function post(path: string, body: object): Promise<object> {
  try {
    return { status: 200, body: await stack.api.request('POST', `/api/v1/${path}`, body) };
  } catch (error) {
    if (error instanceof ApiError) return { status: error.status, body: error.body };
    throw error;
  }
}

async function become(data: string | null): Promise<void> {
  await (data === null ? stack.zooKeeper.loseData() : stack.zooKeeper.restoreData(data));
  await stack.zooKeeper.start();
}

async function startAnew(): Promise<void> {
  await Promise.all(stack.apps.map((app) => app.kill()));
  await Promise.all(stack.apps.map((app) => app.start()));
  await stack.control.waitReady();
}

const keepLogs = (): void =>
  onTestFailed(async () => console.error(JSON.stringify(await way.status().catch(() => null), null, 1), await stack.saveLogs()));

it('restored from an older copy while the apps run: rows flow by the newer routes, and it is said', limits, async () => {
  keepLogs();
  await become(older);
  await isSaid('working');
  await flows(['t', `${more}.t`]);
  expect((await way.status()).reason).toContain('CONFIG_REGRESSED');
  expect(await post('regions', { name: 'new', kafka: { brokers: ['k:1'] } })).toMatchObject({
    status: 409,
    body: { code: 'CONFIG_REGRESSED' },
  });
  await become(newest);
  await isFollowed();
  await flows(['t', `${more}.t`]);
});

it('emptied while the apps run: rows flow, and it is said, also over the end of a worker’s lease', limits, async () => {
  keepLogs();
  await become(null);
  const capture = stack.capture[way.from];
  expect(await until(async () => (await healthOf(capture)).reasons.some((one) => one.includes('has none')) || undefined, boundMs)).toBe(
    true,
  );
  await flows(['t', `${more}.t`]);
  expect(await told()).toMatchObject({ revision: null });
  await become(newest);
  await isFollowed();
  await flows(['t', `${more}.t`]);
});

it('a wrong root with the same documents stops by name', limits, async () => {
  keepLogs();
  const { root } = stack;
  const list = (kind: string): Promise<readonly object[]> => stack.api.request('GET', `/api/v1/${kind}`);
  const [regions, endpoints] = [await list('regions'), await list('endpoints')];
  const { uid } = await way.status();
  Object.assign(stack, { root: `${root}-wrong` });
  await startAnew();
  for (const region of regions) await stack.api.request('POST', '/api/v1/regions', region);
  for (const endpoint of endpoints) await stack.api.request('POST', '/api/v1/endpoints', { ...endpoint, password: lutraPassword });
  const same = pipelines(way.database, more).map((pipeline) => ({ ...pipeline, adopt: uid }));
  await stack.api.request('POST', '/api/v1/channels', { name: way.name, pipelines: same, onUnsupported: 'stop' });
  await way.start({ force: true });
  const before = await way.targetIds();
  rows += 1;
  await way.atSource(`INSERT INTO t (id) VALUES (${rows})`);
  // Nobody there knows the schemas of the log: capture cannot read what the log knows.
  await way.fails('capture', 'CONFIG_REGRESSED', 'SCHEMA_UNKNOWN');
  await way.fails('loader', 'CONFIG_REGRESSED');
  expect(await way.targetIds()).toEqual(before);
  Object.assign(stack, { root });
  await startAnew();
  await isFollowed();
  await flows(['t', `${more}.t`]);
});

it('with all apps started anew: each stops by name, no row is applied; adopted, they go on', limits, async () => {
  keepLogs();
  await Promise.all(stack.apps.map((app) => app.kill()));
  await become(older);
  await Promise.all(stack.apps.map((app) => app.start()));
  await stack.control.waitReady();
  const before = await way.targetIds();
  rows += 1;
  await way.atSource(`INSERT INTO t (id) VALUES (${rows})`);
  for (const end of ['capture', 'loader'] as const) await way.fails(end, 'CONFIG_REGRESSED');
  await isSaid('stopped');
  expect(await way.targetIds()).toEqual(before);

  const order = { reason: 'the copy is right' };
  const ids = ['channel-goes-on', 'routes-change'].map((id) => expect.objectContaining({ id }));
  expect(await post('revision/adopt', order)).toMatchObject({
    status: 409,
    body: { code: 'CONFIG_CONFLICT', details: { problems: expect.arrayContaining(ids) } },
  });
  const { highest } = await told();
  expect(await post('revision/adopt', { ...order, accept: true })).toMatchObject({
    status: 200,
    body: { revision: { revision: highest + 1, adopted: highest + 1 } },
  });
  await isFollowed();
  await flows(['t']);
  // What left the log by the adoption comes in again only when it is seeded anew.
  await expect(way.change(`channels/${way.name}`, { pipelines: pipelines(way.database, more) })).rejects.toThrow('table-removed');
  await routes(way.database, more);
  await flows(['t', `${more}.t`]);
});
