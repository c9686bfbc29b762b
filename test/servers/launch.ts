/**
 * One start of a server, from the command to the first answer. Ready means: this very process listens on all its ports and answers
 * its own protocol. Bounded; a failure carries what the server printed during this start.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tail } from './command.js';
import { freePorts, listens } from './ports.js';
import type { ServerCommand, Watchdog } from './watchdog.js';

/** What differs between MySQL, Kafka and ZooKeeper. */
export interface Recipe {
  readonly name: string;
  /** How many ports the server listens on; the first one is for clients. */
  readonly ports: number;
  /** Puts fresh data into an empty folder. Downloads what is missing, so it has no bound of its own. */
  fill(folder: string): Promise<void>;
  /** Writes the configuration and says what to run. */
  command(folder: string, ports: readonly number[]): Promise<ServerCommand>;
  /** Whether the server answers; rejects or resolves to false while it does not. */
  answers(port: number): Promise<boolean>;
}

export interface Launch {
  readonly recipe: Recipe;
  readonly watchdog: Watchdog;
}

export const logName = 'server.log';
const startBoundMs = 60_000;
const pollMs = 50;
const portAttempts = 5;
const portTaken = /address already in use|already have another mysqld|BindException/i;

/** Somebody may take a port between our look and the server's bind: then others are tried. */
export async function launchOnFreePorts(launch: Launch): Promise<readonly number[]> {
  for (let attempt = 1; ; attempt++) {
    const ports = await freePorts(launch.recipe.ports);
    try {
      await launchOn(ports, launch);
      return ports;
    } catch (error) {
      if (attempt === portAttempts || !(error instanceof StartError) || !error.portTaken) throw error;
    }
  }
}

/** When it fails, the server is down. */
export async function launchOn(ports: readonly number[], { recipe, watchdog }: Launch): Promise<void> {
  const log = join(watchdog.folder, logName);
  const printed = await stat(log).then(
    ({ size }) => size,
    () => 0,
  );
  const pid = await watchdog.run(await recipe.command(watchdog.folder, ports), log);
  const deadline = Date.now() + startBoundMs;
  let late = false;
  while (watchdog.pid === pid) {
    if (await isReady(recipe, pid, ports)) return;
    late = Date.now() > deadline;
    if (late) await watchdog.kill();
    else await sleep(pollMs);
  }
  const what = late ? `did not answer within ${startBoundMs / 1000} s` : `ended while starting (${watchdog.how})`;
  throw new StartError(`${recipe.name} ${what}`, await textFrom(log, printed));
}

class StartError extends Error {
  override readonly name = 'StartError';
  readonly portTaken: boolean;

  constructor(what: string, log: string) {
    // Kafka goes on for a hundred lines of shutdown after the one that says why.
    const complaints = log.split('\n').filter((line) => /\b(ERROR|FATAL)\b|^Caused by|Exception:/.test(line));
    super([`${what}; it complained:`, ...complaints.slice(0, 10), 'and the end of its log is:', tail(log)].join('\n'));
    this.portTaken = portTaken.test(log);
  }
}

async function textFrom(file: string, start: number): Promise<string> {
  const bytes = await readFile(file).catch(() => Buffer.alloc(0));
  return bytes.subarray(start).toString();
}

async function isReady(recipe: Recipe, pid: number, ports: readonly number[]): Promise<boolean> {
  // First the question that costs next to nothing while nobody listens: whose a port is takes the kernel's table of all connections.
  if (!(await recipe.answers(ports[0] ?? 0).catch(() => false))) return false;
  for (const port of ports) if (!(await listens(pid, port))) return false;
  return true;
}
