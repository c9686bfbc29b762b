/** What else carries trees of files, on the same disk: rsync through its daemon, aria2c with a list of addresses, tar into tar. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { aria2c, rsync } from '../servers/index.js';
import { freePorts } from '../servers/ports.js';
import type { Log } from '../harness/index.js';
import { cpuMicros } from './process-meter.js';

/** How a tool did it: when it began and ended, by performance.now(), and the CPU time of all its processes. */
export interface Carried {
  readonly begin: number;
  readonly last: number;
  readonly cpuMicros: number;
}

/** Where a file is to be had, and where in the tree it belongs. */
export interface Addressed {
  readonly url: string;
  readonly path: string;
}

const answerMs = 10_000;

export class FileTools {
  readonly #log: Log;
  #folder = '';
  #daemon: ChildProcess | undefined;
  /** Of the daemon. */
  port = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** The daemon serves the folder. */
  async start(source: string): Promise<void> {
    await aria2c(this.#log);
    const program = await rsync(this.#log);
    this.#folder = await mkdtemp(join(tmpdir(), 'lutra-tools-'));
    [this.port = 0] = await freePorts(1);
    const user = process.getuid?.() === 0 ? 'uid = root\ngid = root\n' : '';
    const file = join(this.#folder, 'rsyncd.conf');
    await writeFile(file, `use chroot = no\n${user}[tree]\npath = ${source}\n`);
    const words = ['--daemon', '--no-detach', `--config=${file}`, '--address=127.0.0.1', `--port=${this.port}`];
    this.#daemon = spawn(program, words, { stdio: 'ignore' });
    for (const deadline = Date.now() + answerMs; !(await answers(this.port)); await sleep(50))
      if (Date.now() > deadline) throw new Error('the daemon of rsync does not answer');
  }

  async stop(): Promise<void> {
    if (this.#daemon && this.#daemon.exitCode === null && this.#daemon.kill()) await once(this.#daemon, 'exit');
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }

  /** @param port Of the daemon, or of a line to it. */
  async rsync(tree: string, port = this.port): Promise<Carried> {
    const program = await rsync(this.#log);
    return this.#into(async (folder) => {
      const before = await cpuMicros(this.#daemon?.pid, { withChildren: true });
      const used = await timed([program, '-a', '--whole-file', '--fsync', `rsync://127.0.0.1:${port}/tree/${tree}/`, `${folder}/`]);
      return used + (await cpuMicros(this.#daemon?.pid, { withChildren: true })) - before;
    });
  }

  /** The server's own CPU time is not in it. */
  async aria2(files: readonly Addressed[], ca: string): Promise<Carried> {
    const program = await aria2c(this.#log);
    const list = join(this.#folder, 'list');
    const authorities = join(this.#folder, 'ca.pem');
    await writeFile(list, files.map(({ url, path }) => `${url}\n  out=${path}\n`).join(''));
    await writeFile(authorities, ca);
    const words = ['--no-conf', '--quiet', '-j16', '--max-download-result=0', `--ca-certificate=${authorities}`, '-i', list];
    return this.#into((folder) => timed([program, ...words, '-d', folder]));
  }

  async tar(source: string): Promise<Carried> {
    return this.#into((folder) => timed(['/bin/sh', '-c', 'tar -C "$0" -cf - . | tar -C "$1" -xf - && sync -f "$1"', source, folder]));
  }

  /** A folder of its own for each, which goes at once. */
  async #into(work: (folder: string) => Promise<number>): Promise<Carried> {
    const folder = join(this.#folder, 'tree');
    await mkdir(folder);
    try {
      await timed(['sync', '-f', folder]); // nobody pays for what another one wrote
      const begin = performance.now();
      const used = await work(folder);
      return { begin, last: performance.now(), cpuMicros: used };
    } finally {
      await rm(folder, { recursive: true });
    }
  }
}

/** Resolves to the CPU time of the program and its children, as the shell has it. @throws unless it ends with 0 */
async function timed(words: readonly string[]): Promise<number> {
  const child = spawn('/bin/sh', ['-c', '"$0" "$@"; code=$?; times; exit $code', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [said, complaints] = ['', ''];
  child.stdout.on('data', (part) => (said += part));
  child.stderr.on('data', (part) => (complaints += part));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${words[0]} ended with ${code}: ${`${complaints}${said}`.trim().slice(-2_000)}`);
  return cpuOf(said);
}

/** The last line that `times` prints is of the children: 0m1.230000s 0m0.450000s */
export function cpuOf(times: string): number {
  const [line = ''] = times.trim().split('\n').slice(-1);
  return [...line.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1e6,
    0,
  );
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
