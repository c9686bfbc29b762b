/**
 * The test's end of the watchdog (`watchdog.mjs`), which all servers of this process share. It runs in a session of its own, so that
 * Ctrl-C ends the test and the closing pipe ends the rest, in that order. Does not keep the event loop alive.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { missing } from './command.js';

export interface ServerCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>> | undefined;
}

interface WatchdogEvent {
  readonly id: number;
  readonly started?: number;
  readonly failed?: string;
  readonly ended?: number;
  readonly how?: string;
  readonly closed?: boolean;
}

const stopTries = 400;
const stopPauseMs = 5;

/** The process that all share. One that was killed is followed by another for the servers that come later. */
class Keeper {
  static #present: Keeper | undefined;
  readonly #process: ChildProcess;
  readonly #watched = new Map<number, { hear(event: WatchdogEvent): void; lost(): void }>();
  #last = 0;

  static get present(): Keeper {
    return (Keeper.#present ??= new Keeper());
  }

  private constructor() {
    const { NODE_OPTIONS: _, ...env } = process.env; // a test runner's loaders are not for the watchdog
    this.#process = spawn(process.execPath, [fileURLToPath(new URL('watchdog.mjs', import.meta.url))], {
      cwd: tmpdir(),
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const { stdin, stdout } = this.#process;
    stdin?.on('error', () => undefined); // a dead watchdog shows as its exit
    if (stdout) createInterface({ input: stdout }).on('line', (line) => this.#hear(JSON.parse(line) as WatchdogEvent));
    this.#process.once('error', () => this.#lost()).once('exit', () => this.#lost());
    this.#process.unref();
    for (const pipe of [stdin, stdout]) (pipe as unknown as { unref(): void } | null)?.unref();
  }

  watch(folder: string, watched: { hear(event: WatchdogEvent): void; lost(): void }): number {
    this.#last += 1;
    this.#watched.set(this.#last, watched);
    this.tell({ id: this.#last, folder });
    return this.#last;
  }

  tell(line: Readonly<Record<string, unknown>>): void {
    this.#process.stdin?.write(`${JSON.stringify(line)}\n`);
  }

  #hear(event: WatchdogEvent): void {
    this.#watched.get(event.id)?.hear(event);
    if (event.closed) this.#watched.delete(event.id);
  }

  #lost(): void {
    if (Keeper.#present === this) Keeper.#present = undefined;
    for (const watched of this.#watched.values()) watched.lost();
    this.#watched.clear();
  }
}

export class Watchdog {
  readonly folder: string;
  /** The server's own pid while it runs. */
  pid: number | undefined;
  /** How the last server process ended. */
  how: string | undefined;
  readonly #keeper = Keeper.present;
  readonly #id: number;
  #waiting: (() => void)[] = [];
  #isLost = false;
  #isClosed = false;

  constructor(folder: string) {
    this.folder = folder;
    this.#id = this.#keeper.watch(folder, { hear: (event) => this.#hear(event), lost: () => this.#lost() });
  }

  /** Starts the server and resolves to its pid. */
  async run(command: ServerCommand, log: string): Promise<number> {
    if (this.#isLost) throw new Error('the watchdog is gone: stop the server, then start it afresh');
    this.how = undefined;
    this.#keeper.tell({ id: this.#id, ...command, log });
    while (this.pid === undefined && this.how === undefined) await this.#next();
    if (this.pid !== undefined) return this.pid;
    throw this.how === 'ENOENT' ? missing(command.command) : new Error(`${command.command} did not start: ${this.how}`);
  }

  /** To the server itself; after SIGSTOP it has really stopped. False when it is down. */
  signal(signal: NodeJS.Signals): boolean {
    try {
      if (this.pid === undefined || !process.kill(this.pid, signal)) return false;
      if (signal === 'SIGSTOP') untilStopped(this.pid);
      return true;
    } catch {
      return false; // ended just now: the word of it is on its way
    }
  }

  /** Resolves when the server is gone, at once when it is down. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    while (this.pid !== undefined) await this.#next();
  }

  /** SIGTERM, after the bound SIGKILL. */
  async terminate(boundMs: number): Promise<void> {
    this.signal('SIGCONT'); // a frozen process does not see SIGTERM
    this.signal('SIGTERM');
    const bound = setTimeout(() => this.signal('SIGKILL'), boundMs);
    while (this.pid !== undefined) await this.#next();
    clearTimeout(bound);
  }

  /** SIGKILLs the server if it runs, removes the folder; resolves when both are gone. */
  async close(): Promise<void> {
    this.#keeper.tell({ id: this.#id, close: true });
    while (!this.#isClosed && !this.#isLost) await this.#next();
    await rm(this.folder, { recursive: true, force: true }); // in case it could not
  }

  async #next(): Promise<void> {
    const hold = setInterval(() => undefined, 1000);
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
    clearInterval(hold);
  }

  #hear(event: WatchdogEvent): void {
    if (event.closed) this.#isClosed = true;
    else if (event.started !== undefined) this.pid = event.started;
    else this.#down(event.failed ?? event.how ?? 'unknown');
    this.#wake();
  }

  /** Somebody killed the watchdog: its server must not stay. */
  #lost(): void {
    this.#isLost = true;
    this.signal('SIGKILL');
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

/** On a busy machine a process goes on answering for a while after it was told to stop. */
function untilStopped(pid: number): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let tries = 0; tries < stopTries; tries += 1) {
    const threads = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8'));
    // The state follows the name, which may hold anything, in brackets. T: stopped, Z and X: ended
    if (threads.every((stat) => /^[TtZX]/.test(stat.slice(stat.lastIndexOf(')') + 2)))) return;
    Atomics.wait(pause, 0, 0, stopPauseMs);
  }
}
