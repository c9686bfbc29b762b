/**
 * Clients write at one side of a pair, and move to the other one, and back, while control, captures and loaders are killed. Nothing that
 * was acknowledged to a client is lost, and nothing is written on a side that is closed.
 */
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { sides, type Side, type Stack, withAdministrator } from '../harness/index.js';
import { Clients } from './clients.js';
import { keptStackBothWays, leaveStack } from './kept-stack.js';
import { grantOperations, Operating } from './operations.js';

let stack: Stack;
let operating: Operating;
let clients: Clients;

beforeAll(async () => {
  stack = await keptStackBothWays();
  operating = new Operating(stack);
  await Clients.prepare(stack);
  await grantOperations(stack, { mayClose: false });
  await stack.createChannel({ conflicts: { home: stack.regions.a, rules: [{ policy: 'home' }] } });
  await stack.startChannel();
  clients = new Clients(stack, 'a');
  clients.begin();
}, 240_000);
afterAll(leaveStack);
// Before it: hooks of the end run from the last to the first.
afterAll(async () => {
  await clients.end();
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query('SET PERSIST read_only = OFF'));
});

async function home(): Promise<string | undefined> {
  return (await stack.api.request<{ conflicts: { home?: string } }>('GET', `/api/v1/channels/${stack.channel}`)).conflicts.home;
}

async function isReadOnly(side: Side): Promise<boolean> {
  return withAdministrator(stack.mysql[side], async (connection) => {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT @@GLOBAL.read_only AS closed');
    return Number(row?.['closed']) === 1;
  });
}

it(
  'moves clients and the home to the other side, with a login that is lent, while everybody is killed once',
  { timeout: 240_000 },
  async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    await clients.more(20);
    await operating.begin({ kind: 'switch-over', from: 'a', to: 'b', moveHome: true });
    await operating.confirm('confirm');
    await operating.at('fence');
    await stack.control.kill();
    await stack.control.start();
    await stack.control.waitReady();
    await operating.at('fence');
    await Promise.all([stack.capture.a.kill(), stack.loader.b.kill()]);
    await operating.lendLogin('a');
    const wrote = clients.written.length;
    expect(clients.written.length - wrote).toBeLessThanOrEqual(1);
    for (const app of [stack.capture.a, stack.loader.b]) await app.start();
    await operating.at('confirm-open');
    expect(clients.refused.get(1290)).toBeGreaterThan(0);
    expect(await clients.missing('b')).toEqual([]);
    expect(await home()).toBe(stack.regions.b);
    await operating.confirm('confirm-open');
    await operating.at('open');
    clients.move('b');
    await operating.lendLogin('b');
    expect(await operating.ended()).toMatchObject({ state: 'done' });
    await clients.more(20);
    expect([await isReadOnly('a'), await isReadOnly('b')]).toEqual([true, false]);
  },
);

it('is taken back until the other side is opened', { timeout: 120_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  await grantOperations(stack, { mayClose: true });
  await operating.begin({ kind: 'fail-back', from: 'b', to: 'a' });
  await operating.confirm('confirm');
  await operating.at('confirm-open');
  await operating.abort();
  expect(await operating.ended()).toMatchObject({ state: 'aborted' });
  expect([await isReadOnly('a'), await isReadOnly('b'), await home()]).toEqual([true, false, stack.regions.b]);
  await clients.more(5);
});

it('brings them back, and both sides are equal', { timeout: 120_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  await operating.begin({ kind: 'fail-back', from: 'b', to: 'a' });
  await operating.confirm('confirm');
  await operating.confirm('confirm-open');
  expect(await operating.ended()).toMatchObject({ state: 'done' });
  clients.move('a');
  await clients.more(20);
  await clients.end();
  await withAdministrator(stack.mysql.b, (connection) => connection.query('SET PERSIST read_only = OFF'));
  await stack.drain();
  expect([...(await clients.missing('a')), ...(await clients.missing('b'))]).toEqual([]);
});
