/** One use of `lutra`, from its words to its exit code. */
import { ApiError, UnansweredError } from '@lutra/client';
import { CommanderError } from 'commander';
import { loadVerbs } from './commands.js';
import { complete, completionVerb } from './completion/complete.js';
import { Contexts } from './contexts.js';
import { CliError, exitCodes } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { Output } from './output/output.js';
import type { Process } from './process.js';
import { programOf } from './program.js';
import { Prompts } from './prompts.js';
import { openClient } from './session.js';
import { Options } from './verb.js';
import { cliVersion } from './version.js';
import type { Run, Verb } from './verb.js';

const defaultTimeoutS = 30;

export async function run(process: Process): Promise<ExitCode> {
  const { argv, stdout, stderr } = process;
  if (argv[0] === completionVerb) return await complete(await loadVerbs(), argv.slice(1), process);
  let exitCode: ExitCode = exitCodes.ok;
  const program = programOf({
    verbs: await loadVerbs(),
    version: cliVersion(),
    act: async (verb, words, values) => {
      exitCode = await act(process, { verb, words, values });
    },
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    columns: stdout.isTTY ? stdout.columns : undefined,
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage; // commander has said why
  }
}

interface Action {
  readonly verb: Verb;
  readonly words: readonly string[];
  readonly values: Readonly<Record<string, unknown>>;
}

async function act(process: Process, { verb, words, values }: Action): Promise<ExitCode> {
  const options = new Options(values);
  const { env, stdin, stdout, stderr, signal } = process;
  const out = new Output({
    stdout,
    stderr,
    json: options.flag('json'),
    quiet: options.flag('quiet'),
    wide: options.flag('wide'),
    colour: options.flag('color') && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
  });
  const contexts = new Contexts(env);
  const timeoutMs = Math.max(1, options.number('timeout') ?? defaultTimeoutS) * 1000;
  let client: Run['client'] | undefined;
  const run: Run = {
    args: words,
    options,
    get client() {
      return (client ??= openClient(contexts, out, { context: options.text('context'), timeoutMs }));
    },
    out,
    prompts: new Prompts({ stdin, stderr }, signal),
    contexts,
    env,
    stdin: () => textOf(stdin),
    signal,
  };
  try {
    return (await verb.run?.(run)) ?? exitCodes.ok;
  } catch (error) {
    return tell(error, { out, signal });
  }
}

async function textOf(stdin: NodeJS.ReadStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString('utf8');
}

/** Says what failed. With --json as JSON, on stderr: stdout has answers alone. */
function tell(error: unknown, { out, signal }: { readonly out: Output; readonly signal: AbortSignal }): ExitCode {
  if (signal.aborted) return exitCodes.interrupted;
  const { exitCode, message, help, more } = failureOf(error);
  if (out.isJson) out.failureJson({ exitCode, message, help, ...more });
  else out.failure(message, help);
  return exitCode;
}

interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly help: string;
  readonly more?: Readonly<Record<string, unknown>>;
}

function failureOf(error: unknown): Failure {
  if (error instanceof CliError) return { exitCode: error.exitCode, message: error.message, help: error.help };
  if (error instanceof UnansweredError) return unanswered(error);
  if (error instanceof ApiError) return refused(error);
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: exitCodes.error, message: `unexpected: ${message}`, help: '' };
}

const otherAddress = 'Is LUTRA_URL, or the url of the context, the address of control? lutra context list shows it.';

function unanswered({ kind, message, cause }: UnansweredError): Failure {
  if (kind === 'timeout') return { exitCode: exitCodes.timeout, message, help: '--timeout <seconds> waits longer.' };
  if (kind === 'not-lutra') return { exitCode: exitCodes.unreachable, message, help: otherAddress };
  return {
    exitCode: exitCodes.unreachable,
    message,
    help: isUntrusted(cause) ? 'Name the CA of its certificate: LUTRA_CA, or --ca of lutra context set.' : otherAddress,
  };
}

function isUntrusted(cause: unknown): boolean {
  const inner = cause instanceof Error ? cause.cause : undefined;
  const code = inner instanceof Error && 'code' in inner ? String(inner.code) : '';
  return /CERT|SELF_SIGNED|UNABLE_TO_/.test(code);
}

function refused({ status, code, message, help, details, errors }: ApiError): Failure {
  const more = { status, code, details, errors };
  const exitCode = exitOf(status);
  if (code === 'HTTP_ERROR') return { exitCode, message: `${message}: that is no answer of control`, help: otherAddress, more };
  if (code === 'NOT_FOUND')
    return {
      exitCode,
      message,
      help: 'This control has no such request: it is older than this lutra (lutra version), or it is another server.',
      more,
    };
  if (status === 401)
    return { exitCode, message, help: 'Set LUTRA_TOKEN or LUTRA_TOKEN_FILE, or make a context with a token: lutra context set.', more };
  const fields = errors.flatMap(({ pointer, detail }) => (pointer ? [`\n${pointer}: ${detail}`] : [])).join('');
  return { exitCode, message: `${code}: ${message}${fields}`, help: `${help}${problemLines(details['problems'])}`, more };
}

function problemLines(problems: unknown): string {
  if (!Array.isArray(problems)) return '';
  const lines = problems.map(
    ({ what, fix }: { readonly what?: string; readonly fix?: string | null }) => `\n• ${what}${fix ? `\n  → ${fix}` : ''}`,
  );
  return lines.join('');
}

function exitOf(status: number): ExitCode {
  if (status === 401 || status === 403) return exitCodes.notAllowed;
  if (status === 409 || status === 412 || status === 428) return exitCodes.refused;
  return status === 503 ? exitCodes.unreachable : exitCodes.error;
}
