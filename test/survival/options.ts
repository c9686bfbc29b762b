/** The command line of `npm run survive`. */
import { readChoice, readNumber, readWords } from '../harness/command-line.js';

export interface SurviveOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly mysql: '8.0' | '9.7';
  readonly mysqlB: '8.0' | '9.7';
  /** Transactions per second on each side. */
  readonly rate: number;
  readonly keep: boolean;
  readonly help: boolean;
}

export const usage = `usage: npm run survive [-- options]

Starts the whole product on free ports of 127.0.0.1, with a second capture and loader in each region, and writes on both sides while its
parties are killed (-9), frozen, cut off from each other, silenced and slowed down: one fault at a time for the first half, then two.
Then compares every row and both topics. Exit code 0: all equal, and nobody had to help.

  --minutes N   how long faults go on, may have a point (default 5)
  --seed N      of the faults and the workload (default: another one each time); the same seed plans the same faults
  --mysql V     8.0 or 9.7 (default 9.7); of one side only: --mysql-b V
  --rate N      transactions per second on each side (default 60)
  --keep        after a failure, leave all running until Ctrl-C
  --help        print this`;

/** @throws UsageError */
export function readOptions(args: readonly string[]): SurviveOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const values = readWords(args, {
    minutes: text,
    seed: text,
    mysql: text,
    'mysql-b': text,
    rate: text,
    keep: flag,
    help: { ...flag, short: 'h' },
  });
  const mysql = readChoice('mysql', values.mysql, ['8.0', '9.7']) ?? '9.7';
  return {
    minutes: readNumber('minutes', values.minutes, { least: 0.1, most: 10_000, fraction: true }) ?? 5,
    seed: readNumber('seed', values.seed, { least: 0, most: 1e8 }) ?? Math.floor(Math.random() * 1_000_000),
    mysql,
    mysqlB: readChoice('mysql-b', values['mysql-b'], ['8.0', '9.7']) ?? mysql,
    rate: readNumber('rate', values.rate, { least: 1, most: 10_000 }) ?? 60,
    keep: values.keep ?? false,
    help: values.help ?? false,
  };
}
