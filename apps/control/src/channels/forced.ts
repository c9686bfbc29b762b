/** What a person did in spite of checks that refuse it: it stays in the channel's status until somebody confirms it. */
import type { Registry } from '@lutra/registry';
import { errorsOf } from '../configuration/problem.js';
import type { Problem } from '../configuration/problem.js';

/** To be called before the change is written: nothing runs past a check without a trace. Nothing is noted where no check refuses it. */
export async function noteForced(
  { omissions }: Pick<Registry, 'omissions'>,
  { channel, where }: { readonly channel: string; readonly where: 'start' | 'change' },
  problems: readonly Problem[],
): Promise<void> {
  const what = [...new Set(errorsOf(problems).map(({ id }) => id))].join(', ');
  if (what !== '') await omissions.add(`channel@${channel}`, [{ kind: 'force', what, tables: [], where, at: Date.now(), record: null }]);
}
