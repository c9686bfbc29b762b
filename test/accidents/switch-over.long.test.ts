/**
 * Switch-over and fail-back, again and again under load, with a process killed at each step; and a failover whose lost side comes back.
 * Nothing that a client was told is committed is lost where that was promised, and both sides end equal.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OperationStep } from '@lutra/model';
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { otherSide, Random, type Side, sides, type Stack, startStack, withAdministrator } from '../harness/index.js';
import { Clients } from './clients.js';
import { grantOperations, Operating } from './operations.js';

const rounds = Number(process.env['SWITCH_ROUNDS'] ?? 20);
const seed = Number(process.env['SWITCH_SEED'] ?? Date.now() % 1_000_000);
const killedAt: readonly OperationStep[] = [
  'confirm',
  'fence',
  'prepared',
  'barrier-back',
  'barrier',
  'counts',
  'home',
  'confirm-open',
  'open',
];

let stack: Stack;
let operating: Operating;
let clients: Clients;
const random = new Random(seed);

beforeAll(async () => {
  console.log(`SWITCH_SEED=${seed}`);
  stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
  operating = new Operating(stack);
  await Clients.prepare(stack);
  await grantOperations(stack, { mayClose: true });
  await stack.createChannel({ conflicts: { home: stack.regions.a, rules: [{ policy: 'home' }] } });
  await stack.startChannel();
  clients = new Clients(stack, 'a');
  clients.begin();
}, 240_000);
afterAll(async () => {
  await clients?.end();
  await stack?.stop();
});

/** Somebody who works on the operation or on what it waits for, and who is there again a moment later. */
async function killOne(from: Side): Promise<string> {
  const apps = [stack.control, ...sides.flatMap((side) => [stack.capture[side], stack.loader[side]])];
  const victim = random.pick([...apps, stack.mysql[from]]);
  await victim.kill();
  await sleep(random.int(0, 500));
  await victim.start();
  if ('waitReady' in victim) await victim.waitReady();
  return victim.name;
}

it(`keeps what was acknowledged, ${rounds} times to and fro`, { timeout: rounds * 180_000 }, async () => {
  onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
  for (let round = 0; round < rounds; round++) {
    const from: Side = round % 2 === 0 ? 'a' : 'b';
    const to = otherSide(from);
    const step = killedAt[round % killedAt.length]!;
    const moveHome = random.int(0, 1) === 1 && round % 4 < 2;
    await clients.more(10);
    await operating.begin({ kind: from === 'a' ? 'switch-over' : 'fail-back', from, to, moveHome, accept: ['lag'] });
    const killing = operating
      .until(({ step: at }) => at === step || killedAt.indexOf(at) > killedAt.indexOf(step), `reaches ${step}`)
      .then(() => killOne(from));
    await operating.confirm('confirm');
    await operating.confirmedToTheEnd();
    expect(await clients.missing(to)).toEqual([]);
    clients.move(to);
    console.log(`round ${round}: ${from} → ${to}, killed at ${step}: ${await killing}`);
  }
  await clients.more(10);
  await clients.end();
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => connection.query('SET PERSIST read_only = OFF'));
  await stack.drain();
  expect([...(await clients.missing('a')), ...(await clients.missing('b'))]).toEqual([]);
});

it(
  'fails over to the other side, and what the lost side brings later meets the policy and no newer row is lost',
  { timeout: 300_000 },
  async () => {
    onTestFailed(async () => console.error(await stack.report(), await stack.saveLogs()));
    const at = async (side: Side, sql: string): Promise<unknown> =>
      withAdministrator(stack.mysql[side], async (connection) => (await connection.query(sql))[0]);
    await at('a', 'INSERT INTO shop.orders VALUES (-1, "a")');
    await stack.drain();
    await stack.capture.a.stop();
    await at('a', 'UPDATE shop.orders SET side = "t" WHERE id = -1'); // its tail: nobody has it
    await stack.mysql.a.kill();
    await operating.begin({ kind: 'failover', from: 'a', to: 'b', accept: ['lost'] });
    await operating.confirm('confirm');
    await operating.confirm('confirm-open');
    expect(await operating.ended()).toMatchObject({ state: 'done' });
    await at('b', 'UPDATE shop.orders SET side = "b" WHERE id = -1');
    await stack.mysql.a.start();
    await stack.capture.a.start();
    await stack.capture.a.waitReady();
    await sleep(5_000);
    expect(await at('b', 'SELECT side FROM shop.orders WHERE id = -1')).toEqual([{ side: 'b' }]);
  },
);
