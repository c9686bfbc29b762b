/**
 * A large database is seeded both ways while writers of both sides change it and parties are killed: then both sides are equal by the
 * test's own comparison, and each row is what its only writer committed last. LUTRA_SEEDED_ROWS, LUTRA_SEEDED_KILLS: smaller runs.
 */
import { expect, it } from 'vitest';
import { compareDatabases, type Log, type Stack, startLog, withAdministrator } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { Expected } from './expected.js';
import { createTables, fill } from './fill.js';
import { killAtRandom } from './kills.js';
import { seeded, verified } from './orders.js';
import { SeededLoad } from './row-writer.js';
import { settings } from './settings.js';
import { seededDatabase, seededTables } from './tables.js';
import { withStack } from './with-stack.js';

const seed = seedOf();
const log: Log = startLog();

interface Start {
  /** Side b has a tenth of side a's rows, some of them otherwise, and a few of its own. */
  readonly unequal: boolean;
  readonly rows: number;
}

async function prepare(stack: Stack, { unequal, rows }: Start): Promise<void> {
  await withAdministrator(stack.mysql.a, async (connection) => {
    await createTables(connection);
    await fill(connection, { rows, where: 'n <= COUNT' });
  });
  await withAdministrator(stack.mysql.b, async (connection) => {
    if (!unequal) return void (await connection.query(`CREATE DATABASE ${seededDatabase} CHARACTER SET utf8mb4`));
    await createTables(connection);
    const where = 'IF(n <= COUNT, (n DIV 80) MOD 10 = 0, n MOD 2 = 0)';
    await fill(connection, { rows, where, stamp: "IF(n <= COUNT AND n MOD 100 = 0, 'old', 'start')" });
  });
  log(`${rows} rows are there`);
}

/** Numbers beyond the count, at side b alone. */
function atSideB(count: number): readonly number[] {
  return Array.from({ length: Math.floor(count * 1.01) - count }, (_, i) => count + 1 + i).filter((n) => n % 2 === 0);
}

async function expectSeeded(stack: Stack, { unequal, rows }: Start): Promise<void> {
  const boundMs = 600_000 + rows * 2;
  await prepare(stack, { unequal, rows });
  await stack.createChannel({
    databases: [seededDatabase],
    seed: true,
    conflicts: { home: stack.regions.a, rules: [{ schema: seededDatabase, policy: 'home' }] },
  });
  const expected = new Expected();
  await stack.startChannel();
  const load = new SeededLoad(stack, { seed, rate: 40, rows, expected });
  const done = seeded(stack, { tables: seededTables.length, boundMs }).then((all) => {
    log(`seeded: ${JSON.stringify(all)}; written meanwhile: ${load.totals.a.rows} + ${load.totals.b.rows} rows`);
    return all;
  });
  const [killed, all] = await Promise.all([killAtRandom(stack, { times: settings.kills, seed, pauseMs: 4000, log }), done]);
  await load.stopWriting();
  await stack.waitUntilRunning(boundMs);
  await stack.drain(boundMs);
  expect(killed).toHaveLength(settings.kills);
  expect(all.map(({ clashes }) => clashes)).toEqual([0, 0]);
  const { differing, differences } = await compareDatabases({
    a: stack.connection('a'),
    b: stack.connection('b'),
    databases: [seededDatabase],
  });
  expect({ differing, differences: differences.slice(0, 20) }).toEqual({ differing: 0, differences: [] });
  log(`equal; ${expected.size} rows were written`);
  const problems = await expected.differences(stack, { rows, extra: unequal ? atSideB : () => [], free: () => false });
  expect({ count: problems.length, first: problems.slice(0, 20) }).toEqual({ count: 0, first: [] });
  const { equal, tables } = await verified(stack, [`${seededDatabase}.*`], boundMs);
  expect(equal, JSON.stringify(tables)).toBe(true);
}

const timeout = 1_800_000 + settings.rows * 6;

it(`an empty side is filled under load and kills, seed ${seed}`, { timeout }, () =>
  withStack({ mysql: '9.7', log }, (stack) => expectSeeded(stack, { unequal: false, rows: Math.ceil(settings.rows / 10) })),
);

it(`two unequal sides become one under load and kills, seed ${seed}`, { timeout }, () =>
  withStack({ mysql: '9.7', mysqlB: '8.0', log }, (stack) => expectSeeded(stack, { unequal: true, rows: settings.rows })),
);
