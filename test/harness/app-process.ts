/**
 * One app of the product as a process of its own, run from dist/ as in production: its port stays the same over restarts, it can be
 * killed and frozen, and it ends with the process that started it (the watchdog of test/servers).
 */
import { copyFile, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../servers/ports.js';
import { Watchdog } from '../servers/watchdog.js';

export type AppName = 'control' | 'capture' | 'loader' | 'files';

export interface AppOptions {
  readonly app: AppName;
  /** `capture-hangzhou`, for messages. */
  readonly name: string;
  /** Asked at every start: ports are known late. */
  readonly environment: () => Readonly<Record<string, string>>;
}

const thisBuild = fileURLToPath(new URL('../..', import.meta.url));
/** As docs/02-setup.md says to run them. */
const nodeOptions = ['--max-semi-space-size=8', '--heap-growing-percent=50'];
const startBoundMs = 60_000;
const stopBoundMs = 15_000;
const pollMs = 100;
const portAttempts = 5;

export class AppProcess {
  readonly app: AppName;
  readonly name: string;
  /** The folder of the build that the next start takes. */
  build = thisBuild;
  readonly #environment: () => Readonly<Record<string, string>>;
  #port = 0;
  #watchdog: Watchdog | undefined;

  constructor({ app, name, environment }: AppOptions) {
    this.app = app;
    this.name = name;
    this.#environment = environment;
  }

  /** Undefined while down. */
  get pid(): number | undefined {
    return this.#watchdog?.pid;
  }

  /** http://127.0.0.1:port, the same from the first start on. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Gone after `stop()`. */
  get logFile(): string {
    return join(this.#watchdog?.folder ?? '', 'app.log');
  }

  /** Resolves when the process answers; whether it is ready is another question. */
  async start(): Promise<void> {
    if (this.pid !== undefined) throw new Error(`${this.name} runs already`);
    this.#watchdog ??= new Watchdog(await mkdtemp(join(tmpdir(), `lutra-${this.name}-`)));
    for (let attempt = 1; ; attempt++) {
      const first = this.#port === 0;
      if (first) [this.#port = 0] = await freePorts(1);
      try {
        return await this.#launch(this.#watchdog);
      } catch (error) {
        if (!first || attempt === portAttempts || !(error instanceof Error) || !error.message.includes('EADDRINUSE')) throw error;
        this.#port = 0; // somebody was quicker
      }
    }
  }

  /** Waits for /health/ready, which says no while ZooKeeper is away. */
  async waitReady(boundMs = startBoundMs): Promise<void> {
    const deadline = Date.now() + boundMs;
    let answer = 'no answer yet';
    while (Date.now() < deadline && this.pid !== undefined) {
      const response = await this.#get('/health/ready');
      if (response?.ok) return;
      if (response) answer = await response.text();
      await sleep(pollMs);
    }
    throw new Error(`${this.name} is not ready: ${answer.slice(0, 500)}\n${await this.logTail()}`);
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#watchdog?.kill();
  }

  /** SIGSTOP: it keeps its connections and its sessions, and does nothing. */
  freeze(): void {
    if (!this.#watchdog?.signal('SIGSTOP')) throw new Error(`${this.name} is down: nothing to freeze`);
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#watchdog?.signal('SIGCONT')) throw new Error(`${this.name} is down: nothing to resume`);
  }

  /** SIGTERM if it runs, then a start. */
  async restart(): Promise<void> {
    await this.#watchdog?.terminate(stopBoundMs);
    await this.start();
  }

  /** SIGTERM, SIGKILL after 15 s; removes its folder with the log. */
  async stop(): Promise<void> {
    const watchdog = this.#watchdog;
    this.#watchdog = undefined;
    await watchdog?.terminate(stopBoundMs);
    await watchdog?.close();
  }

  /** SIGTERM and no start: how a process ends in a rolling update. */
  async terminate(): Promise<void> {
    await this.#watchdog?.terminate(stopBoundMs);
  }

  /** Memory that the process holds; 0 while down. */
  async rssBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid ?? 0}/status`, 'utf8').catch(() => '');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
  }

  async log(): Promise<string> {
    return readFile(this.logFile, 'utf8').catch(() => '');
  }

  async logTail(lines = 15): Promise<string> {
    const text = (await this.log())
      .trimEnd()
      .split('\n')
      .slice(-lines)
      .map((line) => line.slice(0, 2000));
    return `the end of the log of ${this.name}:\n${text.join('\n')}`;
  }

  async saveLog(folder: string): Promise<void> {
    await copyFile(this.logFile, join(folder, `${this.name}.log`)).catch(() => undefined);
  }

  async #launch(watchdog: Watchdog): Promise<void> {
    const main = join(this.build, `dist/apps/${this.app}/src/main.js`);
    const env = { ...this.#environment(), HOST: '127.0.0.1', PORT: String(this.#port) };
    // The watchdog runs things in their own folder; the apps run in their build's.
    const args = ['-c', 'cd "$0" && exec "$@"', this.build, process.execPath, ...nodeOptions, main];
    const pid = await watchdog.run({ command: '/bin/sh', args, env }, this.logFile);
    const deadline = Date.now() + startBoundMs;
    while (watchdog.pid === pid && Date.now() < deadline) {
      if ((await this.#get('/health/live'))?.ok) return;
      await sleep(pollMs);
    }
    const what = watchdog.pid === pid ? `did not answer within ${startBoundMs / 1000} s` : `ended while starting (${watchdog.how})`;
    await watchdog.kill();
    throw new Error(`${this.name} ${what}; ${await this.logTail()}`);
  }

  async #get(path: string): Promise<Response | undefined> {
    return fetch(`${this.url}${path}`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
  }
}
