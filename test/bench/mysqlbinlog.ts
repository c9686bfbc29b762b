/** The reader that comes with MySQL 9.7, on the same binlog: what reading alone may cost. What it prints goes nowhere. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { MysqlServer } from '../servers/index.js';
import { mysqlBinaries } from '../servers/mysql-binaries.js';
import type { Timing } from './figures.js';
import { cpuMicros, peakBytes, type Usage } from './process-meter.js';
import { type Sample, timingOf } from './samples.js';

const pollMs = 10;

/** From this file to the last one. Undefined where the program is not there: it comes with 9.7 only. */
export async function timeMysqlbinlog(
  server: MysqlServer,
  { from, rows }: { readonly from: string; readonly rows: number },
): Promise<{ readonly timing: Timing; readonly usage: Usage } | undefined> {
  if (server.version !== '9.7') return undefined;
  const { root, mysqld } = await mysqlBinaries('9.7', () => undefined);
  const program = `${root}/usr/bin/mysqlbinlog`;
  if (!existsSync(program)) return undefined;
  const login = [`--host=${server.host}`, `--port=${server.port}`, `--user=${server.user}`, '--connection-server-id=99'];
  const begin = performance.now();
  const args = [...mysqld.args.slice(0, 2), program, '--no-defaults', '--read-from-remote-server', '--to-last-log', ...login, from];
  const child = spawn(mysqld.command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr?.on('data', (part) => (complaints += part));
  const samples: Sample[] = [];
  let usage: Usage = { cpuMicros: 0, rssBytes: 0 };
  const ended = once(child, 'close');
  while (child.exitCode === null && child.signalCode === null) {
    samples.push({ count: (await writtenBytes(child.pid)) > 0 ? 1 : 0, at: performance.now() });
    const now = { cpuMicros: await cpuMicros(child.pid), rssBytes: await peakBytes(child.pid) };
    if (now.cpuMicros > 0) usage = now;
    await sleep(pollMs);
  }
  samples.push({ count: rows, at: performance.now() });
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`mysqlbinlog ended with ${code}: ${complaints.trim()}`);
  return { timing: timingOf({ begin, samples }, rows, (count) => count), usage };
}

/** It prints from its first event on. */
async function writtenBytes(pid: number | undefined): Promise<number> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8').catch(() => '');
  return Number(/^wchar: (\d+)$/m.exec(io)?.[1] ?? 0);
}
