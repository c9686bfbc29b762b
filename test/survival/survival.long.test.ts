/**
 * Five minutes of random faults, another seed each time. LUTRA_SEED and LUTRA_SURVIVAL_MINUTES ask for another run. What each fault does
 * alone is in test/scenarios/kills.e2e.test.ts and take-over.e2e.test.ts.
 */
import { afterAll, beforeAll, expect, it, onTestFailed } from 'vitest';
import { seedOf } from '../scenarios/shop-stack.js';
import { Network } from '../network/index.js';
import { Stack } from '../harness/index.js';
import { survive } from './survival.js';

const seed = seedOf();
const minutes = Number(process.env['LUTRA_SURVIVAL_MINUTES'] ?? 5);
const begin = performance.now();
const log = (line: string): void => console.log(`[${((performance.now() - begin) / 1000).toFixed(1).padStart(6)} s] ${line}`);

let network: Network;
let stack: Stack;

beforeAll(async () => {
  network = await Network.open();
  stack = new Stack({ mysql: '9.7', mysqlB: '8.0', standbys: true, network, log });
}, 30_000);
afterAll(async () => {
  await stack?.stop();
  await network?.close();
}, 60_000);

const restMs = 240_000;
it(`survives kills, freezes and cuts under load from both sides, seed ${seed}`, { timeout: minutes * 60_000 + restMs }, async () => {
  onTestFailed(async () => console.error(`the logs are kept in ${await stack.saveLogs()}`));
  const { good, lines, faults } = await survive(stack, network, { minutes, seed, rate: 40, log });
  for (const line of lines) log(line);
  expect(good, lines.join('\n')).toBe(true);
  for (const [kind, times] of Object.entries(faults)) expect(times, kind).toBeGreaterThan(0);
});
