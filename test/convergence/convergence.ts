/**
 * Writers in every region fight for the same few rows, under all policies and in all shapes of tables, while faults strike; then quiet, and
 * the proof. The channel's home is the first side's region.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Network } from '../network/index.js';
import { type Log, type Stack, withAdministrator } from '../harness/index.js';
import { endure, type Endured, faultsLine } from '../survival/endure.js';
import { clashDatabase, createClash, rulesOf } from './clash.js';
import { History } from './history.js';
import { ClashLoad } from './load.js';
import { type Shape, shapes } from './shapes.js';
import { sitesOf } from './site.js';
import { reachVerdict, type Verdict } from './verdict.js';

export interface ConvergenceOptions {
  readonly minutes: number;
  readonly seed: number;
  /** Transactions per second in each region. */
  readonly rate: number;
  /** Share of statements on rows that everybody writes: 0 to 1. */
  readonly hot: number;
  /** How many faults overlap in the second half. */
  readonly faults: 0 | 1 | 2;
  /** Which tables are written; all if absent. */
  readonly policy?: Shape['rule']['policy'] | undefined;
  readonly tables?: readonly string[] | undefined;
  /** A mesh: each region to each other one. A hub: home to and from each other one. */
  readonly topology?: 'mesh' | 'hub' | undefined;
  readonly log: Log;
}

/** Each conflict takes its time: with many of them the loaders may be minutes behind. */
const drainMs = 1_200_000;

export interface Convergence extends Verdict, Pick<Endured, 'faults'> {
  /** File: what every transaction changed, and what became of it. */
  readonly history: string;
}

/** The stack is not started yet; whoever made it stops it. */
export async function converge(stack: Stack, network: Network, options: ConvergenceOptions): Promise<Convergence> {
  const { log, minutes, seed, rate } = options;
  const chosen = shapes.filter(
    ({ name, rule }) => (options.tables ?? [name]).includes(name) && (options.policy ?? rule.policy) === rule.policy,
  );
  await stack.start();
  const sites = sitesOf(stack);
  for (const { letter } of sites) await withAdministrator(stack.site(letter).mysql, (connection) => createClash(connection));
  const hub = options.topology === 'hub';
  await stack.createChannel({
    databases: [clashDatabase],
    hub: hub ? sites[0].letter : undefined,
    conflicts: { home: sites[0].region, rules: rulesOf(shapes) },
  });
  await stack.startChannel();
  const history = new History(join(await mkdtemp(join(tmpdir(), 'lutra-converge-')), 'history.jsonl'));
  log(`writing in ${sites.length} regions, ${rate} transactions/s each, for ${minutes} min, seed ${seed}; history: ${history.file}`);
  const load = new ClashLoad({ sites, shapes: chosen, seed, rate, hot: options.hot, history });
  const enduring = endure(stack, { network, minutes, seed, most: options.faults, load, drainMs, log });
  const { faults, trouble } = await enduring.finally(() => Promise.all([load.stopReading(), history.close()]));
  const head = [faultsLine(faults), `history: ${history.file}`];
  if (trouble !== undefined)
    return { good: false, faults, history: history.file, lines: [...head, await stack.report(), `NEEDS A PERSON: ${trouble}`] };
  log('comparing all regions row by row, and reading all topics from start to end');
  const { good, lines } = await reachVerdict({
    stack,
    sites,
    shapes: chosen,
    load,
    history,
    conflicts: options.hot > 0,
    hub,
    undisturbed: options.faults === 0,
  });
  return { good, faults, history: history.file, lines: [...head, ...lines] };
}
