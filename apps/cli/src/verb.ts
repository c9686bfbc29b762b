/** What a verb is: a file of commands/ exports one. The command line, its help, docs/cli.md and completion are made from it. */
import type { LutraClient } from '@lutra/client';
import type { Contexts } from './contexts.js';
import type { ExitCode } from './exit-codes.js';
import type { Output } from './output/output.js';
import type { Prompts } from './prompts.js';

/** What a word of the command line names: the shell completes it. */
export type Named = 'channel' | 'pipeline' | 'endpoint' | 'region' | 'context' | readonly string[];

export interface Argument {
  /** `<channel>`, `[table]`, `[endpoint...]` */
  readonly syntax: string;
  readonly what: string;
  readonly named?: Named;
}

export interface OptionOf {
  /** As commander has it: `--reason <text>` */
  readonly flags: string;
  readonly what: string;
  readonly choices?: readonly string[];
  readonly required?: boolean;
  /** A whole number, 0 or more; list: it may be given several times. */
  readonly kind?: 'number' | 'list';
}

export interface Verb {
  readonly name: string;
  readonly summary: string;
  /** More than a line, for its own help. */
  readonly details?: string;
  readonly args?: readonly Argument[];
  readonly options?: readonly OptionOf[];
  /** Command line, and what it does. */
  readonly examples?: readonly (readonly [line: string, what: string])[];
  /** It has verbs of its own, and does nothing by itself. */
  readonly verbs?: readonly Verb[];
  readonly run?: (run: Run) => Promise<ExitCode | void>;
}

/** One use of a verb. */
export interface Run {
  /** In the order of `args`, those of the last one after each other. */
  readonly args: readonly string[];
  readonly options: Options;
  /** Of the context; the first use reads it. */
  readonly client: LutraClient;
  readonly out: Output;
  readonly prompts: Prompts;
  readonly contexts: Contexts;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** All of stdin. */
  readonly stdin: () => Promise<string>;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
}

/** By the names that commander makes: --dry-run is dryRun. */
export class Options {
  readonly #values: Readonly<Record<string, unknown>>;

  constructor(values: Readonly<Record<string, unknown>>) {
    this.#values = values;
  }

  text(name: string): string | undefined {
    const value = this.#values[name];
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values[name] === true;
  }

  number(name: string): number | undefined {
    const value = this.#values[name];
    return typeof value === 'number' ? value : undefined;
  }

  list(name: string): readonly string[] | undefined {
    const value = this.#values[name];
    return Array.isArray(value) ? value.map(String) : undefined;
  }
}
