/** Questions to a person. Where no person sits at a terminal none is asked: the answer is no. */
import { confirm, isCancel, password, text } from '@clack/prompts';
import { CliError, exitCodes } from './exit-codes.js';

export interface Terminal {
  readonly stdin: NodeJS.ReadStream;
  /** Where questions are shown: what a script reads stays clean. */
  readonly stderr: NodeJS.WriteStream;
}

export class Prompts {
  readonly #terminal: Terminal;
  readonly #signal: AbortSignal;

  constructor(terminal: Terminal, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#signal = signal;
  }

  get isPossible(): boolean {
    return this.#terminal.stdin.isTTY && this.#terminal.stderr.isTTY;
  }

  /** @throws CliError Ctrl-C */
  async confirm(message: string): Promise<boolean> {
    if (!this.isPossible) return false;
    return this.#answer(await confirm({ message, initialValue: false, ...this.#streams() }));
  }

  /** @throws CliError usage: there is nobody to ask */
  async text(message: string, missing: string): Promise<string> {
    if (!this.isPossible) throw new CliError(exitCodes.usage, missing);
    return this.#answer(
      await text({ message, validate: (value) => (value?.trim() ? undefined : 'Please say something'), ...this.#streams() }),
    );
  }

  /** Shown as dots. @throws CliError usage: there is nobody to ask */
  async password(message: string, missing: string): Promise<string> {
    if (!this.isPossible) throw new CliError(exitCodes.usage, missing);
    return this.#answer(await password({ message, ...this.#streams() }));
  }

  #streams() {
    return { input: this.#terminal.stdin, output: this.#terminal.stderr, signal: this.#signal };
  }

  #answer<T>(answer: T): Exclude<T, symbol> {
    if (isCancel(answer)) throw new CliError(exitCodes.interrupted, 'nothing was done');
    return answer as Exclude<T, symbol>;
  }
}
