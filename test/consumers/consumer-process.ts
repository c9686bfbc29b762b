/**
 * An example as a process of its own, as its user runs it; what it prints is read line by line. It ends with the process that started it.
 */
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rowsTopic } from '@lutra/model';
import { tail } from '../servers/command.js';
import { Watchdog } from '../servers/watchdog.js';
import type { Stack } from '../harness/index.js';
import { until } from '../accidents/one-way.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');

export interface ConsumerCommand {
  /** Relative to this folder. */
  readonly script: string;
  /** What runs the script, given a folder for its files; this Node with tsx if absent. */
  readonly program?: (folder: string) => readonly string[];
  readonly topic?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export type Line = Readonly<Record<string, unknown>>;

export class ConsumerProcess {
  readonly #watchdog: Watchdog;
  readonly #command: ConsumerCommand;
  readonly #environment: Readonly<Record<string, string>>;

  private constructor(watchdog: Watchdog, command: ConsumerCommand, stack: Stack) {
    this.#watchdog = watchdog;
    this.#command = command;
    this.#environment = {
      LUTRA_TOPIC: command.topic ?? rowsTopic(stack.endpoints.a),
      KAFKA: stack.kafka.bootstrap,
      LUTRA_CONTROL: stack.control.url,
      LUTRA_API_TOKEN: stack.token,
      ...command.environment,
    };
  }

  static async start(stack: Stack, command: ConsumerCommand): Promise<ConsumerProcess> {
    const consumer = new ConsumerProcess(new Watchdog(await mkdtemp(join(tmpdir(), 'lutra-consumer-'))), command, stack);
    await consumer.restart();
    return consumer;
  }

  /** How it ended; undefined while it runs. */
  get ended(): string | undefined {
    return this.#watchdog.pid === undefined ? this.#watchdog.how : undefined;
  }

  async restart(): Promise<void> {
    const { script, program = () => [process.execPath, '--import', 'tsx'] } = this.#command;
    const command = [...program(this.#watchdog.folder), join(here, script)];
    // The watchdog runs things in their own folder; tsx reads the repository's tsconfig.json.
    const args = ['-c', 'cd "$0" && exec "$@"', root, ...command];
    await this.#watchdog.run({ command: '/bin/sh', args, env: this.#environment }, this.#log);
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.#watchdog.kill();
  }

  /** SIGTERM: a group's member that leaves in order. */
  async stop(): Promise<void> {
    await this.#watchdog.terminate(5_000);
    await this.#watchdog.close();
  }

  /** What it printed as JSON. Whole numbers keep all their digits: each number comes as its text. */
  async lines(): Promise<readonly Line[]> {
    const complete = (await this.output()).split('\n').slice(0, -1);
    return complete.filter((line) => line.startsWith('{')).map((line) => parse(line, (_, value, { source }) => source ?? value) as Line);
  }

  output(): Promise<string> {
    return readFile(this.#log, 'utf8').catch(() => '');
  }

  /** Waits until what it printed is enough. */
  async printed<T>(look: (lines: readonly Line[]) => T | undefined, withinMs?: number): Promise<T> {
    const found = await until(async () => look(await this.lines()), withinMs);
    if (found !== undefined) return found;
    throw new Error(`${this.#command.script} does not print what is awaited (${this.ended ?? 'it runs'}):\n${tail(await this.output())}`);
  }

  get #log(): string {
    return join(this.#watchdog.folder, 'consumer.log');
  }
}

/** ES2025: only a number's text knows all its digits. Strings, true, false and null stay what they are. */
const parse = (text: string, revive: (name: string, value: unknown, context: { source?: string }) => unknown): unknown =>
  (JSON.parse as (text: string, revive: (name: string, value: unknown, context: { source?: string }) => unknown) => unknown)(
    text,
    (name, value, context) => revive(name, value, typeof value === 'number' ? context : {}),
  );
