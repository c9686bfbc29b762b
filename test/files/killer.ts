/** Kills whoever carries files or rows, at random, and starts it again: files apps, their aria2, loaders, captures, MySQL. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppProcess, Log, Random, Stack } from '../harness/index.js';
import type { Server } from '../servers/index.js';

export type VictimKind = 'files' | 'aria2' | 'loader' | 'capture' | 'mysql';
/** How often each is chosen, relative to each other: those that handle files most of all. */
const deck: readonly VictimKind[] = ['files', 'files', 'files', 'aria2', 'aria2', 'loader', 'loader', 'loader', 'capture', 'mysql'];
const startAttempts = 3;

export interface KillerOptions {
  readonly stack: Stack;
  readonly random: Random;
  readonly log: Log;
  /** Most ms between two kills. */
  readonly pauseMs?: number;
}

export class Killer {
  /** How often. */
  readonly kills: Record<VictimKind, number> = { files: 0, aria2: 0, loader: 0, capture: 0, mysql: 0 };
  readonly #options: KillerOptions;
  readonly #down = new Set<string>();

  constructor(options: KillerOptions) {
    this.#options = options;
  }

  /** Resolves when all that was killed runs again. Two at a time: what one of them leaves half done meets the fault of another. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#work(signal), this.#work(signal)]);
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { random, pauseMs = 6_000 } = this.#options;
    while (!signal.aborted) {
      await sleep(random.int(200, pauseMs), undefined, { signal }).catch(() => undefined);
      if (!signal.aborted) await this.#strike(random.pick(deck));
    }
  }

  async #strike(kind: VictimKind): Promise<void> {
    const { random, stack, log } = this.#options;
    const site = random.pick(stack.sites);
    const victim = kind === 'aria2' ? site.files?.app : kind === 'files' ? site.files?.app : site[kind];
    if (!victim || this.#down.has(victim.name)) return;
    this.#down.add(victim.name);
    try {
      const struck = kind === 'aria2' ? await killChildren(victim.pid) : await this.#restart(victim);
      if (struck) this.kills[kind] += 1;
      log(`${kind} of ${site.region} was killed`);
    } finally {
      this.#down.delete(victim.name);
    }
  }

  async #restart(victim: AppProcess | Server): Promise<true> {
    const { random } = this.#options;
    await victim.kill();
    await sleep(random.int(0, 3_000));
    // A server may be slow to start after a kill; an app of the product has to start the first time.
    for (let attempt = 1; ; attempt++) {
      try {
        await victim.start();
        return true;
      } catch (error) {
        if ('app' in victim || attempt === startAttempts) throw error;
      }
    }
  }
}

/** The files app starts one child: aria2. */
async function killChildren(pid: number | undefined): Promise<boolean> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  for (const child of children.split(' ').filter(Boolean)) process.kill(Number(child), 'SIGKILL');
  return children !== '';
}
