/**
 * Both ways schema changes are held: a script answers each, or does by hand on the other side what was done on the first, while loaders and
 * captures are killed. Nothing runs twice, nothing goes round, and both sides end equal, though both write while a column is on one side
 * alone. LUTRA_SEED repeats a run.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { Random, sides, type Stack, startStack } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { bothDatabase, BothWays, drawHeld } from './both-ways.js';

const seed = seedOf();
const minutes = Number(process.env['LUTRA_STORM_MINUTES'] ?? 3);
const restMs = 420_000;

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: seed % 2 === 0 ? '9.7' : '8.0' });
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

it(`held statements are answered or done by hand, seed ${seed}`, { timeout: minutes * 60_000 + restMs }, async () => {
  const lines: string[] = [];
  onTestFailed(async () => console.error(lines.join('\n'), await stack.report(), await stack.saveLogs()));
  const both = await BothWays.open(stack);
  const random = new Random(seed);
  const apps = sides.flatMap((side) => [stack.loader[side], stack.capture[side]]);
  const disturb = async (): Promise<void> => {
    if (!random.chance(0.3)) return;
    const app = random.pick(apps);
    lines.push(`kill -9 of ${app.name}`);
    await app.kill();
    await app.restart();
  };
  const end = performance.now() + minutes * 60_000;
  for (let n = 1; performance.now() < end; n += 1) {
    for (const held of drawHeld(random, n)) {
      await both.write(5);
      await stack.drain();
      const way = random.pick(['run', 'done', 'by hand'] as const);
      const how = way === 'by hand' && !held.byName ? 'run' : way;
      lines.push(`${held.sql} at ${held.from}, then ${how}`);
      // Rows of one definition come to a side that has the other one by then.
      const amid = async (): Promise<void> => {
        if (held.byName) await both.write(5);
        await disturb();
        if (held.byName) await both.write(5);
      };
      await both.change(held, how, amid);
    }
  }
  for (const sql of ['ALTER TABLE items ADD COLUMN z INT DEFAULT 1', 'ALTER TABLE items DROP COLUMN z, ADD COLUMN z INT DEFAULT 2'])
    await both.change({ from: 'a', sql, byName: false }, 'run', () => both.write(5));
  await stack.drain();
  const status = `/api/v1/channels/${stack.channel}/status`;
  const { omissions } = await stack.api.request<{ omissions: { items: readonly object[] } }>('GET', status);
  expect(omissions.items).toContainEqual(expect.objectContaining({ kind: 'drop', tables: [`${bothDatabase}.items`] }));
  expect(both.ran.a + both.ran.b).toBeGreaterThan(minutes * 4);
  expect(await both.wrong()).toEqual([]);
});
