/**
 * Who has the last word must not change while changes are on their way. Pure. Counter-example: a resolution record of the old home meets a
 * later change in the new one and is passed over there, because the new change will be decided at home; it comes to the old home, which no
 * longer sends resolution records. Both keep their own row.
 */
import type { ChannelDocument, ChannelInput } from '@lutra/model';
import type { Problem } from '../configuration/problem.js';

export function homeChangeProblems(before: Pick<ChannelDocument, 'state' | 'conflicts'>, after: ChannelInput): readonly Problem[] {
  const [from, to] = [before.conflicts.home, after.conflicts.home];
  if (before.state === 'stopped' || from === undefined || from === to) return [];
  const what = `channel ${after.name} is ${before.state}, and its home cannot move from ${from} to ${to ?? 'nowhere'} while changes are on their way: the sides could differ for ever`;
  const fix =
    'Let nobody write until both directions have caught up (GET …/pipelines/<pipeline>/position: recordsBehind 0), stop the channel, then change home.';
  return [{ id: 'home-change', severity: 'error', what, fix }];
}
