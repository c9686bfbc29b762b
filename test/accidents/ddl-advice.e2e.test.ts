/** One recipe of docs/10-schema-changes.md, both ways; all of them are in ddl-advice.long.test.ts. */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { recipe } from './ddl-recipes.js';
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

it(
  'both ways a statement holds the other side until it is answered; the recipe for a computed default, while all write',
  { timeout: 240_000 },
  async () => {
    onTestFailed(tell);
    const practice = await ways['both ways, policy home'](office);
    await practice.follow(await recipe('Fill a new column'), 'orders');
    await practice.write('orders');
    await practice.equal();
    // Nothing came back: each statement ran once at each side, and no pipeline holds.
    for (const line of practice.lines) expect((await practice.held(line).shown()).hold).toBeNull();
    const [first, back] = practice.lines.map((line) => practice.held(line));
    expect((await first?.shown())?.recent.filter(({ statement }) => statement === 'ALTER TABLE')).toHaveLength(3);
    expect((await back?.shown())?.recent.filter(({ statement }) => statement === 'ALTER TABLE')).toEqual([]);
  },
);
