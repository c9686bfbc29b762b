/**
 * The whole product under load from both sides while its parties are killed, frozen and cut off; then quiet, and the proof: every row
 * equal, the topics hold exactly what was written, and nobody helped: no process was started but those that the plan had killed, no
 * pipeline waits for an operator.
 */
import { reachVerdict } from '../demo/verdict.js';
import type { Network } from '../network/index.js';
import { createShop, type Log, sides, type Stack, withAdministrator } from '../harness/index.js';
import type { AppLogs } from './app-logs.js';
import { endure, faultsLine } from './endure.js';
import { processesOf, type Struck } from './injector.js';
import { Load } from './load.js';
import type { Fault } from './plan.js';
import { takeOvers, type TakeOver } from './take-overs.js';

export interface SurvivalOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Transactions per second on each side. */
  readonly rate: number;
  readonly log: Log;
}

export interface Survival {
  readonly good: boolean;
  /** What the run ends with. */
  readonly lines: readonly string[];
  readonly faults: Readonly<Record<Fault['kind'], number>>;
}

/** The stack is not started yet; whoever made it stops it. */
export async function survive(stack: Stack, network: Network, options: SurvivalOptions): Promise<Survival> {
  const { log, minutes, seed } = options;
  await stack.start();
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => createShop(connection));
  await stack.createChannel();
  await stack.startChannel();
  const load = new Load(stack, options);
  log(`writing on both sides, ${options.rate} transactions/s each; faults for ${minutes} min, seed ${seed}`);
  const enduring = endure(stack, { network, minutes, seed, most: 2, load, log });
  const { struck, faults, logs, trouble } = await enduring.finally(() => load.stopReading());
  const head = [faultsLine(faults), ...takeOverLines(stack, struck, logs)];
  if (trouble !== undefined) return { good: false, faults, lines: [...head, `NEEDS A PERSON: ${trouble}`, await stack.report()] };
  log('comparing every table row by row, and reading both topics from start to end');
  const { good, lines } = await reachVerdict(stack, { totals: load.totals, sums: await load.stopReading() });
  return { good, faults, lines: [...head, ...lines] };
}

function takeOverLines(stack: Stack, struck: readonly Struck[], { claims }: AppLogs): string[] {
  const roles = sides.flatMap((side) =>
    (['capture', 'loader'] as const).map((app) => processesOf(stack, `${app}-${side}`).map(({ name }) => name)),
  );
  const measured = takeOvers(struck, claims, (process) => roles.find((names) => names.includes(process)) ?? [process]);
  const line = (what: string, some: readonly TakeOver[]): string[] => {
    const times = some.map(({ ms }) => ms).filter((ms) => ms !== null);
    const text = times.toSorted((x, y) => x - y).map((ms) => (ms / 1000).toFixed(1));
    return text.length === 0 ? [] : [`take-over after kill -9 of the active one, ${what}: at most ${text.at(-1)} s (${text.join(', ')})`];
  };
  const [alone, among] = [measured.filter((one) => one.alone), measured.filter((one) => !one.alone)];
  return [...line('no other fault on', alone), ...line('among other faults', among)];
}
