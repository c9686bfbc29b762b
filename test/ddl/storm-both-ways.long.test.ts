/**
 * Both ways, a is at home: what home runs is carried out on the other side while both write, what the other side runs is held at home and
 * answered by a script, or done there by hand; loaders, captures and servers are killed. Nothing runs twice, nothing goes round, and both
 * sides end equal. LUTRA_SEED repeats a run; LUTRA_STORM_SECONDS (60) asks for another length.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { Random, sides, type Stack, startStack } from '../harness/index.js';
import { seedOf } from '../scenarios/shop-stack.js';
import { bothDatabase, BothWays, drawChanges } from './both-ways.js';
import { TwoWriters } from './two-writers.js';

const seed = seedOf();
const seconds = Number(process.env['LUTRA_STORM_SECONDS'] ?? 60);
const restMs = 480_000;
const lines: string[] = [];
const log = (line: string): void => void lines.push(line);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ mysql: seed % 2 === 0 ? '9.7' : '8.0' });
}, 240_000);
afterAll(() => stack?.stop(), 60_000);

it(`home's statements run, the others' are answered, seed ${seed}`, { timeout: seconds * 1_000 + restMs }, async () => {
  onTestFailed(async () => console.error(lines.join('\n'), await stack.report(), await stack.saveLogs()));
  const both = await BothWays.open(stack, { default: 'apply' });
  const random = new Random(seed);
  const columns = Array.from({ length: 400 }, (_, i) => `c${i + 1}`);
  const values = (id: number) => ({ v: String(id % 100), t: `'${id}'`, ...Object.fromEntries(columns.map((name) => [name, String(id)])) });
  const writers = new TwoWriters({ stack, database: bothDatabase, table: 'items', seed, values });
  const victims = sides.flatMap((side) => [stack.loader[side], stack.capture[side], stack.mysql[side]]);
  let killed = 0;
  const disturb = async (): Promise<void> => {
    if (!random.chance(0.4)) return;
    const victim = random.pick(victims);
    log(`kill -9 of ${victim.name}`);
    await victim.kill();
    await victim.restart();
    killed += 1;
  };
  const end = performance.now() + seconds * 1_000;
  for (let n = 1; performance.now() < end; n += 1) {
    for (const change of drawChanges(random, n)) {
      if (change.kind === 'quiet') await writers.pause();
      // What home has run is there by then: else the two would cross.
      if (change.from === 'b' || change.kind === 'quiet') await stack.drain(240_000);
      const way = change.from === 'b' && change.kind === 'by name' ? random.pick(['run', 'by hand'] as const) : 'run';
      log(`${change.sql} at ${change.from}, then ${way}`);
      await both.change(change, way, disturb);
      writers.resume();
    }
  }
  await writers.stop();
  await stack.drain(240_000);
  log(`${both.ran.a} and ${both.ran.b} statements, ${killed} kills, ${writers.inserted.a.length} and ${writers.inserted.b.length} rows`);
  expect([both.ran.a + both.ran.b > seconds / 12, killed > seconds / 60]).toEqual([true, true]);
  expect(await both.wrong()).toEqual([]);
});
