/**
 * One aria2c as a child process, which listens on a port of 127.0.0.1 that nobody else has. Whoever has its secret can write any file that
 * its user can: the secret is in a file that only we can read, and is another one each time. It ends with us.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

export interface ProcessOptions {
  readonly program: string;
  /** Ours alone. */
  readonly folder: string;
  /** PEM file. */
  readonly caFile: string | undefined;
  readonly maxDownloads: number;
}

/** Below the ports that the kernel gives to outgoing connections. */
const [lowestPort, highestPort] = [15_000, 32_000];
const keptOutput = 4_000;

export class Aria2Process {
  /** How it ended. */
  readonly ended: Promise<string>;
  readonly port: number;
  readonly secret: string;
  readonly #child: ChildProcess;
  #output = '';

  static async spawn(options: ProcessOptions): Promise<Aria2Process> {
    const port = await freePort();
    const secret = randomBytes(24).toString('hex');
    const file = join(options.folder, 'aria2.conf');
    await writeFile(file, configuration({ ...options, port, secret }), { mode: 0o600 });
    return new Aria2Process(options.program, file, { port, secret });
  }

  private constructor(program: string, file: string, { port, secret }: { readonly port: number; readonly secret: string }) {
    this.port = port;
    this.secret = secret;
    // No proxy of our environment: regions talk directly.
    this.#child = spawn(program, [`--conf-path=${file}`], { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '' } });
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream?.on('data', (bytes: Buffer) => this.#keep(bytes));
    this.ended = new Promise((resolve) => {
      this.#child.once('error', (error) => resolve(`${program} cannot be started: ${error.message}`));
      this.#child.once('exit', (code, signal) => resolve(`${program} ended with ${code ?? signal}${this.#output && `: ${this.#output}`}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Lets it write down how far it came. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 3_000);
    await this.ended;
    clearTimeout(timer);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #keep(bytes: Buffer): void {
    this.#output = (this.#output + bytes.toString()).trim().slice(-keptOutput);
  }
}

async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowestPort, highestPort);
    const probe = createServer();
    probe.listen({ port, host: '127.0.0.1', exclusive: true });
    const isFree = await once(probe, 'listening').then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

interface Configuration extends ProcessOptions {
  readonly port: number;
  readonly secret: string;
}

/** https://aria2.github.io/manual/en/html/aria2c.html */
function configuration({ port, secret, caFile, maxDownloads }: Configuration): string {
  const lines = [
    'enable-rpc=true',
    'rpc-listen-all=false',
    `rpc-listen-port=${port}`,
    `rpc-secret=${secret}`,
    `stop-with-process=${process.pid}`,
    'quiet=true',
    `max-concurrent-downloads=${maxDownloads}`,
    'rlimit-nofile=8192',
    'min-tls-version=TLSv1.2',
    ...(caFile === undefined ? [] : [`ca-certificate=${caFile}`]),
    // A file of the application is a file, whatever is in it.
    'follow-torrent=false',
    'follow-metalink=false',
    'enable-dht=false',
    'enable-dht6=false',
    'bt-enable-lpd=false',
    'no-netrc=true',
    'http-accept-gzip=false',
    'content-disposition-default-utf8=false',
    // Where it was left off, at the name that we gave.
    'continue=true',
    'allow-overwrite=true',
    'auto-file-renaming=false',
    'always-resume=false',
    'auto-save-interval=10',
    'file-allocation=none',
    'disk-cache=0', // with one, an answer of another range than was asked for ends aria2 (Piece.cc: assertion)
    'min-split-size=1M',
    // Back-off is ours. Without a pause it does not try again what is overloaded.
    'max-tries=3',
    'retry-wait=1',
    'connect-timeout=10',
    'timeout=20',
  ];
  return lines.map((line) => `${line}\n`).join('');
}
