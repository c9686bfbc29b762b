/**
 * Faults strike while a load writes; then all is whole again, the writers end, and everything has to arrive without help. What is watched
 * all the time: no process ends that the plan has not killed, no pipeline waits for an operator.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../network/index.js';
import type { Letter, Log, Stack } from '../harness/index.js';
import { AppLogs } from './app-logs.js';
import { Injector, type Struck } from './injector.js';
import { type Fault, faultKinds, planFaults } from './plan.js';
import { Watch, type WatchedLoad } from './watch.js';

export interface EndureOptions {
  readonly network: Network;
  readonly minutes: number;
  /** Of the faults. */
  readonly seed: number;
  /** How many faults overlap in the second half; 0: there are none at all. */
  readonly most: 0 | 1 | 2;
  readonly load: WatchedLoad & { stopWriting(): Promise<void> };
  /** For what is still under way when the writers end. */
  readonly drainMs?: number;
  readonly log: Log;
}

export interface Endured {
  readonly struck: readonly Struck[];
  readonly faults: Readonly<Record<Fault['kind'], number>>;
  readonly logs: AppLogs;
  /** What would have needed an operator; undefined: all has arrived. */
  readonly trouble: string | undefined;
}

const drainBoundMs = 300_000;
const settleBoundMs = 120_000;
const lateMs = 5_000;

/** The channel runs. @throws Error if what was written does not arrive */
export async function endure(stack: Stack, options: EndureOptions): Promise<Endured> {
  const { log, load, network } = options;
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
  const watch = new Watch({ stack, logs, injector, load, log });
  watch.trouble.addEventListener('abort', () => ending.abort());
  try {
    await storm(injector, { ...options, letters: stack.sites.map(({ letter }) => letter) }, ending.signal);
    log('all is whole again: the writers end');
    await load.stopWriting();
    await Promise.race([arrive(stack, options), aborted(watch.trouble)]); // what waits for an operator does not arrive
  } catch (error) {
    if (!watch.trouble.aborted) throw error;
  } finally {
    await watch.stop();
  }
  const { struck } = injector;
  return { struck, faults: count(struck), logs, trouble: watch.trouble.aborted ? reasonOf(watch.trouble) : undefined };
}

async function arrive(stack: Stack, { log, drainMs = drainBoundMs }: EndureOptions): Promise<void> {
  await stack.waitUntilRunning(settleBoundMs);
  log('the writers are quiet: waiting until everything has arrived on the other side');
  await stack.drain(drainMs);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(new Error(reasonOf(signal)));
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail);
  });
}

export function faultsLine(counts: Endured['faults']): string {
  const all = faultKinds.reduce((sum, kind) => sum + counts[kind], 0);
  return `faults: ${all} (${faultKinds.map((kind) => `${kind} ${counts[kind]}`).join(', ')})`;
}

/** One fault at a time for the first half. */
async function storm(
  injector: Injector,
  { minutes, seed, most, letters }: EndureOptions & { readonly letters: readonly Letter[] },
  signal: AbortSignal,
): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  const lane = async (number: number): Promise<void> => {
    for (const { pauseMs, fault } of planFaults(seed, number, letters)) {
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted || performance.now() >= end) return;
      await injector.strike(fault);
    }
  };
  const after = async (share: number, work: () => Promise<void>): Promise<void> => {
    await sleep(minutes * 60_000 * share, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) await work();
  };
  const lanes = [after(1, async () => undefined), ...(most > 0 ? [lane(0)] : []), ...(most > 1 ? [after(0.5, () => lane(1))] : [])];
  await Promise.all(lanes);
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

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}
