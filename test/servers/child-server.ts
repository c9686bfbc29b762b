/**
 * A server as a child process: one folder, one watchdog, ports that stay the same over restarts. What differs between MySQL,
 * Kafka and ZooKeeper is a `Recipe`. Ready means: this very process listens on the port and answers its own protocol.
 */
import { mkdtemp, readFile, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { tail } from './command.js';
import { freePorts, listens } from './ports.js';
import type { Server } from './server.js';
import { type ServerCommand, Watchdog } from './watchdog.js';

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

const startBoundMs = 60_000;
const stopBoundMs = 10_000;
const pollMs = 50;
const portAttempts = 5;
const portTaken = /address already in use|already have another mysqld|BindException/i;

export class ChildServer implements Server {
  readonly host = '127.0.0.1';
  readonly external = false;
  readonly #recipe: Recipe;
  #ports: readonly number[] | undefined;
  #folder: string | undefined;
  #watchdog: Watchdog | undefined;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  get name(): string {
    return this.#recipe.name;
  }

  get port(): number {
    return this.#ports?.[0] ?? 0;
  }

  get pid(): number | undefined {
    return this.#watchdog?.pid;
  }

  get logFile(): string | undefined {
    return this.#folder && join(this.#folder, 'server.log');
  }

  async start(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`${this.name} runs already (pid ${this.pid})`);
    try {
      const { watchdog, folder } = await this.#lair();
      if (this.#ports !== undefined) await this.#launch(watchdog, folder, this.#ports);
      else this.#ports = await this.#launchOnFreePorts(watchdog, folder);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  async kill(): Promise<void> {
    this.#signal('SIGKILL');
    await this.#watchdog?.ended();
  }

  freeze(): void {
    if (!this.#signal('SIGSTOP')) throw new Error(`${this.name} is down: nothing to freeze`);
  }

  resume(): void {
    if (!this.#signal('SIGCONT')) throw new Error(`${this.name} is down: nothing to resume`);
  }

  async restart(): Promise<void> {
    await this.#terminate();
    await this.start();
  }

  async stop(): Promise<void> {
    await this.#terminate();
    const watchdog = this.#watchdog;
    this.#watchdog = undefined;
    this.#folder = undefined;
    await watchdog?.close();
  }

  /** The folder with its watchdog and data: made once, and again after `stop()`. */
  async #lair(): Promise<{ watchdog: Watchdog; folder: string }> {
    if (this.#watchdog !== undefined && this.#folder !== undefined) return { watchdog: this.#watchdog, folder: this.#folder };
    const folder = await mkdtemp(join(tmpdir(), `lutra-${this.name}-`));
    const watchdog = new Watchdog(folder); // before the data, so that they never lie there unwatched
    try {
      await this.#recipe.fill(folder);
    } catch (error) {
      await watchdog.close();
      throw error;
    }
    this.#folder = folder;
    this.#watchdog = watchdog;
    return { watchdog, folder };
  }

  async #launchOnFreePorts(watchdog: Watchdog, folder: string): Promise<readonly number[]> {
    for (let attempt = 1; ; attempt++) {
      const ports = await freePorts(this.#recipe.ports);
      try {
        await this.#launch(watchdog, folder, ports);
        return ports;
      } catch (error) {
        if (attempt === portAttempts || !(error instanceof Error) || !portTaken.test(error.message)) throw error;
        await this.kill();
      }
    }
  }

  async #launch(watchdog: Watchdog, folder: string, ports: readonly number[]): Promise<void> {
    const log = join(folder, 'server.log');
    const printed = await stat(log).then(
      (stats) => stats.size,
      () => 0,
    );
    const pid = await watchdog.run(await this.#recipe.command(folder, ports), log);
    const deadline = Date.now() + startBoundMs;
    while (watchdog.pid === pid) {
      if (await this.#ready(pid, ports)) return;
      if (Date.now() > deadline) throw await this.#failure(`does not answer after ${startBoundMs / 1000} s`, log, printed);
      await sleep(pollMs);
    }
    throw await this.#failure(`ended while starting (${watchdog.how})`, log, printed);
  }

  async #ready(pid: number, ports: readonly number[]): Promise<boolean> {
    for (const port of ports) if (!(await listens(pid, port))) return false;
    return this.#recipe.answers(ports[0] ?? 0).catch(() => false);
  }

  async #failure(what: string, log: string, printed: number): Promise<Error> {
    const text = await readFile(log).then(
      (bytes) => bytes.subarray(printed).toString(),
      () => '',
    );
    return new Error(`${this.name} ${what}; the end of its log:\n${tail(text)}`);
  }

  async #terminate(): Promise<void> {
    this.#signal('SIGCONT'); // a frozen process does not see SIGTERM
    if (!this.#signal('SIGTERM')) return;
    const bound = setTimeout(() => this.#signal('SIGKILL'), stopBoundMs);
    await this.#watchdog?.ended();
    clearTimeout(bound);
  }

  /** To the server itself, not to its watchdog. False when it is down. */
  #signal(signal: NodeJS.Signals): boolean {
    if (this.pid === undefined) return false;
    try {
      return process.kill(this.pid, signal);
    } catch {
      return false; // ended just now; the watchdog's word is on its way
    }
  }
}
