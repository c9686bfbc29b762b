/** A tool as a process of its own, in a folder of its own. It ends with the process that started it (the watchdog of test/servers). */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../accidents/one-way.js';
import { tail } from '../../servers/command.js';
import { type ServerCommand, Watchdog } from '../../servers/watchdog.js';

const boundMs = 90_000;

export class ToolProcess {
  readonly folder: string;
  readonly #name: string;
  readonly #watchdog: Watchdog;

  private constructor(name: string, watchdog: Watchdog) {
    this.#name = name;
    this.#watchdog = watchdog;
    this.folder = watchdog.folder;
  }

  /** `prepare` puts what the tool needs into its folder, and says how it is called. */
  static async start(name: string, prepare: (folder: string) => Promise<ServerCommand>): Promise<ToolProcess> {
    const watchdog = new Watchdog(await mkdtemp(join(tmpdir(), `lutra-${name}-`)));
    const tool = new ToolProcess(name, watchdog);
    try {
      await watchdog.run(await prepare(watchdog.folder), tool.#log);
      return tool;
    } catch (error) {
      await watchdog.close();
      throw error;
    }
  }

  log(): Promise<string> {
    return readFile(this.#log, 'utf8').catch(() => '');
  }

  /** Waits until it is so. @throws with the end of its log, if the tool ends before, or after the bound */
  async until(what: string, isSo: () => Promise<boolean>): Promise<void> {
    const how = await until(async () => ((await isSo()) ? 'so' : this.#watchdog.how), boundMs);
    if (how !== 'so' && !(await isSo())) throw await this.#error(`${how ?? `after ${boundMs / 1000} s`}, not yet ${what}`);
  }

  /** @throws with the end of its log, unless it ends well, and within the bound */
  async ended(): Promise<void> {
    const how = await until(() => Promise.resolve(this.#watchdog.how), boundMs);
    if (how !== 'exit code 0') throw await this.#error(how ?? `it has not ended after ${boundMs / 1000} s`);
  }

  /** At once; its folder goes with it. */
  close(): Promise<void> {
    return this.#watchdog.close();
  }

  get #log(): string {
    return join(this.#watchdog.folder, 'tool.log');
  }

  async #error(what: string): Promise<Error> {
    return new Error(`${this.#name}: ${what}; the end of its log is:\n${tail(await this.log(), 60)}`);
  }
}
