/**
 * Two short runs, one with a fixed seed and one with another each time: LUTRA_SEED repeats that one, LUTRA_CONVERGE_MINUTES makes both
 * longer.
 */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, expect, it, onTestFailed } from 'vitest';
import { seedOf } from '../e2e/shop-stack.js';
import { Network } from '../network/index.js';
import { Stack, startLog } from '../scenarios/index.js';
import { converge } from './convergence.js';

const minutes = process.env['LUTRA_CONVERGE_MINUTES'];
const runs = [
  { seed: 2626, minutes: Number(minutes ?? 0.7), mysqlB: '8.0' },
  { seed: seedOf(), minutes: Number(minutes ?? 0.5), mysqlB: '9.7' },
] as const;
const restMs = 420_000;

let network: Network | undefined;
let stack: Stack | undefined;

afterEach(async () => {
  await stack?.stop();
  await network?.close();
}, 60_000);

for (const run of runs) {
  it(`ends equal though both regions write the same rows, seed ${run.seed}`, { timeout: run.minutes * 60_000 + restMs }, async () => {
    const log = startLog();
    network = await Network.open();
    const here = new Stack({ mysql: '9.7', mysqlB: run.mysqlB, standbys: true, network, log });
    stack = here;
    onTestFailed(async () => console.error(`the logs are kept in ${await here.saveLogs()}`));
    const { good, lines, history } = await converge(here, network, { ...run, rate: 12, hot: 0.75, faults: 1, log });
    for (const line of lines) log(line);
    expect(good, lines.join('\n')).toBe(true);
    await rm(dirname(history), { recursive: true });
  });
}
