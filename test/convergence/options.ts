/** The command line of `npm run converge`. */
import { conflictPolicies, needsHome } from '@lutra/model';
import { readChoice, readNumber, readWords, UsageError } from '../harness/command-line.js';
import { type Shape, shapes } from './shapes.js';

export interface ConvergeOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly regions: 2 | 3;
  readonly topology: 'mesh' | 'hub';
  readonly mysql: '8.0' | '9.7';
  readonly mysqlB: '8.0' | '9.7';
  /** Transactions per second in each region. */
  readonly rate: number;
  /** Share of statements on rows that everybody writes. */
  readonly hot: number;
  readonly faults: 0 | 1 | 2;
  readonly policy: Shape['rule']['policy'] | undefined;
  readonly tables: readonly string[] | undefined;
  readonly keep: boolean;
  readonly help: boolean;
}

const policies = conflictPolicies.filter((policy) => needsHome({ policy }));

export const usage = `usage: npm run converge [-- options]

Starts the whole product on free ports of 127.0.0.1. Writers in each region change the same few rows of tables of every policy and shape,
while parties are killed (-9), frozen and cut off. Then quiet, and the proof: all regions equal row by row, what met no conflict is there, each conflict is
logged. The last line says "equal: …" or what differs; exit code 0: all is well.

  --minutes N   how long they write, may have a point (default 2)
  --seed N      of writers and faults (default: another one each time); the same seed means the same writes and faults
  --regions N   2 or 3 (default 2)
  --topology T  mesh (each region to each other one) or hub (home to and from each other one; it forwards) (default mesh)
  --policy P    only tables with this policy: ${policies.join(', ')}
  --tables T,U  only these tables
  --faults N    how many overlap in the second half: 0, 1 or 2 (default 2)
  --hot S       share of statements on rows that everybody writes, 0 to 1 (default 0.75); with 0 there are no conflicts
  --rate N      transactions per second in each region (default 20)
  --mysql V     8.0 or 9.7 (default 9.7); away from home only: --mysql-b V
  --keep        after a failure, leave all running until Ctrl-C
  --help        print this`;

/** @throws UsageError */
export function readOptions(args: readonly string[]): ConvergeOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const values = readWords(args, {
    minutes: text,
    seed: text,
    regions: text,
    topology: text,
    policy: text,
    tables: text,
    faults: text,
    hot: text,
    rate: text,
    mysql: text,
    'mysql-b': text,
    keep: flag,
    help: { ...flag, short: 'h' },
  });
  const mysql = readChoice('mysql', values.mysql, ['8.0', '9.7']) ?? '9.7';
  return {
    minutes: readNumber('minutes', values.minutes, { least: 0.1, most: 10_000, fraction: true }) ?? 2,
    seed: readNumber('seed', values.seed, { least: 0, most: 1e8 }) ?? Math.floor(Math.random() * 1_000_000),
    regions: (readNumber('regions', values.regions, { least: 2, most: 3 }) ?? 2) as 2 | 3,
    topology: readChoice('topology', values.topology, ['mesh', 'hub']) ?? 'mesh',
    policy: readChoice('policy', values.policy, policies),
    tables: values.tables?.split(',').map(knownTable),
    faults: (readNumber('faults', values.faults, { least: 0, most: 2 }) ?? 2) as 0 | 1 | 2,
    hot: readNumber('hot', values.hot, { least: 0, most: 1, fraction: true }) ?? 0.75,
    rate: readNumber('rate', values.rate, { least: 1, most: 10_000 }) ?? 20,
    mysql,
    mysqlB: readChoice('mysql-b', values['mysql-b'], ['8.0', '9.7']) ?? mysql,
    keep: values.keep ?? false,
    help: values.help ?? false,
  };
}

function knownTable(name: string): string {
  const names = shapes.map((shape) => shape.name);
  if (!names.includes(name)) throw new UsageError(`--tables ${name}: there are ${names.join(', ')}`);
  return name;
}
