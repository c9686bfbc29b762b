/**
 * Committed conflicts as operational events: what lutra.conflict says, for those who do not look there. Pure but for their ids and time.
 */
import { randomUUID } from 'node:crypto';
import { eventVersion, jsonRow, lengthOfRow } from '@lutra/model';
import type { ConflictEvent, Row } from '@lutra/model';
import type { Conflict, ConflictOf } from './conflict-record.js';

/**
 * Of one transaction: making them takes time in which the loader does nothing else, its lease not held either; 100,000 would take seconds.
 */
const maxEvents = 1_000;
/** Of the rows of an event: larger ones would be left out when it is sent, and are not made at all. */
const maxLength = 128 * 1024;

const nothing = { before: null, after: null, existing: null, result: null };

type EventOf = ConflictOf & { readonly region: string };

/** The first ones, where a transaction met very many. */
export function conflictEvents(conflicts: readonly Conflict[], of: EventOf): readonly ConflictEvent[] {
  return conflicts.slice(0, maxEvents).map((conflict) => eventOf(conflict, of));
}

function eventOf(conflict: Conflict, { position, event, final, pipeline, uid, region }: EventOf): ConflictEvent {
  const rows = [conflict.before, conflict.after, conflict.existing, conflict.result];
  const isLarge = rows.reduce((length, row) => length + (row ? lengthOfRow(row) : 0), 0) > maxLength;
  const { before, after, existing, result } = isLarge ? nothing : conflict;
  const { table, key, type, policy, winner, op, localSeq, files } = conflict;
  const { gtid, origin, tsUs } = event.source;
  return {
    type: 'conflict',
    v: eventVersion,
    id: randomUUID(),
    at: Date.now(),
    region,
    pipeline,
    uid,
    schema: table.database,
    table: table.name,
    key: jsonRow(key),
    conflict: type,
    policy,
    winner,
    final,
    op,
    before: json(before),
    after: json(after),
    existing: json(existing),
    result: json(result),
    cut: isLarge,
    localSeq,
    ...(files && { files: [...files] }),
    transaction: { log: position.log, seq: position.seq, gtid, origin, committedUs: tsUs },
  };
}

function json(row: Row | null): ConflictEvent['before'] {
  return row && jsonRow(row);
}
