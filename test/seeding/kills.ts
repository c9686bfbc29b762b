/** SIGKILL to a party at random, and a start a little later: as often as asked for. Both sides' apps come twice as often as the others. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AppProcess, type Log, Random, type Stack } from '../harness/index.js';
import type { Server } from '../servers/index.js';
import { processesOf } from '../survival/injector.js';
import type { Party } from '../survival/plan.js';

export interface Killing {
  readonly times: number;
  readonly seed: number;
  /** Between a start and the next kill: at most. */
  readonly pauseMs: number;
  readonly log: Log;
}

const apps: readonly Party[] = ['capture-a', 'loader-b', 'capture-b', 'loader-a'];
const others: readonly Party[] = ['control', 'zookeeper', 'kafka', 'mysql-a', 'mysql-b'];
const serverStarts = 3;

/** Resolves to who was killed, in order, when each of them answers again. */
export async function killAtRandom(stack: Stack, { times, seed, pauseMs, log }: Killing): Promise<readonly Party[]> {
  const random = new Random(seed);
  const killed: Party[] = [];
  let deck: Party[] = [];
  while (killed.length < times) {
    if (deck.length === 0) deck = [...apps, ...apps, ...others];
    const [party] = deck.splice(random.int(0, deck.length - 1), 1);
    if (party === undefined) break;
    await sleep(random.int(100, pauseMs));
    const downMs = random.int(0, 3000);
    log(`kill ${killed.length + 1} of ${times}: ${party}, down for ${downMs} ms`);
    const victims = processesOf(stack, party);
    await Promise.all(victims.map((victim) => victim.kill()));
    killed.push(party);
    await sleep(downMs);
    await Promise.all(victims.map((victim) => start(victim)));
  }
  return killed;
}

/** A server may be slow on a busy machine; an app has to start the first time. */
async function start(victim: AppProcess | Server): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await victim.start();
    } catch (error) {
      if ('app' in victim || attempt === serverStarts) throw error;
    }
  }
}
