/** The demo's command line. */
import { readChoice, readNumber, readWords } from '../harness/command-line.js';

export interface DemoOptions {
  /** Of workload. */
  readonly seconds: number;
  /** Undefined: 9.7 where it can be had, else 8.0. */
  readonly mysql: '8.0' | '9.7' | undefined;
  /** Transactions per second on each side. */
  readonly rate: number;
  readonly seed: number;
  readonly keep: boolean;
  readonly help: boolean;
}

export const usage = `usage: npm run demo [-- options]

Starts ZooKeeper, Kafka, two MySQL servers (regions hangzhou and california) and Lutra's seven processes on free ports of
127.0.0.1. Only hangzhou has the shop: a two-way channel over the REST API creates and fills it at california while both sides
write. Some rows name pictures, which are files: they arrive with their rows. Then the product verifies the two sides, and the
demo compares every row and every picture by itself. Exit code 0: all equal.

  --seconds N   how long to write (default 20)
  --mysql V     8.0 or 9.7 (default 9.7, or 8.0 where 9.7 cannot be had)
  --rate N      transactions per second on each side (default 100)
  --seed N      of the random workload (default: another one each time)
  --keep        leave all running afterwards and print the addresses; Ctrl-C ends it
  --help        print this

LUTRA_MYSQL_A, LUTRA_MYSQL_B (mysql://user:password@host:port), LUTRA_KAFKA and LUTRA_ZOOKEEPER (host:port) name running servers
to use instead; the MySQL servers must not have a database shop yet.`;

/** @throws UsageError */
export function readOptions(args: readonly string[]): DemoOptions {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const values = readWords(args, { seconds: text, mysql: text, rate: text, seed: text, keep: flag, help: { ...flag, short: 'h' } });
  return {
    seconds: readNumber('seconds', values.seconds, { least: 1, most: 86_400 }) ?? 20,
    mysql: readChoice('mysql', values.mysql, ['8.0', '9.7']),
    rate: readNumber('rate', values.rate, { least: 1, most: 100_000 }) ?? 100,
    seed: readNumber('seed', values.seed, { least: 0, most: 2 ** 31 }) ?? Math.floor(Math.random() * 1_000_000),
    keep: values.keep ?? false,
    help: values.help ?? false,
  };
}
