/**
 * What the programs under test/ have in common: options with errors that name them, lines with the time, and an end that leaves nothing
 * behind.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import type { Log } from './stack-options.js';

/** A mistake on the command line: shown with the usage, exit code 2. */
export class UsageError extends Error {}

type Words = NonNullable<ParseArgsConfig['options']>;

/** @throws UsageError */
export function readWords<const T extends Words>(args: readonly string[], options: T) {
  try {
    return parseArgs({ args: [...args], options }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

export interface Range {
  readonly least: number;
  readonly most: number;
  /** May have a point. */
  readonly fraction?: boolean;
}

/** @throws UsageError */
export function readNumber(name: string, value: string | undefined, { least, most, fraction = false }: Range): number | undefined {
  if (value === undefined) return undefined;
  const parsed = Number(value);
  if ((fraction ? /^\d+(\.\d+)?$/ : /^\d+$/).test(value) && parsed >= least && parsed <= most) return parsed;
  throw new UsageError(`--${name} ${value}: it must be a${fraction ? '' : ' whole'} number from ${least} to ${most}`);
}

/** @throws UsageError */
export function readChoice<const T extends string>(name: string, value: string | undefined, choices: readonly T[]): T | undefined {
  const found = choices.find((choice) => choice === value);
  if (value === undefined || found !== undefined) return found;
  throw new UsageError(`--${name} ${value}: it must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`);
}

/** Lines with the seconds since now. */
export function startLog(print: Log = console.log): Log {
  const begin = performance.now();
  return (line) => print(`[${((performance.now() - begin) / 1000).toFixed(1).padStart(7)} s] ${line}`);
}

/**
 * Also when the wrapper that started us is gone. A second signal does not wait. The signal that is returned says that the end has begun.
 */
export function endOnSignal(stop: () => Promise<unknown>, log: Log): AbortSignal {
  const ending = new AbortController();
  const end = (code: number): void => {
    if (ending.signal.aborted) process.exit(code);
    ending.abort();
    log('stopping');
    void stop().finally(() => process.exit(process.exitCode ?? code));
  };
  process.on('SIGINT', () => end(130));
  process.on('SIGTERM', () => end(143));
  process.on('SIGHUP', () => end(129));
  process.on('disconnect', () => end(129));
  process.channel?.unref();
  return ending.signal;
}

export function runProgram(main: () => Promise<void>, usage: string): void {
  main().catch((error: unknown) => {
    console.error(error instanceof UsageError ? `${error.message}\n\n${usage}` : error);
    process.exitCode = error instanceof UsageError ? 2 : 1;
  });
}
