/**
 * Rows that are damaged behind the binlog's back are found while both sides take writes, each by its class, and nothing else is reported.
 * An entry of lutra.resync fixes each of them; then both sides are equal. Side a is MySQL 9.7 and home, side b is 8.0.
 */
import { randomUUID } from 'node:crypto';
import { Registry } from '@lutra/registry';
import { createLogger } from '@lutra/telemetry';
import { createConnection } from 'mysql2/promise';
import type { RowDataPacket } from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest';
import { createShop, shopDatabase, sides, startStack, startWorkload, usualMix } from '../harness/index.js';
import type { OperationName, Side, Stack } from '../harness/index.js';
import { expectEqual, seedOf, sleep } from './shop-stack.js';

interface TableAnswer {
  readonly table: string;
  readonly verdict: string | null;
  readonly missingHere: number;
  readonly missingThere: number;
  readonly different: number;
  readonly extra: number;
  readonly notes: readonly string[];
}

interface VerifyAnswer {
  readonly order: { readonly id: string };
  readonly result: { readonly endedAt: number | null; readonly waitingFor: string | null; readonly tables: readonly TableAnswer[] } | null;
  readonly equal: boolean;
}

interface DifferenceAnswer {
  readonly differences: readonly {
    readonly table: string;
    readonly key: Readonly<Record<string, unknown>>;
    readonly outcome: string;
    readonly columns: readonly string[] | null;
  }[];
  readonly unreachable: readonly unknown[];
}

/** The table without a key cannot be compared. */
const keyed: Readonly<Partial<Record<OperationName, number>>> = Object.fromEntries(
  Object.entries(usualMix).filter(([name]) => !/event/i.test(name)),
);

/** Tables that no writer of the workload knows. */
const quietTables = ['ledger', 'labels', 'calm'];
const setUp = [
  'CREATE TABLE shop.ledger (id BIGINT PRIMARY KEY, note VARCHAR(40), ratio FLOAT, doc JSON, amount DECIMAL(12,4), at DATETIME(6))',
  "CREATE TABLE shop.labels (name VARCHAR(60), n INT, PRIMARY KEY (name, n), kind ENUM('x','y') NOT NULL DEFAULT 'x')",
  'CREATE TABLE shop.calm (id BIGINT PRIMARY KEY, note TEXT)',
  // No quotients: 8.0 gives a division inside of JSON_OBJECT and FLOAT more digits than 9.7.
  "INSERT INTO shop.ledger SELECT id, CONCAT('note ', id), id * 0.3e0, JSON_OBJECT('n', id * 0.25), id * 0.0625, '2026-01-31 10:31:07.5' FROM shop.accounts",
  "INSERT INTO shop.labels (name, n) SELECT CONCAT('it''s “', id, '” 🦦'), id FROM shop.accounts",
  'INSERT INTO shop.calm SELECT id, owner FROM shop.accounts',
];
const label = (n: number): string => `it's “${n}” 🦦`;

/** `sql_log_bin` = 0. */
const damage: Readonly<Record<Side, readonly string[]>> = {
  a: [
    'DELETE FROM shop.ledger WHERE id = 21',
    "UPDATE shop.ledger SET doc = JSON_OBJECT('n', 'damaged') WHERE id = 35",
    'UPDATE shop.ledger SET ratio = ratio + 0.000001 WHERE id = 1',
    'DELETE FROM shop.labels WHERE n = 7',
  ],
  b: [
    'DELETE FROM shop.ledger WHERE id IN (11, 12)',
    "UPDATE shop.ledger SET note = 'damaged', amount = amount + 0.0001 WHERE id = 31",
    "UPDATE shop.labels SET kind = 'y' WHERE n = 9",
    "INSERT INTO shop.labels (name, n) VALUES ('only here', 100000)",
  ],
};

/** The same, later. One row is changed at b first, which b's log tells. */
const damageAgain: Readonly<Record<Side, readonly string[]>> = {
  a: ['DELETE FROM shop.ledger WHERE id IN (22, 90001)', "UPDATE shop.ledger SET doc = JSON_OBJECT('n', 'damaged') WHERE id = 36"],
  b: [
    'DELETE FROM shop.ledger WHERE id = 13',
    "UPDATE shop.ledger SET note = 'damaged', amount = amount + 0.0001 WHERE id = 32",
    "INSERT INTO shop.labels (name, n) VALUES ('again', 100001)",
  ],
};
const repairable = 5;

const found = [
  { table: 'labels', key: { name: label(7), n: 7 }, outcome: 'missing-there', columns: null },
  { table: 'labels', key: { name: label(9), n: 9 }, outcome: 'different', columns: ['kind'] },
  { table: 'labels', key: { name: 'only here', n: 100000 }, outcome: 'missing-there', columns: null },
  { table: 'ledger', key: { id: ['i', '1'] }, outcome: 'different', columns: ['ratio'] },
  { table: 'ledger', key: { id: ['i', '11'] }, outcome: 'missing-here', columns: null },
  { table: 'ledger', key: { id: ['i', '12'] }, outcome: 'missing-here', columns: null },
  { table: 'ledger', key: { id: ['i', '21'] }, outcome: 'missing-there', columns: null },
  { table: 'ledger', key: { id: ['i', '31'] }, outcome: 'different', columns: ['note', 'amount'] },
  { table: 'ledger', key: { id: ['i', '35'] }, outcome: 'different', columns: ['doc'] },
];

/**
 * Where each row is sent again from: where it is. Rows that differ are sent from either side: home's row stands in both directions.
 */
const sentAgain: Readonly<Record<Side, readonly (readonly [string, unknown])[]>> = {
  a: [
    ['ledger', { id: 11 }],
    ['ledger', [12]],
    ['ledger', { id: 31 }],
    ['ledger', { id: 1 }],
    ['labels', { name: label(9), n: 9 }],
  ],
  b: [
    ['ledger', { id: 21 }],
    ['ledger', { id: 35 }],
    ['labels', [label(7), 7]],
    ['labels', { name: 'only here', n: 100000 }],
  ],
};

type Query = (sql: string, values?: unknown[][][]) => Promise<RowDataPacket[]>;

async function administrator<T>(stack: Stack, side: Side, work: (query: Query) => Promise<T>): Promise<T> {
  const connection = await createConnection({ ...stack.connection(side), charset: 'utf8mb4' });
  try {
    return await work(async (sql, values) => (await connection.query<RowDataPacket[]>(sql, values))[0]);
  } finally {
    await connection.end();
  }
}

async function verify(stack: Stack, tables: readonly string[]): Promise<VerifyAnswer> {
  const path = `/api/v1/channels/${stack.channel}/verify`;
  const { order } = await stack.api.request<VerifyAnswer>('POST', path, { tables, share: 1 });
  let last: VerifyAnswer | undefined;
  const ended = async (): Promise<boolean> => {
    last = await stack.api.request<VerifyAnswer>('GET', path);
    return last.order.id === order.id && last.result?.endedAt != null;
  };
  await expect.poll(ended, { timeout: 240_000, interval: 500 }).toBe(true);
  return last!;
}

const byText = (one: unknown, other: unknown): number => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);

describe('a channel that is verified', () => {
  let stack: Stack;
  const seed = seedOf();

  beforeAll(async () => {
    stack = await startStack({ mysql: '9.7', mysqlB: '8.0' });
    for (const side of sides) {
      const connection = await createConnection(stack.connection(side));
      await createShop(connection);
      await connection.end();
      await administrator(stack, side, async (query) => {
        for (const sql of setUp) await query(sql);
      });
    }
    await stack.createChannel({
      databases: [shopDatabase],
      conflicts: {
        home: stack.regions.a,
        rules: [
          { schema: shopDatabase, table: 'events_nokey', policy: 'stop' },
          { schema: shopDatabase, policy: 'home' },
        ],
      },
    });
    await stack.startChannel();
  }, 240_000);
  afterAll(() => stack?.stop());

  it(`finds the damaged rows and no others under load, seed ${seed}`, { timeout: 400_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    const writers = sides.map((side) =>
      startWorkload({ side, connection: stack.connection(side), seed, mix: keyed, transactionsPerSecond: 30 }),
    );
    await sleep(2_000);
    for (const side of sides) {
      await administrator(stack, side, async (query) => {
        await query('SET sql_log_bin = 0');
        for (const sql of damage[side]) await query(sql);
      });
    }
    const { result, order, equal } = await verify(stack, ['shop.*']);
    for (const writer of writers) await writer.stop();
    const verdicts = (result?.tables ?? []).map(({ table, verdict, notes }) => ({ table, verdict, notes }));
    const reported = (result?.tables ?? []).filter(({ verdict }) => verdict === 'different');
    const counts = reported.map(({ table, missingHere, missingThere, different, extra }) => [
      table,
      missingHere,
      missingThere + extra,
      different,
    ]);
    expect(counts.toSorted(byText), JSON.stringify(verdicts)).toEqual([
      ['labels', 0, 2, 1],
      ['ledger', 2, 1, 3],
    ]);
    expect(equal).toBe(false);
    expect(verdicts.find(({ table }) => table === 'calm')?.verdict).toBe('equal');
    expect(verdicts.filter(({ verdict }) => verdict === 'refused').map(({ table }) => table)).toEqual(['events_nokey']);
    const path = `/api/v1/channels/${stack.channel}/verify/differences?limit=100&request=${order.id}`;
    const { differences, unreachable } = await stack.api.request<DifferenceAnswer>('GET', path);
    expect(unreachable).toEqual([]);
    const rows = differences.map(({ table, key, outcome, columns }) => ({ table, key, outcome, columns }));
    expect(rows.toSorted(byText)).toEqual(found.toSorted(byText));
  });

  it('says equal of tables that nobody damaged', { timeout: 400_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    await stack.drain(180_000);
    const untouched = ['accounts', 'customers', 'products', 'orders', 'order_items', 'counters', 'samples', 'calm'];
    const { result, equal } = await verify(
      stack,
      untouched.map((name) => `shop.${name}`),
    );
    expect(equal, JSON.stringify(result?.tables)).toBe(true);
    expect((result?.tables ?? []).map(({ table }) => table).toSorted()).toEqual(untouched.toSorted());
  });

  it('sends rows again from either side, and then both are equal', { timeout: 400_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    for (const side of sides) {
      await administrator(stack, side, async (query) => {
        const entries = sentAgain[side].map(([table, key]) => ['shop', table, JSON.stringify(key)]);
        await query('INSERT INTO lutra.resync (schema_name, table_name, row_key) VALUES ?', [entries]);
      });
    }
    for (const side of sides) {
      const left = (): Promise<unknown> => administrator(stack, side, (query) => query('SELECT * FROM lutra.resync'));
      await expect.poll(left, { timeout: 60_000, interval: 500 }).toEqual([]);
    }
    await stack.drain(180_000);
    const { equal, result } = await verify(
      stack,
      quietTables.map((name) => `shop.${name}`),
    );
    expect(equal, JSON.stringify(result?.tables)).toBe(true);
    await expectEqual(stack);
    const [kept] = await administrator(stack, 'b', (query) => query('SELECT doc FROM shop.ledger WHERE id = 35'));
    expect(kept?.['doc']).toEqual({ n: 'damaged' });
  });

  it('repairs what was damaged on both sides under load, with home as the winner', { timeout: 400_000 }, async () => {
    onTestFailed(async () => console.error(await stack.report()));
    const writers = sides.map((side) =>
      startWorkload({ side, connection: stack.connection(side), seed: seed + 1, mix: keyed, transactionsPerSecond: 30 }),
    );
    const since = Date.now();
    await administrator(stack, 'b', (query) => query("INSERT INTO shop.ledger (id, note) VALUES (90001, 'of b')"));
    const arrived = (): Promise<unknown> => administrator(stack, 'a', (query) => query('SELECT note FROM shop.ledger WHERE id = 90001'));
    await expect.poll(arrived, { timeout: 60_000, interval: 200 }).toEqual([{ note: 'of b' }]);
    for (const side of sides) {
      await administrator(stack, side, async (query) => {
        await query('SET sql_log_bin = 0');
        for (const sql of damageAgain[side]) await query(sql);
      });
    }
    const tables = quietTables.map((name) => `shop.${name}`);
    const { order } = await verify(stack, tables);
    await repair(stack, order.id, since);
    for (const writer of writers) await writer.stop();
    const problems = await administrator(stack, 'b', (query) => query('SELECT problem FROM lutra.difference'));
    expect(problems).toEqual([{ problem: 'changed at the target since the hole began' }]);
    await administrator(stack, 'b', (query) => query('DELETE FROM shop.ledger WHERE id = 90001'));
    await stack.drain(180_000);
    await expectEqual(stack);
    const [kept] = await administrator(stack, 'b', (query) => query('SELECT note FROM shop.ledger WHERE id = 32'));
    expect(kept?.['note']).toBe('note 32');
    const recorded = await administrator(stack, 'a', (query) => query("SELECT winner FROM lutra.conflict WHERE type = 'repair'"));
    expect(recorded.map(({ winner }) => winner)).toEqual(Array.from({ length: repairable }, () => 'existing'));
  });
});

/** Written as control writes it. */
async function repair(stack: Stack, id: string, spareChangedSince: number): Promise<void> {
  const registry = new Registry({
    connect: stack.zooKeeper.connect,
    root: stack.root,
    digest: stack.digest,
    logger: createLogger('test', 'silent'),
  });
  try {
    await registry.start(AbortSignal.timeout(30_000));
    const known = await registry.verifications.read(stack.channel);
    if (known?.document.id !== id) throw new Error('the order is another one');
    const of = {
      id: randomUUID(),
      tables: ['*.*'],
      winner: stack.regions.a,
      extra: [],
      spareChangedSince,
      untilEqual: false,
      by: 'test',
      at: Date.now(),
    };
    await registry.verifications.write(stack.channel, { ...known.document, repair: of });
    const ended = async () => (await registry.verificationResults.read(stack.channel))?.document.repair;
    await expect
      .poll(ended, { timeout: 120_000, interval: 200 })
      .toMatchObject({ repaired: repairable, changed: 0, refused: 1, left: 0, endedAt: expect.any(Number) as number });
  } finally {
    await registry.stop();
  }
}
