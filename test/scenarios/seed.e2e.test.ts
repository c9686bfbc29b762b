/**
 * A channel that is created with `seed: true`: what is there when it is started first is copied through the log while both sides take
 * writes, with captures and loaders killed meanwhile; then both sides are equal. Side a is MySQL 9.7, side b is 8.0.
 */
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { createShop, shopDatabase, sides, startStack, startWorkload } from '../harness/index.js';
import type { OperationName, Side, Stack } from '../harness/index.js';
import { usualMix } from '../harness/index.js';
import { expectEqual, seedOf, sleep } from './shop-stack.js';

interface SeedAnswer {
  readonly order: { readonly id: string; readonly state: string } | null;
  readonly progress: { readonly request: string; readonly tables: readonly { readonly table: string; readonly state: string }[] } | null;
}

/** The table without a key cannot be seeded both ways: it stays empty. */
const keyed: Readonly<Partial<Record<OperationName, number>>> = Object.fromEntries(
  Object.entries(usualMix).filter(([name]) => !/event/i.test(name)),
);

async function administrator(stack: Stack, side: Side, work: (query: (sql: string) => Promise<unknown>) => Promise<void>): Promise<void> {
  const connection = await createConnection(stack.connection(side));
  try {
    await work((sql) => connection.query(sql));
  } finally {
    await connection.end();
  }
}

async function createShopOn(stack: Stack, side: Side): Promise<void> {
  const connection = await createConnection(stack.connection(side));
  await createShop(connection);
  await connection.end();
}

/** Until the table is seeded by all pipelines of the channel. */
async function seeded(stack: Stack): Promise<void> {
  const { pipelines } = await stack.api.channelStatus(stack.channel);
  for (const { name } of pipelines) {
    const path = `/api/v1/channels/${stack.channel}/pipelines/${name}/seed`;
    const states = async (): Promise<readonly string[]> => {
      const { order, progress } = await stack.api.request<SeedAnswer>('GET', path);
      if (!order || progress?.request !== order.id) return ['not begun'];
      return [...new Set(progress.tables.filter(({ table }) => table !== 'events_nokey').map(({ state }) => state))];
    };
    await expect.poll(states, { timeout: 180_000, interval: 500 }).toEqual(['done']);
  }
}

describe('a channel that seeds', () => {
  let stack: Stack;
  const seed = seedOf();

  beforeAll(async () => {
    stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
  }, 240_000);
  afterAll(() => stack?.stop());

  it(`fills an empty side while the other one is written, seed ${seed}`, { timeout: 400_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    await createShopOn(stack, 'a');
    const before = startWorkload({ side: 'a', connection: stack.connection('a'), seed, mix: keyed });
    await sleep(4_000);
    await before.stop();
    await stack.createChannel({ databases: [shopDatabase], from: ['a'], seed: true });
    const during = startWorkload({ side: 'a', connection: stack.connection('a'), seed: seed + 1, mix: keyed, transactionsPerSecond: 50 });
    await stack.startChannel();
    await sleep(1_000);
    await stack.capture.a.kill();
    await stack.capture.a.start();
    await stack.loader.b.kill();
    await stack.loader.b.start();
    await seeded(stack);
    await during.stop();
    await stack.drain(180_000);
    await expectEqual(stack);
  });

  it(`unites two sides that both have rows and take writes, seed ${seed}`, { timeout: 400_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    await stack.api.channelAction(stack.channel, 'stop');
    await administrator(stack, 'b', async (query) => void (await query(`DROP DATABASE ${shopDatabase}`)));
    await administrator(stack, 'a', async (query) => void (await query(`DROP DATABASE ${shopDatabase}`)));
    for (const side of sides) await createShopOn(stack, side);
    const before = sides.map((side) => startWorkload({ side, connection: stack.connection(side), seed: seed + 2, mix: keyed }));
    await sleep(4_000);
    for (const workload of before) await workload.stop();
    await stack.newEndpoints();
    await stack.createChannel({
      databases: [shopDatabase],
      seed: true,
      conflicts: {
        home: stack.regions.a,
        rules: [
          { schema: shopDatabase, table: 'events_nokey', policy: 'stop' },
          { schema: shopDatabase, policy: 'home' },
        ],
      },
    });
    const during = sides.map((side) =>
      startWorkload({ side, connection: stack.connection(side), seed: seed + 3, mix: keyed, transactionsPerSecond: 30 }),
    );
    await stack.startChannel();
    await sleep(1_000);
    await stack.loader.a.kill();
    await stack.loader.a.start();
    await seeded(stack);
    for (const workload of during) await workload.stop();
    await stack.drain(180_000);
    await expectEqual(stack);
  });
});
