/** Runs `lutra` as a script does, as a person types at it, and as it is shipped: the bundle, as a process of its own. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Process } from '../src/process.js';
import { run } from '../src/run.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const bundler = new URL('../../../scripts/bundle-cli.mjs', import.meta.url).href;
type Bundle = (root: string) => Promise<ReadonlyMap<string, string>>;

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Environment {
  readonly url?: string;
  readonly token?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
}

export class Lutra {
  /** As `npm run pack` packs it. */
  readonly package: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.package = join(folder, 'cli');
  }

  static async build(): Promise<Lutra> {
    const { bundleCli } = (await import(bundler)) as { readonly bundleCli: Bundle };
    const folder = mkdtempSync(join(tmpdir(), 'lutra-cli-'));
    for (const [name, text] of await bundleCli(root)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text, { mode: 0o755 });
    }
    return new Lutra(folder);
  }

  get file(): string {
    return join(this.package, 'lutra.js');
  }

  /** Of its configuration. */
  get home(): string {
    return join(this.#folder, 'home');
  }

  /** As a script does, in this process: what starts no process is quick. */
  async run(args: readonly string[], { stdin = '', ...where }: Environment = {}): Promise<Ended> {
    const [stdout, stderr] = [new Captured(), new Captured()];
    const streams = { stdin: Readable.from([stdin]), stdout, stderr } as unknown as Pick<Process, 'stdin' | 'stdout' | 'stderr'>;
    const code = await run({ argv: args, env: this.#env(where), signal: new AbortController().signal, ...streams });
    return { code, stdout: stdout.text, stderr: stderr.text };
  }

  /** The bundle as a process, without a terminal. */
  spawned(args: readonly string[], { stdin = '', ...where }: Environment = {}): Promise<Ended> {
    const child = spawn(process.execPath, [this.file, ...args], { env: this.#env(where) });
    child.stdin.on('error', () => undefined); // it may end without reading
    child.stdin.end(stdin);
    return ended(child);
  }

  /** At a terminal of 80 columns. Each answer is typed once its question has been shown. What was shown is in `stdout`. */
  async typed(
    args: readonly string[],
    answers: readonly (readonly [question: RegExp, keys: string])[],
    where: Environment = {},
  ): Promise<Ended> {
    const line = [process.execPath, this.file, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
    const child = spawn('script', ['-qefc', `stty cols 80 rows 40; exec ${line}`, '/dev/null'], {
      env: { ...this.#env(where), TERM: 'xterm-256color' },
    });
    child.stdin.on('error', () => undefined);
    onTestFinished(() => void child.kill()); // one that waits for a question that never comes
    const left = [...answers];
    let shown = '';
    child.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      const [next] = left;
      if (!next?.[0].test(shown)) return;
      left.shift();
      shown = '';
      child.stdin.write(next[1]);
    });
    return await ended(child);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #env({ url, token, env = {} }: Environment): NodeJS.ProcessEnv {
    const { PATH } = process.env;
    return {
      ...(PATH === undefined ? {} : { PATH }),
      HOME: this.home,
      ...(url === undefined ? {} : { LUTRA_URL: url }),
      ...(token === undefined ? {} : { LUTRA_TOKEN: token }),
      ...env,
    };
  }
}

class Captured {
  text = '';

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

function ended(child: ReturnType<typeof spawn>): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Without colours and movements of the cursor. */
export function plain(text: string): string {
  // oxlint-disable-next-line no-control-regex -- these are meant
  return text.replaceAll(/\u001B\[[\d;?]*[A-Za-z]/g, '').replaceAll('\r', '');
}
