/** What a script learns from how `lutra` ended. docs/cli.md has the list. */
export const exitCodes = {
  ok: 0,
  error: 1,
  usage: 2,
  checksFailed: 3,
  refused: 4,
  notAllowed: 5,
  unreachable: 6,
  timeout: 7,
  changes: 8,
  interrupted: 130,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done; a check found nothing, sides are equal',
  error: 'control answered with an error, or something failed here',
  usage: 'the command line is wrong; nothing was sent',
  checksFailed: 'a check found a problem, a verification a difference',
  refused: 'refused: it does not fit what is there, or nobody accepted what follows',
  notAllowed: 'the token is missing, wrong, or may not do this',
  unreachable: 'control, or ZooKeeper behind it, does not answer',
  timeout: 'no answer within --timeout',
  changes: '`plan`: the document would change something',
  interrupted: 'Ctrl-C',
};

/** Ends the run: nothing more is said than this. */
export class CliError extends Error {
  override readonly name = 'CliError';

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    readonly help = '',
  ) {
    super(message);
  }
}

export function usageError(message: string, help?: string): CliError {
  return new CliError(exitCodes.usage, message, help);
}
