/**
 * What docs/10-schema-changes.md advises, followed literally on MySQL 9.7 and 8.0, one way and both ways (policy home), with writers
 * wherever the page lets them write: every row is equal at the end. The shortest of it is in ddl-advice.e2e.test.ts.
 */
import { afterAll, beforeAll, describe, it, onTestFailed } from 'vitest';
import { startStack } from '../harness/index.js';
import { recipe } from './ddl-recipes.js';
import { Office, ways } from './ddl-practice.js';
import type { Practice } from './ddl-practice.js';

let office: Office;
beforeAll(async () => {
  office = await Office.open(await startStack({ mysql: '9.7', mysqlB: '8.0' }));
}, 240_000);
afterAll(() => office?.stack.stop());

async function tell(): Promise<void> {
  console.error(JSON.stringify(await office.stack.api.request('GET', '/api/v1/status'), null, 1), await office.stack.saveLogs());
}

describe.each(Object.entries(ways))('schema changes %s, as the docs say', (_, open) => {
  let practice: Practice;
  beforeAll(async () => {
    practice = await open(office);
  });

  it.each([
    ['Fill a new column', 'orders'],
    ['Number the rows', 'visits'],
    ['Convert a column', 'prices'],
  ])('%s', { timeout: 240_000 }, async (heading, table) => {
    onTestFailed(tell);
    await practice.follow(await recipe(heading), table);
    await practice.write(table);
    await practice.equal();
  });

  it.each([
    ['a column with a constant default, while all write', 'ALTER TABLE orders ADD COLUMN n INT NOT NULL DEFAULT 7, ADD INDEX (n)', false],
    ['a column that goes', 'ALTER TABLE orders DROP COLUMN n', true],
    ['rows that go', 'TRUNCATE TABLE orders', true],
    [
      'a literal that the time zone of its session decides about',
      "ALTER TABLE orders ADD COLUMN at TIMESTAMP NULL DEFAULT '2020-01-01 00:00:00'",
      true,
    ],
    ['a conversion that the sql_mode of its session decides about', 'ALTER TABLE orders MODIFY COLUMN at DATETIME NULL', true],
  ])('%s', { timeout: 240_000 }, async (_name, sql, quiet) => {
    onTestFailed(tell);
    // One way the page lets them write.
    await practice.pass(sql, { quiet: quiet && practice.lines.length > 1, table: 'orders' });
    await practice.write('orders');
    await practice.equal();
  });
});
