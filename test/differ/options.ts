/** The command line of `npm run differ`. */
import { readChoice, readNumber, readWords, UsageError } from '../harness/command-line.js';
import { type Feature, features } from './schema.js';

export const zones = ['+00:00', '+08:00', '-05:00', '+13:45'] as const;

export interface DifferOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly mysql: '8.0' | '9.7';
  readonly ways: 'one' | 'both' | 'all';
  /** Of the servers; undefined: the seed's. */
  readonly zone: (typeof zones)[number] | undefined;
  /** One round, the n-th of the seed. */
  readonly only: number | undefined;
  /** Statements of a round. */
  readonly statements: number;
  /** DDL statements of a round. */
  readonly definitions: number;
  readonly features: ReadonlySet<Feature>;
  /** Steps on other tables are left out. */
  readonly tables: readonly string[] | undefined;
  /** Go on after a difference. */
  readonly all: boolean;
  readonly keep: boolean;
  readonly help: boolean;
}

export const usage = `usage: npm run differ [-- options]

Starts the whole product and MySQL's own replica on free ports of 127.0.0.1. Each round makes random tables in a database of its own, writes to them in every way that
MySQL has, waits for quiet and compares: one way, Lutra's target must be equal to the source wherever the replica is; both ways, both sides must be equal. Or
a pipeline stopped and its status says why. The last line says "equal: …" or what differs; exit code 0: all is well.

  --minutes N     for how long rounds begin, may have a point (default 2)
  --seed N        (default: another one each time); the same seed means the same tables and statements
  --mysql V       8.0 or 9.7 (default 9.7)
  --ways W        one, both or all (default all)
  --zone Z        time zone of the servers: ${zones.join(', ')} (default: the seed's)
  --only N        the N-th round of the seed, no other
  --statements N  of a round (default 400)
  --ddl N         DDL statements of a round (default 3)
  --without F,G   leaves parts out: ${features.join(', ')}
  --with F,G      only these parts
  --tables T,U    narrows a round down: statements on other tables are left out
  --all           goes on after a difference, and lists all of them
  --keep          after a failure, leave all running until Ctrl-C
  --help          print this`;

/** @throws UsageError */
export function readOptions(args: readonly string[]): DifferOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const values = readWords(args, {
    minutes: text,
    seed: text,
    mysql: text,
    ways: text,
    zone: text,
    only: text,
    statements: text,
    ddl: text,
    with: text,
    without: text,
    tables: text,
    all: flag,
    keep: flag,
    help: { ...flag, short: 'h' },
  });
  const without = values.without?.split(',').map((name) => feature('without', name)) ?? [];
  const chosen = values.with?.split(',').map((name) => feature('with', name)) ?? features;
  return {
    minutes: readNumber('minutes', values.minutes, { least: 0.1, most: 10_000, fraction: true }) ?? 2,
    seed: readNumber('seed', values.seed, { least: 0, most: 1e8 }) ?? Math.floor(Math.random() * 1_000_000),
    mysql: readChoice('mysql', values.mysql, ['8.0', '9.7']) ?? '9.7',
    ways: readChoice('ways', values.ways, ['one', 'both', 'all']) ?? 'all',
    zone: readChoice('zone', values.zone, zones),
    only: readNumber('only', values.only, { least: 1, most: 1e6 }),
    statements: readNumber('statements', values.statements, { least: 1, most: 1e6 }) ?? 400,
    definitions: readNumber('ddl', values.ddl, { least: 0, most: 1000 }) ?? 3,
    features: new Set(chosen.filter((name) => !without.includes(name))),
    tables: values.tables?.split(','),
    all: values.all ?? false,
    keep: values.keep ?? false,
    help: values.help ?? false,
  };
}

function feature(option: string, name: string): Feature {
  const found = features.find((one) => one === name);
  if (found === undefined) throw new UsageError(`--${option} ${name}: there are ${features.join(', ')}`);
  return found;
}

/** That repeat the run. */
export function wordsOf({
  minutes,
  seed,
  mysql,
  ways,
  zone,
  only,
  statements,
  definitions,
  features: chosen,
  tables,
  all,
}: DifferOptions): string {
  const without = features.filter((name) => !chosen.has(name)).join();
  const words = {
    minutes,
    seed,
    mysql,
    ways,
    zone,
    only,
    statements,
    ddl: definitions,
    without: without || undefined,
    tables: tables?.join(),
  };
  const given = Object.entries(words).flatMap(([name, value]) => (value === undefined ? [] : [`--${name} ${value}`]));
  return [...given, ...(all ? ['--all'] : [])].join(' ');
}
