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

/** The table without a key cannot be seeded both ways: it stays empty there. */
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

/** Equal rows without any key, with what is hard to tell apart: NULL, floats, documents, values of 1 MB. */
const oddTable = `CREATE TABLE ${shopDatabase}.odd_nokey (n INT NULL, f FLOAT NULL, d DOUBLE NULL, j JSON NULL, t LONGTEXT NULL, UNIQUE KEY (n, d))`;

class OddRows {
  #isOver = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(readonly stack: Stack) {}

  async fill(): Promise<void> {
    const rows = [
      '(NULL, 0.1, NULL, \'[1, 1.0, "1"]\', NULL)',
      "(7, -0.0, NULL, NULL, '')",
      "(7, 1e-38, NULL, '{\"a\": null}', REPEAT('x', 1000000))",
    ];
    await administrator(this.stack, 'a', async (query) => {
      await query(oddTable);
      for (let i = 0; i < 20; i++) await query(`INSERT INTO ${shopDatabase}.odd_nokey VALUES ${rows.join(', ')}`);
    });
  }

  /** Rows come, change and go, one of several equal ones each. */
  write(): void {
    const table = `${shopDatabase}.odd_nokey`;
    this.#writing = administrator(this.stack, 'a', async (query) => {
      for (let i = 0; !this.#isOver; i++) {
        await query('BEGIN');
        await query(
          `INSERT INTO ${table} VALUES (NULL, 0.1, 0.1, JSON_ARRAY(${i % 3}), NULL), (NULL, 0.1, 0.1, JSON_ARRAY(${i % 3}), NULL)`,
        );
        await query(`UPDATE ${table} SET f = COALESCE(f, 0) + 0.1 WHERE n <=> ${i % 2 ? 7 : 'NULL'} LIMIT 1`);
        await query(`DELETE FROM ${table} WHERE t IS NULL LIMIT 1`);
        await query('COMMIT');
        await sleep(15);
      }
    });
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#writing;
  }
}

/** Until the table is seeded by all pipelines of the channel. */
async function seeded(stack: Stack, tables = (name: string): boolean => name !== 'events_nokey'): Promise<void> {
  const { pipelines } = await stack.api.channelStatus(stack.channel);
  for (const { name } of pipelines) {
    const path = `/api/v1/channels/${stack.channel}/pipelines/${name}/seed`;
    const states = async (): Promise<readonly string[]> => {
      const { order, progress } = await stack.api.request<SeedAnswer>('GET', path);
      if (!order || progress?.request !== order.id) return ['not begun'];
      return [...new Set(progress.tables.filter(({ table }) => tables(table)).map(({ state }) => state))];
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
    const before = startWorkload({ side: 'a', connection: stack.connection('a'), seed });
    const odd = new OddRows(stack);
    await odd.fill();
    await sleep(4_000);
    await before.stop();
    odd.write();
    await stack.createChannel({ databases: [shopDatabase], from: ['a'], seed: true });
    const during = startWorkload({ side: 'a', connection: stack.connection('a'), seed: seed + 1, transactionsPerSecond: 50 });
    await stack.startChannel();
    await sleep(1_000);
    await stack.capture.a.kill();
    await stack.capture.a.start();
    await stack.loader.b.kill();
    await stack.loader.b.start();
    await seeded(stack, () => true);
    await during.stop();
    await odd.stop();
    await stack.drain(180_000);
    await expectEqual(stack);
    await administrator(stack, 'b', async (query) => {
      expect(await query(`SELECT 1 FROM ${shopDatabase}.odd_nokey LIMIT 51`)).toHaveProperty('0.length', 51);
    });
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
