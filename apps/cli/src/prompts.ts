/** Questions to a person. Where no person sits at a terminal none is asked: the answer is no. */
import { confirm, isCancel, multiselect, password, select, text } from '@clack/prompts';
import { CliError, exitCodes } from './exit-codes.js';

export interface Choice<T extends string> {
  readonly value: T;
  readonly label: string;
  readonly hint?: string;
}

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

  /** @param usual What Enter alone means. @param wrong Why not; undefined: it will do */
  async textOr(message: string, usual: string, wrong: (value: string) => string | undefined = () => undefined): Promise<string> {
    const validate = (value: string | undefined): string | undefined => wrong(value?.trim() || usual);
    const answer = this.#answer(await text({ message, placeholder: usual, defaultValue: usual, validate, ...this.#streams() }));
    return answer.trim() || usual;
  }

  async select<T extends string>(message: string, choices: readonly Choice<T>[], usual: T): Promise<T> {
    const options = choices.map((choice) => ({ ...choice })) as Parameters<typeof select<T>>[0]['options'];
    return this.#answer(await select<T>({ message, options, initialValue: usual, ...this.#streams() }));
  }

  /** One or more. */
  async several(message: string, choices: readonly Choice<string>[], usual: readonly string[]): Promise<readonly string[]> {
    const options = choices.map((choice) => ({ ...choice }));
    const asked = { message, options, initialValues: [...usual], required: true };
    return this.#answer(await multiselect<string>({ ...asked, ...this.#streams() }));
  }

  /** Shown as dots. @throws CliError usage: there is nobody to ask */
  async password(message: string, missing: string): Promise<string> {
    if (!this.isPossible) throw new CliError(exitCodes.usage, missing);
    return this.#answer(await password({ message, ...this.#streams() })) ?? ''; // Enter alone
  }

  #streams() {
    return { input: this.#terminal.stdin, output: this.#terminal.stderr, signal: this.#signal };
  }

  #answer<T>(answer: T): Exclude<T, symbol> {
    if (isCancel(answer)) throw new CliError(exitCodes.interrupted, 'nothing was done');
    return answer as Exclude<T, symbol>;
  }
}
