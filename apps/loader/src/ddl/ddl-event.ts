/** A schema change at the target as an operational event: the same one has the same id. */
import { createHash } from 'node:crypto';
import { eventVersion } from '@lutra/model';
import type { DdlEvent } from '@lutra/model';
import type { LoaderWork } from '../assignments.js';
import type { Came } from './ddl-stage.js';
import { namesOf } from './hold.js';

interface About extends Pick<DdlEvent, 'phase' | 'reason'> {
  readonly work: Pick<LoaderWork, 'id' | 'uid' | 'target'>;
}

export function ddlEvent({ record, position: { log, seq } }: Came, { work, phase, reason }: About): DdlEvent {
  return {
    type: 'ddl',
    v: eventVersion,
    id: uuidOf([work.uid, log, String(seq), phase, reason ?? '']),
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

/** RFC 9562, version 8: of a hash. */
function uuidOf(parts: readonly string[]): string {
  const bytes = createHash('sha256').update(parts.join('\0')).digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
