/**
 * The whole product under load from both sides while its parties are killed, frozen and cut off; then quiet, and the proof: every row equal, the
 * topics hold exactly what was written, and nobody helped: no process was started but those that the plan had killed, no pipeline waits for a person.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { reachVerdict } from '../demo/verdict.js';
import type { Network } from '../network/index.js';
import { createShop, type Log, sides, type Stack, withAdministrator } from '../scenarios/index.js';
import { AppLogs } from './app-logs.js';
import { Injector, processesOf, type Struck } from './injector.js';
import { Load } from './load.js';
import { type Fault, faultKinds, planFaults } from './plan.js';
import { takeOvers, type TakeOver } from './take-overs.js';
import { Watch } from './watch.js';

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

const drainBoundMs = 300_000;
const settleBoundMs = 120_000;
const lateMs = 5_000;

/** The stack is not started yet; whoever made it stops it. */
export async function survive(stack: Stack, network: Network, options: SurvivalOptions): Promise<Survival> {
  const { log } = options;
  await stack.start();
  for (const side of sides) await withAdministrator(stack.mysql[side], (connection) => createShop(connection));
  await stack.createChannel();
  await stack.startChannel();
  const logs = new AppLogs(stack.apps);
  const ending = new AbortController();
  const injector = new Injector({
    stack,
    network,
    logs,
    onFault: (struck) => log(describe(struck)),
    onOver: (struck) => tellIfLate(struck, log),
    signal: ending.signal,
  });
  const load = new Load(stack, options);
  const watch = new Watch({ stack, logs, injector, load, log });
  watch.trouble.addEventListener('abort', () => ending.abort());
  log(`writing on both sides, ${options.rate} transactions/s each; faults for ${options.minutes} min, seed ${options.seed}`);
  try {
    await storm(injector, options, ending.signal);
    log('all is whole again: the writers end');
    await load.stopWriting();
    await stack.waitUntilRunning(settleBoundMs);
    log('the writers are quiet: waiting until everything has arrived on the other side');
    await stack.drain(drainBoundMs);
  } catch (error) {
    if (!watch.trouble.aborted) throw error;
  } finally {
    await watch.stop();
  }
  const counts = count(injector.struck);
  const head = [faultsLine(counts), ...takeOverLines(stack, injector.struck, logs)];
  if (watch.trouble.aborted) {
    const why = watch.trouble.reason instanceof Error ? watch.trouble.reason.message : String(watch.trouble.reason);
    return { good: false, faults: counts, lines: [...head, `NEEDS A PERSON: ${why}`, await stack.report()] };
  }
  log('comparing every table row by row, and reading both topics from start to end');
  const { good, lines } = await reachVerdict(stack, { totals: load.totals, sums: await load.stopReading() });
  return { good, faults: counts, lines: [...head, ...lines] };
}

/** One fault at a time for the first half, then two. */
async function storm(injector: Injector, { minutes, seed }: SurvivalOptions, signal: AbortSignal): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  const lane = async (number: number): Promise<void> => {
    for (const { pauseMs, fault } of planFaults(seed, number)) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || performance.now() >= end) return;
      await injector.strike(fault);
    }
  };
  const second = sleep(minutes * 30_000, undefined, { signal }).then(
    () => lane(1),
    () => undefined,
  );
  await Promise.all([lane(0), second]);
}

function describe({ fault, whom }: Struck): string {
  const late = fault.kind === 'delay' ? ` by ${fault.delayMs} ms` : '';
  return `fault: ${fault.kind} ${whom}${late} for ${(fault.durationMs / 1000).toFixed(1)} s`;
}

/** What takes long to start again explains much of what follows. */
function tellIfLate({ fault, whom, from, to = from }: Struck, log: Log): void {
  if (to - from > fault.durationMs + lateMs) log(`over: ${fault.kind} ${whom} after ${((to - from) / 1000).toFixed(1)} s`);
}

function count(struck: readonly Struck[]): Record<Fault['kind'], number> {
  const counts = { kill: 0, freeze: 0, cut: 0, silence: 0, delay: 0 };
  for (const { fault } of struck) counts[fault.kind] += 1;
  return counts;
}

function faultsLine(counts: Readonly<Record<Fault['kind'], number>>): string {
  const all = faultKinds.reduce((sum, kind) => sum + counts[kind], 0);
  return `faults: ${all} (${faultKinds.map((kind) => `${kind} ${counts[kind]}`).join(', ')})`;
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
