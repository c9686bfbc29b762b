/**
 * Edits under load: routes, a name at the target, policies. Nothing begins anew (the server's dump, both epochs, all processes are the
 * same), nothing stands still, and no row goes by routes under which it was not published.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import type { Stack } from '../harness/index.js';
import { keptStack, leaveStack } from './kept-stack.js';
import { openOneWay, until } from './one-way.js';
import type { OneWay } from './one-way.js';

const mostLagMs = 5_000;

let stack: Stack;
beforeAll(async () => {
  stack = await keptStack();
}, 240_000);
afterAll(leaveStack);

/** Writes transactions of a row of t and one of u, the same number each, until stop(), which says the last one. */
function load(way: OneWay): { stop(): Promise<number> } {
  let isOn = true;
  const writing = (async () => {
    for (let id = 1; ; id += 1) {
      await way.atSource(`BEGIN; INSERT INTO t VALUES (${id}, 'x'); INSERT INTO u VALUES (${id}, 'x'); COMMIT`);
      if (!isOn) return id;
      await sleep(5);
    }
  })();
  return {
    stop() {
      isOn = false;
      return writing;
    },
  };
}

/** Who works: the connection of the dump as the server names it, the epochs, the processes. */
async function identity(way: OneWay): Promise<unknown> {
  const dumps = await way.atSource(
    `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = '${way.user}' AND COMMAND LIKE 'Binlog Dump%'`,
  );
  const { source, target } = await way.status();
  const epochs = [source.worker?.epoch, target.worker?.epoch];
  expect([dumps.length, ...epochs.map((epoch) => typeof epoch)]).toEqual([1, 'number', 'number']);
  return { dumps, epochs, processes: stack.apps.map(({ pid }) => pid) };
}

async function idsOf(way: OneWay, table: string): Promise<readonly number[]> {
  return (await way.atTarget(`SELECT id FROM ${table} ORDER BY id`)).map((row) => Number(row['id']));
}

function isWithoutHole(ids: readonly number[]): boolean {
  return ids.length > 0 && ids.every((id, i) => id === (ids[0] ?? 0) + i);
}

it('routes and policies change one way: no dump, lease or process is another one, no row is lost, and the lag stays', async () => {
  const way = await openOneWay(stack, { ownUser: 'source' });
  onTestFailed(async () => console.error(JSON.stringify(await way.status(), null, 1), await stack.saveLogs()));
  const table = (name: string): string => `CREATE TABLE ${name} (id BIGINT PRIMARY KEY, v VARCHAR(100))`;
  for (const create of [way.atSource, way.atTarget]) await create.call(way, table('u'));
  for (const name of ['u1', 'u2']) await way.atTarget(table(name));
  const route = (name: string, to?: string) => ({ schema: way.database, table: name, ...(to && { to: { table: to } }) });
  const states = new Set<string>();
  const lags: number[] = [];
  const edit = async (part: object): Promise<number> => {
    await way.change(`channels/${way.name}`, part, '?force=true');
    const isInForce = async (): Promise<true | undefined> => ((await way.status()).routes === 'in force' ? true : undefined);
    expect(await until(isInForce)).toBe(true);
    const { source, target, lagMs } = await way.status();
    for (const { state } of [source, target]) states.add(state);
    lags.push(lagMs ?? 0);
    return Number((await way.atSource('SELECT MAX(id) AS id FROM t'))[0]?.['id']);
  };
  let ddl: object = { default: 'stop' };
  const routes = (...all: readonly object[]) => ({ pipelines: [{ name: 'rows', ...way.endpoints, routes: all, ddl }] });
  await edit(routes(route('t')));
  const writer = load(way);
  await until(async () => ((await way.targetIds()).length > 20 ? true : undefined));
  const before = await identity(way);

  const added = await edit(routes(route('t'), route('u', 'u1')));
  await sleep(500);
  ddl = { default: 'ignore' };
  await edit(routes(route('t'), route('u', 'u2')));
  await edit({ onUnsupported: 'suspend' });
  await edit({ conflicts: { rules: [{ policy: 'overwrite' }] } });
  await way.atSource('ALTER TABLE t ADD INDEX (v)');
  await sleep(500);
  await edit({ conflicts: { rules: [] } });
  const removed = await edit(routes(route('t')));
  await sleep(500);

  const last = await writer.stop();
  await way.arrives();
  expect(await identity(way)).toEqual(before);
  expect([...states]).toEqual(['running']);
  expect(Math.max(...lags)).toBeLessThan(mostLagMs);
  // Each row stands under the name under which it was published, and each of them is there.
  const [first, second] = [await idsOf(way, 'u1'), await idsOf(way, 'u2')];
  expect([isWithoutHole(first), isWithoutHole(second), isWithoutHole([...first, ...second])]).toEqual([true, true, true]);
  expect(first[0]).toBeLessThanOrEqual(added + 1);
  expect(second.at(-1)).toBeLessThanOrEqual(removed);
  expect(removed).toBeLessThan(last);
  expect(await idsOf(way, 'u')).toEqual([]);
}, 120_000);
