/** What a restart, or another position, means for the data, said to the person who orders it. Pure. */
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

interface Moved {
  readonly checkpoint: Pick<Checkpoint, 'seq'>;
  readonly position: Pick<ResumePosition, 'seq'>;
  readonly isAhead: boolean;
  readonly range: {
    readonly size: { readonly records: number; readonly transactions: number };
    readonly rows: ReadonlyMap<string, number>;
  };
}

export function consequenceOfMove({ checkpoint, position, isAhead, range }: Moved): string {
  const { records, transactions } = range.size;
  const rows = [...range.rows.values()].reduce((sum, count) => sum + count, 0);
  const amount = `${records} records of the topic (${transactions} transactions; ${rows} rows of this pipeline)`;
  if (isAhead)
    return `The pipeline goes from seq ${checkpoint.seq} ahead to seq ${position.seq}: ${amount} are never applied. Rows that later changes need may be missing at the target then. lutra.skipped records the range, and the status of the channel shows it until somebody confirms it.`;
  return `The pipeline goes from seq ${checkpoint.seq} back to seq ${position.seq}: ${amount} are applied once more, in safe mode. Until that is done, the target shows old versions of rows.`;
}
