/**
 * Runs one tool to its end. A tool that is missing gives a `MissingToolError` that says what to install; a tool that fails
 * gives the end of what it printed. Output goes to nobody's terminal.
 */
import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';

export class MissingToolError extends Error {
  override readonly name = 'MissingToolError';
}

export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface CommandOptions {
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly timeoutMs?: number | undefined;
}

const resolutions: Readonly<Record<string, string>> = {
  mvn: 'install Maven 3.8 or newer (Debian: apt-get install maven)',
  java: 'install a Java 17 runtime (Debian: apt-get install openjdk-17-jre-headless)',
  'apt-get': "MySQL 9.7 comes from Debian's archive: run on Debian, or let LUTRA_MYSQL_A and LUTRA_MYSQL_B name running servers",
  'dpkg-deb': 'install dpkg (it unpacks the packages of MySQL 9.7)',
  tar: 'install tar and gzip',
  ldd: 'install libc-bin',
  go: 'install Go 1.23 or newer (Debian: apt-get install golang-go): gh-ost is built with it',
  python3: 'install Python 3.9 or newer with venv (Debian: apt-get install python3-venv)',
};

const execute = promisify(execFile);

/** Resolves to what the tool wrote to stdout. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { cwd, env, timeoutMs = 600_000 } = options;
  const limits = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 100 << 20 } as const;
  const running = execute(command, args, { cwd, env: { ...process.env, ...env }, ...limits });
  running.child.stdin?.end();
  try {
    return (await running).stdout;
  } catch (cause) {
    const { code, signal, stdout = '', stderr = '' } = cause as ExecFileException & { stdout?: string; stderr?: string };
    if (String(code) === 'ENOENT') throw missing(command, cause as Error);
    const what = `${command} ${args.join(' ')}\nended with ${code ?? signal}:\n${tail(stdout + stderr)}`;
    throw new CommandError(what, { cause });
  }
}

/** The last lines of a text: enough to see why, short enough for a test report. */
export function tail(text: string, lines = 40): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

export function missing(command: string, cause?: Error): MissingToolError {
  return new MissingToolError(`${command} is not on the PATH: ${resolutions[command] ?? 'install it'}`, { cause });
}
