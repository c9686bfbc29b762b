/**
 * Runs one tool to its end. A tool that is missing gives a `MissingToolError` that says what to install; a tool that fails
 * gives the end of what it printed. Output goes to nobody's terminal.
 */
import { spawn } from 'node:child_process';

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

const remedies: Readonly<Record<string, string>> = {
  mvn: 'install Maven 3.8 or newer (Debian: apt-get install maven)',
  java: 'install a Java 17 runtime (Debian: apt-get install openjdk-17-jre-headless)',
  'apt-get': "MySQL 9.7 comes from Debian's archive: run on Debian, or let LUTRA_MYSQL_A and LUTRA_MYSQL_B name running servers",
  'dpkg-deb': 'install dpkg (it unpacks the packages of MySQL 9.7)',
  tar: 'install tar and gzip',
  ldd: 'install libc-bin',
};

/** Resolves to what the tool wrote to stdout and stderr. */
export function run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.timeoutMs ?? 600_000,
    killSignal: 'SIGKILL',
  });
  let output = '';
  const collect = (part: Buffer): void => {
    output = (output + part.toString()).slice(-100_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.on('error', (cause: NodeJS.ErrnoException) => {
    reject(cause.code === 'ENOENT' ? missing(command, cause) : new CommandError(`${command}: ${cause.message}`, { cause }));
  });
  child.on('close', (code, signal) => {
    if (code === 0) resolve(output);
    else reject(new CommandError(`${command} ${args.join(' ')}\nended with ${code ?? signal}:\n${tail(output)}`));
  });
  return promise;
}

/** The last lines of a text: enough to see why, short enough for a test report. */
export function tail(text: string, lines = 40): string {
  return text.trimEnd().split('\n').slice(-lines).join('\n');
}

function missing(command: string, cause: Error): MissingToolError {
  return new MissingToolError(`${command} is not on the PATH: ${remedies[command] ?? 'install it'}`, { cause });
}
