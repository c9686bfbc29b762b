/** A schema change at the target as an operational event: the same one has the same id. */
import { eventVersion } from '@lutra/model';
import type { DdlEvent } from '@lutra/model';
import type { LoaderWork } from '../assignments.js';
import type { Came } from './ddl-stage.js';
import { eventId } from '../observe/event-id.js';
import { namesOf } from './hold.js';

interface About extends Pick<DdlEvent, 'phase' | 'reason'> {
  readonly work: Pick<LoaderWork, 'id' | 'uid' | 'target'>;
}

export function ddlEvent({ record, position: { log, seq } }: Came, { work, phase, reason }: About): DdlEvent {
  return {
    type: 'ddl',
    v: eventVersion,
    id: eventId([work.uid, log, String(seq), phase, reason ?? '']),
    at: Date.now(),
    region: work.target.region,
    pipeline: work.id,
    uid: work.uid,
    phase,
    reason,
    statement: record.statement,
    tables: namesOf(record).map(({ database, name }) => ({ schema: database, table: name })),
    record: record.id,
    log,
    seq,
  };
}
