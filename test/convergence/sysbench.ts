/**
 * `npm run converge:sysbench`: sysbench's oltp_read_write on the same tables of both regions at once, under policy `home`; then all must be
 * equal. Needs Debian's sysbench on the PATH. A server's errors (deadlocks, duplicate keys) are passed over, as the clients of such a load
 * would.
 */
import { spawn } from 'node:child_process';
import type { RowDataPacket } from 'mysql2/promise';
import {
  compareDatabases,
  endOnSignal,
  readNumber,
  readWords,
  runProgram,
  sides,
  Stack,
  startLog,
  UsageError,
  withAdministrator,
} from '../harness/index.js';
import type { Side } from '../harness/index.js';

const database = 'sbtest';
const drainBoundMs = 600_000;
const copiedAtOnce = 1000;
const passedOver = '1213,1205,1062,1020';
const usage = `usage: npm run converge:sysbench [-- --seconds N] [--tables N] [--rows N] [--threads N]`;
const log = startLog();

interface Load {
  readonly seconds: number;
  readonly tables: number;
  readonly rows: number;
  readonly threads: number;
}

function readLoad(args: readonly string[]): Load {
  const text = { type: 'string' } as const;
  const values = readWords(args, { seconds: text, tables: text, rows: text, threads: text });
  const number = (name: keyof Load, least: number): number | undefined => readNumber(name, values[name], { least, most: 1e7 });
  return {
    seconds: number('seconds', 1) ?? 600,
    tables: number('tables', 1) ?? 4,
    rows: number('rows', 10) ?? 1000,
    threads: number('threads', 1) ?? 2,
  };
}

async function main(): Promise<void> {
  const load = readLoad(process.argv.slice(2));
  await sysbench(['--version'], 'inherit');
  const stack = new Stack({ log });
  endOnSignal(() => stack.stop(), log);
  try {
    console.log(await run(stack, load));
  } finally {
    if (process.exitCode === 1) console.log(`the logs are kept in ${await stack.saveLogs()}`);
    await stack.stop();
  }
}

/** The last line. */
async function run(stack: Stack, load: Load): Promise<string> {
  await stack.start();
  for (const side of sides) {
    await withAdministrator(stack.mysql[side], (connection) => connection.query(`CREATE DATABASE ${database}`));
    await sysbench([...wordsOf(stack, side, load), 'prepare'], 'ignore');
  }
  for (let table = 1; table <= load.tables; table++) await copy(stack, `${database}.sbtest${table}`);
  const first = await difference(stack);
  if (first.differing > 0) throw new Error(`the tables differ before anything was written: ${first.text}`);
  const conflicts = { home: stack.regions.a, rules: [{ schema: database, policy: 'home' as const }] };
  await stack.createChannel({ databases: [database], conflicts });
  await stack.startChannel();
  log(`sysbench writes on both sides for ${load.seconds} s`);
  await Promise.all(sides.map((side) => sysbench([...wordsOf(stack, side, load), 'run'], 'inherit')));
  log('waiting until everything has arrived on the other side');
  await stack.drain(drainBoundMs);
  const { differing, text } = await difference(stack);
  if (differing > 0) process.exitCode = 1;
  return text;
}

/** Each side got random rows of its own. */
async function copy(stack: Stack, table: string): Promise<void> {
  const rows = await withAdministrator(stack.mysql.a, async (connection) => {
    const [found] = await connection.query<RowDataPacket[]>({ sql: `SELECT id, k, c, pad FROM ${table}`, rowsAsArray: true });
    return found;
  });
  await withAdministrator(stack.mysql.b, async (connection) => {
    await connection.query(`DELETE FROM ${table}`);
    for (let at = 0; at < rows.length; at += copiedAtOnce)
      await connection.query(`INSERT INTO ${table} (id, k, c, pad) VALUES ?`, [rows.slice(at, at + copiedAtOnce)]);
  });
}

async function difference(stack: Stack): Promise<{ readonly differing: number; readonly text: string }> {
  const { tables, rows, differing, differences } = await compareDatabases({
    a: stack.connection('a'),
    b: stack.connection('b'),
    databases: [database],
  });
  const [first] = differences;
  if (!first) return { differing, text: `equal: ${tables} tables, ${rows} rows` };
  const { table, key, kind, columns } = first;
  return { differing, text: `NOT EQUAL: ${differing} rows; the first: ${table} ${key}: ${kind} ${columns.join(', ')}` };
}

function wordsOf(stack: Stack, side: Side, { seconds, tables, rows, threads }: Load): string[] {
  const { host, port, user, password } = stack.mysql[side];
  const server = { host, port, user, password, db: database };
  const words = Object.entries(server).map(([name, value]) => `--mysql-${name}=${value ?? ''}`);
  // Keys of their own choice: the servers would give different ones.
  const size = {
    auto_inc: 'off',
    tables,
    'table-size': rows,
    threads,
    time: seconds,
    'report-interval': 30,
    'mysql-ignore-errors': passedOver,
  };
  return ['oltp_read_write', '--db-driver=mysql', ...words, ...Object.entries(size).map(([name, value]) => `--${name}=${value}`)];
}

function sysbench(args: readonly string[], output: 'inherit' | 'ignore'): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sysbench', args, { stdio: ['ignore', output, 'inherit'] });
    child.on('error', () => reject(new UsageError('there is no sysbench on the PATH: apt-get install sysbench')));
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`sysbench ended with code ${code}`))));
  });
}

runProgram(main, usage);
