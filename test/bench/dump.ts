/** How a database is copied without Lutra: mysqldump piped into mysql, and MySQL's CLONE, which copies the files of the whole server. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Log, withAdministrator } from '../harness/index.js';
import type { MysqlServer } from '../servers/index.js';
import { mysqlClient } from '../servers/mysql-clients.js';
import type { Timing } from './figures.js';

export interface Copied {
  readonly from: MysqlServer;
  readonly to: MysqlServer;
  readonly database: string;
  readonly rows: number;
}

/** The clients must be there before anything is measured. */
export async function prepareClients(log: Log): Promise<void> {
  await mysqlClient('mysqldump', log);
}

/** What the target had of it goes first. */
export async function dumpAndLoad({ from, to, database, rows }: Copied): Promise<Timing> {
  await withAdministrator(to, (connection) => connection.query(`DROP DATABASE IF EXISTS ${database}`));
  const [dump, load] = await Promise.all((['mysqldump', 'mysql'] as const).map((program) => mysqlClient(program, () => undefined)));
  const login = ({ host, port, user }: MysqlServer): string[] => [`--host=${host}`, `--port=${port}`, `--user=${user}`];
  const begin = performance.now();
  const what = ['--single-transaction', '--set-gtid-purged=OFF', '--databases', database];
  const reader = spawn(dump?.command ?? '', [...(dump?.args ?? []), ...login(from), ...what], { stdio: ['ignore', 'pipe', 'pipe'] });
  const writer = spawn(load?.command ?? '', [...(load?.args ?? []), ...login(to)], { stdio: [reader.stdout, 'ignore', 'pipe'] });
  reader.stdout.destroy(); // the pipe is theirs
  await Promise.all([ended(reader, 'mysqldump'), ended(writer, 'mysql')]);
  return whole(rows, begin);
}

/** Into the server's own folder, from which it goes at once. Undefined: the server has no CLONE. */
export async function clone({ from, rows }: Pick<Copied, 'from' | 'rows'>): Promise<Timing | undefined> {
  const copy = join(dirname(from.logFile ?? ''), 'copy');
  return withAdministrator(from, async (connection) => {
    const install = connection.query("INSTALL PLUGIN clone SONAME 'mysql_clone.so'");
    if (!(await install.then(...wasDone))) return undefined;
    try {
      const begin = performance.now();
      await connection.query(`CLONE LOCAL DATA DIRECTORY = '${copy}'`);
      return whole(rows, begin);
    } finally {
      await rm(copy, { recursive: true, force: true });
    }
  });
}

const wasDone = [() => true, () => false] as const;

/** Progress is not seen: all rows at the end. */
export function whole(rows: number, begin: number): Timing {
  return { rows, begin, first: { at: begin, rows: 0 }, last: performance.now() };
}

async function ended(child: ChildProcess, name: string): Promise<void> {
  let complaints = '';
  child.stderr?.on('data', (part) => (complaints += part));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code !== 0) throw new Error(`${name} ended with ${code ?? signal}: ${complaints.trim()}`);
}
