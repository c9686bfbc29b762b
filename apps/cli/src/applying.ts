/** From a plan that was shown to its end: nothing else than that plan is carried out. */
import { requireConsent } from './consent.js';
import { CliError, exitCodes, usageError } from './exit-codes.js';
import type { ExitCode } from './exit-codes.js';
import { confirmText, exitOf, showPlan } from './plan-view.js';
import type { Plan } from './plan-view.js';
import type { OptionOf, Run } from './verb.js';

export const applyOptions: readonly OptionOf[] = [
  { flags: '--hash <hash>', what: 'of the plan that was shown: it is applied without a question, and no other one' },
  { flags: '--confirm <count=number>', what: 'the counts that the plan asks for; may be repeated', kind: 'list' },
  { flags: '--reason <text>', what: 'kept in the history of each document' },
];

/** @param given What stands in the request beside the plan's hash: the document, or the rollback. */
export async function applyPlan(run: Run, plan: Plan, given: Readonly<Record<string, unknown>>): Promise<ExitCode> {
  const { client, out, options } = run;
  if (!out.isJson) showPlan(out, plan);
  if (exitOf(plan) !== exitCodes.changes) {
    if (out.isJson) out.answer(plan, () => undefined);
    return exitOf(plan);
  }
  const hash = options.text('hash');
  if (hash !== undefined && hash !== plan.hash)
    throw new CliError(exitCodes.refused, 'the plan is another one now; nothing was done', `Look at it, and apply --hash ${plan.hash}`);
  const confirm = confirmed(run, plan);
  if (hash === undefined) {
    if (!run.prompts.isPossible)
      throw new CliError(exitCodes.refused, 'nothing was done', `--hash ${plan.hash} applies this plan without a question.`);
    await requireConsent(run, 'Apply this plan?');
  }
  const body = { ...given, hash: plan.hash, reason: options.text('reason') ?? '', ...(confirm && { confirm }) };
  const { answer } = await client.send('POST', '/api/v1/apply', { body });
  out.answer(answer, () => out.line(`applied, revision ${(answer as { readonly revision: number | null }).revision ?? '-'}`));
  return exitCodes.ok;
}

/** A person at the terminal repeats them by the option too: they are not a question that is answered without reading. */
function confirmed({ options }: Run, { confirm }: Plan): Readonly<Record<string, number>> | undefined {
  const given = Object.fromEntries((options.list('confirm') ?? []).map(countOf));
  if (confirm === null) return undefined;
  const lacks = Object.entries(confirm).filter(([name, count]) => given[name] !== count);
  if (lacks.length === 0) return given;
  throw new CliError(
    exitCodes.refused,
    'the plan stops or removes much; nothing was done',
    `Repeat its counts: ${lacks.map(confirmText).join(' ')}`,
  );
}

function countOf(text: string): readonly [string, number] {
  const [name, count] = /^(\w+)=(\d+)$/.exec(text)?.slice(1) ?? [];
  if (name === undefined) throw usageError('--confirm takes a count, as pipelinesStopped=3');
  return [name, Number(count)];
}
