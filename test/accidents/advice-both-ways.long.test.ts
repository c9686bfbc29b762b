/**
 * The advice of docs/errors.md where rows flow both ways, followed to the letter until both directions run again with equal tables: one
 * stood still for longer than the other side's topic keeps what it had to ask for; a table is suspended, and the channel says stop.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { rowsTopic } from '@lutra/model';
import { type PipelineStatus, type Side, sides, type Stack, startStack, withAdministrator } from '../harness/index.js';
import { offsets, removeRecords } from './log-accidents.js';
import { until } from './one-way.js';

const timeout = 240_000;
let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
}, timeout);
afterAll(() => stack?.stop(), 60_000);

const run = (side: Side, sql: string): Promise<unknown> => withAdministrator(stack.mysql[side], async (c) => (await c.query(sql))[0]);
const alone = (sql: string): string => `BEGIN; UPDATE lutra.skip SET n = n + 1 WHERE id = 1; ${sql}; COMMIT`;
const orders = (side: Side): Promise<unknown> => run(side, 'SELECT * FROM desk.orders ORDER BY id');
/** The pipeline that writes to side b. */
async function toB(): Promise<PipelineStatus> {
  const found = (await stack.api.channelStatus('desk')).pipelines.find(({ target }) => target.endpoint === stack.endpoints.b);
  if (!found) throw new Error('no pipeline to b');
  return found;
}

async function same(): Promise<void> {
  await stack.drain();
  expect(await orders('b')).toEqual(await orders('a'));
}

/** Replaces parts of the channel's document. */
async function change(part: object, query = ''): Promise<void> {
  const document = await stack.api.request<object>('GET', '/api/v1/channels/desk');
  const headers = { authorization: `Bearer ${stack.token}`, 'content-type': 'application/json', 'if-match': '*' };
  const body = JSON.stringify({ ...document, ...part });
  const response = await fetch(`${stack.control.url}/api/v1/channels/desk${query}`, { method: 'PUT', headers, body });
  expect(response.ok, await response.text()).toBe(true);
}

/** Waits until it is so of both pipelines. */
async function both(what: string, is: (pipeline: PipelineStatus) => boolean): Promise<void> {
  const found = await until(async () => (await stack.api.channelStatus('desk')).pipelines.every(is) || undefined, 60_000);
  if (!found) expect(await stack.api.channelStatus('desk'), what).toBeNull();
}

it('the history of conflicts is lost: both sides are compared, and the pipeline goes on at the end', { timeout }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  for (const side of sides) await run(side, 'CREATE DATABASE desk; CREATE TABLE desk.orders (id INT PRIMARY KEY, note VARCHAR(50))');
  await stack.createChannel({ name: 'desk', databases: ['desk'], conflicts: { home: stack.regions.a, rules: [{ policy: 'home' }] } });
  await stack.startChannel();
  await run('a', "INSERT INTO desk.orders VALUES (1, 'one'), (2, 'two'), (3, 'three')");
  await same();
  // One direction stands still. The other goes on until retention removes what a has applied, and b's loader has yet to ask for.
  await stack.loader.b.kill();
  await run('a', "UPDATE desk.orders SET note = 'of a' WHERE id IN (1, 3)");
  await run('b', "UPDATE desk.orders SET note = 'of b' WHERE id IN (2, 3); INSERT INTO desk.orders VALUES (4, 'of b')");
  const arrived = await until(async () => JSON.stringify(await orders('a')).includes('"id":4') || undefined);
  expect(arrived).toBe(true);
  const topic = rowsTopic(stack.endpoints.b);
  await removeRecords(stack, topic, (await offsets(stack, topic)).end);
  await stack.loader.b.restart();
  const failed = await until(async () => {
    const { state, worker } = (await toB()).target;
    return (state === 'failed' && worker?.lastError?.code === 'CONFLICT_HISTORY_LOST') || undefined;
  }, 60_000);
  if (!failed) expect(await toB()).toBeNull();

  const values = ((await orders('a')) as { id: number; note: string }[]).map(({ id, note }) => `(${id}, '${note}')`).join();
  await run('b', alone(`DELETE FROM desk.orders; INSERT INTO desk.orders VALUES ${values}`));
  expect(await orders('b')).toEqual(await orders('a'));
  await stack.api.request('POST', `/api/v1/channels/desk/pipelines/${(await toB()).name}/restart`, {
    at: 'end',
    reason: 'as the docs say',
    accept: true,
  });
  await stack.waitUntilRunning();
  await same();
  for (const side of sides)
    await run(
      side,
      `UPDATE desk.orders SET note = 'later of ${side}' WHERE id <= 2; DELETE FROM desk.orders WHERE id = ${side === 'a' ? 3 : 4}`,
    );
  await same();
  await stack.api.channelAction('desk', 'stop');
});

it('a table is suspended in a channel that says stop: both go on without it, and it comes back', { timeout }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  const notes = (side: Side): Promise<unknown> => run(side, 'SELECT * FROM desk.notes ORDER BY id');
  const exclude = async (...tables: readonly string[]): Promise<object> => {
    const { pipelines } = await stack.api.request<{ pipelines: readonly object[] }>('GET', '/api/v1/channels/desk');
    return { pipelines: pipelines.map((pipeline) => ({ ...pipeline, exclude: tables })) };
  };
  const alter = (what: string): Promise<unknown> => run('b', `SET SESSION sql_log_bin = 0; ALTER TABLE desk.notes ${what}`);
  const inForce = ({ routes, suspended }: PipelineStatus): boolean => routes === 'in force' && suspended.length === 0;
  for (const side of sides) await run(side, 'CREATE TABLE desk.notes (id INT PRIMARY KEY, v VARCHAR(10))');
  await change({ onUnsupported: 'suspend' });
  await stack.startChannel();
  await run('a', "INSERT INTO desk.notes VALUES (1, 'a')");
  await stack.drain();
  await alter('DROP COLUMN v');
  await run('a', "INSERT INTO desk.notes VALUES (2, 'b')");
  await both('the table is suspended', ({ suspended }) => suspended.map(({ name }) => name).join() === 'notes');

  await change({ onUnsupported: 'stop' });
  await both('stopped', ({ target }) => target.state === 'failed' && target.worker?.lastError?.code === 'TABLE_SUSPENDED');
  for (const side of sides) await run(side, `INSERT INTO desk.orders VALUES (${side === 'a' ? 11 : 12}, 'meanwhile')`);
  await alter('ADD COLUMN v VARCHAR(10)');
  await change(await exclude('notes'));
  await both('the routes without it are in force', inForce);
  await same();
  await run('b', "DELETE FROM desk.notes; INSERT INTO desk.notes VALUES (1, 'a'), (2, 'b')");
  await change(await exclude(), '?force=true');
  await both('the routes with it are in force', inForce);
  for (const side of sides) await run(side, `INSERT INTO desk.notes VALUES (${side === 'a' ? 21 : 22}, 'new')`);
  await run('a', "UPDATE desk.notes SET v = 'z' WHERE id = 2");
  await same();
  expect(await notes('b')).toEqual(await notes('a'));
  await stack.waitUntilRunning();
});
