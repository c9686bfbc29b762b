/** Makes planned faults happen, and ends them: what was killed runs again, what was frozen goes on, what was cut is whole. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Network } from '../network/index.js';
import type { AppProcess, Side, Stack } from '../harness/index.js';
import type { Server } from '../servers/index.js';
import type { AppLogs } from './app-logs.js';
import type { Fault, LinkFault, Party, ProcessFault } from './plan.js';

export interface Struck {
  readonly fault: Fault;
  /** Processes, or the two ends of a link. */
  readonly whom: string;
  /** pids that were killed or frozen. */
  readonly pids: readonly number[];
  /** ms since 1970 */
  readonly from: number;
  to: number | undefined;
}

export interface InjectorOptions {
  readonly stack: Stack;
  readonly network: Network;
  readonly logs: AppLogs;
  readonly onFault: (struck: Struck) => void;
  /** It is over, and what was killed answers. */
  readonly onOver: (struck: Struck) => void;
  /** Ends faults early. */
  readonly signal: AbortSignal;
}

type Victim = AppProcess | Server;

export class Injector {
  readonly #options: InjectorOptions;
  /** Processes that are down or frozen on purpose, or start again. */
  readonly #busy = new Map<string, Promise<void>>();
  readonly #struck: Struck[] = [];

  constructor(options: InjectorOptions) {
    this.#options = options;
  }

  get struck(): readonly Struck[] {
    return this.#struck;
  }

  isBusy(name: string): boolean {
    return this.#busy.has(name);
  }

  /** Resolves when the fault is over and what was struck answers. */
  async strike(fault: Fault): Promise<void> {
    const victims = await this.#victims(fault.party, fault.whom);
    if ('server' in fault) await this.#onLink(fault, victims);
    else await this.#onProcesses(fault, victims);
  }

  async #onProcesses(fault: ProcessFault, victims: readonly Victim[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const names = victims.map(({ name }) => name);
    for (let waiting = true; waiting;) {
      const others = names.map((name) => this.#busy.get(name)).filter((busy) => busy !== undefined);
      await Promise.all(others);
      waiting = others.length > 0;
    }
    for (const name of names) this.#busy.set(name, promise);
    const pids = victims.map(({ pid }) => pid).filter((pid) => pid !== undefined);
    const struck = this.#begin({ fault, whom: names.join(' and '), pids });
    try {
      if (fault.kind === 'kill') await Promise.all(victims.map((victim) => victim.kill()));
      else for (const victim of victims) victim.freeze();
      await this.#wait(fault.durationMs);
      if (fault.kind === 'kill') await Promise.all(victims.map((victim) => start(victim)));
      else for (const victim of victims) victim.resume();
    } finally {
      this.#end(struck);
      for (const name of names) this.#busy.delete(name);
      resolve();
    }
  }

  async #onLink(fault: LinkFault, victims: readonly Victim[]): Promise<void> {
    const names = victims.map(({ name }) => name);
    const who = (client: string | undefined): boolean => client !== undefined && names.includes(client);
    const kind = { cut: 'cut', silence: 'hold', delay: 'slow' } as const;
    const struck = this.#begin({ fault, whom: `${names.join(' and ')} ↔ ${fault.server}`, pids: [] });
    const heal = this.#options.network.disturb(fault.server, { kind: kind[fault.kind], delayMs: fault.delayMs, who });
    try {
      await this.#wait(fault.durationMs);
    } finally {
      heal();
      this.#end(struck);
    }
  }

  #begin(struck: Pick<Struck, 'fault' | 'whom' | 'pids'>): Struck {
    const begun = { ...struck, from: Date.now(), to: undefined };
    this.#struck.push(begun);
    this.#options.onFault(begun);
    return begun;
  }

  #end(struck: Struck): void {
    struck.to = Date.now();
    this.#options.onOver(struck);
  }

  async #wait(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#options.signal }).catch(() => undefined);
  }

  async #victims(party: Party, whom: Fault['whom']): Promise<readonly Victim[]> {
    const processes = processesOf(this.#options.stack, party);
    const apps = processes.filter((process) => 'app' in process);
    if (apps.length < 2 || whom === 'both') return processes;
    const active = await this.#options.logs.active(apps);
    return apps.filter((app) => (app === active) === (whom === 'active'));
  }
}

const serverStarts = 3;

/** Servers of ours may be slow on a busy machine, after a kill most of all; an app of the product has to start the first time. */
async function start(victim: Victim): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await victim.start();
    } catch (error) {
      if ('app' in victim || attempt === serverStarts) throw error;
    }
  }
}

export function processesOf(stack: Stack, party: Party): readonly Victim[] {
  const pair = (name: 'capture' | 'loader', side: Side): AppProcess[] =>
    [stack[name][side], stack.second?.[name][side]].filter((app) => app !== undefined);
  switch (party) {
    case 'control':
      return [stack.control];
    case 'zookeeper':
      return [stack.zooKeeper];
    case 'kafka':
      return [stack.kafka];
    case 'mysql-a':
    case 'mysql-b':
      return [stack.mysql[party === 'mysql-a' ? 'a' : 'b']];
    case 'mysql-c':
      return [stack.site('c').mysql];
    case 'capture-c':
      return [stack.site('c').capture];
    case 'loader-c':
      return [stack.site('c').loader];
    case 'capture-a':
    case 'capture-b':
      return pair('capture', party === 'capture-a' ? 'a' : 'b');
    case 'loader-a':
    case 'loader-b':
      return pair('loader', party === 'loader-a' ? 'a' : 'b');
  }
}
