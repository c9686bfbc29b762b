/** What is written of a schema change at the target: its row in lutra.ddl, and the checkpoint behind it. Pure. */
import type { Checkpoint } from '@lutra/marker';
import type { DdlRecord, Router } from '@lutra/model';
import type { DdlOf } from '@lutra/mysql';
import type { DdlAt, DdlPlan } from './carry-out.js';
import { keptText } from './kept-statements.js';
import { apartRouter, onlineChangeOf } from './online-change.js';
import { isGtid, recordKey } from './record-facts.js';

export function keyOf({ pipeline }: Pick<Checkpoint, 'pipeline'>, record: DdlRecord): Pick<DdlOf, 'pipeline' | 'record' | 'part'> {
  return { pipeline, record: recordKey(record), part: 0 };
}

interface Where {
  readonly checkpoint: Pick<Checkpoint, 'pipeline'>;
  readonly router: Router;
}

/** Steps of online tools are kept in it. */
export function rowOf(
  { checkpoint, router }: Where,
  record: DdlRecord,
  { plan, at }: { readonly plan: DdlPlan; readonly at: DdlAt },
): DdlOf {
  const { statement } = record;
  const { log, seq } = at.position;
  const { origin, path } = at.own ?? record;
  const kept = onlineChangeOf(record, apartRouter(router)) === null ? undefined : keptText(record);
  const { sql, tables } = plan;
  return { ...keyOf(checkpoint, record), log, seq, statement, sql, tables, origin, path, kept };
}

export function checkpointBehind(before: Checkpoint, record: DdlRecord, { position }: DdlAt): Checkpoint {
  const { log: logId, logEpoch, seq, nextOffset } = position;
  const { id, origin, path, session } = record;
  const gtid = isGtid.test(id) ? id : null;
  return { ...before, logId, logEpoch, seq, nextOffset, gtid, sourceUs: session.timestampUs, origin, path };
}

/** Null: it was done by itself. */
export function answerOf({ decision }: Pick<DdlAt, 'decision'>): string | null {
  return decision && JSON.stringify(decision);
}
