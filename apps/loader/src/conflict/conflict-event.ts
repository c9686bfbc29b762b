/** A committed conflict as an operational event: what lutra.conflict says, for those who do not look there. Pure but for its id and time. */
import { randomUUID } from 'node:crypto';
import { jsonRow } from '@lutra/model';
import type { ConflictEvent, Row } from '@lutra/model';
import type { Conflict, ConflictOf } from './conflict-record.js';

/** Characters of an event's rows together; more would fill the topic with what the database has. */
const maxRowsLength = 128 * 1024;

export function conflictEvent(conflict: Conflict, of: ConflictOf & { readonly region: string }): ConflictEvent {
  const { table, key, type, policy, winner, op, localSeq } = conflict;
  const { place, event, final, pipeline, region } = of;
  const { gtid, origin, tsUs } = event.source;
  return {
    type: 'conflict',
    id: randomUUID(),
    at: Date.now(),
    region,
    pipeline,
    schema: table.database,
    table: table.name,
    key: jsonRow(key),
    conflict: type,
    policy,
    winner,
    final,
    op,
    ...imagesOf(conflict),
    localSeq,
    transaction: { log: place.log, seq: place.seq, gtid, origin, committedUs: tsUs },
  };
}

function imagesOf(conflict: Conflict): Pick<ConflictEvent, 'before' | 'after' | 'existing' | 'result' | 'cut'> {
  const json = (row: Row | null): ReturnType<typeof jsonRow> | null => row && jsonRow(row);
  const rows = {
    before: json(conflict.before),
    after: json(conflict.after),
    existing: json(conflict.existing),
    result: json(conflict.result),
  };
  if (JSON.stringify(rows).length <= maxRowsLength) return { ...rows, cut: false };
  return { before: null, after: null, existing: null, result: null, cut: true };
}
