/** What is told of a verification and of a repair on lutra.events. */
import { randomUUID } from 'node:crypto';
import { eventVersion } from '@lutra/model';
import type { OperationalEvent, RepairResult, VerificationResult, VerifiedTable } from '@lutra/model';

export interface EventsOf {
  readonly channel: string;
  readonly region: string;
}

export function verificationEvent(
  { channel, region }: EventsOf,
  { request, pass, tables, roots }: Pick<VerificationResult, 'request' | 'pass' | 'tables' | 'roots'>,
  { phase, found }: { readonly phase: 'begin' | 'found' | 'end'; readonly found: VerifiedTable | null },
): OperationalEvent {
  const count = (verdict: VerifiedTable['verdict']): number => tables.filter((table) => table.verdict === verdict).length;
  return {
    type: 'verification',
    v: eventVersion,
    id: randomUUID(),
    at: Date.now(),
    region,
    channel,
    request,
    pass,
    phase,
    table: found && foundIn(found),
    tables: { equal: count('equal'), different: count('different'), unsettled: count('unsettled'), refused: count('refused') },
    ...(phase === 'end' && roots && { orphans: roots.reduce((sum, root) => sum + root.orphans, 0) }),
  };
}

export function repairEvent(
  { channel, region }: EventsOf,
  { request, repair }: { readonly request: string; readonly repair: RepairResult },
  phase: 'begin' | 'end',
): OperationalEvent {
  const { id, repaired, changed, refused, left, orphans } = repair;
  const about = { id: randomUUID(), at: Date.now(), region, channel, request, repair: id, phase };
  const gone = phase === 'end' && orphans ? { orphansGone: orphans.gone } : {};
  return { type: 'repair', v: eventVersion, ...about, repaired, changed, refused, left, ...gone };
}

function foundIn({ pipeline, database: schema, table, missingHere, missingThere, different, extra, ranges, files }: VerifiedTable) {
  return { pipeline, schema, table, missingHere, missingThere, different, extra, ranges, ...(files && { files }) };
}
