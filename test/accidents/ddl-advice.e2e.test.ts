/** The advice of docs/02-setup.md#ddl for the example that made rows differ; all of it is in ddl-advice.long.test.ts. */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { recipe } from './ddl-advice.js';
import { Office, ways } from './ddl-practice.js';
import { keptStackBothWays, leaveStack } from './kept-stack.js';

let office: Office;
beforeAll(async () => {
  office = await Office.open(await keptStackBothWays());
}, 240_000);
// oxlint-disable-next-line no-empty-pattern -- Vitest takes a hook's first parameter in no other form.
afterAll(async ({}, suite) => {
  try {
    await office?.close();
  } finally {
    await leaveStack({}, suite);
  }
});

async function tell(): Promise<void> {
  console.error(JSON.stringify(await office.stack.api.request('GET', '/api/v1/status'), null, 1), await office.stack.saveLogs());
}

it('a default that is computed is named, and the recipe for it holds both ways, while all write', { timeout: 240_000 }, async () => {
  onTestFailed(tell);
  const practice = await ways['both ways, policy home'](office);
  const steps = await recipe('Fill a new column');
  const [first] = practice.lines;
  if (!first) throw new Error('no pipeline');
  await practice.at(first.from, 'ALTER TABLE shop.prices ADD COLUMN made DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)');
  expect(await practice.stopped(first)).toMatchObject({
    effect: 'differs',
    recipe: 'Fill a new column',
    tables: `${practice.database}.prices`,
  });
  // Not passed yet, it can be taken back.
  await practice.at(first.from, 'ALTER TABLE shop.prices DROP COLUMN made');
  await practice.ignore(first);
  await practice.follow(steps, 'orders');
  await practice.write('orders');
  await practice.equal();
});
