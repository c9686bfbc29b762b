/** How far a verification, and the repair of what it found, are. Pure. */
import type { VerificationOrder, VerificationResult } from '@lutra/model';

type Order = Pick<VerificationOrder, 'state' | 'repeat' | 'repair'>;
type Result = Pick<VerificationResult, 'endedAt' | 'repair'>;

/** @param result of this order; null: it has not begun */
export function isUnderWay(order: Order, result: Result | null): boolean {
  if (order.state === 'cancelled') return false;
  return order.repeat === 'continuously' || result === null || result.endedAt === null || isRepairing(order, result);
}

export function isRepairing({ state, repair }: Pick<Order, 'state' | 'repair'>, result: Pick<Result, 'repair'> | null): boolean {
  if (state === 'cancelled' || repair === undefined) return false;
  const known = result?.repair ?? null;
  return known?.id !== repair.id || known.endedAt === null;
}
