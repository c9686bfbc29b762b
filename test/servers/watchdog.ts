/**
 * The test's end of a watchdog (`watchdog.mjs`): one per server object and folder. It runs in a session of its own, so that
 * Ctrl-C ends the test and the closing pipe ends the rest, in that order. Does not keep the event loop alive.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

interface WatchdogEvent {
  readonly started?: number;
  readonly failed?: string;
  readonly ended?: number;
  readonly how?: string;
}

export class Watchdog {
  /** The server's own pid while it runs. */
  pid: number | undefined;
  /** How the last server process ended. */
  how: string | undefined;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #waiting: (() => void)[] = [];

  constructor(folder: string) {
    const { NODE_OPTIONS: _, ...env } = process.env; // a test runner's loaders are not for the watchdog
    this.#process = spawn(process.execPath, [fileURLToPath(new URL('watchdog.mjs', import.meta.url)), folder], {
      cwd: tmpdir(),
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#gone = once(this.#process, 'exit').catch(() => undefined);
    const { stdin, stdout } = this.#process;
    stdin?.on('error', () => undefined); // a dead watchdog shows as its exit
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#hear(JSON.parse(line) as WatchdogEvent));
    void this.#gone.then(() => this.#lost());
    this.#process.unref();
    for (const pipe of [stdin, stdout]) (pipe as unknown as { unref(): void } | null)?.unref();
  }

  /** Starts the server and resolves to its pid. */
  async run(command: ServerCommand, log: string): Promise<number> {
    this.how = undefined;
    this.#process.stdin?.write(`${JSON.stringify({ ...command, log })}\n`);
    while (this.pid === undefined && this.how === undefined) await this.#next();
    if (this.pid === undefined) throw new Error(`${command.command} did not start: ${this.how}`);
    return this.pid;
  }

  /** Resolves when the server process is gone; keeps the event loop alive until then. */
  async ended(): Promise<void> {
    while (this.pid !== undefined) await this.#next();
  }

  /** SIGKILLs the server if it runs, removes the folder; resolves when the watchdog is gone. */
  async close(): Promise<void> {
    const hold = setInterval(() => undefined, 1000);
    this.#process.stdin?.end();
    await this.#gone;
    clearInterval(hold);
  }

  async #next(): Promise<void> {
    const hold = setInterval(() => undefined, 1000);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearInterval(hold);
  }

  #hear(event: WatchdogEvent): void {
    if (event.started !== undefined) this.pid = event.started;
    else this.#down(event.failed ?? event.how ?? 'unknown');
    this.#wake();
  }

  /** Somebody killed the watchdog: its server must not stay. */
  #lost(): void {
    if (this.pid !== undefined) {
      try {
        process.kill(this.pid, 'SIGKILL');
      } catch {
        // gone already
      }
    }
    this.#down(this.how ?? 'its watchdog ended');
    this.#wake();
  }

  #down(how: string): void {
    this.pid = undefined;
    this.how = how;
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
