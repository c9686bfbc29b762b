/**
 * A server as a child process: one folder with one watchdog, and ports that stay the same over restarts. Signals go to the
 * server's own process. What differs between the kinds is a `Recipe`.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchOn, launchOnFreePorts, logName, type Recipe } from './launch.js';
import type { Server } from './server.js';
import { Watchdog } from './watchdog.js';

const stopBoundMs = 10_000;

export class ChildServer implements Server {
  readonly host = '127.0.0.1';
  readonly external = false;
  readonly #recipe: Recipe;
  #ports: readonly number[] | undefined;
  #watchdog: Watchdog | undefined;
  #starting = false;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  get name(): string {
    return this.#recipe.name;
  }

  get port(): number {
    return this.#ports?.[0] ?? 0;
  }

  protected get ports(): readonly number[] {
    return this.#ports ?? [];
  }

  get pid(): number | undefined {
    return this.#watchdog?.pid;
  }

  get logFile(): string | undefined {
    return this.#watchdog && join(this.#watchdog.folder, logName);
  }

  async start(): Promise<void> {
    if (this.#starting || this.pid !== undefined) throw new Error(`${this.name} runs already`);
    this.#starting = true;
    try {
      this.#watchdog ??= await this.#settle();
      const launch = { recipe: this.#recipe, watchdog: this.#watchdog };
      if (this.#ports !== undefined) await launchOn(this.#ports, launch);
      else this.#ports = await launchOnFreePorts(launch);
    } finally {
      this.#starting = false;
    }
  }

  async kill(): Promise<void> {
    await this.#watchdog?.kill();
  }

  freeze(): void {
    if (!this.#watchdog?.signal('SIGSTOP')) throw new Error(`${this.name} is down: nothing to freeze`);
  }

  resume(): void {
    if (!this.#watchdog?.signal('SIGCONT')) throw new Error(`${this.name} is down: nothing to resume`);
  }

  async restart(): Promise<void> {
    await this.#watchdog?.terminate(stopBoundMs);
    await this.start();
  }

  /** Its data go with it: it need not leave them in order, unless it is given the time. */
  async stop(boundMs = 0): Promise<void> {
    const watchdog = this.#watchdog;
    this.#watchdog = undefined;
    if (boundMs > 0) await watchdog?.terminate(boundMs);
    await watchdog?.close();
  }

  /** A folder with fresh data. The watchdog comes first, so that the data never lie there unwatched. */
  async #settle(): Promise<Watchdog> {
    const watchdog = new Watchdog(await mkdtemp(join(process.env['TEST_SERVERS_DATA'] ?? tmpdir(), `lutra-${this.name}-`)));
    try {
      await this.#recipe.fill(watchdog.folder);
      return watchdog;
    } catch (error) {
      await watchdog.close();
      throw error;
    }
  }
}
