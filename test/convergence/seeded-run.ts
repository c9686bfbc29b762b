/** A run of the convergence suite as a test: on a stack of its own, with a printed seed, its logs kept when it fails. */
import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Network } from '../network/index.js';
import { Stack, startLog } from '../harness/index.js';
import { faultKinds } from '../survival/plan.js';
import { converge } from './convergence.js';

export interface SeededRun {
  readonly seed: number;
  readonly minutes: number;
  readonly mysqlB: '8.0' | '9.7';
}

/** Large transactions that meet a conflict are resolved row by row: beside other suites on two cores that took 300 s. */
const restMs = 720_000;

export function endsEqual(run: SeededRun): void {
  let network: Network | undefined;
  let stack: Stack | undefined;
  afterEach(async () => {
    await stack?.stop();
    await network?.close();
  }, 60_000);

  it(`ends equal though both regions write the same rows, seed ${run.seed}`, { timeout: run.minutes * 60_000 + restMs }, async () => {
    const log = startLog();
    network = await Network.open();
    const here = new Stack({ mysql: '9.7', mysqlB: run.mysqlB, standbys: true, network, log });
    stack = here;
    const { good, lines, history, faults } = await converge(here, network, { ...run, rate: 12, hot: 0.75, faults: 1, log }).catch(
      async (error) => {
        console.error(`the logs are kept in ${await here.saveLogs()}`); // before the stack ends
        throw error;
      },
    );
    for (const line of lines) log(line);
    if (!good) console.error(`the logs are kept in ${await here.saveLogs()}`);
    expect(good, lines.join('\n')).toBe(true);
    for (const kind of faultKinds) expect(faults[kind], kind).toBeGreaterThan(0);
    await rm(dirname(history), { recursive: true });
  });
}
