/** Nothing that loses data happens unseen: a person reads what it means and says yes, or a script says --accept. */
import { ApiError } from '@lutra/client';
import { CliError, exitCodes } from './exit-codes.js';
import { showProblems } from './output/problems.js';
import type { Problem } from './output/problems.js';
import type { OptionOf, Run } from './verb.js';

export const acceptOption: OptionOf = { flags: '--accept', what: 'do it without a question: its consequences are known' };
export const reasonOption: OptionOf = { flags: '--reason <text>', what: 'why, for who reads the log later' };

/** @throws CliError refused: nobody said yes */
export async function requireConsent({ options, prompts, out }: Run, question: string): Promise<void> {
  if (options.flag('accept')) return;
  if (!prompts.isPossible) throw new CliError(exitCodes.refused, 'nothing was done', '--accept does it without a question.');
  if (await prompts.confirm(question)) return;
  out.note('nothing was done');
  throw new CliError(exitCodes.refused, 'nothing was done');
}

/** A request that states its consequences until they are accepted. */
export async function withConsent<T>(run: Run, question: string, act: (accept: boolean) => Promise<T>): Promise<T> {
  try {
    return await act(run.options.flag('accept'));
  } catch (error) {
    if (!(error instanceof ApiError) || !statesConsequences(error) || run.options.flag('accept')) throw error;
    if (run.out.isJson && !run.prompts.isPossible) throw error;
    tellConsequences(run, error);
    await requireConsent(run, question);
    return await act(true);
  }
}

/** Control says what would follow, none of which is an error; a restart of a pipeline says it in its message. */
function statesConsequences({ status, code, details }: ApiError): boolean {
  const { problems, seq } = details;
  if (status !== 409 || code !== 'CONFIG_CONFLICT') return false;
  return Array.isArray(problems) ? !(problems as readonly Problem[]).some(({ severity }) => severity === 'error') : seq !== undefined;
}

function tellConsequences({ out }: Run, { message, details }: ApiError): void {
  const { problems } = details;
  if (Array.isArray(problems)) showProblems(out, problems as readonly Problem[]);
  else out.note(message);
}

/** The reason that a request must have. */
export async function reasonOf({ options, prompts }: Run): Promise<string> {
  return options.text('reason') ?? (await prompts.text('Why? It is kept for who reads the log later.', '--reason is needed'));
}
