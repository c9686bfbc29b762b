/**
 * An old place that comes alive again: what is imported, created anew, added beside another or restored from an older copy begins only where the log
 * proves that nothing lies between; else it stops by name before it applies a row. docs/08-old-places.md lists all combinations.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type ApiError, otherSide, sides, type Stack, startStack, withAdministrator } from '../scenarios/index.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';
import { olderTree, savedTree } from './older-tree.js';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: '9.7' });
}, 240_000);
afterAll(() => stack?.stop());

/** With a table without a key beside t, whose rows double where they come twice. */
async function openWay(): Promise<OneWay> {
  const way = await openOneWay(stack);
  onTestFailed(async () => console.error(way.name, JSON.stringify(await way.status().catch(() => null), null, 1), await stack.saveLogs()));
  for (const side of sides) {
    const create = `CREATE TABLE ${way.database}.bare (id INT) ENGINE = InnoDB`;
    await withAdministrator(way.servers[side], (connection) => connection.query(create));
  }
  await way.atSource('INSERT INTO bare VALUES (1)');
  await way.write(1);
  await way.arrives('bare');
  await way.arrives();
  return way;
}

const remove = (path: string): Promise<unknown> =>
  fetch(`${stack.control.url}/api/v1/${path}`, { method: 'DELETE', headers: { authorization: `Bearer ${stack.token}`, 'if-match': '*' } });
const refusal = (path: string, body: object): Promise<object> =>
  stack.api.request<object>('POST', `/api/v1/${path}`, body).then(
    () => ({ status: 200 }),
    (error: unknown) => ({ status: (error as ApiError).status, ...((error as ApiError).body as object) }),
  );

/** Another channel on the same source keeps its capture at work. */
async function keepCapturing(way: OneWay): Promise<string> {
  const name = `${way.name}-other`;
  for (const side of sides)
    await withAdministrator(way.servers[side], (connection) => connection.query(`CREATE DATABASE ${way.database}_other`));
  const pipeline = { name: 'rows', ...way.endpoints, routes: [{ schema: `${way.database}_other` }] };
  await stack.api.createChannel({ name, pipelines: [pipeline] });
  await stack.api.request('POST', `/api/v1/channels/${name}/start?force=true`);
  await until(async () => (await stack.api.channelStatus(name)).state === 'running' || undefined);
  return name;
}

async function loaderError(channel: string): Promise<string | undefined> {
  const [pipeline] = (await stack.api.channelStatus(channel)).pipelines;
  return pipeline?.target.worker?.lastError?.code;
}

it('a channel that an import brings back does not go on at its old checkpoint', async () => {
  const way = await openWay();
  await keepCapturing(way);
  const exported = await stack.api.request<object>('GET', '/api/v1/export');
  await way.close();
  await remove(`channels/${way.name}`);
  // Capture goes on without its tables: what is written now is not in the topic.
  await until(async () => {
    const status = await stack.api.channelStatus(`${way.name}-other`);
    return Object.keys(status.pipelines[0]?.source.worker?.routes ?? {}).length === 1 || undefined;
  });
  await way.write(2);
  const [moved] = await way.atSource('SELECT @@GLOBAL.gtid_executed AS s');
  await until(async () => {
    const [pipeline] = (await stack.api.channelStatus(`${way.name}-other`)).pipelines;
    return pipeline?.position?.gtidSet === String(moved?.['s']).replaceAll(/\s/g, '') || undefined;
  });
  expect(await refusal('import', exported)).toMatchObject({ status: 409, code: 'CONFIG_CONFLICT' });
});

it('a channel that is deleted and created anew under another name does not begin at the start of the topic', async () => {
  const way = await openWay();
  await way.close();
  await remove(`channels/${way.name}`);
  const name = `${way.name}-anew`;
  await stack.api.createChannel({ name, pipelines: [{ name: 'rows', ...way.endpoints, routes: [{ schema: way.database }] }] });
  await stack.api.channelAction(name, 'start');
  await way.atSource('INSERT INTO bare VALUES (3)');
  expect(await until(async () => (await loaderError(name)) === 'LOG_BEGINNING_UNKNOWN' || undefined)).toBe(true);
  expect((await way.atTarget('SELECT id FROM bare ORDER BY id')).map((row) => row['id'])).toEqual([1]);
});

it('a ZooKeeper that is restored from an older copy does not take a table away', async () => {
  const way = await openWay();
  const tree = await savedTree(stack);
  const more = `${way.database}_more`;
  for (const side of ['a', 'b'] as const)
    await withAdministrator(way.servers[side], (connection) =>
      connection.query(`CREATE DATABASE ${more}; CREATE TABLE ${more}.t (id INT PRIMARY KEY); GRANT ALL ON ${more}.* TO 'lutra'@'%'`),
    );
  const pipeline = { name: 'rows', ...way.endpoints, routes: [{ schema: way.database }, { schema: more }] };
  await way.change(`channels/${way.name}`, { pipelines: [pipeline] });
  expect(await until(async () => (await way.status()).routes === 'in force' || undefined)).toBe(true);
  await withAdministrator(way.servers[way.from], (connection) => connection.query(`INSERT INTO ${more}.t VALUES (1)`));
  await olderTree(stack, tree);
  await way.fails('capture', 'CONFIG_OUTDATED');
  await withAdministrator(way.servers[way.from], (connection) => connection.query(`INSERT INTO ${more}.t VALUES (2)`));
  expect(otherSide(way.from)).toBe(way.to);
});
