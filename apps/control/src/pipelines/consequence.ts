/** What a restart means for the data, said to the person who orders it. Pure. */
import type { Checkpoint } from '@lutra/marker';
import type { ResumePosition } from '@lutra/model';
import type { RestartAt } from './recovery.schemas.js';

export function consequenceOf(at: RestartAt, to: ResumePosition, before: Checkpoint | null): string {
  const now =
    before === null ? 'The pipeline has no checkpoint.' : `The checkpoint is at seq ${before.seq} of log ${before.logId || '(none)'}.`;
  const position = to.log === '' ? 'the beginning of the topic' : `seq ${to.seq} of log ${to.log}`;
  if (typeof at === 'object') {
    const dump = 'gtidSet' in at ? at.gtidSet : `${at.file}:${at.pos}`;
    return `${now} The pipeline continues after ${position}, which is where the source was at ${dump}. The target must be as the source was there, by a dump of that position: what was committed before is not applied, what was committed since is.`;
  }
  return at === 'start'
    ? `${now} Everything that the topic still holds after ${position} is applied in normal mode: the target must be as the source was there. Rows that are there already stop the pipeline, and rows of tables without a primary key are doubled.`
    : `${now} The pipeline continues after ${position}. What lies between is never applied: the target must be as the source was there, made equal by hand.`;
}
