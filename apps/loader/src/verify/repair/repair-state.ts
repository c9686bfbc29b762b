/** Whether an order still has rows to repair, and whether it goes on when they were gone through. Pure. */
import type { RepairOrder, RepairResult, VerificationOrder, VerificationResult } from '@lutra/model';

type Repairing = VerificationOrder & { readonly repair: RepairOrder };

/** Of a result whose pass has ended. */
export function needsRepair(order: VerificationOrder, { repair }: Pick<VerificationResult, 'repair'>): order is Repairing {
  if (!order.repair) return false;
  return repair?.id !== order.repair.id || repair.endedAt === null;
}

export function beginRepair({ id }: Pick<RepairOrder, 'id'>): RepairResult {
  return { id, repaired: 0, changed: 0, refused: 0, left: 0, waitingFor: null, begunAt: Date.now(), endedAt: null };
}

/**
 * `no`: all is equal, or nothing more can be done about it. `later`: nothing was repaired, but there are tables of which nothing is known
 * yet: their rows keep changing, or a pipeline has to catch up.
 */
export function verifiesAgain({ tables }: Pick<VerificationResult, 'tables'>, repaired: number): 'now' | 'later' | 'no' {
  if (tables.every(({ verdict }) => verdict === 'equal' || verdict === 'refused')) return 'no';
  if (repaired > 0) return 'now';
  return tables.some(({ verdict }) => verdict === 'unsettled' || verdict === null) ? 'later' : 'no';
}
