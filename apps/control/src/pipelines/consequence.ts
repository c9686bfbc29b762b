/** What a restart means for the data, said to the person who orders it. Pure. */
import type { Checkpoint } from '@lutra/marker';
import type { LogPlace } from '@lutra/model';

export function consequenceOf(at: 'start' | 'end', to: LogPlace, before: Checkpoint | null): string {
  const now = before === null ? 'The checkpoint is gone.' : `The checkpoint is at seq ${before.seq} of log ${before.logId || '(none)'}.`;
  const place = to.log === '' ? 'the beginning of the topic' : `seq ${to.seq} of log ${to.log}`;
  return at === 'start'
    ? `${now} Everything that the topic still holds behind ${place} is applied in normal mode: the target must be as the source was there. Rows that are there already stop the pipeline, and rows of tables without a primary key are doubled.`
    : `${now} The pipeline goes on behind ${place}. What lies between is never applied: the target must be as the source was there, made equal by hand.`;
}
