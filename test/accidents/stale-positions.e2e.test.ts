/**
 * An old position that comes alive again: what is imported, created anew, added beside another or restored from an older copy begins only
 * where the log proves that nothing lies between; else it stops by name before it applies a row. docs/08-stale-positions.md lists all
 * combinations.
 */
import type { ChannelDocument } from '@lutra/model';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { type ApiError, lutraPassword, sides, type Stack, withAdministrator } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';
import { olderTree, savedTree } from './older-tree.js';

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

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

interface Told {
  readonly regressed: readonly { readonly app: string }[];
}

/** Control, and each capture and loader that is at work. */
async function saysRegressed(): Promise<void> {
  const told = await until(async () => {
    const { regressed } = await stack.api.request<Told>('GET', '/api/v1/revision');
    return ['control', 'capture'].every((name) => regressed.some(({ app }) => app === name)) || undefined;
  });
  expect(told, JSON.stringify(await stack.api.request('GET', '/api/v1/revision'))).toBe(true);
}

/** As the error says: 409 with the consequences, these among them, then `accept`. */
async function adopt(consequences: readonly string[]): Promise<void> {
  const order = { reason: 'the older copy is right' };
  const told = await refusal('revision/adopt', order);
  const problems = consequences.map((id) => expect.objectContaining({ id }));
  expect(told).toMatchObject({ status: 409, code: 'CONFIG_CONFLICT', details: { problems: expect.arrayContaining(problems) } });
  expect(await refusal('revision/adopt', { ...order, accept: true })).toEqual({ status: 200 });
}

/** Another channel on the same source keeps its capture at work. */
async function keepCapturing(way: OneWay): Promise<string> {
  const name = `${way.name}-other`;
  for (const side of sides)
    await withAdministrator(way.servers[side], (connection) => connection.query(`CREATE DATABASE ${way.database}_other`));
  const pipeline = { name: 'rows', ...way.endpoints, routes: [{ schema: `${way.database}_other` }] };
  await stack.api.createChannel({ name, pipelines: [pipeline] });
  await stack.api.request('POST', `/api/v1/channels/${name}/start?force=true`);
  await stopsWith(name, 'LOG_START_UNKNOWN'); // its loader; nobody needs that here
  return name;
}

async function loaderError(channel: string): Promise<string | undefined> {
  const [pipeline] = (await stack.api.channelStatus(channel)).pipelines;
  return pipeline?.target.worker?.lastError?.code;
}

/** A pipeline of another channel on the same endpoints, and what its loader says. */
async function another(way: OneWay, name: string, routes: readonly object[]): Promise<void> {
  await stack.api.request('POST', '/api/v1/channels', { name, pipelines: [{ name: 'rows', ...way.endpoints, routes }] });
}

async function stopsWith(channel: string, code: string): Promise<void> {
  const found = await until(async () => (await loaderError(channel)) === code || undefined);
  expect(found, JSON.stringify(await stack.api.channelStatus(channel))).toBe(true);
}

const bare = async (way: OneWay, database = way.database): Promise<readonly number[]> =>
  (await way.atTarget(`SELECT id FROM ${database}.bare ORDER BY id`)).map((row) => Number(row['id']));
const executed = async (way: OneWay): Promise<string> =>
  String((await way.atSource('SELECT @@GLOBAL.gtid_executed AS s'))[0]?.['s']).replaceAll(/\s/g, '');
const gone = async (way: OneWay): Promise<unknown> => (await way.close(), remove(`channels/${way.name}`));

/** As docs/02-setup.md says: 409 with the consequence, then `accept`; the log may have to come to the position first. */
async function begins(channel: string, at: object): Promise<void> {
  const path = `channels/${channel}/pipelines/rows/restart`;
  const order = { at, reason: 'loaded a dump' };
  // A capture that begins anew between two requests has to come there once more.
  const asked = (more: object = {}): Promise<object | undefined> =>
    until(async () => {
      const answer = await refusal(path, { ...order, ...more });
      return 'message' in answer && /has not come/.test(String(answer.message)) ? undefined : answer;
    });
  expect(await asked()).toMatchObject({
    status: 409,
    code: 'CONFIG_CONFLICT',
    message: expect.stringContaining('The target must be as the source was there'),
  });
  expect(await asked({ accept: true })).toEqual({ status: 200 });
}

it('a channel that was removed does not come back with a backup, nor with an older ZooKeeper, at its old checkpoint', async () => {
  const way = await openWay();
  const other = await keepCapturing(way);
  const exported = await stack.api.request<object>('GET', '/api/v1/backup');
  const tree = await savedTree(stack);
  await way.act('stop'); // its capture works on for the other one
  await until(async () => (await way.end('loader')).worker === null || undefined);
  await remove(`channels/${way.name}`);
  // Capture goes on without its tables: what is written now is not in the topic.
  const [kept] = (await stack.api.channelStatus(other)).pipelines;
  const captured = async () => (await stack.api.channelStatus(other)).pipelines[0]?.source.worker;
  await until(async () => Object.keys((await captured())?.routes ?? {}).join() === kept?.uid || undefined);
  await way.write(2);
  const passed = await executed(way);
  expect(await until(async () => (await captured())?.position?.gtidSet === passed || undefined)).toBe(true);
  expect(await refusal('restore', exported)).toMatchObject({ status: 409, code: 'CONFIG_CONFLICT' });
  await olderTree(stack, tree);
  await saysRegressed();
  // An operator says that this is how it is to be: capture takes the tables in again, and the loader knows what is missing.
  await adopt(['channel-goes-on', 'routes-change']);
  await until(async () => {
    const { uid, source } = await way.status();
    return source.worker?.routes?.[uid];
  });
  await way.write(3);
  await way.fails('loader', 'LOG_LACKS_TABLES');
  expect(await way.targetIds()).toEqual([1]);
  // The advice of the code, followed.
  const dump = await executed(way);
  await way.atTarget("INSERT INTO t VALUES (2, 'row 2'), (3, 'row 3')");
  await begins(way.name, { gtidSet: dump });
  await way.write(4);
  await way.arrives();
  for (const name of [way.name, other]) await stack.api.channelAction(name, 'stop');
});

it('a pipeline that is new on an old topic begins where it is said, behind the dump', async () => {
  const way = await openWay();
  await gone(way);
  await way.atSource('INSERT INTO bare VALUES (2)'); // nobody reads
  const name = `${way.name}-anew`;
  await another(way, name, [{ schema: way.database }]);
  await stack.api.channelAction(name, 'start');
  await stopsWith(name, 'LOG_START_UNKNOWN');
  expect(await bare(way)).toEqual([1]);
  await stack.api.channelAction(name, 'pause');
  await way.atSource('INSERT INTO bare VALUES (3)');
  const dump = await executed(way);
  await way.atTarget('INSERT INTO bare VALUES (2), (3)');
  await way.atSource('INSERT INTO bare VALUES (4)');
  await begins(name, { gtidSet: dump });
  await stack.api.channelAction(name, 'start');
  await way.atSource('INSERT INTO bare VALUES (5)');
  await until(async () => (await bare(way)).length === 5 || undefined);
  expect(await bare(way)).toEqual([1, 2, 3, 4, 5]);

  // A second target, whose dump is named by file and position.
  const [backup, second] = [`${way.database}_copy`, `${way.name}-second`];
  await way.atTarget(`CREATE DATABASE ${backup}; CREATE TABLE ${backup}.bare LIKE bare; GRANT ALL ON ${backup}.* TO 'lutra'@'%'`);
  await another(way, second, [{ schema: way.database, table: 'bare', to: { schema: backup } }]);
  await stack.api.request('POST', `/api/v1/channels/${second}/start?force=true`);
  await stopsWith(second, 'LOG_START_UNKNOWN');
  const [status] = await way.atSource('SHOW BINARY LOG STATUS');
  await way.atTarget(`INSERT INTO ${backup}.bare SELECT * FROM bare`);
  await way.atSource('INSERT INTO bare VALUES (6)');
  await begins(second, { file: String(status?.['File']), pos: Number(status?.['Position']) });
  await until(async () => (await bare(way, backup)).length === 6 || undefined);
  expect(await bare(way, backup)).toEqual([1, 2, 3, 4, 5, 6]);
  for (const channel of [name, second]) await stack.api.channelAction(channel, 'stop');
});

it('a ZooKeeper that is restored from an older copy takes no table away', async () => {
  const way = await openWay();
  const tree = await savedTree(stack);
  const more = `${way.database}_more`;
  const create = `CREATE DATABASE ${more}; CREATE TABLE ${more}.t (id INT PRIMARY KEY); GRANT ALL ON ${more}.* TO 'lutra'@'%'`;
  for (const side of sides) await withAdministrator(way.servers[side], (connection) => connection.query(create));
  const pipelines = [{ name: 'rows', ...way.endpoints, routes: [{ schema: way.database }, { schema: more }] }];
  await way.change(`channels/${way.name}`, { pipelines });
  expect(await until(async () => (await way.status()).routes === 'in force' || undefined)).toBe(true);
  await way.atSource(`INSERT INTO ${more}.t VALUES (1)`);
  const there = async () => (await way.atTarget(`SELECT id FROM ${more}.t ORDER BY id`)).map((row) => Number(row['id']));
  await until(async () => (await there()).length === 1 || undefined);
  const newest = await savedTree(stack);
  await olderTree(stack, tree);
  await saysRegressed();
  // Who works goes on with what it has; who starts has nothing.
  await way.atSource(`INSERT INTO ${more}.t VALUES (2)`);
  await until(async () => (await there()).length === 2 || undefined);
  for (const app of [stack.capture[way.from], stack.loader[way.to]]) await app.restart();
  for (const end of ['capture', 'loader'] as const) await way.fails(end, 'CONFIG_REGRESSED');
  expect((await way.status()).routes).toBe('pending');
  await way.atSource(`INSERT INTO ${more}.t VALUES (3)`);
  await olderTree(stack, newest);
  await until(async () => (await there()).length === 3 || undefined);
  expect(await there()).toEqual([1, 2, 3]);
  await way.close();
});

it('a channel that an older ZooKeeper does not know goes on where it stands when it is created again under its name', async () => {
  const tree = await savedTree(stack);
  const way = await openWay();
  const channel = await stack.api.request<ChannelDocument>('GET', `/api/v1/channels/${way.name}`);
  const pipelines = channel.pipelines.map(({ uid: adopt, ...pipeline }) => ({ ...pipeline, adopt }));
  const endpoints = await Promise.all(
    Object.values(way.endpoints).map((name) => stack.api.request<object>('GET', `/api/v1/endpoints/${name}`)),
  );
  await olderTree(stack, tree);
  await saysRegressed();
  await adopt(['work-ends']);
  await way.atSource('INSERT INTO bare VALUES (2)');
  for (const endpoint of endpoints) await stack.api.request('POST', '/api/v1/endpoints', { ...endpoint, password: lutraPassword });
  await stack.api.request('POST', '/api/v1/channels', { name: way.name, pipelines });
  await way.start();
  await way.arrives('bare');
  await way.close();
});

it('a target that is restored with its checkpoint gets what it lost once; one that lost its row is not begun anew, also without the mark', async () => {
  const way = await openWay();
  await way.act('pause');
  await until(async () => (await way.end('loader')).state === 'paused' || undefined);
  const row = `FROM lutra.checkpoint WHERE pipeline = '${way.uid}'`;
  await way.atTarget(`CREATE TABLE kept LIKE lutra.checkpoint; INSERT INTO kept SELECT * ${row}`);
  await way.start();
  await way.atSource('INSERT INTO bare VALUES (2)');
  await way.arrives('bare');
  await way.atTarget(`BEGIN; DELETE FROM bare WHERE id = 2; DELETE ${row}; INSERT INTO lutra.checkpoint SELECT * FROM kept; COMMIT`);
  await way.atSource('INSERT INTO bare VALUES (3)');
  await way.arrives('bare');
  expect(await bare(way)).toEqual([1, 2, 3]);

  const tree = new Map(await savedTree(stack));
  expect(tree.delete(`${stack.root}/uids/${way.uid}`)).toBe(true);
  await way.close();
  await way.atTarget(`DELETE ${row}`);
  await olderTree(stack, new Map([...(await savedTree(stack))].filter(([path]) => tree.has(path))));
  await way.start();
  await way.fails('loader', 'CHECKPOINT_MISSING');
  expect(await bare(way)).toEqual([1, 2, 3]);
  await way.close();
});
